"""A store that is broken on purpose is found out, or the other tests here would prove nothing."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

import pytest

from tests.faults.crash.broken import WAYS
from tests.faults.crash.driving import Script, at_point, drive
from tests.faults.crash.examining import MismatchError
from tests.faults.crash.history import History
from tests.faults.crash.nursery import Nursery
from tests.faults.crash.running import Plan
from tests.oracle.profile import first_seed

KILLS: Final = 20
"""A broken store is found within so many."""

SEEDS: Final = 30_000


def _kills(draw: Random) -> Script:
    """Kill writers at random, and behind a commit whose answer was never given."""
    for _ in range(KILLS // 2):
        yield Plan(after=draw.uniform(0.1, 0.4))
        yield at_point("write.acknowledged", draw.randint(5, 40))


@pytest.mark.slow
@pytest.mark.parametrize("how", WAYS)
def test_a_broken_store_is_found(nursery: Nursery, tmp_path: Path, how: str) -> None:
    seed = first_seed() + SEEDS + 2  # no bulk contacts, so that loads are mostly small
    history = History(nursery, tmp_path, seed, broken=how)
    with pytest.raises(MismatchError, match=f"seed {seed}, file .*{seed}.db") as found:
        drive([(history, _kills(Random(f"{seed}:broken")))])  # noqa: S311 - a seed replays it
    listed = (tmp_path / f"{seed}.db.operations").read_text("utf-8")
    assert f"--broken {how}" in listed.replace("'", "")
    assert "python -m tests.faults.crash.writer" in str(found.value)
