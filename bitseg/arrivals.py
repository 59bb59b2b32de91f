"""Arrivals are events looked at before they go in: whose they are, which are new, which cannot.

Looking changes nothing, so that a store can keep the result before anyone sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.changes import AddEvents, KindEvents
from bitseg.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from bitseg.bitmap import Mask
    from bitseg.changes import RecordEvents
    from bitseg.contacts import Contacts
    from bitseg.events.ids import EventIds
    from bitseg.fields import DataType
    from bitseg.schema import Schema

NO_IDS = pa.array([], pa.large_string())


class Recorded(msgspec.Struct, frozen=True):
    """What recording does.

    Attributes:
        accepted: events that are new.
        duplicate: events whose id is remembered.
        created: contacts that are new.
        rejected: (place in the change, why) of the others.
    """

    accepted: int
    duplicate: int
    created: int = 0
    rejected: tuple[tuple[int, Fault], ...] = ()


class Arrivals:
    """The events of one change, looked at.

    Attributes:
        wanted: bool[k], which are neither of nobody nor of a wrong type; duplicates are.
        rejected: (place in the change, why) of the others.
    """

    def __init__(self, change: RecordEvents, contacts: Contacts, schema: Schema) -> None:
        """Look whose they are, and whether their properties have the types these must have."""
        self._change = change
        self._contacts = contacts
        self._rows = contacts.rows_of(change.contact_ids)
        known = self._rows >= 0
        self.rejected: list[tuple[int, Fault]] = []
        if not change.create_contacts and not known.all():
            self.rejected = [
                (int(place), _unknown(change.contact_ids[int(place)].as_py()))
                for place in np.flatnonzero(~known)
            ]
        self.wanted = np.ones(known.size, np.bool_) if change.create_contacts else known
        for clash, fault in _clashes(change, schema):
            self.rejected += [(int(place), fault) for place in np.flatnonzero(clash & self.wanted)]
            self.wanted = self.wanted & ~clash

    def resolve(self, ids: EventIds) -> tuple[AddEvents, Recorded]:
        """Return what is to be added, and what adding it will have done."""
        change = self._change
        codes, fresh, event_ids = self._fresh(ids)
        rows, created = self._rows_with_new(fresh)
        kinds = dict(self._split(rows, codes, fresh))
        accepted = int(fresh.sum())
        duplicate = int(self.wanted.sum()) - accepted
        return (
            AddEvents(created, event_ids, kinds, change.recorded_at),
            Recorded(accepted, duplicate, len(created), tuple(self.rejected)),
        )

    def _fresh(
        self, ids: EventIds
    ) -> tuple[npt.NDArray[np.uint32] | None, Mask, pa.LargeStringArray]:
        """Return all events' codes, which are wanted and no duplicates, and their ids."""
        given = self._change.event_ids
        if given is None:
            return None, self.wanted, NO_IDS
        named = np.flatnonzero(self.wanted & given.is_valid().to_numpy(zero_copy_only=False))
        codes = np.zeros(self.wanted.size, np.uint32)
        if named.size == 0:
            return codes, self.wanted, NO_IDS
        fresh = self.wanted.copy()
        texts = given.take(pa.array(named))
        codes[named], new = ids.foresee(texts, self._change.recorded_at)
        fresh[named] = new
        return codes, fresh, texts.filter(pa.array(new))

    def _rows_with_new(self, fresh: Mask) -> tuple[npt.NDArray[np.int64], pa.LargeStringArray]:
        """Return the rows of fresh events' contacts, and the ids of contacts that are to be new."""
        strange = fresh & (self._rows < 0)
        if not strange.any():
            return self._rows, NO_IDS
        strangers = self._change.contact_ids.filter(pa.array(strange))
        created = pc.unique(strangers)
        rows = self._rows.copy()
        places = pc.index_in(strangers, created).to_numpy(zero_copy_only=False)
        rows[strange] = self._contacts.n + places
        return rows, created

    def _split(
        self,
        rows: npt.NDArray[np.int64],
        codes: npt.NDArray[np.uint32] | None,
        fresh: Mask,
    ) -> Iterator[tuple[str, KindEvents]]:
        """Yield each kind and its fresh events."""
        change = self._change
        kinds = change.kinds.dictionary_encode()
        kind_codes = kinds.indices.to_numpy(zero_copy_only=False)
        at = change.at.to_numpy(zero_copy_only=False)
        properties = {
            name: values.dictionary_encode() if pa.types.is_large_string(values.type) else values
            for name, values in change.properties.items()
        }
        for code, kind in enumerate(kinds.dictionary.to_pylist()):
            places = np.flatnonzero((kind_codes == code) & fresh)
            if places.size == 0:
                continue
            if (at[places[1:]] < at[places[:-1]]).any():  # as a log would sort them itself
                places = places[np.argsort(at[places], kind="stable")]
            named = None if codes is None or not codes[places].any() else codes[places]
            taken = pa.array(places)
            had = {name: values.take(taken) for name, values in properties.items()}
            had = {name: values for name, values in had.items() if values.null_count < places.size}
            yield kind, KindEvents(rows[places].astype(np.uint32), at[places], named, had)


def type_of(values: pa.Array) -> DataType:
    """Return the data type that an event property of these values has."""
    if pa.types.is_boolean(values.type):
        return "boolean"
    return "number" if pa.types.is_floating(values.type) else "string"


def _clashes(change: RecordEvents, schema: Schema) -> Iterator[tuple[Mask, Fault]]:
    """Yield which events have a property of a type that it turned out not to have.

    Loads read before they write; another load may have set the type in between.
    """
    for name, values in change.properties.items():
        known, got = schema.property_type(name), type_of(values)
        if known is not None and known != got:
            fault = Fault(name, f"Expected type {known}, got {got}", code="wrong_type")
            yield values.is_valid().to_numpy(zero_copy_only=False), fault


def _unknown(contact_id: str) -> Fault:
    return Fault("contact_id", f"No contact has the id {contact_id!r}", code="unknown_contact")
