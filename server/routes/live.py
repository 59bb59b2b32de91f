"""A segment's changes over HTTP as they come: server-sent events."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.response import Stream

from bitseg import Engine, Fault, FieldError
from server.auth import Caller, Gate, needs
from server.leases import hold
from server.paths import id_of
from server.routes.history import SEQ_MOST
from server.routes.members import TAGS
from server.schemas import examples
from server.schemas.openapi import FOUND, PAGED
from server.schemas.operation import streams as described
from server.streams import Streams, View

EVENTS: Final = "text/event-stream"
HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""No proxy is to keep any of it, nor to wait for more."""

After = Annotated[
    int | None,
    QueryParameter(
        ge=0, le=SEQ_MOST, description="Tell what is behind this number; without, what is new."
    ),
]
LastEventId = Annotated[
    int | None,
    HeaderParameter(
        name="Last-Event-ID", ge=0, le=SEQ_MOST, description="Likewise; it counts before `after`."
    ),
]


@get(
    "/segments/{segment_id:str}/live",
    tags=TAGS,
    summary="Follow who enters and leaves",
    operation_class=described("The changes, as they come.", {EVENTS: examples.LIVE}),
    responses={**PAGED, **FOUND},
    opt=needs("read"),
)
async def follow_members(  # noqa: PLR0913, PLR0917 - where it begins, and who is told
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    caller: NamedDependency[Caller],
    engine: NamedDependency[Engine],
    streams: NamedDependency[Streams],
    after: After = None,
    last_event_id: LastEventId = None,
) -> Stream:
    """Tell who enters and leaves, from a number on, for as long as the stream is read."""
    segment = id_of(segment_id)
    last = await streams.last(engine, segment)
    asked = after if last_event_id is None else last_event_id
    if asked is not None and asked > last:
        path = "after" if last_event_id is None else "Last-Event-ID"
        message = f"Expected the number of a change, {last} at most, got {asked}."
        raise FieldError(Fault(path, message, code="out_of_range"))
    view = View(engine, segment, last if asked is None else asked)
    hold(request, streams.place(caller.allowance, view))
    gate: Gate = request.app.state.gate

    async def still() -> bool:
        return await gate.still_lets_in(request)

    return Stream(streams.told(view, still), media_type=EVENTS, headers=HEADERS)
