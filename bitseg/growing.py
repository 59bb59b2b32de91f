"""A growing array is a numpy array with room behind it, so that appending costs what it appends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


class Growing:
    """Values of one dtype; integers widen when a larger one arrives."""

    __slots__ = ("_data", "_frozen", "size")

    def __init__(self, dtype: npt.DTypeLike) -> None:
        """Begin empty."""
        self._data: npt.NDArray[Any] = np.empty(0, dtype)
        self._frozen = 0
        self.size = 0

    @property
    def values(self) -> npt.NDArray[Any]:
        """The values held, a view that an append may leave behind."""
        return self._data[: self.size]

    @property
    def nbytes(self) -> int:
        """Bytes held, the room behind included."""
        return int(self._data.nbytes)

    def freeze(self) -> npt.NDArray[Any]:
        """Return the values as they are now, a view that no later change touches.

        Appending goes on behind it; replacing any of its values moves the others to a new place.
        """
        self._frozen = self.size
        return self.values

    def thaw(self) -> None:
        """Let values be replaced in place again: nobody looks at what was frozen any more."""
        self._frozen = 0

    def fork(self) -> Growing:
        """Return an array of the same values, whose changes are all made in a place of its own."""
        fork = Growing(self._data.dtype)
        fork._data = self.values
        fork._frozen = fork.size = self.size
        return fork

    def extend(self, values: npt.NDArray[Any]) -> None:
        """Append values of a dtype no wider than needed, or wider where one needs it."""
        self.splice(self.size, values)

    def splice(self, start: int, values: npt.NDArray[Any]) -> None:
        """Replace everything from ``start`` on."""
        self.make_room(start, values)
        end = start + values.size
        self._data[start:end] = values
        self.size = end

    def make_room(self, start: int, values: npt.NDArray[Any]) -> None:
        """Make sure that ``splice`` of the same has nothing to allocate."""
        self._fit(values)
        end = start + values.size
        size = self._data.size
        if end > size:
            size = max(end, size + size // 4)
        elif start >= self._frozen:
            return
        room = np.empty(size, self._data.dtype)
        room[: self.size] = self.values
        self._data = room
        self._frozen = 0

    def resize(self, size: int, fill: float) -> None:
        """Append ``fill`` until there are ``size`` values."""
        if size > self.size:
            self.extend(np.full(size - self.size, fill, self._data.dtype))

    def keep(self, kept: npt.NDArray[np.bool_]) -> None:
        """Drop the values whose place in bool[size] is false, and the room behind."""
        self._data = self.values[kept]
        self.size = self._data.size

    def widen(self) -> None:
        """Give unsigned integers twice the bytes."""
        self._data = self._data.astype(f"u{self._data.dtype.itemsize * 2}")

    def _fit(self, values: npt.NDArray[Any]) -> None:
        """Widen an unsigned column until the largest value fits."""
        if self._data.dtype.kind != "u" or values.dtype.itemsize <= self._data.dtype.itemsize:
            return
        top = int(values.max(initial=0))
        if top > np.iinfo(self._data.dtype).max:
            self._data = self._data.astype(np.min_scalar_type(top))
