"""A watched leaf says which rows must be looked at again, and when time alone will ask for it.

It keeps no members, unlike a kept leaf: those of the segments are recorded, and a leaf is asked
about few rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.crossings import horizon, next_crossing
from bitseg.engagement import kinds_behind
from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.plan.asks import ask
from bitseg.plan.kept import moved
from bitseg.plan.nodes import EventLeaf, FieldLeaf, SequenceLeaf
from bitseg.rules.dates import edges, is_relative, on_calendar, rests_on_calendar
from bitseg.rules.nodes import FieldRule

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.columns.tests import AnyTest
    from bitseg.plan.nodes import Leaf
    from bitseg.tenant import Tenant


class WatchedLeaf:
    """One leaf of the plans of some segments.

    Attributes:
        leaf: it.
        kinds: the kinds of event that it rests on.
        users: the ids of the segments whose plans have it.
        due: the next instant at which it is to be looked at, ms; None = writes alone change it.
        everything: whether all rows are to be looked at again.
    """

    def __init__(self, leaf: Leaf, tenant: Tenant, touched: Callable[[WatchedLeaf], None]) -> None:
        """Take the leaf, the data, and whom to tell when rows are to be looked at again."""
        self.leaf = leaf
        self._source, self._test_at = ask(leaf, tenant)
        self._rule = _relative_rule(leaf)
        self._calendar = _on_calendar(leaf)
        self._tell = touched
        self._test: AnyTest | None = None
        self._touched: list[Rows] = []
        self._touches = 0
        self._n = 0
        self.kinds = _kinds(leaf)
        self.users: set[str] = set()
        self.due: int | None = None
        self.everything = False
        self._source.listen(self)

    def touch(self, rows: Rows) -> None:
        """Note rows to look at again."""
        if rows.size == 0 or self.everything:
            return
        self._touched.append(rows)
        self._touches += rows.size
        if self._touches > self._n:
            self.forget()
        self._tell(self)

    def forget(self) -> None:
        """Note that all rows are to be looked at again."""
        self.take()
        self.everything = True
        self._tell(self)

    def close(self) -> None:
        """Stop listening."""
        self._source.leave(self)

    def settle(self, now: Now, n: int) -> None:
        """Come to an instant among n rows; what that changes is touched."""
        self._n = n
        self._source.settle(now, n)
        test = self._test_at(now)
        if test != self._test:
            if self._test is not None:
                self.touch(self._source.rows_between(moved(self._test, test)))
            self._test = test

    def take(self) -> list[Rows]:
        """Return the rows that were touched, repeats among them, and forget them."""
        touched, self._touched, self._touches = self._touched, [], 0
        self.everything = False
        return touched

    def truth(self, rows: Rows) -> Mask:
        """Return bool[k]: which of uint32[k] rows are in it at the instant it has come to."""
        if self._test is None:
            message = "a leaf was asked before it was settled"
            raise TypeError(message)
        return self._source.matches_at(self._test, rows)

    def look_ahead(self, now: Now) -> None:
        """Find when time alone may change it, behind the instant it has come to."""
        if self._rule is None and not self.kinds:
            return
        until = horizon(now.at, calendar=self._calendar)
        found = [until, self._source.due(now, until)]
        if (rule := self._rule) is not None:
            found.append(
                next_crossing(lambda at: edges(rule, at), self._source.next_from, now, until)
            )
        self.due = min(one for one in found if one is not None)


def _relative_rule(leaf: Leaf) -> FieldRule | None:
    """Return the date rule of a leaf whose bounds move with time."""
    if isinstance(leaf, FieldLeaf) and isinstance(leaf.test, FieldRule) and is_relative(leaf.test):
        return leaf.test
    return None


def _on_calendar(leaf: Leaf) -> bool:
    rule = _relative_rule(leaf)
    if rule is not None:
        return rests_on_calendar(rule)
    if isinstance(leaf, EventLeaf | SequenceLeaf):
        return on_calendar(leaf.span.within, leaf.span.since, leaf.span.until)
    return False


def _kinds(leaf: Leaf) -> tuple[str, ...]:
    match leaf:
        case EventLeaf():
            return (leaf.event,)
        case SequenceLeaf():
            return tuple(dict.fromkeys(step.event for step in leaf.steps))
        case FieldLeaf() if leaf.field in ENGAGEMENT_FIELDS:
            return kinds_behind(leaf.field)
        case _:
            return ()
