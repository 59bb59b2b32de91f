"""Parking puts changes aside in a file, out of memory, before they are written or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bitseg.storage.codec import decode, encode, named
from bitseg.storage.parts import PartReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitseg.changes import Change
    from bitseg.storage.database import Database
    from bitseg.storage.parts import PartWriter


class Parked(msgspec.Struct, frozen=True):
    """A change whose arrays lie in parts that nothing names yet.

    Attributes:
        kind: the kind of change, a word.
        body: the change, with the parts' names.
    """

    kind: str
    body: bytes


class Parking:
    """The part of a store that puts changes aside."""

    def __init__(self, database: Database, parts: PartWriter) -> None:
        """Take the file, and who writes parts into it."""
        self._database = database
        self._parts = parts

    def park(self, change: Change) -> Parked:
        """Put a change aside: its arrays into the file, unnamed, so that nobody sees them.

        Raises:
            StoreError: it could not be put aside.
        """
        batch = self._parts.new()
        with batch.or_give_up():
            parked = Parked(*encode(change, batch))
            batch.flush()
        return parked

    def discard(self, parked: Sequence[Parked]) -> None:
        """Give up changes that were put aside; their parts go with the next snapshot."""
        for one in parked:
            self._parts.garbage |= {part for part, _ in named(one.kind, one.body)}

    def unpark(self, parked: Parked) -> Change:
        """Return a change that was put aside.

        Raises:
            StoreError: it cannot be read.
        """
        with self._database.reading() as connection:
            return decode(parked.kind, parked.body, PartReader(connection))
