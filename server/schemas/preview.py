"""A preview request asks for the size of a definition that need not be saved."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from server.settings import SAMPLE_LIMIT


class PreviewRequest(msgspec.Struct, frozen=True):
    """The body of ``POST /api/segments/preview``.

    Attributes:
        rules: a definition, as JSON text: a sample's percent is the decimal as written.
        breakdown: whether to count every condition and group on its own.
        sample: how many member contacts to show.
        near_misses: whether to count who fails just one condition.
        against: the id of a saved segment to compare with.
        now: the instant to evaluate for, ISO 8601 with an offset; without it, the clock's.
    """

    rules: msgspec.Raw
    breakdown: bool = False
    sample: Annotated[int, msgspec.Meta(ge=0, le=SAMPLE_LIMIT)] = 0
    near_misses: bool = False
    against: str | None = None
    now: datetime | None = None
