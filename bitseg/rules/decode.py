"""Decoding turns JSON text into plain values without losing what a rule must know of it.

Numbers with a point stay decimals, as a sample's percent is exact; a key that stands twice is
remembered; and text that is nested deeper than any rule is refused before anything recurses.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bitseg.errors import Fault, RuleError
from bitseg.kernel import kernel

MAX_NESTING: Final = 100
"""Brackets within brackets; a rule of the greatest depth needs about 40."""

_QUOTE: Final = ord('"')
_BACKSLASH: Final = ord("\\")
_OPEN_LIST: Final = ord("[")
_OPEN_OBJECT: Final = ord("{")
_CLOSE_LIST: Final = ord("]")
_CLOSE_OBJECT: Final = ord("}")
_DIGITS: Final = 400
"""No float has more digits before its point; int() of a great many is slow, or refused."""


class JsonObject(dict[str, Any]):
    """A JSON object that remembers which of its keys stood twice.

    Attributes:
        repeated: these keys, in order.
    """

    repeated: tuple[str, ...] = ()


def decode(text: str | bytes) -> Any:
    """Return the value of a JSON text; bytes are UTF-8.

    Objects are ``JsonObject``, numbers ``int``, ``float`` or ``Decimal``. ``NaN`` and
    ``Infinity`` pass as floats, so that who reads the rule can say where they stand.

    Raises:
        RuleError: the text is not JSON (code ``malformed_json``), or nested too deep.
    """
    try:
        source = text if isinstance(text, str) else text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RuleError(
            Fault("", f"Expected UTF-8, got other bytes at {error.start}", code="malformed_json")
        ) from error
    if _nesting(np.frombuffer(source.encode("utf-8", "replace"), np.uint8)) > MAX_NESTING:
        raise RuleError(
            Fault(
                "",
                f"Expected at most {MAX_NESTING} brackets within each other, got more",
                code="too_deep",
            )
        )
    try:
        return _DECODER.decode(source)
    except json.JSONDecodeError as error:
        message = f"Expected JSON, got an error in line {error.lineno}, column {error.colno}"
        raise RuleError(Fault("", f"{message}: {error.msg}", code="malformed_json")) from error


@kernel
def _nesting(source: npt.NDArray[np.uint8]) -> int:
    """Return how deep brackets stand within each other, those in strings aside."""
    deepest = depth = i = 0
    in_string = False
    while i < len(source):
        if in_string and source[i] == _BACKSLASH:
            i += 1  # what follows ends no string
        elif source[i] == _QUOTE:
            in_string = not in_string
        elif not in_string and source[i] in (_OPEN_LIST, _OPEN_OBJECT):
            depth += 1
            deepest = max(deepest, depth)
        elif not in_string and source[i] in (_CLOSE_LIST, _CLOSE_OBJECT):
            depth -= 1
        i += 1
    return deepest


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    found = JsonObject(pairs)
    if len(found) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        found.repeated = tuple(key for key, count in counts.items() if count > 1)
    return found


def _decimal(digits: str) -> Decimal | float:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond any number
        return float(digits)


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _DIGITS else Decimal(digits)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer
)
