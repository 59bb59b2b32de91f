"""Definitions made to do harm, or by chance: refused at once, with faults that can be sent."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg.operators import OPERATORS
from bitseg.rules.groups import KINDS
from tests.engine.rules.refusals import LEAF, faults, found, refusal
from tests.engine.rules.views import FIELDS, PROPERTIES, deep, field, rules, where


def cyclic() -> dict[str, Any]:
    group = where()
    group["conditions"].append(group)
    return {"match": "all", "groups": [group]}


BOMBS: list[Any] = [
    pytest.param(lambda: "[" * 50_000, id="50,000 lists"),
    pytest.param(lambda: '{"match": "all", "groups": [' * 50_000, id="50,000 groups"),
    pytest.param(lambda: deep(50_000, {"event": "open"}), id="50,000 groups as a dict"),
    pytest.param(cyclic, id="a group in itself"),
    pytest.param(lambda: rules(*[{"event": "open"}] * 100_000), id="100,000 conditions"),
    pytest.param(lambda: rules(*[where()] * 100_000), id="100,000 nested groups"),
    pytest.param(lambda: {"match": "all", "groups": [where()] * 100_000}, id="100,000 groups"),
    pytest.param(
        lambda: rules(field("contact.email", "in", ["x"] * 1_000_000)), id="1,000,000 values"
    ),
    pytest.param(lambda: rules(field("x" * 10_000_000, "is_empty")), id="10 MB name"),
    pytest.param(lambda: rules(field("contact.email", "equals", "x" * 10**7)), id="10 MB value"),
    pytest.param(lambda: {str(i): 1 for i in range(1_000_000)}, id="1,000,000 keys"),
    pytest.param(
        lambda: rules(*[field("contact.emali" + "x" * i, "is_empty") for i in range(500)]),
        id="500 unknown fields",
    ),
    pytest.param(lambda: rules(field("contact.lead_score", "equals", 7**100_000)), id="huge int"),
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_with_faults_that_can_be_sent(bomb: Any) -> None:
    found_faults = faults(bomb())
    assert found_faults
    assert max(len(str(one)) for one in found_faults) < 1_000


def test_a_number_with_a_million_digits_is_refused() -> None:
    text = json.dumps(rules(field("contact.lead_score", "equals", 5)))
    assert found(text.replace("5", "9" * 1_000_000)) == [(f"{LEAF}.value", "not_finite")]


KEYS = (
    *("match", "groups", "exclusions", "conditions", "name", *KINDS, "operator", "value"),
    *("dataType", "within", "since", "until", "where", "measure", "sum", "distinct", "gap", "seed"),
)
WORDS = [
    *(*KEYS, *OPERATORS, *FIELDS, *PROPERTIES, "all", "any", "none", "count", "did", "number"),
    *("string", "open", "click", "30d", "today", "now-1M", "2024-02-29", "vip"),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text("ab%é", max_size=4)
    | st.sampled_from(["\ud800", "a\udfff", "\0", "é", "🙂"])
    | st.sampled_from(WORDS)
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.text("ab", max_size=3), inner, max_size=5)
    ),
    max_leaves=25,
)
leaves = st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, trees))


@given(raw=trees | st.builds(lambda parts: rules(*parts), st.lists(leaves, max_size=3)))
def test_whatever_is_given_it_is_read_or_its_faults_can_be_sent(raw: object) -> None:
    error = refusal(raw)
    assert error is None or (error.faults and msgspec.json.encode(error.faults))
    assert len(str(error)) < 100_000


@given(data=st.binary(max_size=60), at=st.integers(0, 300), by=st.integers(0, 40))
def test_damaged_json_is_read_or_refused(data: bytes, at: int, by: int) -> None:
    hours = where(field("hour", "equals", 9))
    whole = json.dumps(
        rules(
            field("contact.country", "in", ["CA", "US"]),
            {"event": "open", "within": "30d", "value": 5, "where": hours},
            {"sample": 12.5, "seed": "s"},
        )
    ).encode()
    error = refusal(whole[:at] + data + whole[at + by :])
    assert error is None or (error.faults and msgspec.json.encode(error.faults))
