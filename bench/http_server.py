"""The server under load: ``bitseg serve`` in a process of its own, with tenants and their keys."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from bench import data, durable_file, http_bodies
from bench.durable_report import Setting
from bench.http_client import Target
from bitseg import SegmentError

_LAUNCHER: Final = Path(__file__).parent / "http_peers" / "serve_with_echo.py"
_HOST: Final = "127.0.0.1"
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_RATE: Final = "1000000"
"""Calls a second of a key: more than there can be, so that none is refused."""
_STARTED_S: Final = 180.0
_STOPPED_S: Final = 60.0
PREVIEW: Final = "/api/segments/preview"
ECHO: Final = "/api/segments/echo"


class Used(msgspec.Struct, frozen=True):
    """What a process had used at a moment.

    Attributes:
        at: by ``time.perf_counter``.
        server: seconds of processor time of the server.
        client: the same of this process.
    """

    at: float
    server: float
    client: float

    def until(self, later: Used) -> dict[str, float]:
        """Return the share of a processor that each used since, in percent."""
        wall = later.at - self.at
        return {
            "server %": 100 * (later.server - self.server) / wall,
            "client %": 100 * (later.client - self.client) / wall,
        }


class Server:
    """A server that answers.

    Attributes:
        behind_ms: how far its clock is behind the system's.
    """

    def __init__(self, port: int, keys: dict[str, str], pid: int, behind_ms: int) -> None:
        self._port = port
        self._keys = keys
        self._pid = pid
        self.behind_ms = behind_ms

    def target(self, path: str, tenant: str = "", **more: Any) -> Target:
        """Return a call as a tenant; the first one where none is named."""
        key = self._keys[tenant or next(iter(self._keys))]
        return Target(_HOST, self._port, key, path, **more)

    def now(self) -> int:
        """Return the server's instant, ms since 1970 UTC."""
        return time.time_ns() // 1_000_000 - self.behind_ms

    def used(self) -> Used:
        """Return what it and this process have used."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        server = (int(fields[11]) + int(fields[12])) / _TICKS
        return Used(time.perf_counter(), server, time.process_time())

    def resident_mb(self) -> float:
        """Return MB resident now."""
        lines = Path(f"/proc/{self._pid}/status").read_text().splitlines()
        (line,) = (line for line in lines if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1_024 / 1e6

    def call(self, target: Target, body: bytes) -> Any:
        """Ask once, outside what is timed; return the answer, which has to be 200."""
        connection = HTTPConnection(target.host, target.port, timeout=_STARTED_S)
        headers = {"Authorization": f"Bearer {target.key}", "Content-Type": target.media_type}
        connection.request(target.method, target.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        assert response.status == 200, (response.status, answer[:500])
        return msgspec.json.decode(answer)


@contextmanager
def serving(
    setting: Setting,
    tenants: tuple[str, ...] = ("acme",),
    saved: int = 0,
) -> Iterator[Server]:
    """Serve tenants that each have a copy of the same file; the clock is where its data lead up to.

    Args:
        setting: how large the file is, and where it is.
        tenants: their ids.
        saved: how many dynamic segments each has.
    """
    state = durable_file.closed(setting)
    with TemporaryDirectory(dir=state.parent) as directory:
        at = Path(directory)
        for tenant in tenants:
            _copy(state / durable_file.NAME, at / "tenants" / f"{tenant}.db", saved)
            _bitseg("tenant", "create", tenant, "--data", directory)
        keys = {tenant: _key(tenant, directory) for tenant in tenants}
        behind_ms = time.time_ns() // 1_000_000 - data.START
        port = _free_port()
        run = [sys.executable, str(_LAUNCHER), str(behind_ms), "serve", "--data", directory]
        process = subprocess.Popen([*run, "--port", str(port)], stdout=subprocess.DEVNULL)
        server = Server(port, keys, process.pid, behind_ms)
        try:
            for tenant in tenants:
                _wait(process, server, tenant)
            yield server
        finally:
            process.terminate()
            process.wait(_STOPPED_S)


def _copy(source: Path, target: Path, saved: int) -> None:
    target.parent.mkdir(exist_ok=True)
    for name in source.parent.iterdir():
        shutil.copyfile(name, target.parent / name.name.replace(source.name, target.name))
    with durable_file.opened(target) as engine:
        while left := list(engine.segments):  # those that others speak of go last
            for one in left:
                with suppress(SegmentError):
                    engine.remove_segment(one)
        for number in range(saved):
            engine.define_segment(f"saved-{number}", http_bodies.combination(number))
        engine.snapshot()


def _bitseg(*arguments: str) -> bytes:
    run = [sys.executable, "-m", "bitseg.cli", *arguments, "--json"]
    return subprocess.run(run, check=True, stdout=subprocess.PIPE).stdout


def _key(tenant: str, directory: str) -> str:
    made = _bitseg(
        "key", "create", tenant, "--data", directory, "--scope", "admin", "--rate", _RATE
    )
    return str(msgspec.json.decode(made)["key"])


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as found:
        return int(found.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], server: Server, tenant: str) -> None:
    """Wait until a tenant's engine answers."""
    target = server.target(PREVIEW, tenant)
    body = msgspec.json.encode({"rules": data.FOUR_LEAVES})
    until = time.monotonic() + _STARTED_S
    while time.monotonic() < until:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            server.call(target, body)
        except (AssertionError, OSError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError("The server did not become ready.")
