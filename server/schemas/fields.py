"""What bodies and answers about fields hold."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from bitseg import OPERATORS, Field
from server.schemas.body import no_rules

DataType = Literal["string", "number", "boolean", "date", "array"]
Label = Annotated[str, msgspec.Meta(max_length=255)]
SOUGHT_MOST = 255
"""Characters of a text that values are sought by."""
Words = Annotated[str, msgspec.Meta(max_length=4_096)]


class FieldShown(msgspec.Struct, frozen=True):
    """A field of the tenant's schema.

    Attributes:
        path: what a rule calls it.
        data_type: what its values are.
        label: words for people.
        description: a sentence for people.
        declared: whether someone said the type, and not the data.
        operators: what a rule may ask of it.
    """

    path: str
    data_type: DataType
    label: str
    description: str
    declared: bool
    operators: tuple[str, ...]


class FieldList(msgspec.Struct, frozen=True):
    """Some fields.

    Attributes:
        items: built in first.
        total: how many there are.
    """

    items: list[FieldShown]
    total: int


class NewField(msgspec.Struct, frozen=True):
    """The body of ``POST /api/fields``."""

    path: str
    data_type: DataType
    label: Label = ""
    description: Words = ""


class DescribeField(msgspec.Struct, frozen=True):
    """The body of ``PATCH /api/fields/{field_path}``; what is left out stays."""

    label: Label = ""
    description: Words = ""


class AskValues(msgspec.Struct, frozen=True):
    """The body of ``POST /api/fields/{path}/values``.

    Attributes:
        q: a text in the values, whatever its case; empty = all.
        rules: whose values; none = all contacts'.
        limit: how many values at most.
    """

    q: Annotated[str, msgspec.Meta(max_length=SOUGHT_MOST)] = ""
    rules: msgspec.Raw = msgspec.field(default_factory=no_rules)
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 50


def show(field: Field) -> FieldShown:
    """Return a field as callers see it."""
    return FieldShown(
        field.path,
        field.data_type,
        field.label,
        field.description,
        field.declared,
        tuple(key for key, one in OPERATORS.items() if field.data_type in one.types),
    )
