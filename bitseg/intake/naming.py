"""Naming decides which field a column means (SPEC section 8)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from bitseg.errors import Fault, LoadError, did_you_mean
from bitseg.fields import (
    BASELINES,
    BUILT_IN,
    CONTACT_FIELDS,
    NAME,
    RESERVED_PROPERTIES,
    TIME_PROPERTIES,
    full_path,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EVENT_CELLS: Final = ("contact_id", "kind", "at", "event_id")
"""What an event has besides its properties."""

LEFT_OUT: Final = ""
"""What a column is mapped to that is not to be loaded."""

_PREFIXES: Final = ("contact", "customField", "engagement")
_NAME_LENGTH: Final = 63
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_RUN: Final = re.compile(r"[^a-z0-9]+")


def slug(name: str) -> str:
    """Return a header as a name in form, or an empty string where nothing of it fits.

    >>> slug("Company Size"), slug("firstName"), slug("Größe (cm)"), slug("2nd phone")
    ('company_size', 'first_name', 'grosse_cm', 'n_2nd_phone')
    """
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    text = _HUMP.sub("_", text.encode("ascii", "ignore").decode()).lower()
    text = _RUN.sub("_", text).strip("_")
    if text[:1].isdigit():
        text = f"n_{text}"
    return text[:_NAME_LENGTH].rstrip("_")


def contact_path(column: str, *, exact: bool) -> str:
    """Return the path of the field that a column of a contacts source means.

    Args:
        column: the column's name.
        exact: whether to take the name as it is; otherwise a header such as ``First Name`` is
            brought into form.
    """
    path = full_path(column)
    if exact or path in BUILT_IN:
        return path
    prefix, dot, name = column.partition(".")
    if dot and prefix in _PREFIXES:
        return column if NAME.fullmatch(name) else f"{prefix}.{slug(name)}"
    return full_path(slug(column))


def event_cell(column: str, *, exact: bool) -> str:
    """Return the cell or property that a column of an events source means."""
    return column if exact or NAME.fullmatch(column) else slug(column)


def contact_fault(path: str) -> Fault | None:  # noqa: PLR0911 - a way to be wrong each
    """Return why a contact may not carry a value at a path, or None."""
    prefix, _, name = path.partition(".")
    if path in CONTACT_FIELDS or path in BASELINES:
        return None
    if prefix == "engagement":
        return Fault(
            path,
            f"Expected a counter or last date that contacts may carry, got {path!r}; other "
            "engagement fields come from events",
            allowed=tuple(sorted(BASELINES)),
            code="not_a_baseline",
        )
    if prefix == "contact":
        near = did_you_mean(path, CONTACT_FIELDS)
        message = f"Expected a built-in contact field, got {path!r}.{near}"
        return Fault(path, message, allowed=tuple(CONTACT_FIELDS), code="unknown_field")
    if prefix != "customField":
        message = f"Expected contact., customField. or engagement. before the name, got {path!r}"
        return Fault(path, message, code="unknown_field")
    if not NAME.fullmatch(name):
        message = f"Expected a custom field's name like [a-z][a-z0-9_]{{0,62}}, got {name!r}"
        return Fault(path, message, code="bad_name")
    if full_path(name) != path:
        message = f"The name {name!r} is taken by the built-in field {full_path(name)}"
        return Fault(path, message, allowed=(full_path(name),), code="name_taken")
    return None


def event_fault(name: str) -> Fault | None:
    """Return why an event may not carry a cell or property of a name, or None."""
    if name in EVENT_CELLS:
        return None
    if name in TIME_PROPERTIES or name in RESERVED_PROPERTIES:
        message = f"{name!r} follows from the event's time; call the property something else"
        return Fault(name, message, code="reserved")
    if not NAME.fullmatch(name):
        message = f"Expected a property's name like [a-z][a-z0-9_]{{0,62}}, got {name!r}"
        return Fault(name, message, code="bad_name")
    return None


def check_mapping(mapping: Any) -> dict[str, str]:
    """Return a mapping as a dict; none is an empty one.

    Raises:
        LoadError: it is no mapping of text to text; every fault is named.
    """
    if mapping is None:
        return {}
    if not isinstance(mapping, Mapping):
        raise LoadError(f"Expected a mapping of column to field, got a {type(mapping).__name__}")
    faults = [
        Fault(str(column), f"Expected text mapped to text, got {column!r} mapped to {field!r}")
        for column, field in mapping.items()
        if not isinstance(column, str) or not isinstance(field, str)
    ]
    if faults:
        raise LoadError(*faults)
    return dict(mapping)


def assign(
    columns: Iterable[str], mapping: Mapping[str, str], meaning: Callable[[str], str]
) -> dict[str, str]:
    """Return what each column means: by the mapping, else by its name.

    Args:
        columns: the source's columns.
        mapping: column to meaning; ``LEFT_OUT`` for a column that is not to be loaded.
        meaning: what a name means that is not mapped.

    Raises:
        LoadError: the mapping names columns that the source does not have.
    """
    columns = list(columns)
    strangers = [column for column in mapping if column not in columns]
    if strangers:
        raise LoadError(
            *(
                Fault(
                    column,
                    f"Expected a column of the source to map, got {column!r}."
                    f"{did_you_mean(column, columns)}",
                    allowed=tuple(columns),
                    code="unknown_column",
                )
                for column in strangers
            )
        )
    return {column: mapping[column] if column in mapping else meaning(column) for column in columns}


def doubles(meanings: Mapping[str, str]) -> list[Fault]:
    """Return a fault for each meaning that several columns have."""
    columns: dict[str, list[str]] = {}
    for column, meaning in meanings.items():
        if meaning != LEFT_OUT:
            columns.setdefault(meaning, []).append(column)
    return [
        Fault(
            meaning,
            f"Expected one column for {meaning}, got {' and '.join(map(repr, names))}; "
            "map one of them to another field, or to nothing",
            code="same_field",
        )
        for meaning, names in columns.items()
        if len(names) > 1
    ]
