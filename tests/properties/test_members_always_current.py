"""Replaying a segment's numbered changes, from any of them on, gives exactly its members.

Lives of random writes, edits, erasures, moves of the clock and stops, with hundreds of random
definitions. After each step a check finds nothing to correct, the record replayed from a random
earlier number gives the members, who was a member at an instant that is past stays so, and what
time alone changed holds, as the oracle has it, from its recorded instant on and not a millisecond
before.
"""

from __future__ import annotations

import sys
from pathlib import Path
from time import monotonic
from typing import Final

import pytest

from tests.oracle.profile import first_seed, profile
from tests.properties.tracked_life import Kind, Life

KINDS: Final = {
    "200 segments": Kind(200, 40),
    "in a file that is closed, killed and opened": Kind(40, 40, durable=True),
    "a crowd, nothing is kept": Kind(40, 200, keep_bytes=1),
    "a crowd in a file, little is kept": Kind(40, 120, durable=True, keep_bytes=20_000),
    "events expire": Kind(40, 40, retention_days=20),
}
MUTATIONS: Final = 200_000 if profile().name == "long" else 5_000
SECONDS: Final = 3_000.0 if profile().name == "long" else 60.0
"""For all kinds together; each makes its share of the mutations, or as many as its time allows."""

STEPS: Final = 40
"""Of one life."""

LEAST: Final = 100
"""Mutations without which nothing is shown."""


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_the_record_replayed_from_anywhere_gives_the_members(name: str, tmp_path: Path) -> None:
    number = list(KINDS).index(name)
    seed, mutations = first_seed() + 1_000 * number, 0
    ends_at = monotonic() + SECONDS / len(KINDS)
    while mutations < MUTATIONS / len(KINDS) and (mutations < LEAST or monotonic() < ends_at):
        life = Life(seed, KINDS[name], tmp_path)
        for _ in range(STEPS):
            life.step()
            if monotonic() > ends_at and mutations + life.mutations > LEAST:
                break
        life.close()
        mutations += life.mutations
        seed += 1
    sys.stdout.write(f"{name}: {mutations} mutations, {seed} the next seed\n")
