"""Essentials are the cells without which a row is refused, whatever else it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from bitseg.fields import NAME
from bitseg.intake.conversion import Problem
from bitseg.intake.raw import true_cells
from bitseg.intake.typed import needed

if TYPE_CHECKING:
    from bitseg.changes import FieldValues
    from bitseg.intake.findings import Findings
    from bitseg.intake.plan import Plan


class Essentials(msgspec.Struct, frozen=True):
    """What the rows of one kind of source must have.

    Attributes:
        needs: by what it means, each cell that a row must have, in words.
        ids: the meanings whose cells are ids; one that no row needs may be empty, but not wrong.
    """

    needs: dict[str, str]
    ids: tuple[str, ...]

    def are(self, path: str) -> bool:
        """Return whether a bad cell of this meaning refuses its row in any case."""
        return path in self.needs or path in self.ids

    def judge(
        self, columns: dict[str, FieldValues], plan: Plan, findings: Findings
    ) -> dict[str, pa.Array | None]:
        """Blame the rows that lack something, and return the values by meaning.

        Args:
            columns: typed columns by what they mean.
            plan: what the columns mean.
            findings: of the batch.
        """
        found = {}
        for path, words in self.needs.items():
            values = needed(columns, path, plan, findings, words)
            if path == "kind" and values is not None:
                _blame_kinds(values, plan, findings)
            found[path] = values
        return found


CONTACT_ESSENTIALS: Final = Essentials({"contact.id": "an id"}, ids=("contact.id",))
EVENT_ESSENTIALS: Final = Essentials(
    {"contact_id": "a contact's id", "kind": "a kind of event", "at": "the event's instant"},
    ids=("contact_id", "event_id"),
)


def _blame_kinds(kinds: pa.LargeStringArray, plan: Plan, findings: Findings) -> None:
    """Blame kinds that are no name; each distinct kind is looked at once."""
    encoded = kinds.dictionary_encode()
    named = pc.match_substring_regex(encoded.dictionary, rf"\A(?:{NAME.pattern})\z")
    bad = true_cells(pc.invert(named.take(encoded.indices)))
    name = next(column.name for column in plan.loaded if column.path == "kind")
    expected = "a kind of event, a name like [a-z][a-z0-9_]{0,62}"
    findings.blame(name, (Problem(bad, expected),) if bad.any() else ())
