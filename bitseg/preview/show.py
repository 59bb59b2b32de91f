"""How values are shown to people and programs: dates as ISO 8601 in UTC, all else as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitseg.clock import show_instant
from bitseg.rules.relative import bounds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

    from bitseg.clock import Now
    from bitseg.fields import DataType, Field
    from bitseg.rules.relative import RelativePart


def show_bounds(
    parts: Iterable[RelativePart], now: Now
) -> dict[str, tuple[str | None, str | None]]:
    """Return what the parts with a relative date came to, None where it is open."""
    return {
        path: (
            None if lo is None else show_instant(lo),
            None if hi is None else show_instant(hi),
        )
        for path, (lo, hi) in bounds_of(parts, now).items()
    }


def show_value(data_type: DataType, value: Any) -> Any:
    """Return a field's value as JSON can hold it."""
    return show_instant(value) if data_type == "date" and value is not None else value


def contacts_shown(
    fields: Sequence[Field], columns: Mapping[str, pa.Array], size: int
) -> tuple[dict[str, Any], ...]:
    """Return ``{path: value}`` of each of several contacts, without what is missing.

    Args:
        fields: what is shown, in this order.
        columns: the contacts' values by path, of the fields' Arrow types.
        size: how many contacts there are.
    """
    shown: tuple[dict[str, Any], ...] = tuple({} for _ in range(size))
    for field in fields:
        values = columns[field.path].to_pylist()
        if field.data_type == "date":
            values = [value if value is None else show_instant(value) for value in values]
        for contact, value in zip(shown, values, strict=True):
            if value is not None:
                contact[field.path] = value
    return shown


def contact_values(fields: Iterable[Field], value_of: Callable[[str], Any]) -> dict[str, Any]:
    """Return ``{path: value}`` of one contact, without what is missing."""
    shown = {field.path: show_value(field.data_type, value_of(field.path)) for field in fields}
    return {path: value for path, value in shown.items() if value is not None}
