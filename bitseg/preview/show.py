"""How values are shown to people and programs: dates as ISO 8601 in UTC, all else as it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bitseg.fields import DataType, Field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def show_instant(at: int) -> str:
    """Return ms since 1970 UTC as ISO 8601, as in ``2026-03-01T00:00:00.000Z``."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1_000:03d}Z".rjust(24, "0")


def show_value(data_type: DataType, value: Any) -> Any:
    """Return a field's value as JSON can hold it."""
    return show_instant(value) if data_type == "date" and value is not None else value


def contact_values(fields: Iterable[Field], value_of: Callable[[str], Any]) -> dict[str, Any]:
    """Return ``{path: value}`` of one contact, without what is missing."""
    shown = {field.path: show_value(field.data_type, value_of(field.path)) for field in fields}
    return {path: value for path, value in shown.items() if value is not None}
