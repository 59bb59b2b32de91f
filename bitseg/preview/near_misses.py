"""A near miss is a contact that fails exactly one unit of a definition and no exclusion (SPEC 5).

Units are the direct conditions of the top groups where the definition and the group are ``all``;
a group of another kind is one unit; a definition of ``any`` has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bitseg.bitmap import RowSet
    from bitseg.preview.evaluation import Evaluation
    from bitseg.rules.nodes import Condition, Definition


def near_misses(definition: Definition, evaluation: Evaluation) -> dict[str, int]:
    """Return ``{path of the unit: how many contacts fail it alone}``."""
    found = list(units(definition))
    sets = [evaluation.members(unit) for _, unit in found]
    excluded = evaluation.members_of_any(definition.exclusions)
    allowed = evaluation.tenant.contacts.live.minus(excluded)
    counts = []
    before = allowed  # who meets every unit so far
    for members, behind in zip(sets, _all_behind(sets, allowed), strict=True):
        counts.append(before.and_(behind).minus(members).count)
        before = before.and_(members)
    return {path: count for (path, _), count in zip(found, counts, strict=True)}


def units(definition: Definition) -> Iterator[tuple[str, Condition]]:
    """Yield the units of a definition with their paths."""
    if definition.match != "all":
        return
    for i, group in enumerate(definition.groups):
        if group.match == "all":
            for j, condition in enumerate(group.conditions):
                yield f"groups[{i}].conditions[{j}]", condition
        else:
            yield f"groups[{i}]", group


def _all_behind(sets: list[RowSet], allowed: RowSet) -> list[RowSet]:
    """Return, for each unit, the allowed contacts that meet all units behind it."""
    found = []
    for members in reversed(sets):
        found.append(allowed)
        allowed = allowed.and_(members)
    return found[::-1]
