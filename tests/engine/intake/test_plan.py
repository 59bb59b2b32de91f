"""What the columns of a source mean, and what cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def test_a_table_whose_columns_are_all_known_is_not_read() -> None:
    source = open_source(pa.table({"id": ["a"], "email": ["x"]}))
    source.batches = None  # type: ignore[assignment, method-assign]
    assert plan_contacts(source, Schema()).report["email"] == (
        "contact.email",
        "string",
        "built in",
    )
