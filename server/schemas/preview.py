"""A preview request asks for the size of a definition that need not be saved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from bitseg import Fault, RuleError
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
    now: str | None = None

    def instant(self) -> datetime | None:
        """Return ``now`` as an aware datetime, or None where it is not given.

        Raises:
            RuleError: it is not a date-time with an offset.
        """
        if self.now is None:
            return None
        try:
            instant = datetime.fromisoformat(self.now)
            # one that is outside years 1 to 9999 in UTC overflows
            utc = instant.astimezone(UTC) if instant.tzinfo is not None else None
        except (ValueError, OverflowError):
            utc = None
        if utc is None:
            message = f"Expected an ISO 8601 date-time with an offset, got '{self.now}'."
            raise RuleError(Fault("now", message, code="invalid_date"))
        return utc
