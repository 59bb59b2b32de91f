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
    return {
        path: _all_but(sets, place, allowed).minus(sets[place]).count
        for place, (path, _) in enumerate(found)
    }


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


def _all_but(sets: list[RowSet], place: int, allowed: RowSet) -> RowSet:
    """Return the allowed contacts that meet every unit but one."""
    for other, members in enumerate(sets):
        if other != place:
            allowed = allowed.and_(members)
    return allowed
