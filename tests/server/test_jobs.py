"""Jobs run when they are due, each apart from the others, and what was missed runs once."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from threading import Event, Thread

import msgspec
import pytest

from bitseg import Engine, FieldError, NoRoomError
from server.control import JobState
from server.jobs import Job
from server.jobs.running import RETRY_MOST_MS, RETRY_MS
from tests.server.control import DAY, NOW
from tests.server.working import HOUR, MINUTE, SECOND, Work, not_ready

HALF_HOUR = 30 * MINUTE


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    work = Work(tmp_path, acme="Europe/Berlin")
    yield work
    assert work.engines.lent == 0
    work.control.close()


@pytest.fixture
def several(tmp_path: Path) -> Iterator[Work]:
    several = Work(tmp_path, acme="Europe/Berlin", zeta="Asia/Kolkata")
    yield several
    assert several.engines.lent == 0
    several.control.close()


# When


def test_a_tenant_that_is_new_waits_for_the_next_time(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()

    assert work.found().state == "never"
    assert work.found().due_at == NOW + HALF_HOUR
    work.waking.until(NOW + HALF_HOUR - 1)
    assert work.ran == []
    work.waking.until(NOW + HALF_HOUR)
    assert work.runs_at() == [30]


def test_it_runs_again_and_again_and_says_so(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()

    work.waking.until(NOW + 95 * MINUTE)

    assert work.runs_at() == [30, 60, 90]
    found = work.found()
    assert (found.state, found.error, found.attempts) == ("ok", None, 0)
    assert found.last_run == found.last_success == NOW + 90 * MINUTE
    assert found.due_at == NOW + 120 * MINUTE


def test_each_tenants_clock_says_when(several: Work) -> None:
    several.begin(several.noting(cron="0 * * * *"))  # it is 10:30 in Berlin, and 15:00 in Kolkata
    several.jobs.start()

    several.waking.until(NOW + 65 * MINUTE)

    assert several.ran == [("Europe/Berlin", NOW + HALF_HOUR), ("Asia/Kolkata", NOW + HOUR)]


def test_who_wakes_it_too_early_is_told_when_to_come_again(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.clock.at = NOW + HALF_HOUR - 1

    work.jobs.run("acme", "noting")

    assert work.ran == []
    work.waking.until(NOW + HALF_HOUR)
    assert work.runs_at() == [30]


def test_a_run_that_takes_longer_than_the_time_between_skips_what_it_passed(work: Work) -> None:
    def slow(_engine: Engine) -> int:
        work.ran.append(("", work.clock.at))
        work.clock.at += 70 * MINUTE
        return 0

    work.begin(Job("slow", "*/30 * * * *", slow))
    work.jobs.start()
    work.waking.until(NOW + 150 * MINUTE)

    assert work.runs_at() == [30, 120]


@pytest.mark.parametrize(
    ("zone", "cron", "begins", "runs"),
    [
        pytest.param("Europe/Berlin", "30 2 * * *", "2026-03-28T12:00Z",
                     ["2026-03-29T01:00Z", "2026-03-30T00:30Z"], id="skipped in Berlin"),
        pytest.param("Europe/Berlin", "30 2 * * *", "2026-10-24T12:00Z",
                     ["2026-10-25T00:30Z", "2026-10-26T01:30Z"], id="repeated in Berlin"),
        pytest.param("America/New_York", "0 2 * * *", "2026-03-07T12:00Z",
                     ["2026-03-08T07:00Z", "2026-03-09T06:00Z"], id="skipped in New York"),
        pytest.param("America/New_York", "15 1 * * *", "2026-10-31T12:00Z",
                     ["2026-11-01T05:15Z", "2026-11-02T06:15Z"], id="repeated in New York"),
    ],
)  # fmt: skip
def test_where_daylight_saving_begins_or_ends_it_runs_once(
    tmp_path: Path, zone: str, cron: str, begins: str, runs: list[str]
) -> None:
    work = Work(tmp_path, acme=zone)
    work.clock.at = _ms(begins)
    work.begin(work.noting(cron=cron))
    work.jobs.start()

    work.waking.until(_ms(begins) + 2 * DAY)

    assert work.ran == [(zone, _ms(at)) for at in runs]
    work.control.close()


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


# After a stop


@pytest.mark.parametrize("away", [HALF_HOUR, 31 * MINUTE, 10 * DAY], ids=["just", "one", "many"])
def test_what_was_missed_runs_once_when_the_server_is_back(work: Work, away: int) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.jobs.stop()
    work.clock.at += away

    work.reopen()
    work.begin(work.noting())
    work.jobs.start()
    work.waking.until(work.clock.at)

    assert work.ran == [("Europe/Berlin", NOW + away)]
    assert work.found().due_at == (NOW + away) // HALF_HOUR * HALF_HOUR + HALF_HOUR


def test_what_was_not_missed_waits(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.jobs.stop()
    work.clock.at += HALF_HOUR - 1

    work.reopen()
    work.begin(work.noting())
    work.jobs.start()
    work.waking.until(work.clock.at)

    assert work.ran == []


def test_what_ran_when_the_process_was_killed_is_interrupted_and_runs_again(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.control.timetable.change(
        "acme",
        "noting",
        lambda one: msgspec.structs.replace(one, state="running", last_run=NOW, attempts=1),
    )

    work.reopen()
    work.clock.at += SECOND
    work.begin(work.noting())
    work.jobs.start()

    cut = work.found()
    assert (cut.state, cut.due_at, cut.attempts) == ("interrupted", NOW + SECOND, 1)
    assert cut.error == "The server ended before the run did."
    work.waking.until(NOW + SECOND)
    assert work.ran == [("Europe/Berlin", NOW + SECOND)]
    assert (work.found().state, work.found().error) == ("ok", None)


class Held:
    """A job that runs until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = Event(), Event()
        self.runs = 0
        self.job = Job("held", "*/30 * * * *", self._run)

    def _run(self, _engine: Engine) -> int:
        self.runs += 1
        self.begun.set()
        assert self.let_go.wait(30)
        return 0


def _begun(work: Work, held: Held) -> Thread:
    """Return a thread in which the job runs."""
    work.begin(held.job)
    work.jobs.start()
    work.clock.at = NOW + HALF_HOUR
    thread = Thread(target=work.jobs.run, args=("acme", "held"))
    thread.start()
    assert held.begun.wait(30)
    return thread


def test_a_run_that_does_not_end_in_time_is_handed_back(work: Work) -> None:
    held = Held()
    thread = _begun(work, held)

    work.jobs.stop(last_s=0)

    assert (work.found().state, work.found().due_at) == ("interrupted", work.clock.at)
    held.let_go.set()
    thread.join(30)
    assert work.found().state == "interrupted"  # its end came too late to be noted
    assert work.waking.stopped
    work.begin(work.noting("held"))
    work.jobs.start()
    work.waking.until(work.clock.at)
    assert (work.ran, work.found().state) == ([("Europe/Berlin", NOW + HALF_HOUR)], "ok")


def test_stopping_waits_for_a_run_to_end(work: Work) -> None:
    held = Held()
    thread = _begun(work, held)

    stopping = Thread(target=work.jobs.stop, args=(30,))
    stopping.start()
    assert stopping.is_alive()
    held.let_go.set()
    stopping.join(30)
    thread.join(30)

    assert work.found().state == "ok"


def test_after_a_stop_nothing_begins(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.jobs.stop()
    work.clock.at += HOUR

    work.jobs.run("acme", "noting")

    assert (work.ran, work.found().state) == ([], "never")


# One at a time


def test_two_runs_of_one_job_never_overlap(work: Work) -> None:
    held = Held()
    thread = _begun(work, held)

    work.jobs.run("acme", "held")  # returns, and does not wait for the other
    asked = work.jobs.ask("acme", "held")

    assert held.runs == 1
    assert asked is not None
    assert asked[0].state == "running"
    held.let_go.set()
    thread.join(30)
    assert (work.found().state, work.found().due_at) == ("ok", NOW + HOUR)


def test_another_tenants_job_runs_meanwhile(several: Work) -> None:
    held = Held()
    several.begin(held.job, several.noting())
    several.jobs.start()
    several.clock.at = NOW + HALF_HOUR
    thread = Thread(target=several.jobs.run, args=("acme", "held"))
    thread.start()
    assert held.begun.wait(30)

    several.jobs.run("zeta", "noting")
    several.jobs.run("acme", "noting")

    assert several.ran == [("Asia/Kolkata", NOW + HALF_HOUR), ("Europe/Berlin", NOW + HALF_HOUR)]
    held.let_go.set()
    thread.join(30)


# Failing


class Failing:
    """A job that fails until it is told not to."""

    def __init__(self, work: Work, error: Exception, cron: str = "0 2 * * *") -> None:
        self.error: Exception | None = error
        self._work = work
        self.job = Job("failing", cron, self._run)

    def _run(self, engine: Engine) -> int:
        self._work.ran.append((engine.timezone, self._work.clock.at))
        if self.error is not None:
            raise self.error
        return 0


def test_a_run_that_fails_is_tried_again_later_and_later(work: Work) -> None:
    failing = Failing(work, FieldError("Expected better, got this"))
    work.begin(failing.job)
    work.jobs.start()
    first = _ms("2026-03-02T01:00Z")  # 02:00 in Berlin

    work.waking.until(first + 4 * HOUR)

    after = [(at - first) // MINUTE for _, at in work.ran]
    assert after == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    found = work.found()
    assert (found.state, found.attempts, found.last_success) == ("failed", 9, None)
    assert found.error == "Expected better, got this"
    assert found.due_at == first + 243 * MINUTE
    assert (RETRY_MS, RETRY_MOST_MS) == (MINUTE, HOUR)


def test_when_it_goes_well_again_all_is_as_before(work: Work) -> None:
    failing = Failing(work, FieldError("Expected better, got this"))
    work.begin(failing.job)
    work.jobs.start()
    first = _ms("2026-03-02T01:00Z")
    work.waking.until(first)
    failing.error = None

    work.waking.until(first + MINUTE)

    found = work.found()
    assert (found.state, found.error, found.attempts) == ("ok", None, 0)
    assert (found.last_success, found.due_at) == (first + MINUTE, first + DAY)


def test_where_it_is_due_before_it_would_be_tried_again_it_runs_then(work: Work) -> None:
    failing = Failing(work, FieldError("Expected better, got this"), "*/2 * * * *")
    work.begin(failing.job)
    work.jobs.start()

    work.waking.until(NOW + 10 * MINUTE)

    assert work.runs_at() == [2, 3, 4, 6, 8, 10]


def test_a_failing_job_stops_no_other_and_no_other_tenants(several: Work) -> None:
    def of_berlin(engine: Engine) -> int:
        if engine.timezone == "Europe/Berlin":
            raise ZeroDivisionError
        return several.noting().run(engine)

    several.begin(Job("failing", "*/30 * * * *", of_berlin), several.noting())
    several.jobs.start()

    several.waking.until(NOW + HALF_HOUR)

    states: dict[tuple[str, str], JobState] = {
        (tenant, name): several.found(tenant, name).state
        for tenant in ("acme", "zeta")
        for name in ("failing", "noting")
    }
    assert states == {
        ("acme", "failing"): "failed",
        ("acme", "noting"): "ok",
        ("zeta", "failing"): "ok",
        ("zeta", "noting"): "ok",
    }
    assert sorted(zone for zone, _ in several.ran) == ["Asia/Kolkata"] * 2 + ["Europe/Berlin"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (FieldError("Expected x, got y"), "Expected x, got y"),
        (NoRoomError("/data/acme.db is full"), "A file cannot be used now; the log says why."),
        (KeyError("ann@example.com"), "Something went wrong; it was logged."),
    ],
    ids=["on purpose", "of a file", "by mistake"],
)
def test_what_is_told_of_an_error_names_no_file_and_no_contact(
    work: Work, error: Exception, told: str
) -> None:
    work.begin(Failing(work, error, "*/30 * * * *").job)
    work.jobs.start()

    work.waking.until(NOW + HALF_HOUR)

    assert work.found().error == told


# Engines


def test_an_engine_that_is_not_open_yet_is_waited_for(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.engines.refusals["acme"] = deque([not_ready("being opened", 2)] * 2)

    work.waking.until(NOW + HALF_HOUR + 4 * SECOND)

    assert work.ran == [("Europe/Berlin", NOW + HALF_HOUR + 4 * SECOND)]
    assert work.found().attempts == 0
    assert work.jobs.counts["noting"].runs == 1
    assert work.engines.asked == [("acme", False)] * 3  # a job does not keep an engine open


def test_an_engine_that_cannot_be_opened_is_a_failure_that_is_tried_again(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.engines.refusals["acme"] = deque([not_ready("The data could not be loaded", None)])

    work.waking.until(NOW + HALF_HOUR)

    found = work.found()
    assert (found.state, found.error) == ("failed", "The data could not be loaded")
    assert found.attempts == 1
    work.waking.until(NOW + 31 * MINUTE)
    assert (work.found().state, work.runs_at()) == ("ok", [31])


# Tenants


def test_a_tenant_that_came_is_found_and_one_that_went_is_forgotten(several: Work) -> None:
    several.begin(several.noting())
    several.jobs.start()
    several.control.create_tenant("newt", "Newt")
    several.engines.there["newt"] = Engine("Asia/Tokyo")
    several.control.delete_tenant("zeta")

    several.waking.look()

    assert set(several.waking.due) == {"acme/noting", "newt/noting"}
    assert several.control.timetable.of("zeta") == []
    several.waking.until(NOW + HALF_HOUR)
    assert {zone for zone, _ in several.ran} == {"Europe/Berlin", "Asia/Tokyo"}


def test_a_tenant_whose_jobs_cannot_be_planned_leaves_the_others_theirs(several: Work) -> None:
    several.control.note_timezone("acme", "Europe/Nowhere")
    there, several.engines.there = several.engines.there, {}  # nobody knows better
    several.begin(several.noting())

    several.jobs.start()

    assert set(several.waking.due) == {"zeta/noting"}
    several.engines.there = there
    several.waking.look()
    several.waking.until(NOW + HALF_HOUR)
    assert {zone for zone, _ in several.ran} == {"Europe/Berlin", "Asia/Kolkata"}


def test_a_tenant_that_goes_while_its_job_runs_leaves_nothing_behind(work: Work) -> None:
    held = Held()
    thread = _begun(work, held)
    work.control.delete_tenant("acme")

    held.let_go.set()
    thread.join(30)

    assert work.control.timetable.all() == []
    assert work.waking.due == {}


def test_the_timezone_is_that_of_the_engine_once_it_is_known(tmp_path: Path) -> None:
    work = Work(tmp_path, acme="Asia/Tokyo")
    work.control.note_timezone("acme", "UTC")  # as if nobody had looked into the file yet
    there, work.engines.there = work.engines.there, {}
    work.begin(work.noting(cron="0 2 * * *"))
    work.jobs.start()
    assert work.found().due_at == _ms("2026-03-02T02:00Z")

    work.engines.there = there
    work.waking.look()

    assert work.found().due_at == _ms("2026-03-01T17:00Z")
    assert work.control.there("acme").timezone == "Asia/Tokyo"
    assert work.waking.due["acme/noting"][0] == _ms("2026-03-01T17:00Z")
    work.control.close()


def test_one_can_be_asked_to_run_now_and_is_due_as_before(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.clock.at += MINUTE

    asked = work.jobs.ask("acme", "noting")
    work.waking.until(work.clock.at)

    assert asked is not None
    assert (asked[0].due_at, asked[1]) == (NOW + MINUTE, "*/30 * * * *")
    assert work.runs_at() == [1]
    assert work.found().due_at == NOW + HALF_HOUR
    assert work.jobs.ask("acme", "nothing") is None
    with pytest.raises(FieldError):
        work.jobs.ask("nobody", "noting")


def test_one_that_was_asked_to_run_runs_after_a_restart_at_the_latest(work: Work) -> None:
    work.begin(work.noting())
    work.jobs.start()
    work.jobs.ask("acme", "noting")
    work.jobs.stop()

    work.reopen()
    work.begin(work.noting())
    work.jobs.start()
    work.waking.until(NOW)

    assert work.runs_at() == [0]


# What it comes to


class Mistaken(Engine):
    """An engine that finds records that are not true."""

    def refresh_segments(self, segments: Iterable[str] | None = None) -> dict[str, tuple[int, int]]:
        assert segments is None
        return {"a": (2, 1), "b": (0, 4)}


def test_recalculation_counts_what_it_corrects(several: Work) -> None:
    several.engines.there["acme"] = Mistaken("Europe/Berlin")
    several.jobs.start()

    several.waking.until(NOW + HOUR)

    assert several.jobs.names() == ("recalculation",)
    count = several.jobs.counts["recalculation"]
    assert (count.runs, count.failures, count.corrections) == (4, 0, 14)
    assert count.last_success_at == NOW + HOUR


def test_failures_are_counted_and_leave_the_last_success(work: Work) -> None:
    failing = Failing(work, FieldError("no"), "*/30 * * * *")
    failing.error = None
    work.begin(failing.job)
    work.jobs.start()
    work.waking.until(NOW + HALF_HOUR)
    failing.error = FieldError("no")

    work.waking.until(NOW + HOUR)

    count = work.jobs.counts["failing"]
    assert (count.runs, count.failures, count.last_success_at) == (2, 1, NOW + HALF_HOUR)
