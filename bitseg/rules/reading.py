"""A reading is one pass over a definition as it was given; it collects every fault on the way.

What is faulty reads as a stand-in of the right type, so that the rest can be read too. Nothing
that holds one is ever returned: ``bitseg.rules.read`` raises if there is any fault.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

from bitseg.errors import Fault, nearest
from bitseg.rules.decode import JsonObject
from bitseg.rules.messages import join, quoted, shown
from bitseg.rules.view import SchemaView

MAX_CHARS: Final = 4_096
"""The longest string in a rule, in characters."""

MAX_FAULTS: Final = 20_000
"""Where reading stops; more would help nobody and cost everybody."""

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_SUGGESTIONS: Final = 20
"""Searching for near names is slow; a rule with more wrong names is wrong as a whole."""

Word = TypeVar("Word", bound=str)


class TooManyFaultsError(Exception):
    """Ends a reading early; ``bitseg.rules.read`` makes a ``RuleError`` of it."""


class Reading:
    """The state of one pass.

    Attributes:
        schema: the tenant's names, types and timezone.
        saving: whether what matches everybody by accident is a fault.
        faults: every one so far.
        conditions: how many were seen so far.
    """

    def __init__(self, schema: SchemaView, *, saving: bool) -> None:
        self.schema = schema
        self.saving = saving
        self.faults: list[Fault] = []
        self.conditions = 0
        self._suggested: dict[str, str] = {}

    def fault(
        self, path: str, message: str, code: str = "invalid", allowed: Iterable[str] = ()
    ) -> None:
        """Note a fault.

        Raises:
            TooManyFaultsError: it is one of ``MAX_FAULTS``.
        """
        self.faults.append(Fault(path, message, tuple(allowed), code))
        if len(self.faults) >= MAX_FAULTS:
            more = f"Expected a rule with fewer than {MAX_FAULTS:,} faults; stopped reading"
            self.faults.append(Fault("", more, code="too_many"))
            raise TooManyFaultsError

    def expected(self, path: str, what: str, raw: object, code: str = "wrong_type") -> None:
        """Note that something else stands where ``what`` should."""
        self.fault(path, f"Expected {what}, got {shown(raw)}", code)

    def suggest(
        self, name: str, known: Iterable[str], instead: Mapping[str, str] | None = None
    ) -> str:
        """Return ``". Did you mean 'x'?"`` for the nearest known name, or an empty string.

        Args:
            name: what was given.
            known: what it might have been.
            instead: for known names that are not to be suggested as they are, what is.
        """
        if name not in self._suggested and len(self._suggested) < _SUGGESTIONS:
            near = nearest(name, known)
            if near is not None and instead is not None:
                near = instead[near]
            self._suggested[name] = f". Did you mean '{near}'?" if near else ""
        return self._suggested.get(name, "")

    def mapping(
        self, path: str, raw: object, what: str, keys: Sequence[str]
    ) -> Mapping[str, Any] | None:
        """Return an object after checking its keys, or None if it is none."""
        if not isinstance(raw, dict):
            self.expected(path, what, raw)
            return None
        for key in raw:
            if not isinstance(key, str):
                self.expected(path, "keys that are strings", key)
            elif key not in keys:
                near = self.suggest(key, keys)
                self.fault(
                    join(path, quoted(key)[1:-1]),
                    f"Expected a key of {what}, got {quoted(key)}{near}",
                    "unknown_key",
                    keys,
                )
        for key in raw.repeated if isinstance(raw, JsonObject) else ():
            self.fault(
                join(path, quoted(key)[1:-1]),
                f"Expected each key once, got {quoted(key)} twice",
                "repeated_key",
            )
        return raw

    def required(self, path: str, raw: Mapping[str, Any], key: str, what: str) -> bool:
        """Whether a key is there; a fault if not."""
        if key in raw:
            return True
        self.fault(join(path, key), f"Expected {what}, got nothing", "missing_key")
        return False

    def word(self, path: str, raw: object, what: str, words: Iterable[Word]) -> Word | None:
        """Return one of some fixed words."""
        words = tuple(words)
        if not isinstance(raw, str):
            self.expected(path, what, raw)
            return None
        for word in words:
            if word == raw:
                return word
        near = self.suggest(raw, words)
        self.fault(path, f"Expected {what}, got {quoted(raw)}{near}", "unknown_word", words)
        return None

    def text(self, path: str, raw: object, what: str, *, may_be_empty: bool = False) -> str | None:
        """Return a string of real characters: at least one (or none), and not too many."""
        if not isinstance(raw, str):
            self.expected(path, what, raw)
        elif not raw and not may_be_empty:
            self.fault(path, f"Expected {what}, got an empty string", "empty")
        elif self.is_clean(path, raw):
            return str(raw)
        return None

    def is_clean(self, path: str, raw: str) -> bool:
        """Whether a string is short enough and can be written as UTF-8; a fault if not."""
        if len(raw) > MAX_CHARS:
            message = f"Expected at most {MAX_CHARS:,} characters, got {len(raw):,}"
            self.fault(path, message, "too_long")
            return False
        if not raw.isascii() and _SURROGATE.search(raw):
            self.fault(path, "Expected Unicode text, got a lone surrogate", "not_unicode")
            return False
        return True

    def number(self, path: str, raw: object, what: str = "a number") -> float | None:
        """Return a finite number; true and false are none."""
        if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
            self.expected(path, what, raw)
            return None
        try:
            number = float(raw)
        except (OverflowError, ValueError):  # an int too large, a NaN that signals
            number = math.inf
        if math.isfinite(number):
            return number + 0.0  # -0.0 is 0.0
        self.expected(path, f"{what} that a 64-bit float can hold", raw, "not_finite")
        return None
