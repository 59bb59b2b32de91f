"""Jobs over HTTP, and how the app, its scheduler and the tenants' engines go with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, current_thread
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import bitseg
from bitseg import Engine
from server import Settings, create_app
from server.control import Control
from server.jobs import JOBS, Jobs, Scheduler
from server.tenants import UNASKED_MS
from tests.server.conftest import CANADIANS, KEY, Two
from tests.server.control import NOW, Clock, back_to_the_first_format, key_of
from tests.server.working import MINUTE, SECOND, ByHand

HALF_PAST_TEN = "2026-03-01T10:00:00Z"


def _jobs_of(app: Litestar) -> Jobs:
    jobs: Jobs = app.state["jobs"]
    return jobs


@pytest.fixture
def recalculated(monkeypatch: pytest.MonkeyPatch) -> Event:
    """Is set when an engine's segments were recalculated."""
    done, real = Event(), Engine.refresh_segments

    def refresh(engine: Engine, *args: Any) -> dict[str, tuple[int, int]]:
        found = real(engine, *args)
        done.set()
        return found

    monkeypatch.setattr(Engine, "refresh_segments", refresh)
    return done


def test_they_are_listed_with_when_they_run(two: Two) -> None:
    answer = two.ask("GET", "/api/jobs", two.key("acme", "read"))

    assert answer.json() == {
        "items": [
            {
                "name": "recalculation",
                "cron": "*/30 * * * *",
                "last_run": None,
                "last_success": None,
                "next_run": HALF_PAST_TEN,
                "state": "never",
                "error": None,
                "attempts": 0,
            }
        ],
        "total": 1,
    }
    assert two.ask("GET", "/api/jobs?offset=1", two.key("acme")).json() == {"items": [], "total": 1}


def test_one_is_run_now_for_the_caller_alone(two: Two, recalculated: Event) -> None:
    two.ask("GET", "/api/tenant", two.key("acme"))  # opens it, so that nothing is waited for
    two.clock.at += MINUTE

    answer = two.ask("POST", "/api/jobs/recalculation/run", two.key("acme"))

    assert (answer.status_code, answer.json()["name"]) == (202, "recalculation")
    assert recalculated.wait(30)
    _jobs_of(two.app).stop(30)  # waits for its end to be noted
    (job,) = two.ask("GET", "/api/jobs", two.key("acme")).json()["items"]
    assert (job["state"], job["last_run"], job["next_run"]) == (
        "ok", "2026-03-01T09:31:00Z", HALF_PAST_TEN,
    )  # fmt: skip
    (others,) = two.ask("GET", "/api/jobs", two.key("zeta")).json()["items"]
    assert others["state"] == "never"


@pytest.mark.parametrize("name", ["nothing", "Recalculation", "a%2Fb", "%00"])
def test_what_is_no_job_is_404(two: Two, name: str) -> None:
    answer = two.ask("POST", f"/api/jobs/{name}/run", two.key("acme"))

    assert (answer.status_code, answer.json()["detail"]) == (404, "No job has this name.")


def test_when_one_runs_is_changed_with_the_tenant(two: Two) -> None:
    key = two.key("acme")
    wanted = {"job_schedules": {"recalculation": "5 12 * * *"}}  # 12:05 in Berlin

    answer = two.ask("PATCH", "/api/tenant", key, json=wanted)

    assert (answer.status_code, answer.json()["job_schedules"]) == (200, wanted["job_schedules"])
    (job,) = two.ask("GET", "/api/jobs", key).json()["items"]
    assert (job["cron"], job["next_run"]) == ("5 12 * * *", "2026-03-01T11:05:00Z")
    two.ask("PATCH", "/api/tenant", key, json={"job_schedules": {"recalculation": None}})
    (job,) = two.ask("GET", "/api/jobs", key).json()["items"]
    assert (job["cron"], job["next_run"]) == ("*/30 * * * *", HALF_PAST_TEN)
    (others,) = two.ask("GET", "/api/jobs", two.key("zeta")).json()["items"]
    assert others["cron"] == "*/30 * * * *"


def test_a_schedule_outlives_the_server(tmp_path: Path) -> None:
    two = Two(tmp_path / "data")
    with two.client:
        wanted = {"job_schedules": {"recalculation": "5 12 * * *"}}
        two.ask("PATCH", "/api/tenant", two.key("acme"), json=wanted)
    two.close()

    with Control(tmp_path / "data" / "control.db", Clock()) as control:
        (job,) = control.timetable.of("acme")
        assert (job.cron, job.due_at) == ("5 12 * * *", NOW + 95 * MINUTE)


# Engines


@pytest.fixture
def by_hand(two: Two) -> Iterator[tuple[Jobs, ByHand]]:
    waking = ByHand(two.clock)
    jobs = Jobs(two.control, two.tenants, two.clock, waking, JOBS)
    jobs.start()
    yield jobs, waking
    jobs.stop()


def _run_in(two: Two, waking: ByHand) -> None:
    """Let acme's job be tried until its engine is there."""
    waking.until(NOW + 30 * MINUTE)
    job = two.tenants._residents["acme"].job  # noqa: SLF001 - that it is opened shows nowhere else
    assert job is not None
    job.result(30)
    waking.until(NOW + 30 * MINUTE + 2 * SECOND)


def test_a_closed_engine_is_opened_for_a_job_and_closed_soon_after(
    two: Two, by_hand: tuple[Jobs, ByHand]
) -> None:
    jobs, waking = by_hand
    del waking.due["zeta/recalculation"]
    assert two.tenants.check() == {}

    _run_in(two, waking)

    assert jobs.of("acme")[0][0].state == "ok"
    open_now = two.tenants.check()
    assert set(open_now) == {"acme"}
    for lease in open_now.values():
        lease.__exit__()
    two.clock.at += UNASKED_MS
    two.tenants.sweep()
    assert two.tenants.check() == {}


# The scheduler


def test_what_is_due_is_called_on_a_thread_of_its_own() -> None:
    scheduler, called = Scheduler(), Event()
    threads = []

    def call() -> None:
        threads.append(current_thread())
        called.set()

    scheduler.wake("before it starts", 0, call)
    scheduler.start(lambda: None, 3_600)
    assert called.wait(30)
    called.clear()
    scheduler.wake("after", -5, call)
    assert called.wait(30)
    scheduler.stop()

    assert current_thread() not in threads


def test_of_one_key_only_what_was_asked_for_last_is_called() -> None:
    scheduler, called = Scheduler(), Event()
    scheduler.wake("key", 3_600_000, pytest.fail)
    scheduler.wake("other", 3_600_000, pytest.fail)
    scheduler.start(pytest.fail, 3_600)

    scheduler.forget("other")
    scheduler.forget("nothing")
    scheduler.wake("key", 0, called.set)

    assert called.wait(30)
    scheduler.stop()


def test_one_that_asks_for_itself_again_is_called_again() -> None:
    scheduler, called = Scheduler(), Event()
    left = [3, 2, 1]

    def call() -> None:
        left.pop()
        if left:
            scheduler.wake("key", 0, call)
        else:
            called.set()

    scheduler.start(lambda: None, 3_600)
    scheduler.wake("key", 0, call)

    assert called.wait(30)
    scheduler.stop()


def test_after_a_stop_nothing_is_called() -> None:
    scheduler = Scheduler()
    scheduler.stop()  # one that did not start
    scheduler.start(pytest.fail, 3_600)
    scheduler.stop()

    scheduler.wake("key", 0, pytest.fail)

    assert not scheduler._scheduler.running  # noqa: SLF001 - so it calls nobody


# One tenant, and older stores


def test_a_process_with_one_tenant_has_jobs_in_its_timezone() -> None:
    clock = Clock(NOW + MINUTE)  # 15:01 in Kolkata
    app = create_app(Engine("Asia/Kolkata", clock=clock), Settings(KEY), now=clock)
    with TestClient(app) as client:
        headers = {"Authorization": f"Bearer {KEY}"}
        change = {"job_schedules": {"recalculation": "0 * * * *"}}
        client.patch("/api/tenant", headers=headers, json=change)
        (job,) = client.get("/api/jobs", headers=headers).json()["items"]

    assert (job["cron"], job["next_run"]) == ("0 * * * *", "2026-03-01T10:30:00Z")


def test_a_store_from_before_there_were_jobs_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with Control(path, Clock()) as control:
        control.create_tenant("acme", "Acme")
        key, _ = key_of(control, "acme")
    back_to_the_first_format(path)

    with Control(path, Clock()) as control:
        assert control.keys("acme") == [key]
        assert (control.there("acme").name, control.there("acme").timezone) == ("Acme", None)
        assert control.timetable.all() == []
        control.note_timezone("acme", "Asia/Tokyo")
    with Control(path, Clock()) as control:
        assert control.there("acme").timezone == "Asia/Tokyo"
        assert control.there("acme").revision == 1


def test_recalculating_one_segment_answers_with_it(two: Two) -> None:
    key = two.key("acme")
    made = two.ask("POST", "/api/segments", key, json={"name": "x", "rules": CANADIANS}).json()
    path = f"/api/segments/{made['id']}/recalculate"
    contacts = [{"id": "ann", "country": "Canada"}]
    two.ask("PUT", "/api/contacts", key, json=contacts)

    first = two.ask("POST", path, key, headers={"Idempotency-Key": "k"})
    two.ask("POST", "/api/contacts/delete", key, json={"contact_ids": ["ann"]})
    again = two.ask("POST", path, key, headers={"Idempotency-Key": "k"})
    anew = two.ask("POST", path, key)

    assert first.status_code == 200
    assert (first.json()["id"], first.json()["contact_count"]) == (made["id"], 1)
    assert again.json() == first.json()
    assert (anew.json()["contact_count"], anew.json()["revision"]) == (0, 1)
    assert first.headers["etag"] == '"1"'
    assert two.ask("POST", "/api/segments/nobodys/recalculate", key).status_code == 404


def test_the_engine_recalculates_what_it_is_asked_for() -> None:
    engine = bitseg.Engine()
    engine.load_contacts([{"id": "ann", "country": "Canada"}, {"id": "bob"}])
    engine.define_segment("dynamic", CANADIANS)
    engine.define_segment("static", ["bob"])

    assert engine.segments.recalculate("dynamic").contact_count == 1
    assert engine.segments.recalculate("static").contact_count == 1
    with pytest.raises(bitseg.UnknownSegmentError):
        engine.segments.recalculate("nobodys")


def test_asking_for_a_run_again_with_its_key_asks_for_no_second_one(two: Two) -> None:
    admin, headers = two.key("acme"), {"Idempotency-Key": "k"}
    two.ask("GET", "/api/jobs", admin)
    jobs = two.app.state["jobs"]
    jobs.stop()  # or it would have run by then

    def ask(query: str = "") -> Any:
        path = f"/api/jobs/recalculation/run{query}"
        return two.ask("POST", path, admin, headers=headers)

    first = ask()
    two.clock.at += MINUTE
    again = ask()
    (listed,) = two.ask("GET", "/api/jobs", admin).json()["items"]

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert listed["next_run"] == first.json()["next_run"] == "2026-03-01T09:30:00Z"
    assert ask("?x=1").status_code == 422
    assert two.ask("POST", "/api/jobs/recalculation/run", admin).json()["next_run"] == (
        "2026-03-01T09:31:00Z"
    )
