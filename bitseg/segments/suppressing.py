"""A tenant's suppression is a definition like a segment's; it may use segments."""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from bitseg.plan.compile import compile_definition
from bitseg.plan.nodes import Plan
from bitseg.rules.nodes import Definition
from bitseg.rules.respell import respell
from bitseg.segments.references import targets
from bitseg.suppression import SUPPRESSION
from bitseg.zones import Zone

SUPPRESSING: Final = "suppression"
"""What it is called where users of a segment are named."""


Kept: TypeAlias = tuple[bytes | None, bytes | None]
"""A definition as JSON, as people gave it and as it was read; None = the default."""


class Suppression(msgspec.Struct, frozen=True):
    """Who must not be mailed.

    Attributes:
        kept: what is kept of the definition.
        definition: the definition.
        plan: what it became.
        targets: the segments that it speaks of.
    """

    kept: Kept
    definition: Definition
    plan: Plan
    targets: tuple[str, ...]


DEFAULT: Final = Suppression((None, None), SUPPRESSION, compile_definition(SUPPRESSION), ())


def suppression_of(kept: Kept, zone: Zone) -> Suppression:
    """Return the suppression that was kept so.

    Raises:
        RuleError: this version reads it no longer.
    """
    _, spelled = kept
    if spelled is None:
        return DEFAULT
    definition = respell(spelled, zone)
    return Suppression(kept, definition, compile_definition(definition), targets(definition))
