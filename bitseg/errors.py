"""What can go wrong, as types: every error bitseg raises on purpose.

BitsegError
├── RuleError            a definition is not valid; ``faults`` names every fault   (ValueError)
├── FieldError           a field, type or setting may not be so                    (ValueError)
├── LoadError            a source cannot be read, or a strict load found faults    (ValueError)
├── SegmentError         a segment may not be defined or removed so                (ValueError)
│   ├── GuardError       a new definition drops more members than its guard lets go
│   └── RevisionError    it was changed since the revision that the change rests on
├── UnknownContactError  no contact has that id                                    (LookupError)
├── UnknownSegmentError  no segment has that id                                    (LookupError)
├── UnknownRevisionError a segment has no revision of that number                  (LookupError)
├── RepeatError          a write's key stands for another one, or it still runs    (ValueError)
├── BudgetError          there is no room in the memory budget; nothing was done   (MemoryError)
├── DeadlineError        a question takes longer than it may                       (TimeoutError)
├── NotKeptError         a question was to be answered from what is kept, and is not (LookupError)
├── StoreError           the file can not be written or read                       (OSError)
│   ├── NoRoomError      there is no room to write; what was there still stands
│   ├── InUseError       another process has the file
│   └── DamagedError     the file does not hold what was written; says what and where
└── MissingExtraError    an optional package is needed and not installed           (ImportError)
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing wrong with one part of an input.

    Attributes:
        path: where, as in ``groups[0].conditions[2].operator``; empty for the whole.
        message: what was wrong and what would be right, in one sentence.
        allowed: the values that would be right, where they can be listed.
        code: a stable word for programs, such as ``unknown_field``.
    """

    path: str
    message: str
    allowed: tuple[str, ...] = ()
    code: str = "invalid"

    def __str__(self) -> str:
        """The fault as a line for people."""
        return f"{self.message} – at `{self.path}`" if self.path else self.message


class BitsegError(Exception):
    """The root of all errors raised on purpose, with every fault found, not only the first."""

    code: ClassVar[str] = "error"

    def __init__(self, *faults: Fault | str) -> None:
        """Take faults, or sentences about the input as a whole."""
        self.faults: tuple[Fault, ...] = tuple(
            fault if isinstance(fault, Fault) else Fault("", fault, code=self.code)
            for fault in faults
        )
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RuleError(BitsegError, ValueError):
    """A definition is not valid."""

    code = "invalid_rule"


class FieldError(BitsegError, ValueError):
    """A field, a type or a setting may not be so."""

    code = "invalid_field"


class LoadError(BitsegError, ValueError):
    """A source cannot be read as asked; nothing of it went in, unless the message says so."""

    code = "invalid_load"


class SegmentError(BitsegError, ValueError):
    """A segment may not be defined or removed as asked."""

    code = "invalid_segment"


class GuardError(SegmentError):
    """A new definition drops more members than the segment's guard lets go; nothing was done.

    Attributes:
        leaving: how many would leave.
        entering: how many would enter.
    """

    code = "guard"

    def __init__(self, leaving: int, entering: int, max_drop: float) -> None:
        """Take how many would leave and enter, and how many percent may leave."""
        super().__init__(
            f"{leaving} members would leave and {entering} enter, and at most {max_drop:g} % may "
            "leave; say that the guard is overridden to do it all the same"
        )
        self.leaving = leaving
        self.entering = entering


class RevisionError(SegmentError):
    """A segment was changed since the revision that a change rests on."""

    code = "stale"


class UnknownContactError(BitsegError, LookupError):
    """No contact has that id."""

    code = "unknown_contact"


class UnknownSegmentError(BitsegError, LookupError):
    """No segment has that id."""

    code = "unknown_segment"


class UnknownRevisionError(BitsegError, LookupError):
    """A segment has no revision of that number."""

    code = "unknown_revision"


class RepeatError(BitsegError, ValueError):
    """A write's key stands for another request, or for one that still runs."""

    code = "key_reused"

    def __init__(self, *faults: Fault | str, running: bool = False) -> None:
        """Take what is wrong, and whether it is that the first write still runs."""
        super().__init__(*faults)
        self.running = running


class BudgetError(BitsegError, MemoryError):
    """There is no room for something in the memory budget; what was there still stands.

    Attributes:
        writing: whether it is a write; else an answer that is not kept.
    """

    code = "memory_budget"

    def __init__(self, *faults: Fault | str, writing: bool) -> None:
        """Take what is wrong, and whether it is a write."""
        super().__init__(*faults)
        self.writing = writing


class DeadlineError(BitsegError, TimeoutError):
    """A question takes longer than it may; what was built for it is kept."""

    code = "deadline"


class NotKeptError(BitsegError, LookupError):
    """A question was to be answered from what is kept, and something has to be built."""

    code = "not_kept"


class StoreError(BitsegError, OSError):
    """The file cannot be written or read; what was answered before still stands."""

    code = "store"


class NoRoomError(StoreError):
    """There is no room to write; nothing changed, and writes work again when there is."""

    code = "no_room"


class InUseError(StoreError):
    """Another process writes the file."""

    code = "in_use"


class DamagedError(StoreError):
    """The file does not hold what was written: no answer is given from it."""

    code = "damaged"


class MissingExtraError(BitsegError, ImportError):
    """A package that only some need is not installed."""

    code = "missing_extra"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is nearest to one, or None if none is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return near[0] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the nearest known name, or an empty string."""
    near = nearest(name, known)
    return f" Did you mean '{near}'?" if near else ""
