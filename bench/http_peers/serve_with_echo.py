"""``bitseg serve`` as it is, with one route more: an echo behind the same guard and middlewares.

Run as a script, with how many ms the clock is behind the system's and then what ``bitseg`` takes:
the data of a benchmark lead up to an instant in the past, and windows are to slide as they do then.
"""
# ruff: noqa: INP001 - a script, whose directory is no package

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Final

from litestar import Request, post

import server.app
from bitseg import Preview
from bitseg.cli import main
from server.auth import needs

_ANSWER: Final = Preview(
    count=12_345,
    reachable=11_111,
    total=1_000_000,
    now="2025-11-27T16:00:00.000Z",
    took_us=42,
    bounds={"groups[0].conditions[3]": ("2025-10-28T16:00:00.000Z", "2025-11-27T16:00:00.000Z")},
    lint=(),
)
"""As long as the answer to ``bench.data.FOUR_LEAVES``."""


@post("/segments/echo", status_code=200, opt=needs("read"), include_in_schema=False)
async def echo(request: Request[Any, Any, Any]) -> Preview:
    """Read the body, and answer with as much as a preview does."""
    await request.body()
    return _ANSWER


def _behind(ms: int) -> Callable[[], int]:
    """Return a clock of ns that is behind the system's."""
    system = time.time_ns
    return lambda: system() - ms * 1_000_000


if __name__ == "__main__":
    vars(time)["time_ns"] = _behind(int(sys.argv[1]))  # what bitseg's clock asks
    vars(server.app)["ROUTES"] = (*server.app.ROUTES, echo)
    main(sys.argv[2:], prog_name="bitseg")
