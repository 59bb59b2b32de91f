"""Warming up compiles, or loads from numba's cache, the kernels that questions need."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pyarrow as pa

from bitseg import examples, synthetic
from bitseg.engine import Engine

CONTACTS: Final = 600
EVENTS: Final = 3_000
MANY: Final = 2**16 + 1

_NOW: Final = 1_700_000_000_000
_DAY: Final = 86_400_000
_ISO: Final = "2023-11-14T22:13:20.5+01:00"
_CONDITIONS: Final[tuple[dict[str, Any], ...]] = (
    {"sample": 50, "seed": "warm"},
    {"sequence": [{"event": "open"}, {"event": "click"}], "within": "30d"},
    {"sequence": [{"event": "open"}, {"event": "click"}], "gap": "1d", "operator": "did_not"},
    {"event": "conversion", "measure": {"sum": "amount"}, "value": 10},
    {"event": "conversion", "within": "90d", "measure": {"sum": "amount"}, "value": 0.5},
    {"event": "open", "measure": {"distinct": "campaign"}, "value": 2},
    {"event": "open", "within": "90d", "measure": {"distinct": "campaign"}, "value": 2},
    {"event": "open", "since": "2023-10-01", "until": _ISO},
)
_FIELD_RULES: Final[tuple[tuple[str, str, Any], ...]] = (
    ("contact.email", "contains", "a"),
    ("contact.email", "starts_with", "A"),
    ("contact.email", "ends_with", ".COM"),
    ("contact.first_name", "contains", "a"),
    ("contact.last_name", "contains", "é"),
    ("contact.email", "equals", "nobody@example.com"),
    ("contact.country", "in", ["Canada", "Germany", "Nowhere"]),
    ("contact.lead_score", "between", [10, 80.5]),
    ("contact.lead_score", "in", [1, 2.5, -3]),
    ("customField.balance", "less_than", 0),
    ("customField.balance", "in", [-1.5, 3e9]),
    ("customField.total_revenue", "greater_or_equal", 99.95),
    ("engagement.revenue", "greater_than", 10),
    ("engagement.total_opens", "between", [1, 5]),
    ("engagement.last_opened_device", "equals", "mobile"),
    ("engagement.preferred_open_hour", "between", [8, 12]),
    ("contact.created_at", "in", ["2023-11-14", _ISO]),
    (
        "contact.created_at",
        "in",
        [f"2023-{month:02d}-{day}" for month in range(1, 13) for day in (14, 21)],
    ),
    ("contact.created_at", "less_than", _ISO),
    ("contact.created_at", "within_last", "90d"),
    ("contact.created_at", "anniversary", "30d"),
    ("engagement.last_opened_at", "within_last", "30d"),
    ("contact.tags", "contains_any", ["vip", "newsletter"]),
    ("contact.tags", "contains_all", ["vip", "newsletter"]),
    ("customField.interests", "contains_any", ["seo", "analytics"]),
)


def warm_up() -> None:
    """Ask a small made-up tenant every kind of question, so that the first real one is quick.

    It takes about two seconds, or half a minute and more the first time on a machine.
    """
    clock = [_NOW]
    engine = Engine("Europe/Berlin", clock=lambda: clock[0], retention_days=365)
    _load(engine)
    for example in examples.segments():
        engine.define_segment(example.id, example.rules)
    rules = [_rules(condition) for condition in _conditions()]
    _ask(engine, rules)
    _write(engine)
    clock[0] += _DAY  # so that windows slide
    _ask(engine, rules)
    engine.drop_expired_events()
    _ask_many()


def _conditions() -> list[dict[str, Any]]:
    return [
        *_CONDITIONS,
        *(
            {"field": field, "operator": operator, "value": value}
            for field, operator, value in _FIELD_RULES
        ),
    ]


def _rules(condition: dict[str, Any]) -> bytes:
    """Return a definition as calls bring it: in bytes, which take a path of their own."""
    group = {"match": "all", "conditions": [condition]}
    return msgspec.json.encode({"match": "all", "groups": [group]})


def _load(engine: Engine) -> None:
    for path, data_type in synthetic.FIELDS.items():
        engine.define_field(path, data_type)
    for _ in range(6):  # what is written over has to be cleared away
        engine.load_contacts(synthetic.contacts(CONTACTS, now=_NOW))
    engine.load_events(synthetic.events(CONTACTS, EVENTS, now=_NOW, event_ids=True))
    engine.load_contacts(
        [
            {"id": f"w{number}", "last_name": f"Näme {number}", "balance": number * 1e7 - 0.25}
            for number in range(CONTACTS)
        ]
    )


def _write(engine: Engine) -> None:
    """Change what was asked about, so that what is kept is patched."""
    changed: dict[str, Any] = {
        "email": "Other@example.org", "country": "Nowhere", "lead_score": -2.5, "balance": None,
        "tags": ["vip"], "bounced": True, "created_at": _ISO, "total_opens": 3,
    }  # fmt: skip
    engine.load_contacts([{"id": "c00000001", **changed}, {"id": "new", **changed}])
    opened: dict[str, Any] = {"kind": "open", "at": _ISO, "campaign": "warm", "device": "mobile"}
    bought = {"kind": "conversion", "at": _ISO, "amount": 12.5}
    engine.load_events(
        [
            {"contact_id": "c00000001", "event_id": "warm", **opened},
            {"contact_id": "new", "event_id": "warmer", **opened},
            {"contact_id": "new", "event_id": "warmest", **bought},
            *({"contact_id": "c00000002", **opened} for _ in range(300)),
        ]
    )
    engine.withdraw_events(["warm", "e00000000001"])
    engine.delete_contacts(["w0"])


def _ask_many() -> None:
    """Ask about more distinct values than two bytes number."""
    engine = Engine()
    numbers = pa.array(range(MANY))
    engine.load_contacts(
        pa.table({"id": numbers, "email": numbers.cast("string"), "score": numbers})
    )
    for field, operator, value in (
        ("contact.email", "contains", "12"),
        ("contact.email", "in", ["1", "2"]),
        ("customField.score", "between", [1, 2.5]),
    ):
        engine.count(_rules({"field": field, "operator": operator, "value": value}))


def _ask(engine: Engine, rules: list[bytes]) -> None:
    for one in rules:
        engine.preview(one, breakdown=True, near_misses=True, sample=2)
    for example in examples.segments():
        engine.preview(
            msgspec.json.encode(example.rules),
            breakdown=True,
            near_misses=True,
            against="segment-a",
        )
    everybody = engine.select({"match": "all", "groups": []})
    some = engine.select(rules[0])
    engine.define_segment("warm", some & everybody | (everybody - some))
    next(iter((everybody & some).ids()), None)
    _ = everybody.rows
    engine.explain(rules[0], "c00000001")
    for path in ("contact.city", "contact.tags", "contact.created_at"):
        engine.field_values(path, "a", rules=rules[0])
        engine.segments.contacts("warm", sort=path)
