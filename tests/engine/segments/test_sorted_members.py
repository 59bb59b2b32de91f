"""Pages of members in the order of a field, beside a sort by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bitseg
from bitseg.preview import ordering
from tests.engine.making import Json, all_of, engine_of, record

EVERYBODY = all_of({"field": "contact.id", "operator": "is_not_empty"})
START = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
SORTS = (
    "contact.city", "contact.lead_score", "contact.bounced", "contact.tags", "customField.due",
    "contact.id", "contact.company", "engagement.total_opens", "engagement.last_opened_device",
    "engagement.last_opened_at", "engagement.opened_last_email",
)  # fmt: skip


@st.composite
def _people(draw: st.DrawFn) -> list[Json]:
    rows = []
    for number in range(draw(st.integers(1, 9))):
        row: Json = {
            "id": f"{draw(st.sampled_from('aZé😀'))}{number}",
            "city": draw(st.sampled_from([None, "Rome", "rome", "Röm", "Oslo", "R"])),
            "lead_score": draw(st.sampled_from([None, -1.5, 0.0, 7.0, 300.0])),
            "bounced": draw(st.sampled_from([None, True, False])),
            "tags": draw(st.lists(st.sampled_from(["a", "b", "ab"]), max_size=2, unique=True)),
            "customField.due": draw(st.sampled_from([None, "1969-01-01", "2024-05-01"])),
            "opens": draw(st.lists(st.sampled_from([None, "phone", "tablet"]), max_size=2)),
        }
        rows.append(row)
    return rows


def _filled(people: list[Json]) -> bitseg.Engine:
    engine = engine_of()
    engine.define_field("customField.due", "date")
    engine.load_contacts([{k: v for k, v in one.items() if k != "opens"} for one in people])
    for one in people:
        for i, device in enumerate(one["opens"]):
            more = {"campaign": "may"} | ({} if device is None else {"device": device})
            record(engine, (one["id"], "open", (START + timedelta(days=i)).isoformat(), more))
    engine.define_segment("some", EVERYBODY)
    return engine


def _by_hand(people: list[Json], path: str, members: set[str] | None = None) -> list[list[str]]:
    """Return the ids in ascending and in descending order."""
    values = {one["id"]: _value(one, path) for one in people}
    ids = [one["id"] for one in people if members is None or one["id"] in members]
    there = [one for one in ids if values[one] is not None]
    missing = [one for one in ids if values[one] is None]
    return [
        [*sorted(there, key=values.__getitem__, reverse=reverse), *missing]
        for reverse in (False, True)
    ]


def _value(one: Json, path: str) -> Any:  # noqa: PLR0911 - a field each
    opens = one["opens"]
    match path:
        case "engagement.total_opens":
            return len(opens)
        case "engagement.last_opened_device":
            return opens[-1] if opens else None
        case "engagement.last_opened_at":
            return len(opens) or None
        case "contact.company" | "engagement.opened_last_email":
            return None
        case "contact.tags":
            return one["tags"] or None
        case "customField.due":
            return one["customField.due"]
    return one[path.removeprefix("contact.")]


def _ids(engine: bitseg.Engine, **asked: Any) -> list[str]:
    contacts, _ = engine.segments.contacts("some", fields=["contact.id"], **asked)
    return [one["contact.id"] for one in contacts]


@settings(max_examples=40, deadline=None)
@given(_people(), st.sampled_from(SORTS), st.sampled_from([1, 3, 64]), st.sampled_from([2, 50]))
def test_pages_are_slices_of_a_sort_by_hand(
    people: list[Json], path: str, size: int, few: int
) -> None:
    engine = _filled(people)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ordering, "SLICE", size)
        patch.setattr(ordering, "FEW", few)
        for sort, want in zip((path, f"-{path}"), _by_hand(people, path), strict=True):
            for offset in (0, 1, len(people) // 2, len(people) - 1, len(people), 99):
                for limit in (1, 3, 99):
                    page = _ids(engine, sort=sort, offset=offset, limit=limit)
                    assert page == want[offset : offset + limit]
            for place, after in enumerate(want):
                behind = want[place + 1 :]
                assert _ids(engine, sort=sort, after=after, limit=99) == behind
                assert _ids(engine, sort=sort, after=after, offset=1, limit=2) == behind[1:3]


@settings(max_examples=20, deadline=None)
@given(_people(), st.sampled_from(SORTS))
def test_it_begins_behind_who_is_no_member(people: list[Json], path: str) -> None:
    engine = _filled(people)
    members = {one["id"] for one in people[::2]}
    engine.define_segment("some", [*members])
    for sort, everybody in zip((path, f"-{path}"), _by_hand(people, path), strict=True):
        for place, after in enumerate(everybody):
            want = [one for one in everybody[place + 1 :] if one in members]
            assert _ids(engine, sort=sort, after=after, limit=99) == want


def test_who_is_gone_is_on_no_page() -> None:
    engine = engine_of({"id": "a", "city": "B"}, {"id": "b", "city": "A"}, {"id": "c"})
    engine.define_segment("some", EVERYBODY)
    engine.delete_contacts(["b"])

    assert _ids(engine, sort="contact.city") == ["a", "c"]
    assert engine.segments.contacts("some", sort="-contact.city")[1] == 2


@pytest.mark.parametrize("sort", ["contact.citty", "-contact.citty", "--contact.city", "", "-"])
def test_a_field_that_is_not_there_is_a_fault_of_the_sort(sort: str) -> None:
    engine = engine_of("a")
    engine.define_segment("some", EVERYBODY)

    with pytest.raises(bitseg.FieldError) as refused:
        engine.segments.contacts("some", sort=sort)

    assert [(one.path, one.code) for one in refused.value.faults] == [("sort", "unknown_field")]
