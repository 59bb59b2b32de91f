"""Bodies of requests: previews of definitions that were asked before, or never, and events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, repeat
from typing import Any, Final

import msgspec

from bench.data import FOUR_LEAVES, Rules
from bench.durable_requests import Requests
from bitseg import Engine

_COUNTRIES: Final = (
    "Argentina", "Australia", "Brazil", "Canada", "France", "Germany", "India", "Ireland",
    "Japan", "Netherlands", "Singapore", "Spain", "United Kingdom", "United States",
)  # fmt: skip
_TAGS: Final = ("customer", "newsletter", "unqualified", "vip")
_WINDOWS: Final = ("7d", "14d", "30d", "60d", "90d")
_SCORES: Final = 101
_OPENS: Final = 5
COMBINATIONS: Final = len(_COUNTRIES) * len(_TAGS) * len(_WINDOWS) * _SCORES * _OPENS
_STRIDE: Final = 7_919
"""Prime, and no factor of the number of combinations: each comes once before one comes again."""

_ENCODER: Final = msgspec.json.Encoder()


def preview(rules: Rules, **more: Any) -> bytes:
    """Return the body of a preview."""
    return _ENCODER.encode({"rules": rules, **more})


def repeated() -> Iterator[bytes]:
    """Yield the same preview again and again."""
    return repeat(preview(FOUR_LEAVES))


def combinations(number: Iterator[int]) -> Iterator[bytes]:
    """Yield previews whose conditions were asked before, but never together."""
    for one in number:
        yield preview(combination(one))


def thresholds(number: Iterator[int]) -> Iterator[bytes]:
    """Yield previews of which one condition in four was never asked before."""
    for one in number:
        yield preview(threshold(one))


def combination(number: int) -> Rules:
    """Return the n-th of ``COMBINATIONS`` definitions of four conditions that others share."""
    left = number * _STRIDE % COMBINATIONS
    left, country = divmod(left, len(_COUNTRIES))
    left, tag = divmod(left, len(_TAGS))
    left, window = divmod(left, len(_WINDOWS))
    opens, score = divmod(left, _SCORES)
    return _all(
        {"field": "contact.country", "operator": "equals", "value": _COUNTRIES[country]},
        {"field": "contact.lead_score", "operator": "greater_or_equal", "value": score},
        {"field": "contact.tags", "operator": "not_contains", "value": _TAGS[tag]},
        {
            "event": "open",
            "within": _WINDOWS[window],
            "operator": "greater_or_equal",
            "value": 1 + opens,
        },
    )


def threshold(number: int) -> Rules:
    """Return the n-th definition that has a threshold in it which no other has: to the cent."""
    rules = combination(number)
    conditions = rules["groups"][0]["conditions"]
    conditions[1] = {
        "field": "customField.customer_ltv",
        "operator": "greater_or_equal",
        "value": 50 + number * 0.01,
    }
    return rules


def leaves() -> Iterator[bytes]:
    """Yield previews that ask every condition of ``combination`` once."""
    for score in range(_SCORES):
        yield preview(
            _all({"field": "contact.lead_score", "operator": "greater_or_equal", "value": score})
        )
    number = len(_COUNTRIES) * len(_TAGS) * len(_WINDOWS) * _OPENS
    seen = set()
    for one in count():
        conditions = combination(one)["groups"][0]["conditions"]
        key = msgspec.json.encode([conditions[0], conditions[2], conditions[3]])
        if key not in seen:
            seen.add(key)
            yield preview(_all(conditions[0], conditions[2], conditions[3]))
        if len(seen) == number:
            return


def events(requests: Requests, batch: int) -> Iterator[bytes]:
    """Yield batches of events as NDJSON, each event new."""
    while True:
        yield _ENCODER.encode_lines(requests.events(batch))


def check(engine: Engine, rules: Rules, answer: dict[str, Any]) -> None:
    """See that an answer is the engine's, for the instant that it is of."""
    now = datetime.fromisoformat(answer["now"]).astimezone(UTC)
    found = engine.preview(rules, now=now)
    assert (answer["count"], answer["reachable"]) == (found.count, found.reachable), rules
    assert answer["total"] == found.total, rules


def _all(*conditions: dict[str, Any]) -> Rules:
    return {"match": "all", "groups": [{"match": "all", "conditions": list(conditions)}]}


def updates(requests: Requests, batch: int) -> Iterator[bytes]:
    """Yield batches of contacts that exist, with a few new values, as NDJSON."""
    while True:
        yield _ENCODER.encode_lines(requests.updates(batch))


def heaviest() -> Iterator[bytes]:
    """Yield previews that are long to answer, none asked before: a sequence, and a search."""
    for number in count():
        sequence = {
            "sequence": [{"event": "sent"}, {"event": "open"}, {"event": "click"}],
            "gap": f"{3_600 + number}s",
        }
        text = {"field": "contact.email", "operator": "contains", "value": f"n{number}@ex"}
        yield preview(_all(sequence, text), breakdown=True, near_misses=True)
