"""The engine is the front of bitseg: contacts and events in (``Writing``), counts and members out.

One lock orders everything: a write is prepared outside and applied under it, an evaluation holds
it, so it sees one version and never half a write.
"""

from __future__ import annotations

from functools import partial
from threading import RLock
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final, Self

import msgspec
import numpy as np

from bitseg.arguments import check_days, instant_of
from bitseg.budget import Budget, Limit
from bitseg.catalogue import Catalogue
from bitseg.clock import Now
from bitseg.counting import Counting
from bitseg.defining import Defining
from bitseg.errors import Fault, FieldError, nearest
from bitseg.fields import Field
from bitseg.figures import TakeFigures
from bitseg.growth import Growing, growth_of
from bitseg.members import Members
from bitseg.plan.execute import Executor
from bitseg.preview import (
    Evaluation,
    contact_values,
    contacts_shown,
    diff,
    explain,
    suggest,
    take_values,
)
from bitseg.preview import breakdown as _breakdown
from bitseg.preview import near_misses as _near_misses
from bitseg.preview import sample as _sample
from bitseg.results import ContactPage, Explanation, FieldValues, Preview, Timeline
from bitseg.rulebook import Rulebook
from bitseg.segments import Segments
from bitseg.settling import Settling
from bitseg.tenant import Tenant
from bitseg.timeline import timeline
from bitseg.tracking import Tracker
from bitseg.writes import Writes
from bitseg.writing import Writing
from bitseg.zones import get_zone

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


GIB: Final = 2**30
AT_ONCE_TEXT: Final = 4_096
"""A definition of so many characters is read in about a millisecond."""
SAMPLE_MOST: Final = 50
_SOUGHT: Final = ("contact.id", "contact.email", "contact.first_name", "contact.last_name")
"""Where a text that finds contacts is looked for."""


class Engine(Writing):
    """All contacts, events and segments of one tenant, in memory.

    Methods that take ``rules`` take a dict in the shape of SPEC section 4, its JSON text or
    bytes, or a ``Definition``, and raise ``RuleError`` naming every fault. ``now`` is an aware
    datetime, cut to the ms; without it, the engine's clock. An engine may be used from several
    threads.

    Attributes:
        segments: the saved segments, and what can be done with them.
        figures: takes how much it holds, for metrics.
    """

    def __init__(  # noqa: PLR0913 - each setting is a name the caller writes
        self,
        timezone: str = "UTC",
        *,
        clock: Callable[[], int] | None = None,
        keep_bytes: int = GIB,
        remember_event_ids_days: int = 30,
        retention_days: int | None = None,
        memory_budget: Limit = None,
    ) -> None:
        """Begin with no contacts.

        Args:
            timezone: IANA name of the tenant's timezone.
            clock: returns ms since 1970 UTC; None = the system's clock.
            keep_bytes: how much of what queries build may be kept for the next ones.
            remember_event_ids_days: a second event of an id is ignored for at least this long.
            retention_days: drop events older than this, keeping their lifetime totals; None = no.
            memory_budget: bytes that data and what queries build may take, or what returns them as
                they are by now; a write or an answer that may pass it is refused. None = any.

        Raises:
            FieldError: there is no such timezone, or a number of days or bytes is below 1.
        """
        check_days("remember_event_ids_days", remember_event_ids_days)
        check_days("retention_days", retention_days, may_be_none=True)
        tenant = Tenant(get_zone(timezone), remember_event_ids_days)
        writes = Writes(tenant, Segments(), RLock(), clock, retention_days)
        self._stand_on(writes, keep_bytes, memory_budget)

    @classmethod
    def on(cls, writes: Writes, keep_bytes: int = GIB, memory_budget: Limit = None) -> Self:
        """Return an engine on data that are there, as ``bitseg.open`` reads them from a file."""
        engine = cls.__new__(cls)
        engine._stand_on(writes, keep_bytes, memory_budget)  # noqa: SLF001 - its own
        return engine

    def _stand_on(self, writes: Writes, keep_bytes: int, memory_budget: Limit) -> None:
        self._lock = writes.lock
        self._tenant = writes.tenant
        self._segments = writes.segments
        self._rulebook = Rulebook(self._tenant, self._segments)
        self._executor = Executor(self._tenant, self._segments, keep_bytes)
        tracker = Tracker(self._tenant, self._segments, self._executor, self._lock)
        if writes.last_at is not None:
            tracker.begin(writes.last_at)
        writes.follower = tracker
        defining = Defining(writes, self._rulebook, self._executor)
        self.figures = TakeFigures(writes, defining, self._executor, tracker)
        self._budget = Budget(memory_budget, self._data_bytes, self._executor, self._lock)
        writes.check_room = self._check_room
        self._executor.check_room = self._budget.check_leaf
        self._counting = Counting(writes, self._executor)
        settling = Settling(writes, self._rulebook, self._executor)
        super().__init__(writes, defining, settling)
        self.segments = Catalogue(writes, defining, self._executor, tracker)

    # Questions

    def count(self, rules: Any, now: datetime | None = None) -> int:
        """Return how many contacts are in a definition."""
        with self._lock:
            return self._executor.members(self._rulebook.compiled(rules).plan, self._now(now)).count

    def select(self, rules: Any, now: datetime | None = None) -> Members:
        """Return the contacts that are in a definition, as a set that no later write changes."""
        with self._lock:
            members = self._executor.members(self._rulebook.compiled(rules).plan, self._now(now))
            return Members(members.copy(), self._tenant.contacts, self._lock)

    def preview(  # noqa: PLR0913 - likewise
        self,
        rules: Any,
        breakdown: bool = False,  # noqa: FBT001, FBT002 - SPEC 8 has it so
        sample: int = 0,
        now: datetime | None = None,
        *,
        near_misses: bool = False,
        against: str | None = None,
    ) -> Preview:
        """Return the count of a definition and what helps to judge it.

        Args:
            rules: the definition.
            breakdown: also count every condition and group on its own.
            sample: also show this many member contacts, up to 50, in the order of first load.
            now: the instant.
            near_misses: also count the contacts that fail one unit only, by unit.
            against: also say who would enter and leave this segment.

        Raises:
            RuleError: the rules are not valid.
            UnknownSegmentError: there is no segment ``against``.
            FieldError: ``sample`` is not between 0 and 50.
        """
        if not 0 <= sample <= SAMPLE_MOST:
            raise FieldError(f"Expected a sample of 0 to {SAMPLE_MOST} contacts, got {sample}")
        began = perf_counter_ns()
        with self._lock:
            frame = self._evaluation(now)
            compiled = self._rulebook.compiled(rules)
            definition = compiled.definition
            found = self._counting.preview(compiled, frame.now, began)
            if not (breakdown or sample or near_misses or against is not None):
                return found
            members = frame.members_of_plan(compiled.plan)
            return msgspec.structs.replace(
                found,
                breakdown=_breakdown(definition, frame) if breakdown else None,
                sample=_sample(members, sample, self._tenant) if sample else None,
                near_misses=_near_misses(definition, frame) if near_misses else None,
                diff=None if against is None else diff(members, against, frame),
                took_us=(perf_counter_ns() - began) // 1_000,
            )

    def preview_at_once(self, rules: str | bytes) -> Preview | None:
        """Return the preview of a definition as of now, if that takes about a millisecond.

        A server asks this first, in the thread that all requests share: waiting for another thread
        takes longer than most previews.

        Returns:
            None where it may take longer: the definition is long, something it needs is not kept
            and long to make, or somebody else holds the data. ``preview`` has it.

        Raises:
            RuleError: the rules are not valid.
        """
        began = perf_counter_ns()
        if len(rules) > AT_ONCE_TEXT or not self._lock.acquire(blocking=False):
            return None
        try:
            now = self._now(None)
            compiled = self._rulebook.compiled(rules)
            return (
                self._counting.preview(compiled, now, began)
                if self._counting.is_quick(compiled, now)
                else None
            )
        finally:
            self._lock.release()

    def explain(self, rules: Any, contact_id: str, now: datetime | None = None) -> Explanation:
        """Return, for one contact, each condition's answer and the contact's own value.

        Raises:
            RuleError: the rules are not valid.
            UnknownContactError: no contact has the id.
        """
        with self._lock:
            frame = self._evaluation(now)
            compiled = self._rulebook.compiled(rules)
            row = self._tenant.contacts.known_row(contact_id)
            member = frame.members_of_plan(compiled.plan).test(np.array([row], np.uint32))
            return Explanation(
                contact_id, bool(member[0]), explain(compiled.definition, row, frame)
            )

    def contact(self, contact_id: str, now: datetime | None = None) -> dict[str, Any]:
        """Return ``{field path: value}`` of one contact, without what is missing.

        Raises:
            UnknownContactError: no contact has the id.
        """
        with self._lock:
            row, instant = self._tenant.contacts.known_row(contact_id), self._now(now)
            return contact_values(
                self.fields.values(), lambda path: self._tenant.value(path, row, instant)
            )

    def find_contacts(self, q: str = "", *, offset: int = 0, limit: int = 50) -> ContactPage:
        """Return contacts whose id, e-mail or name has a text in it, in the order of first load.

        Args:
            q: the text, whatever its case; empty = everybody.
            offset: leave out so many.
            limit: return at most so many.
        """
        sought = [{"field": path, "operator": "contains", "value": q} for path in _SOUGHT]
        groups = [{"match": "any", "conditions": sought}] if q else []
        for one in sought if q else ():  # one after another, so that writers get in between
            self.count({"match": "all", "groups": [{"match": "all", "conditions": [one]}]})
        with self._lock:
            now = self._now(None)
            plan = self._rulebook.compiled({"match": "all", "groups": groups}).plan
            members = self._executor.members(plan, now)
            rows, total = members.some(offset, limit), members.count
            fields = [*self.fields.values()]
            columns = {one.path: self._tenant.values(one.path, rows, now) for one in fields}
        return ContactPage(contacts_shown(fields, columns, rows.size), total)

    def field_values(
        self,
        path: str,
        q: str = "",
        *,
        rules: Any = None,
        limit: int = 50,
        now: datetime | None = None,
    ) -> FieldValues:
        """Return a field's values with how many contacts have each, the most frequent first.

        Those that begin with a text come before those that have it further on. Arrays give their
        elements, and dates the days in the tenant's timezone.

        Args:
            path: the field.
            q: the text, whatever its case; empty = all values.
            rules: whose values; None = all contacts'.
            limit: return at most so many.
            now: the instant.

        Raises:
            FieldError: there is no such field, or the limit is below 1.
            RuleError: the rules are not valid.
        """
        if limit < 1:
            raise FieldError(Fault("limit", f"Expected at least 1, got {limit}"))
        with self._lock:
            field = self._tenant.schema.field(path)
            if field is None:
                near = nearest(path, self._tenant.schema.fields)
                allowed = () if near is None else (near,)
                message = f"There is no field {path!r}"
                raise FieldError(Fault("path", message, allowed, "unknown_field"))
            frame, members = self._evaluation(now), None
            if rules is not None:
                members = frame.members_of_plan(self._rulebook.compiled(rules).plan)
            taken = take_values(field, members, self._tenant, frame.now, self._lock)
        return suggest(taken, q, limit)

    def events_of(self, contact_id: str, *, offset: int = 0, limit: int = 50) -> Timeline:
        """Return a contact's events, the newest first.

        Args:
            contact_id: whose.
            offset: leave out so many.
            limit: return at most so many.

        Raises:
            UnknownContactError: no contact has the id.
        """
        with self._lock:
            self._writes.commits.check_whole()
            row = self._tenant.contacts.known_row(contact_id)
            return timeline(self._tenant, row, offset, limit)

    def __bool__(self) -> bool:
        """Return True: an engine without contacts is an engine."""
        return True

    def __len__(self) -> int:
        """Return how many contacts there are."""
        return self._tenant.contacts.live.count

    # The inside, made visible

    @property
    def fields(self) -> dict[str, Field]:
        """The fields by path: built in, declared and inferred; a copy."""
        return dict(self._tenant.schema.fields)

    @property
    def timezone(self) -> str:
        """The IANA name of the tenant's timezone."""
        return self._tenant.zone.key

    @property
    def retention_days(self) -> int | None:
        """For how many days events are kept; None = for ever."""
        return self._writes.retention_days

    @property
    def event_count(self) -> int:
        """How many events there are."""
        with self._lock:
            return len(self._tenant.events)

    def memory(self) -> dict[str, int]:
        """Return bytes held, by what for: data, and ``kept`` for what queries built."""
        with self._lock:
            return self.figures.memory()

    @property
    def memory_budget(self) -> Limit:
        """How many bytes data and what queries build may take, or what returns them; may be set."""
        return self._budget.limit

    @memory_budget.setter
    def memory_budget(self, limit: Limit) -> None:
        self._budget.limit = limit

    @property
    def held(self) -> int:
        """Bytes held, about and rather too many: what ``memory`` measures, at no cost."""
        return self._budget.held

    def drop_kept(self) -> None:
        """Drop everything that queries built; the next ones build it again."""
        with self._lock:
            self._executor.drop_kept()

    def _data_bytes(self) -> int:
        held = self.figures.memory()
        return sum(held.values()) - held["tallies"] - held["kept"]

    def _check_room(self, change: Growing) -> None:
        self._budget.check_write(partial(growth_of, change, self._tenant))

    def _now(self, now: datetime | None) -> Now:
        self._writes.commits.check_whole()
        if now is None:
            return Now(self._writes.now(), self._tenant.zone)
        return Now(instant_of(now), self._tenant.zone)

    def _evaluation(self, now: datetime | None) -> Evaluation:
        return Evaluation(self._tenant, self._executor, self._now(now))
