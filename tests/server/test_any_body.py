"""Whatever the body, the answer is a preview or a problem of the sender's."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from bitseg import BUILT_IN, OPERATORS
from tests.server.conftest import CANADIANS, Ask

WORDS = (
    "all", "any", "none", "count", "sum", "distinct", "did", "did_not", "open", "url", "hour",
    "canadians", "30d", "0d", "9999999999y", "now", "now-1M", "today+1d", "2024-02-30",
    "2024-05-01", "9999-12-31T23:59:59Z", "0001-01-01", "", "%", "\x00", "é",
)  # fmt: skip
KEYS = (
    "match", "groups", "exclusions", "conditions", "name", "field", "operator", "value",
    "dataType", "event", "within", "since", "until", "where", "measure", "sequence", "gap",
    "segment", "sample", "seed", "sum", "distinct",
)  # fmt: skip
leaves = (
    st.sampled_from([*WORDS, *BUILT_IN, *OPERATORS, "string", "number", "boolean", "date", "array"])
    | st.text(max_size=4)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none()
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)
field_rules = st.fixed_dictionaries(
    {"field": st.sampled_from(list(BUILT_IN)), "operator": st.sampled_from(list(OPERATORS))},
    optional={"value": values, "dataType": leaves},
)
parts = ("within", "since", "until", "where", "measure", "operator", "value")
event_rules = st.fixed_dictionaries(
    {"event": st.sampled_from(["open", "click", "never"]) | leaves},
    optional=dict.fromkeys(parts, values),
)
RELATIVE = {
    "match": "any",
    "groups": [
        {
            "match": "any",
            "conditions": [
                {"event": "open", "within": "30d"},
                {"event": "open", "since": "now-2y", "until": "today+1M"},
                {"field": "contact.created_at", "operator": "within_last", "value": "9999y"},
                {"field": "contact.created_at", "operator": "more_than_ahead", "value": "9999w"},
                {"field": "contact.created_at", "operator": "equals", "value": "today-1d"},
                {"field": "contact.created_at", "operator": "equals", "value": "today+1d"},
                {"field": "contact.created_at", "operator": "anniversary", "value": "365d"},
                {"field": "contact.created_at", "operator": "anniversary", "value": "this_month"},
            ],
        }
    ],
}
groups = st.fixed_dictionaries(
    {
        "match": st.sampled_from(["all", "any", "none"]),
        "conditions": st.lists(field_rules | event_rules | values, max_size=3),
    }
)
definitions = st.fixed_dictionaries(
    {"match": st.sampled_from(["all", "any"]), "groups": st.lists(groups, max_size=3)},
    optional={"exclusions": st.lists(groups, max_size=2)},
)


@given(
    rules=definitions | values,
    others=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("breakdown", "sample", "near_misses", "against", "now"), leaves),
    ),
)
@example(rules=RELATIVE, others={"now": "0001-01-01T00:00:00Z"})
@example(rules=RELATIVE, others={"now": "0001-01-01T00:00:00+14:00"})
@example(rules=RELATIVE, others={"now": "9999-12-31T23:59:59.999Z"})
@example(rules=RELATIVE, others={"now": "9999-12-31T23:59:59-14:00"})
@example(rules=CANADIANS, others={"sample": 10**400})
def test_an_answer_is_never_a_mistake_of_ours(
    preview: Ask, rules: Any, others: dict[str, Any]
) -> None:
    response = preview(rules=rules, **others)

    assert response.status_code in {200, 422}, response.text
    if response.status_code == 422:
        assert response.json()["errors"]


@given(cut=st.integers(0, 120), put=st.binary(max_size=3), at=st.integers(0, 120))
def test_a_damaged_body_is_answered_too(send: Ask, cut: int, put: bytes, at: int) -> None:
    whole = json.dumps({"rules": CANADIANS, "now": "2024-05-01T12:00:00Z"}).encode()

    response = send(whole[:at] + put + whole[cut:])

    assert response.status_code in {200, 400, 422}, response.text
