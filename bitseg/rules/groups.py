"""Reading groups: how conditions are told apart, counted and nested."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from bitseg.rules.messages import join, quoted
from bitseg.rules.nodes import Condition, Group
from bitseg.rules.reading import Reading

MAX_DEPTH: Final = 16
"""How deep groups may stand within each other; a top group is 1."""
MAX_CONDITIONS: Final = 500
"""How many conditions a definition may have, those of ``where`` and nested groups included."""

KINDS: Final = {
    "field": "a field rule",
    "event": "an event rule",
    "sequence": "a sequence rule",
    "segment": "a segment rule",
    "sample": "a sample rule",
    "conditions": "a group",
}
"""The key that tells a kind of condition, and what the kind is called."""

Match: TypeAlias = Literal["all", "any", "none"]
ReadLeaf: TypeAlias = Callable[[Reading, str, Mapping[str, Any], int], Condition | None]


def read_group(
    reading: Reading, path: str, raw: object, depth: int, leaves: Mapping[str, ReadLeaf]
) -> Group | None:
    """Read a group.

    Args:
        reading: collects the faults.
        path: where the group stands.
        raw: the group as given.
        depth: its own depth.
        leaves: how to read each kind of condition that may stand in it, by the key of ``KINDS``;
            groups of the same may stand in it too.
    """
    found = reading.mapping(path, raw, "a group", ("match", "conditions", "name"))
    if found is None:
        return None
    if depth > MAX_DEPTH:
        reading.fault(path, f"Expected groups at most {MAX_DEPTH} deep, got more", "too_deep")
        return None
    match = read_match(reading, path, found, get_args(Match))
    name = found.get("name", "")
    if not isinstance(name, str):
        reading.expected(join(path, "name"), "a name", name)
    elif reading.is_clean(join(path, "name"), name):
        conditions = _read_conditions(reading, path, found, depth, leaves)
        return Group(match or "all", conditions, str(name))
    return None


def read_match(
    reading: Reading, path: str, raw: Mapping[str, Any], words: tuple[Match, ...]
) -> Match | None:
    """Read how the parts of a group or definition join."""
    what = f"match to be one of {', '.join(words)}"
    if not reading.required(path, raw, "match", what):
        return None
    return reading.word(join(path, "match"), raw["match"], what, words)


def _read_conditions(
    reading: Reading,
    path: str,
    raw: Mapping[str, Any],
    depth: int,
    leaves: Mapping[str, ReadLeaf],
) -> tuple[Condition, ...]:
    if not reading.required(path, raw, "conditions", "a list of conditions"):
        return ()
    at, conditions = join(path, "conditions"), raw["conditions"]
    if not isinstance(conditions, list | tuple):
        reading.expected(at, "a list of conditions", conditions)
        return ()
    if reading.saving and not conditions:
        message = "Expected at least one condition, got an empty list: a saved group is not empty"
        reading.fault(at, message, "empty_group")
    found = []
    for i, each in enumerate(conditions):
        reading.conditions += 1
        if reading.conditions > MAX_CONDITIONS:
            _too_many(reading, at)
            break
        condition = _read_condition(reading, f"{at}[{i}]", each, depth, leaves)
        if condition is not None:
            found.append(condition)
    return tuple(found)


def _too_many(reading: Reading, path: str) -> None:
    if reading.conditions == MAX_CONDITIONS + 1:  # said once
        reading.fault(
            path, f"Expected at most {MAX_CONDITIONS} conditions in all, got more", "too_many"
        )


def _read_condition(
    reading: Reading, path: str, raw: object, depth: int, leaves: Mapping[str, ReadLeaf]
) -> Condition | None:
    kind = _kind(reading, path, raw, leaves)
    if kind is None or not isinstance(raw, dict):
        return None
    if kind == "conditions":
        return read_group(reading, path, raw, depth + 1, leaves)
    return leaves[kind](reading, path, raw, depth)


def _kind(reading: Reading, path: str, raw: object, leaves: Mapping[str, ReadLeaf]) -> str | None:
    """Return the key of ``KINDS`` that tells what a condition is; None and a fault if unclear."""
    expected = ", ".join(KINDS[key] for key in (*leaves, "conditions"))
    if not isinstance(raw, dict):
        reading.expected(path, f"a condition ({expected})", raw)
        return None
    given = [key for key in KINDS if key in raw] or ["conditions"] * ("match" in raw)
    if len(given) > 1:
        kinds = " and ".join(KINDS[key] for key in given)
        message = f"Expected one kind of condition, got keys of {kinds}"
        reading.fault(path, message, "ambiguous_condition")
        return None
    if not given:
        keys = ", ".join(quoted(str(key)) for key in list(raw)[:_KEYS_SHOWN]) or "none"
        message = f"Expected a condition ({expected}), got the keys {keys}"
        reading.fault(path, message, "unknown_condition", (*leaves, "conditions"))
        return None
    if given[0] not in leaves and given[0] != "conditions":
        message = f"Expected {expected} here, got {KINDS[given[0]]}"
        reading.fault(path, message, "unexpected_condition", (*leaves, "conditions"))
        return None
    return given[0]


_KEYS_SHOWN: Final = 5
