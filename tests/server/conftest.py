"""A server over four contacts, and ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic_ns
from typing import Any

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

import bitseg
from bitseg import Engine
from server import Settings, create_app
from server import app as app_module
from server import tenants as tenants_module
from server.control import Control, Scope
from server.evaluations import Evaluations
from server.keys import make_key
from server.memory import MemoryLimits
from server.settings import EVALUATION_SECONDS
from server.tenants import Tenants, path_of
from server.webhooks import Poster
from tests.server.control import PATIENT_S, Clock, key_of, with_tenants

Ask = Callable[..., Response]

KEY = make_key()
CANADIANS = {
    "match": "all",
    "groups": [
        {
            "match": "all",
            "conditions": [{"field": "contact.country", "operator": "equals", "value": "Canada"}],
        }
    ],
}


def _patient_evaluations(at_once: int, seconds: float) -> Evaluations:
    return Evaluations(at_once, PATIENT_S if seconds == EVALUATION_SECONDS else seconds)


@pytest.fixture(autouse=True, scope="module")
def _patient() -> Iterator[None]:
    """Answer no 503 as a machine has much to do: tests of waiting set how long one waits."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tenants_module, "GRACE_S", PATIENT_S)
        patched.setattr(app_module, "Evaluations", _patient_evaluations)
        yield


@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine()
    engine.load_contacts(
        [
            {"id": "ann", "country": "Canada", "email": "ann@example.com"},
            {"id": "bob", "country": "Canada", "email": "bob@example.com", "bounced": True},
            {"id": "cid", "country": "Chile", "email": "cid@example.com"},
            {"id": "dee"},
        ]
    )
    engine.load_events([{"contact_id": "ann", "kind": "open", "at": "2024-05-01T12:00:00Z"}])
    engine.define_segment("canadians", CANADIANS)
    return engine


@pytest.fixture(scope="module")
def client(engine: Engine) -> Iterator[TestClient[Litestar]]:
    with TestClient(
        create_app(engine, Settings(KEY, refusals_a_minute=1_000, rate=1_000_000)),
        raise_server_exceptions=False,
    ) as client:
        yield client


@pytest.fixture(scope="module")
def preview(client: TestClient[Litestar]) -> Ask:
    def ask(**body: Any) -> Response:
        headers = {"Authorization": f"Bearer {KEY}"}
        return client.post("/api/segments/preview", json=body, headers=headers)

    return ask


@pytest.fixture(scope="module")
def send(client: TestClient[Litestar]) -> Ask:
    def ask(body: bytes) -> Response:
        headers = {"Authorization": f"Bearer {KEY}"}
        return client.post("/api/segments/preview", content=body, headers=headers)

    return ask


async def _only_here(host: str, _port: int) -> list[str]:
    """Look up what is on this machine: tests send nothing elsewhere."""
    if host == "127.0.0.1":
        return [host]
    raise OSError(host)


class Two:
    """A server of two tenants in a data directory, acme and zeta, each with a contact.

    Attributes:
        clock: the server's, and the control store's.
        data: the directory.
    """

    def __init__(
        self,
        data: Path,
        settings: Settings | None = None,
        monotonic: Callable[[], int] = monotonic_ns,
        memory: MemoryLimits | None = None,
    ) -> None:
        self.clock = Clock()
        self.data = data
        self.control = with_tenants(Control(data / "control.db", self.clock), "acme", "zeta")
        (data / "tenants").mkdir()
        for tenant in ("acme", "zeta"):
            self.control.note_timezone(tenant, "Europe/Berlin")
            with bitseg.open(path_of(data, tenant), timezone="Europe/Berlin") as engine:
                engine.load_contacts([{"id": f"of-{tenant}"}])
        self.tenants = Tenants(data, 2**30, 60_000, self.clock, memory=memory)
        self.tenants.ready()
        self.app = create_app(
            self.tenants,
            settings or Settings(refusals_a_minute=1_000, rate=1_000_000),
            self.control,
            self.clock,
            monotonic,
            lambda: Poster(allow_private=True, resolve=_only_here),
        )
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def key(self, tenant: str, scope: Scope = "admin") -> str:
        """Make a key."""
        return key_of(self.control, tenant, scope)[1]

    def ask(self, method: str, path: str, key: str | None = None, **more: Any) -> Response:
        """Make a call with a key, or another credential; None = without."""
        headers = {"X-Request-Id": "of-a-test", **more.pop("headers", {})}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        return self.client.request(method, path, headers=headers, **more)

    def close(self) -> None:
        """Close everything."""
        self.tenants.close()
        self.control.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    two = Two(tmp_path / "data")
    with two.client:
        yield two
    two.close()
