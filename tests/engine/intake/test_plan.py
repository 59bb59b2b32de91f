"""What the columns of a source mean, and what cannot be meant."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow as pa
import pytest

from bitseg import Field, LoadError
from bitseg.formats import open_source
from bitseg.intake.plan import plan_contacts, plan_events
from bitseg.schema import Schema

if TYPE_CHECKING:
    from pathlib import Path

    from bitseg.formats import Source


def _csv(tmp_path: Path, text: str) -> Source:
    path = tmp_path / "x.csv"
    path.write_text(text, "utf-8")
    return open_source(path)


def test_a_plan_says_what_each_column_becomes_and_how_that_is_known(tmp_path: Path) -> None:
    schema = Schema()
    schema.define_field(Field("customField.tier", "string", "Tier"))
    schema.define_field(Field("customField.seen", "number", declared=False))
    source = _csv(
        tmp_path,
        "ID,E-Mail Address,tier,seen,Company Size,note,empty\n1,a@b,3,4,10,x,\n",
    )
    plan = plan_contacts(source, schema, {"E-Mail Address": "email", "note": ""})
    assert plan.report == {
        "ID": ("contact.id", "string", "built in"),
        "E-Mail Address": ("contact.email", "string", "built in"),
        "tier": ("customField.tier", "string", "declared"),
        "seen": ("customField.seen", "number", "inferred"),
        "Company Size": ("customField.company_size", "number", "inferred"),
        "note": ("", "", "left out"),
        "empty": ("customField.empty", "", "empty"),
    }
    assert [(column.name, column.before) for column in plan.columns if column.before] == [
        ("ID", "string"),
        ("E-Mail Address", "string"),
        ("tier", "string"),
        ("seen", "number"),
    ]
    assert plan.new_fields() == [
        Field("customField.company_size", "number", "Company Size", declared=False)
    ]


def test_every_fault_of_the_columns_is_named_at_once(tmp_path: Path) -> None:
    source = _csv(tmp_path, "email,Email,customField.lead_score,engagement.x,公司\n")
    with pytest.raises(LoadError) as caught:
        plan_contacts(source, Schema())
    words = str(caught.value)
    assert "Expected one column for contact.email, got 'email' and 'Email'" in words
    assert "taken by the built-in field contact.lead_score" in words
    assert "got 'engagement.x'" in words
    assert "Expected a custom field's name like" in words
    assert "Expected a column for contact.id of the contacts, got the columns 'email'," in words
    assert len(caught.value.faults) == 5


def test_a_missing_header_is_told_by_what_was_found_and_how_to_map(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"got the columns 'c1', 'ann@example.com'.*no header"):
        plan_contacts(_csv(tmp_path, "c1,ann@example.com\nc2,bob@example.com\n"), Schema())


def test_events_need_three_columns(tmp_path: Path) -> None:
    with pytest.raises(LoadError) as caught:
        plan_events(_csv(tmp_path, "contact_id,type,hour\n"), Schema())
    assert [fault.path for fault in caught.value.faults] == ["hour", "kind", "at"]


def test_events_are_mapped_by_cell_and_property(tmp_path: Path) -> None:
    source = _csv(tmp_path, "user,type,when,Cart Value,amount\na,open,2024-01-01,5,x\n")
    plan = plan_events(source, Schema(), {"user": "contact_id", "type": "kind", "when": "at"})
    assert plan.report == {
        "user": ("contact_id", "string", "built in"),
        "type": ("kind", "string", "built in"),
        "when": ("at", "date", "built in"),
        "Cart Value": ("cart_value", "number", "inferred"),
        "amount": ("amount", "number", "built in"),
    }


def test_keys_of_rows_are_refused_one_by_one() -> None:
    source = open_source([{"id": "a", "Plan": 1, "plan": 2}])
    plan = plan_contacts(source, Schema())
    assert list(plan.refused) == ["Plan"]
    assert [column.path for column in plan.columns] == ["contact.id", "customField.plan"]


def test_two_keys_of_one_field_are_judged_together() -> None:
    rows = [{"id": "a", "plan": 1}, {"id": "b", "customField.plan": "x"}, {"id": "c", "plan": "y"}]
    plan = plan_contacts(open_source(rows), Schema())
    assert [column.data_type for column in plan.columns] == ["string"] * 3


COLUMNS = {
    "struct<a: int64>": pa.array([{"a": 1}]),
    "map<string, int64>": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "fixed_size_binary[2]": pa.array([b"ab"], pa.binary(2)),
    "time32[s]": pa.array([5], pa.time32("s")),
    "duration[ms]": pa.array([5], pa.duration("ms")),
    "list<item: int64>": pa.array([[1]]),
    "list<element: int64>": pl.Series([[1]])
    .to_arrow()
    .cast(pa.list_(pa.field("element", "int64"))),
    "time64[ns]": pl.Series([time(5)]).to_arrow(),
    "struct<a: int64> ": pl.Series([{"a": 1}]).to_arrow(),
}


@pytest.mark.parametrize(("kind", "cells"), COLUMNS.items(), ids=COLUMNS.keys())
def test_a_column_that_no_field_can_hold_is_refused(kind: str, cells: pa.Array) -> None:
    table = pa.table({"id": ["a"], "addr": cells})
    message = (
        f"Expected text, numbers, booleans, dates or lists of text in 'addr', got {kind.strip()}; "
        "leave it out with --map addr= (in Python mapping={'addr': ''})"
    )
    with pytest.raises(LoadError) as caught:
        plan_contacts(open_source(table), Schema())
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [("addr", message)]
    plan = plan_contacts(open_source(table), Schema(), {"addr": ""})
    assert plan.report["addr"] == ("", "", "left out")


def test_a_column_without_values_is_empty_whatever_its_type() -> None:
    table = pa.table({"id": ["a"], "addr": pa.nulls(1, pa.struct({"a": pa.int64()}))})
    plan = plan_contacts(open_source(table), Schema())
    assert plan.report["addr"] == ("customField.addr", "", "empty")


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        ("list<item: string>", pa.array([["a"]])),
        ("timestamp[ms]", pa.array([0], pa.timestamp("ms"))),
        ("struct<a: int64>", pa.array([{"a": 1}])),
    ],
)
def test_a_column_that_no_property_can_hold_is_refused(kind: str, cells: pa.Array) -> None:
    table = pa.table({"contact_id": ["a"], "kind": ["open"], "at": ["2024-01-01"], "x": cells})
    with pytest.raises(LoadError) as caught:
        plan_events(open_source(table), Schema())
    (fault,) = caught.value.faults
    assert fault.message == (
        f"Expected text, numbers or booleans in 'x', got {kind}; leave it out with --map x= "
        "(in Python mapping={'x': ''})"
    )


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        pytest.param({"ID": 5}, "Expected text mapped to text, got 'ID' mapped to 5", id="a 5"),
        pytest.param({5: "id"}, "Expected text mapped to text, got 5 mapped to 'id'", id="from 5"),
        pytest.param(["ID"], "Expected a mapping of column to field, got a list", id="a list"),
    ],
)
def test_a_mapping_of_anything_but_text_is_refused(mapping: Any, message: str) -> None:
    for plan in (plan_contacts, plan_events):
        with pytest.raises(LoadError, match=message):
            plan(open_source([{"ID": "a"}]), Schema(), mapping)


def test_a_key_mapped_to_what_it_cannot_be_is_refused_as_a_column_is() -> None:
    rows = [{"id": "a", "score": 1, "Plan": 2}]
    with pytest.raises(LoadError) as caught:
        plan_contacts(open_source(rows), Schema(), {"score": "customField.lead_score"})
    assert [(fault.path, fault.code) for fault in caught.value.faults] == [
        ("customField.lead_score", "name_taken")
    ]
    events = [{"contact_id": "a", "kind": "open", "at": 0, "h": 5}]
    with pytest.raises(LoadError, match="'hour' follows from the event's time"):
        plan_events(open_source(events), Schema(), {"h": "hour"})


def _event(size: object, **cells: object) -> dict[str, object]:
    return {"contact_id": "a", "kind": "buy", "at": 0, "event_id": None, **cells, "size": size}


def test_rows_that_will_be_refused_have_no_vote_on_types() -> None:
    bad: list[dict[str, object]] = [
        {"contact_id": ""}, {"contact_id": None}, {"kind": "Buy"}, {"at": "soon"},
        {"event_id": "a\nb"}, {"contact_id": 1.5},
    ]  # fmt: skip
    rows = [_event("text", **cells) for cells in bad] + [_event(5)]
    plan = plan_events(open_source(rows), Schema())
    assert plan.report["size"] == ("size", "number", "inferred")
    plan = plan_events(open_source(rows[:-1]), Schema())
    assert plan.report["size"] == ("size", "", "empty")


def test_lines_of_text_that_will_be_refused_have_no_vote_either(tmp_path: Path) -> None:
    text = "contact_id,kind,at,size\na,buy,2024-01-01,5\n,buy,2024-01-01,x\na,buy,Total,y\n"
    plan = plan_events(_csv(tmp_path, text), Schema())
    assert plan.report["size"] == ("size", "number", "inferred")
    plan = plan_contacts(_csv(tmp_path, "id,size\na,5\n,Total\n"), Schema())
    assert plan.report["size"] == ("customField.size", "number", "inferred")


def test_a_table_whose_columns_are_all_known_is_not_read() -> None:
    source = open_source(pa.table({"id": ["a"], "email": ["x"]}))
    source.batches = None  # type: ignore[assignment, method-assign]
    assert plan_contacts(source, Schema()).report["email"] == (
        "contact.email",
        "string",
        "built in",
    )
