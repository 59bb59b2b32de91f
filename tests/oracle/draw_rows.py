"""Rows are drawn: contacts with holes, and events that pile up on the same instants."""

from __future__ import annotations

from typing import Any

from tests.oracle import values
from tests.oracle.catalog import BASELINES, CONTACT_FIELDS, KINDS
from tests.oracle.intake import Row
from tests.oracle.pools import Pool
from tests.oracle.world import World

_NO_COLUMN = ("contact.id", "contact.created_at", "contact.updated_at")
_COLUMNS: dict[str, str] = {
    **{f"contact.{name}": kind for name, kind in CONTACT_FIELDS.items()},
    **values.CUSTOM_FIELDS,
    **{f"engagement.{name}": kind for name, kind in BASELINES.items()},
}


def draw_ids(pool: Pool, count: int) -> list[str]:
    """Draw the ids of new contacts."""
    plain = [f"c{number}" for number in range(count)]
    return pool.random.sample([*values.CONTACT_IDS, *plain][: count + 6], count)


def draw_cell(pool: Pool, kind: str) -> object:
    """Draw a value of a type, as a file or a program would give it."""
    random = pool.random
    if kind == "string":
        return random.choice(values.STRINGS)
    if kind == "number":
        return random.choice(random.choice((values.NUMBERS, values.COUNTS)))
    if kind == "boolean":
        return random.random() < 0.5
    if kind == "date":
        return pool.data_date()
    tags: list[str | None] = [random.choice(values.TAGS) for _ in range(random.randrange(5))]
    return random.choice((tags, tags, [*tags, ""], [None, *tags], [*tags, *tags]))


def draw_contact(pool: Pool, contact_id: str, fill: float) -> Row:
    """Draw one row of a contact: each column present with a chance of `fill`."""
    random = pool.random
    row: Row = {"id": contact_id}
    for path, kind in _COLUMNS.items():
        if path in _NO_COLUMN or random.random() > fill * (0.35 if "engagement" in path else 1):
            continue
        key = _key(pool, path)
        missing = random.random()
        row[key] = None if missing < 0.08 else draw_cell(pool, kind)
        if kind == "string" and missing > 0.95:
            row[key] = ""
    for path, pool_of_values in values.INFERRED_FIELDS.items():
        if random.random() < fill / 2:
            row[path] = random.choice(pool_of_values)
    for name in ("created_at", "updated_at"):
        if random.random() < fill / 2:
            row[_key(pool, f"contact.{name}")] = pool.data_date()
    return row


def _key(pool: Pool, path: str) -> str:
    bare = path.partition(".")[2]
    is_custom = path.startswith("customField.")
    # A bare name of a custom field is unambiguous here: none of them is a built-in name.
    return bare if pool.random.random() < (0.2 if is_custom else 0.5) else path


def draw_bad_contact(pool: Pool, contact_id: str) -> Row:
    """Draw a row that must be refused whole."""
    wrong: Row = pool.random.choice(
        (
            {"contact.lead_score": float("nan")},
            {"customField.seats": float("inf")},
            {"contact.created_at": None},
            {"contact.updated_at": None},
            {"contact.bounced": "perhaps"},
            {"contact.created_at": "yesterday"},
            {"engagement.preferred_open_hour": 3},
        )
    )
    return {"id": contact_id, "city": "refused", "contact.tags": ["vip"], **wrong}


def draw_event(pool: Pool, contact_id: str) -> Row:
    """Draw one event with whatever properties it happens to have."""
    random = pool.random
    kind = random.choice(
        (*KINDS, "open", "open", "conversion", "click", "sent", values.CUSTOM_KIND)
    )
    row: Row = {"contact_id": contact_id, "kind": kind, "at": pool.data_date()}
    chances: tuple[tuple[str, tuple[Any, ...], float], ...] = (
        ("campaign", values.CAMPAIGNS, 0.6),
        ("device", values.DEVICES, 0.5),
        ("url", values.URLS, 0.3),
        ("amount", values.NUMBERS, 0.8 if kind == "conversion" else 0.2),
        ("plan", values.PLANS, 0.3),
        ("seats", values.NUMBERS, 0.3),
        ("trial", (True, False), 0.3),
    )
    for name, choices, chance in chances:
        if random.random() < chance:
            row[name] = random.choice(choices)
        elif random.random() < 0.03:
            row[name] = None
    return row


def typed_events(contact_id: str, at: int) -> list[Row]:
    """Give one event that fixes the types of the custom properties."""
    row: Row = {"contact_id": contact_id, "kind": values.CUSTOM_KIND, "at": at}
    return [{**row, "plan": "pro", "seats": 3, "trial": True}]


def draw_bad_event(pool: Pool, contact_id: str) -> Row:
    """Draw an event that must be rejected, with the type of a property wrong or a name reserved."""
    wrong: Row = pool.random.choice(
        (
            {"amount": "much"},
            {"seats": "three"},
            {"trial": 1},
            {"hour": 3},
            {"amount": float("inf")},
        )
    )
    return {**draw_event(pool, contact_id), **wrong}


def _spare_ids(pool: Pool, world: World, remembered: list[str]) -> list[str]:
    """Give the ids of rejected events that were never accepted, or are remembered still.

    Of one that was accepted long ago nobody knows whether it is forgotten.
    """
    return [
        one for one in pool.spare_event_ids if one not in world.used_event_ids or one in remembered
    ]


def draw_events(pool: Pool, world: World, count: int) -> list[Row]:
    """Draw a batch of events: crowded contacts, ids that come twice, some rows that are wrong."""
    random = pool.random
    ids = list(world.contacts) or ["nobody"]
    crowded = ids[: max(1, len(ids) // 3)]
    used = world.remembered_event_ids()
    rows: list[Row] = []
    for _ in range(count):
        row = draw_event(pool, random.choice(random.choice((ids, crowded))))
        chance = random.random()
        if chance < 0.4:
            row["event_id"] = f"e{random.randrange(10**9)}"
            used.append(row["event_id"])
        elif chance < 0.5 and used:
            row["event_id"] = random.choice(used)
        elif chance < 0.55 and (spares := _spare_ids(pool, world, used)):
            row["event_id"] = random.choice(spares)
        rows.append(row)
        if chance > 0.94:
            # A rejected event does not use up its id: a later row may come with the same one.
            spare = f"spare{random.randrange(10**9)}"
            pool.spare_event_ids.append(spare)
            rejected = draw_bad_event(pool, row["contact_id"])
            stranger = {**row, "contact_id": "stranger"}
            rows.append({**random.choice((rejected, stranger)), "event_id": spare})
    return rows
