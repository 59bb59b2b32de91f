"""The description at ``/schema`` is OpenAPI 3.1; what a rule may be comes from bitseg's tables."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.serialization import encode_json

from bitseg import DATA_TYPES, MEASURE_OPERATORS, OPERATORS
from server.errors import Conflict, Problem
from server.schemas.operation import WHERE, forms
from server.settings import SAMPLE_LIMIT
from server.starting import NotReady

_Schema = dict[str, Any]


def _problem(form: type[Problem], description: str) -> ResponseSpec:
    return ResponseSpec(
        form,
        description=description,
        generate_examples=False,
        media_type="application/problem+json",
    )


NOT_READY: Final = {503: _problem(NotReady, "The data are not loaded yet; says how far they are.")}
"""The answer of every call that asks the engine, until there is one."""

REFUSED: Final = {
    400: _problem(Problem, "The path, a header or the body cannot be read."),
    401: _problem(Problem, "No key or token, or one that is not good."),
    403: _problem(Problem, "The scope is too small, or the segment is another tenant's."),
    429: _problem(Problem, "Too many calls without a valid key from this address."),
}
"""The answers to callers who may not."""

GUARDED: Final = {
    400: _problem(Problem, "The path or a header cannot be read."),
    401: _problem(Problem, "No key of metrics, or one that is not good."),
    403: _problem(Problem, "They are shown to this machine only."),
    429: _problem(Problem, "Too many calls without a valid key from this address."),
}
"""The answers of what is for whoever runs the process, to others."""

UNKNOWN: Final = {404: _problem(Problem, "There is none of this id.")}
"""The answer where a path names nothing."""

UNFINISHED: Final = {409: _problem(Problem, "It has not come to its end yet.")}
"""The answer where what is asked for is there only in the end."""

STALE: Final = {412: _problem(Problem, "It has changed since the revision in ``If-Match``.")}
"""The answer to a change of what has changed."""

LISTED: Final = {
    **REFUSED,
    422: _problem(Problem, "``offset`` or ``limit`` is no number, or outside its range."),
}
"""The answers of lists."""

TAKEN: Final = {
    413: _problem(Problem, "The body is too large."),
    422: _problem(Problem, "The body has faults; each is named."),
    **REFUSED,
}
"""The answers to a body that cannot be taken, for every call that takes one."""

PROBLEMS: Final = {**TAKEN, **NOT_READY}
"""Likewise, for every call that asks the engine as well."""

ASKED: Final = {**REFUSED, **NOT_READY}
"""The answers to whoever asks the engine what is always there."""

PAGED: Final = {**LISTED, **NOT_READY}
"""The answers of lists that the engine makes."""

FOUND: Final = {**ASKED, **UNKNOWN}
"""The answers where what a path names is not there."""

CHANGES: Final = {
    409: _problem(Conflict, "The name is taken, it is in use, or its guard refuses the change."),
    422: _problem(Problem, "The body has faults; each is named."),
    507: _problem(Problem, "There is no room on the disk or in memory; nothing was changed."),
}
"""The answers of a write that is refused."""


ONCE: Final = {
    409: _problem(Conflict, "The first call with the ``Idempotency-Key`` still runs."),
    422: _problem(
        Problem, "The body has faults, or the ``Idempotency-Key`` stood for another call."
    ),
    507: _problem(Problem, "There is no room on the disk; nothing was changed."),
}
"""Likewise of a write that takes an ``Idempotency-Key`` and changes none of an engine's data."""


FILED: Final = {
    400: _problem(Problem, "The ``Idempotency-Key`` has no or too many characters."),
    408: _problem(Problem, "The body did not go on."),
    409: _problem(Conflict, "The first call with the ``Idempotency-Key`` still runs."),
    413: _problem(Problem, "The file is too large."),
    415: _problem(Problem, "The body is of no type that is read here, or is packed."),
    422: _problem(Problem, "The file cannot be read; each fault is named."),
    507: _problem(Problem, "There is no room on the disk or in memory; nothing was changed."),
    **REFUSED,
    **NOT_READY,
}
"""The answers to a file that cannot be taken."""


KEY_MOST: Final = 255
"""Characters of an Idempotency-Key."""

_IF_MATCH: Final[_Schema] = {
    "name": "If-Match",
    "in": "header",
    "description": "Change it only at the revision of this ``ETag``.",
    "schema": {"type": "string"},
}
_IDEMPOTENCY_KEY: Final[_Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Sent again with the same key, it takes effect once, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": KEY_MOST},
}


class Description(JsonRenderPlugin):
    """Renders the description with the schemas of rules beside those of answers."""

    def __init__(self) -> None:
        super().__init__(path=["/", "/openapi.json"])

    def render(self, _request: Request[Any, Any, Any], openapi_schema: _Schema) -> bytes:
        """Return the description as JSON."""
        components = openapi_schema["components"]
        bodies = {**forms(), "PreviewRequest": _PREVIEW_REQUEST}
        schemas = {**components["schemas"], **_RULES, **bodies}
        paths = {
            path: {method: _with_headers(operation) for method, operation in methods.items()}
            for path, methods in openapi_schema["paths"].items()
        }
        components = {**components, "schemas": schemas}
        return encode_json({**openapi_schema, "paths": paths, "components": components})


def _with_headers(operation: _Schema) -> _Schema:
    """Return an operation with the headers that it takes, told by what it may answer."""
    answers = operation["responses"].keys()
    taken = [_IF_MATCH] if "412" in answers else []
    taken += [_IDEMPOTENCY_KEY] if {"409", "507"} <= answers else []
    return {**operation, "parameters": [*operation.get("parameters", ()), *taken]}


def _object(required: str, **properties: _Schema) -> _Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _ref(name: str) -> _Schema:
    return {"$ref": WHERE.format(name=name)}


def _list_of(item: _Schema, **limits: int) -> _Schema:
    return {"type": "array", "items": item, **limits}


_TEXT: Final[_Schema] = {"type": "string"}
_NUMBER: Final[_Schema] = {"type": "number"}
_DURATION: Final[_Schema] = {"type": "string", "pattern": "^[1-9][0-9]*[smhdwMy]$"}
_WINDOW: Final[dict[str, _Schema]] = {"within": _DURATION, "since": _TEXT, "until": _TEXT}
_PAIR: Final = _list_of(_NUMBER, minItems=2, maxItems=2)

_RULES: Final[dict[str, _Schema]] = {
    "Definition": _object(
        "match groups",
        match={"enum": ["all", "any"]},
        groups=_list_of(_ref("Group")),
        exclusions=_list_of(_ref("Group")),
    ),
    "Group": _object(
        "match conditions",
        match={"enum": ["all", "any", "none"]},
        conditions=_list_of(_ref("Condition")),
        name=_TEXT,
    ),
    "Condition": {
        "oneOf": [
            _ref(name)
            for name in (
                "FieldRule", "EventRule", "SequenceRule", "SegmentRule", "SampleRule", "Group",
            )
        ]
    },
    "FieldRule": _object(
        "field operator",
        field=_TEXT,
        operator={"enum": list(OPERATORS)},
        value={},
        dataType={"enum": list(DATA_TYPES)},
    ),
    "EventRule": _object(
        "event",
        event=_TEXT,
        **_WINDOW,
        where=_ref("Group"),
        measure={
            "oneOf": [
                {"const": "count"},
                _object("sum", sum=_TEXT),
                _object("distinct", distinct=_TEXT),
            ]
        },
        operator={"enum": list(MEASURE_OPERATORS)},
        value={"oneOf": [_NUMBER, _PAIR]},
    ),
    "SequenceRule": _object(
        "sequence",
        sequence=_list_of(
            _object("event", event=_TEXT, where=_ref("Group")), minItems=2, maxItems=5
        ),
        gap=_DURATION,
        **_WINDOW,
        operator={"enum": ["did", "did_not"]},
    ),
    "SegmentRule": _object("segment", segment=_TEXT, operator={"enum": ["in", "not_in"]}),
    "SampleRule": _object(
        "sample seed", sample={"type": "number", "minimum": 0, "maximum": 100}, seed=_TEXT
    ),
}  # fmt: skip

_PREVIEW_REQUEST: Final = _object(
    "rules",
    rules=_ref("Definition"),
    breakdown={"type": "boolean", "default": False},
    sample={"type": "integer", "minimum": 0, "maximum": SAMPLE_LIMIT, "default": 0},
    near_misses={"type": "boolean", "default": False},
    against={"type": ["string", "null"], "default": None},
    now={"type": ["string", "null"], "format": "date-time", "default": None},
)
