"""A mixed column holds cells of several types, as a dense union with a child a type, named for it.

What no child can hold is in the child ``other``, as a description.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

OTHER: Final = "other"
"""The child of a union that describes values no field can have."""

NO_CHILD: Final = -1
"""In the place of a child's number: the cell is null."""


def mixed_column(
    choices: npt.NDArray[np.int8], children: list[pa.Array], names: list[str]
) -> pa.Array:
    """Return a column of cells out of one or several children.

    Args:
        choices: int8[n], the number of the child each cell is in, or ``NO_CHILD``. The cells of
            a child lie in it in the order of their rows.
        children: arrays of the types there are.
        names: what each child is called.

    Returns:
        The array of the only child's type, nulls of no type if there is none, else a union.
    """
    if not children:
        return pa.nulls(choices.size)
    offsets = np.zeros(choices.size, np.int32)
    for number in range(len(children)):
        places = np.flatnonzero(choices == number)
        offsets[places] = np.arange(places.size, dtype=np.int32)
    null = choices == NO_CHILD
    if len(children) == 1 and names[0] != OTHER:
        return children[0].take(pa.array(offsets, mask=null)) if null.any() else children[0]
    if null.any():
        offsets[null] = len(children[0])
        nothing = pa.nulls(1, children[0].type)
        children = [pa.concat_arrays([children[0], nothing]), *children[1:]]
    types = pa.array(np.where(null, 0, choices).astype(np.int8))
    return pa.UnionArray.from_dense(types, pa.array(offsets), children, names)
