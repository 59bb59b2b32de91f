"""What the server logs, as lines of JSON, written as `bitseg serve` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

from server.logs import Level, logging_to


class Logged:
    """What was logged so far.

    Attributes:
        stream: where it was written.
    """

    def __init__(self) -> None:
        self.stream = StringIO()

    @property
    def text(self) -> str:
        """All of it."""
        return self.stream.getvalue()

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return the lines of an event, or all."""
        lines = [json.loads(line) for line in self.text.splitlines()]
        return [line for line in lines if event in {None, line["event"]}]


@contextmanager
def logged(level: Level = "debug", *, requests: bool = True) -> Iterator[Logged]:
    """Log for the length of the block."""
    found = Logged()
    with logging_to(found.stream, "json", level, requests=requests):
        yield found
