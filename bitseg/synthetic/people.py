"""A generated contact: every built-in field, and the custom ones the document's segments use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.clock import system_now
from bitseg.errors import FieldError
from bitseg.synthetic import business, draws, traits, words
from bitseg.synthetic.draws import INSTANT
from bitseg.synthetic.places import PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitseg.fields import DataType
    from bitseg.synthetic.traits import Traits

Columns = dict[str, pa.Array]

_WORD: Final = pa.dictionary(pa.int16(), pa.string())
CONTACT_SCHEMA: Final = pa.schema(
    [
        ("id", pa.string()),
        ("email", pa.string()),
        ("first_name", _WORD),
        ("last_name", _WORD),
        ("phone", pa.string()),
        ("company", _WORD),
        ("country", _WORD),
        ("state", _WORD),
        ("city", _WORD),
        ("timezone", _WORD),
        ("language", _WORD),
        ("source", _WORD),
        ("subscription_status", _WORD),
        ("unsubscribed", pa.bool_()),
        ("bounced", pa.bool_()),
        ("lead_score", pa.int16()),
        ("created_at", INSTANT),
        ("updated_at", INSTANT),
        ("tags", pa.list_(pa.string())),
        *business.COLUMNS,
    ]
)
"""The columns of ``contacts``; a name that is no built-in field is a custom field."""

FIELDS: Final[dict[str, DataType]] = {
    f"customField.{name}": data_type for name, data_type in business.FIELDS.items()
}
"""The custom fields of ``contacts``, as one would declare them."""

MOST_CONTACTS: Final = 10**8
_DOMAIN_WHEEL: Final = draws.wheel([share for _, share in words.DOMAINS])
_SOURCE_WHEEL: Final = draws.wheel([share for _, share in words.SOURCES])
_FIRST_PLAIN: Final = pa.array([words.plain(name) for name in words.FIRST_NAMES])
_LAST_PLAIN: Final = pa.array([words.plain(name) for name in words.LAST_NAMES])


def contacts(n: int, seed: int = 0, now: int | None = None) -> pa.RecordBatchReader:
    """Generate contacts in order of creation, a batch at a time as they are read.

    Args:
        n: how many, up to 100 million.
        seed: the same seed gives the same contacts, and fits the events of that seed.
        now: ms since 1970 UTC; the newest contact was created just before. The system clock's
            without it.

    Returns:
        a reader of ``CONTACT_SCHEMA``, at most ``traits.BLOCK`` rows a batch.

    Raises:
        FieldError: the number or the seed cannot be.
    """
    if not 0 <= n <= MOST_CONTACTS:
        raise FieldError(f"Expected 0 to {MOST_CONTACTS:,} contacts, got {n:,}.")
    draws.generator(seed, "contacts")  # refuses a seed here, not when the data is read
    made = _batches(n, seed, system_now() if now is None else now)
    return pa.RecordBatchReader.from_batches(CONTACT_SCHEMA, made)


def _batches(n: int, seed: int, now: int) -> Iterator[pa.RecordBatch]:
    for block, start, size in traits.blocks(n):
        rng = draws.generator(seed, "contacts", block)
        lived = traits.traits(seed, block, size)
        age = traits.age(n, start, rng.random(size, dtype=np.float32))
        columns = {
            **_identity(rng, start, size),
            **_location(rng, lived),
            **_standing(rng, lived),
            **_dates(rng, age, now),
            "tags": business.chosen(rng, words.TAGS, size),
            **business.columns(rng, lived, age, now),
        }
        yield pa.record_batch([columns[name] for name in CONTACT_SCHEMA.names], CONTACT_SCHEMA)


def contact_ids(rows: npt.NDArray[Any]) -> pa.StringArray:
    """Return the external ids of rows: ``c`` and eight digits."""
    return draws.numbered("c", rows.astype(np.int64), 2)


def _identity(rng: np.random.Generator, start: int, n: int) -> Columns:
    rows = np.arange(start, start + n)
    first = rng.integers(0, len(words.FIRST_NAMES), n, dtype=np.int16)
    last = rng.integers(0, len(words.LAST_NAMES), n, dtype=np.int16)
    domain = draws.spin(rng, _DOMAIN_WHEEL, n)
    company = (rng.random(n) ** 2 * len(words.COMPANIES)).astype(np.int16)
    email = pc.binary_join_element_wise(
        _FIRST_PLAIN.take(pa.array(first)),
        ".",
        _LAST_PLAIN.take(pa.array(last)),
        pc.cast(pa.array(rows), pa.string()),
        "@",
        pa.array([name for name, _ in words.DOMAINS]).take(pa.array(domain)),
        "",
    )
    phone = pc.cast(pa.array(rng.integers(12_000_000_000, 19_999_999_999, n)), pa.string())
    phone = pc.binary_join_element_wise("+", phone, "")
    return {
        "id": contact_ids(rows),
        "email": _without(rng, email, 0.01),
        "first_name": draws.encoded(first, words.FIRST_NAMES, draws.chance(rng, 0.04, n)),
        "last_name": draws.encoded(last, words.LAST_NAMES, draws.chance(rng, 0.06, n)),
        "phone": _without(rng, phone, 0.6),
        "company": draws.encoded(company, words.COMPANIES, draws.chance(rng, 0.25, n)),
    }


def _location(rng: np.random.Generator, lived: Traits) -> Columns:
    def column(name: str, missing: float) -> pa.Array:
        values = sorted({getattr(place, name) for place in PLACES})
        codes = np.array([values.index(getattr(place, name)) for place in PLACES], dtype=np.int16)
        coded = codes[lived.place]
        gone = draws.chance(rng, missing, len(coded))
        if values[0] == "":
            gone |= coded == 0
        return draws.encoded(coded, values, gone)

    return {
        "country": column("country", 0.03),
        "state": column("state", 0.12),
        "city": column("city", 0.15),
        "timezone": column("timezone", 0.08),
        "language": column("language", 0.1),
    }


def _standing(rng: np.random.Generator, lived: Traits) -> Columns:
    n = len(lived.zeal)
    status = np.where(draws.chance(rng, 0.05, n), np.int16(1), np.int16(0))
    status[lived.leaving] = 2
    status[lived.bouncing] = 3
    score = 45 + 16 * lived.zeal + 12 * rng.standard_normal(n, dtype=np.float32)
    return {
        "source": draws.encoded(
            draws.spin(rng, _SOURCE_WHEEL, n),
            [name for name, _ in words.SOURCES],
            draws.chance(rng, 0.05, n),
        ),
        "subscription_status": draws.encoded(status, words.STATUSES, draws.chance(rng, 0.02, n)),
        "unsubscribed": pa.array(lived.leaving, mask=draws.chance(rng, 0.05, n) & ~lived.leaving),
        "bounced": pa.array(lived.bouncing, mask=draws.chance(rng, 0.3, n) & ~lived.bouncing),
        "lead_score": pa.array(
            np.clip(score, 0, 100).astype(np.int16), mask=draws.chance(rng, 0.08, n)
        ),
    }


def _dates(rng: np.random.Generator, age: npt.NDArray[np.int64], now: int) -> Columns:
    since = (age * rng.random(len(age), dtype=np.float32) ** 2).astype(np.int64)
    return {
        "created_at": pa.array(now - age).cast(INSTANT),
        "updated_at": pa.array(now - since).cast(INSTANT),
    }


def _without(rng: np.random.Generator, values: pa.Array, missing: float) -> pa.Array:
    gone = pa.array(draws.chance(rng, missing, len(values)))
    return pc.if_else(gone, pa.scalar(None, values.type), values)
