"""An ask is what a leaf means for one tenant: a source of answers, and the test at an instant."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, cast

from bitseg.columns.tests import AnyTest, DateIn, NumberIn, Present
from bitseg.engagement import derived_source
from bitseg.events.counts import CountTally
from bitseg.events.distincts import DistinctTally
from bitseg.events.sequences import SequenceTally
from bitseg.events.sums import SumTally
from bitseg.events.where import Where
from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.plan.kept import Always
from bitseg.plan.nodes import EventLeaf, FieldLeaf, Leaf, SampleLeaf, SequenceLeaf, Span
from bitseg.rules.dates import intervals, is_relative, window
from bitseg.rules.moments import duration_ms
from bitseg.rules.nodes import FieldRule
from bitseg.samples import SampleSource, below
from bitseg.sources import StoredSource, TallySource

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.clock import Now
    from bitseg.events.tally import Tally, Window
    from bitseg.rules.nodes import Group
    from bitseg.sources import Source
    from bitseg.tenant import Tenant

    Ask = tuple[Source, Callable[[Now], AnyTest]]


@singledispatch
def ask(leaf: Leaf, tenant: Tenant) -> Ask:
    """Return the source that answers a leaf, and the leaf's test at any instant."""
    del tenant
    message = f"no source for {type(leaf).__name__}"
    raise TypeError(message)


@ask.register(FieldLeaf)
def _field(leaf: FieldLeaf, tenant: Tenant) -> Ask:
    source = _field_source(leaf, tenant)
    if isinstance(leaf.test, FieldRule):
        return source, _date_test(leaf.test, source)
    return source, Always(leaf.test)


def _field_source(leaf: FieldLeaf, tenant: Tenant) -> Source:
    if leaf.field in ENGAGEMENT_FIELDS:
        return derived_source(leaf.field, tenant.contacts, tenant.events, tenant.zone)
    contacts = tenant.contacts
    if leaf.field == "contact.id":
        return StoredSource(contacts, leaf.field, lambda: contacts.id_column)
    return StoredSource(contacts, leaf.field, lambda: contacts.column(leaf.field, leaf.data_type))


def _date_test(rule: FieldRule, source: Source) -> Callable[[Now], AnyTest]:
    """Return a date rule's test: the intervals its bounds come to at an instant."""
    if rule.operator == "anniversary":
        return _anniversary_test(rule, source)
    if is_relative(rule):
        return lambda now: DateIn(intervals(rule, now))
    fixed: list[AnyTest] = []

    def test(now: Now) -> AnyTest:
        # Literal dates come to the same whenever asked; the zone is the tenant's for good.
        if not fixed:
            fixed.append(DateIn(intervals(rule, now)))
        return fixed[0]

    return test


def _anniversary_test(rule: FieldRule, source: Source) -> Callable[[Now], AnyTest]:
    """Return the test of an anniversary, which is a stretch in each year that has values."""

    def test(now: Now) -> AnyTest:
        lo, hi = source.extent() or (0, 0)
        return DateIn(intervals(rule, now, lo, hi))

    return test


@ask.register(EventLeaf)
def _event(leaf: EventLeaf, tenant: Tenant) -> Ask:
    events = tenant.events
    log = events.log(leaf.event)
    at = _window(leaf.span)
    key = (leaf.event, leaf.where, leaf.measure, leaf.of, leaf.span)

    def make() -> Tally:
        where = _where(leaf.where, tenant)
        if leaf.measure == "count":
            return CountTally(log, where, at)
        kind = SumTally if leaf.measure == "sum" else DistinctTally
        return kind(leaf.event, log, leaf.of, where, at)

    tally = events.tally(key, (leaf.event,), make)
    return TallySource(tally), Always(NumberIn(leaf.intervals))


@ask.register(SequenceLeaf)
def _sequence(leaf: SequenceLeaf, tenant: Tenant) -> Ask:
    events = tenant.events
    kinds = tuple(dict.fromkeys(step.event for step in leaf.steps))
    gap = None if leaf.gap is None else duration_ms(leaf.gap)

    def make() -> Tally:
        steps = tuple((step.event, _where(step.where, tenant)) for step in leaf.steps)
        logs = {kind: events.log(kind) for kind in kinds}
        return SequenceTally(logs, steps, gap, _window(leaf.span))

    tally = events.tally((leaf.steps, leaf.gap, leaf.span), kinds, make)
    return TallySource(tally), Always(Present())


@ask.register(SampleLeaf)
def _sample(leaf: SampleLeaf, tenant: Tenant) -> Ask:
    return SampleSource(tenant.contacts, leaf.seed), Always(cast("AnyTest", below(leaf.percent)))


def _where(group: Group | None, tenant: Tenant) -> Where | None:
    if group is None:
        return None
    return Where(group, tenant.schema, tenant.events.dictionaries, tenant.zone)


def _window(span: Span) -> Callable[[Now], Window]:
    return lambda now: window(span.within, span.since, span.until, now)
