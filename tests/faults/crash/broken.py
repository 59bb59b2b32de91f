"""Broken stores lose, halve or double what they acknowledge: a harness that misses one is broken.

Each breaks the engine of its own process, which is then killed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from typing import Any, Final
from unittest.mock import patch

import bitseg
from bitseg.changes import RecordEvents
from bitseg.storage.sqlite import SqliteStore
from bitseg.storage.tables import Tables


def break_store(how: str) -> None:
    """Break the store of this process, for good."""
    WAYS[how]()


def _every_tenth_is_not_written() -> None:
    commit, number = SqliteStore.commit, count(1)

    def skipping(
        self: SqliteStore, changes: Any, answers: Any, at: int, *, synced: bool = True
    ) -> None:
        if next(number) % 10:
            commit(self, changes, answers, at, synced=synced)

    patch.object(SqliteStore, "commit", skipping).start()


def _acknowledged_before_commit() -> None:
    commit, waiting = SqliteStore.commit, list[Any]()

    def late(
        self: SqliteStore, changes: Any, answers: Any, at: int, *, synced: bool = True
    ) -> None:
        del synced
        waiting.append((changes, answers, at))
        if len(waiting) > 1:
            commit(self, *waiting.pop(0))

    patch.object(SqliteStore, "commit", late).start()


def _events_are_written_twice() -> None:
    commit = SqliteStore.commit

    def twice(
        self: SqliteStore, changes: Any, answers: Any, at: int, *, synced: bool = True
    ) -> None:
        repeated = [one for one in changes if isinstance(one, RecordEvents)]
        commit(self, [*changes, *repeated], answers, at, synced=synced)

    patch.object(SqliteStore, "commit", twice).start()


def _segments_are_not_written() -> None:
    patch.object(Tables, "write", lambda *_: None).start()


def _a_load_is_two_commits() -> None:
    load, number = bitseg.Engine.load_contacts, count(1)

    def halved(self: bitseg.Engine, rows: Any, **how: Any) -> bitseg.LoadReport:
        middle = len(rows) // 2
        if how["strict"] or "once" in how or not middle:
            return load(self, rows, **how)
        first = load(self, rows[:middle], **how)
        if next(number) == 2:  # the one moment at which it can be seen
            os.kill(os.getpid(), signal.SIGKILL)
        second = load(self, rows[middle:], **how)
        return bitseg.LoadReport(
            created=first.created + second.created,
            updated=first.updated + second.updated,
            rejected_count=first.rejected_count + second.rejected_count,
        )

    patch.object(bitseg.Engine, "load_contacts", halved).start()


def _a_refused_load_leaves_its_good_rows() -> None:
    load = bitseg.Engine.load_contacts

    def leaving(self: bitseg.Engine, rows: Any, **how: Any) -> bitseg.LoadReport:
        try:
            return load(self, rows, **how)
        except bitseg.LoadError:
            load(self, rows, strict=False)
            raise

    patch.object(bitseg.Engine, "load_contacts", leaving).start()


WAYS: Final[dict[str, Callable[[], None]]] = {
    "every tenth is not written": _every_tenth_is_not_written,
    "acknowledged before commit": _acknowledged_before_commit,
    "events are written twice": _events_are_written_twice,
    "segments are not written": _segments_are_not_written,
    "a load is two commits": _a_load_is_two_commits,
    "a refused load leaves its good rows": _a_refused_load_leaves_its_good_rows,
}
"""All ways, by name."""
