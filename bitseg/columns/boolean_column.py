"""A boolean column keeps a byte a row: missing, false or true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from bitseg.columns.cells import Array, CellColumn
from bitseg.columns.scans import between
from bitseg.columns.tests import AnyTest, BooleanIs, Present, unfit

if TYPE_CHECKING:
    from bitseg.columns.protocol import Rows, Words

MISSING: Final = 0
FALSE: Final = 1
TRUE: Final = 2


class BooleanColumn(CellColumn):
    """Booleans."""

    data_type: Final = "boolean"

    def __init__(self) -> None:
        """Begin without rows."""
        super().__init__(np.uint8, MISSING)

    def write(self, rows: Rows, values: pa.Array) -> None:
        """Set the values of uint32[k] distinct rows; null takes a row's value away."""
        truth = values.fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003
        given = values.is_valid().to_numpy(zero_copy_only=False)
        self._replace(rows, np.where(given, truth + np.uint8(FALSE), MISSING).astype(np.uint8))

    def _shown(self, cells: Array) -> pa.Array:
        return pa.array(cells == TRUE, mask=cells == MISSING)

    def _words(self, test: AnyTest, cells: Array) -> Words:
        match test:
            case Present():
                return between(cells, FALSE, TRUE)
            case BooleanIs(value):
                wanted = TRUE if value else FALSE
                return between(cells, wanted, wanted)
            case _:
                raise unfit("boolean", test)
