"""A load target is whom a load writes to, and what it hears of each write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitseg.changes import RecordEvents, UpsertContacts
    from bitseg.errors import Fault
    from bitseg.intake.plan import SchemaView
    from bitseg.zones import Zone


class Upserted(Protocol):
    """What an upsert did."""

    @property
    def created(self) -> int:
        """Contacts that were new."""
        ...

    @property
    def updated(self) -> int:
        """Writes to contacts that existed."""
        ...


class Recorded(Protocol):
    """What a record of events did."""

    @property
    def accepted(self) -> int:
        """Events that went in."""
        ...

    @property
    def created(self) -> int:
        """Contacts that were new."""
        ...

    @property
    def duplicate(self) -> int:
        """Events whose id was remembered."""
        ...

    @property
    def rejected(self) -> Sequence[tuple[int, Fault]]:
        """The other events, by their place in the change, and why."""
        ...


class Tenant(Protocol):
    """Whom to load into."""

    @property
    def zone(self) -> Zone:
        """The tenant's timezone."""
        ...

    @property
    def schema(self) -> SchemaView:
        """The tenant's fields and properties."""
        ...

    def now(self) -> int:
        """Return the instant of a write made now."""
        ...

    def upsert(self, change: UpsertContacts, /, answer: Any = None) -> Upserted:
        """Create and update contacts, and declare the fields that come with them."""
        ...

    def record(self, change: RecordEvents, /, answer: Any = None) -> Recorded:
        """Record events."""
        ...

    def answer(self, answer: Any, /) -> None:
        """Keep the answer of a load that has nothing to write."""
        ...

    def look_at(self, change: RecordEvents, /) -> Recorded:
        """Return which events would be rejected."""
        ...

    def park(self, change: UpsertContacts | RecordEvents, /) -> Any:
        """Put a change aside for ``write_all``."""
        ...

    def discard(self, parked: Sequence[Any], /) -> None:
        """Give up changes that were put aside."""
        ...

    def write_all(self, parked: Sequence[Any], /) -> Sequence[Any]:
        """Write changes that were put aside, all or none; return what each did."""
        ...
