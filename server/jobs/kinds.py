"""The jobs there are: what each does, and when, where a tenant does not say otherwise.

Another job is one more entry of ``JOBS``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from bitseg import Engine


class Job(msgspec.Struct, frozen=True):
    """Something that is done for each tenant on a schedule.

    Attributes:
        name: a word, for good.
        cron: when, in the tenant's timezone.
        run: does it; returns how many memberships it corrected.
    """

    name: str
    cron: str
    run: Callable[[Engine], int]


def recalculate(engine: Engine) -> int:
    """Look whether who is recorded as a member of each segment is one, and correct the record."""
    found = engine.refresh_segments()
    return sum(entered + left for entered, left in found.values())


JOBS: Final = (Job("recalculation", "*/30 * * * *", recalculate),)
"""All jobs, as they are listed."""
