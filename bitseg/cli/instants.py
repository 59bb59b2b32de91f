"""An instant is how commands and calls are told of one: ISO 8601 with an offset."""

from __future__ import annotations

from datetime import UTC, datetime

import click


def read_instant(text: str) -> datetime:
    """Return the instant that a text says, in UTC.

    Raises:
        ValueError: it is no date-time with an offset, or lies outside the years 1 to 9999 of UTC.
    """
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = f"Expected an ISO 8601 date-time with an offset, got '{text}'."
    raise ValueError(message)


class Instant(click.ParamType[datetime]):
    """An ISO 8601 date-time with an offset, as an option."""

    name = "ISO"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the instant that a text says."""
        try:
            return read_instant(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
