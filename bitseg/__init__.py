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
from bitseg.fields import Field
from bitseg.members import Members
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
    "BitsegError",
    "Definition",
    "Diff",
    "Engine",
    "Explained",
    "Explanation",
    "Fault",
    "Field",
    "FieldError",
    "LoadError",
    "LoadReport",
    "Lint",
    "Members",
    "MissingExtraError",
    "Preview",
    "Rejected",
    "RuleError",
    "SegmentError",
    "UnknownContactError",
    "UnknownSegmentError",
]
