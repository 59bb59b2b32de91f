"""One world, whatever it is loaded from: text, files with types, tables and dicts."""

from __future__ import annotations

import csv
import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bitseg.loading import load_contacts, load_events
from tests.engine.intake.recording import RecordingTenant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Row = dict[str, Any]

JAN_1 = 1_704_067_200_000
CONTACTS: list[Row] = [
    {
        "id": "a", "email": "ann@example.com", "lead_score": 7, "unsubscribed": True,
        "tags": ["x", "y"], "created_at": "2024-01-01T00:00:00Z", "plan": "pro", "size": 10.5,
        "vip": False, "since": "2024-01-01T00:00:00.000Z", "total_opens": 3, "zip": "01234",
    },
    {
        "id": "b", "email": None, "lead_score": None, "unsubscribed": None,
        "tags": None, "created_at": "2024-01-01T01:00:00+01:00", "plan": None, "size": None,
        "vip": None, "since": None, "total_opens": None, "zip": None,
    },
    {
        "id": "ç 3", "email": 'q"uo,te\nline', "lead_score": -2.5, "unsubscribed": False,
        "tags": ["z"], "created_at": "2023-12-31T19:00:00-05:00", "plan": "Größe;2", "size": 1e21,
        "vip": True, "since": "1969-12-31T23:59:59.999Z", "total_opens": 0, "zip": "9",
    },
]  # fmt: skip
EVENTS: list[Row] = [
    {
        "contact_id": "a", "kind": "open", "at": "2024-01-01T00:00:00Z", "event_id": "e1",
        "campaign": "spring", "amount": None, "step": 2, "first": True,
    },
    {
        "contact_id": "ç 3", "kind": "trial_begun", "at": "2024-01-01T00:00:00.001Z",
        "event_id": None, "campaign": None, "amount": 9.99, "step": None, "first": None,
    },
]  # fmt: skip

CONTACT_WORLD = {
    "a": {
        "contact.email": "ann@example.com",
        "contact.lead_score": 7.0,
        "contact.unsubscribed": True,
        "contact.tags": ["x", "y"],
        "contact.created_at": JAN_1,
        "customField.plan": "pro",
        "customField.size": 10.5,
        "customField.vip": False,
        "customField.since": JAN_1,
        "engagement.total_opens": 3.0,
        "customField.zip": "01234",
    },
    "b": {
        "contact.email": None,
        "contact.lead_score": None,
        "contact.unsubscribed": None,
        "contact.tags": None,
        "contact.created_at": JAN_1,
        "customField.plan": None,
        "customField.size": None,
        "customField.vip": None,
        "customField.since": None,
        "engagement.total_opens": None,
        "customField.zip": None,
    },
    "ç 3": {
        "contact.email": 'q"uo,te\nline',
        "contact.lead_score": -2.5,
        "contact.unsubscribed": False,
        "contact.tags": ["z"],
        "contact.created_at": JAN_1,
        "customField.plan": "Größe;2",
        "customField.size": 1e21,
        "customField.vip": True,
        "customField.since": -1,
        "engagement.total_opens": 0.0,
        "customField.zip": "9",
    },
}
EVENT_WORLD = [
    {
        "contact_id": "a", "kind": "open", "at": JAN_1, "event_id": "e1",
        "campaign": "spring", "amount": None, "step": 2.0, "first": True,
    },
    {
        "contact_id": "ç 3", "kind": "trial_begun", "at": JAN_1 + 1, "event_id": None,
        "campaign": None, "amount": 9.99, "step": None, "first": None,
    },
]  # fmt: skip
FIELDS = {
    "customField.plan": "string",
    "customField.size": "number",
    "customField.vip": "boolean",
    "customField.since": "date",
    "customField.zip": "string",
}


def _moments(rows: list[Row]) -> list[Row]:
    """Return the rows with their dates as datetimes."""
    found = []
    for row in rows:
        moments = {
            name: datetime.fromisoformat(row[name]).astimezone(UTC)
            for name in ("created_at", "since", "at")
            if row.get(name)
        }
        found.append({**row, **moments})
    return found


def _table(rows: list[Row]) -> pa.Table:
    """Return the rows as a table; a number is one in all rows, or none."""
    numbers = {"lead_score": pa.float64(), "size": pa.float64()}
    table = pa.Table.from_pylist(_moments(rows))
    for name, kind in numbers.items():
        if name in table.schema.names:
            column = pa.array([row[name] for row in rows], kind)
            table = table.set_column(table.schema.get_field_index(name), name, column)
    return table


def _write_csv(rows: list[Row], path: Path, join: Callable[[list[str]], str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {name: join(cell) if isinstance(cell, list) else cell for name, cell in row.items()}
            )
    return path


def _write_ndjson(rows: list[Row], path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def _packed(path: Path) -> Path:
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed


def _write_parquet(rows: list[Row], path: Path) -> Path:
    pq.write_table(_table(rows), path)
    return path


def _write_arrow(rows: list[Row], path: Path) -> Path:
    with pa.ipc.new_file(path, _table(rows).schema) as writer:
        writer.write_table(_table(rows))
    return path


SOURCES: dict[str, Callable[[list[Row], Path], Any]] = {
    "CSV": lambda rows, path: _write_csv(rows, path / "x.csv", ";".join),
    "CSV with JSON lists": lambda rows, path: _write_csv(rows, path / "x.csv", json.dumps),
    "CSV, gzip": lambda rows, path: _packed(_write_csv(rows, path / "x.csv", ";".join)),
    "NDJSON": lambda rows, path: _write_ndjson(rows, path / "x.ndjson"),
    "NDJSON, gzip": lambda rows, path: _packed(_write_ndjson(rows, path / "x.ndjson")),
    "Parquet": lambda rows, path: _write_parquet(rows, path / "x.parquet"),
    "Arrow IPC": lambda rows, path: _write_arrow(rows, path / "x.arrow"),
    "a table": lambda rows, _: _table(rows),
    "a reader": lambda rows, _: _table(rows).to_reader(),
    "a dictionary-encoded table": lambda rows, _: pa.table(
        {
            name: column.dictionary_encode() if column.type == pa.string() else column
            for name, column in zip(_table(rows).schema.names, _table(rows).columns, strict=True)
        }
    ),
    "a polars frame": lambda rows, _: pl.from_arrow(_table(rows)),
    "a lazy polars frame": lambda rows, _: pl.from_arrow(_table(rows)).lazy(),  # type: ignore[union-attr]
    "dicts": lambda rows, _: rows,
    "dicts with datetimes": lambda rows, _: _moments(rows),
    "an iterator of dicts": lambda rows, _: iter(rows),
}


@pytest.mark.parametrize("strict", [False, True], ids=["mild", "strict"])
@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())
def test_the_world_is_the_same(
    tmp_path: Path, make: Callable[[list[Row], Path], Any], *, strict: bool
) -> None:
    tenant = RecordingTenant("Asia/Kathmandu")
    contacts = load_contacts(tenant, make(CONTACTS, tmp_path), strict=strict)
    events = load_events(tenant, make(EVENTS, tmp_path), strict=strict)
    assert (contacts.created, contacts.rejected) == (3, ())
    assert (events.accepted, events.rejected) == (2, ())
    assert tenant.contacts == CONTACT_WORLD
    assert tenant.events == EVENT_WORLD
    fields = tenant.schema.fields
    assert {path: fields[path].data_type for path in FIELDS} == FIELDS
    assert all(not fields[path].declared for path in FIELDS)
