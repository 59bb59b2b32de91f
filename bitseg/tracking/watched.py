"""A watched leaf says which rows must be looked at again, and when time alone will ask for it.

Of leaves that time changes it holds the members, so that most of what crosses a bound, such as the
ninth open of ten that are more than five, asks no segment. Others are looked up where they lie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bitseg.crossings import horizon, next_crossing
from bitseg.engagement import kinds_behind
from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.plan.asks import ask
from bitseg.plan.kept import REBUILD_SHARE, moved
from bitseg.plan.nodes import EventLeaf, FieldLeaf, SequenceLeaf
from bitseg.rules.dates import edges, is_relative, on_calendar, rests_on_calendar, window
from bitseg.rules.nodes import FieldRule
from bitseg.zones import DAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.bitmap import Mask, Rows, RowSet
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
    """

    def __init__(self, leaf: Leaf, tenant: Tenant, touched: Callable[[WatchedLeaf], None]) -> None:
        """Take the leaf, the data, and whom to tell when rows are to be looked at again."""
        self.leaf = leaf
        self._source, self._test_at = ask(leaf, tenant)
        self._rule = _relative_rule(leaf)
        self._calendar = _on_calendar(leaf)
        self._tell = touched
        self._test: AnyTest | None = None
        self._members: RowSet | None = None
        self._touched: list[Rows] = []
        self._touches = 0
        self._most = 0
        self._everything = False
        self.kinds = _kinds(leaf)
        self.users: set[str] = set()
        self.due: int | None = None
        self._source.listen(self)

    @property
    def nbytes(self) -> int:
        """Bytes that its members hold."""
        return 0 if self._members is None else self._members.nbytes

    @property
    def timed(self) -> bool:
        """Whether time alone may change it."""
        return self._rule is not None or bool(self.kinds)

    def touch(self, rows: Rows) -> None:
        """Note rows to look at again."""
        if rows.size == 0 or self._everything:
            return
        self._touched.append(rows)
        self._touches += rows.size
        if self._touches > self._most:
            self.forget()
        self._tell(self)

    def forget(self) -> None:
        """Note that all rows are to be looked at again."""
        self._take()
        self._everything = True
        self._tell(self)

    def close(self) -> None:
        """Stop listening."""
        self._source.leave(self)

    def begin(self, now: Now, n: int) -> None:
        """Come to an instant, for segments that are evaluated whole at it."""
        self.settle(now, n)
        self._take()
        if self.timed:
            self._members = self._all(n)

    def settle(self, now: Now, n: int) -> None:
        """Come to an instant among n rows; what that changes is touched."""
        self._most = n // REBUILD_SHARE
        self._source.settle(now, n)
        test = self._test_at(now)
        if test != self._test:
            if self._test is not None:
                self.touch(self._source.rows_between(moved(self._test, test)))
            self._test = test

    def changes(self, n: int) -> Rows | None:
        """Return the rows whose answer changed since this was last asked; None = any may have.

        Args:
            n: how many rows there are at the instant that it was settled for.
        """
        everything, touched = self._everything, self._take()
        if self._members is None:
            if everything:
                return None
            return np.unique(np.concatenate(touched)) if touched else np.empty(0, np.uint32)
        before = self._members
        before.grow(n)
        if everything:
            self._members = self._all(n)
            came, went = self._members.minus(before), before.minus(self._members)
            return np.union1d(came.rows(), went.rows())
        if not touched:
            return np.empty(0, np.uint32)
        rows: Rows = np.unique(np.concatenate(touched))
        truth = self._source.matches_at(self._settled, rows)
        changed = truth != before.test(rows)
        rows, truth = rows[changed], truth[changed]
        before.patch(rows, truth)
        return rows

    def truth(self, rows: Rows, n: int) -> Mask:
        """Return bool[k]: which of uint32[k] of n rows are in it.

        Holds for the instant at which its changes were last asked for, and until it is due.
        """
        if self._members is not None:
            self._members.grow(n)  # who is new is out, until touched
            return self._members.test(rows)
        return self._source.matches_at(self._settled, rows)

    def look_ahead(self, now: Now, known: dict[object, int | None]) -> None:
        """Find when time alone may change it, behind the instant it has come to.

        Args:
            now: that instant.
            known: what leaves that share a source found already.
        """
        if not self.timed:
            return
        until = horizon(now, self._bounds(now)) if self._calendar else now.at + DAY
        key = (self._source.due, until)
        if key not in known:
            known[key] = self._source.due(now, until)
        found = [until, known[key]]
        if (rule := self._rule) is not None:
            found.append(
                next_crossing(lambda at: edges(rule, at), self._source.next_from, now, until)
            )
        self.due = min(one for one in found if one is not None)

    def _bounds(self, now: Now) -> tuple[int, ...]:
        if self._rule is not None:
            return edges(self._rule, now)
        if isinstance(self.leaf, EventLeaf | SequenceLeaf):
            span = self.leaf.span
            return window(span.within, span.since, span.until, now)
        return ()

    @property
    def _settled(self) -> AnyTest:
        if self._test is None:
            message = "a leaf was asked before it was settled"
            raise TypeError(message)
        return self._test

    def _all(self, n: int) -> RowSet:
        members = self._source.matches(self._settled).copy()
        members.grow(n)
        return members

    def _take(self) -> list[Rows]:
        touched, self._touched, self._touches = self._touched, [], 0
        self._everything = False
        return touched


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
