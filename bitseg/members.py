"""Members are the contacts of one definition at one instant: a set that no later write changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bitseg.bitmap import RowSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import RLock

    from pyroaring import BitMap

    from bitseg.bitmap import Rows
    from bitseg.contacts import Contacts

PAGE = 4_096


class Members:
    """An immutable set of contacts, in the order in which they were first loaded.

    A contact that is erased later still counts in ``len`` (the count was true when it was made),
    but its id is gone from memory, so ``ids`` and ``in`` no longer know it.
    """

    __slots__ = ("_contacts", "_lock", "_members", "_rows")

    def __init__(self, members: RowSet, contacts: Contacts, lock: RLock) -> None:
        """Take a set that nobody else holds; ``Engine.select`` is the way in."""
        self._members = members
        self._contacts = contacts
        self._lock = lock
        self._rows: Rows | None = None

    def __len__(self) -> int:
        """Return how many contacts there are."""
        return self._members.count

    def __contains__(self, contact_id: object) -> bool:
        """Return whether the contact of an id is in."""
        with self._lock:
            row = self._contacts.row_of(contact_id)
        if not 0 <= row < self._members.n:
            return False
        return bool(self._members.test(np.array([row], np.uint32))[0])

    def __and__(self, other: Members) -> Members:
        """Return the contacts of both."""
        mine, theirs = self._same_size(other)
        return self._like(mine.and_(theirs))

    def __or__(self, other: Members) -> Members:
        """Return the contacts of either."""
        mine, theirs = self._same_size(other)
        return self._like(mine.or_(theirs))

    def __sub__(self, other: Members) -> Members:
        """Return the contacts of this set that are not in the other."""
        mine, theirs = self._same_size(other)
        return self._like(mine.minus(theirs))

    def ids(self, after: str | None = None, limit: int | None = None) -> Iterator[str]:
        """Yield contact ids in the order of first load.

        Args:
            after: begin behind this contact, which needs not be a member.
            limit: stop after this many; None = all.

        Raises:
            UnknownContactError: no contact has the id ``after``.
        """
        if self._rows is None:
            self._rows = self._members.rows()  # kept: a page after a page asks again
        rows = self._rows
        if after is not None:
            with self._lock:
                row = self._contacts.known_row(after)
            rows = rows[np.searchsorted(rows, row, side="right") :]
        return self._named(rows, limit)

    def _named(self, rows: Rows, limit: int | None) -> Iterator[str]:
        left = rows.size if limit is None else limit
        for start in range(0, rows.size, PAGE):
            if left <= 0:
                return
            page = rows[start : start + PAGE]
            with self._lock:
                live = page[self._contacts.live.test(page)][:left]
                names = self._contacts.ids.take(live).to_pylist()
            left -= len(names)
            yield from names

    @property
    def rows(self) -> BitMap:
        """A roaring copy of the engine's row numbers; these mean nothing outside one engine."""
        return self._members.bitmap()

    def of(self, contacts: Contacts) -> bool:
        """Return whether these are members of an engine's contacts."""
        return self._contacts is contacts

    def _same_size(self, other: Members) -> tuple[RowSet, RowSet]:
        """Return both sets over equally many rows.

        Raises:
            TypeError: the other is no Members.
            ValueError: the sets are of different engines.
        """
        if not isinstance(other, Members):
            message = f"Expected Members, got {type(other).__name__}"  # type: ignore[unreachable]
            raise TypeError(message)
        if not other.of(self._contacts):
            message = "Expected Members of the same engine"
            raise ValueError(message)
        n = max(self._members.n, other._members.n)
        pair = []
        for one in (self._members, other._members):
            grown = one
            if one.n != n:
                grown = one.copy()
                grown.grow(n)
            pair.append(grown)
        return pair[0], pair[1]

    def _like(self, members: RowSet) -> Members:
        return Members(members, self._contacts, self._lock)
