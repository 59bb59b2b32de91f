"""What became of a segment's members, over HTTP: who entered and left, numbered."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated, Final

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from bitseg import Engine, SegmentHistory
from server.auth import needs
from server.paths import id_of
from server.routes.members import TAGS
from server.routes.segments import Limit
from server.schemas import examples
from server.schemas.openapi import FOUND, PAGED
from server.schemas.operation import answers

SEQ_MOST: Final = 2**63 - 1
Seq = Annotated[
    int, QueryParameter(ge=0, le=SEQ_MOST, description="Leave out the changes up to this number.")
]


@get(
    "/segments/{segment_id:str}/history",
    tags=TAGS,
    summary="Who entered and left",
    responses={
        200: answers(SegmentHistory, "Some of the changes.", examples.HISTORY),
        **PAGED,
        **FOUND,
    },
    opt=needs("read"),
)
async def read_history(
    segment_id: FromPath[str],
    engine: NamedDependency[Engine],
    after: Seq = 0,
    limit: Limit = 50,
) -> SegmentHistory:
    """Return who entered and left, in order, each with the instant at which they did."""
    read = partial(engine.segments.history, id_of(segment_id), after=after, limit=limit)
    return await asyncio.to_thread(read)
