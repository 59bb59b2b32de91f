"""Waking calls somebody at an instant, on threads of its own: what APScheduler is used for.

Which instant, the jobs say themselves: it has to outlive the process, and cron texts of APScheduler
count weekdays from Monday and run twice in an hour that comes twice.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

if TYPE_CHECKING:
    from collections.abc import Callable

AT_ONCE: Final = 2
"""So many jobs run at the same time; the others wait."""

_RUNS: Final = 2
"""One that ends may already be asked for again; that two do the same at once, jobs see to."""


_NEVER: Final = 5_000
"""Weeks, after which nobody waits for what was not asked for again."""


class Waking(Protocol):
    """Calls what is to be done when its time has come."""

    def start(self, look: Callable[[], None], every_s: float) -> None:
        """Begin, and look around again and again."""

    def wake(self, key: str, in_ms: int, call: Callable[[], None]) -> None:
        """Call something after some ms; of one key, only what was asked for last."""

    def forget(self, key: str) -> None:
        """Call nothing of a key any more."""

    def stop(self) -> None:
        """Begin nothing more; what runs goes on."""


class Scheduler(Waking):
    """Waking by APScheduler: threads, and a wait for the earliest instant."""

    def __init__(self) -> None:
        """Begin without anything to call."""
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # what ran, the timetable says
        self._scheduler: Any = BackgroundScheduler(
            timezone=UTC,
            executors={
                "default": ThreadPoolExecutor(AT_ONCE),
                "looking": ThreadPoolExecutor(1),
            },
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": _RUNS},
        )

    def start(self, look: Callable[[], None], every_s: float) -> None:
        """Begin, and look around again and again."""
        self._scheduler.add_job(look, "interval", seconds=every_s, executor="looking")
        self._scheduler.start()

    def wake(self, key: str, in_ms: int, call: Callable[[], None]) -> None:
        """Call something after some ms."""
        # From the clock that APScheduler asks: with another, which may be behind, it would be now.
        at = datetime.now(UTC) + timedelta(milliseconds=max(in_ms, 0))
        # Not a "date", which is taken out when it was called: a stop meanwhile lets that fail.
        self._scheduler.add_job(
            call, "interval", weeks=_NEVER, next_run_time=at, id=key, replace_existing=True
        )

    def forget(self, key: str) -> None:
        """Call nothing of a key any more."""
        try:
            self._scheduler.remove_job(key)
        except JobLookupError:
            return

    def stop(self) -> None:
        """Begin nothing more."""
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()  # it looks for what is due once more as it ends
            self._scheduler.shutdown(wait=False)
