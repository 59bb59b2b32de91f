"""A where is a test on an event's properties, answered for many events at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import pyarrow as pa

from bitseg.events.properties import TRUE, Dictionaries
from bitseg.fields import TIME_PROPERTIES
from bitseg.operators import OPERATORS
from bitseg.rules.nodes import FieldRule, Group
from bitseg.rules.numbers import number_intervals
from bitseg.zones import DAY

if TYPE_CHECKING:
    from bitseg.bitmap import Mask
    from bitseg.events.log import Events
    from bitseg.fields import DataType
    from bitseg.strings import StringPool
    from bitseg.text_scan import How
    from bitseg.zones import Zone

HOUR_MS = 3_600_000


class PropertyTypes(Protocol):
    """What a where must know of the schema."""

    def property_type(self, name: str) -> DataType | None:
        """Return a property's type, or None where no event ever had it."""
        ...


class Where:
    """A compiled ``where`` group; equal rules share one."""

    def __init__(
        self, group: Group, types: PropertyTypes, dictionaries: Dictionaries, zone: Zone
    ) -> None:
        """Take a checked group over event properties."""
        self.group = group
        self._types = types
        self._dictionaries = dictionaries
        self._zone = zone

    def __call__(self, events: Events) -> Mask:
        """Return bool[k]: which of the events the group matches."""
        return self._group(self.group, events)

    def _group(self, group: Group, events: Events) -> Mask:
        everyone = group.match == "all"
        out = np.full(len(events), everyone, np.bool_)
        for condition in group.conditions:
            if isinstance(condition, Group):
                mask = self._group(condition, events)
            else:
                mask = self._rule(cast("FieldRule", condition), events)
            if everyone:
                out &= mask
            else:
                out |= mask
        return ~out if group.match == "none" else out

    def _rule(self, rule: FieldRule, events: Events) -> Mask:
        positive = OPERATORS[rule.operator].positive
        mask = self._positive(rule, positive or rule.operator, events)
        return ~mask if positive else mask

    def _positive(self, rule: FieldRule, operator: str, events: Events) -> Mask:
        if rule.field in TIME_PROPERTIES:
            return _numbers(rule, operator, local_time(rule.field, events, self._zone))
        values = events.property(rule.field)
        if values is None or self._types.property_type(rule.field) != rule.data_type:
            return np.zeros(len(events), np.bool_)
        if rule.data_type == "number":
            return _numbers(rule, operator, values)
        if operator == "is_not_empty":
            return cast("Mask", values != 0)
        if rule.data_type == "boolean":
            return cast("Mask", values == (TRUE if rule.value else TRUE - 1))
        pool = self._dictionaries.pool(rule.field)
        return string_table(pool, operator, rule.value)[values]


def local_time(name: str, events: Events, zone: Zone) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the events' hour (0–23) or weekday (1 = Monday … 7) on the zone's clock."""
    walls = zone.walls_at(events.at)
    if name == "hour":
        return walls % DAY // HOUR_MS
    return (walls // DAY + 3) % 7 + 1


def _numbers(rule: FieldRule, operator: str, values: np.ndarray[tuple[int], np.dtype]) -> Mask:
    if operator == "is_not_empty":
        known: Mask = ~np.isnan(values)
        return known
    mask = np.zeros(values.size, np.bool_)
    for lo, hi in number_intervals(operator, rule.value):
        mask |= (values >= lo) & (values <= hi)
    return mask


def string_table(pool: StringPool, operator: str, value: object) -> Mask:
    """Return bool[codes + 1]: the answer for each code of a property, 0 being "missing"."""
    table = np.zeros(len(pool) + 1, np.bool_)
    if operator in ("equals", "in"):
        codes = pool.find(texts((value,) if isinstance(value, str) else cast("tuple[str]", value)))
        table[codes[codes >= 0] + 1] = True
    else:
        table[1:] = pool.matching(cast("How", operator), cast("str", value))
    return table


def texts(values: tuple[str, ...]) -> pa.LargeStringArray:
    """Return strings as Arrow."""
    return pa.array(values, pa.large_string())
