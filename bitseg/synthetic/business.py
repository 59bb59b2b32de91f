"""What the business knows of a contact: the custom fields the document's segments ask about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bitseg.synthetic import draws, words
from bitseg.synthetic.draws import DAY, INSTANT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bitseg.fields import DataType
    from bitseg.synthetic.traits import Traits

FIELDS: Final[dict[str, DataType]] = {
    "industry": "string",
    "company_size": "string",
    "account_type": "string",
    "signup_date": "date",
    "trial_end_date": "date",
    "last_purchase_date": "date",
    "customer_ltv": "number",
    "total_revenue": "number",
    "lifetime_opens": "number",
    "interests": "array",
}
_WORD: Final = pa.dictionary(pa.int16(), pa.string())
COLUMNS: Final[tuple[tuple[str, pa.DataType], ...]] = (
    ("industry", _WORD),
    ("company_size", _WORD),
    ("account_type", _WORD),
    ("signup_date", INSTANT),
    ("trial_end_date", INSTANT),
    ("last_purchase_date", INSTANT),
    ("customer_ltv", pa.float64()),
    ("total_revenue", pa.float64()),
    ("lifetime_opens", pa.int32()),
    ("interests", pa.list_(pa.string())),
)
_INDUSTRY_WHEEL: Final = draws.wheel([share for _, share in words.INDUSTRIES])
_SIZE_WHEEL: Final = draws.wheel([share for _, share in words.COMPANY_SIZES])
_ACCOUNT_WHEEL: Final = draws.wheel([share for _, share in words.ACCOUNT_TYPES])
_TRIAL, _PAID = 1, 2
TRIAL: Final = 14 * DAY

Columns = dict[str, pa.Array]


def columns(
    rng: np.random.Generator, lived: Traits, age: npt.NDArray[np.int64], now: int
) -> Columns:
    """Return the custom fields of contacts of these traits and ages, a column each."""
    n = len(age)
    account = draws.spin(rng, _ACCOUNT_WHEEL, n)
    return {
        "industry": draws.encoded(
            draws.spin(rng, _INDUSTRY_WHEEL, n),
            [name for name, _ in words.INDUSTRIES],
            draws.chance(rng, 0.2, n),
        ),
        "company_size": draws.encoded(
            draws.spin(rng, _SIZE_WHEEL, n),
            [name for name, _ in words.COMPANY_SIZES],
            draws.chance(rng, 0.25, n),
        ),
        "account_type": draws.encoded(
            account, [name for name, _ in words.ACCOUNT_TYPES], draws.chance(rng, 0.07, n)
        ),
        **_milestones(rng, account, age, now),
        **_worth(rng, lived, account),
        "interests": chosen(rng, words.INTERESTS, n),
    }


def _milestones(
    rng: np.random.Generator, account: draws.Codes, age: npt.NDArray[np.int64], now: int
) -> Columns:
    n = len(age)
    signed_up = _midnight(now - age)
    ends = signed_up + TRIAL
    running = account == _TRIAL
    ends[running] = _midnight(now + rng.integers(-45, 22, running.sum()) * DAY)
    since = rng.exponential(70, n).astype(np.float32) * np.float32(DAY)
    bought = np.maximum(now - since.astype(np.int64), now - age)
    no_trial = (account < _TRIAL) | ((account != _TRIAL) & draws.chance(rng, 0.4, n))
    no_purchase = (account < _PAID) | draws.chance(rng, 0.05, n)
    return {
        "signup_date": _instants(signed_up, draws.chance(rng, 0.1, n)),
        "trial_end_date": _instants(ends, no_trial),
        "last_purchase_date": _instants(bought, no_purchase),
    }


def _worth(rng: np.random.Generator, lived: Traits, account: draws.Codes) -> Columns:
    n = len(account)
    luck, spread = rng.standard_normal((2, n), dtype=np.float32)
    value = np.exp(6.6 + 0.5 * lived.zeal + 1.1 * luck).astype(np.float64)
    opens = np.exp(2.3 + 1.0 * lived.zeal + 0.5 * spread) * (lived.openness > 0)
    unpaid = account < _PAID
    return {
        "customer_ltv": pa.array(np.round(value, 2), mask=unpaid | draws.chance(rng, 0.05, n)),
        "total_revenue": pa.array(
            np.round(value * (1.2 + spread.astype(np.float64) ** 2), 2), mask=unpaid
        ),
        "lifetime_opens": pa.array(opens.astype(np.int32), mask=draws.chance(rng, 0.1, n)),
    }


def chosen(rng: np.random.Generator, options: Sequence[tuple[str, float]], n: int) -> pa.Array:
    """Draw list<string>[n]: each option by its own percentage, null where none was drawn."""
    drawn = rng.integers(0, 256, (n, len(options)), dtype=np.uint8)
    taken = drawn < np.array([percent * 2.56 for _, percent in options])
    counts = taken.sum(axis=1, dtype=np.int32)
    values = pa.array([name for name, _ in options]).take(pa.array(np.nonzero(taken)[1]))
    offsets = np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(counts == 0))


def _midnight(at: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return at - at % DAY


def _instants(at: npt.NDArray[Any], missing: draws.Mask) -> pa.Array:
    return pa.array(at, mask=missing).cast(INSTANT)
