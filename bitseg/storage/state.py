"""The state of a file is what must be known of it to go on writing it."""

from __future__ import annotations

import msgspec

from bitseg.results import Journal
from bitseg.storage.codec import PartName
from bitseg.storage.identity import Identity
from bitseg.storage.journal import Place


class FileState(msgspec.Struct):
    """What of a file must be known to go on writing it.

    Attributes:
        identity: tells this file from every other.
        place: the last change.
        snapshot_seq: the last change that the newest snapshot holds.
        needed: the parts that something names, when it was read.
        journal_bytes: of the changes behind it.
        at: the instant of the last change, ms; None = there is none.
        erased_at: when the first contact was erased since then, ms; None = none was.
        garbage: parts that nothing names and that are yet to be taken out.
        snapshot_at: when the newest snapshot was taken, ms; None = there is none.
    """

    identity: Identity
    place: Place
    snapshot_seq: int
    needed: set[PartName]
    journal_bytes: int = 0
    at: int | None = None
    erased_at: int | None = None
    garbage: set[int] = msgspec.field(default_factory=set)
    snapshot_at: int | None = None

    def snapshot_taken(self, seq: int, at: int, nbytes: int) -> None:
        """Hear of a snapshot: its last change, when it was taken, and bytes it made needless."""
        self.snapshot_seq, self.snapshot_at = seq, at
        self.journal_bytes -= nbytes

    @property
    def journal(self) -> Journal:
        """What the next start would replay."""
        return Journal(self.place.seq - self.snapshot_seq, self.journal_bytes, self.snapshot_at)
