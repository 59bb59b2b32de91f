"""Lint is what is valid in a definition, but perhaps not meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bitseg.errors import did_you_mean
from bitseg.fields import EVENT_KINDS
from bitseg.results import Lint
from bitseg.rules.dates import is_crossed, window
from bitseg.rules.nodes import EventRule, FieldRule, Group, SequenceRule
from bitseg.rules.walk import walk_group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitseg.clock import Now
    from bitseg.rules.nodes import Condition, Definition
    from bitseg.schema import Schema


class Decided(Protocol):
    """A definition, and which of its parts match nobody or everybody whatever the data are."""

    @property
    def definition(self) -> Definition:
        """The definition."""
        ...

    @property
    def parts(self) -> tuple[tuple[str, Condition], ...]:
        """Its groups and conditions by path, as ``walk`` has them."""
        ...

    @property
    def decided(self) -> tuple[tuple[str, str], ...]:
        """The path of each such part and ``nobody`` or ``everybody``; the whole has path ""."""
        ...


def lint(
    compiled: Decided, schema: Schema, now: Now, kept_since: int | None = None
) -> tuple[Lint, ...]:
    """Return the remarks on a definition: first on what it says alone, then in its order.

    Args:
        compiled: what is remarked on.
        schema: the kinds and properties that were ever seen.
        now: what relative dates are counted from.
        kept_since: events before this instant were dropped by retention; None = none were.
    """
    decided = tuple(
        Lint(path, f"matches_{whom}", f"By what it says alone, this matches {whom}")
        for path, whom in compiled.decided
    )
    return (*decided, *_remarks(compiled, schema, now, kept_since))


def _remarks(compiled: Decided, schema: Schema, now: Now, kept_since: int | None) -> Iterator[Lint]:
    definition = compiled.definition
    if not definition.groups:
        meaning = "everybody" if definition.match == "all" else "nobody"
        yield Lint("groups", "empty", f"There are no groups, which matches {meaning}")
    for path, node in compiled.parts:
        if isinstance(node, Group):
            yield from _empty(path, node)
        elif isinstance(node, FieldRule):
            yield from _crossed(path, node, now)
        elif isinstance(node, EventRule):
            yield from _event(path, node, schema, now, kept_since)
        elif isinstance(node, SequenceRule):
            yield from _sequence(path, node, schema, now, kept_since)


def _empty(path: str, group: Group) -> Iterator[Lint]:
    if not group.conditions:
        meaning = "nobody" if group.match == "any" else "everybody"
        message = f"The group has no conditions, which matches {meaning}"
        yield Lint(path, "empty", message)


def _crossed(path: str, rule: FieldRule, now: Now) -> Iterator[Lint]:
    if rule.data_type == "date" and is_crossed(rule, now):
        meaning = "nobody" if rule.operator == "between" else "everybody"
        message = f"The start lies after the end now, which matches {meaning}"
        yield Lint(f"{path}.value", "crossed", message)


def _event(
    path: str, rule: EventRule, schema: Schema, now: Now, kept_since: int | None
) -> Iterator[Lint]:
    yield from _kind(f"{path}.event", rule.event, schema)
    if rule.measure.of:
        yield from _property(f"{path}.measure", rule.measure.of, schema)
    if rule.where is not None:
        yield from _where(f"{path}.where", rule.where, schema)
    yield from _window(path, rule, now, kept_since)


def _sequence(
    path: str, rule: SequenceRule, schema: Schema, now: Now, kept_since: int | None
) -> Iterator[Lint]:
    for i, step in enumerate(rule.sequence):
        yield from _kind(f"{path}.sequence[{i}].event", step.event, schema)
        if step.where is not None:
            yield from _where(f"{path}.sequence[{i}].where", step.where, schema)
    yield from _window(path, rule, now, kept_since)


def _where(path: str, where: Group, schema: Schema) -> Iterator[Lint]:
    for inner, node in walk_group(path, where):
        if isinstance(node, Group):
            yield from _empty(inner, node)
        elif isinstance(node, FieldRule):
            yield from _property(f"{inner}.field", node.field, schema)


def _kind(path: str, kind: str, schema: Schema) -> Iterator[Lint]:
    if kind not in schema.kinds:
        near = did_you_mean(kind, schema.kinds | set(EVENT_KINDS))
        yield Lint(path, "unknown_kind", f"No event of kind {kind!r} was ever seen.{near}")


def _property(path: str, name: str, schema: Schema) -> Iterator[Lint]:
    if schema.property_type(name) is None:
        near = did_you_mean(name, schema.property_names())
        yield Lint(path, "unknown_property", f"No event ever had a property {name!r}.{near}")


def _window(
    path: str, rule: EventRule | SequenceRule, now: Now, kept_since: int | None
) -> Iterator[Lint]:
    lo, hi = window(rule.within, rule.since, rule.until, now)
    if lo >= hi:
        yield Lint(path, "empty_window", "The window is empty now, so that no event can count")
    if kept_since is not None and lo < kept_since:
        message = "The window reaches behind the retention of events; older ones do not count"
        yield Lint(path, "behind_retention", message)
