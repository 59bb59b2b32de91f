"""Intake reads one row of a load, whole, or refuses it.

Silent or ambiguous places, and the reading taken here:

- A custom field that nobody declared takes its type from its first value: text is a string here,
  never guessed to be a date or a number.
- A refused row changes nothing: it declares no field, fixes no property type, creates no contact.
- An empty string for a property is a missing value, and so does not fix the property's type.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NoReturn

from tests.oracle.catalog import BASELINES, CONTACT_FIELDS, PROPERTIES, RESERVED
from tests.oracle.dates import read
from tests.oracle.operators import Cell

Row = dict[str, Any]
"""One row of a load."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_EVENT_KEYS = ("contact_id", "kind", "at", "event_id")


class RowRefusedError(ValueError):
    """A row is refused when one of its values does not fit."""


def path_of(key: str) -> str:
    """Give the full path of a key of a contact row; bare names of `contact.` win."""
    if "." in key:
        return key
    if key in CONTACT_FIELDS:
        return f"contact.{key}"
    return f"engagement.{key}" if key in BASELINES else f"customField.{key}"


def cells_of(row: Row, fields: Mapping[str, str], timezone: str) -> dict[str, tuple[str, Cell]]:
    """Read a contact row: for each full path its type and its cell, None for "remove"."""
    read_cells: dict[str, tuple[str, Cell]] = {}
    for key, value in row.items():
        path = path_of(key)
        kind = _kind(path, value, fields)
        if kind is None:
            continue  # a null in a custom field that is not declared yet says nothing
        if value is None and path in ("contact.created_at", "contact.updated_at", "contact.id"):
            _refuse(path, value)
        read_cells[path] = (kind, _cell(path, kind, value, timezone))
    return read_cells


def _kind(path: str, value: object, fields: Mapping[str, str]) -> str | None:
    prefix, _, name = path.partition(".")
    known = {"contact": CONTACT_FIELDS, "engagement": BASELINES}.get(prefix)
    if known is not None:
        if name not in known:
            _refuse(path, value)
        return known[name]
    if prefix != "customField" or not _NAME.fullmatch(name):
        _refuse(path, value)
    return fields.get(path, None if value is None else inferred(value))


def inferred(value: object) -> str:
    """Give the type of a first value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "date"


def _cell(path: str, kind: str, value: object, timezone: str) -> Cell:
    if value is None:
        return None
    if kind == "string" and isinstance(value, str):
        return value or None
    if kind == "boolean" and isinstance(value, bool):
        return value
    if kind == "number":
        return _number(path, value)
    if kind == "date" and isinstance(value, str | int | float | datetime):
        return _instant(path, value, timezone)
    if kind != "array" or not isinstance(value, list):
        _refuse(path, value)
    if not all(isinstance(one, str | None) for one in value):
        _refuse(path, value)
    return list(dict.fromkeys(one for one in value if one)) or None


def _number(path: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        _refuse(path, value)
    return float(value)


def _instant(path: str, value: str | float | datetime, timezone: str) -> int:
    try:
        return read(value, timezone)
    except ValueError:
        _refuse(path, value)


def _refuse(path: str, value: object) -> NoReturn:
    message = f"Expected a value for {path}, got {value!r}."
    raise RowRefusedError(message)


def event_of(row: Row, known: Mapping[str, str], timezone: str) -> tuple[int, dict[str, Any]]:
    """Read an event row: its instant, and those of its properties that are not missing."""
    for key in ("contact_id", "kind", "at"):
        if row.get(key) is None:
            _refuse(key, None)
    if not _NAME.fullmatch(row["kind"]):
        _refuse("kind", row["kind"])
    properties = {}
    for name, value in _given(row):
        if name in RESERVED or not _NAME.fullmatch(name):
            _refuse(name, value)
        kind = {**known, **PROPERTIES}.get(name, inferred(value))
        if kind not in ("string", "number", "boolean"):
            _refuse(name, value)
        properties[name] = _cell(name, kind, value, timezone)
    return _instant("at", row["at"], timezone), properties


def _given(row: Row) -> Iterable[tuple[str, Any]]:
    return (
        (name, value)
        for name, value in row.items()
        if name not in _EVENT_KEYS and value is not None and value != ""
    )
