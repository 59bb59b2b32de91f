"""A history is one file's life through many writers: what each was told, and what must be there.

The state that must be there is kept here, in the process that outlives the writers: once as a
world (plain dicts and lists), once more as an engine that never had a file.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import bitseg
from bitseg.storage.journal import TABLES_ONLY
from tests.faults.crash.examining import (
    Candidate,
    MismatchError,
    candidates,
    check_pages,
    copy_file,
    examine,
)
from tests.faults.crash.nursery import Nursery
from tests.faults.crash.operations import PER_ROUND, T0, Operation, Shape, round_of
from tests.faults.crash.performing import ONLY_FILES, Clock, backup_of, perform
from tests.faults.crash.running import Plan, Story, run
from tests.faults.crash.seeing import counts, differences
from tests.faults.crash.world import UNSAID, World

SHOWN = 12
"""So many of the last operations are in a failure's message; all are in the file it names."""


class History:
    """One file, its writers, and what must be in it.

    Attributes:
        file: where it lies.
        kills: how many writers were killed.
    """

    def __init__(  # noqa: PLR0913 - a history has so many traits
        self,
        nursery: Nursery,
        directory: Path,
        seed: int,
        *,
        tour: bool = False,
        left_alone: bool = False,
        broken: str = "",
    ) -> None:
        """Begin with no file.

        Args:
            nursery: where writers come from.
            directory: where the file goes.
            seed: of all that is drawn.
            tour: see ``Shape``.
            left_alone: whether only writers open the file, so that the next one finds it as the
                last one left it.
            broken: how the writers' store is broken on purpose; empty = it is not.
        """
        self._nursery = nursery
        self.shape = Shape(seed, tour)
        self.file = directory / f"{seed}{'-tour' if tour else ''}.db"
        self._broken = ("--broken", broken) if broken else ()
        self._left_alone = left_alone
        self._draw = Random(f"{seed}:history")  # noqa: S311 - a seed replays it
        self._world = World(self.shape)
        self._clock = Clock()
        self._memory = bitseg.Engine(clock=self._clock, retention_days=self.shape.retention_days)
        self._backups = [Candidate(self._world.copy(), ())]
        self._look_at_backup = False
        self._made: list[str] = []
        self._answered: list[tuple[Operation, Any]] = []
        self._round = 0
        self._start = 0
        self._settled = False
        self._now = T0
        self.kills = 0

    def run(self, plan: Plan) -> Story:
        """Run a writer until it ends as planned."""
        words = ["--start", str(self._start), "--round", str(self._round), *plan.words]
        words += [*self._broken, *(["--tour"] if self.shape.tour else [])]
        words += ["--settled"] if self._settled else []
        self._start += 1
        planned = Plan(tuple(words), plan.after, plan.at, plan.fresh)
        return run(self._nursery, self.file, self.shape.seed, planned)

    def to_read(self) -> tuple[int, int]:
        """Return how many snapshots and changes whoever opens the file next will read."""
        copy = copy_file(self.file, f"{self.file.name}.look")
        with closing(sqlite3.connect(copy)) as connection:
            (seq, snapshots) = connection.execute(
                "SELECT coalesce(max(seq), 0), count(*) FROM snapshots"
            ).fetchone()
            (entries,) = connection.execute(
                "SELECT count(*) FROM journal WHERE seq > ? AND kind != ?", (seq, TABLES_ONLY)
            ).fetchone()
        return snapshots, entries

    def check(self, story: Story) -> None:
        """Compare the file with what its writer was told.

        Raises:
            MismatchError: it is not what it must be; the message says how to see it again.
        """
        self.kills += story.killed
        self._made.append(f"-- {' '.join(story.command)}")
        try:
            self._check(story)
        except Exception as error:
            listed = self.file.with_name(f"{self.file.name}.operations")
            listed.write_text("\n".join(self._made), "utf-8")
            last = "\n".join(self._made[-SHOWN:])
            raise MismatchError(
                f"{type(error).__name__}: {error}\n"
                f"seed {self.shape.seed}, file {self.file}, all operations in {listed}\n"
                f"to run the last writer again: python -m tests.faults.crash.writer "
                f"{' '.join(story.command)}\nthe last operations:\n{last}"
            ) from error

    def _check(self, story: Story) -> None:
        self._settled = self._settled or story.opened
        operations = self._operations(story)
        for number in story.begun:
            if number in story.answers:
                self._take(operations[number], story.answers[number])
        in_flight = [operations[number] for number in story.in_flight]
        self._made += [f"no answer: {one}" for one in in_flight]
        copy = copy_file(self.file, f"{self.file.name}.copy")
        check_pages(copy)
        if copy.exists() and copy.stat().st_size and self._settled:
            found = bitseg.verify(copy).findings
            if found:
                raise MismatchError(f"verify finds {[str(fault) for fault in found]}")
        held = examine(
            copy,
            candidates(self._world, in_flight),
            self._now,
            in_flight=in_flight,
            answered=self._answered,
        )
        if any(one.name == "backup" for one in in_flight):
            self._backups.append(Candidate(self._world.copy(), ()))
        self._check_backup()
        self._world = held.candidate.world
        for one in held.candidate.applied:
            self._made.append(f"was there: {one.number}")
            self._remember(one, UNSAID)
        self._check_counts(held.counts)
        if not self._left_alone and self._draw.random() < 0.3:
            with bitseg.open(self.file, clock=self._clock) as engine:
                self._check_counts(counts(engine, self._now))
        if story.begun:
            self._round = max(story.begun) // PER_ROUND + 1

    def _operations(self, story: Story) -> dict[int, Operation]:
        rounds = sorted({number // PER_ROUND for number in story.begun})
        return {
            one.number: one
            for number in rounds
            for lane in round_of(self.shape, number)
            for one in lane
        }

    def _take(self, operation: Operation, answer: tuple[str, Any]) -> None:
        """Take an operation that was answered, and compare the answer."""
        self._made.append(f"{answer[0]}: {operation} -> {str(answer[1])[:200]}")
        expected = self._world.apply(operation)
        said = (answer[0], answer[1].partition(" ")[0]) if answer[0] == "refused" else answer
        if said != expected and not (expected[1] == UNSAID and said[0] == "done"):
            raise MismatchError(f"{operation}\nwas {answer}, must be {expected}")
        if answer[0] == "done":
            self._answered = [*self._answered[-20:], (operation, answer[1])]
            self._remember(operation, expected[1])
        self._now = max(self._now, operation.at)

    def _remember(self, operation: Operation, answer: Any) -> None:
        """Do in memory what was done in the file."""
        self._now = max(self._now, operation.at)
        if operation.name == "backup" and answer != UNSAID:
            self._backups = [Candidate(self._world.copy(), ())]
            self._look_at_backup = True
        if operation.name not in ONLY_FILES:
            self._clock.turn(operation.at)
            found = perform(self._memory, operation)
            if answer not in (UNSAID, found):
                raise MismatchError(f"in memory {operation}\nwas {found}, must be {answer}")

    def _check_counts(self, found: dict[str, int]) -> None:
        """Compare counts with those of an engine that never had a file."""
        lines = differences(found, counts(self._memory, self._now))
        if lines:
            raise MismatchError("counts are not those of an engine in memory:\n" + "\n".join(lines))

    def _check_backup(self) -> None:
        """See that there is a whole backup, the last or the one that was being made."""
        if self._look_at_backup or len(self._backups) > 1:
            backup = backup_of(self.file)
            if backup.exists():
                copy = copy_file(backup, f"{backup.name}.copy")
                self._backups = [examine(copy, self._backups, self._now).candidate]
            elif self._look_at_backup:
                raise MismatchError(f"{backup} was acknowledged, and is not there")
            self._look_at_backup = False
