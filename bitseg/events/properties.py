"""A property column is one property of one kind of event, encoded as narrow numbers.

Strings are codes of a pool that all kinds share, shifted by one; 0 is "the event lacks it".
Numbers are float64 with NaN for missing; booleans are 1 (false) and 2 (true) with 0 for missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.growing import Growing
from bitseg.strings import StringPool, codes_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitseg.fields import DataType

Encoded: TypeAlias = npt.NDArray[Any]

FALSE: Final = 1
TRUE: Final = 2


class Dictionaries:
    """The string pools of a tenant's event properties, one a property, shared by all kinds."""

    def __init__(self) -> None:
        """Begin with none."""
        self._pools: dict[str, StringPool] = {}

    def pool(self, name: str) -> StringPool:
        """Return the pool of a string property."""
        return self._pools.setdefault(name, StringPool())

    def encode(self, name: str, data_type: DataType, values: pa.Array) -> Encoded:
        """Return an array of ``ARROW_TYPES`` as this module's codes."""
        if data_type == "number":
            return as_numpy(pc.fill_null(values, float("nan")))
        if data_type == "boolean":
            truth = pc.add(pc.cast(values, pa.uint8()), pa.scalar(FALSE, pa.uint8()))
            return as_numpy(pc.fill_null(truth, 0))
        codes = np.zeros(len(values), np.uint32)
        if len(values) == values.null_count:
            return codes
        present = values.is_valid().to_numpy(zero_copy_only=False)
        codes[present] = codes_in(self.pool(name), values.drop_null()) + 1
        return codes

    def views(self) -> dict[str, StringPool]:
        """Return the pools as they are now; see ``StringPool.view``."""
        return {name: pool.view() for name, pool in self._pools.items()}

    def forget_unused(self, name: str, codes: Encoded, columns: Iterable[Encoded]) -> None:
        """Forget those of a property's strings, by code + 1, that none of the columns has."""
        pool = self.pool(name)
        gone = np.zeros(len(pool) + 1, np.bool_)
        gone[codes] = True
        for column in columns:
            gone[column] = False
        pool.forget(np.flatnonzero(gone[1:]).astype(np.uint32))

    def decode(self, name: str, data_type: DataType, code: float) -> str | float | bool | None:
        """Return the value behind one code, None where the event lacks it."""
        if data_type == "number":
            return None if np.isnan(code) else float(code)
        if code == 0:
            return None
        return code == TRUE if data_type == "boolean" else self.pool(name).get(int(code) - 1)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(pool.nbytes for pool in self._pools.values())


def as_numpy(values: pa.Array) -> Encoded:
    """Return an Arrow array without nulls as numpy."""
    plain: Encoded = values.to_numpy(zero_copy_only=False)
    return plain


def missing_mark(data_type: DataType) -> float:
    """Return the code of "the event lacks it"."""
    return float("nan") if data_type == "number" else 0


def narrowest(data_type: DataType) -> type[np.generic]:
    """Return the dtype a column begins with; codes widen as the pool grows."""
    return np.float64 if data_type == "number" else np.uint8


def property_column(data_type: DataType, size: int) -> Growing:
    """Return a column for a kind that has ``size`` events, all of which lack the property."""
    column = Growing(narrowest(data_type))
    column.extend(np.full(size, missing_mark(data_type), narrowest(data_type)))
    return column
