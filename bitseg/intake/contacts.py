"""Contacts are taken in as upserts of whole batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.changes import FieldValues, UpsertContacts
from bitseg.intake.conversion import Problem
from bitseg.intake.essentials import CONTACT_ESSENTIALS
from bitseg.intake.findings import Findings
from bitseg.intake.plan import CONTACT_ID
from bitseg.intake.raw import present_cells
from bitseg.intake.typed import typed_columns

if TYPE_CHECKING:
    from bitseg.formats import RawBatch, Source
    from bitseg.intake.plan import Plan
    from bitseg.zones import Zone

STAMPS: Final = ("contact.created_at", "contact.updated_at")
"""Dates a contact always has: they can be given, but not taken away."""


class ContactsBatch(NamedTuple):
    """The good rows of a batch as one change; None where there are none.

    Attributes:
        change: what to apply.
        findings: what is wrong with the other rows.
    """

    change: UpsertContacts | None
    findings: Findings


def read_contacts(
    batch: RawBatch, plan: Plan, source: Source, zone: Zone, at: int
) -> ContactsBatch:
    """Turn a batch of raw rows into an upsert.

    Args:
        batch: raw rows.
        plan: what the columns mean.
        source: where the batch is from.
        zone: the tenant's timezone.
        at: the write's instant.
    """
    findings = Findings(batch)
    columns = typed_columns(
        batch, plan, zone, findings, textual=source.textual, ids=CONTACT_ESSENTIALS.ids
    )
    for column in plan.loaded:
        if column.path in STAMPS and column.path in columns:
            new = columns[column.path]
            columns[column.path] = _stamp(new, column.name, findings, keyed=source.keyed)
    ids = CONTACT_ESSENTIALS.judge(columns, plan, findings)[CONTACT_ID]
    columns.pop(CONTACT_ID, None)
    good = ~findings.bad
    if ids is None or not good.any():
        return ContactsBatch(None, findings)
    if not good.all():
        ids = ids.filter(pa.array(good))
        columns = {path: _kept(values, good) for path, values in columns.items()}
    return ContactsBatch(UpsertContacts(ids, columns, at), findings)


def _stamp(new: FieldValues, name: str, findings: Findings, *, keyed: bool) -> FieldValues:
    """Take an empty cell for not given; a key with null is a fault."""
    filled = present_cells(new.values)
    if filled.all():
        return new
    if keyed:
        null = ~filled & ~findings.blamed(name)
        if new.given is not None:
            null &= new.given
        expected = "a date, or no key at all, as it cannot be removed"
        findings.blame(name, (Problem(null, expected),) if null.any() else ())
        return new
    return FieldValues(new.values, filled)


def _kept(values: FieldValues, good: npt.NDArray[np.bool_]) -> FieldValues:
    given = None if values.given is None else values.given[good]
    return FieldValues(values.values.filter(pa.array(good)), given)
