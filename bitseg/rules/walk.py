"""A walk visits every part of a definition with its path, as in ``groups[0].conditions[2]``."""

from __future__ import annotations

from collections.abc import Iterator

from bitseg.rules.nodes import Condition, Definition, Group


def walk(definition: Definition) -> Iterator[tuple[str, Condition]]:
    """Yield every group and condition with its path, outer before inner, in written order.

    The ``where`` groups are not parts of their own: they speak of events, not of contacts.
    """
    for i, group in enumerate(definition.groups):
        yield from walk_group(f"groups[{i}]", group)
    for i, group in enumerate(definition.exclusions):
        yield from walk_group(f"exclusions[{i}]", group)


def walk_group(path: str, group: Group) -> Iterator[tuple[str, Condition]]:
    """Yield a group that stands at a path, and all inside it, likewise."""
    yield path, group
    for i, condition in enumerate(group.conditions):
        inner = f"{path}.conditions[{i}]"
        if isinstance(condition, Group):
            yield from walk_group(inner, condition)
        else:
            yield inner, condition
