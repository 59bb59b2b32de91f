"""The covers are what a file holds of a tenant in parts, kept in step with what memory holds.

They hear of every write to a column and every event that comes or goes, and so know at any time
which parts of the last snapshot, or of a large load since, still are what they should be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.changes import AddEvents, UpsertContacts
from bitseg.storage.codec import columns_named, kinds_named
from bitseg.storage.coverage import Coverage
from bitseg.storage.event_cover import EventCover

if TYPE_CHECKING:
    from bitseg.bitmap import Rows
    from bitseg.changes import Change
    from bitseg.events.log import Events
    from bitseg.tenant import Tenant

ID = "contact.id"
STAMPS = ("contact.created_at", "contact.updated_at")
"""What is kept of these in a change is not what comes of it: they are filled in."""


class Covers:
    """The coverage of each column, of the contact ids, of each kind of event, and of event ids."""

    def __init__(self) -> None:
        """Begin with nothing covered."""
        self.columns: dict[str, Coverage] = {}
        self.events: dict[str, EventCover] = {}
        self.event_ids: dict[int, Coverage] = {}

    def column(self, path: str) -> Coverage:
        """Return the coverage of a column, ``contact.id`` included."""
        return self.columns.setdefault(path, Coverage())

    def kind(self, kind: str) -> EventCover:
        """Return the cover of a kind of event."""
        return self.events.setdefault(kind, EventCover())

    def ids(self, base: int) -> Coverage:
        """Return the coverage of the generation of event ids whose first code this is."""
        return self.event_ids.setdefault(base, Coverage())

    def touch(self, path: str, rows: Rows) -> None:
        """Hear of a write to rows of a column."""
        self.column(path).touch(rows)

    def drop(self, path: str) -> None:
        """Hear that a column is no more."""
        self.columns.pop(path, None)

    def came(self, kind: str, events: Events) -> None:
        """Hear of events that came."""
        self.kind(kind).came(events.at)

    def went(self, kind: str, events: Events) -> None:
        """Hear of events that went."""
        self.kind(kind).went(events.at)

    def adopt(self, change: Change, body: bytes, first_row: int, tenant: Tenant) -> None:
        """Let the parts of a large change that was applied stand for what it wrote.

        Args:
            change: what was applied.
            body: its bytes in the journal, which name the parts.
            first_row: from where on contacts are new by it.
            tenant: what it was applied to.
        """
        if isinstance(change, UpsertContacts):
            if tenant.contacts.n - first_row == len(change.ids):
                self._adopt_columns(body, first_row, tenant.contacts.n)
        elif isinstance(change, AddEvents):
            event_ids, kinds = kinds_named(body)
            for kind, part in kinds.items():
                self.kind(kind).adopt(part)
            base, pool = tenant.events.ids.generations()[1]
            if event_ids is not None:
                self.ids(base).adopt(len(pool) - len(change.event_ids), len(pool), event_ids)

    def _adopt_columns(self, body: bytes, start: int, stop: int) -> None:
        """Take the parts of a change whose contacts all were new, in the order of its rows."""
        ids, columns = columns_named(body)
        if ids is not None:
            self.column(ID).adopt(start, stop, ids)
        for path, part in columns.items():
            if path not in STAMPS:
                self.column(path).adopt(start, stop, part)
