"""An operation whose body is read from its bytes is described by the form of that body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, Operation, RequestBody, Schema


def takes(form: type[msgspec.Struct], example: dict[str, Any]) -> type[Operation]:
    """Return the class of operations that take a body of a form, shown by an example."""
    (described,) = msgspec.json.schema_components([form])[1].values()
    described = {**described, "additionalProperties": False}
    body = RequestBody(
        content={
            "application/json": OpenAPIMediaType(
                schema=cast("Schema", described),  # it is JSON already
                examples={"body": Example(value=example)},
            )
        },
        required=True,
    )

    @dataclass
    class Takes(Operation):
        def __post_init__(self) -> None:
            self.request_body = body

    return Takes


def answers(form: type[msgspec.Struct], description: str, example: dict[str, Any]) -> ResponseSpec:
    """Return the description of an answer, shown by an example."""
    return ResponseSpec(
        form,
        generate_examples=False,
        description=description,
        examples=[Example(value=example)],
    )
