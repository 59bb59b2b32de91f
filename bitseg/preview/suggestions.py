"""Suggestions are the values that contacts have in a field, with how many have each.

What is counted is taken at one instant, quickly; finding, ranking and cutting come later, a slice
of the different values at a time, so that a million of them take no more memory than a slice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.contacts import ID
from bitseg.fields import ENGAGEMENT_FIELDS
from bitseg.results import FieldValues, ValueCount
from bitseg.strings import StringPool, matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from bitseg.bitmap import RowSet
    from bitseg.clock import Now
    from bitseg.columns import ArrayColumn, StringColumn
    from bitseg.columns.protocol import Uses
    from bitseg.fields import Field
    from bitseg.tenant import Tenant
    from bitseg.zones import Zone

SLICE: Final = 16_384
"""Different values that are looked through at once."""

_ORDER: Final = [("first", "descending"), ("count", "descending"), ("value", "ascending")]


class Some(msgspec.Struct, frozen=True):
    """Some of the different values.

    Attributes:
        values: pa.Array[k], in whose order equal counts stand.
        texts: pa.LargeStringArray[k], as which they are sought.
        counts: int64[k], how many contacts have each.
    """

    values: pa.Array
    texts: pa.LargeStringArray
    counts: np.ndarray[tuple[int], np.dtype[np.int64]]


class Taken(Protocol):
    """The values of a field at one instant."""

    def slices(self) -> Iterator[Some]:
        """Yield the different values, a slice at a time."""
        ...


def take_values(
    field: Field,
    members: RowSet | None,
    tenant: Tenant,
    now: Now,
    lock: AbstractContextManager[Any],
) -> Taken:
    """Take the values of a field as they are now; the lock is held, and again for each slice.

    Args:
        field: which.
        members: whose; None = all contacts'.
        tenant: the contacts.
        now: the instant.
        lock: what keeps strings where they are.
    """
    rows = None if members is None else members.rows()
    if field.path == ID:
        return _Strings(tenant.contacts.id_column.uses(rows), lock)
    if field.path in ENGAGEMENT_FIELDS:
        whose = tenant.contacts.live.rows() if rows is None else rows
        values = tenant.values(field.path, whose, now)
        if field.data_type == "string":
            return _Strings(_uses(values), lock)
        return _Others(field, lambda: values, tenant.zone)
    column = tenant.contacts.columns.get(field.path)
    if column is None:
        return _Others(field, lambda: pa.nulls(0, pa.int64()), tenant.zone)
    column.grow(tenant.contacts.n)
    if field.data_type in {"string", "array"}:
        return _Strings(cast("StringColumn | ArrayColumn", column).uses(rows), lock)
    frozen = column.freeze(0, column.n)
    return _Others(
        field, lambda: frozen() if rows is None else frozen().take(pa.array(rows)), tenant.zone
    )


def suggest(taken: Taken, q: str, limit: int) -> FieldValues:
    """Return the most frequent values in which a text is found, those that begin with it first.

    Equally frequent ones stand in their own order.

    Args:
        taken: the values.
        q: the text, whatever its case; empty = all values.
        limit: return at most so many.
    """
    best, total = None, 0
    for some in taken.slices():
        found = _found(some, q)
        total += found.num_rows
        if best is not None and best.num_rows == limit:
            found = _not_behind(found, best)
        both = found if best is None else pa.concat_tables((best, found))
        best = both.take(pc.select_k_unstable(both, k=limit, sort_keys=_ORDER))
    if best is None:
        return FieldValues((), 0)
    pairs = zip(best["value"].to_pylist(), best["count"].to_pylist(), strict=True)
    return FieldValues(tuple(ValueCount(value, count) for value, count in pairs), total)


def _found(some: Some, q: str) -> pa.Table:
    """Return the values in which a text is found, with their counts, and which begin with it."""
    values, counts = some.values, pa.array(some.counts)
    first = np.zeros(len(values), np.int8)
    if q:
        mask = matching("contains", q, some.texts)
        begins = matching("starts_with", q, some.texts)
        first = begins[mask].astype(np.int8)
        values, counts = values.filter(pa.array(mask)), counts.filter(pa.array(mask))
    return pa.table({"first": pa.array(first), "count": counts, "value": values})


def _not_behind(found: pa.Table, best: pa.Table) -> pa.Table:
    """Return what may still be among the best, of which the last is the least."""
    first, count = best["first"][-1].as_py(), best["count"][-1].as_py()
    firsts, counts = found["first"].to_numpy(), found["count"].to_numpy()
    return found.filter(pa.array((firsts > first) | ((firsts == first) & (counts >= count))))


def _uses(values: pa.DictionaryArray) -> Uses:
    """Return the uses of strings that are dictionary-encoded."""
    pool = StringPool()
    pool.extend(values.dictionary)
    places = values.indices.drop_null().to_numpy()
    return pool, lambda: np.bincount(places, minlength=len(pool))


class _Strings:
    """The different strings of a field, or of its arrays."""

    def __init__(self, uses: Uses, lock: AbstractContextManager[Any]) -> None:
        self._pool, self._count = uses
        self._lock = lock

    def slices(self) -> Iterator[Some]:
        """Yield them; what no contact has any more by then is left out."""
        counts = self._count()
        used = np.flatnonzero(counts).astype(np.uint32)
        for start in range(0, used.size, SLICE):
            codes = used[start : start + SLICE]
            with self._lock:
                codes = codes[self._pool.known(codes)]
                strings = self._pool.take(codes)
            yield Some(strings, strings, counts[codes].astype(np.int64))


class _Others:
    """The different numbers, booleans or days of a field."""

    def __init__(self, field: Field, values: Callable[[], pa.Array], zone: Zone) -> None:
        self._type = field.data_type
        self._values = values
        self._zone = zone

    def slices(self) -> Iterator[Some]:
        """Yield them; days are texts, as a rule would say them."""
        values = self._values().drop_null()
        if self._type == "date":
            values = pa.array(self._zone.days_at(values.to_numpy()))
        found = values.value_counts()
        counts = found.field("counts").to_numpy()
        for start in range(0, len(found), SLICE):
            some = found.field("values")[start : start + SLICE]
            texts = self._texts(some)
            shown = texts if self._type == "date" else some
            yield Some(shown, texts, counts[start : start + SLICE])

    def _texts(self, values: pa.Array) -> pa.LargeStringArray:
        if self._type == "date":
            days = np.datetime_as_string(values.to_numpy().astype("datetime64[D]"))
            return pa.array(days, pa.large_string())
        return values.cast(pa.large_string())
