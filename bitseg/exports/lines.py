"""Contacts as lines of text: CSV that is safe to open in a spreadsheet, or NDJSON."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any, Final

import msgspec

from bitseg.formats.formulas import escaped

Page = Sequence[dict[str, Any]]

_EXACT: Final = 2.0**53
"""Up to here a float without a fraction is shown as the whole number that it is."""

_ENCODER: Final = msgspec.json.Encoder()


def csv_lines(paths: Sequence[str], pages: Iterable[Page]) -> Iterator[bytes]:
    """Yield CSV (RFC 4180) of contacts: a header, and a part for each page."""
    yield _csv([paths])
    for page in pages:
        yield _csv([contact.get(path) for path in paths] for contact in page)


def ndjson_lines(pages: Iterable[Page]) -> Iterator[bytes]:
    """Yield NDJSON of contacts, an object a line: a part for each page."""
    return map(_ENCODER.encode_lines, pages)


def cell(value: Any) -> str:
    """Return a value as a cell of CSV; its type decides, so that -1 is a number and "-1" is not.

    >>> cell(-1.0), cell("-1"), cell(True), cell(["=a", "b"]), cell(None)
    ('-1', "'-1", 'true', "'=a; b", '')
    """
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) <= _EXACT:
            return str(int(value))
        case int() | float():
            return str(value)
        case str():
            return escaped(value)
        case _:
            return cell("; ".join(value))


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(map(cell, row) for row in rows)
    return text.getvalue().encode()
