"""bitseg: exact contact segments in under a millisecond, from bitmaps in memory."""

from bitseg.engine import Engine
from bitseg.errors import (
    BitsegError,
    Fault,
    FieldError,
    LoadError,
    MissingExtraError,
    RuleError,
    SegmentError,
    UnknownContactError,
    UnknownSegmentError,
)
from bitseg.fields import BUILT_IN, DATA_TYPES, EVENT_KINDS, Field
from bitseg.members import Members
from bitseg.operators import MEASURE_OPERATORS, OPERATORS, Operator
from bitseg.results import (
    Diff,
    Explained,
    Explanation,
    Lint,
    LoadReport,
    Preview,
    Rejected,
)
from bitseg.rules.nodes import Definition

__all__ = [
    "BUILT_IN",
    "DATA_TYPES",
    "EVENT_KINDS",
    "MEASURE_OPERATORS",
    "OPERATORS",
    "BitsegError",
    "Definition",
    "Diff",
    "Engine",
    "Explained",
    "Explanation",
    "Fault",
    "Field",
    "FieldError",
    "Lint",
    "LoadError",
    "LoadReport",
    "Members",
    "MissingExtraError",
    "Operator",
    "Preview",
    "Rejected",
    "RuleError",
    "SegmentError",
    "UnknownContactError",
    "UnknownSegmentError",
]
