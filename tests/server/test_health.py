"""Health: live at once, ready when loaded, and how the data are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

import bitseg
from bitseg import DamagedError, Engine
from server import Settings, create_app
from server.starting import Starting, StoppedError
from tests.server.conftest import CANADIANS, KEY

NOT_READY = {"title": "Service Unavailable", "status": 503, "errors": [], "type": "about:blank"}


def _ask(asked: Engine | Starting, path: str) -> Response:
    with TestClient(create_app(asked, Settings(KEY)), raise_server_exceptions=False) as client:
        return client.get(path)


def _preview(starting: Starting, key: str = KEY) -> Response:
    headers = {"Authorization": f"Bearer {key}"}
    with TestClient(create_app(starting, Settings(KEY)), raise_server_exceptions=False) as client:
        return client.post("/api/segments/preview", json={"rules": CANADIANS}, headers=headers)


def test_live_is_one_word(client: TestClient[Litestar]) -> None:
    response = client.get("/health/live")

    assert response.status_code == 200
    assert response.json() == {"status": "live"}


def test_ready_of_data_in_memory_knows_no_backup(client: TestClient[Litestar]) -> None:
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "backup_at": None,
        "backup_age_s": None,
        "failure": None,
    }


def test_a_server_that_loads_is_live_and_not_ready() -> None:
    starting = Starting()
    starting.tell(12, 90)

    live, ready = _ask(starting, "/health/live"), _ask(starting, "/health/ready")

    assert live.status_code == 200
    assert ready.status_code == 503
    assert ready.headers["content-type"] == "application/problem+json"
    assert ready.headers["retry-after"] == "2"
    assert ready.headers["x-content-type-options"] == "nosniff"
    assert ready.json() == {
        **NOT_READY,
        "request_id": ready.headers["x-request-id"],
        "detail": "The data are being loaded.",
        "state": "loading",
        "done": 12,
        "total": 90,
    }


def test_how_much_there_is_may_be_unknown() -> None:
    starting = Starting()
    starting.tell(12, None)

    assert _ask(starting, "/health/ready").json()["total"] is None


def test_calls_wait_for_the_data_but_not_for_a_key() -> None:
    starting = Starting()

    ours, strangers = _preview(starting), _preview(starting, "another")

    assert ours.status_code == 503
    assert ours.headers["retry-after"] == "2"
    assert ours.json()["state"] == "loading"
    assert strangers.status_code == 401


def test_the_description_is_there_before_the_data() -> None:
    assert _ask(Starting(), "/schema").status_code == 200


def test_data_that_are_there_are_made_quick_first(engine: Engine) -> None:
    starting = Starting()
    starting.loaded(engine)

    warming = _ask(starting, "/health/ready")
    starting.ready()
    ready = _ask(starting, "/health/ready")

    assert (warming.status_code, warming.json()["state"]) == (503, "warming")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert _preview(starting).json()["count"] == 2


def test_data_that_cannot_be_loaded_are_told_in_words_and_not_to_be_waited_for() -> None:
    starting = Starting()
    starting.fail(DamagedError("The snapshot at change 7 is not what was written"))

    for response in (_ask(starting, "/health/ready"), _preview(starting)):
        assert response.status_code == 503
        assert "retry-after" not in response.headers
        assert response.json()["state"] == "failed"
        assert response.json()["detail"] == (
            "The data could not be loaded: The snapshot at change 7 is not what was written"
        )
    assert _ask(starting, "/health/live").status_code == 200


def test_a_mistake_of_ours_while_loading_is_not_shown() -> None:
    starting = Starting()
    starting.fail(RuntimeError("a secret"))

    response = _ask(starting, "/health/ready")

    assert response.status_code == 503
    assert "secret" not in response.text


def test_loading_ends_at_its_next_step_when_the_server_stops() -> None:
    starting = Starting()
    starting.tell(1, 2)
    starting.stop()

    with pytest.raises(StoppedError):
        starting.tell(2, 2)
    assert _ask(starting, "/health/ready").json()["state"] == "stopping"


def test_ready_says_how_old_the_last_backup_is(tmp_path: Path) -> None:
    now = int(datetime(2024, 5, 1, 12, tzinfo=UTC).timestamp() * 1_000)
    clock = [now]
    with bitseg.open(tmp_path / "acme.db", clock=lambda: clock[0]) as engine:
        never = _ask(engine, "/health/ready").json()
        engine.backup(tmp_path / "copy.db")
        clock[0] += 90_500
        since = _ask(engine, "/health/ready").json()

    assert (never["backup_at"], never["backup_age_s"]) == (None, None)
    assert (since["backup_at"], since["backup_age_s"]) == ("2024-05-01T12:00:00Z", 90)


def test_ready_says_why_the_last_snapshot_failed_and_answers_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine: Any = Engine()
    monkeypatch.setattr(Engine, "failure", "There is no room to write")

    response = _ask(engine, "/health/ready")

    assert response.status_code == 200
    assert response.json()["failure"] == "There is no room to write"


def test_who_stops_refuses_what_is_new_and_says_why() -> None:
    starting = Starting(Engine())
    with TestClient(create_app(starting, Settings(KEY)), raise_server_exceptions=False) as client:
        headers = {"Authorization": f"Bearer {KEY}"}
        before = client.get("/api/segments", headers=headers)
        starting.stop()
        after = client.get("/api/segments", headers=headers)
        ready, live = client.get("/health/ready"), client.get("/health/live")

    assert before.status_code == 200
    for refused in (after, ready):
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
        assert refused.json()["state"] == "stopping"
    assert live.status_code == 200
