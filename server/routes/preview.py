"""The preview over HTTP, of a definition that need not be saved."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any, Final

import msgspec
from litestar import Request, post

from bitseg import Engine, Fault, Preview, RuleError, UnknownSegmentError
from server.auth import needs
from server.evaluations import Evaluations
from server.leases import engine_of
from server.metrics import Spread
from server.schemas import examples
from server.schemas.body import read
from server.schemas.openapi import PROBLEMS
from server.schemas.operation import answers, takes
from server.schemas.preview import PreviewRequest

AT_ONCE_BODY: Final = 4_096
"""A body of so many bytes is read at once; more in a thread, beside other requests."""

_NOBODY: Final[dict[str, object]] = {"match": "any", "groups": []}


@post(
    "/segments/preview",
    status_code=200,
    tags=["segments"],
    summary="Preview a segment",
    operation_class=takes(PreviewRequest, examples.PREVIEW),
    responses={200: answers(Preview, "The count.", examples.PREVIEWED), **PROBLEMS},
    opt=needs("read"),
)
async def preview_segment(request: Request[Any, Any, Any]) -> Preview:
    """Count the contacts in a definition, and say more of it where asked."""
    found = await _find(request)
    previews: Spread = request.app.state.previews
    previews.note(found.took_us / 1e6)
    return found


async def _find(request: Request[Any, Any, Any]) -> Preview:
    # Looked up, not injected: that alone would take as long as a preview of what is kept.
    engine = await engine_of(request, request.scope["state"]["caller"])
    evaluations: Evaluations = request.app.state.evaluations
    body = await request.body()
    if len(body) > AT_ONCE_BODY:
        return await evaluations.run(partial(_preview, engine, body))
    asked, faults = read(body, PreviewRequest)
    if not faults and len(asked) == 1:  # the rules alone
        with suppress(RuleError):  # which is told below, with all else that is wrong
            found = engine.preview_at_once(bytes(asked["rules"]))
            if found is not None:
                return found
    # A leaf that is not kept yet takes a while; meanwhile the loop answers others.
    return await evaluations.run(partial(_answer, engine, asked, faults))


def _preview(engine: Engine, body: bytes) -> Preview:
    return _answer(engine, *read(body, PreviewRequest))


def _answer(engine: Engine, asked: dict[str, Any], before: list[Fault]) -> Preview:
    faults = [*before, *_faults_of_against(engine, asked.get("against"))]
    try:
        if not faults:
            return engine.preview(**{**asked, "rules": bytes(asked["rules"])})
        if "rules" in asked:
            engine.count(bytes(asked["rules"]))  # for their faults, beside those of other keys
    except RuleError as error:
        faults += [
            fault if fault.path else msgspec.structs.replace(fault, path="rules")
            for fault in error.faults
        ]
    raise RuleError(*faults)


def _faults_of_against(engine: Engine, against: str | None) -> list[Fault]:
    if against is None or against in engine.segments:
        return []
    try:
        engine.preview(_NOBODY, against=against)
    except UnknownSegmentError as error:  # 404 is for what the path names; this id is in the body
        return [Fault("against", str(error), code=error.code)]
    return []  # it was defined just now
