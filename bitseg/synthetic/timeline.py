"""The timeline puts the events of all waves into one order of time, a batch at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from bitseg.clock import HIGHEST, system_now
from bitseg.errors import FieldError
from bitseg.synthetic import draws, words
from bitseg.synthetic.audience import Audience
from bitseg.synthetic.campaigns import Wave, waves
from bitseg.synthetic.draws import INSTANT
from bitseg.synthetic.funnel import Happened, joined, unfold
from bitseg.synthetic.people import MOST_CONTACTS, contact_ids
from bitseg.synthetic.traits import created_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BATCH: Final = 1 << 19
_MANY: Final = 10**6

EVENT_SCHEMA: Final = pa.schema(
    [
        ("contact_id", pa.string()),
        ("kind", pa.dictionary(pa.int8(), pa.string())),
        ("at", INSTANT),
        ("campaign", pa.dictionary(pa.int16(), pa.string())),
        ("url", pa.dictionary(pa.int8(), pa.string())),
        ("device", pa.dictionary(pa.int8(), pa.string())),
        ("amount", pa.float64()),
    ]
)
"""The columns of ``events``."""
EVENT_ID: Final = pa.field("event_id", pa.string())
"""Comes last, where it was asked for."""


def events(
    n_contacts: int,
    n_events: int,
    seed: int = 0,
    now: int | None = None,
    *,
    event_ids: bool = False,
) -> pa.RecordBatchReader:
    """Generate exactly so many events in order of time, a batch at a time as they are read.

    They span two years up to now and a few days after it. Memory is about 25 bytes a contact and
    that of one wave: below 1 % of the events.

    Args:
        n_contacts: how many contacts there are, as given to ``contacts``.
        n_events: how many events to make.
        seed: the same seed gives the same events, of the contacts of that seed.
        now: ms since 1970 UTC, as given to ``contacts``; the system clock's without it.
        event_ids: whether to add a column ``event_id``, unique.

    Returns:
        a reader of ``EVENT_SCHEMA``, ``BATCH`` rows a batch.

    Raises:
        FieldError: a number or the seed cannot be, or there are events but no contacts.
    """
    least = 1 if n_events else 0
    if not least <= n_contacts <= MOST_CONTACTS:
        raise FieldError(f"Expected {least} to {MOST_CONTACTS:,} contacts, got {n_contacts:,}.")
    if n_events < 0:
        raise FieldError(f"Expected 0 events or more, got {n_events:,}.")
    draws.generator(seed, "events")  # refuses a seed here, not when the data is read
    schema = EVENT_SCHEMA.append(EVENT_ID) if event_ids else EVENT_SCHEMA
    instant = system_now() if now is None else now
    made = _batches(n_contacts, n_events, seed, instant, schema) if n_events else iter(())
    return pa.RecordBatchReader.from_batches(schema, made)


def _batches(
    n_contacts: int, n_events: int, seed: int, now: int, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    schedule = waves(now)
    names = sorted({wave.campaign for wave in schedule} - {""})
    first = 0
    for batch in _gathered(_in_order(n_contacts, n_events, seed, now, schedule)):
        yield _encoded(batch, names, first, schema)
        first += len(batch.at)


def _in_order(
    n_contacts: int, n_events: int, seed: int, now: int, schedule: list[Wave]
) -> Iterator[Happened]:
    """Yield runs of events, each in order of time and after the one before."""
    audience = Audience(n_contacts, seed)
    names = sorted({wave.campaign for wave in schedule})
    weights = [wave.weight * created_before(_MANY, now - wave.at) for wave in schedule]
    sizes = draws.allotted(np.array(weights), n_events, 0.5)
    waiting: list[Happened] = []
    for number, (wave, size) in enumerate(zip(schedule, sizes.tolist(), strict=True)):
        if size:
            rng = draws.generator(seed, "events", number)
            drawn = unfold(rng, audience, wave.at, now - wave.at, size)
            code = names.index(wave.campaign) - 1
            waiting.append(drawn._replace(campaign=np.full_like(drawn.campaign, code)))
        end = schedule[number + 1].at if number + 1 < len(schedule) else HIGHEST
        if waiting:
            ready, late = _split(joined(waiting), end)
            waiting = [late]
            yield ready


def _split(drawn: Happened, end: int) -> tuple[Happened, Happened]:
    """Return the events before an instant, in order of time, and the others as they are."""
    before = drawn.at < end
    ready = drawn.take(np.flatnonzero(before))
    return ready.take(np.argsort(ready.at, kind="stable")), drawn.take(np.flatnonzero(~before))


def _gathered(runs: Iterable[Happened]) -> Iterator[Happened]:
    """Yield runs of ``BATCH`` rows, the last one shorter."""
    held: list[Happened] = []
    rows = 0
    for run in runs:
        held.append(run)
        rows += len(run.at)
        if rows >= BATCH:
            whole = joined(held)
            full = rows - rows % BATCH
            for start in range(0, full, BATCH):
                yield whole.take(slice(start, start + BATCH))
            held, rows = [whole.take(slice(full, None))], rows - full
    if rows:
        yield joined(held)


def _encoded(batch: Happened, names: list[str], first: int, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        contact_ids(batch.row),
        draws.encoded(batch.kind, words.KINDS),
        pa.array(batch.at).cast(INSTANT),
        draws.encoded(batch.campaign, names, batch.campaign < 0),
        draws.encoded(batch.url, [url for url, _ in words.URLS], batch.url < 0),
        draws.encoded(batch.device, words.DEVICES, batch.device < 0),
        pa.array(batch.amount, mask=np.isnan(batch.amount)),
    ]
    if EVENT_ID.name in schema.names:
        columns.append(draws.numbered("e", np.arange(first, first + len(batch.at)), 3))
    return pa.record_batch(columns, schema)
