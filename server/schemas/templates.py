"""A template is a ready-made definition with words that say whom it finds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class Template(msgspec.Struct, frozen=True):
    """A segment of the feature document.

    Attributes:
        id: what other templates' rules call it.
        name: the document's heading.
        description: the document's own lines.
        rules: a definition that says the same.
        fields: the custom fields that it needs, with their types.
    """

    id: str
    name: str
    description: str
    rules: dict[str, Any]
    fields: Mapping[str, str]


class TemplateList(msgspec.Struct, frozen=True):
    """Some templates.

    Attributes:
        items: each behind those that its rules refer to.
        total: how many there are.
    """

    items: tuple[Template, ...]
    total: int
