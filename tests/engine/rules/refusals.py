"""How tests ask what is wrong with a definition."""

from __future__ import annotations

import pytest

from bitseg.errors import Fault, RuleError
from bitseg.rules import read
from tests.engine.rules.views import View, rules

LEAF = "groups[0].conditions[0]"


def faults(raw: object, *, saving: bool = False) -> tuple[Fault, ...]:
    """Return the faults of what must be refused."""
    with pytest.raises(RuleError) as caught:
        read(raw, View(), saving=saving)
    return caught.value.faults


def refusal(raw: object) -> RuleError | None:
    """Return the refusal of what may be refused."""
    try:
        read(raw, View())
    except RuleError as error:
        return error
    return None


def found(raw: object, *, saving: bool = False) -> list[tuple[str, str]]:
    """Return where the faults are, and their codes."""
    return [(fault.path, fault.code) for fault in faults(raw, saving=saving)]


def of_leaf(raw: object) -> list[tuple[str, str]]:
    """Return the faults of one condition, their paths from it on."""
    return [(path.removeprefix(LEAF).lstrip("."), code) for path, code in found(rules(raw))]
