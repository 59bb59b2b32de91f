"""The document's segments: all of them, as valid definitions that find some contacts, not all."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from bitseg import Engine, examples, synthetic
from bitseg.examples import Example

NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)
CONTACTS, EVENTS = 10_000, 100_000
EXAMPLES = examples.segments()

IN_THE_DOCUMENT = (
    "Active Subscribers", "Highly Engaged", "Inactive Contacts", "Never Engaged",
    "Location-Based", "Company Size", "Industry", "New Leads (Last 7 Days)", "Trial Users",
    "Customers", "Engaged OR High-Value", "Advanced Multi-Condition", "Click-But-Never-Convert",
    "Opens Mobile vs Desktop", "Time-Based Engagement", "Clicked Specific Link",
    "Opened But Didn't Click", "Hot Leads (Score 80-100)", "Warm Leads (Score 50-79)",
    "Cold Leads (Score 0-49)", "Multi-Select Custom Fields", "Trial Expiring Soon",
    "Anniversary Outreach", "High-Value Cohort", "Exclude Other Segments",
    "Suppress Based on Recent Activity", "Segment A: Lead Score > 60",
    "Segment B: Lead Score 40-60",
)  # fmt: skip
REFERRED_TO = (
    "All Active Subscribers", "Recent Purchasers", "Unengaged (90+ days)", "Product Users",
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> Engine:
    now = int(NOW.timestamp() * 1000)
    made = Engine(timezone="UTC", clock=lambda: now)
    for path, data_type in synthetic.FIELDS.items():
        made.define_field(path, data_type)
    made.load_contacts(synthetic.contacts(CONTACTS, 1, now))
    made.load_events(synthetic.events(CONTACTS, EVENTS, 1, now))
    for example in EXAMPLES:
        made.define_segment(example.id, example.rules)
    return made


def segments_of(part: Any) -> set[str]:
    """Return the ids of the segments that a part of a definition refers to."""
    if isinstance(part, list):
        return {found for inner in part for found in segments_of(inner)}
    if not isinstance(part, dict):
        return set()
    own = {part["segment"]} if "segment" in part else set()
    return own | segments_of(list(part.values()))


def test_every_segment_of_the_document_is_there_once() -> None:
    names = [example.name for example in EXAMPLES]
    assert sorted(names) == sorted((*IN_THE_DOCUMENT, *REFERRED_TO))
    assert len({example.id for example in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_says_its_words_and_needs_what_its_rules_name(example: Example) -> None:
    text = json.dumps(example.rules)
    assert example.words
    assert all(f'"{path}"' in text for path in example.fields) or segments_of(example.rules)
    assert text.count('"customField.') == 0 or example.fields


def test_an_example_comes_behind_those_it_refers_to() -> None:
    seen: set[str] = set()
    for example in EXAMPLES:
        assert segments_of(example.rules) <= seen
        seen.add(example.id)


def test_an_example_is_immutable() -> None:
    with pytest.raises(AttributeError):
        EXAMPLES[0].name = "other"  # type: ignore[misc] # what is tested


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.id)
def test_an_example_finds_some_contacts_but_not_all(engine: Engine, example: Example) -> None:
    answer = engine.preview(example.rules, now=NOW)
    assert 0 < answer.count < CONTACTS
    assert answer.lint == ()


def test_a_reading_of_the_document_is_pinned() -> None:
    by_id = {example.id: example.rules for example in EXAMPLES}
    advanced = by_id["advanced-multi-condition"]["groups"][2]["conditions"]
    assert advanced == [
        {"field": "contact.tags", "operator": "not_contains", "value": "unqualified"},
        {"field": "contact.bounced", "operator": "not_equals", "value": True},
    ]
    hours = by_id["time-based-engagement"]["groups"][0]["conditions"][0]
    assert hours["value"] == [9, 11]
    recent = by_id["suppress-based-on-recent-activity"]["exclusions"][0]["conditions"]
    assert [(rule["event"], rule["within"]) for rule in recent] == [("sent", "7d")]


def test_examples_encode_to_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(EXAMPLES), type=list[Example]) == EXAMPLES
