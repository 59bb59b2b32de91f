"""Warming up compiles, or loads from numba's cache, the kernels that questions need."""

from __future__ import annotations

from typing import Any, Final

from bitseg import examples, synthetic
from bitseg.engine import Engine

CONTACTS: Final = 200
EVENTS: Final = 2_000

_CONDITIONS: Final[tuple[dict[str, Any], ...]] = (
    {"sample": 50, "seed": "warm"},
    {"sequence": [{"event": "open"}, {"event": "click"}], "within": "30d"},
    {"event": "conversion", "measure": {"sum": "amount"}, "value": 10},
    {"event": "open", "measure": {"distinct": "campaign"}, "value": 2},
    {"field": "contact.email", "operator": "contains", "value": "a"},
    {"field": "engagement.revenue", "operator": "greater_than", "value": 10},
)


def warm_up() -> None:
    """Ask a small made-up tenant every kind of question, so that the first real one is quick.

    It takes some seconds, or some twenty the first time on a machine.
    """
    engine = Engine()
    for path, data_type in synthetic.FIELDS.items():
        engine.define_field(path, data_type)
    engine.load_contacts(synthetic.contacts(CONTACTS))
    engine.load_events(synthetic.events(CONTACTS, EVENTS))
    for example in examples.segments():
        engine.define_segment(example.id, example.rules)
    for condition in _CONDITIONS:
        rules = {"match": "all", "groups": [{"match": "all", "conditions": [condition]}]}
        engine.preview(rules, breakdown=True, near_misses=True)
