"""A world is what the damaged files hold: every type of field, events, segments, and a snapshot.

It is small enough to be told in full after every image, and large enough that some columns lie in
parts of their own. Notes are long and differ, so that packing does not make parts short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Final

import bitseg
from tests.engine.making import all_of, any_of, field, group, ms

Json = dict[str, Any]

CONTACTS: Final = 120
MORE: Final = 80
EVENTS: Final = 4_200
RETENTION_DAYS: Final = 450
DAY: Final = 86_400_000
NOON: Final = ms("2026-03-15T12:00:00Z")
COUNTRIES: Final = ("CA", "US", "DE", "FR", "NL")
SENT_TWICE: Final = bitseg.Once("withdrawal 7", b"one, second-1 and others")

RULES: Final[dict[str, Json]] = {
    "country": all_of(field("contact.country", "in", ["CA", "DE"])),
    "plan": all_of(field("customField.plan", "contains", "ol")),
    "score": all_of(field("customField.score", "greater_than", 40)),
    "active": all_of(field("customField.active", "equals", value=True)),
    "tags": all_of(field("contact.tags", "contains_any", ["new", "vip"])),
    "born": all_of(field("customField.born", "less_than", "2001-06-01")),
    "opens": all_of({"event": "open", "within": "400d", "value": 20}),
    "purchases": all_of(
        {"event": "purchase", "where": group("all", field("gift", "equals", value=True))}
    ),
    "opened": all_of(field("engagement.total_opens", "greater_than", 15)),
    "static": all_of({"segment": "chosen"}),
    "nested": any_of({"segment": "rich"}, field("contact.last_name", "is_empty")),
}
"""Counts that rest on every kind of column, on events, on what retention keeps, and on segments."""


def contacts(first: int, last: int, mark: str = "") -> list[Json]:
    """Return the rows of contacts, with all types of field."""
    return [
        {
            "id": f"c{i}",
            "email": f"c{i}{mark}@example.org",
            "country": COUNTRIES[i % len(COUNTRIES)],
            "tags": [("new", "vip", "old")[i % 3], f"t{i % 7}"],
            "plan": ("gold", "silver")[i % 2] + mark,
            "score": i % 97 + 0.5,
            "active": i % 4 == 0,
            "born": f"200{i % 4}-01-{i % 28 + 1:02d}",
            "notes": hashlib.blake2b(f"{mark}{i}".encode()).hexdigest() * 5,
        }
        for i in range(first, last)
    ]


def events(count: int, mark: str, since: int, step: int) -> list[Json]:
    """Return the rows of events of several kinds, with ids and properties."""
    kinds = ("open", "click", "purchase", "open")
    return [
        {
            "contact_id": f"c{i * 31 % CONTACTS}",
            "kind": kinds[i % 4],
            "at": since + i * step,
            "event_id": f"{mark}-{i}",
            "campaign": f"wave {i % 11}",
            "amount": i % 50 + 0.25,
            **({"gift": i % 3 == 0} if kinds[i % 4] == "purchase" else {}),
        }
        for i in range(count)
    ]


def begin(engine: bitseg.Engine) -> None:
    """Write what the snapshot will hold."""
    engine.define_field("customField.notes", "string", "Notes", "Whatever was said.")
    engine.load_contacts(contacts(0, CONTACTS))
    engine.load_events(events(EVENTS, "first", NOON - 500 * DAY, 7_919_000), create_contacts=True)
    engine.load_events(
        [{"contact_id": "walk-in", "kind": "open", "at": NOON}], create_contacts=True
    )
    engine.define_segment("rich", RULES["score"])
    engine.define_segment("chosen", [f"c{i}" for i in range(3, 90, 4)])
    engine.define_segment("busy", RULES["opens"])
    engine.define_segment("passing", RULES["country"])
    engine.refresh_segments()
    engine.delete_contacts([f"c{i}" for i in range(5, 20, 5)])
    engine.withdraw_events([f"first-{i}" for i in range(2_000, 2_060, 6)])
    engine.drop_expired_events()


GOING_ON: Final[tuple[Callable[[bitseg.Engine], object], ...]] = (
    lambda engine: engine.load_contacts(
        [{"id": "c1", "plan": "platinum", "score": 99}, {"id": "late", "score": 1}]
    ),
    lambda engine: engine.load_events(
        [{"contact_id": "c2", "kind": "click", "at": NOON, "event_id": "one"}]
    ),
    lambda engine: engine.define_segment("busy", RULES["purchases"]),
    lambda engine: engine.define_segment("chosen", [f"c{i}" for i in range(1, 60, 3) if i != 10]),
    lambda engine: engine.define_segment("linked", RULES["nested"]),
    lambda engine: engine.load_contacts(contacts(CONTACTS, CONTACTS + MORE, "b") * 2),
    lambda engine: engine.load_events(
        events(EVENTS, "second", NOON - 400 * DAY, 8_111_000), create_contacts=True
    ),
    lambda engine: engine.delete_contacts(["c7", "c11"]),
    lambda engine: engine.withdraw_events(
        ["one", *(f"second-{i}" for i in range(1, 40, 5))], once=SENT_TWICE
    ),
    lambda engine: engine.remove_segment("passing"),
    lambda engine: engine.load_contacts([{"id": "c3", "tags": ["last"]}]),
)
"""What the journal behind the snapshot will hold, small and large; each is one change."""


WORKING_ON: Final[tuple[Callable[[bitseg.Engine], object], ...]] = (
    lambda engine: engine.withdraw_events(["second-3"], once=SENT_TWICE),
    lambda engine: engine.load_events(events(30, "second", NOON - 400 * DAY, 8_111_000)).duplicate,
    lambda engine: engine.load_contacts([{"id": "c4", "plan": "z"}, {"id": "newer"}]).updated,
    lambda engine: engine.define_segment("chosen", ["c8", "c9", "late"]),
    lambda engine: engine.define_segment("busy", RULES["tags"]),
    lambda engine: engine.define_segment("extra", ["c1", "c2"]),
    lambda engine: engine.delete_contacts(["c2", "c130"]),
    lambda engine: engine.withdraw_events(["first-3000", "second-101", "one"]),
    lambda engine: engine.remove_segment("linked"),
    lambda engine: engine.remove_segment("extra"),
    lambda engine: engine.snapshot().seq,
    lambda engine: engine.define_segment("after", ["c9"]),
)
"""Writes over and beside all of that, a snapshot among them; each returns what it was told."""
