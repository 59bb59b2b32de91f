"""Definitions as JSON again: what each part is spelled as, and that it reads back equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, cast, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg import examples
from bitseg.clock import FIRST_INSTANT, LAST_INSTANT
from bitseg.errors import RuleError
from bitseg.fields import BUILT_IN, DATA_TYPES, Field
from bitseg.operators import MEASURE_OPERATORS, OPERATORS, operators_for
from bitseg.rules import SchemaView, read
from bitseg.rules.nodes import (
    Anniversary,
    Condition,
    Day,
    Definition,
    Duration,
    EventRule,
    FieldRule,
    Group,
    Instant,
    Measure,
    Relative,
    SampleRule,
    SegmentRule,
    SequenceRule,
    SequenceStep,
    Step,
    Unit,
    Value,
)
from bitseg.rules.spell import spell
from tests.engine.rules.views import FIELDS, PROPERTIES, View, deep, field, rules, where
from tests.oracle.profile import first_seed
from tests.oracle.scenario import Write
from tests.oracle.strategies import scenario_of
from tests.oracle.world import World

SCENARIOS = 60
PER_SCENARIO = 25
FIRST_DAY, LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31, in days since 1970-01-01."""
LARGEST = 10**18 - 1
"""The longest number that a duration or a step may have."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Tenant(View):
    """A tenant with the fields, properties and segments it is given."""

    def __init__(
        self,
        timezone: str,
        fields: Mapping[str, str],
        properties: Mapping[str, str],
        segments: Iterable[str],
    ) -> None:
        super().__init__(timezone)
        given = {path: Field(path, cast("Any", kind)) for path, kind in fields.items()}
        self._fields = {**BUILT_IN, **given}
        self._properties = {**PROPERTIES, **cast("Any", properties)}
        self._segments = tuple(segments)

    def field(self, path: str) -> Field | None:
        return self._fields.get(path)

    def property_type(self, name: str) -> Any:
        return self._properties.get(name)

    def segment_ids(self) -> Iterable[str]:
        return self._segments


def one(condition: Condition) -> Definition:
    """Return a definition of one condition."""
    return Definition("all", (Group("all", (condition,)),))


def spelled(condition: Condition) -> Any:
    """Return how a condition is spelled."""
    return spell(one(condition))["groups"][0]["conditions"][0]


def read_again(definition: Definition, view: SchemaView) -> list[Definition]:
    """Return what the spelling is read as, as it is and by way of JSON text."""
    given = spell(definition)
    return [read(given, view), read(_ENCODER.encode(given), view)]


def reads_back(definition: Definition, view: SchemaView) -> bool:
    """Whether a definition's spelling is read as the same."""
    return read_again(definition, view) == [definition, definition]


FIELD_VALUES: list[tuple[str, str, Value, Any]] = [
    ("contact.email", "equals", "Zoë \u2028\0\"\\'", "Zoë \u2028\0\"\\'"),
    ("contact.email", "equals", "today", "today"),
    ("contact.country", "in", ("CA", "US"), ["CA", "US"]),
    ("contact.tags", "contains_all", ("b", "a"), ["b", "a"]),
    ("contact.lead_score", "equals", 5.0, 5),
    ("contact.lead_score", "equals", 0.1, 0.1),
    ("contact.lead_score", "equals", 2.0**53, 9007199254740992.0),
    ("contact.lead_score", "in", (1.0, 2.5), [1, 2.5]),
    ("contact.lead_score", "between", (-1.0, 1e300), [-1, 1e300]),
    ("contact.unsubscribed", "equals", True, True),
    ("contact.unsubscribed", "not_equals", False, False),
    ("contact.created_at", "equals", Day(19753), "2024-01-31"),
    ("contact.created_at", "equals", Day(FIRST_DAY), "0001-01-01"),
    ("contact.created_at", "equals", Day(LAST_DAY), "9999-12-31"),
    ("contact.created_at", "equals", Instant(1706695200007), "2024-01-31T10:00:00.007Z"),
    ("contact.created_at", "equals", Instant(1706695200000), "2024-01-31T10:00:00.000Z"),
    ("contact.created_at", "equals", Instant(-1), "1969-12-31T23:59:59.999Z"),
    ("contact.created_at", "less_than", Instant(FIRST_INSTANT), "0001-01-01T00:00:00.000Z"),
    ("contact.created_at", "less_than", Instant(LAST_INSTANT), "9999-12-31T23:59:59.999Z"),
    ("contact.created_at", "equals", Relative("now"), "now"),
    (
        "contact.created_at",
        "greater_than",
        Relative("today", (Step(-30, "d"), Step(1, "M"), Step(0, "s"))),
        "today-30d+1M+0s",
    ),
    ("contact.created_at", "in", (Relative("today"), Day(0)), ["today", "1970-01-01"]),
    (
        "contact.created_at",
        "not_between",
        (Instant(0), Day(0)),
        ["1970-01-01T00:00:00.000Z", "1970-01-01"],
    ),
    ("contact.created_at", "within_last", Duration(30, "d"), "30d"),
    ("contact.created_at", "more_than_ahead", Duration(1, "M"), "1M"),
    ("contact.created_at", "anniversary", Anniversary(0), "today"),
    ("contact.created_at", "anniversary", Anniversary(7), "7d"),
    ("contact.created_at", "anniversary", Anniversary(None), "this_month"),
]


@pytest.mark.parametrize(
    ("path", "operator", "value", "written"),
    FIELD_VALUES,
    ids=[f"{row[1]} {row[3]!r:.40}" for row in FIELD_VALUES],
)
def test_a_field_rule_is_spelled_with_its_value_and_its_type(
    path: str, operator: str, value: Value, written: Any
) -> None:
    data_type = FIELDS[path].data_type
    rule = FieldRule(path, operator, value, data_type)

    found = spelled(rule)

    assert found == field(path, operator, written, dataType=data_type)
    assert repr(found["value"]) == repr(written)  # 5 and 5.0, 1 and True are equal
    assert reads_back(one(rule), View())


@pytest.mark.parametrize("operator", ["is_empty", "is_not_empty"])
def test_a_rule_without_a_value_is_spelled_without_one(operator: str) -> None:
    rule = FieldRule("customField.plan", operator, None, "string")

    assert spelled(rule) == field("customField.plan", operator, dataType="string")
    assert reads_back(one(rule), View())


PLAN = FieldRule("campaign", "contains", "q4", "string")
PLAN_SPELLED = field("campaign", "contains", "q4", dataType="string")
NEVER_SEEN = FieldRule("never_seen", "is_empty", None, "boolean")

CONDITIONS: list[tuple[str, Condition, dict[str, Any]]] = [
    ("an event", EventRule("open"), {"event": "open"}),
    ("a custom event", EventRule("webinar_joined"), {"event": "webinar_joined"}),
    (
        "an event in a window",
        EventRule("open", Duration(2, "w"), Day(0), Relative("now", (Step(-1, "h"),))),
        {"event": "open", "within": "2w", "since": "1970-01-01", "until": "now-1h"},
    ),
    (
        "an event since an instant",
        EventRule("open", since=Instant(0)),
        {"event": "open", "since": "1970-01-01T00:00:00.000Z"},
    ),
    (
        "an event with where",
        EventRule("click", where=Group("none", (PLAN, NEVER_SEEN), "which")),
        {
            "event": "click",
            "where": {
                "name": "which",
                "match": "none",
                "conditions": [PLAN_SPELLED, field("never_seen", "is_empty", dataType="boolean")],
            },
        },
    ),
    (
        "an event with where about nothing",
        EventRule("click", where=Group("any", ())),
        {"event": "click", "where": {"match": "any", "conditions": []}},
    ),
    (
        "an event's hour",
        EventRule("open", where=Group("all", (FieldRule("hour", "in", (9.0,), "number"),))),
        {"event": "open", "where": where(field("hour", "in", [9], dataType="number"))},
    ),
    ("a count", EventRule("open", value=5.0), {"event": "open", "value": 5}),
    ("a count of 0", EventRule("open", value=0.0), {"event": "open", "value": 0}),
    (
        "a count below",
        EventRule("open", operator="less_than"),
        {"event": "open", "operator": "less_than"},
    ),
    (
        "a sum",
        EventRule("conversion", measure=Measure("sum", "amount"), operator="equals", value=0.1),
        {"event": "conversion", "measure": {"sum": "amount"}, "operator": "equals", "value": 0.1},
    ),
    (
        "a distinct between",
        EventRule(
            "open", measure=Measure("distinct", "url"), operator="not_between", value=(1.0, 1.0)
        ),
        {
            "event": "open",
            "measure": {"distinct": "url"},
            "operator": "not_between",
            "value": [1, 1],
        },
    ),
    (
        "a sequence",
        SequenceRule((SequenceStep("open"), SequenceStep("click"))),
        {"sequence": [{"event": "open"}, {"event": "click"}]},
    ),
    (
        "a sequence with all there is",
        SequenceRule(
            (SequenceStep("open", Group("all", (PLAN,))), SequenceStep("open")),
            gap=Duration(36, "h"),
            within=Duration(1, "y"),
            since=Relative("today"),
            until=Day(19753),
            operator="did_not",
        ),
        {
            "sequence": [{"event": "open", "where": where(PLAN_SPELLED)}, {"event": "open"}],
            "gap": "36h",
            "within": "1y",
            "since": "today",
            "until": "2024-01-31",
            "operator": "did_not",
        },
    ),
    ("a segment", SegmentRule("vip"), {"segment": "vip"}),
    (
        "not a segment",
        SegmentRule("newcomers", "not_in"),
        {"segment": "newcomers", "operator": "not_in"},
    ),
    (
        "a sample",
        SampleRule(Decimal("33.30"), "spring"),
        {"sample": Decimal("33.30"), "seed": "spring"},
    ),
    ("a sample of nobody", SampleRule(Decimal(0), ""), {"sample": Decimal(0), "seed": ""}),
    (
        "a nested group",
        Group("none", (Group("any", ()), SegmentRule("vip")), "inner"),
        {
            "name": "inner",
            "match": "none",
            "conditions": [{"match": "any", "conditions": []}, {"segment": "vip"}],
        },
    ),
]


@pytest.mark.parametrize(
    ("condition", "written"), [row[1:] for row in CONDITIONS], ids=[row[0] for row in CONDITIONS]
)
def test_a_condition_is_spelled_without_its_defaults(
    condition: Condition, written: dict[str, Any]
) -> None:
    assert spelled(condition) == written
    assert reads_back(one(condition), View())


def test_a_definition_is_spelled_with_its_groups_and_exclusions() -> None:
    vip = Group("all", (SegmentRule("vip"),))
    definition = Definition("any", (vip, Group("none", ())), (vip,))

    assert spell(definition) == {
        "match": "any",
        "groups": [where({"segment": "vip"}), {"match": "none", "conditions": []}],
        "exclusions": [where({"segment": "vip"})],
    }
    assert reads_back(definition, View())


def test_a_definition_of_nothing_is_spelled() -> None:
    assert spell(Definition("all", ())) == {"match": "all", "groups": []}
    assert reads_back(Definition("all", ()), View())


def test_the_deepest_definition_reads_back_equal() -> None:
    assert reads_back(read(deep(16, {"segment": "vip"}), View()), View())


def test_a_percent_is_written_as_the_decimal_it_is() -> None:
    sample = SampleRule(Decimal("33.333333333333333333333333333333"), "")

    text = _ENCODER.encode(spell(one(sample)))

    assert b'"sample":33.333333333333333333333333333333,' in text


def _operands() -> Iterator[tuple[str, str, Any]]:
    scalars = {"string": "a", "number": 1, "boolean": True, "date": "today", "array": "a"}
    for data_type in DATA_TYPES:
        scalar = scalars[data_type]
        by_arity = {
            "none": ...,
            "one": scalar,
            "list": [scalar, scalar],
            "pair": [scalar, scalar],
            "duration": "1d",
            "anniversary": "today",
        }
        for operator in operators_for(data_type):
            yield data_type, operator, by_arity[OPERATORS[operator].arity]


def test_every_operator_of_every_type_reads_back_equal() -> None:
    paths: dict[str, str] = {each.data_type: each.path for each in FIELDS.values()}

    for data_type, operator, value in _operands():
        read_once = read(rules(field(paths[data_type], operator, value)), View())
        assert reads_back(read_once, View())


def test_every_operator_of_a_property_never_seen_reads_back_equal() -> None:
    for data_type, operator, value in _operands():
        if data_type in ("string", "number", "boolean"):
            rule = field("never_seen", operator, value)
            read_once = read(rules({"event": "open", "where": where(rule)}), View())
            assert reads_back(read_once, View())


def test_every_operator_of_a_measure_reads_back_equal() -> None:
    for operator in MEASURE_OPERATORS:
        value = [1, 2] if OPERATORS[operator].arity == "pair" else 1
        raw = {"event": "open", "operator": operator, "value": value}
        assert reads_back(read(rules(raw), View()), View())


def test_under_another_type_a_spelling_is_a_fault_and_never_another_meaning() -> None:
    rule = rules({"event": "open", "where": where(field("never_seen", "is_empty"))})
    spelling = spell(read(rule, View()))

    with pytest.raises(RuleError) as refused:
        read(spelling, Tenant("UTC", {}, {"never_seen": "string"}, ()))

    assert [fault.code for fault in refused.value.faults] == ["wrong_data_type"]


def test_what_is_no_condition_is_not_spelled() -> None:
    with pytest.raises(TypeError, match="no spelling for a Duration"):
        spell(one(cast("Condition", Duration(1, "d"))))
    with pytest.raises(TypeError, match="no spelling for a dict"):
        spell(one(FieldRule("contact.email", "equals", cast("Value", {}), "string")))


UNITS = st.sampled_from(get_args(Unit))
STEPS = st.builds(Step, st.integers(-LARGEST, LARGEST), UNITS)
DATES = st.one_of(
    st.builds(Instant, st.integers(FIRST_INSTANT, LAST_INSTANT)),
    st.builds(Day, st.integers(FIRST_DAY, LAST_DAY)),
    st.builds(Relative, st.sampled_from(("now", "today")), st.lists(STEPS, max_size=5).map(tuple)),
)
TEXTS = st.text(min_size=1, max_size=30)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DURATIONS = st.builds(Duration, st.integers(1, LARGEST), UNITS)
ANNIVERSARIES = st.builds(Anniversary, st.none() | st.integers(0, 365))
PERCENTS = st.integers(0, 50).flatmap(
    lambda places: st.integers(0, 100 * 10**places).map(
        lambda digits: Decimal(f"{digits}E-{places}")
    )
)


def _rules(path: str, operator: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fixed = (st.just(path), st.just(operator), values, st.just(FIELDS[path].data_type))
    return st.builds(FieldRule, *fixed)


def _several(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, min_size=1, max_size=6, unique=True).map(tuple)


RULES = st.one_of(
    _rules("contact.created_at", "equals", DATES),
    _rules("contact.created_at", "in", _several(DATES)),
    _rules("contact.created_at", "more_than_ago", DURATIONS),
    _rules("contact.created_at", "anniversary", ANNIVERSARIES),
    _rules("contact.lead_score", "equals", FLOATS),
    _rules("contact.lead_score", "in", _several(FLOATS)),
    _rules("contact.email", "contains", TEXTS),
    _rules("contact.tags", "contains_any", _several(TEXTS)),
    st.builds(EventRule, st.just("open"), DURATIONS, DATES, DATES, value=FLOATS),
    st.builds(SampleRule, PERCENTS, st.text(max_size=9).filter(lambda seed: "\0" not in seed)),
)


@given(RULES)
def test_every_value_that_a_rule_may_hold_reads_back_equal(rule: Condition) -> None:
    assert reads_back(one(rule), View())


def _drawn(seed: int) -> Iterator[tuple[Any, SchemaView]]:
    """Yield a scenario's definitions, those of its segments too, with the schema they fit."""
    scenario = scenario_of(seed, PER_SCENARIO, rounds=1)
    world = World(scenario.timezone)
    for step in scenario.steps:
        if isinstance(step, Write):
            step.to(world)
    view = Tenant(scenario.timezone, world.fields, world.property_types, world.segments)
    segments = [rules for rules in world.segments.values() if isinstance(rules, dict)]
    for raw in (*scenario.definitions, *segments):
        yield raw, view


def test_every_drawn_definition_reads_back_equal() -> None:
    for seed in range(first_seed(), first_seed() + SCENARIOS):
        for raw, view in _drawn(seed):
            definition = read(raw, view)
            assert reads_back(definition, view), (seed, raw)


@pytest.mark.parametrize("example", examples.segments(), ids=lambda example: example.id)
def test_every_example_reads_back_equal(example: examples.Example) -> None:
    ids = [each.id for each in examples.segments()]
    view = Tenant("UTC", example.fields, {}, ids)

    assert reads_back(read(example.rules, view, saving=True), view)
