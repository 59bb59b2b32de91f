"""Loads: good rows go in, bad ones are reported, and strict is all or nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from bitseg import Fault, Field, FieldError, LoadError
from bitseg.formats import delimited, ndjson
from bitseg.loading import inspect_contacts, inspect_events, load_contacts, load_events
from tests.engine.intake.recording import Recorded, RecordingTenant, Upserted

if TYPE_CHECKING:
    from types import ModuleType

    from bitseg.changes import RecordEvents, UpsertContacts

CSV = """\
id,email,lead_score,tags,Company Size,joined
a,a@example.com,5,x;y,10,2024-01-01
b,,high,,20,
c,c@example.com
d,,7,,,2024-02-01T12:00:00Z
"",e@example.com,x,,,never
"""
A_DATE = "an ISO 8601 date or date-time of the years 1 to 9999, or ms since 1970"


@pytest.fixture
def tenant() -> RecordingTenant:
    return RecordingTenant()


def _file(tmp_path: Path, text: str, name: str = "rows.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_good_rows_go_in_and_bad_ones_are_reported_with_line_and_every_reason(
    tmp_path: Path, tenant: RecordingTenant
) -> None:
    report = load_contacts(tenant, _file(tmp_path, CSV))
    assert tenant.contacts == {
        "a": {
            "contact.email": "a@example.com",
            "contact.lead_score": 5.0,
            "contact.tags": ["x", "y"],
            "customField.company_size": 10.0,
            "customField.joined": 1_704_067_200_000,
        },
        "d": {
            "contact.email": None,
            "contact.lead_score": 7.0,
            "contact.tags": None,
            "customField.company_size": None,
            "customField.joined": 1_706_788_800_000,
        },
    }
    assert (report.created, report.updated, report.rejected_count) == (2, 0, 3)
    assert [(row.index, row.line, len(row.errors)) for row in report.rejected] == [
        (1, 3, 1),
        (2, 4, 1),
        (4, 6, 3),
    ]
    assert [error.message for row in report.rejected for error in row.errors] == [
        "Expected a number, got 'high'",
        "Expected 6 cells as in the header, got 2",
        "Expected a number, got 'x'",
        f"Expected {A_DATE}, got 'never'",
        "Expected an id, got nothing",
    ]
    assert report.fields["Company Size"] == ("customField.company_size", "number", "inferred")


def test_the_rejects_file_holds_each_row_as_it_was(tmp_path: Path, tenant: RecordingTenant) -> None:
    rejects = tmp_path / "rejects.ndjson"
    load_contacts(tenant, _file(tmp_path, CSV), rejects=rejects)
    found = [json.loads(line) for line in rejects.read_text("utf-8").splitlines()]
    assert found[0] == {
        "index": 1,
        "line": 3,
        "errors": [
            {
                "path": "lead_score",
                "message": "Expected a number, got 'high'",
                "code": "bad_value",
            }
        ],
        "row": {
            "id": "b",
            "email": None,
            "lead_score": "high",
            "tags": None,
            "Company Size": "20",
            "joined": None,
        },
    }
    assert found[1]["row"] == "c,c@example.com"
    assert len(found) == 3


def test_a_load_without_rejects_leaves_no_file_of_an_earlier_one(
    tmp_path: Path, tenant: RecordingTenant
) -> None:
    rejects = tmp_path / "rejects.ndjson"
    rejects.write_text("old", "utf-8")
    load_contacts(tenant, [{"id": "a"}], rejects=str(rejects))
    assert not rejects.exists()


def test_strict_with_a_bad_row_changes_nothing_at_all(
    tmp_path: Path, tenant: RecordingTenant
) -> None:
    rejects = tmp_path / "rejects.ndjson"
    with pytest.raises(LoadError) as caught:
        load_contacts(tenant, _file(tmp_path, CSV), strict=True, rejects=rejects)
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [
        ("", "Expected every row to be good, got 3 bad ones; nothing was loaded"),
        ("line 3.lead_score", "Expected a number, got 'high'"),
        ("line 4", "Expected 6 cells as in the header, got 2"),
        ("line 6.lead_score", "Expected a number, got 'x'"),
        ("line 6.joined", f"Expected {A_DATE}, got 'never'"),
        ("line 6.id", "Expected an id, got nothing"),
    ]
    assert (tenant.contacts, tenant.changes) == ({}, 0)
    assert "customField.company_size" not in tenant.schema.fields
    assert len(rejects.read_text("utf-8").splitlines()) == 3


def test_strict_with_good_rows_loads_them(tenant: RecordingTenant) -> None:
    report = load_contacts(tenant, [{"id": "a", "plan": "pro"}], strict=True)
    assert (report.created, tenant.contacts) == (1, {"a": {"customField.plan": "pro"}})


def test_strict_events_find_unknown_contacts_before_any_goes_in(tenant: RecordingTenant) -> None:
    load_contacts(tenant, [{"id": "a"}])
    rows = [
        {"contact_id": "a", "kind": "open", "at": 0},
        {"contact_id": "z", "kind": "open", "at": 0},
    ]
    with pytest.raises(LoadError) as caught:
        load_events(tenant, rows, strict=True)
    assert caught.value.faults[1].path == "rows[1].contact_id"
    assert tenant.events == []
    assert load_events(tenant, rows, strict=True, create_contacts=True).accepted == 2


def test_only_the_first_thousand_rejects_are_kept_but_all_are_counted_and_written(
    tmp_path: Path, tenant: RecordingTenant
) -> None:
    rows = [{"id": "a", "lead_score": "x"}] * 1_500
    rejects = tmp_path / "rejects.ndjson"
    report = load_contacts(tenant, rows, rejects=rejects)
    assert (report.rejected_count, len(report.rejected)) == (1_500, 1_000)
    assert len(rejects.read_text("utf-8").splitlines()) == 1_500
    with pytest.raises(LoadError) as caught:
        load_contacts(tenant, rows, strict=True)
    assert len(caught.value.faults) == 1_001


@pytest.mark.parametrize(
    ("name", "text", "module"),
    [("x.csv", "id,n\n" + "a\n" * 3_000, delimited), ("x.ndjson", "{\n" * 3_000, ndjson)],
    ids=["CSV", "NDJSON"],
)
def test_bad_lines_that_nobody_keeps_are_only_counted(
    tmp_path: Path, tenant: RecordingTenant, name: str, text: str, module: ModuleType
) -> None:
    rejects = tmp_path / "rejects.ndjson"
    with patch.object(module, "_bad_row", wraps=module._bad_row) as worded:  # noqa: SLF001
        report = load_contacts(tenant, _file(tmp_path, text, name))
        assert (report.rejected_count, len(report.rejected), worded.call_count) == (
            3_000,
            1_000,
            1_000,
        )
        load_contacts(tenant, _file(tmp_path, text, name), rejects=rejects)
    assert len(rejects.read_text("utf-8").splitlines()) == 3_000


def test_an_absent_key_keeps_a_value_and_null_removes_it(tenant: RecordingTenant) -> None:
    load_contacts(tenant, [{"id": "a", "email": "x", "city": "Rome", "plan": "pro"}])
    load_contacts(tenant, [{"id": "a", "email": None, "plan": None}, {"id": "b", "email": "y"}])
    assert tenant.contacts["a"] == {
        "contact.email": None,
        "contact.city": "Rome",
        "customField.plan": None,
    }


def test_an_empty_cell_of_a_stamp_is_not_given_but_null_is_refused(
    tmp_path: Path, tenant: RecordingTenant
) -> None:
    text = "id,created_at,updated_at\na,2024-01-01,\nb,,2024-01-02\n"
    load_contacts(tenant, _file(tmp_path, text))
    assert tenant.contacts == {
        "a": {"contact.created_at": 1_704_067_200_000},
        "b": {"contact.updated_at": 1_704_153_600_000},
    }
    report = load_contacts(tenant, [{"id": "c", "created_at": None}, {"id": "d"}])
    (rejected,) = report.rejected
    assert rejected.errors[0].message == (
        "Expected a date, or no key at all, as it cannot be removed, got nothing"
    )
    assert tenant.contacts["d"] == {}


def test_an_id_may_be_an_integer(tmp_path: Path, tenant: RecordingTenant) -> None:
    load_contacts(tenant, [{"id": 7}, {"id": "8"}])
    load_contacts(tenant, _file(tmp_path, '{"id":12345678901234567}\n', "x.ndjson"))
    assert list(tenant.contacts) == ["7", "8", "12345678901234567"]


def test_a_key_that_no_contact_may_carry_refuses_only_its_rows(tenant: RecordingTenant) -> None:
    report = load_contacts(
        tenant,
        [
            {"id": "a", "customField.lead_score": 5},
            {"id": "b", "contact.emial": "x", "engagement.opened_last_email": True},
            {"id": "c", "email": "x", "contact.email": "y"},
            {"id": "d", "contact.email": "y"},
        ],
    )
    assert tenant.contacts == {"d": {"contact.email": "y"}}
    assert [[fault.path for fault in row.errors] for row in report.rejected] == [
        ["customField.lead_score"],
        ["contact.emial", "engagement.opened_last_email"],
        ["contact.email"],
    ]
    assert report.rejected[0].errors[0].allowed == ("contact.lead_score",)


def test_a_field_is_declared_by_its_first_value_that_goes_in(tenant: RecordingTenant) -> None:
    report = load_contacts(
        tenant,
        [
            {"id": "a", "plan": None, "size": None},
            {"id": "", "plan": "pro"},
            {"id": "b", "size": 5},
        ],
    )
    assert report.rejected_count == 1
    assert "customField.plan" not in tenant.schema.fields
    assert tenant.schema.fields["customField.size"] == Field(
        "customField.size", "number", declared=False
    )
    assert tenant.contacts == {"a": {"customField.size": None}, "b": {"customField.size": 5.0}}


def test_a_declared_type_is_kept_and_rows_of_another_are_refused(tenant: RecordingTenant) -> None:
    tenant.schema.define_field(Field("customField.zip", "string"))
    report = load_contacts(tenant, [{"id": "a", "zip": "01234"}, {"id": "b", "zip": 1234}])
    assert report.rejected[0].errors[0].message == "Expected text, got 1234"
    assert report.fields["zip"] == ("customField.zip", "string", "declared")
    assert list(tenant.contacts) == ["a"]


def test_a_column_may_be_mapped_or_left_out(tmp_path: Path, tenant: RecordingTenant) -> None:
    path = _file(tmp_path, "user,Mail,junk\na,x,1\n")
    mapping = {"user": "id", "Mail": "contact.email", "junk": ""}
    report = load_contacts(tenant, path, mapping=mapping)
    assert tenant.contacts == {"a": {"contact.email": "x"}}
    assert report.fields["junk"] == ("", "", "left out")


EVENT_FAULTS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "no contact id": (
        {"kind": "open", "at": 0},
        [("contact_id", "Expected a contact's id, got nothing")],
    ),
    "no kind": ({"contact_id": "a", "at": 0}, [("kind", "Expected a kind of event, got nothing")]),
    "no instant": (
        {"contact_id": "a", "kind": "open"},
        [("at", "Expected the event's instant, got nothing")],
    ),
    "nothing at all": (
        {},
        [
            ("contact_id", "Expected a contact's id, got nothing"),
            ("kind", "Expected a kind of event, got nothing"),
            ("at", "Expected the event's instant, got nothing"),
        ],
    ),
    "a kind that is no name": (
        {"contact_id": "a", "kind": "Open", "at": 0},
        [("kind", "Expected a kind of event, a name like [a-z][a-z0-9_]{0,62}, got 'Open'")],
    ),
    "a kind with a newline": (
        {"contact_id": "a", "kind": "open\n", "at": 0},
        [("kind", "Expected a kind of event, a name like [a-z][a-z0-9_]{0,62}, got 'open\\n'")],
    ),
    "an empty event id": (
        {"contact_id": "a", "kind": "open", "at": 0, "event_id": ""},
        [("event_id", "Expected an id of 1 to 255 characters, got ''")],
    ),
    "a date that is none": (
        {"contact_id": "a", "kind": "open", "at": "2024-02-30"},
        [
            (
                "at",
                (
                    "Expected an ISO 8601 date or date-time of the years 1 to 9999, or ms since "
                    "1970, got '2024-02-30'"
                ),
            )
        ],
    ),
    "a property of another type": (
        {"contact_id": "a", "kind": "open", "at": 0, "amount": "5", "campaign": 5},
        [
            ("amount", "Expected a number, got '5'"),
            ("campaign", "Expected text, got 5"),
        ],
    ),
    "a reserved name": (
        {"contact_id": "a", "kind": "open", "at": 0, "hour": 5},
        [("hour", "'hour' follows from the event's time; call the property something else")],
    ),
}


@pytest.mark.parametrize("case", EVENT_FAULTS.values(), ids=EVENT_FAULTS.keys())
def test_a_bad_event_is_reported_with_every_reason(
    case: tuple[dict[str, Any], list[tuple[str, str]]], tenant: RecordingTenant
) -> None:
    row, expected = case
    load_contacts(tenant, [{"id": "a"}])
    good = {"contact_id": "a", "kind": "open", "at": 5}
    report = load_events(tenant, [good, row, good])
    (rejected,) = report.rejected
    assert rejected.index == 1
    assert [(fault.path, fault.message) for fault in rejected.errors] == expected
    assert report.accepted == 2


def test_unknown_contacts_are_reported_at_their_own_row(tenant: RecordingTenant) -> None:
    load_contacts(tenant, [{"id": "a"}])
    report = load_events(
        tenant,
        [
            {"contact_id": "a", "kind": "Bad", "at": 0},
            {"contact_id": "z", "kind": "open", "at": 0},
            {"contact_id": "a", "kind": "open", "at": 0},
        ],
    )
    assert [(row.index, row.errors[0].path) for row in report.rejected] == [
        (0, "kind"),
        (1, "contact_id"),
    ]
    assert (report.accepted, report.rejected_count) == (1, 2)


def test_the_type_of_a_property_is_that_of_most_events(tenant: RecordingTenant) -> None:
    load_contacts(tenant, [{"id": "a"}])
    rows = [
        {"contact_id": "a", "kind": "buy", "at": 0, "size": size} for size in ("s", "m", 5, None)
    ]
    report = load_events(tenant, rows)
    assert report.fields["size"] == ("size", "string", "inferred")
    assert [row.index for row in report.rejected] == [2]
    assert [event["size"] for event in tenant.events] == ["s", "m", None]


def test_wall_times_and_bare_days_are_the_tenants(tmp_path: Path) -> None:
    tenant = RecordingTenant("America/Sao_Paulo")
    text = "id,created_at\na,2018-11-04\nb,2018-11-04T12:00\nc,2018-11-04T12:00Z\n"
    load_contacts(tenant, _file(tmp_path, text))
    # The day began at 01:00, when summer time did: 03:00 UTC.
    assert [contact["contact.created_at"] for contact in tenant.contacts.values()] == [
        1_541_300_400_000,
        1_541_340_000_000,
        1_541_332_800_000,
    ]


def test_progress_counts_up_to_the_whole(tmp_path: Path, tenant: RecordingTenant) -> None:
    path = _file(tmp_path, "id,n\n" + "".join(f"c{i},{i}\n" for i in range(3_000)))
    for strict in (False, True):
        done, whole = _told(tenant, path, strict=strict)
        assert done == sorted(done)
        assert done[-1] == whole == path.stat().st_size * (3 if strict else 2)


def _told(tenant: RecordingTenant, path: Path, *, strict: bool) -> tuple[list[int], int | None]:
    """Return what a load tells of its progress: how much was done each time, and of how much."""
    told: list[tuple[int, int | None]] = []

    def note(done: int, whole: int | None) -> None:
        told.append((done, whole))

    load_contacts(tenant, path, strict=strict, progress=note)
    return [done for done, _ in told], told[-1][1]


def test_a_source_that_breaks_half_way_changes_nothing(
    tmp_path: Path, tenant: RecordingTenant
) -> None:
    text = "id,n\n" + "".join(f"c{i},{i}\n" for i in range(100_000)) + 'z,"open\n'
    with pytest.raises(LoadError, match="line 100002"):
        load_contacts(tenant, _file(tmp_path, text))
    assert tenant.changes == 0
    assert "customField.n" not in tenant.schema.fields


def test_columns_can_be_looked_at_before_a_load(tmp_path: Path, tenant: RecordingTenant) -> None:
    contacts = _file(tmp_path, "user,n\na,1\n")
    assert inspect_contacts(tenant, contacts, mapping={"user": "id"}) == {
        "user": ("contact.id", "string", "built in"),
        "n": ("customField.n", "number", "inferred"),
    }
    events = [{"contact_id": "a", "kind": "open", "at": 0, "n": True}]
    assert inspect_events(tenant, events)["n"] == ("n", "boolean", "inferred")
    assert tenant.changes == 0


def test_what_no_field_can_hold_refuses_its_rows(tmp_path: Path, tenant: RecordingTenant) -> None:
    text = '{"id":"a","addr":{"zip":1}}\n{"id":"b","addr":[1]}\n{"id":"c","addr":null}\n'
    report = load_contacts(tenant, _file(tmp_path, text, "x.ndjson"))
    assert [row.errors[0].message for row in report.rejected] == [
        "Expected text, got 'an object'",
        "Expected text, got 'a list with something else than text in…",
    ]
    assert tenant.contacts == {"c": {}}
    assert "customField.addr" not in tenant.schema.fields
    with pytest.raises(LoadError):
        load_contacts(tenant, [{"id": "a", "addr": {"zip": 1}}], strict=True)
    assert load_contacts(tenant, [{"id": "a", "x": {}}], mapping={"x": ""}).created == 1


def test_empty_text_is_no_value_of_any_type(tmp_path: Path, tenant: RecordingTenant) -> None:
    tenant.schema.define_field(Field("customField.signup", "date"))
    text = '{"id":"a","signup":"","lead_score":"","tags":"","unsubscribed":""}\n'
    report = load_contacts(tenant, _file(tmp_path, text, "x.ndjson"))
    assert report.rejected == ()
    assert tenant.contacts == {
        "a": {
            "customField.signup": None,
            "contact.lead_score": None,
            "contact.tags": None,
            "contact.unsubscribed": None,
        }
    }


class ChangingTenant(RecordingTenant):
    """A tenant whose fields someone else changes when some rows are in."""

    def upsert(self, change: UpsertContacts, answer: Any = None) -> Upserted:
        """Refuse a batch behind the first."""
        if self.changes:
            raise FieldError(Fault("customField.n", "Expected type string, got number"))
        return super().upsert(change, answer)

    def record(self, change: RecordEvents, answer: Any = None) -> Recorded:  # noqa: ARG002
        """Refuse any batch."""
        raise FieldError(Fault("size", "Expected type string, got number"))


def test_a_field_that_changes_while_a_load_runs_is_told_with_what_went_in(tmp_path: Path) -> None:
    tenant = ChangingTenant()
    text = "id,n\n" + "".join(f"c{i},{i}\n" for i in range(100_000))
    with pytest.raises(LoadError) as caught:
        load_contacts(tenant, _file(tmp_path, text))
    stopped, why = caught.value.faults
    assert stopped.message == (
        "The tenant's fields changed while this was loaded, so it stopped; "
        f"the first {len(tenant.contacts):,} good rows went in"
    )
    assert 0 < len(tenant.contacts) < 100_000
    assert (why.path, why.message) == ("customField.n", "Expected type string, got number")


def test_events_that_a_tenant_does_not_take_are_told_so() -> None:
    rows = [{"contact_id": "a", "kind": "open", "at": 0}]
    with pytest.raises(LoadError, match="so it stopped; nothing went in"):
        load_events(ChangingTenant(), rows)


def test_nothing_to_load_is_no_fault(tenant: RecordingTenant) -> None:
    assert load_contacts(tenant, []).created == 0
    assert load_events(tenant, []).accepted == 0
