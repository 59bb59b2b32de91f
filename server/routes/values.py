"""Values over HTTP: what contacts have in a field, suggested while a rule is written."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter

from bitseg import Engine, FieldError, FieldValues
from server.auth import needs
from server.evaluations import Evaluations
from server.paths import id_of
from server.requests import body_of
from server.routes.fields import TAGS
from server.routes.segments import Limit
from server.schemas import examples
from server.schemas.body import rules_of
from server.schemas.fields import SOUGHT_MOST, AskValues
from server.schemas.openapi import FOUND, PAGED, PROBLEMS
from server.schemas.operation import answers, takes

VALUES = answers(FieldValues, "Some of the values.", examples.VALUES)

Sought = Annotated[str, QueryParameter(max_length=SOUGHT_MOST)]


@get(
    "/fields/{field_path:str}/values",
    tags=TAGS,
    summary="Suggest values",
    responses={200: VALUES, **PAGED, **FOUND},
    opt=needs("read"),
)
async def suggest_values(
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    field_path: FromPath[str],
    q: Sought = "",
    limit: Limit = 50,
) -> FieldValues:
    """Return the most frequent values in which a text is found, and how many contacts have each."""
    return await evaluations.run(partial(_values, engine, id_of(field_path), q=q, limit=limit))


@post(
    "/fields/{field_path:str}/values",
    status_code=200,
    tags=TAGS,
    summary="Suggest values within a definition",
    operation_class=takes(AskValues, examples.ASK_VALUES),
    responses={200: VALUES, **PROBLEMS, **FOUND},
    opt=needs("read"),
)
async def suggest_values_within(
    request: Request[Any, Any, Any],
    engine: NamedDependency[Engine],
    evaluations: NamedDependency[Evaluations],
    field_path: FromPath[str],
) -> FieldValues:
    """Return likewise what those contacts have who are in a definition."""
    asked = body_of(await request.body(), AskValues)
    if "rules" in asked:
        asked["rules"] = rules_of(asked["rules"])
    return await evaluations.run(partial(_values, engine, id_of(field_path), **asked))


def _values(engine: Engine, path: str, **asked: Any) -> FieldValues:
    try:
        return engine.field_values(path, **asked)
    except FieldError as error:
        fault = error.faults[0]
        if fault.code == "unknown_field":
            near = f" Did you mean '{fault.allowed[0]}'?" if fault.allowed else ""
            raise NotFoundException(f"No field has this path.{near}") from None
        raise
