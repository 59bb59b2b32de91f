"""Runs the command line in this process, and writes the files it is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import bitseg
from bitseg.cli import main

Run = Callable[..., Result]
Write = Callable[[str, str], str]


@pytest.fixture
def run() -> Run:
    def call(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)

    return call


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return put


@pytest.fixture
def contacts(write: Write) -> str:
    return write(
        "contacts.csv",
        "id,email,country,lead_score,plan\n"
        "ann,ann@example.com,Canada,81,gold\n"
        "bob,bob@example.com,Canada,12,free\n"
        "cid,cid@example.com,Chile,,gold\n",
    )


@pytest.fixture
def people(write: Write) -> str:
    """Contacts as another system exports them."""
    return write("people.csv", "Customer ID,E-mail,plan\nann,ann@example.com,gold\nbob,,gold\n")


@pytest.fixture
def events(write: Write) -> str:
    return write(
        "events.csv",
        "contact_id,kind,at,event_id\n"
        "ann,open,2024-05-01T12:00:00Z,e1\n"
        "ann,open,2024-05-02T12:00:00Z,e2\n"
        "ann,open,2024-05-02T12:00:00Z,e2\n"
        "bob,open,2024-05-03T12:00:00Z,e3\n",
    )


@pytest.fixture
def new(tmp_path: Path) -> str:
    """Where a database may be made."""
    return str(tmp_path / "acme.db")


@pytest.fixture
def db(tmp_path: Path) -> str:
    """A database of three contacts and an event of each of two, closed in order."""
    path = tmp_path / "filled.db"
    with bitseg.open(path) as engine:
        engine.load_contacts(
            [
                {"id": "ann", "email": "ann-4711@example.com", "plan": "gold"},
                {"id": "bob", "email": "bob@example.com", "plan": "free"},
                {"id": "cid", "email": "cid@example.com", "plan": "gold"},
            ]
        )
        engine.load_events(
            [
                {"contact_id": "ann", "kind": "open", "at": "2024-05-01T12:00:00Z"},
                {"contact_id": "bob", "kind": "open", "at": "2024-05-03T12:00:00Z"},
            ]
        )
    return str(path)


@pytest.fixture
def damaged(db: str) -> str:
    """The same, with one byte of a contact changed."""
    path = Path(db)
    data = bytearray(path.read_bytes())
    data[data.index(b"ann-4711")] ^= 1
    path.write_bytes(data)
    return db
