"""What may be said about contacts: definitions as JSON, as frozen nodes, and as English."""

from bitseg.rules.dates import intervals, window
from bitseg.rules.describe import describe
from bitseg.rules.nodes import Definition
from bitseg.rules.relative import is_crossed, is_relative
from bitseg.rules.validate import read
from bitseg.rules.view import SchemaView
from bitseg.rules.walk import walk

__all__ = [
    "Definition",
    "SchemaView",
    "describe",
    "intervals",
    "is_crossed",
    "is_relative",
    "read",
    "walk",
    "window",
]
