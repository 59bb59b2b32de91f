"""A point is a named place on the way of a write at which a process may end; tests end it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS: Final = (
    "open.locked",
    "migrate.begin",
    "migrate.commit",
    "migrate.committed",
    "mark.begin",
    "mark.commit",
    "mark.committed",
    "open.read",
    "open.replaying",
    "open.ready",
    "write.begin",
    "write.parts",
    "write.journal",
    "write.tables",
    "write.commit",
    "write.committed",
    "write.acknowledged",
    "parts.begin",
    "parts.commit",
    "parts.committed",
    "snapshot.captured",
    "snapshot.part",
    "snapshot.encoded",
    "switch.begin",
    "switch.commit",
    "switch.committed",
    "trim.begin",
    "trim.commit",
    "trim.committed",
    "erase.begin",
    "erase.commit",
    "erase.committed",
    "checkpoint.begin",
    "checkpoint.done",
    "backup.copied",
    "backup.renamed",
    "close.begin",
    "close.marked",
)
"""All points, in about the order in which they are reached."""

_reached: Callable[[str], None] | None = None


def reach(point: str) -> None:
    """Say that a point is reached."""
    if _reached is not None:
        _reached(point)


def watch(told: Callable[[str], None] | None) -> None:
    """Tell this one of every point from now on; None tells nobody."""
    global _reached  # noqa: PLW0603 - a process has one, and pays a comparison for it
    _reached = told
