"""A segment over HTTP as a file: all its members, streamed."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final, Literal
from urllib.parse import quote

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from bitseg import Engine
from server.auth import Caller, needs
from server.evaluations import Evaluations
from server.leases import hold
from server.paths import id_of
from server.routes.members import TAGS, Fields, paths_in
from server.schemas import examples
from server.schemas.openapi import FOUND, PAGED
from server.schemas.operation import PARQUET, streams

Format = Literal["csv", "ndjson", "parquet"]

MEDIA_TYPES: Final[dict[Format, str]] = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": PARQUET,
}
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")
"""What does not stand in the plain name of a file."""


@get(
    "/segments/{segment_id:str}/export",
    tags=TAGS,
    summary="Export members",
    operation_class=streams("The members, as a file.", examples.EXPORTED, binary=PARQUET),
    responses={**PAGED, **FOUND},
    opt=needs("read"),
)
async def export_members(  # noqa: PLR0913, PLR0917 - what a call has, and who it is about
    request: Request[Any, Any, Any],
    segment_id: FromPath[str],
    caller: NamedDependency[Caller],
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    format: FromQuery[Format] = "csv",  # noqa: A002 - the parameter's name in the API
    fields: Fields = None,
) -> Stream:
    """Send all members of now as CSV, NDJSON or Parquet, in the order of first load."""
    hold(request, caller.allowance.exporting())
    segment = id_of(segment_id)
    wanted = paths_in(fields)
    parts = await evaluations.run(partial(engine.segments.export, segment, format, fields=wanted))
    return Stream(
        parts,
        media_type=MEDIA_TYPES[format],
        headers={"Content-Disposition": _attachment(f"{segment}.{format}")},
    )


def _attachment(name: str) -> str:
    """Return the header that names a file (RFC 6266), whatever text the name is."""
    plain = _UNSAFE.sub("_", name)
    said = f'attachment; filename="{plain}"'
    return said if plain == name else f"{said}; filename*=UTF-8''{quote(name, safe='')}"
