"""Metrics: they move by exactly what was done, and are for whoever runs the process."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_text

from bitseg import Engine
from server import Settings, create_app
from server.errors import NotReadyError
from server.jobs import Jobs
from server.metrics.requests import PREVIEW_S, REQUEST_S
from tests.server.conftest import CANADIANS, KEY, Two

MS = 1_000_000
EVERYBODY = {"match": "all", "groups": []}
SECRET = "a-key-of-metrics"  # noqa: S105 - opens only what these tests make
Numbers = dict[str, float]


class Monotonic:
    """Returns ns; a request takes as long as the test says."""

    def __init__(self) -> None:
        self.at = 0
        self.step = 0

    def __call__(self) -> int:
        self.at += self.step
        return self.at


class Served:
    """An app over one engine, with a key of metrics."""

    def __init__(self, engine: Engine, **settings: Any) -> None:
        self.monotonic = Monotonic()
        settings = {"rate": 1_000_000, "metrics_key": SECRET, **settings}
        self.app = create_app(engine, Settings(KEY, **settings), monotonic=self.monotonic)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Make a call with the key of the tenant."""
        headers = {"Authorization": f"Bearer {KEY}"}
        return self.client.request(method, path, headers=headers, **more)

    def numbers(self) -> Numbers:
        """Return what is told, by name and labels."""
        return numbers_of(metrics_of(self.client).text)


def metrics_of(
    client: TestClient[Litestar], accept: str = "*/*", key: str = SECRET
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}", "Accept": accept}
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def numbers_of(text: str) -> Numbers:
    found: Numbers = {}
    for family in read_text(text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert name not in found
            found[name] = sample.value
    return found


def moved(before: Numbers, after: Numbers, of: str) -> Numbers:
    """Return by how much what begins so moved, where it did."""
    return {
        name: value - before.get(name, 0)
        for name, value in after.items()
        if name.startswith(of) and value != before.get(name, 0)
    }


def until(happens: Callable[[], object]) -> None:
    """Wait for what a thread of the server does."""
    pause = threading.Event()
    for _ in range(3_000):
        if happens():
            return
        pause.wait(0.02)
    pytest.fail("it did not happen within a minute")


def opened(two: Two, tenant: str) -> None:
    """Let a tenant be open."""

    def is_open() -> bool:
        with suppress(NotReadyError), two.tenants.hold(tenant):
            return True
        return False

    until(is_open)


@pytest.fixture
def served() -> Iterator[Served]:
    engine = Engine()
    engine.load_contacts([{"id": "ann", "country": "Canada"}, {"id": "bob"}])
    engine.count(CANADIANS)  # compiles, which may take longer than a question may
    served = Served(engine)
    with served.client:
        yield served


def test_two_previews_are_two(served: Served) -> None:
    before = served.numbers()

    found = [
        served.ask("POST", "/api/segments/preview", json={"rules": CANADIANS}) for _ in range(2)
    ]

    after = served.numbers()
    route = "/api/segments/preview"
    assert moved(before, after, "bitseg_previews_total") == {"bitseg_previews_total": 2}
    assert moved(before, after, "bitseg_preview_seconds_count") == {
        "bitseg_preview_seconds_count": 2
    }
    seconds = sum(answer.json()["took_us"] for answer in found) / 1e6
    assert after["bitseg_preview_seconds_sum"] == pytest.approx(seconds)
    assert moved(before, after, "bitseg_http_requests_total") == {
        f"bitseg_http_requests_total{{method=POST,route={route},status=200}}": 2,
        "bitseg_http_requests_total{method=GET,route=/metrics,status=200}": 1,
    }
    assert moved(before, after, "bitseg_http_request_seconds_count") == {
        f"bitseg_http_request_seconds_count{{route={route}}}": 2,
        "bitseg_http_request_seconds_count{route=/metrics}": 1,
    }


def test_a_preview_that_is_refused_is_a_request_and_no_preview(served: Served) -> None:
    before = served.numbers()

    served.ask("POST", "/api/segments/preview", json={"rules": {}})

    after = served.numbers()
    assert moved(before, after, "bitseg_preview") == {}
    assert (
        after["bitseg_http_requests_total{method=POST,route=/api/segments/preview,status=422}"] == 1
    )


@pytest.mark.parametrize(
    ("took", "bucket"),
    [(0, "0.0005"), (0.5, "0.0005"), (0.500001, "0.001"), (1, "0.001"), (9_999, "10.0"),
     (10_000, "10.0"), (10_000.000001, "+Inf")],
)  # fmt: skip
def test_a_request_is_in_the_bucket_of_its_time_and_in_all_above(
    served: Served, took: float, bucket: str
) -> None:
    name = "bitseg_http_request_seconds_bucket{{le={},route=/health/live}}"
    before = served.numbers()
    served.monotonic.step = round(took * MS)

    served.client.get("/health/live")

    served.monotonic.step = 0
    after = served.numbers()
    bounds = [*[str(float(bound)) for bound in REQUEST_S], "+Inf"]
    assert [after[name.format(bound)] - before.get(name.format(bound), 0) for bound in bounds] == [
        int(index >= bounds.index(bucket)) for index in range(len(bounds))
    ]
    assert after["bitseg_http_request_seconds_sum{route=/health/live}"] == took / 1_000


def test_previews_are_told_apart_from_50_microseconds_on() -> None:
    assert PREVIEW_S[0] == 50e-6
    assert list(PREVIEW_S) == sorted(set(PREVIEW_S))


def test_contacts_events_and_segments_are_counted(served: Served) -> None:
    before = served.numbers()

    served.ask("PUT", "/api/contacts", json=[{"id": "cid"}])
    served.ask("POST", "/api/events", json=[
        {"contact_id": "ann", "kind": "open", "at": "2024-05-01T12:00:00Z"},
        {"contact_id": "cid", "kind": "click", "at": "2024-05-02T12:00:00Z"},
        {"contact_id": "cid", "kind": "click", "at": "2024-05-03T12:00:00Z"},
    ])  # fmt: skip
    served.ask("POST", "/api/segments", json={"name": "ca", "rules": CANADIANS})

    after = served.numbers()
    for name, more in (("contacts", 1), ("events", 3), ("segments", 1)):
        key = f"bitseg_{name}{{tenant=default}}"
        assert after[key] - before[key] == more
    assert before["bitseg_contacts{tenant=default}"] == 2
    assert after["bitseg_tenants_open"] == 1
    assert after["bitseg_tenant_busy{tenant=default}"] == 0


def test_an_answer_that_is_kept_is_one_more_and_memory_is_told_by_part() -> None:
    engine = Engine()
    engine.load_contacts([{"id": "ann", "country": "Canada"}, {"id": "bob"}])
    served = Served(engine)
    with served.client:
        before = served.numbers()["bitseg_leaves_kept{tenant=default}"]
        engine.count(CANADIANS)
        after = served.numbers()

    assert after["bitseg_leaves_kept{tenant=default}"] - before >= 1
    assert {
        name.partition("part=")[2].partition(",")[0]: value
        for name, value in after.items()
        if name.startswith("bitseg_memory_bytes")
    } == engine.memory()


def test_unknown_paths_and_methods_are_counted_as_one(served: Served) -> None:
    for number in range(20):
        served.client.get(f"/nowhere/{number}")
        served.client.request(f"BREW{number}", "/nowhere")
    served.client.get("/api/segments/of-nobody")
    served.client.delete("/health/live")

    found = {
        name: value
        for name, value in served.numbers().items()
        if name.startswith("bitseg_http_requests_total") and "/metrics" not in name
    }

    assert found == {
        "bitseg_http_requests_total{method=GET,route=unknown,status=404}": 20,
        "bitseg_http_requests_total{method=other,route=unknown,status=404}": 20,
        "bitseg_http_requests_total{method=GET,route=/api/segments/{segment_id},status=401}": 1,
        "bitseg_http_requests_total{method=DELETE,route=unknown,status=405}": 1,
    }


def test_what_is_told_is_nobodys_data(served: Served) -> None:
    served.ask("PUT", "/api/contacts", json=[{"id": "person@example.com", "city": "Zürich-Nord"}])
    served.ask("POST", "/api/segments", json={"name": "private", "rules": CANADIANS})
    served.ask("GET", "/api/contacts/person@example.com?q=person@example.com")

    text = metrics_of(served.client).text

    for word in ("person", "example.com", "Zürich", "private", "Canada", KEY, SECRET):
        assert word not in text
    assert 'route="/api/contacts/{contact_id}"' in text


def test_a_job_that_ran_is_one_run(served: Served) -> None:
    jobs: Jobs = served.app.state.jobs
    before = served.numbers()

    jobs.counts["recalculation"].runs += 1
    jobs.counts["recalculation"].failures += 2
    jobs.counts["recalculation"].corrections += 3
    jobs.counts["recalculation"].last_success_at = 1_772_357_400_500

    assert moved(before, served.numbers(), "bitseg_job_") == {
        "bitseg_job_runs_total{job=recalculation}": 1,
        "bitseg_job_failures_total{job=recalculation}": 2,
        "bitseg_job_corrections_total{job=recalculation}": 3,
        "bitseg_job_last_success_timestamp_seconds{job=recalculation}": 1_772_357_400.5,
    }


def test_a_job_that_is_asked_for_is_counted(two: Two) -> None:
    opened(two, "acme")
    counts = two.app.state.jobs.counts["recalculation"]
    assert counts.runs == 0

    assert two.ask("POST", "/api/jobs/recalculation/run", two.key("acme")).status_code == 202

    until(lambda: counts.last_success_at is not None)
    numbers = numbers_of(here(two.app))
    assert numbers["bitseg_job_runs_total{job=recalculation}"] == 1
    assert numbers["bitseg_job_failures_total{job=recalculation}"] == 0
    assert numbers["bitseg_job_last_success_timestamp_seconds{job=recalculation}"] == (
        two.clock.at / 1_000
    )


def test_an_import_that_ended_is_counted_by_how(served: Served) -> None:
    loads = served.app.state.loads
    before = served.numbers()
    answer = served.client.post(
        "/api/contacts/import",
        content=b"id\nzoe\n",
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "text/csv"},
    )
    assert answer.status_code == 202, answer.text
    until(lambda: loads.ended["done"])

    after = served.numbers()
    assert moved(before, after, "bitseg_imports_ended") == {
        "bitseg_imports_ended_total{state=done}": 1
    }
    assert after["bitseg_imports{state=waiting}"] == after["bitseg_imports{state=running}"] == 0


def test_what_became_of_webhooks_is_counted(served: Served) -> None:
    counts = served.app.state.deliveries.counts
    before = served.numbers()

    counts.ok, counts.failed, counts.dead, counts.changes = 1, 2, 3, 40
    counts.behind |= {"one/a": 5, "one/b": 6}

    assert moved(before, served.numbers(), "bitseg_webhook") == {
        "bitseg_webhook_sent_total": 1,
        "bitseg_webhook_failed_total": 2,
        "bitseg_webhook_dead_total": 3,
        "bitseg_webhook_changes_total": 40,
        "bitseg_webhook_changes_waiting": 11,
    }


def test_streams_are_counted(served: Served) -> None:
    streams = served.app.state.streams
    before = served.numbers()

    streams.open, streams.sent = 3, 70
    after = served.numbers()
    streams.open = 0

    assert moved(before, after, "bitseg_stream") == {
        "bitseg_streams": 3, "bitseg_stream_changes_total": 70,
    }  # fmt: skip


def test_each_app_counts_for_itself() -> None:
    apps = [Served(Engine()) for _ in range(3)]
    totals = []
    for number, one in enumerate(apps):
        with one.client:
            for _ in range(number):
                one.ask("POST", "/api/segments/preview", json={"rules": EVERYBODY})
    for one in apps:
        with TestClient(one.app) as client:
            totals.append(numbers_of(metrics_of(client).text)["bitseg_previews_total"])

    assert totals == [0, 1, 2]


# What a file is at


def test_a_journal_grows_with_changes_and_is_empty_behind_a_snapshot(two: Two) -> None:
    key = two.key("acme")
    of = "{tenant=acme}"
    opened(two, "acme")
    before = numbers_of(here(two.app))
    assert "bitseg_contacts{tenant=zeta}" not in before  # nobody asked for it, and nobody does now
    assert before["bitseg_tenants_open"] == 1

    two.ask("PUT", "/api/contacts", key, json=[{"id": "new"}])
    written = numbers_of(here(two.app))
    with two.tenants.hold("acme") as engine:
        engine.snapshot()
        taken_at = engine.figures(1).journal.snapshot_at  # type: ignore[union-attr]
    taken = numbers_of(here(two.app))

    assert written[f"bitseg_journal_changes{of}"] - before[f"bitseg_journal_changes{of}"] == 1
    assert written[f"bitseg_journal_bytes{of}"] > before[f"bitseg_journal_bytes{of}"]
    assert taken[f"bitseg_journal_changes{of}"] == taken[f"bitseg_journal_bytes{of}"] == 0
    assert taken_at is not None
    assert taken[f"bitseg_snapshot_age_seconds{of}"] == max(0, two.clock.at - taken_at) / 1_000
    assert taken[f"bitseg_storage_failing{of}"] == 0


def test_the_age_of_a_backup_is_told_where_there_is_one(two: Two, tmp_path: Path) -> None:
    opened(two, "acme")
    name = "bitseg_backup_age_seconds{tenant=acme}"
    assert name not in numbers_of(here(two.app))

    with two.tenants.hold("acme") as engine:
        engine.backup(tmp_path / "copy.db")
        backup_at = engine.backup_at
    assert backup_at is not None
    two.clock.at = round(backup_at.timestamp() * 1_000) + 90_500

    assert numbers_of(here(two.app))[name] == 90.5


def test_an_engine_without_a_file_has_no_journal(served: Served) -> None:
    found = served.numbers()

    assert not [name for name in found if "journal" in name or "age_seconds" in name]


def test_who_reads_metrics_is_not_held_up_by_a_tenant_that_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.metrics.inside.WAIT_S", 0.01)
    engine = Engine()
    served = Served(engine)
    holds, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with engine._lock:  # noqa: SLF001 - as a long evaluation does
            holds.set()
            let_go.wait(60)

    other = threading.Thread(target=hold)
    with served.client:
        other.start()
        assert holds.wait(60)
        busy = served.numbers()
        let_go.set()
        other.join()
        free = served.numbers()

    assert busy["bitseg_tenant_busy{tenant=default}"] == 1
    assert "bitseg_contacts{tenant=default}" not in busy
    assert busy["bitseg_tenants_open"] == 1
    assert free["bitseg_tenant_busy{tenant=default}"] == 0
    assert free["bitseg_contacts{tenant=default}"] == 0


# The text, and who may read it


def test_it_is_text_or_openmetrics_as_is_asked(served: Served) -> None:
    text = metrics_of(served.client)
    open_ = metrics_of(served.client, "application/openmetrics-text; version=1.0.0, text/plain")

    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert open_.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert {one.name for one in read_text(text.text)} == {
        one.name
        for one in read_openmetrics(open_.text)  # type: ignore[no-untyped-call]
    }
    assert {"process_resident_memory_bytes", "bitseg_build_info"} <= set(served.numbers()) | {
        name.partition("{")[0] for name in served.numbers()
    }
    assert served.numbers()[f"bitseg_build_info{{version={version('bitseg')}}}"] == 1


def ask_from(app: Litestar, host: str | None, **headers: str) -> httpx.Response:
    """Ask an app that does not run for its metrics, from an address."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(cast("Any", app), client=(host or "", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.get("/metrics", headers=headers)

    return asyncio.run(ask())


def here(app: Litestar) -> str:
    answer = ask_from(app, "127.0.0.1")
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("127.8.9.10", {}, 200),
        ("::1", {}, 200),
        ("::ffff:10.0.0.1", {}, 403),
        ("10.0.0.1", {}, 403),
        ("localhost.example.com", {}, 403),
        ("", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 403),
        ("10.0.0.1", {"Authorization": f"Bearer {KEY}"}, 403),
    ],
)
def test_without_a_key_of_theirs_they_are_for_this_machine(
    host: str, headers: dict[str, str], status: int
) -> None:
    app = create_app(Engine(), Settings(KEY))

    answer = ask_from(app, host, **headers)

    assert answer.status_code == status
    assert ("bitseg_tenants_open" in answer.text) == (status == 200)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1"])
@pytest.mark.parametrize(
    ("said", "status"),
    [
        (f"Bearer {SECRET}".replace(" of ", "-of-"), 401),
        ("Bearer " + "k" * 16, 200),
        ("bearer   " + "k" * 16, 200),
        ("Bearer " + "k" * 15, 401),
        ("Bearer " + "k" * 17, 401),
        ("Basic " + "k" * 16, 401),
        ("k" * 16, 401),
        (f"Bearer {KEY}", 401),
        ("", 401),
        (None, 401),
    ],
)
def test_with_a_key_of_theirs_they_are_for_whoever_has_it(
    host: str, said: str | None, status: int
) -> None:
    app = create_app(Engine(), Settings(KEY, metrics_key="k" * 16))

    answer = ask_from(app, host, **({} if said is None else {"Authorization": said}))

    assert answer.status_code == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        assert "bitseg_" not in answer.text


def test_guessing_is_told_to_wait() -> None:
    app = create_app(Engine(), Settings(KEY, metrics_key="k" * 16, refusals_a_minute=2))

    found = [ask_from(app, "10.0.0.1", Authorization="Bearer no").status_code for _ in range(3)]

    assert found == [401, 401, 429]
    assert ask_from(app, "10.0.0.1", Authorization="Bearer " + "k" * 16).status_code == 200


def test_the_key_of_metrics_opens_nothing_else(served: Served) -> None:
    answer = served.client.get("/api/tenant", headers={"Authorization": f"Bearer {SECRET}"})

    assert answer.status_code == 401


# The docs


def test_the_table_of_the_docs_lists_every_metric_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = page.partition("### Metrics")[2].partition("\n## ")[0]
    listed = {
        name: labels
        for names, labels in re.findall(r"^\| (`bitseg_[^|]+) \| ([^|]*)\|", rows, re.MULTILINE)
        for name in re.findall(r"`(bitseg_\w+)`", names)
    }
    app = create_app(Engine(), Settings(KEY))

    told = here(app)

    helped = re.findall(r"^# HELP (bitseg_\w+) .", told, re.MULTILINE)
    assert len(helped) > 20
    assert set(helped) == set(listed)


def test_every_label_is_in_the_docs(served: Served) -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
    for family in read_text(metrics_of(served.client).text):
        names = {name for one in family.samples for name in one.labels} - {"le"}
        row = re.search(
            rf"^\| [^|]*`{family.name}(?:_total)?`[^|]* \| ([^|]*)\|", page, re.MULTILINE
        )
        if family.name.startswith("bitseg_"):
            assert row is not None, family.name
            assert names <= set(re.findall(r"`(\w+)`", row[1])), family.name
