"""Contacts are the people of a tenant: ids and their rows, who is live, and a column a field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.bitmap import VERSIONS, RowSet
from bitseg.changes import UpsertContacts
from bitseg.columns import DateColumn, make_column
from bitseg.columns.tests import AnyTest, Present, StringIn, StringLike
from bitseg.errors import UnknownContactError
from bitseg.strings import StringPool
from bitseg.whole_text import is_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitseg.bitmap import Mask, Rows
    from bitseg.changes import FieldValues
    from bitseg.columns import Column
    from bitseg.columns.protocol import Uses
    from bitseg.events.tally import Listener
    from bitseg.fields import DataType

CREATED_AT = "contact.created_at"
UPDATED_AT = "contact.updated_at"
ID = "contact.id"


class Upserted(msgspec.Struct, frozen=True):
    """What an upsert did: contacts that were new, and writes to ones that existed."""

    created: int
    updated: int


class Watcher(Protocol):
    """Who hears of every write to a field."""

    def touch(self, path: str, rows: Rows) -> None:
        """Hear that rows were written, ``contact.id`` of who came and went."""
        ...

    def drop(self, path: str) -> None:
        """Hear that a field's column was dropped."""
        ...


class IdColumn:
    """The ids as a column: a contact's row is its id's code in the pool."""

    def __init__(self, contacts: Contacts) -> None:
        """Take the contacts whose ids these are."""
        self._contacts = contacts

    def matches(self, test: AnyTest) -> RowSet:
        """Return the rows whose id passes."""
        contacts = self._contacts
        if isinstance(test, Present):
            return contacts.live.copy()
        if isinstance(test, StringIn):
            codes = contacts.ids.find(pa.array(test.values, pa.large_string()))
            return RowSet.from_rows(codes[codes >= 0].astype(np.uint32), contacts.n)
        like = cast("StringLike", test)
        return RowSet.from_mask(contacts.ids.matching(like.how, like.needle)).and_(contacts.live)

    def matches_at(self, test: AnyTest, rows: Rows) -> Mask:
        """Return bool[k]: which of the rows' ids pass."""
        contacts = self._contacts
        if not isinstance(test, StringLike):
            return self.matches(test).test(rows)
        live = contacts.live.test(rows)
        live[live] = contacts.ids.matching_of(test.how, test.needle, rows[live])
        return live

    def value_at(self, row: int) -> str:
        """Return one row's id."""
        return self._contacts.ids.get(row)

    def values_at(self, rows: Rows) -> pa.Array:
        """Return the rows' ids."""
        return self._contacts.ids.take(rows)

    def uses(self, rows: Rows | None = None) -> Uses:
        """Take which ids rows have now, or all, quickly; they are counted later."""
        pool = self._contacts.ids.view()
        some = self._contacts.live.rows() if rows is None else rows
        return pool, lambda: np.bincount(some, minlength=len(pool))


class Contacts:
    """All contacts of a tenant.

    Attributes:
        ids: the ids; the code of an id is the contact's row, and no row is given twice.
        live: the rows of contacts that are not erased.
        live_version: changes whenever ``live`` does.
        columns: by field path; a field without values may have none.
    """

    def __init__(self) -> None:
        """Begin with nobody."""
        self.ids = StringPool()
        self.live = RowSet.empty(0)
        self.live_version = next(VERSIONS)
        self.columns: dict[str, Column] = {}
        self._created_given = RowSet.empty(0)
        self._listeners: dict[str, list[Listener]] = {}
        self._watcher: Watcher | None = None
        self.id_column = IdColumn(self)

    @property
    def n(self) -> int:
        """How many rows there are, those of erased contacts included."""
        return len(self.ids)

    def watch(self, watcher: Watcher) -> None:
        """Tell this one of every write, whatever the field."""
        self._watcher = watcher

    def listen(self, path: str, listener: Listener) -> None:
        """Tell this one of writes to a field; ``contact.id`` hears of who comes and goes."""
        self._listeners.setdefault(path, []).append(listener)

    def leave(self, path: str, listener: Listener) -> None:
        """Tell this one no longer."""
        self._listeners[path].remove(listener)

    def column(self, path: str, data_type: DataType) -> Column:
        """Return a field's column, with room for all rows."""
        column = self.columns.get(path)
        if column is None:
            column = self.columns[path] = make_column(data_type)
        column.grow(self.n)
        return column

    def drop_column(self, path: str) -> None:
        """Drop the column of a field that has no values, as its type is to change."""
        self.columns.pop(path, None)
        if self._watcher is not None:
            self._watcher.drop(path)

    def row_of(self, contact_id: object) -> int:
        """Return the row of one contact id, -1 where nobody has it."""
        return int(self.rows_of(as_ids((contact_id,)))[0])

    def known_row(self, contact_id: object) -> int:
        """Return the row of one contact id.

        Raises:
            UnknownContactError: no contact has the id.
        """
        row = self.row_of(contact_id)
        if row < 0:
            raise UnknownContactError(f"No contact has the id {contact_id!r}")
        return row

    def rows_of(self, ids: pa.LargeStringArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Return the rows of contact ids, int64[k], -1 where nobody has the id."""
        return self.ids.find(ids)

    def upsert(self, change: UpsertContacts, types: dict[str, DataType]) -> Upserted:
        """Create or update contacts; ``types`` gives the data type of each column's path."""
        rows, created = self._rows(change.ids)
        for path, new in change.columns.items():
            if path not in (CREATED_AT, UPDATED_AT):
                self._write(path, types[path], rows, new)
        self._stamp_created(change, rows, created)
        self._stamp_updated(change, rows)
        return Upserted(created.size, rows.size - created.size)

    def create(self, ids: pa.LargeStringArray, at: int) -> None:
        """Make contacts of distinct, unknown ids, written at ms ``at``."""
        rows, created = self._rows(ids)
        change = UpsertContacts(ids, {}, at)
        self._stamp_created(change, rows, created)
        self._stamp_updated(change, rows)

    def _rows(self, ids: pa.LargeStringArray) -> tuple[Rows, Rows]:
        """Return the rows of ids, made where there was none, and the new ones among them."""
        before = self.n
        rows = self.ids.intern(ids)
        created = np.arange(before, self.n, dtype=np.uint32)
        if created.size:
            self.live.grow(self.n)
            self._created_given.grow(self.n)
            self.live.patch(created, np.ones(created.size, np.bool_))
            self.live_version = next(VERSIONS)
            self._tell(ID, created)
        return rows, created

    def _write(self, path: str, data_type: DataType, rows: Rows, new: FieldValues) -> None:
        values = new.values
        if new.given is not None:
            places = np.flatnonzero(new.given)
            rows, values = rows[places], values.take(pa.array(places))
        last = _last_of_each(rows)
        if last is not None:
            rows, values = rows[last], values.take(pa.array(last))
        if rows.size:
            self.column(path, data_type)
            self.write(path, rows, values)

    def write(self, path: str, rows: Rows, values: pa.Array) -> None:
        """Set the values of distinct rows in a column that exists and has room for them."""
        self.columns[path].write(rows, values)
        self._tell(path, rows)

    def _stamp_created(self, change: UpsertContacts, rows: Rows, created: Rows) -> None:
        """Set created_at: the first value ever given, else the instant of the first write."""
        self.column(CREATED_AT, "date")
        if created.size:
            self.write(CREATED_AT, created, pa.array(np.full(created.size, change.at), pa.int64()))
        given = change.columns.get(CREATED_AT)
        if given is None:
            return
        stands = given.values.is_valid().to_numpy(zero_copy_only=False)
        if given.given is not None:
            stands &= given.given
        stands &= ~self._created_given.test(rows)
        places = np.flatnonzero(stands)
        places = places[np.unique(rows[places], return_index=True)[1]]
        if places.size:
            first = rows[places]
            self.write(CREATED_AT, first, given.values.take(pa.array(places)))
            self._created_given.patch(first, np.ones(first.size, np.bool_))

    def _stamp_updated(self, change: UpsertContacts, rows: Rows) -> None:
        """Set updated_at: each write's given value, else its instant."""
        given = change.columns.get(UPDATED_AT)
        if given is None:
            values = pa.array(np.full(rows.size, change.at), pa.int64())
        else:
            values = given.values
            if given.given is not None:
                values = pc.if_else(pa.array(given.given), values, None)
            values = pc.fill_null(values, change.at)
        places = _last_of_each(rows)
        if places is not None:
            rows, values = rows[places], values.take(pa.array(places))
        if rows.size:
            self.column(UPDATED_AT, "date")
            self.write(UPDATED_AT, rows, values)

    def erase(self, rows: Rows) -> None:
        """Take distinct, ascending live rows' ids and values out, for good."""
        self.live.patch(rows, np.zeros(rows.size, np.bool_))
        self.live_version = next(VERSIONS)
        self._created_given.patch(rows, np.zeros(rows.size, np.bool_))
        for path, column in self.columns.items():
            column.grow(self.n)
            column.erase(rows)
            self._tell(path, rows)
        self.ids.forget(rows)
        self._tell(ID, rows)

    @property
    def created_given(self) -> RowSet:
        """The rows whose created_at was given, and not taken from the clock."""
        return self._created_given

    def restore(self, ids: Iterable[pa.LargeStringArray], live: RowSet, given: RowSet) -> None:
        """Take contacts that were kept, into no contacts: columns are written afterwards.

        Args:
            ids: in order of their rows; null for an erased contact's.
            live: the rows of contacts that are not erased.
            given: the rows whose created_at was given.
        """
        for some in ids:
            self.ids.extend(some)
        self.live = live
        self.live_version = next(VERSIONS)
        self._created_given = given

    def _tell(self, path: str, rows: Rows) -> None:
        if self._watcher is not None:
            self._watcher.touch(path, rows)
        for listener in self._listeners.get(path, ()):
            listener.touch(rows)

    def value(self, path: str, row: int) -> Any:
        """Return one contact's value of a stored field, None where it is missing."""
        if path == ID:
            return self.ids.get(row)
        column = self.columns.get(path)
        if column is None:
            return None
        column.grow(self.n)
        return column.value_at(row)

    def values(self, path: str, rows: Rows) -> pa.Array:
        """Return the values of uint32[k] contacts of a stored field, null where missing."""
        if path == ID:
            return self.ids.take(rows)
        column = self.columns.get(path)
        if column is None:
            return pa.nulls(rows.size)
        column.grow(self.n)
        return column.values_at(rows)

    def drop_built(self) -> None:
        """Drop what questions built inside columns."""
        for column in self.columns.values():
            if isinstance(column, DateColumn):
                column.drop_built()

    def memory(self) -> dict[str, int]:
        """Return bytes held, by what for."""
        return {
            "ids": self.ids.nbytes,
            "columns": sum(column.nbytes for column in self.columns.values()),
        }


def as_ids(values: Iterable[object]) -> pa.LargeStringArray:
    """Return what callers gave as ids; what is no text becomes "", which nobody's id is."""
    return pa.array([one if is_text(one) else "" for one in values], pa.large_string())


def _last_of_each(rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.int64]] | None:
    """Return the place of each row's last occurrence, or None where all rows are distinct."""
    if rows.size < 2 or bool((rows[1:] > rows[:-1]).all()):
        return None
    _, places = np.unique(rows[::-1], return_index=True)
    if places.size == rows.size:
        return None
    return rows.size - 1 - places
