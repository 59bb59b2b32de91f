"""The public names of bitseg: what others may rely on."""

from __future__ import annotations

from importlib import import_module

import pytest

import bitseg

PUBLIC = {
    "BUILT_IN", "BitsegError", "BudgetError", "ContactPage", "DATA_TYPES", "DamagedError",
    "DeadlineError", "Definition", "Diff", "EVENT_KINDS", "Engine", "Explained", "Explanation",
    "Fault", "Field", "FieldError", "FieldValues", "Figures", "Guard", "GuardError", "Happened",
    "InUseError", "Journal", "Lint", "LoadError", "LoadReport", "MEASURE_OPERATORS", "MemberChange",
    "Members", "MembersImported", "Membership", "MissingExtraError", "Moved", "NoRoomError",
    "NotKeptError", "OPERATORS", "Once", "Operator", "Overlap", "Pair", "Preview", "Rejected",
    "RepeatError", "Restored", "RevisionError", "RuleError", "SegmentError", "SegmentHistory",
    "SegmentPage", "SegmentRecord", "SegmentRevision", "SegmentSize", "SharedEmail", "Snapshot",
    "Source", "StoreError", "TenantSettings", "Timeline", "UnknownContactError",
    "UnknownRevisionError", "UnknownSegmentError", "ValueCount", "Verified", "backup", "kept_only",
    "open", "open_source", "restore", "time_limit", "verify",
}  # fmt: skip


def test_the_public_names_are_these() -> None:
    assert set(bitseg.__all__) == PUBLIC


def test_every_public_name_is_there_and_explained() -> None:
    for name in bitseg.__all__:
        value = getattr(bitseg, name)
        if callable(value):
            assert value.__doc__


@pytest.mark.parametrize("module", ["bitseg.cli", "bitseg.examples", "bitseg.synthetic"])
def test_public_modules_name_what_is_public_in_them(module: str) -> None:
    imported = import_module(module)

    assert all(hasattr(imported, name) for name in imported.__all__)
