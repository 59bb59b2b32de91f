"""A request's parts that every write shares: its body, what it rests on, and what makes it once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.exceptions import ClientException

from bitseg import Fault, FieldError, Once, UnknownContactError, UnknownSegmentError
from server.schemas.body import read
from server.schemas.openapi import KEY_MOST

NDJSON: Final = ("application/x-ndjson", "application/ndjson", "application/jsonl")
"""The media types of a body that has an object a line."""

_TAG: Final = re.compile(r'(?:W/)?"(\d{1,18})"')


def body_of(data: bytes, form: type[msgspec.Struct]) -> dict[str, Any]:
    """Return the keys that a JSON body gives, of those that a form has.

    Raises:
        ClientException: it is not JSON in UTF-8 (400).
        FieldError: it has faults; all are named (422).
    """
    given, faults = read(data or b"{}", form)
    if faults:
        raise FieldError(*faults)
    return given


def media_type_of(request: Request[Any, Any, Any]) -> str:
    """Return what a request says that its body is, without parameters; empty = it does not."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def once_of(request: Request[Any, Any, Any], data: bytes) -> Once | None:
    """Return what makes a write that is sent again take effect once, where its sender asks for it.

    Two requests are the same when method, path, query and body are.

    Raises:
        ClientException: the key has no or too many characters (400).
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= KEY_MOST:
        raise ClientException(f"Expected an Idempotency-Key of 1 to {KEY_MOST} characters.")
    asked = [request.method, request.scope["raw_path"], request.scope["query_string"], data]
    return Once(key, b"\0".join(one if isinstance(one, bytes) else one.encode() for one in asked))


def revision_of(request: Request[Any, Any, Any]) -> int | None:
    """Return the revision that a change rests on, as its ``If-Match`` says; None = any.

    An ETag that is none of ours is 0, which no revision ever is.
    """
    said = request.headers.get("if-match", "*").strip()
    if said == "*":
        return None
    found = _TAG.fullmatch(said)
    return int(found[1]) if found else 0


def tag_of(revision: int) -> dict[str, str]:
    """Return the header that names a revision."""
    return {"ETag": f'"{revision}"'}


@contextmanager
def named_at(path: str) -> Iterator[None]:
    """Say of an id that nobody has where it stood: 404 is for what the path of a call names.

    Raises:
        FieldError: the block used such an id; has its faults, at ``path`` where they have no own.
    """
    try:
        yield
    except (UnknownContactError, UnknownSegmentError) as error:
        raise FieldError(
            *(Fault(one.path or path, one.message, code=error.code) for one in error.faults)
        ) from None
