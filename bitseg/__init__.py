"""bitseg: exact contact segments in under a millisecond, from bitmaps in memory."""

from bitseg.engine import Engine
from bitseg.errors import (
    BitsegError,
    DamagedError,
    Fault,
    FieldError,
    InUseError,
    LoadError,
    MissingExtraError,
    NoRoomError,
    RepeatError,
    RuleError,
    SegmentError,
    StoreError,
    UnknownContactError,
    UnknownSegmentError,
)
from bitseg.fields import BUILT_IN, DATA_TYPES, EVENT_KINDS, Field
from bitseg.members import Members
from bitseg.opening import backup, open, restore, verify  # noqa: A004 - SPEC 8 calls it open
from bitseg.operators import MEASURE_OPERATORS, OPERATORS, Operator
from bitseg.results import (
    Diff,
    Explained,
    Explanation,
    Lint,
    LoadReport,
    Preview,
    Rejected,
    Restored,
    Snapshot,
    Verified,
)
from bitseg.rules.nodes import Definition
from bitseg.store import Once

__all__ = [
    "BUILT_IN",
    "DATA_TYPES",
    "EVENT_KINDS",
    "MEASURE_OPERATORS",
    "OPERATORS",
    "BitsegError",
    "DamagedError",
    "Definition",
    "Diff",
    "Engine",
    "Explained",
    "Explanation",
    "Fault",
    "Field",
    "FieldError",
    "InUseError",
    "Lint",
    "LoadError",
    "LoadReport",
    "Members",
    "MissingExtraError",
    "NoRoomError",
    "Once",
    "Operator",
    "Preview",
    "Rejected",
    "RepeatError",
    "Restored",
    "RuleError",
    "SegmentError",
    "Snapshot",
    "StoreError",
    "UnknownContactError",
    "UnknownSegmentError",
    "Verified",
    "backup",
    "open",
    "restore",
    "verify",
]
