"""Who is recorded to have entered and left segments equals what a fresh evaluation says."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from bitseg import Engine
from tests.oracle.profile import first_seed, profile
from tests.properties.kept_scenes import CONDITIONS, EPOCH, Json, Scene, where

CI_STEPS = 250
LONG_STEPS = 10_000
STEPS = LONG_STEPS if profile().name == "long" else CI_STEPS

LOOKED_AT = 3
"""Instants between two steps at which who was recorded is compared."""


class Recorded:
    """A scene whose keeping engine has a segment of each condition, and some that refer to them."""

    def __init__(self, seed: int, keep_bytes: int, retention: int | None) -> None:
        """Define the segments."""
        self._scene = Scene(seed, 310, keep_bytes, retention)
        self._draw = Random(f"{seed}:recorded")  # noqa: S311 - a seed replays it
        self.engine = self._scene.keeping
        self.rules: dict[str, Json] = {
            f"s{i}": {"match": "all", "groups": [where("all", one)]}
            for i, one in enumerate(CONDITIONS)
        }
        last = len(CONDITIONS) - 1
        for i in range(8):
            a, b = (f"s{self._draw.randrange(last + 1 + i)}" for _ in range(2))
            joined = where(
                self._draw.choice(["all", "any", "none"]),
                {"segment": a},
                {"segment": b, "operator": "not_in"},
                self._draw.choice(CONDITIONS),
            )
            self.rules[f"s{last + 1 + i}"] = {"match": "all", "groups": [joined]}
        for engine in (self.engine, self._scene.forgetting):
            for segment, rules in self.rules.items():
                engine.define_segment(segment, rules)
        self._latest = self._scene._now  # noqa: SLF001 - a scene's own clock

    def step(self) -> None:
        """Write something or let time pass, and compare what was recorded."""
        scene = self._scene
        before = max(self._latest, scene._now)  # noqa: SLF001 - likewise
        seqs = {segment: self.engine.segments.last_seq(segment) for segment in self.rules}
        n = scene._next  # noqa: SLF001 - likewise
        events = self.engine.event_count
        if self._draw.random() < 0.3:  # evaluations of other instants come between
            asked = EPOCH + timedelta(milliseconds=before + self._draw.randrange(-(10**9), 10**9))
            self.engine.count(self._draw.choice(list(self.rules.values())), asked)
        scene.step()
        now = scene._now  # noqa: SLF001 - likewise
        self._latest = max(before, now)
        passed = now > before and (n, events) == (scene._next, self.engine.event_count)  # noqa: SLF001
        self.engine.segments.advance()
        if passed:
            self._compare_between(before, now)
        self._compare_changes(seqs, before, passed=passed)
        assert self.engine.refresh_segments() == {}

    def _compare_between(self, before: int, now: int) -> None:
        """Compare who was recorded at some instants of the time that passed."""
        for segment in self._draw.sample(sorted(self.rules), 6):
            for _ in range(LOOKED_AT):
                at = EPOCH + timedelta(milliseconds=self._draw.randint(before, now))
                recorded = set(self.engine.segments.members(segment, at).ids())
                assert recorded == self._fresh(segment, at), (segment, at)

    def _compare_changes(self, seqs: dict[str, int], before: int, *, passed: bool) -> None:
        """Check that each change by time alone came to hold at its instant, and not before."""
        for segment, seq in seqs.items():
            items = self.engine.segments.history(segment, after=seq, limit=10_000).items
            assert [one.seq for one in items] == list(range(seq + 1, seq + 1 + len(items)))
            if not passed:
                continue
            for at in {one.at for one in items}:
                moment = EPOCH.fromisoformat(at)
                assert before < (moment - EPOCH) // timedelta(milliseconds=1) <= self._latest
                then = self._fresh(segment, moment)
                earlier = self._fresh(segment, moment - timedelta(milliseconds=1))
                changes = {one.contact_id: one.change for one in items if one.at == at}
                assert {who for who, how in changes.items() if how == "entered"} == then - earlier
                assert {who for who, how in changes.items() if how == "left"} == earlier - then

    def _fresh(self, segment: str, at: object) -> set[str]:
        engine: Engine = self._scene.forgetting
        engine.drop_kept()
        return set(engine.select(self.rules[segment], at).ids())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keep_bytes", "retention"),
    [(2**30, None), (20_000, None), (2**30, 3)],
    ids=["all is kept", "little is kept", "events expire"],
)
def test_what_is_recorded_equals_what_is_so(keep_bytes: int, retention: int | None) -> None:
    recorded = Recorded(first_seed(), keep_bytes, retention)
    for _ in range(STEPS):
        recorded.step()
