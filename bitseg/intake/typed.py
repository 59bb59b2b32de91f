"""Typed columns are a batch's raw ones, converted and gathered under the fields they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.changes import FieldValues
from bitseg.errors import Fault
from bitseg.intake.conversion import Problem, convert, convert_ids
from bitseg.intake.raw import present_cells

if TYPE_CHECKING:
    from collections.abc import Collection

    from bitseg.formats import RawBatch
    from bitseg.intake.findings import Findings
    from bitseg.intake.plan import Column, Plan
    from bitseg.zones import Zone

Mask = npt.NDArray[np.bool_]


def typed_columns(  # noqa: PLR0913 - a batch, its meaning, and where faults go
    batch: RawBatch,
    plan: Plan,
    zone: Zone,
    findings: Findings,
    *,
    textual: bool,
    ids: Collection[str],
) -> dict[str, FieldValues]:
    """Return a batch's values by what they mean; faults go to the findings.

    Args:
        batch: raw cells.
        plan: what the columns mean.
        zone: the tenant's timezone.
        findings: of the batch.
        textual: as in ``Source``.
        ids: meanings whose cells are ids.
    """
    found: dict[str, FieldValues] = {}
    names = set(batch.rows.schema.names)
    for name, fault in plan.refused.items():
        if name in names:
            findings.refuse(_given(batch, name), fault)
    for column in plan.loaded:
        if column.name not in names:
            continue
        raw = batch.rows.column(column.name)
        converted = (
            convert_ids(raw)
            if column.path in ids
            else convert(raw, column.data_type or "string", zone, textual=textual)
        )
        findings.blame(column.name, converted.problems)
        new = FieldValues(converted.values, batch.given.get(column.name))
        if column.path in found:
            new = _merged(found[column.path], new, column, findings)
        found[column.path] = new
    return found


def needed(
    columns: dict[str, FieldValues], path: str, plan: Plan, findings: Findings, expected: str
) -> pa.Array | None:
    """Return the values under a path that each row must have; rows without one are bad.

    Args:
        columns: typed columns by what they mean.
        path: what is needed.
        plan: what the columns mean.
        findings: of the batch; cells that were blamed are not blamed again for being none.
        expected: what is needed, in words.
    """
    new = columns.get(path)
    names = [column.name for column in plan.loaded if column.path == path]
    missing = np.ones(findings.bad.size, np.bool_)
    if new is not None:
        missing = ~present_cells(new.values)
        for name in names:
            missing &= ~findings.blamed(name)
    if missing.any():
        findings.blame(names[0] if names else path, [Problem(missing, expected)])
    return None if new is None else new.values


def _given(batch: RawBatch, name: str) -> Mask:
    mask = batch.given.get(name)
    return np.ones(batch.rows.num_rows, np.bool_) if mask is None else mask


def _merged(
    first: FieldValues, second: FieldValues, column: Column, findings: Findings
) -> FieldValues:
    """Join two keys that mean one field; no row may have both."""
    everyone = np.ones(len(first.values), np.bool_)
    first_given = everyone if first.given is None else first.given
    second_given = everyone if second.given is None else second.given
    message = f"Expected one key for {column.path}, got {column.name!r} and another"
    findings.refuse(first_given & second_given, Fault(column.name, message, code="same_field"))
    values = pc.if_else(pa.array(second_given), second.values, first.values)
    return FieldValues(values, first_given | second_given)
