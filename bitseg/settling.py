"""Settling is setting what holds for all of a tenant's data: timezone, retention, suppression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from bitseg.arguments import check_days
from bitseg.commits import Staged
from bitseg.defining import given_as_json
from bitseg.errors import Fault, FieldError, RuleError
from bitseg.results import TenantSettings
from bitseg.rules.respell import spelled
from bitseg.suppression import SUPPRESSION
from bitseg.zones import get_zone

if TYPE_CHECKING:
    from bitseg.changes import ChangeSettings
    from bitseg.plan.execute import Executor
    from bitseg.repeats import Answering
    from bitseg.rulebook import Rulebook
    from bitseg.writes import Writes

KEPT: Final = "kept"
"""Stands for what is set already, where None says something else."""


class NewSettings(msgspec.Struct, frozen=True):
    """What is to be set.

    Attributes:
        timezone: an IANA name; None = as it is.
        remember_event_ids_days: likewise.
        retention_days: for how many days events are kept, None = for ever; "kept" = as it is.
        suppression: a definition, None = the default; "kept" = as it is.
    """

    timezone: str | None = None
    remember_event_ids_days: int | None = None
    retention_days: int | Literal["kept"] | None = KEPT
    suppression: Any = KEPT


class Settling:
    """The writes that are about settings."""

    def __init__(self, writes: Writes, rulebook: Rulebook, executor: Executor) -> None:
        """Take the way of writes, the reader of rules, and who keeps what rests on the timezone."""
        self._writes = writes
        self._rulebook = rulebook
        self._executor = executor

    def shown(self) -> TenantSettings:
        """Return what is set."""
        return _shown(self._writes.settings)

    def faults(self, wanted: NewSettings) -> tuple[Fault, ...]:
        """Return why settings may not be so now."""
        with self._writes.lock:
            return self._read(wanted)[1]

    def change(
        self, wanted: NewSettings, answer: Answering[TenantSettings] = None
    ) -> TenantSettings:
        """Set what is wanted, all or nothing; return what is set then.

        Raises:
            RuleError: the suppression is not valid; with all faults of the others.
            FieldError: another setting may not be so; every fault is named.
            StoreError: the change could not be kept; nothing was done.
        """

        def stage() -> Staged[TenantSettings]:
            with self._writes.lock:
                change, faults = self._read(wanted)
            if faults:
                of_rules = any(one.path.startswith("suppression") for one in faults)
                raise (RuleError if of_rules else FieldError)(*faults)
            done = _shown(change)
            kept = None if answer is None else answer(done)
            before = self._writes.settings

            def publish() -> TenantSettings:
                if change != before:
                    self._writes.apply(change)
                if change.timezone != before.timezone:
                    self._executor.drop_kept()  # hours and days were of the other zone
                return done

            return Staged((change,) if change != before else (), publish, kept)

        before = self._writes.retention_days
        done = self._writes.submit(stage, alone=True)
        if done.retention_days is not None and (before is None or done.retention_days < before):
            self._writes.drop_expired(self._writes.now())
        return done

    def _read(self, wanted: NewSettings) -> tuple[ChangeSettings, tuple[Fault, ...]]:
        """Return what is to be kept, and the faults of what is wanted."""
        before = self._writes.settings
        faults = [*_day_faults(wanted)]
        zone = self._writes.zone
        if wanted.timezone is not None and wanted.timezone != zone.key:
            try:
                zone = get_zone(wanted.timezone)
            except FieldError as error:
                faults += [msgspec.structs.replace(one, path="timezone") for one in error.faults]
            if has_data(self._writes):
                message = (
                    f"Expected the timezone {before.timezone}, got {wanted.timezone!r}: it is "
                    "fixed once there are contacts, events or segments"
                )
                faults.append(Fault("timezone", message, code="timezone_fixed"))
        given: Any = before.suppression if wanted.suppression == KEPT else wanted.suppression
        change = msgspec.structs.replace(
            before,
            timezone=zone.key,
            remember_event_ids_days=wanted.remember_event_ids_days
            or before.remember_event_ids_days,
            retention_days=before.retention_days
            if wanted.retention_days == KEPT
            else wanted.retention_days,
        )
        if wanted.suppression == KEPT and zone is self._writes.zone:
            return change, tuple(faults)
        if given is None:
            return msgspec.structs.replace(change, suppression=None, spelled=None), tuple(faults)
        try:
            definition = self._rulebook.read_suppression(given, zone)
        except RuleError as error:
            return change, (*faults, *(_of_suppression(one) for one in error.faults))
        text = spelled(definition)
        said = given_as_json(given) or text
        return msgspec.structs.replace(change, suppression=said, spelled=text), tuple(faults)


def has_data(writes: Writes) -> bool:
    """Return whether there is what rests on the timezone: contacts, events or segments."""
    tenant = writes.tenant
    return bool(tenant.contacts.n or len(tenant.events) or [*writes.segments.ids()])


def _day_faults(wanted: NewSettings) -> list[Fault]:
    faults = []
    for name, may_be_none in (("remember_event_ids_days", True), ("retention_days", True)):
        days = getattr(wanted, name)
        if days == KEPT:
            continue
        try:
            check_days(name, days, may_be_none=may_be_none)
        except FieldError as error:
            faults += [
                msgspec.structs.replace(one, path=name, code="out_of_range") for one in error.faults
            ]
    return faults


def _of_suppression(fault: Fault) -> Fault:
    path = f"suppression.{fault.path}" if fault.path else "suppression"
    return msgspec.structs.replace(fault, path=path)


def _shown(settings: ChangeSettings) -> TenantSettings:
    given = settings.suppression
    return TenantSettings(
        timezone=settings.timezone,
        remember_event_ids_days=settings.remember_event_ids_days,
        retention_days=settings.retention_days,
        suppression=msgspec.json.decode(spelled(SUPPRESSION) if given is None else given),
    )
