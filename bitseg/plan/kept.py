"""A kept leaf is an answer that stays true: writes and the passing of time only patch it.

Writes tell it which rows to look at again; it looks when it is next asked. Time moves the bounds
of dates and windows; the rows between the old bounds and the new are looked at again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from bitseg.bitmap import VERSIONS, RowSet
from bitseg.columns.tests import DateIn

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.bitmap import Rows
    from bitseg.clock import Now
    from bitseg.columns.tests import AnyTest
    from bitseg.sources import Source

REBUILD_SHARE: Final = 8
"""With more than one row in eight to look at again, looking at all in one pass is faster."""

LEAST_BYTES: Final = 1_024
"""About what a leaf takes with nobody in it, so that leaves of nobody are dropped too."""


NEAR_MS: Final = 60_000
"""Events of a minute are few: a leaf that was asked so long ago or less is soon brought to now."""

PENDING_COST: Final = 64
"""A value that is made anew from a contact's events costs about as much as looking at so many."""


class Always(msgspec.Struct, frozen=True):
    """A test that is the same at any instant."""

    test: Any

    def __call__(self, _now: Now) -> AnyTest:
        """Return it."""
        test: AnyTest = self.test
        return test


class KeptLeaf:
    """One leaf's members and what must be looked at again.

    Attributes:
        version: changes whenever the members do.
    """

    def __init__(self, source: Source, test_at: Callable[[Now], AnyTest]) -> None:
        """Take who answers, and the test at an instant; listens from now on."""
        self._source = source
        self._test_at = test_at
        self._is_timeless = source.is_timeless and isinstance(test_at, Always)
        self._asked_at = 0
        self._test: AnyTest | None = None
        self._members: RowSet | None = None
        self._touched: list[Rows] = []
        self._touches = 0
        self.version = 0
        source.listen(self)

    def touch(self, rows: Rows) -> None:
        """Note rows to look at again; so many that looking at all is faster are not kept."""
        if self._members is None or rows.size == 0:
            return
        self._touched.append(rows)
        self._touches += rows.size
        if self._touches * REBUILD_SHARE > self._members.n:
            self.forget()

    def forget(self) -> None:
        """Note that all rows are to be looked at again."""
        self._members = None
        self._touched = []
        self._touches = 0

    def close(self) -> None:
        """Stop listening."""
        self._source.leave(self)

    def settle(self, now: Now, n: int) -> RowSet:
        """Return the members among n rows at an instant; the set stays the leaf's own."""
        members = self._members
        if self._is_timeless and members is not None and members.n == n and not self._touched:
            return members
        self._source.settle(now, n)
        self._asked_at = now.at
        test = self._test_at(now)
        if test is not self._test and test != self._test and self._members is not None:
            self.touch(self._source.rows_between(moved(self._test, test)))
        if self._members is None:
            return self._build(test, n)
        self._test = test
        self._members.grow(n)
        if self._touched:
            self._look_again(self._members, test)
        return self._members

    def _build(self, test: AnyTest, n: int) -> RowSet:
        self._members = self._source.matches(test)
        self._members.grow(n)
        self._test = test
        self.version = next(VERSIONS)
        return self._members

    def _look_again(self, members: RowSet, test: AnyTest) -> None:
        rows = self._touched[0] if len(self._touched) == 1 else np.concatenate(self._touched)
        rows = np.unique(rows)
        truth = self._source.matches_at(test, rows)
        changed = truth != members.test(rows)
        if changed.any():
            members.patch(rows[changed], truth[changed])
            self.version = next(VERSIONS)
        self._touched = []  # only now: if looking failed, the next question looks again
        self._touches = 0

    def work(self, now: Now) -> int | None:
        """Return about how many rows settling at an instant looks at; None = all, or many."""
        if self._members is None:
            return None
        if self._is_timeless:
            return self._touches
        if abs(now.at - self._asked_at) > NEAR_MS:
            return None
        return self._touches + PENDING_COST * self._source.pending

    @property
    def is_forgotten(self) -> bool:
        """Whether it has to be built anew."""
        return self._members is None

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        members = 0 if self._members is None else self._members.nbytes
        return LEAST_BYTES + members + 4 * self._touches


def moved(old: AnyTest | None, new: AnyTest) -> tuple[tuple[int, int], ...]:
    """Return the half-open intervals that lie in one of two date tests and not in the other."""
    if not isinstance(old, DateIn) or not isinstance(new, DateIn):
        return ()
    edges = sorted(edge for one in (*old.intervals, *new.intervals) for edge in one)
    pairs = zip(edges[0::2], edges[1::2], strict=True)
    return tuple((lo, hi) for lo, hi in pairs if lo < hi)
