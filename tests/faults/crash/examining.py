"""Examining opens a copy of what a killed writer left, and compares it with what must be in it.

A copy, so that the writer itself may be the next to open the file, and so that questions may be
asked that change something: whether an event sent again is a duplicate, who moved since the last
refresh, and whether a write sent again with its key is told what it was told.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import bitseg
from tests.faults.crash.operations import LANES, STEP, T0, Json, Operation
from tests.faults.crash.performing import Clock, perform
from tests.faults.crash.seeing import differences, due, due_in_short, seen, seen_in_short
from tests.faults.crash.world import UNSAID, World

BESIDE: Final = ("", "-wal", "-journal", "-acknowledged", "-erasures")
"""The files of a database that outlive a process. The -shm file does not outlive its machine."""

SENT_AGAIN: Final = 6
"""So many of the last acknowledged writes are sent again."""


class MismatchError(AssertionError):
    """A file is not what it must be."""


@dataclass(frozen=True)
class Candidate:
    """What a file may hold: all that was acknowledged, and some of what was never answered."""

    world: World
    applied: tuple[Operation, ...]


@dataclass(frozen=True)
class Held:
    """What a file turned out to hold, and the counts that it gave."""

    candidate: Candidate
    counts: dict[str, int]


def candidates(world: World, in_flight: Sequence[Operation]) -> list[Candidate]:
    """Return every world in which each write without an answer is either whole or absent."""
    found: dict[tuple[int, ...], Candidate] = {}
    for chosen in product((False, True), repeat=len(in_flight)):
        other, applied = world.copy(), []
        for one, there in zip(in_flight, chosen, strict=True):
            if there and other.apply(one)[0] == "done":
                applied.append(one)
        key = tuple(one.number for one in applied)
        found.setdefault(key, Candidate(other, tuple(applied)))
    return list(found.values())


def copy_file(path: Path, name: str) -> Path:
    """Copy a database as it lies there; return where to."""
    place = path.with_name(name)
    for end in (*BESIDE, "-shm", "-lock"):
        place.with_name(f"{name}{end}").unlink(missing_ok=True)
        original = path.with_name(f"{path.name}{end}")
        if end in BESIDE and original.exists():
            shutil.copyfile(original, place.with_name(f"{name}{end}"))
    return place


def check_pages(path: Path) -> None:
    """See that SQLite finds nothing wrong with a file, and change nothing in it.

    Raises:
        MismatchError: it does.
    """
    if not path.exists() or not path.stat().st_size:
        return
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        for pragma, clean in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
            found = connection.execute(f"PRAGMA {pragma}").fetchall()
            if found != clean:
                raise MismatchError(f"{path}: {pragma} says {found}")


def examine(
    path: Path,
    worlds: Sequence[Candidate],
    now: int,
    *,
    in_flight: Sequence[Operation] = (),
    answered: Sequence[tuple[Operation, Any]] = (),
) -> Held:
    """Open a file and find which of some worlds it holds.

    Args:
        path: the file, a copy: it is changed.
        worlds: what it may hold.
        now: the instant to ask for, ms.
        in_flight: operations that had no answer.
        answered: operations that were acknowledged, and with what.

    Raises:
        MismatchError: it holds none of them.
    """
    clock = Clock()
    clock.turn(now)
    with bitseg.open(path, clock=clock) as engine:
        engine.drop_expired_events()  # a process may have ended before it came to that
        found = seen(engine, now)
        candidate = _held(engine, found, worlds, now)
        world = candidate.world.copy()
        world.apply(_refresh(now))
        for operation, answer in answered[-SENT_AGAIN:]:
            if operation.may_be_sent_again:
                clock.turn(operation.at)
                _same(f"sent again, {operation}", perform(engine, operation), answer)
        for operation in in_flight:
            if operation.may_be_sent_again:
                _send_again(engine, clock, world, operation, candidate)
        clock.turn(now)
        if in_flight or answered:
            shown, expected = seen_in_short(engine, now), due_in_short(world, now)
            _no_differences("after writes were sent again", shown, expected)
        _ask_for_duplicates(engine, world)
    return Held(candidate, found["counts"])


def _held(engine: bitseg.Engine, found: Json, worlds: Sequence[Candidate], now: int) -> Candidate:
    """Return the world that an engine holds, in all that it says and in who moved since.

    Of several that are alike in that, the one whose segments are defined so: a definition without
    an answer may have the members of the one before it, and others after a later write.

    Raises:
        MismatchError: it holds none.
    """
    moved = ("done", perform(engine, _refresh(now)))
    _check_records(engine)
    best: list[str] = []
    alike: list[Candidate] = []
    for candidate in worlds:
        lines = differences(found, due(candidate.world, now))
        if not lines:
            must = candidate.world.copy().apply(_refresh(now))
            if moved == must:
                alike.append(candidate)
                continue
            lines = [f"who moved: is {moved!r}, must be {must!r}"]
        if not best or len(lines) < len(best):
            best = lines
    if alike:
        return next((one for one in alike if _is_defined(engine, one.world)), alike[0])
    shown = "\n".join(best[:30])
    raise MismatchError(f"the file holds none of {len(worlds)} worlds; of the nearest:\n{shown}")


def _check_records(engine: bitseg.Engine) -> None:
    """Check that the recorded changes of each segment, from the first on, lead to its members.

    Raises:
        MismatchError: they do not.
    """
    for segment in engine.segments:
        members: set[str] = set()
        number = 0
        while items := engine.segments.history(segment, after=number, limit=1_000).items:
            for one in items:
                number += 1
                if one.seq != number:
                    raise MismatchError(f"change {number} of {segment} is numbered {one.seq}")
                if one.contact_id is None:  # who was erased since is nobody's
                    continue
                if (one.contact_id in members) == (one.change == "entered"):
                    raise MismatchError(f"change {number} of {segment}: {one} of {members}")
                members ^= {one.contact_id}
        held = set(engine.segments.members(segment).ids())
        if members != held:
            raise MismatchError(f"the changes of {segment} lead to {members ^ held} too many")


def _is_defined(engine: bitseg.Engine, world: World) -> bool:
    """Return whether an engine's segments are dynamic or static, and defined, as a world's are."""
    for segment, content in world.segments.items():
        definition = engine._segments.get(segment).definition  # noqa: SLF001 - nothing public tells
        if not isinstance(content, dict):
            if definition is not None:
                return False
        elif definition != engine._rulebook.read(content, defining=segment):  # noqa: SLF001 - likewise
            return False
    return True


def _refresh(now: int) -> Operation:
    return Operation((now - T0) // STEP, "refresh_segments", {})


def _send_again(
    engine: bitseg.Engine, clock: Clock, world: World, operation: Operation, candidate: Candidate
) -> None:
    """Send a write that had no answer again: it must be done once, and say what it did."""
    clock.turn(operation.at)
    try:
        found: tuple[str, Any] = ("done", perform(engine, operation))
    except bitseg.BitsegError as error:
        found = ("refused", type(error).__name__)
    if operation not in candidate.applied:
        _same(f"sent again, {operation}", found, world.apply(operation))


def _ask_for_duplicates(engine: bitseg.Engine, world: World) -> None:
    """Send all events again that have an id, and some whose ids nobody has used."""
    unused = [f"e{lane}-{k}" for lane in range(LANES) for k in range(60)]
    unused = [one for one in unused if one not in world.remembered]
    rows = [
        {"contact_id": "someone", "kind": "visit", "at": 1_000, "event_id": one}
        for one in (*sorted(world.remembered), *unused)
    ]
    if rows:
        done = engine.load_events(rows, create_contacts=True)
        _same("remembered event ids", done.duplicate, len(world.remembered))
        _same("unused event ids", done.accepted, len(unused))


def _no_differences(when: str, found: Json, expected: Json) -> None:
    lines = differences(found, expected)
    if lines:
        shown = "\n".join(lines[:30])
        raise MismatchError(f"{when}:\n{shown}")


def _same(what: str, found: Any, expected: Any) -> None:
    if expected not in (found, UNSAID):
        raise MismatchError(f"{what}: is {found!r}, must be {expected!r}")
