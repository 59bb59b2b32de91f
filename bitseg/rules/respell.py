"""A spelling that was kept is read back by what it says of types itself, whatever the schema says.

So a definition means the same for ever, also where a property appeared later with another type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from bitseg.fields import BUILT_IN, TIME_PROPERTIES, DataType, Field
from bitseg.rules.nodes import Definition
from bitseg.rules.spell import spell
from bitseg.rules.validate import read
from bitseg.zones import Zone


def spelled(definition: Definition) -> bytes:
    """Return a definition's spelling as JSON."""
    return msgspec.json.Encoder(decimal_format="number").encode(spell(definition))


def respell(data: bytes, zone: Zone) -> Definition:
    """Return the definition that ``spelled`` wrote.

    Raises:
        RuleError: this version reads it no longer.
    """
    return read(data, _OwnTypes(msgspec.json.decode(data), zone))


class _OwnTypes:
    """The schema that a spelling implies: the fields it names, with its types.

    Of properties it says nothing, so that each rule's own type stands, as for one never seen.
    """

    def __init__(self, rules: Any, zone: Zone) -> None:
        self.zone = zone
        self._fields: dict[str, Field] = dict(BUILT_IN)
        for path, data_type in _fields(rules):
            self._fields.setdefault(path, Field(path, data_type))

    def field(self, path: str) -> Field | None:
        """Return the field that a rule names."""
        return self._fields.get(path)

    def field_paths(self) -> Iterable[str]:
        """Return the fields."""
        return self._fields.keys()

    def property_type(self, name: str) -> DataType | None:
        """Return the type that a property has by its name."""
        return TIME_PROPERTIES.get(name)

    def property_names(self) -> Iterable[str]:
        """Return the properties that have one."""
        return TIME_PROPERTIES.keys()

    def has_segment(self, segment: str) -> bool:
        """Return True: whoever kept it had checked its references."""
        return bool(segment)

    def segment_ids(self) -> Iterable[str]:
        """Return none: no name is looked for."""
        return ()


def _fields(node: Any) -> Iterator[tuple[str, DataType]]:
    """Yield the path and type of each rule on a field, those in a ``where`` left out."""
    if isinstance(node, list):
        for one in node:
            yield from _fields(one)
    elif isinstance(node, dict):
        if "field" in node:
            yield node["field"], node["dataType"]
        for key, value in node.items():
            if key != "where":
                yield from _fields(value)
