"""The public names of bitseg: what others may rely on."""

from __future__ import annotations

from types import ModuleType

import bitseg

PUBLIC = {
    "BUILT_IN", "BitsegError", "DATA_TYPES", "Definition", "Diff", "EVENT_KINDS", "Engine",
    "Explained", "Explanation", "Fault", "Field", "FieldError", "Lint", "LoadError", "LoadReport",
    "MEASURE_OPERATORS", "Members", "MissingExtraError", "OPERATORS", "Operator", "Preview",
    "Rejected", "RuleError", "SegmentError", "UnknownContactError", "UnknownSegmentError",
    "examples", "synthetic",
}  # fmt: skip


def test_the_public_names_are_these() -> None:
    assert set(bitseg.__all__) == PUBLIC
    assert sorted(bitseg.__all__) == list(bitseg.__all__)


def test_every_public_name_is_there_and_explained() -> None:
    for name in bitseg.__all__:
        value = getattr(bitseg, name)
        if isinstance(value, type | ModuleType) or callable(value):
            assert value.__doc__
