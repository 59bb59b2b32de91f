"""A schema as rules see it, small and fixed, and short ways to write definitions and instants."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bitseg.clock import Now, to_ms
from bitseg.fields import BUILT_IN, DataType, Field
from bitseg.rules import read
from bitseg.rules.nodes import Condition, Definition
from bitseg.zones import get_zone

FIELDS = {
    **BUILT_IN,
    "customField.plan": Field("customField.plan", "string"),
    "customField.renewal": Field("customField.renewal", "date"),
}
PROPERTIES: dict[str, DataType] = {
    "campaign": "string",
    "url": "string",
    "device": "string",
    "amount": "number",
    "gift": "boolean",
    "hour": "number",
    "weekday": "number",
}


class View:
    """A tenant with two custom fields, one custom property and two segments."""

    def __init__(self, timezone: str = "Europe/Berlin") -> None:
        self.zone = get_zone(timezone)

    def field(self, path: str) -> Field | None:
        return FIELDS.get(path)

    def field_paths(self) -> Iterable[str]:
        return FIELDS

    def property_type(self, name: str) -> DataType | None:
        return PROPERTIES.get(name)

    def property_names(self) -> Iterable[str]:
        return PROPERTIES

    def has_segment(self, segment: str) -> bool:
        return segment in self.segment_ids()

    def segment_ids(self) -> Iterable[str]:
        return ("vip", "newcomers")


def rules(*conditions: object, match: str = "all", **more: object) -> dict[str, Any]:
    """Write a definition of one group."""
    return {"match": "all", "groups": [{"match": match, "conditions": [*conditions]}], **more}


def definition(*conditions: object, timezone: str = "Europe/Berlin") -> Definition:
    """Read a definition of one group."""
    return read(rules(*conditions), View(timezone))


def condition(raw: object, timezone: str = "Europe/Berlin") -> Condition:
    """Read one condition."""
    return definition(raw, timezone=timezone).groups[0].conditions[0]


def ms(text: str) -> int:
    """Return the instant of an ISO text with an offset."""
    return to_ms(datetime.fromisoformat(text))


def now(text: str, timezone: str = "Europe/Berlin") -> Now:
    """Return the now of an ISO text with an offset."""
    return Now(ms(text), get_zone(timezone))


def field(path: str, operator: str, value: Any = ..., **more: Any) -> dict[str, Any]:
    """Write a field rule."""
    given = {} if value is ... else {"value": value}
    return {"field": path, "operator": operator, **given, **more}


def where(*conditions: object) -> dict[str, Any]:
    """Write a group of which all must hold."""
    return {"match": "all", "conditions": [*conditions]}


def deep(levels: int, innermost: object) -> dict[str, Any]:
    """Write groups within each other; the top group is the first level."""
    group = where(innermost)
    for _ in range(levels - 1):
        group = where(group)
    return {"match": "all", "groups": [group]}
