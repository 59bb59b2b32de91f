"""How much memory this process holds, as the kernel counts it."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path

import pyarrow as pa

_STATUS = Path("/proc/self/status")


def resident() -> int:
    """Return bytes resident now, after garbage is collected and both allocators have let go.

    What the C library holds back after one load would be used by the next, which would then seem
    to cost less than it does. Linux with glibc only.
    """
    gc.collect()
    pa.default_memory_pool().release_unused()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return _status("VmRSS")


def peak() -> int:
    """Return the most bytes that were ever resident."""
    return _status("VmHWM")


def _status(key: str) -> int:
    for line in _STATUS.read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == key:
            return int(rest.split()[0]) * 1_024
    raise LookupError(f"Expected {key} in {_STATUS}.")
