"""The formats of exported files."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Format: TypeAlias = Literal["csv", "ndjson", "parquet"]

FORMATS: Final[tuple[Format, ...]] = ("csv", "ndjson", "parquet")
