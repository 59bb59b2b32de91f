"""Validation turns a raw definition into nodes, or into every fault there is in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, Literal, cast

from bitseg.errors import RuleError
from bitseg.rules.decode import decode
from bitseg.rules.event_rules import read_event_rule, read_sequence_rule
from bitseg.rules.field_rules import read_field_rule
from bitseg.rules.groups import ReadLeaf, read_group, read_match
from bitseg.rules.messages import join, quoted
from bitseg.rules.nodes import Definition, Group, SampleRule, SegmentRule
from bitseg.rules.reading import Reading, TooManyFaultsError
from bitseg.rules.view import SchemaView

MAX_GROUPS: Final = 500
"""How many top groups, exclusions included, a definition may have."""
_MAX_DECIMALS: Final = 50
"""How finely a sample's percent may be written."""
_HUNDRED: Final = Decimal(100)


def read(raw: object, schema: SchemaView, *, saving: bool = False) -> Definition:
    """Read a definition.

    Args:
        raw: a dict of plain values (a date may be a ``datetime`` or ``date``), or its JSON as
            text or UTF-8 bytes.
        schema: the tenant's names, types and timezone.
        saving: refuse also what is empty and would match everybody, or nobody, by accident.

    Raises:
        RuleError: with every fault, its path, and what would be right.
    """
    reading = Reading(schema, saving=saving)
    definition = None
    with suppress(TooManyFaultsError):
        definition = _read_definition(reading, _plain(raw))
    if reading.faults or definition is None:
        raise RuleError(*reading.faults)
    return definition


def _plain(raw: object) -> object:
    """Return plain values of what may be JSON text."""
    if isinstance(raw, bytearray | memoryview):
        raw = bytes(raw)
    return decode(raw) if isinstance(raw, str | bytes) else raw


def _read_definition(reading: Reading, raw: object) -> Definition | None:
    found = reading.mapping("", raw, "a definition", ("match", "groups", "exclusions"))
    if found is None:
        return None
    match = read_match(reading, "", found, ("all", "any"))
    groups: tuple[Group, ...] = ()
    if reading.required("", found, "groups", "a list of groups"):
        groups = _read_groups(reading, "groups", found["groups"])
        if reading.saving and found["groups"] == []:
            message = "Expected at least one group, got an empty list: what is saved is not empty"
            reading.fault("groups", message, "empty_group")
    exclusions = _read_groups(reading, "exclusions", found.get("exclusions", []))
    return Definition(cast("Literal['all', 'any']", match or "all"), groups, exclusions)


def _read_groups(reading: Reading, path: str, raw: object) -> tuple[Group, ...]:
    if not isinstance(raw, list | tuple):
        reading.expected(path, "a list of groups", raw)
    elif len(raw) > MAX_GROUPS:
        message = f"Expected at most {MAX_GROUPS} groups, got {len(raw):,}"
        reading.fault(path, message, "too_many")
    else:
        groups = (
            read_group(reading, f"{path}[{i}]", each, 1, _LEAVES) for i, each in enumerate(raw)
        )
        return tuple(group for group in groups if group is not None)
    return ()


def _read_segment_rule(
    reading: Reading, path: str, raw: Mapping[str, Any], _depth: int
) -> SegmentRule | None:
    """Read a segment rule; that references make no cycle is for who knows the definitions."""
    reading.mapping(path, raw, "a segment rule", ("segment", "operator"))
    at = join(path, "segment")
    segment = reading.text(at, raw["segment"], "a segment's id")
    if segment is not None and not reading.schema.has_segment(segment):
        near = reading.suggest(segment, reading.schema.segment_ids())
        reading.fault(at, f"Expected a segment, got {quoted(segment)}{near}", "unknown_segment")
    operators: tuple[Literal["in", "not_in"], ...] = ("in", "not_in")
    given = raw.get("operator", "in")
    operator = reading.word(join(path, "operator"), given, "in or not_in", operators)
    return SegmentRule(segment or "", operator or "in")


def _read_sample_rule(
    reading: Reading, path: str, raw: Mapping[str, Any], _depth: int
) -> SampleRule | None:
    """Read a sample rule."""
    reading.mapping(path, raw, "a sample rule", ("sample", "seed"))
    percent = _read_percent(reading, join(path, "sample"), raw["sample"])
    if not reading.required(path, raw, "seed", "a seed, any string"):
        return None
    at = join(path, "seed")
    seed = reading.text(at, raw["seed"], "a seed, any string", may_be_empty=True)
    if seed is not None and "\0" in seed:
        reading.fault(at, "Expected a seed without NUL characters, got one with", "invalid_seed")
    return SampleRule(percent or Decimal(0), seed or "")


def _read_percent(reading: Reading, path: str, raw: object) -> Decimal | None:
    """Read a percent as the decimal written; of a float from Python, as Python writes it."""
    if reading.number(path, raw, "a percent from 0 to 100") is None:
        return None
    percent = raw if isinstance(raw, Decimal) else Decimal(str(raw))
    if not 0 <= percent <= _HUNDRED:
        reading.expected(path, "a percent from 0 to 100", raw, "out_of_range")
        return None
    exponent = percent.as_tuple().exponent
    if percent and isinstance(exponent, int) and exponent < -_MAX_DECIMALS:
        message = f"Expected at most {_MAX_DECIMALS} decimals, got {-exponent:,}"
        reading.fault(path, message, "too_long")
        return None
    return percent or Decimal(0)


_LEAVES: Final[dict[str, ReadLeaf]] = {
    "field": read_field_rule,
    "event": read_event_rule,
    "sequence": read_sequence_rule,
    "segment": _read_segment_rule,
    "sample": _read_sample_rule,
}
