"""Templates over HTTP: the feature document's common segments, to begin from."""

from __future__ import annotations

from typing import Final

from litestar import get

from bitseg.examples import segments
from server.auth import needs
from server.routes.segments import Limit, Offset
from server.schemas import examples
from server.schemas.openapi import LISTED
from server.schemas.operation import answers
from server.schemas.templates import Template, TemplateList

TEMPLATES: Final = tuple(
    Template(one.id, one.name, one.words, one.rules, one.fields) for one in segments()
)


@get(
    "/templates",
    tags=["templates"],
    summary="List templates",
    responses={
        200: answers(TemplateList, "Some of the templates.", examples.TEMPLATES),
        **LISTED,
    },
    opt=needs("read"),
)
async def list_templates(offset: Offset = 0, limit: Limit = 50) -> TemplateList:
    """List ready-made definitions, each behind those that its rules refer to by id."""
    return TemplateList(TEMPLATES[offset : offset + limit], len(TEMPLATES))
