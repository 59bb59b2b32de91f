"""A ledger keeps what a load rejected: all rows counted, the first kept, all written if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bitseg.errors import Fault, LoadError
from bitseg.results import REJECTED_KEPT, LoadReport, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bitseg.formats import RawBatch
    from bitseg.formats.rejects import RejectsFile
    from bitseg.intake.findings import Findings


class Ledger:
    """The rejected rows of one load."""

    def __init__(self, file: RejectsFile) -> None:
        """Begin with none; take where to write them."""
        self._file = file
        self._count = 0
        self._kept: list[Rejected] = []

    def note(
        self, batch: RawBatch, findings: Findings, refused: Mapping[int, Fault] | None = None
    ) -> None:
        """Take in what is wrong with a batch.

        Args:
            batch: the batch.
            findings: what is wrong with its rows.
            refused: good rows that the tenant did not take after all, by place, and why.
        """
        errors = {place: (fault,) for place, fault in (refused or {}).items()}
        places = sorted({*np.flatnonzero(findings.bad).tolist(), *errors})
        self._count += len(batch.faults) + len(places)
        room = max(REJECTED_KEPT - len(self._kept), 0)
        faults = batch.faults
        if not self._file.wanted:  # words cost more than all else, so only those that are kept
            faults, places = faults[:room], places[:room]
        rows = [*faults, *(findings.bad_row(at, errors.get(at, ())) for at in places)]
        rows.sort(key=lambda row: row.index)
        for row in rows:
            self._file.write(row)
        self._kept.extend(Rejected(row.index, row.errors, row.line) for row in rows[:room])

    def refuse(self) -> None:
        """Refuse the load if a row was rejected.

        Raises:
            LoadError: with the faults of the first rows.
        """
        if not self._count:
            return
        faults = [
            Fault(_place(row, fault), fault.message, fault.allowed, fault.code)
            for row in self._kept
            for fault in row.errors
        ]
        summary = f"Expected every row to be good, got {self._count} bad ones; nothing was loaded"
        raise LoadError(Fault("", summary, code="bad_rows"), *faults)

    def report(self, report: LoadReport) -> LoadReport:
        """Return the report with what was rejected."""
        return msgspec.structs.replace(
            report, rejected_count=self._count, rejected=tuple(self._kept)
        )


def _place(row: Rejected, fault: Fault) -> str:
    """Return where a fault is: the line or index of its row, and the column."""
    place = f"line {row.line}" if row.line else f"rows[{row.index}]"
    return f"{place}.{fault.path}" if fault.path else place
