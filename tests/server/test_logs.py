"""Logs say what happened to which request, and no line has anybody's data in it."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import get
from litestar.params import FromPath
from litestar.response import Stream

import bitseg
from bitseg import DamagedError, InUseError, StoreError
from server.auth import anybody
from server.control import KeyRequest
from server.logs import Lines, about, logging_to
from tests.server.conftest import CANADIANS, Two
from tests.server.control import key_of
from tests.server.importing import imported, opened
from tests.server.logged import Logged, logged
from tests.server.test_tenant_matrix import BODIES, CALLS, NOBODYS, Call

MARKER: Final = "zyxmarker"
SECOND_NS: Final = 10**9


class Moved:
    """A clock that a route moves, ns."""

    def __init__(self) -> None:
        self.at = 0

    def __call__(self) -> int:
        return self.at


def _routes(moved: Moved) -> list[Any]:
    @get("/broken/{name:str}", opt=anybody())
    async def broken(name: FromPath[str]) -> None:
        local = {"name": name}
        raise ValueError(f"cannot {local}") from KeyError(name)

    @get("/file/{name:str}", opt=anybody())
    async def file(name: FromPath[str]) -> None:
        raise DamagedError(f"Segment {name!r} is not what was written")

    @get("/slow/{took:int}", opt=anybody())
    async def slow(took: FromPath[int]) -> str:
        moved.at += took
        return "done"

    @get("/streamed/{took:int}", opt=anybody())
    async def streamed(took: FromPath[int]) -> Stream:
        def parts() -> Iterator[bytes]:
            yield b"ab"
            moved.at += took
            yield b"cde"

        return Stream(parts())

    @get("/breaking/{name:str}", opt=anybody())
    async def breaking(name: FromPath[str]) -> Stream:
        def parts() -> Iterator[bytes]:
            yield b"ab"
            raise RuntimeError(name)

        return Stream(parts())

    return [broken, file, slow, streamed, breaking]


@pytest.fixture
def moved() -> Moved:
    return Moved()


@pytest.fixture
def two(tmp_path: Path, moved: Moved) -> Iterator[Two]:
    two = Two(tmp_path / "data", monotonic=moved)
    for route in _routes(moved):
        two.app.register(route)
    with two.client:
        yield opened(two)
    two.close()


def _request(found: Logged) -> dict[str, Any]:
    (line,) = found.lines("request")
    return line


# What a line says


def test_a_request_is_a_line(two: Two) -> None:
    key, text = key_of(two.control, "acme")
    with logged() as found:
        answer = two.ask("GET", "/api/contacts/of-acme?a=b", text)

    line = _request(found)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("time"))
    assert line == {
        "level": "info", "logger": "bitseg.requests", "event": "request",
        "request_id": "of-a-test", "tenant": "acme", "key": key.id, "method": "GET",
        "route": "/api/contacts/{contact_id}", "status": 200, "took_ms": 0.0,
        "bytes": len(answer.content),
    }  # fmt: skip


def test_without_a_key_or_a_route_there_is_none(two: Two) -> None:
    with logged() as found:
        two.ask("BREW", "/api/contacts", None)
        two.ask("GET", "/nowhere", None)
        two.ask("GET", "/api/tenant", None)

    assert [(line["tenant"], line["key"], line["method"], line["route"], line["status"])
            for line in found.lines("request")] == [
        (None, None, "other", None, 405),
        (None, None, "GET", None, 404),
        (None, None, "GET", "/api/tenant", 401),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("took_ns", "level"), [(SECOND_NS - 1, "info"), (SECOND_NS, "info"), (SECOND_NS + 1, "warning")]
)
def test_slow_is_more_than_a_second(two: Two, took_ns: int, level: str) -> None:
    with logged() as found:
        two.ask("GET", f"/slow/{took_ns}")

    line = _request(found)
    assert (line["level"], line["took_ms"]) == (level, took_ns // 1000 / 1000)


def test_a_stream_is_not_slow_and_its_bytes_are_counted(two: Two) -> None:
    with logged() as found:
        two.ask("GET", f"/streamed/{5 * SECOND_NS}")

    line = _request(found)
    assert (line["level"], line["took_ms"], line["bytes"]) == ("info", 5_000, 5)


def test_an_error_in_the_middle_of_an_answer_is_an_error(two: Two) -> None:
    with logged() as found:
        two.ask("GET", f"/breaking/{MARKER}")

    line = _request(found)
    assert (line["level"], line["status"], line["bytes"]) == ("error", 200, 2)
    assert any("parts" in place for place in line["stack"])
    assert MARKER not in found.text


def test_a_mistake_is_logged_with_its_stack_and_the_request(two: Two) -> None:
    with logged() as found:
        answer = two.ask("GET", f"/broken/{MARKER}", headers={"X-Request-Id": "a.b-c_12"})

    assert answer.json()["request_id"] == "a.b-c_12"
    failed, request = found.lines()
    assert {failed["request_id"], request["request_id"]} == {"a.b-c_12"}
    assert (failed["event"], failed["level"]) == ("GET /broken/{name} failed", "error")
    assert failed["error"] == "ValueError"
    assert re.search(r"test_logs\.py:\d+ .*broken$", failed["stack"][-2])
    assert failed["stack"][-1] == "because of KeyError"
    assert (request["level"], request["status"]) == ("error", 500)
    assert MARKER not in found.text


def test_the_words_about_a_file_end_where_they_quote(two: Two) -> None:
    with logged() as found:
        assert two.ask("GET", f"/file/{MARKER}").status_code == 503

    failed, request = found.lines()
    assert failed["error"] == "DamagedError: Segment ..."
    assert request["level"] == "warning"
    assert MARKER not in found.text


# Ids of requests


@pytest.mark.parametrize("given", ["a" * 8, "a" * 64, "A.z-9_00"])
def test_an_id_that_is_well_formed_is_taken(two: Two, given: str) -> None:
    with logged() as found:
        answer = two.ask("GET", "/nowhere", headers={"X-Request-Id": given})

    assert answer.headers["x-request-id"] == answer.json()["request_id"] == given
    assert _request(found)["request_id"] == given


@pytest.mark.parametrize(
    "given", ["", "a" * 7, "a" * 65, "has space", "semi;colon", "é" * 8, "a@example"]
)
def test_another_is_replaced(two: Two, given: str) -> None:
    with logged() as found:
        answer = two.ask("GET", "/nowhere", headers={"X-Request-Id": given.encode("latin-1")})

    assert re.fullmatch("[0-9a-f]{16}", answer.headers["x-request-id"])
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert _request(found)["request_id"] == answer.headers["x-request-id"]


def test_each_request_has_its_own(two: Two) -> None:
    answers = [two.client.get("/nowhere") for _ in range(3)]

    assert len({answer.headers["x-request-id"] for answer in answers}) == 3


def test_the_403_of_a_foreign_segment_has_it_in_the_header_only(two: Two) -> None:
    with two.tenants.hold("zeta") as engine:
        engine.define_segment("of-zeta", CANADIANS)
    two.control.claim_segment("of-zeta", "zeta")

    answer = two.ask("GET", "/api/segments/of-zeta", two.key("acme"))

    assert (answer.status_code, answer.headers["x-request-id"]) == (403, "of-a-test")
    assert "request_id" not in answer.json()


# What is left out


def test_requests_may_be_left_out_but_not_their_failures(two: Two) -> None:
    with logged(requests=False) as found:
        two.ask("GET", "/nowhere")
        two.ask("GET", f"/slow/{2 * SECOND_NS}")
        two.ask("GET", "/broken/x")

    assert [line["route"] for line in found.lines("request")] == ["/slow/{took}", "/broken/{name}"]


def test_below_the_level_there_is_nothing(two: Two) -> None:
    with logged("error") as found:
        two.ask("GET", "/nowhere")
        two.ask("GET", f"/slow/{2 * SECOND_NS}")
        two.ask("GET", "/broken/x")

    assert [line["level"] for line in found.lines()] == ["error", "error"]


# What is logged beside requests


def test_what_runs_beside_requests_says_whose_it_is(two: Two) -> None:
    two.clock.at += 10**9
    two.tenants.sweep()  # both leave
    with logged() as found:
        opened(two)
        report = imported(two, two.key("acme"), "/contacts/import", b"id\nnew\n")
        two.app.state.jobs.look()

    assert {line["tenant"] for line in found.lines("a tenant was opened")} == {"acme", "zeta"}
    (ended,) = found.lines("an import ended")
    assert (ended["tenant"], ended["import_id"]) == ("acme", report["id"])
    assert (ended["kind"], ended["state"]) == ("contacts", "done")


def test_an_error_that_ends_a_thread_is_a_line() -> None:
    def work() -> None:
        raise ValueError(MARKER)

    with logged() as found:
        thread = threading.Thread(target=work, name=MARKER)
        thread.start()
        thread.join()

    (line,) = found.lines()
    assert (line["level"], line["error"]) == ("error", "ValueError")
    assert MARKER not in found.text


def test_an_error_in_a_task_that_nobody_awaits_is_a_line() -> None:
    async def fail() -> None:
        raise ValueError(MARKER)

    async def run() -> None:
        task = asyncio.get_running_loop().create_task(fail(), name=MARKER)
        await asyncio.wait([task])

    with logged() as found:
        asyncio.run(run())
        gc.collect()

    (line,) = found.lines()
    assert (line["logger"], line["error"]) == ("asyncio", "ValueError")
    assert MARKER not in found.text


# What a line keeps of words


class _OwnError(Exception):
    """An error whose words are long."""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (_OwnError(MARKER), "_OwnError"),
        (OSError(28, MARKER, MARKER), "OSError: No space left on device"),
        (OSError(MARKER), "OSError"),
        (StoreError("/a/path: disk I/O error"), "StoreError: /a/path: disk I/O error"),
        (InUseError("/a/path is open in process 7"), "InUseError: /a/path is open in process 7"),
        (StoreError("The tenant's file is gone"), "StoreError: The tenant's file is gone"),
        (StoreError(f"nothing was written: {ValueError(MARKER)!r}"),
         "StoreError: nothing was written: ValueError(..."),
        (StoreError(f"the write {MARKER.encode()!r} is"), "StoreError: the write ..."),
        (StoreError(f'it\'s "{MARKER}"'), "StoreError: it's ..."),
        (ExceptionGroup(MARKER, [ValueError(MARKER)]), "ExceptionGroup"),
    ],
)  # fmt: skip
def test_of_an_error_there_is_its_kind_and_words_that_quote_nothing(
    error: Exception, said: str
) -> None:
    with logged() as found:
        logging.getLogger("bitseg.server").error("it failed", exc_info=error)

    (line,) = found.lines()
    assert line["error"] == said
    assert MARKER not in found.text


def test_an_error_of_sqlite_is_told_by_its_name() -> None:
    with sqlite3.connect(":memory:") as connection, logged() as found:
        connection.execute("CREATE TABLE t (a TEXT UNIQUE)")
        try:
            connection.executemany("INSERT INTO t VALUES (?)", [(MARKER,), (MARKER,)])
        except sqlite3.Error:
            logging.getLogger("bitseg.server").exception("it failed")
    connection.close()

    (line,) = found.lines()
    assert line["error"] == "IntegrityError: SQLITE_CONSTRAINT_UNIQUE"


@pytest.mark.parametrize(
    ("logger", "args", "event"),
    [
        ("other", ("said %s", MARKER), "said %s"),
        ("other", (f"said {MARKER}",), "test_logs.test_what_others_say_is_kept_as_its_template"),
        ("uvicorn.error", ("Exception in ASGI application\n",), "Exception in ASGI application"),
        ("uvicorn.error", (OSError(98, MARKER),), "OSError: Address already in use"),
    ],
)
def test_what_others_say_is_kept_as_its_template(
    logger: str, args: tuple[Any, ...], event: str
) -> None:
    with logged() as found:
        logging.getLogger(logger).warning(*args)

    (line,) = found.lines()
    assert line["event"] == event
    assert MARKER not in found.text


def test_a_line_that_cannot_be_made_says_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with logged() as found:
        (ours,) = (one for one in logging.getLogger().handlers
                   if getattr(one, "stream", None) is found.stream)  # fmt: skip
        monkeypatch.setattr(logging.getLogger(), "handlers", [ours])  # pytest's would fail
        logging.getLogger("bitseg.server").info("%d", MARKER)

    assert [line["event"] for line in found.lines()] == ["a line could not be written"]


def test_as_text_a_record_is_a_line_and_its_stack_behind_it() -> None:
    record = logging.LogRecord("bitseg.x", logging.INFO, "", 0, "two\nlines", None, None)
    record.created = 0.0015
    record.__dict__ |= about(tenant="acme", key=None)

    assert Lines("text").format(record) == (
        "1970-01-01T00:00:00.001Z info    two\\nlines logger=bitseg.x tenant=acme"
    )


class _Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "start"), [(_Terminal(), "2"), (StringIO(), "{")])
def test_by_itself_it_is_text_on_a_terminal_and_json_elsewhere(
    stream: StringIO, start: str
) -> None:
    with logging_to(stream, "auto", "info"):
        logging.getLogger("bitseg.x").info("said")

    assert stream.getvalue().startswith(start)


def test_behind_the_block_logging_is_as_it_was() -> None:
    loggers = [logging.getLogger(name) for name in (None, "bitseg", "bitseg.requests")]
    before = [(one.level, list(one.handlers)) for one in loggers], threading.excepthook

    with logged():
        pass

    assert before == ([(one.level, one.handlers) for one in loggers], threading.excepthook)


# Nobody's data


def _marked(value: Any) -> Any:
    """Return a body with the marker in each text that may be anything."""
    said = json.dumps(value).replace("of-acme", MARKER).replace("new", MARKER)
    return json.loads(said.replace("Canada", MARKER).replace('"a"', f'"{MARKER}"'))


def _ids(marked: str) -> dict[str, str]:
    return dict.fromkeys(NOBODYS, marked) | {"number": "1", "job_name": marked}


@pytest.fixture
def marked(two: Two) -> Two:
    """The server, with the marker in all that acme has."""
    with two.tenants.hold("acme") as engine:
        engine.load_contacts([{"id": MARKER, "email": f"{MARKER}@example.com", "city": MARKER}])
        engine.define_segment(MARKER, [MARKER])
        engine.define_field(f"customField.{MARKER}", "string")
    two.control.claim_segment(MARKER, "acme")
    return two


HEADERS: Final = {"User-Agent": MARKER, "If-Match": MARKER, "Referer": MARKER, "Cookie": MARKER,
                  "X-Request-Id": f"{MARKER} {MARKER}", "X-Forwarded-For": MARKER}  # fmt: skip


def _ask_badly(two: Two, call: Call, key: str) -> Iterator[int]:
    """Make a call with the marker wherever something can be; return the statuses."""
    url = call.url(_ids(MARKER)) + f"?q={MARKER}&{MARKER}=1&limit={MARKER}"
    plain = call.url(_ids(MARKER))
    body = _marked(BODIES.get(call.path, {}))
    again = {**HEADERS, "Idempotency-Key": MARKER * 2}
    sent: list[tuple[str, str | None, dict[str, Any]]] = [
        (url, key, {"json": body, "headers": HEADERS}),
        (plain, key, {"json": body, "headers": again}),
        (plain, key, {"json": {MARKER: MARKER}}),
        (plain, key, {"json": [{"id": {MARKER: MARKER}, MARKER: MARKER}]}),
        (plain, key, {"content": f'{{"{MARKER}'.encode()}),
        (plain, key, {"content": f"id,{MARKER}\n{MARKER},{MARKER}".encode(),
                      "headers": {"Content-Type": MARKER}}),
        (plain, key, {"json": body, "headers": {"Content-Encoding": MARKER}}),
        (plain, key, {"json": body, "headers": {MARKER: "x" * 3_000}}),
        (plain, MARKER, {"json": body}),
        (plain, None, {"json": body}),
        (f"{plain}/{MARKER}", key, {"json": body}),
        (f"{plain}/%ff{MARKER}", key, {"json": body}),
    ]  # fmt: skip
    for path, credential, more in sent:
        if path.endswith("/live") and credential == key:
            continue  # it would not end
        yield two.ask(call.method, path, credential, **more).status_code


def test_no_line_has_anybodys_data(marked: Two) -> None:
    _, key = marked.control.create_key("acme", KeyRequest(MARKER, "admin", rate=100_000))
    statuses: set[int] = set()
    with logged() as found:
        for call in CALLS:
            statuses |= set(_ask_badly(marked, call, key))
        statuses.add(marked.ask(MARKER, f"/{MARKER}", key).status_code)

    assert {200, 401, 404, 415, 422, 431} <= statuses
    requests = found.lines("request")
    asked = {(line["method"], line["route"]) for line in requests}
    assert {(call.method, re.sub(r":\w+}", "}", call.path)) for call in CALLS} <= asked
    assert MARKER.lower() not in found.text.lower()
    assert key not in found.text


def test_no_line_has_anybodys_data_when_everything_fails(
    marked: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = marked.key("acme")

    def broken(error: type[Exception]) -> Callable[..., Any]:
        def fail(*_args: Any, **_named: Any) -> Any:
            raise error(f"cannot {MARKER!r}") from ValueError(MARKER)

        return fail

    for error in (RuntimeError, StoreError, KeyError):
        with logged() as found, monkeypatch.context() as patched:
            for name in _methods():
                patched.setattr(bitseg.Engine, name, broken(error))
            for call in CALLS:
                if not call.path.endswith("/live"):
                    body = _marked(BODIES.get(call.path, {}))
                    marked.ask(call.method, call.url(_ids(MARKER)), key, json=body)

        failed = [line for line in found.lines() if "error" in line]
        assert {line["error"].partition(":")[0] for line in failed} == {error.__name__}
        assert all(line["stack"] for line in failed)
        assert MARKER.lower() not in found.text.lower()


def _methods() -> list[str]:
    return [
        "contact", "count", "field_values", "preview", "preview_at_once", "delete_contacts",
        "find_contacts", "events_of", "load_contacts", "load_events", "explain", "define_field",
    ]  # fmt: skip
