"""An operation whose body is read from its bytes is described by the form of that body."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import (
    Example,
    OpenAPIFormat,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    RequestBody,
    Schema,
)

WHERE: Final = "#/components/schemas/{name}"
"""Where schemas are in a description."""

PARQUET: Final = "application/vnd.apache.parquet"
"""The media type of Parquet."""

_FORMS: Final[dict[str, type[msgspec.Struct]]] = {}
"""The bodies that are described, by name."""


def takes(form: type[msgspec.Struct], example: dict[str, Any]) -> type[Operation]:
    """Return the class of operations that take a body of a form, shown by an example."""
    _FORMS[form.__name__] = form
    schema = Reference(ref=WHERE.format(name=form.__name__))
    content = {"application/json": _media(schema, example)}
    needed = any(field.required for field in msgspec.structs.fields(form))
    return _with(RequestBody(content=content, required=needed))


def takes_rows(described: str, example: list[dict[str, Any]]) -> type[Operation]:
    """Return the class of operations that take rows, as a JSON list or NDJSON."""
    rows = Schema(type=OpenAPIType.ARRAY, items=Schema(type=OpenAPIType.OBJECT))
    lines = "".join(f"{msgspec.json.encode(row).decode()}\n" for row in example)
    content = {
        "application/json": _media(rows, example),
        "application/x-ndjson": _media(Schema(type=OpenAPIType.STRING), lines),
    }
    return _with(RequestBody(content=content, required=True, description=described))


def takes_file(described: str, examples: dict[str, str], *, binary: str = "") -> type[Operation]:
    """Return the class of operations that take a file.

    Args:
        described: what is in it.
        examples: by media type, one that is text.
        binary: a media type that is not text; empty = none.
    """
    content = _file(examples, binary)
    return _with(RequestBody(content=content, required=True, description=described))


def streams(described: str, examples: dict[str, str], *, binary: str = "") -> type[Operation]:
    """Return the class of operations that answer with a file.

    Args:
        described: what it is.
        examples: a text of each media type that is text.
        binary: a media type that is not text; empty = none.
    """
    content = _file(examples, binary)

    @dataclass
    class Streams(Operation):
        def __post_init__(self) -> None:
            answer = OpenAPIResponse(description=described, content=content)
            self.responses = {**(self.responses or {}), "200": answer}

    return Streams


def _file(examples: dict[str, str], binary: str) -> dict[str, OpenAPIMediaType]:
    """Return what a file may be, by media type: texts, shown by examples, and one that is none."""
    text = Schema(type=OpenAPIType.STRING)
    content = {media_type: _media(text, example) for media_type, example in examples.items()}
    if binary:
        content[binary] = OpenAPIMediaType(
            schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        )
    return content


def answers(form: Any, description: str, example: Any) -> ResponseSpec:
    """Return the description of an answer, shown by an example."""
    return ResponseSpec(
        form,
        generate_examples=False,
        description=description,
        examples=[Example(value=example)],
    )


def forms() -> dict[str, Any]:
    """Return the schemas of all bodies that are taken; their rules are definitions."""
    _, found = msgspec.json.schema_components(_FORMS.values(), ref_template=WHERE)
    for form in found.values():
        form["additionalProperties"] = False
        definition = {"$ref": WHERE.format(name="Definition")}
        for key in {"rules", "suppression"} & form.get("properties", {}).keys():
            is_needed = key in form.get("required", ())
            form["properties"][key] = (
                definition if is_needed else {"anyOf": [definition, {"type": "null"}]}
            )
    return found


def _media(schema: Schema | Reference, example: Any) -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=schema, examples={"body": Example(value=example)})


def _with(body: RequestBody) -> type[Operation]:
    @dataclass
    class Takes(Operation):
        def __post_init__(self) -> None:
            self.request_body = body

    return Takes
