"""What a column's name means."""

from __future__ import annotations

import pytest

from bitseg import LoadError
from bitseg.intake.naming import (
    assign,
    contact_fault,
    contact_path,
    doubles,
    event_cell,
    event_fault,
    slug,
)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Company Size", "company_size"),
        ("firstName", "first_name"),
        ("ID", "id"),
        ("userID", "user_id"),
        ("E-Mail", "e_mail"),
        ("Größe (cm)", "grosse_cm"),
        ("  Año  ", "ano"),
        ("2nd phone", "n_2nd_phone"),
        ("公司", ""),
        ("a" * 80, "a" * 63),
        (f"{'a' * 62} b", "a" * 62),
    ],
)
def test_a_header_is_brought_into_form(header: str, name: str) -> None:
    assert slug(header) == name


@pytest.mark.parametrize(
    ("column", "path"),
    [
        ("email", "contact.email"),
        ("Email", "contact.email"),
        ("First Name", "contact.first_name"),
        ("contact.email", "contact.email"),
        ("total_opens", "engagement.total_opens"),
        ("engagement.total_opens", "engagement.total_opens"),
        ("plan", "customField.plan"),
        ("customField.plan", "customField.plan"),
        ("customField.Company Size", "customField.company_size"),
        ("Address.City", "customField.address_city"),
        ("公司", "customField."),
    ],
)
def test_a_column_of_a_file_means_a_field(column: str, path: str) -> None:
    assert contact_path(column, exact=False) == path


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("email", "contact.email"),
        ("Email", "customField.Email"),
        ("address.city", "address.city"),
    ],
)
def test_a_key_of_a_program_is_taken_as_it_is(key: str, path: str) -> None:
    assert contact_path(key, exact=True) == path
    assert event_cell(key, exact=True) == key


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("contact.emial", "Expected a built-in contact field, got 'contact.emial'. Did you mean"),
        ("engagement.opened_last_email", "Expected a counter or last date that contacts may carry"),
        ("engagement.nonsense", "Expected a counter or last date"),
        ("customField.lead_score", "taken by the built-in field contact.lead_score"),
        ("customField.total_opens", "taken by the built-in field engagement.total_opens"),
        ("customField.Plan", "Expected a custom field's name like"),
        ("customField.", "Expected a custom field's name like"),
        ("address.city", "Expected contact., customField. or engagement. before the name"),
    ],
)
def test_a_path_that_no_contact_may_carry_is_a_fault(path: str, message: str) -> None:
    fault = contact_fault(path)
    assert fault is not None
    assert message in fault.message


@pytest.mark.parametrize(
    "path",
    [
        "contact.id",
        "contact.tags",
        "engagement.revenue",
        "engagement.last_sent_at",
        "customField.x",
    ],
)
def test_a_path_that_contacts_may_carry_is_none(path: str) -> None:
    assert contact_fault(path) is None


@pytest.mark.parametrize("name", ["hour", "weekday", "Amount", "", "a-b"])
def test_a_name_that_no_event_may_carry_is_a_fault(name: str) -> None:
    assert event_fault(name) is not None


@pytest.mark.parametrize("name", ["contact_id", "kind", "at", "event_id", "amount", "a_b"])
def test_a_name_that_events_may_carry_is_none(name: str) -> None:
    assert event_fault(name) is None


def test_a_mapping_of_a_column_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(LoadError, match=r"got 'emial'. Did you mean 'email'"):
        assign(["id", "email"], {"emial": "contact.email"}, str)


def test_two_columns_of_one_meaning_are_both_named_and_left_out_ones_are_not() -> None:
    (fault,) = doubles({"a": "contact.email", "b": "contact.email", "c": "", "d": ""})
    assert "contact.email, got 'a' and 'b'" in fault.message
