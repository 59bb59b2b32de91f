"""Judging compares a durable engine, and the tables of its file, with a model."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from bitseg import Engine
from bitseg.bitmap import RowSet
from bitseg.clock import show_instant
from tests.stateful.model import DEFINITIONS, Model, definition

DATES = (
    "contact.created_at",
    "contact.updated_at",
    "customField.due",
    "engagement.last_opened_at",
)
EVERYBODY = {"match": "all", "groups": []}
ALL_ROWS = 2**32


def judge_counts(engine: Engine, model: Model) -> None:
    """Compare what is quickly compared."""
    assert len(engine) == len(model.contacts)
    assert engine.event_count == model.event_count()
    assert tuple(engine.segments) == tuple(model.segments)


def judge(engine: Engine, path: Path, model: Model, looked_at: Iterable[str]) -> None:
    """Compare everything; of values, those of the contacts that are looked at."""
    judge_counts(engine, model)
    assert list(engine.select(EVERYBODY).ids()) == list(model.contacts)
    custom = {
        one.path: one.data_type
        for one in engine.fields.values()
        if one.path.startswith("customField.")
    }
    assert custom == model.fields
    for name in DEFINITIONS:
        assert set(engine.select(definition(name)).ids()) == model.matching(name), name
    for segment in model.segments:
        found = engine.select(definition(f"in segment {segment}")).ids()
        assert set(found) == model.members(segment), segment
    for contact in looked_at:
        if contact in model.contacts:
            _judge_contact(engine, model, contact)
    engine.segments.advance()
    model.advance()
    with closing(sqlite3.connect(path)) as connection:
        _judge_tables(connection, engine, model)


def _judge_contact(engine: Engine, model: Model, contact: str) -> None:
    got = engine.contact(contact)
    expected = {**model.contacts[contact], **model.engagement(contact)}
    for path, value in expected.items():
        given = value
        if value is not None and (path in DATES or model.fields.get(path) == "date"):
            given = show_instant(value)
        assert got.get(path) == given, (contact, path)
    without = {path for path in got if path.startswith(("contact.", "customField."))}
    assert without <= {*expected}, contact


def _judge_tables(connection: sqlite3.Connection, engine: Engine, model: Model) -> None:
    counts = dict(connection.execute("SELECT id, contact_count FROM segments"))
    expected = {name: len(one.recorded) for name, one in model.segments.items()}
    assert counts.keys() == expected.keys()
    assert counts == expected
    for name, segment in model.segments.items():
        records = connection.execute(
            "SELECT first, at, came, went, size, entered, left FROM segment_changes "
            "WHERE segment_id = ? ORDER BY first",
            (name,),
        ).fetchall()
        assert [(at, came, went) for _, at, came, went, *_ in records] == segment.records, name
        number, size = 1, 0
        for first, _, came, went, behind, *_ in records:
            assert first == number, name
            number, size = number + came + went, size + came - went
            assert behind == size, name
        assert _replayed(engine, records) == segment.recorded, name
        listed = connection.execute(
            "SELECT contact_id, added_at FROM segment_contacts WHERE segment_id = ?", (name,)
        )
        assert dict(listed) == {one: show_instant(at) for one, at in segment.members.items()}, name


def _replayed(engine: Engine, records: list[Any]) -> set[str]:
    """Return whom the records lead to, without those who are erased."""
    rows = RowSet.empty(ALL_ROWS)
    found: set[int] = set()
    for *_, entered, left in records:
        came, went = (RowSet.from_bytes(one, rows.n).rows().tolist() for one in (entered, left))
        assert not found & {*came}
        assert found >= {*went}
        found = (found | {*came}) - {*went}
    inside: Any = engine
    contacts = inside._tenant.contacts  # noqa: SLF001 - records are of rows, which nobody shows
    ordered = np.array(sorted(found), np.uint32)
    there = ordered[contacts.live.test(ordered)]
    return {*contacts.ids.take(there).to_pylist()}
