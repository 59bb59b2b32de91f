"""Dumping is all that can be seen of a small engine, and what a plain model says should be seen."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bitseg import Engine
from tests.engine.making import all_of, field

KINDS = ("open", "click")
EVERYBODY = all_of(field("contact.id", "is_not_empty"))


def dump(engine: Engine) -> dict[str, Any]:
    """Return all contacts with their values, and how many have events of each kind."""
    ids = sorted(engine.select(EVERYBODY).ids())
    return {
        "contacts": {one: engine.contact(one) for one in ids},
        "events": engine.event_count,
        "kinds": {kind: engine.count(all_of({"event": kind})) for kind in KINDS},
        "segments": sorted(engine.segments),
    }


class Model:
    """What was acknowledged: dicts and counters, and nothing of the engine."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.notes: dict[str, str] = {}
        self.events: Counter[tuple[str, str]] = Counter()

    def people(self, rows: list[dict[str, Any]]) -> None:
        """Take contacts that went in."""
        self.notes |= {row["id"]: row["note"] for row in rows}

    def happened(self, rows: list[dict[str, Any]]) -> None:
        """Take events that went in."""
        self.events.update((row["contact_id"], row["kind"]) for row in rows)

    def check(self, found: dict[str, Any]) -> None:
        """See that a dump shows what was acknowledged, all of it and nothing else."""
        notes = {one: values["customField.note"] for one, values in found["contacts"].items()}
        assert notes == self.notes
        assert found["events"] == self.events.total()
        assert found["kinds"] == {
            kind: len({who for who, what in self.events if what == kind}) for kind in KINDS
        }
