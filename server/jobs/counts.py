"""A count of a job is how often it ran in this process, and what came of it: for metrics."""

from __future__ import annotations

import msgspec


class Count(msgspec.Struct):
    """What came of one job's runs, of all tenants, since the process began.

    Attributes:
        runs: how many began.
        failures: how many of them failed.
        corrections: how many memberships were not as they were recorded, and were corrected.
        last_success_at: when the last one that went well ended, ms since 1970 UTC; None = never.
    """

    runs: int = 0
    failures: int = 0
    corrections: int = 0
    last_success_at: int | None = None
