"""Memory is shared: what all tenants may hold together, and what one of them may."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

SHARE: Final = 0.6
"""What data may take of the memory that is there; the rest is for requests, and for reading."""

_CGROUP: Final = Path("/sys/fs/cgroup/memory.max")


class MemoryLimits(msgspec.Struct, frozen=True):
    """How many bytes data, and what questions build of them, may take.

    Attributes:
        process: those of all tenants together.
        tenant: those of one; None = as many as there are.
    """

    process: int
    tenant: int | None = None

    def room(self, others: int) -> int:
        """Return how many bytes a tenant may hold, where others hold so many; 1 at the least."""
        left = self.process - others
        return max(1, left if self.tenant is None else min(left, self.tenant))


def memory_there() -> int:
    """Return the bytes of memory that this process can have, of its machine or its container."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):  # no container, or "max": no limit of its own
        there = min(there, int(_CGROUP.read_text()))
    return there


def process_default() -> int:
    """Return how many bytes data may take where nobody said it."""
    return int(memory_there() * SHARE)
