"""How long a count takes: warm, when time has moved a second since the last, and cold.

Warm: every leaf is kept; the clock moves 1 s before each round, so windows slide inside the time
that is measured. Cold: all that queries have built is forgotten before each round. Before times
are believed, the warm answer is compared with the cold one of the same instant.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import data
from bench.data import FOUR_LEAVES, Clock, Rules
from bitseg import examples
from bitseg.examples import Example

WARM_ROUNDS = 300
COLD_ROUNDS = 15
SECOND = 1_000


class Tenant:
    """An engine, and the clock it goes by."""

    def __init__(self, contacts: int, events: int) -> None:
        self.clock = Clock()
        self.engine = data.filled(contacts, events, self.clock)

    def warm(self, benchmark: BenchmarkFixture, rules: Rules) -> None:
        """Time counts of rules whose leaves are kept, a second after one another."""
        self.engine.count(rules)
        counted = self._timed(benchmark, rules, self._pass_a_second, WARM_ROUNDS)
        self.engine.drop_kept()
        assert counted == self.engine.count(rules), "the warm answer is not the cold one"

    def cold(self, benchmark: BenchmarkFixture, rules: Rules) -> None:
        """Time counts of rules of which nothing is kept."""
        expected = self.engine.count(rules)
        counted = self._timed(benchmark, rules, self.engine.drop_kept, COLD_ROUNDS)
        assert counted == expected, "the cold answer is not the warm one"

    def _pass_a_second(self) -> None:
        self.clock.advance(SECOND)

    def _timed(
        self,
        benchmark: BenchmarkFixture,
        rules: Rules,
        before: Callable[[], object],
        rounds: int,
    ) -> int:
        def prepare() -> tuple[tuple[Rules], dict[str, Any]]:
            before()
            return (rules,), {}

        counted: int = benchmark.pedantic(  # type: ignore[no-untyped-call] # it has no types
            self.engine.count, setup=prepare, rounds=rounds, warmup_rounds=1
        )
        benchmark.extra_info["count"] = counted
        return counted


@pytest.fixture(scope="session")
def tenant() -> Tenant:
    """The made-up tenant, loaded once."""
    return Tenant(*data.size())


def only(condition: dict[str, Any]) -> Rules:
    """Return a definition of one condition."""
    return {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}


def field(path: str, operator: str, *value: Any) -> Rules:
    """Return a definition of one test of a field."""
    return only({"field": path, "operator": operator} | ({"value": value[0]} if value else {}))


def property_is(name: str, value: Any) -> dict[str, Any]:
    """Return a ``where`` of one test."""
    test = {"field": name, "operator": "equals", "value": value}
    return {"match": "all", "conditions": [test]}


ATTRIBUTES = {
    "country in 2": field("contact.country", "in", ["United States", "Canada"]),
    "industry in 3": field("customField.industry", "in", ["SaaS", "Technology", "Software"]),
    "lead score at least 75": field("contact.lead_score", "greater_or_equal", 75),
    "lead score between 40 and 60": field("contact.lead_score", "between", [40, 60]),
    "lifetime value at least 1,000": field("customField.customer_ltv", "greater_or_equal", 1_000),
    "unsubscribed is not true": only(
        {"field": "contact.unsubscribed", "operator": "not_equals", "value": True}
    ),
    "created within 30 days": field("contact.created_at", "within_last", "30d"),
    "signed up in this month": field("customField.signup_date", "anniversary", "this_month"),
    "tag is not unqualified": field("contact.tags", "not_contains", "unqualified"),
    "interests any of 3": field(
        "customField.interests", "contains_any", ["email marketing", "automation", "analytics"]
    ),
    "company contains labs": field("contact.company", "contains", "labs"),
    "e-mail ends with": field("contact.email", "ends_with", "@example.org"),
    "phone is empty": field("contact.phone", "is_empty"),
    "never opened": field("engagement.total_opens", "equals", 0),
    "opened within 30 days": field("engagement.last_opened_at", "within_last", "30d"),
}

EVENT_RULES = {
    "5 opens in 30 days": only({"event": "open", "within": "30d", "value": 5}),
    "2 clicks in 30 days": only({"event": "click", "within": "30d", "value": 2}),
    "5 opens ever": only({"event": "open", "value": 5}),
    "5 opens on mobile ever": only(
        {"event": "open", "where": property_is("device", "mobile"), "value": 5}
    ),
    "launch opened": only({"event": "open", "where": property_is("campaign", "Product Launch Q4")}),
    "100 spent in 90 days": only(
        {"event": "conversion", "within": "90d", "measure": {"sum": "amount"}, "value": 100}
    ),
    "3 campaigns opened in 30 days": only(
        {"event": "open", "within": "30d", "measure": {"distinct": "campaign"}, "value": 3}
    ),
    "opened, then clicked within a day": only(
        {"sequence": [{"event": "open"}, {"event": "click"}], "gap": "1d", "within": "30d"}
    ),
}


@pytest.mark.benchmark(group="four leaves, warm")
def test_four_leaves_warm(benchmark: BenchmarkFixture, tenant: Tenant) -> None:
    """The preview that a person edits, as the page asks for it again and again."""
    tenant.warm(benchmark, FOUR_LEAVES)


@pytest.mark.benchmark(group="four leaves, cold")
def test_four_leaves_cold(benchmark: BenchmarkFixture, tenant: Tenant) -> None:
    """The same, the first time."""
    tenant.cold(benchmark, FOUR_LEAVES)


@pytest.mark.benchmark(group="a segment of the document, warm")
@pytest.mark.parametrize("example", examples.segments(), ids=lambda example: example.id)
def test_document_segment_warm(
    benchmark: BenchmarkFixture, tenant: Tenant, example: Example
) -> None:
    """Each segment of the feature document."""
    tenant.warm(benchmark, example.rules)


@pytest.mark.benchmark(group="one attribute leaf, cold")
@pytest.mark.parametrize("rules", ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_attribute_leaf_cold(benchmark: BenchmarkFixture, tenant: Tenant, rules: Rules) -> None:
    """Each kind of column, and each way of asking it."""
    tenant.cold(benchmark, rules)


@pytest.mark.benchmark(group="one event rule, cold")
@pytest.mark.parametrize("rules", EVENT_RULES.values(), ids=EVENT_RULES.keys())
def test_event_rule_cold(benchmark: BenchmarkFixture, tenant: Tenant, rules: Rules) -> None:
    """Each measure, with a window and without, the first time."""
    tenant.cold(benchmark, rules)


@pytest.mark.benchmark(group="one event rule, warm")
@pytest.mark.parametrize("rules", EVENT_RULES.values(), ids=EVENT_RULES.keys())
def test_event_rule_warm(benchmark: BenchmarkFixture, tenant: Tenant, rules: Rules) -> None:
    """The same, while their windows slide."""
    tenant.warm(benchmark, rules)
