"""Writing is the half of an engine that takes things in, and looks after the file they go to."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from bitseg.arguments import several
from bitseg.changes import DeleteContacts, WithdrawEvents
from bitseg.errors import Fault, FieldError
from bitseg.fields import BUILT_IN, Field
from bitseg.loading import inspect_contacts, inspect_events, load_contacts, load_events
from bitseg.results import LoadReport, TenantSettings
from bitseg.settling import NewSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

    from bitseg.defining import Defining
    from bitseg.fields import DataType
    from bitseg.results import Snapshot
    from bitseg.settling import Settling
    from bitseg.store import Answer, Once
    from bitseg.writes import Writes

T = TypeVar("T")


class Writing:
    """What can be written; ``Engine`` adds what can be asked.

    Each write may be given ``once``: sent again with the same key and request, also after the
    process ended, it does nothing and returns what it returned the first time, for 24 hours.
    ``RepeatError`` is raised where the key stood for another request, or where its write still
    runs.
    """

    def __init__(self, writes: Writes, defining: Defining, settling: Settling) -> None:
        """Take the ways of writes."""
        self._writes = writes
        self._defining = defining
        self._settling = settling

    def define_field(
        self,
        path: str,
        data_type: DataType,
        label: str = "",
        description: str = "",
        *,
        once: Once | None = None,
    ) -> Field:
        """Declare a custom field, or change the words of one.

        Raises:
            FieldError: the path or type may not be so, or the field has values of another type,
                or a segment that rests on the type it has.
        """
        field = Field(path, data_type, label or str(path).partition(".")[2], description)
        write = partial(self._writes.define_field, lambda: field)
        return self._writes.once(once, Field, write)

    def describe_field(
        self,
        path: str,
        *,
        label: str | None = None,
        description: str | None = None,
        once: Once | None = None,
    ) -> Field:
        """Change the words of a custom field, which is a declared one from then on.

        Args:
            path: which.
            label: words for people, empty = its name; None = as it is.
            description: a sentence for people; None = as it is.
            once: as for all writes.

        Raises:
            FieldError: there is no such field, or it is built in.
        """

        def described() -> Field:
            known = self._writes.schema.field(path)
            if known is None:
                raise FieldError(Fault(path, f"There is no field {path!r}", code="unknown_field"))
            if path in BUILT_IN:
                message = f"The field {path} is built in, and its words are too"
                raise FieldError(Fault(path, message, code="built_in"))
            return Field(
                path,
                known.data_type,
                known.label if label is None else label or known.name,
                known.description if description is None else description,
            )

        write = partial(self._writes.define_field, described)
        return self._writes.once(once, Field, write)

    def load_contacts(  # noqa: PLR0913 - each option is a name the caller writes
        self,
        rows: Any,
        *,
        mapping: dict[str, str] | None = None,
        strict: bool = False,
        rejects: Path | str | None = None,
        rejects_most: int | None = None,
        progress: Callable[[int, int | None], None] | None = None,
        committed: Callable[[LoadReport, int], None] | None = None,
        once: Once | None = None,
    ) -> LoadReport:
        """Create or update contacts.

        Args:
            rows: list of dicts, pyarrow Table, RecordBatch or RecordBatchReader, polars frame, or
                the path of a CSV, Parquet, NDJSON or Arrow file, plain or .gz or .zst; or what
                ``bitseg.open_source`` made of one, which stays open.
            mapping: ``{column: field}`` for columns whose names do not say the field.
            strict: any fault means that nothing goes in.
            rejects: where to write the rows that did not go in, with their reasons, as NDJSON.
            rejects_most: after so many bytes of them no more are written; None = all are.
            progress: called with what is done and the whole, in bytes or rows; None = unknown.
            committed: called whenever a batch has gone in, with what the load has done so far and
                how many rows of the source that took; with ``strict`` once, in the end. What it
                raises ends the load, and what went in stays.
            once: as for all writes; at most 65,536 rows then, in one transaction.

        Raises:
            LoadError: the source cannot be read, or ``strict`` and there are faults.
        """
        return self._writes.once(
            once,
            LoadReport,
            lambda answering: load_contacts(
                self._writes,
                rows,
                mapping=mapping,
                strict=strict,
                rejects=rejects,
                rejects_most=rejects_most,
                progress=progress,
                committed=committed,
                answering=answering,
            ),
        )

    def load_events(  # noqa: PLR0913 - each option is a name the caller writes
        self,
        rows: Any,
        create_contacts: bool = False,  # noqa: FBT001, FBT002 - SPEC 8 has it so
        *,
        mapping: dict[str, str] | None = None,
        strict: bool = False,
        rejects: Path | str | None = None,
        rejects_most: int | None = None,
        progress: Callable[[int, int | None], None] | None = None,
        committed: Callable[[LoadReport, int], None] | None = None,
        once: Once | None = None,
    ) -> LoadReport:
        """Record events: rows of ``contact_id, kind, at``, ``event_id`` if any, and properties.

        Args:
            rows: as for ``load_contacts``.
            create_contacts: make contacts of unknown ids instead of rejecting their events.
            mapping: as for ``load_contacts``.
            strict: as for ``load_contacts``.
            rejects: as for ``load_contacts``.
            rejects_most: as for ``load_contacts``.
            progress: as for ``load_contacts``.
            committed: as for ``load_contacts``.
            once: as for ``load_contacts``.

        Raises:
            LoadError: the source cannot be read, or ``strict`` and there are faults.
        """
        return self._writes.once(
            once,
            LoadReport,
            lambda answering: load_events(
                self._writes,
                rows,
                create_contacts=create_contacts,
                mapping=mapping,
                strict=strict,
                rejects=rejects,
                rejects_most=rejects_most,
                progress=progress,
                committed=committed,
                answering=answering,
            ),
        )

    def inspect_contacts(
        self, rows: Any, mapping: dict[str, str] | None = None
    ) -> dict[str, tuple[str, str, str]]:
        """Return what each column of a contacts source would become: field, type, and how known.

        Raises:
            LoadError: the source cannot be read so.
        """
        return inspect_contacts(self._writes, rows, mapping=mapping)

    def inspect_events(
        self, rows: Any, mapping: dict[str, str] | None = None
    ) -> dict[str, tuple[str, str, str]]:
        """Return the same of an events source: property, type, and how known."""
        return inspect_events(self._writes, rows, mapping=mapping)

    def delete_contacts(self, ids: Iterable[str], *, once: Once | None = None) -> int:
        """Erase contacts, their values and their events; return how many there were.

        They are gone from memory at once, and from the file by the next snapshot.
        """
        write = partial(self._writes.delete, DeleteContacts(several(ids)))
        return self._writes.once(once, int, write)

    def withdraw_events(self, event_ids: Iterable[str], *, once: Once | None = None) -> int:
        """Take events back by their ids; return how many there were. The ids stay remembered."""
        write = partial(self._writes.withdraw, WithdrawEvents(several(event_ids)))
        return self._writes.once(once, int, write)

    def drop_expired_events(self) -> int:
        """Drop the events that are older than the retention now; return how many."""
        return self._writes.drop_expired(self._writes.now())

    # Settings

    @property
    def settings(self) -> TenantSettings:
        """What is set for all of the data."""
        return self._settling.shown()

    def settings_faults(self, **wanted: Any) -> tuple[Fault, ...]:
        """Return why ``change_settings`` would refuse the same arguments now; none = it would not.

        Their paths begin with the names of the arguments.
        """
        return self._settling.faults(NewSettings(**wanted))

    def change_settings(
        self,
        *,
        timezone: str | None = None,
        remember_event_ids_days: int | None = None,
        retention_days: int | Literal["kept"] | None = "kept",
        suppression: Any = "kept",
        once: Once | None = None,
    ) -> TenantSettings:
        """Change what is set for all of the data, all or nothing; return what is set then.

        A retention that is shorter than before drops what is older at once.

        Args:
            timezone: an IANA name, while there are no contacts, events or segments; None = as it
                is.
            remember_event_ids_days: a second event of an id is ignored for at least this long;
                None = as it is.
            retention_days: drop events older than this, keeping their lifetime totals; None = no,
                "kept" = as it is.
            suppression: who must not be mailed, as a definition; None = the default of
                docs/rules.md, "kept" = as it is.
            once: as for all writes.

        Raises:
            RuleError: the suppression is not valid; the faults of the others are named as well.
            FieldError: another setting may not be so; every fault is named.
            StoreError: the change could not be kept; nothing was done.
        """
        wanted = NewSettings(timezone, remember_event_ids_days, retention_days, suppression)
        write = partial(self._settling.change, wanted)
        return self._writes.once(once, TenantSettings, write)

    def once(self, once: Once | None, kind: type[T], change: Callable[[], T]) -> T:
        """Do something that is not only a write of this engine's, once; return what it returned.

        Its answer is kept in the file behind it, not with it: where the process ends between the
        two, it is done again, and has to come to the same.

        Args:
            once: as for all writes; None = do it.
            kind: what it returns.
            change: does it.
        """

        def run(answering: Callable[[T], Answer] | None) -> T:
            done = change()
            if answering is not None:
                self._writes.answer(answering(done))
            return done

        return self._writes.once(once, kind, run)

    # Segments

    def define_segment(
        self, segment: str, rules_or_contact_ids: Any, *, once: Once | None = None
    ) -> int:
        """Set a segment: dynamic by rules, static by contact ids or Members; return its size.

        Raises:
            RuleError: the rules are not valid, match everybody by accident, or form a cycle.
            SegmentError: ids that no contact has, or another engine's Members; nothing changes.
        """

        def write(answering: Callable[[int], Answer] | None) -> int:
            answer = None if answering is None else lambda done: answering(done.count)
            return self._defining.define(segment, rules_or_contact_ids, answer).count

        return self._writes.once(once, int, write)

    def remove_segment(self, segment: str, *, once: Once | None = None) -> None:
        """Forget a segment.

        Raises:
            UnknownSegmentError: there is none.
            SegmentError: other segments refer to it; they are named.
        """
        self._writes.once(once, type(None), partial(self._defining.remove, segment))

    def refresh_segments(self, segments: Iterable[str] | None = None) -> dict[str, tuple[int, int]]:
        """Check who is recorded as a member against the definitions, and correct what is not so.

        Members are recorded by each write and as time passes, so that nothing should be found.

        Args:
            segments: the ids of some; None = all.

        Returns:
            ``{segment: (entered, left)}`` of those that were not as recorded.

        Raises:
            UnknownSegmentError: there is no such segment.
        """
        return self._defining.refresh(segments)

    # The file, where there is one

    def snapshot(self) -> Snapshot:
        """Write a snapshot now, so that the next start need not replay the journal.

        Raises:
            StoreError: it was not written, and what was written before still stands; or the
                engine has no file.
        """
        return self._writes.store.snapshot()

    def backup(self, destination: Path | str) -> None:
        """Copy the file as it is now, while reading and writing go on.

        Raises:
            StoreError: it could not be copied, or the engine has no file.
        """
        self._writes.store.backup(Path(destination))

    @property
    def backup_at(self) -> datetime | None:
        """When the last backup of the file was made, by whomever; None = never."""
        at = self._writes.store.backup_at()
        return None if at is None else datetime.fromtimestamp(at / 1_000, UTC)

    @property
    def failure(self) -> str | None:
        """Why the last snapshot could not be written; None where all is well."""
        failure = self._writes.store.failure
        return None if failure is None else str(failure)

    def close(self) -> None:
        """Let go of the file; what was written is in it. The engine is of no more use."""
        self._writes.store.close()

    def __enter__(self) -> Self:
        """Return the engine, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()
