"""A segment over HTTP: for now, the preview of one that need not be saved."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency

from bitseg import Engine, Fault, Preview, RuleError, UnknownSegmentError
from server.schemas.body import read
from server.schemas.openapi import PROBLEMS, PreviewOperation
from server.schemas.preview import PreviewRequest


@post(
    "/segments/preview",
    status_code=200,
    tags=["segments"],
    operation_class=PreviewOperation,
    responses=PROBLEMS,
)
async def preview_segment(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine]
) -> Preview:
    """Count the contacts in a definition, and say more of it where asked."""
    asked = read(await request.body(), PreviewRequest)
    instant = asked.instant()
    try:
        # A leaf that is not kept yet takes a while; meanwhile the loop answers others.
        return await asyncio.to_thread(
            engine.preview,
            bytes(asked.rules),
            breakdown=asked.breakdown,
            sample=asked.sample,
            near_misses=asked.near_misses,
            against=asked.against,
            now=instant,
        )
    except UnknownSegmentError as error:  # 404 is for what the path names; this id is in the body
        raise RuleError(Fault("against", str(error), code=error.code)) from None
