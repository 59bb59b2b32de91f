"""A schema view is what reading a rule needs to know of the tenant: names, types, timezone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from bitseg.fields import DataType, Field
from bitseg.zones import Zone


class SchemaView(Protocol):
    """The tenant as rules see it; no data."""

    @property
    def zone(self) -> Zone:
        """The tenant's timezone: date-times without offset are its wall times."""

    def field(self, path: str) -> Field | None:
        """Return the field at a full path, or None."""

    def field_paths(self) -> Iterable[str]:
        """Return all full paths."""

    def property_type(self, name: str) -> DataType | None:
        """Return an event property's type, ``hour`` and ``weekday`` included, or None."""

    def property_names(self) -> Iterable[str]:
        """Return all properties that ``where`` may name."""

    def has_segment(self, segment: str) -> bool:
        """Whether the tenant has a segment of this id."""

    def segment_ids(self) -> Iterable[str]:
        """Return the ids of all segments."""
