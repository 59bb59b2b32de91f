"""Values that are suggested, beside a count over the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bitseg
from bitseg.preview import suggestions
from tests.engine.making import Json, all_of, engine_of, record

Counts = list[tuple[Any, int]]


def _asked(engine: bitseg.Engine, path: str, q: str = "", **more: Any) -> tuple[Counts, int]:
    found = engine.field_values(path, q, **more)
    return [(one.value, one.count) for one in found.items], found.total


def _expected(values: Iterable[Any], q: str = "", limit: int = 50) -> tuple[Counts, int]:
    """Count values by hand; ``q`` is looked for in what ``str`` makes of them."""
    sought = q.casefold()
    counts = Counter(value for value in values if value is not None)
    found = [one for one in counts.items() if sought in _text(one[0]).casefold()]
    found.sort(key=lambda one: (not _text(one[0]).casefold().startswith(sought), -one[1], one[0]))
    return found[:limit], len(found)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


TEXT = st.text("aAbBéÉßsS%_ 😀\u0130i", min_size=1, max_size=4)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.none(), TEXT), max_size=25),
    st.lists(st.booleans(), min_size=25, max_size=25),
    st.text("aAbBéßsSS%_İ", max_size=2),
    st.integers(1, 6),
)
def test_texts_are_counted_as_by_hand(
    cities: list[str | None], bounced: list[bool], q: str, limit: int
) -> None:
    engine = engine_of(
        *({"id": f"c{i}", "city": city, "bounced": bounced[i]} for i, city in enumerate(cities))
    )
    bad = all_of({"field": "contact.bounced", "operator": "equals", "value": True})
    theirs = [city for i, city in enumerate(cities) if bounced[i]]

    for size in (1, 2, 1_000):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(suggestions, "SLICE", size)
            assert _asked(engine, "contact.city", q, limit=limit) == _expected(cities, q, limit)
            assert _asked(engine, "contact.city", q, rules=bad, limit=limit) == _expected(
                theirs, q, limit
            )


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["vip", "VIP", "news", "é", "v"]), max_size=4), max_size=20),
    st.sampled_from(["", "v", "IP", "É", "zzz"]),
)
def test_elements_are_counted_once_a_contact(tags: list[list[str]], q: str) -> None:
    engine = engine_of(
        *({"id": f"c{i}", "tags": one, "lead_score": i % 2} for i, one in enumerate(tags))
    )
    odd = all_of({"field": "contact.lead_score", "operator": "equals", "value": 1})
    flat = [[one for of in some for one in set(of)] for some in (tags, tags[1::2])]

    assert _asked(engine, "contact.tags", q) == _expected(flat[0], q)
    assert _asked(engine, "contact.tags", q, rules=odd) == _expected(flat[1], q)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.sampled_from([0.0, 1.0, 5.0, -5.0, 50.5, 0.5, 1e9, 255.0, 55.0])),
        max_size=20,
    ),
    st.sampled_from(["", "5", "-", ".5", "55", "x"]),
)
def test_numbers_are_sought_as_they_are_written(scores: list[float | None], q: str) -> None:
    engine = engine_of(*({"id": f"c{i}", "lead_score": one} for i, one in enumerate(scores)))

    assert _asked(engine, "contact.lead_score", q) == _expected(scores, q)


@pytest.mark.parametrize(
    ("values", "q"),
    [([True, False, None, True], ""), ([True, False], "t"), ([False, True], "E"), ([None], "")],
)
def test_booleans_are_true_and_false(values: list[bool | None], q: str) -> None:
    engine = engine_of(*({"id": f"c{i}", "bounced": one} for i, one in enumerate(values)))

    assert _asked(engine, "contact.bounced", q) == _expected(values, q)


def test_dates_are_days_in_the_tenants_timezone_and_a_day_finds_as_many() -> None:
    instants = ["2024-03-10T04:59:59Z", "2024-03-10T05:00:00Z", "2024-03-11T03:59:59.999Z",
                "2024-03-11T04:00:00Z", "1969-12-31T23:00:00Z", "0001-06-01T12:00:00Z"]  # fmt: skip
    engine = engine_of(
        *({"id": f"c{i}", "customField.due": one} for i, one in enumerate(instants)),
        {"id": "none"},
        timezone="America/Toronto",
    )
    zone = ZoneInfo("America/Toronto")
    days = [
        datetime.fromisoformat(one).astimezone(zone).date().isoformat()
        if one > "1"
        else "0001-06-01"
        for one in instants
    ]

    found = _asked(engine, "customField.due")

    assert found == _expected(days)
    assert found[0][0] == ("2024-03-10", 2)
    assert _asked(engine, "customField.due", "2024-03") == _expected(days, "2024-03")
    for day, count in found[0]:
        of_the_day = {"field": "customField.due", "operator": "equals", "value": day}
        assert engine.count(all_of(of_the_day)) == count


def _opens(engine: bitseg.Engine) -> None:
    record(
        engine,
        ("ann", "open", "2026-03-01T09:30:00Z", {"device": "mobile", "campaign": "may"}),
        ("bob", "open", "2026-03-01T10:30:00Z", {"device": "Mobile"}),
        ("bob", "open", "2026-03-02T10:30:00Z", {"device": "desktop"}),
        ("cid", "open", "2026-03-02T11:30:00Z"),
        ("dee", "open", "2999-01-01T00:00:00Z", {"device": "watch"}),
    )


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("engagement.last_opened_device", ["mobile", "desktop"]),
        ("engagement.total_opens", [1.0, 2.0, 1.0, 0.0]),
        ("engagement.preferred_open_hour", [9.0, 10.0, 11.0]),
        ("engagement.last_opened_at", ["2026-03-01", "2026-03-02", "2026-03-02"]),
        ("engagement.opened_last_email", []),
        ("contact.id", ["ann", "bob", "cid", "dee"]),
        ("contact.company", []),
        ("contact.created_at", [datetime(2026, 3, 15, tzinfo=UTC).date().isoformat()] * 4),
    ],
)
def test_every_kind_of_field_has_values(path: str, values: list[Any]) -> None:
    engine = engine_of("ann", "bob", "cid", "gone", "dee")
    _opens(engine)
    engine.delete_contacts(["gone"])

    assert _asked(engine, path) == _expected(values)


def test_a_value_that_nobody_has_any_more_is_not_suggested() -> None:
    engine = engine_of(
        {"id": "ann", "city": "Rome", "tags": ["x", "y"]}, {"id": "bob", "city": "Rom"}
    )
    engine.load_contacts([{"id": "ann", "city": None, "tags": ["y"]}])
    engine.delete_contacts(["bob"])

    assert _asked(engine, "contact.city") == ([], 0)
    assert _asked(engine, "contact.tags") == ([("y", 1)], 1)
    assert _asked(engine, "contact.id") == ([("ann", 1)], 1)


def test_what_is_forgotten_while_values_are_ranked_is_left_out() -> None:
    engine = engine_of(*({"id": f"c{i}", "city": f"City {i}"} for i in range(4)))

    class Erasing:
        """The engine's lock; the first to take it finds a contact erased."""

        def __init__(self) -> None:
            self.lock = engine._lock  # noqa: SLF001 - the moment between two slices

        def __enter__(self) -> None:
            self.lock.acquire()
            engine.delete_contacts(["c1"])

        def __exit__(self, *_: object) -> None:
            self.lock.release()

    tenant = engine._tenant  # noqa: SLF001 - likewise
    field = engine.fields["contact.city"]
    now = engine._now(None)  # noqa: SLF001 - likewise
    taken = suggestions.take_values(field, None, tenant, now, Erasing())

    found = suggestions.suggest(taken, "", 10)

    assert [one.value for one in found.items] == ["City 0", "City 2", "City 3"]


def test_who_is_meant_may_be_said_for_an_instant() -> None:
    engine = engine_of({"id": "ann", "city": "Rome"}, {"id": "bob", "city": "Oslo"})
    record(engine, ("ann", "open", "2026-03-01T09:30:00Z"))
    opened: Json = all_of({"event": "open"})
    before = datetime(2026, 2, 1, tzinfo=UTC)

    assert _asked(engine, "contact.city", rules=opened) == ([("Rome", 1)], 1)
    assert _asked(engine, "contact.city", rules=opened, now=before) == ([], 0)


@pytest.mark.parametrize(("path", "near"), [("contact.citty", ("contact.city",)), ("x", ())])
def test_a_field_that_is_not_there_is_named_with_the_nearest(
    path: str, near: tuple[str, ...]
) -> None:
    with pytest.raises(bitseg.FieldError) as refused:
        engine_of("ann").field_values(path)

    assert [(one.code, one.allowed) for one in refused.value.faults] == [("unknown_field", near)]


def test_no_values_is_no_number_of_values() -> None:
    with pytest.raises(bitseg.FieldError, match="at least 1"):
        engine_of("ann").field_values("contact.city", limit=0)
