"""Retention drops events older than some days; what they added to lifetime fields is kept.

Counts, revenue and last dates of dropped events stay as a baseline of their own, beside the one a
contacts file may have given, so that an upsert of that one does not undo it (SPEC section 3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.engagement import RETAINED_REVENUE, Baselines, retained
from bitseg.events.index import group_by_row
from bitseg.events.recomputed import by_contact
from bitseg.events.sums import amounts, expansions, with_more
from bitseg.fields import LAST_DATES, TOTALS

if TYPE_CHECKING:
    import numpy.typing as npt

    from bitseg.bitmap import Rows
    from bitseg.events.recomputed import Grouped
    from bitseg.tenant import Tenant


def drop_events_before(tenant: Tenant, instant: int) -> int:
    """Drop the events before an instant (ms), keep their lifetime share, return how many."""
    dropped = 0
    for kind, log in tenant.events.kinds.items():
        _, stop = log.between(-(2**63), instant)
        if stop == 0:
            continue
        events = log.stretch(0, stop)
        order, _ = group_by_row(events.rows, tenant.contacts.n)
        _keep_share(tenant, kind, by_contact(log.at_positions(order.astype(np.int64))))
        dropped += tenant.events.drop(kind, stop)
    return dropped


def _keep_share(tenant: Tenant, kind: str, found: Grouped) -> None:
    """Add what a kind's events, grouped by contact, gave to the derived fields."""
    for path, counted in TOTALS.items():
        if counted == kind:
            _add(tenant, path, found.rows, np.diff(found.edges).astype(np.float64))
    for path, kinds in LAST_DATES.items():
        if kind in kinds:
            _raise(tenant, path, found.rows, found.events.at[found.edges[1:] - 1])
    if kind == "conversion":
        _add_revenue(tenant, found)


def _add(tenant: Tenant, path: str, rows: Rows, values: npt.NDArray[np.float64]) -> None:
    column = tenant.contacts.column(retained(path), "number")
    before = pc.fill_null(column.values_at(rows), 0.0).to_numpy(zero_copy_only=False)
    tenant.contacts.write(retained(path), rows, pa.array(before + values))


def _add_revenue(tenant: Tenant, found: Grouped) -> None:
    values, edges = amounts(found, "amount"), found.edges
    held = Baselines(tenant.contacts, RETAINED_REVENUE).numbers(found.rows)
    if held:
        values, edges = with_more(values, edges, np.stack(held, axis=1))
    parts, counts = expansions(values, edges)
    for i in range(max(len(held), int(counts.max(initial=0)))):
        column = np.zeros(found.rows.size)
        there = counts > i
        column[there] = parts[edges[:-1][there] + i]
        path = RETAINED_REVENUE[i]
        tenant.contacts.column(path, "number")
        tenant.contacts.write(path, found.rows, pa.array(column))


def _raise(tenant: Tenant, path: str, rows: Rows, instants: npt.NDArray[np.int64]) -> None:
    column = tenant.contacts.column(retained(path), "date")
    before = column.values_at(rows)
    values = pc.max_element_wise(before, pa.array(instants))
    tenant.contacts.write(retained(path), rows, cast("pa.Array", values))
