"""Performing makes the call that an operation is, on any engine, and says what was answered."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Final

import bitseg
from tests.faults.crash.operations import T0, Operation

ONLY_FILES: Final = ("snapshot", "backup", "reopen")
"""Operations that change nothing that a tenant says, and need a file."""


class Clock:
    """A clock that stands at the instant of the operation that a thread makes."""

    def __init__(self) -> None:
        """Stand at the beginning."""
        self._own = threading.local()
        self.latest = T0

    def __call__(self) -> int:
        """Return the instant, ms."""
        at: int = getattr(self._own, "at", self.latest)
        return at

    def turn(self, at: int) -> None:
        """Stand at an instant, in this thread."""
        self._own.at = at
        self.latest = max(self.latest, at)


def backup_of(path: Path) -> Path:
    """Return where the backups of a file go."""
    return path.with_name(f"{path.name}-backup")


def perform(engine: bitseg.Engine, operation: Operation, path: Path | None = None) -> Any:
    """Make the call; return its answer as JSON.

    Args:
        engine: whose call it is.
        operation: which.
        path: the engine's file, where it has one.

    Raises:
        BitsegError: it was refused.
    """
    given = operation.given
    once: dict[str, Any] = {}
    if operation.may_be_sent_again:
        once = {"once": bitseg.Once(f"k{operation.number}", str(operation).encode())}
    answer: Any = None
    match operation.name:
        case "load_contacts":
            how = {"strict": given["strict"], **once}
            answer = _report(engine.load_contacts(given["rows"], **how))
        case "load_events":
            how = {"create_contacts": given["create_contacts"], "strict": given["strict"], **once}
            answer = _report(engine.load_events(given["rows"], **how))
        case "delete_contacts":
            answer = engine.delete_contacts(given["ids"], **once)
        case "withdraw_events":
            answer = engine.withdraw_events(given["ids"], **once)
        case "define_segment":
            what = given.get("ids", given.get("rules"))
            answer = engine.define_segment(given["segment"], what, **once)
        case "remove_segment":
            engine.remove_segment(given["segment"], **once)
        case "define_field":
            engine.define_field(given["path"], given["data_type"], label=given["label"], **once)
        case _:
            answer = _without_key(engine, operation.name, path)
    return answer


def _without_key(engine: bitseg.Engine, name: str, path: Path | None) -> Any:
    if name == "drop_expired_events":
        return engine.drop_expired_events()
    if name == "refresh_segments":
        return {segment: list(moved) for segment, moved in engine.refresh_segments().items()}
    if name == "snapshot":
        engine.snapshot()
        return None
    assert name == "backup"
    assert path is not None
    engine.backup(backup_of(path))
    return None


def _report(done: bitseg.LoadReport) -> list[int]:
    return [done.created, done.updated, done.accepted, done.duplicate, done.rejected_count]
