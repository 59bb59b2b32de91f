"""A durable engine against a model of SPEC, under random calls, closings, kills and copies."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import bitseg
from bitseg import FieldError, LoadError, Once, RepeatError, SegmentError
from tests.oracle.profile import profile
from tests.stateful.judging import judge, judge_counts
from tests.stateful.lives import Life, killed_copy, remove_files
from tests.stateful.model import DEFINITIONS, HOUR, Happened, Json, Model, definition

LONG = profile().name == "long"
EXAMPLES, STEPS = (5_000, 100) if LONG else (200, 50)
"""RELIABILITY row 3d."""

NOW = 1_700_000_000_000
DAY = 24 * HOUR
PEOPLE = ["ann", "bob", "eve", "é", "ẞß", "x y", "zoe"]
FIXED = ["s0", "s1"]
SEGMENTS = [*FIXED, "d0", "d1"]
MANY_CONTACTS, MANY_EVENTS = 1_200, 4_200
TYPED: dict[str, Any] = {
    "string": st.sampled_from(["t", "ü", None]),
    "number": st.sampled_from([0.0, -2.5, 1e300, None]),
    "boolean": st.sampled_from([True, False, None]),
    "date": st.sampled_from([0, NOW, None]),
    "array": st.sampled_from([["a"], ["b", "a"], [], None]),
}

people = st.sampled_from(PEOPLE)
event_ids = st.sampled_from([f"e{i}" for i in range(12)])
contact_rows = st.fixed_dictionaries(
    {"id": people},
    optional={
        "contact.city": st.sampled_from(["Oslo", "Bergen", "", None]),
        "contact.lead_score": st.sampled_from([0, -0.0, 7.5, 300, None]),
        "contact.bounced": st.booleans(),
        "contact.tags": st.sampled_from([["a"], ["b", "c"], [], None]),
        "customField.due": st.sampled_from([0, -1, NOW, 253_402_300_799_999, None]),
    },
)
event_rows = st.fixed_dictionaries(
    {
        "contact_id": people,
        "kind": st.sampled_from(["open", "open", "conversion", "visit"]),
        "at": st.sampled_from([0, -HOUR, -HOUR, -3 * HOUR, -9 * DAY, HOUR]),
    },
    optional={
        "event_id": event_ids,
        "device": st.sampled_from(["phone", "télé"]),
        "amount": st.sampled_from([0.1, 0.2, 1e17, -1e17, 3, "much"]),
    },
)


class DurableMachine(RuleBasedStateMachine):
    """One engine in a file, and its model."""

    def __init__(self) -> None:
        """Open a file in a folder of its own."""
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.model = Model(NOW)
        self.life = Life(Path(self._folder.name), "a", lambda: self.model.clock)
        self._number = 0
        self._soon = 2**26
        self._answers: dict[str, tuple[Json, int]] = {}

    @property
    def engine(self) -> bitseg.Engine:
        """The engine as it is now."""
        return self.life.engine

    @initialize()
    def declare(self) -> None:
        """Declare a field, so that its dates are dates."""
        self.engine.define_field("customField.due", "date")
        self.model.fields["customField.due"] = "date"

    # Contacts and fields

    @rule(rows=st.lists(contact_rows, max_size=5), refused=st.booleans())
    def load_contacts(self, rows: list[Json], refused: bool) -> None:  # noqa: FBT001 - drawn
        bad = [{"id": ""}] if refused else []
        report = self.engine.load_contacts([*self._marked(rows), *bad])
        assert report.rejected_count == len(bad)
        assert (report.created, report.updated) == self.model.load(rows)

    @rule(rows=st.lists(contact_rows, max_size=3), refused=st.booleans())
    def load_contacts_strictly(self, rows: list[Json], refused: bool) -> None:  # noqa: FBT001
        if refused:
            with pytest.raises(LoadError):
                self.engine.load_contacts([*rows, {"id": ""}], strict=True)
            return
        report = self.engine.load_contacts(self._marked(rows), strict=True)
        assert (report.created, report.updated) == self.model.load(rows)

    @rule(key=st.sampled_from(["k0", "k1"]), row=contact_rows)
    def load_contacts_once(self, key: str, row: Json) -> None:
        before, at = self._answers.get(key, (None, 0))
        if before is not None and self.model.clock - at >= DAY:
            return  # forgotten or not, as it comes
        once = Once(key, repr(row).encode())
        if before is not None and before != row:
            with pytest.raises(RepeatError):
                self.engine.load_contacts([row], once=once)
            return
        said = self.engine.load_contacts([row], once=once)
        if before is None:
            self._answers[key] = (row, self.model.clock)
            assert (said.created, said.updated) == self.model.load([row])

    @precondition(lambda self: len(self.model.contacts) < 3 * MANY_CONTACTS)
    @rule()
    def load_many_contacts(self) -> None:
        self._number += 1
        rows: list[Json] = [
            {"id": f"m{self._number}-{i}", "contact.city": f"city {i}", "contact.lead_score": i}
            for i in range(MANY_CONTACTS)
        ]
        assert self.engine.load_contacts(rows).created == self.model.load(rows)[0]

    @rule(ids=st.lists(people, min_size=1, max_size=2), many=st.integers(0, 60))
    def delete_contacts(self, ids: list[str], many: int) -> None:
        ids = [*ids, *(f"m1-{i}" for i in range(many))]
        assert self.engine.delete_contacts(ids) == self.model.delete(ids)

    @rule(data_type=st.sampled_from([*TYPED]))
    def define_field(self, data_type: Any) -> None:
        path = "customField.turn"
        if self.model.may_define(path, data_type):
            self.engine.define_field(path, data_type)
            self.model.fields[path] = data_type
            return
        with pytest.raises(FieldError):
            self.engine.define_field(path, data_type)

    @precondition(lambda self: "customField.turn" in self.model.fields)
    @rule(contact=people, data=st.data())
    def fill_field(self, contact: str, data: st.DataObject) -> None:
        value = data.draw(TYPED[self.model.fields["customField.turn"]])
        row = {"id": contact, "customField.turn": value}
        self.engine.load_contacts([row])
        self.model.load([row])

    @rule()
    def empty_field(self) -> None:
        rows: list[Json] = [
            {"id": one, "customField.turn": None}
            for one, values in self.model.contacts.items()
            if "customField.turn" in values
        ]
        self.engine.load_contacts(rows)
        self.model.load(rows)

    # Events

    @rule(rows=st.lists(event_rows, max_size=6), create=st.booleans())
    def load_events(self, rows: list[Json], create: bool) -> None:  # noqa: FBT001 - drawn
        rows = [{**row, "at": self.model.clock + row["at"]} for row in rows]
        report = self.engine.load_events(rows, create_contacts=create)
        rejected = [one.index for one in report.rejected]
        expected = self.model.record(rows, create=create)
        assert (report.accepted, report.duplicate, rejected) == expected

    @precondition(lambda self: self.model.event_count() < 3 * MANY_EVENTS)
    @rule(contact=people, early=st.sampled_from([0, HOUR, 9 * DAY]))
    def load_many_events(self, contact: str, early: int) -> None:
        if contact not in self.model.contacts:
            return
        last = self.model.clock - early
        rows = [
            {"contact_id": contact, "kind": "visit", "at": last - i * 1_000, "device": f"d{i}"}
            for i in range(MANY_EVENTS)
        ]
        assert self.engine.load_events(rows).accepted == MANY_EVENTS
        self.model.events.append(Happened(contact, "visit", last, count=MANY_EVENTS))

    @rule(ids=st.lists(event_ids, min_size=1, max_size=4))
    def withdraw_events(self, ids: list[str]) -> None:
        assert self.engine.withdraw_events(ids) == self.model.withdraw(ids)

    # Segments and time

    @rule(segment=st.sampled_from(FIXED), ids=st.sets(people))
    def define_list(self, segment: str, ids: set[str]) -> None:
        known = sorted(one for one in ids if one in self.model.contacts)
        if len(known) < len(ids):
            with pytest.raises(SegmentError):
                self.engine.define_segment(segment, sorted(ids))
        assert self.engine.define_segment(segment, known) == self.model.define(segment, known)

    @rule(segment=st.sampled_from(SEGMENTS), name=st.sampled_from([*DEFINITIONS, *FIXED]))
    def define_by_rules(self, segment: str, name: str) -> None:
        if name in FIXED:
            if name not in self.model.segments or segment in FIXED:
                return
            name = f"in segment {name}"
        members = self.engine.define_segment(segment, definition(name))
        assert members == self.model.define(segment, name)

    @rule(segment=st.sampled_from(SEGMENTS))
    def remove_segment(self, segment: str) -> None:
        if segment not in self.model.segments:
            with pytest.raises(bitseg.UnknownSegmentError):
                self.engine.remove_segment(segment)
        elif self.model.speaks_of(segment):
            with pytest.raises(SegmentError):
                self.engine.remove_segment(segment)
        else:
            self.engine.remove_segment(segment)
            del self.model.segments[segment]

    @rule()
    def refresh(self) -> None:
        self.model.advance()
        assert self.engine.refresh_segments() == {}

    @rule(by=st.sampled_from([1, 60_000, HOUR, 2 * HOUR]))
    def let_time_pass(self, by: int) -> None:
        self.model.clock += by

    # The file

    @rule()
    def snapshot(self) -> None:
        assert self.engine.snapshot().clean
        gone = tuple(self.model.erased_marks[-3:])
        assert bitseg.verify(self.life.path, absent=gone).findings == ()

    @rule(soon=st.sampled_from([1, 2**26]))
    def reopen(self, soon: int) -> None:
        self._soon = soon
        self.life.reopen(snapshot_bytes=soon)
        self.compare()

    @rule(soon=st.sampled_from([1, 2**26]))
    def go_on_killed(self, soon: int) -> None:
        self._soon = soon
        self.life.die(snapshot_bytes=soon)
        self.compare()

    @rule()
    def go_on_with_a_backup(self) -> None:
        self._soon = 2**26
        self.life.restore_backup()
        self.compare()

    @rule()
    def look_at_a_killed_copy(self) -> None:
        copy = killed_copy(self.engine, self.life.path, self.life.new_path())
        with self.life.open(copy) as engine:
            judge(engine, copy, self.model, PEOPLE)
        assert bitseg.verify(copy).findings == ()
        remove_files(copy)

    @rule()
    def verify(self) -> None:
        assert bitseg.verify(self.life.path).findings == ()

    @rule()
    def compare(self) -> None:
        judge(self.engine, self.life.path, self.model, [*PEOPLE, "m1-0", "m1-59", "m2-7"])

    @invariant()
    def counts_are_right(self) -> None:
        judge_counts(self.engine, self.model)

    def teardown(self) -> None:
        """See that the file is whole, and remove it."""
        try:
            self.life.end()
        finally:
            self.life.engine.close()
            self._folder.cleanup()

    def _marked(self, rows: list[Json]) -> list[Json]:
        """Give each row a note that no other has, in the model's copy too."""
        for row in rows:
            self._number += 1
            row["customField.note"] = f"mark {self._number:06} of {row['id']}"
        return rows


@(pytest.mark.long if LONG else pytest.mark.slow)
def test_a_durable_engine_is_what_its_model_says() -> None:
    run_state_machine_as_test(
        DurableMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
