"""Rows of a body: a JSON list of objects, or NDJSON, an object a line."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Request
from litestar.exceptions import ClientException

from bitseg import Fault, FieldError, LoadReport, Rejected
from server.requests import NDJSON, media_type_of, once_of

ONCE_MOST: Final = 65_536
"""Rows of a write that takes effect once: they are one transaction."""

_ROW: Final = msgspec.json.Decoder(dict[str, Any])
_ROWS: Final = msgspec.json.Decoder(list[dict[str, Any]])


def rows_of(request: Request[Any, Any, Any], data: bytes) -> list[dict[str, Any]]:
    """Return the rows of a body.

    Raises:
        ClientException: it is not JSON in UTF-8 (400).
        FieldError: it is no list of objects (422), or too many for a write that is once.
    """
    rows = _lines(data) if media_type_of(request) in NDJSON else _list(data)
    if len(rows) > ONCE_MOST and once_of(request, b"") is not None:
        message = f"Expected at most {ONCE_MOST:,} rows with an Idempotency-Key, got {len(rows):,}"
        raise FieldError(message)
    return rows


def _list(data: bytes) -> list[dict[str, Any]]:
    try:
        return _ROWS.decode(data)
    except msgspec.ValidationError as error:
        raise FieldError(Fault("", f"Expected a list of objects: {error}")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ClientException(f"Expected a JSON list in UTF-8: {error}.") from None


def _lines(data: bytes) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(_ROW.decode(line))
        except msgspec.ValidationError as error:
            raise FieldError(Fault(f"line {number}", f"Expected an object: {error}")) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            message = f"Expected JSON in UTF-8 on line {number}: {error}."
            raise ClientException(message) from None
    return rows


class ContactsWritten(msgspec.Struct, frozen=True):
    """What writing contacts did.

    Attributes:
        rejected_count: rows that did not go in; the first 1,000 are in ``rejected``.
    """

    created: int
    updated: int
    rejected_count: int
    rejected: tuple[Rejected, ...]

    @classmethod
    def of(cls, report: LoadReport) -> ContactsWritten:
        """Return what a load did."""
        return cls(report.created, report.updated, report.rejected_count, report.rejected)


class EventsWritten(msgspec.Struct, frozen=True):
    """What recording events did.

    Attributes:
        created: contacts that were new.
        rejected_count: rows that did not go in; the first 1,000 are in ``rejected``.
    """

    accepted: int
    duplicate: int
    created: int
    rejected_count: int
    rejected: tuple[Rejected, ...]

    @classmethod
    def of(cls, report: LoadReport) -> EventsWritten:
        """Return what a load did."""
        return cls(
            report.accepted,
            report.duplicate,
            report.created,
            report.rejected_count,
            report.rejected,
        )
