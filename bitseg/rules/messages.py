"""Messages name what was found, and where, in few words that can always be encoded."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

_SHOWN: Final = 60
_LONG: Final = 10**20


def join(path: str, key: str) -> str:
    """Return the path of a key of the object at a path."""
    return f"{path}.{key}" if path else key


def quoted(text: str) -> str:
    """Return a text for a message: in quotes, cut short, and always encodable."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "'" + cut.encode("utf-8", "backslashreplace").decode() + "'"


def shown(raw: object) -> str:
    """Return a raw value for a message: short, whatever it is."""
    if isinstance(raw, str):
        return quoted(raw)
    if isinstance(raw, int | float | Decimal):
        return _number(raw)
    if isinstance(raw, list | tuple):
        return f"a list of {len(raw):,}" if raw else "an empty list"
    if isinstance(raw, dict):
        return "an object"
    return "null" if raw is None else f"a {type(raw).__name__}"


def _number(raw: float | Decimal) -> str:
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int) and abs(raw) >= _LONG:  # str() of many digits is slow, or refused
        return "a number of more than 20 digits"
    return str(raw)[:_SHOWN]
