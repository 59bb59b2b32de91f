"""A kernel is a loop over bytes or rows that numba compiles, for paths bench/ has a figure of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def kernel(function: F) -> F:
    """Compile a function on its first call, keep the result on disk, and let other threads run.

    The caller's types stay as written: numba's own decorator would make the function untyped.
    """
    return cast("F", numba.njit(cache=True, nogil=True)(function))
