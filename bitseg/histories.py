"""A history is what the record of a segment's members tells; the structs encode as they are."""

from __future__ import annotations

from typing import Literal

import msgspec


class Membership(msgspec.Struct, frozen=True):
    """A segment that a contact is in.

    Attributes:
        segment_id: its id.
        added_at: when the contact entered it, ISO 8601 in UTC; None = longer ago than is looked.
        added_via: how: ``rule_match``, ``manual`` by ids, ``import`` from a file; likewise.
    """

    segment_id: str
    added_at: str | None
    added_via: str | None


class MemberChange(msgspec.Struct, frozen=True):
    """One contact that entered or left a segment.

    Attributes:
        seq: the change's number; those of a segment go from 1 without gaps.
        contact_id: who; None where they were erased since.
        change: which of the two.
        at: the instant at which they did, ISO 8601 in UTC.
    """

    seq: int
    contact_id: str | None
    change: Literal["entered", "left"]
    at: str


class SegmentSize(msgspec.Struct, frozen=True):
    """How many members a segment had from an instant on, ISO 8601 in UTC."""

    at: str
    count: int


class SegmentHistory(msgspec.Struct, frozen=True):
    """Some changes of a segment's members, in order.

    Attributes:
        items: the changes.
        last_seq: the number of the last change that there is, 0 without any.
        sizes: how many members there were behind each instant of the items.
    """

    items: tuple[MemberChange, ...]
    last_seq: int
    sizes: tuple[SegmentSize, ...]
