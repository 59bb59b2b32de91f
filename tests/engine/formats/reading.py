"""Reading a source whole, for tests to compare with what they wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bitseg.formats import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from bitseg.formats import BadRow, Source


def rows_of(source: Source) -> list[dict[str, Any]]:
    """Return every row that could be read, without the keys it does not have."""
    rows: list[dict[str, Any]] = []
    for batch in source.batches():
        for place, row in enumerate(batch.rows.to_pylist()):
            rows.append(
                {
                    name: cell
                    for name, cell in row.items()
                    if name not in batch.given or batch.given[name][place]
                }
            )
    return rows


def lines_of(source: Source) -> list[int]:
    """Return the line that each readable row began on."""
    return [
        int(line)
        for batch in source.batches()
        for line in (() if batch.lines is None else batch.lines)
    ]


def faults_of(source: Source) -> list[BadRow]:
    """Return the rows that could not be read."""
    return [row for batch in source.batches() for row in batch.faults]


def written(path: Path, content: bytes) -> Source:
    """Write a file and open it as a source."""
    path.write_bytes(content)
    return open_source(path)
