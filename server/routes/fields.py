"""Fields over HTTP: what a rule may name, declared and put into words."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from litestar import Request, get, patch, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from bitseg import Engine, Field, FieldError
from server.auth import needs
from server.paths import id_of
from server.requests import body_of, once_of
from server.routes.segments import Limit, Offset
from server.schemas import examples
from server.schemas.fields import DescribeField, FieldList, FieldShown, NewField, show
from server.schemas.openapi import CHANGES, FOUND, PAGED, PROBLEMS
from server.schemas.operation import answers, takes

TAGS: Final = ["fields"]
SHOWN: Final = answers(FieldShown, "The field.", examples.FIELD)

_OF_THE_TYPE: Final = frozenset({"type_in_use", "wrong_type"})


@get(
    "/fields",
    tags=TAGS,
    summary="List fields",
    responses={200: answers(FieldList, "Some of the fields.", examples.FIELDS), **PAGED},
    opt=needs("read"),
)
async def list_fields(
    engine: NamedDependency[Engine], offset: Offset = 0, limit: Limit = 50
) -> FieldList:
    """List the fields, built in first, with the operators that a rule may ask each with."""
    fields = [*engine.fields.values()]
    return FieldList([show(one) for one in fields[offset : offset + limit]], len(fields))


@post(
    "/fields",
    tags=TAGS,
    summary="Declare a field",
    operation_class=takes(NewField, examples.NEW_FIELD),
    responses={201: SHOWN, **PROBLEMS, **CHANGES},
    opt=needs("write"),
)
async def define_field(
    request: Request[Any, Any, Any], engine: NamedDependency[Engine]
) -> FieldShown:
    """Declare a custom field, or declare one anew; a type that is in use stays."""
    data = await request.body()
    given, once = body_of(data, NewField), once_of(request, data)

    def define() -> Field:
        try:
            return engine.define_field(**given, once=once)
        except FieldError as error:
            raise _as_in_the_body(error) from None

    return show(await asyncio.to_thread(define))


@patch(
    "/fields/{field_path:str}",
    tags=TAGS,
    summary="Change a field's words",
    operation_class=takes(DescribeField, examples.DESCRIBE_FIELD),
    responses={200: SHOWN, **PROBLEMS, **FOUND, **CHANGES},
    opt=needs("write"),
)
async def describe_field(
    request: Request[Any, Any, Any], field_path: FromPath[str], engine: NamedDependency[Engine]
) -> FieldShown:
    """Change the label or description of a custom field, which declares it."""
    data = await request.body()
    path, given, once = id_of(field_path), body_of(data, DescribeField), once_of(request, data)

    def describe() -> Field:
        try:
            return engine.describe_field(path, **given, once=once)
        except FieldError as error:
            if error.faults[0].code == "unknown_field":
                raise NotFoundException("No field has this path.") from None
            raise

    return show(await asyncio.to_thread(describe))


def _as_in_the_body(error: FieldError) -> FieldError:
    """Return an error whose faults are at the keys of the body that they speak of."""
    return FieldError(
        *(
            msgspec.structs.replace(one, path="data_type" if one.code in _OF_THE_TYPE else "path")
            for one in error.faults
        )
    )
