"""Formulas are texts that a spreadsheet would run; in CSV a ``'`` in front keeps it from that.

Texts that have such a ``'`` of their own get another one, so that taking one off gives each text
back as it was.
"""

from __future__ import annotations

import re
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

BEGINNINGS: Final = r"=+\-@\t\r\x00\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}"
"""What a spreadsheet runs begins so; the last four are full-width. A class's inside, as of RE2."""

_ESCAPED: Final = f"^'('*[{BEGINNINGS}])"
_RUNS: Final = re.compile("'*[" + re.sub(r"\\x\{(\w+)\}", r"\\u\1", BEGINNINGS) + "]")


def escaped(text: str) -> str:
    """Return a text as a cell that no spreadsheet runs.

    >>> escaped("=1+1"), escaped("'=1+1"), escaped("it's"), escaped("'a'")
    ("'=1+1", "''=1+1", "it's", "'a'")
    """
    return f"'{text}" if _RUNS.match(text) else text


def unescaped(texts: pa.LargeStringArray) -> pa.LargeStringArray:
    """Return the texts of cells: what ``escaped`` was given."""
    if not pc.any(pc.starts_with(texts, "'")).as_py():
        return texts
    return pc.replace_substring_regex(texts, _ESCAPED, r"\1", max_replacements=1)
