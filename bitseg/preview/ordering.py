"""An ordering puts contacts in the order of a field's values, and gives a page of them.

What they are ordered by is taken at one instant, quickly; it is compared later, a slice of rows
at a time, and only what may be on the page is held. Missing values come last in both directions,
equal ones stand in the order of first load.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.contacts import ID
from bitseg.fields import ENGAGEMENT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from bitseg.bitmap import Rows
    from bitseg.clock import Now
    from bitseg.fields import Field
    from bitseg.tenant import Tenant

SLICE: Final = 65_536
"""Rows whose values are compared at once."""

FEW: Final = 1_000
"""Up to so many first ones are selected, and of more all are sorted."""


class After(NamedTuple):
    """The contact behind which a page begins, and the value that it has itself."""

    row: int
    value: pa.Scalar


class Ordering:
    """Contacts and what they are ordered by, as both are when it is made; the lock is held."""

    def __init__(  # noqa: PLR0913 - all of it is one question
        self,
        field: Field,
        rows: Rows,
        tenant: Tenant,
        now: Now,
        *,
        descending: bool,
        after: int | None,
    ) -> None:
        """Take the values.

        Args:
            field: what to order by.
            rows: uint32[k], the contacts, ascending.
            tenant: their data.
            now: the instant.
            descending: from the greatest value on.
            after: the row of the contact behind which pages begin; None = from the first on.
        """
        self._descending = descending
        self._slices = _slices(field, rows, tenant, now)
        self._after = None
        if after is not None:
            value = tenant.values(field.path, np.array([after], np.uint32), now)
            self._after = After(after, _comparable(value)[0])

    def page(self, offset: int, limit: int) -> Rows:
        """Return the rows of a page, in order; the lock needs not be held."""
        wanted = offset + limit
        best, missing, present = None, [], 0
        for rows, read in self._slices:
            values = _comparable(read())
            there = values.is_valid()
            missing.append(rows[~there.to_numpy(zero_copy_only=False)])
            some = pa.table({"value": values, "row": pa.array(rows)}).filter(there)
            some = self._behind(some)
            present += some.num_rows
            best = some if best is None else pa.concat_tables((best, some))
            if best.num_rows > max(2 * wanted, SLICE):
                best = self._first(best, wanted)
        found = np.empty(0, np.uint32)
        if best is not None and best.num_rows:
            found = self._first(best, wanted)["row"].to_numpy()[offset:]
        lacking = np.concatenate((*missing, found[:0]))
        if self._after is not None and not self._after.value.is_valid:
            lacking = lacking[lacking > self._after.row]
        rest = max(0, offset - present)
        return np.concatenate((found, lacking[rest : rest + limit - found.size]))

    def _behind(self, some: pa.Table) -> pa.Table:
        """Return what stands behind the contact that pages begin behind."""
        if self._after is None:
            return some
        row, value = self._after
        if not value.is_valid:
            return some.slice(0, 0)
        compare = pc.less if self._descending else pc.greater
        equal = pc.and_(pc.equal(some["value"], value), pc.greater(some["row"], row))
        return some.filter(pc.or_(compare(some["value"], value), equal))

    def _first(self, some: pa.Table, wanted: int) -> pa.Table:
        """Return the first in order; rows ascend among equal values, and do so in what comes in."""
        order = "descending" if self._descending else "ascending"
        if wanted > FEW:  # a stable sort keeps the rows as they ascend
            places = pc.sort_indices(some, sort_keys=[("value", order)])
            return some.take(places[:wanted])
        keys = [("value", order), ("row", "ascending")]
        return some.take(pc.select_k_unstable(some, k=min(wanted, some.num_rows), sort_keys=keys))


def _slices(
    field: Field, rows: Rows, tenant: Tenant, now: Now
) -> list[tuple[Rows, Callable[[], pa.Array]]]:
    """Return the rows in slices, each with what reads its values."""
    contacts = tenant.contacts
    if field.path == ID:
        ids = contacts.ids.view()
        return [(some, partial(ids.take, some)) for some in _cut(rows)]
    if field.path in ENGAGEMENT_FIELDS:
        values = tenant.values(field.path, rows, now)
        return [
            (some, partial(values.slice, i * SLICE, some.size)) for i, some in enumerate(_cut(rows))
        ]
    column = contacts.columns.get(field.path)
    if column is None:
        return [(some, partial(pa.nulls, some.size, pa.int64())) for some in _cut(rows)]
    column.grow(contacts.n)
    found: list[tuple[Rows, Callable[[], pa.Array]]] = []
    for start in range(0, contacts.n, SLICE):
        stop = min(start + SLICE, contacts.n)
        some = rows[np.searchsorted(rows, start) : np.searchsorted(rows, stop)]
        if some.size:
            found.append((some, partial(_taken, column.freeze(start, stop), some - start)))
    return found


def _taken(frozen: Callable[[], pa.Array], places: Rows) -> pa.Array:
    return frozen().take(pa.array(places))


def _cut(rows: Rows) -> list[Rows]:
    return [rows[start : start + SLICE] for start in range(0, rows.size, SLICE)]


def _comparable(values: pa.Array) -> pa.Array:
    """Return values that compare as those do: texts by code point, arrays by their elements."""
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    if pa.types.is_boolean(values.type):
        return values.cast(pa.int8())
    if pa.types.is_large_list(values.type):
        elements = values.values
        if pa.types.is_dictionary(elements.type):
            elements = elements.dictionary_decode()
        plain = pa.LargeListArray.from_arrays(values.offsets, elements, mask=values.is_null())
        return pc.binary_join(plain.cast(pa.list_(pa.string())), "\0")
    return values
