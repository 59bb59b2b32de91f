"""An example is a segment of the feature document: its own words beside a definition of them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from bitseg.fields import DataType

__all__ = ["Example", "segments"]


class Example(msgspec.Struct, frozen=True):
    """One segment of the feature document.

    Attributes:
        id: the segment's id, which other examples' rules refer to.
        name: the document's heading.
        words: the document's own lines.
        rules: a definition as JSON (SPEC section 4). Shared, so copy it before changing it.
        fields: the custom fields it needs, with their types.
        reading: how the words were understood, where they can be understood in several ways.
    """

    id: str
    name: str
    words: str
    rules: dict[str, Any]
    fields: dict[str, DataType] = {}
    reading: str = ""


@cache
def _read() -> tuple[Example, ...]:
    text = files(__name__).joinpath("segments.json").read_bytes()
    return msgspec.json.decode(text, type=tuple[Example, ...])


def segments() -> list[Example]:
    """Return all examples, each behind those its rules refer to.

    >>> segments()[0].words.splitlines()[0]
    'Contacts who opened emails in last 30 days'
    """
    return list(_read())
