"""Exporting is the part of the catalogue that gives all members of a segment as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from bitseg.catalogue.asking import Asking, fields_of
from bitseg.errors import Fault, FieldError
from bitseg.exports.formats import FORMATS, Format
from bitseg.exports.lines import csv_lines, ndjson_lines
from bitseg.exports.parquet import parquet_parts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bitseg.bitmap import Rows
    from bitseg.fields import Field

PAGE = 4_096
"""Members whose columns are read at once."""


class Exporting(Asking):
    """Likewise, and as files."""

    def export(
        self, segment: str, form: Format = "csv", *, fields: Sequence[str] | None = None
    ) -> Iterator[bytes]:
        """Return the parts of a file of all members of now, in the order of first load.

        Who is a member is settled by this call, and the values are read as the parts are asked
        for, as by ``pages``.

        Args:
            segment: its id.
            form: ``csv``, ``ndjson`` or ``parquet``.
            fields: their paths, at least one; None = all.

        Raises:
            UnknownSegmentError: there is no such segment.
            FieldError: there is no such format or field, or none is wanted.
        """
        if form not in FORMATS:
            message = f"Expected a format, got {form!r}"
            raise FieldError(Fault("format", message, FORMATS))
        known = dict(self._writes.tenant.schema.fields)
        wanted = fields_of(known, fields)
        paths = [one.path for one in wanted]
        if form == "parquet":
            parts = parquet_parts(wanted, self._tables(segment, wanted))
        else:
            pages = self.pages(segment, fields=paths)
            parts = csv_lines(paths, pages) if form == "csv" else ndjson_lines(pages)
        if not wanted:
            raise FieldError(Fault("fields", "Expected at least one field"))
        return filter(None, parts)

    def _tables(self, segment: str, wanted: Sequence[Field]) -> Iterator[dict[str, pa.Array]]:
        rows = self.rows_now(segment)
        return (
            self._table(rows[start : start + PAGE], wanted) for start in range(0, rows.size, PAGE)
        )

    def _table(self, rows: Rows, wanted: Sequence[Field]) -> dict[str, pa.Array]:
        """Return the values of some members; none of a field that has another type by now."""
        found, columns, size = self._values(rows, [one.path for one in wanted])
        return {
            was.path: columns[was.path] if was.data_type == one.data_type else pa.nulls(size)
            for was, one in zip(wanted, found, strict=True)
        }
