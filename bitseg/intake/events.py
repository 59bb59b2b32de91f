"""Events are taken in as records of whole batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.changes import RecordEvents
from bitseg.intake.essentials import EVENT_ESSENTIALS
from bitseg.intake.findings import Findings
from bitseg.intake.naming import EVENT_CELLS
from bitseg.intake.typed import typed_columns

if TYPE_CHECKING:
    from bitseg.formats import RawBatch, Source
    from bitseg.intake.plan import Plan
    from bitseg.zones import Zone


class EventsBatch(NamedTuple):
    """The good rows of a batch as one change; None where there are none.

    Attributes:
        change: what to apply.
        places: int64[k], where the change's rows are in the batch.
        findings: what is wrong with the other rows.
    """

    change: RecordEvents | None
    places: npt.NDArray[np.int64]
    findings: Findings


def read_events(  # noqa: PLR0913 - a batch, its meaning, and how to apply it
    batch: RawBatch, plan: Plan, source: Source, zone: Zone, at: int, *, create_contacts: bool
) -> EventsBatch:
    """Turn a batch of raw rows into a record of events.

    Args:
        batch: raw rows.
        plan: what the columns mean.
        source: where the batch is from.
        zone: the tenant's timezone.
        at: the write's instant.
        create_contacts: whether unknown contact ids become contacts.
    """
    findings = Findings(batch)
    columns = typed_columns(
        batch, plan, zone, findings, textual=source.textual, ids=EVENT_ESSENTIALS.ids
    )
    found = EVENT_ESSENTIALS.judge(columns, plan, findings)
    contact_ids, kinds, instants = found["contact_id"], found["kind"], found["at"]
    places = np.flatnonzero(~findings.bad)
    if contact_ids is None or kinds is None or instants is None or not places.size:
        return EventsBatch(None, np.empty(0, np.int64), findings)
    good = None if places.size == batch.rows.num_rows else pa.array(~findings.bad)

    def kept(values: pa.Array) -> pa.Array:
        return values if good is None else values.filter(good)

    event_ids = columns.get("event_id")
    change = RecordEvents(
        contact_ids=kept(contact_ids),
        kinds=kept(kinds),
        at=kept(instants),
        event_ids=None if event_ids is None else kept(event_ids.values),
        properties={
            name: kept(new.values) for name, new in columns.items() if name not in EVENT_CELLS
        },
        recorded_at=at,
        create_contacts=create_contacts,
    )
    return EventsBatch(change, places, findings)
