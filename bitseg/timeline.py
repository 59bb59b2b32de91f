"""A timeline is one contact's events, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from bitseg.clock import show_instant
from bitseg.results import Happened, Timeline

if TYPE_CHECKING:
    from bitseg.events.log import Events
    from bitseg.tenant import Tenant


def timeline(tenant: Tenant, row: int, offset: int, limit: int) -> Timeline:
    """Return some of the events of the contact in a row, and how many there are.

    Of one instant, kinds are in the order of their names, and within a kind the last that came is
    first.
    """
    found: list[tuple[int, str, int]] = []
    taken: dict[str, Events] = {}
    for kind, log in sorted(tenant.events.kinds.items()):
        events = log.at_positions(log.positions_of(np.array([row], np.uint32)))
        taken[kind] = events
        found += [(-at, kind, -place) for place, at in enumerate(events.at.tolist())]
    found.sort()
    items = tuple(
        _shown(tenant, kind, taken[kind], -place)
        for _, kind, place in found[offset : offset + limit]
    )
    return Timeline(items, len(found))


def _shown(tenant: Tenant, kind: str, events: Events, place: int) -> Happened:
    properties: dict[str, Any] = {}
    types = tenant.schema.properties
    for name, codes in events.properties().items():
        value = tenant.events.dictionaries.decode(name, types[name], codes[place])
        if value is not None:
            properties[name] = value
    happened = Happened(kind, show_instant(int(events.at[place])), properties)
    if events.codes is None or not events.codes[place]:
        return happened
    return msgspec.structs.replace(happened, event_id=tenant.events.ids.name(events.codes[place]))
