"""Formats turn files, tables and dicts into batches of raw cells, in constant memory."""

from bitseg.formats.opening import FORMATS, Format, open_source
from bitseg.formats.source import BadRow, RawBatch, Source

__all__ = ["FORMATS", "BadRow", "Format", "RawBatch", "Source", "open_source"]
