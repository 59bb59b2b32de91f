"""The command line: one verb a file, on the public names of bitseg."""

from bitseg.cli.commands import main
from bitseg.cli.database import Sync
from bitseg.cli.instants import Instant, read_instant
from bitseg.cli.output import Told, show_json, show_table
from bitseg.cli.sources import FILE_OPTIONS, Opened, Sources, open_engine

__all__ = [
    "FILE_OPTIONS",
    "Instant",
    "Opened",
    "Sources",
    "Sync",
    "Told",
    "main",
    "open_engine",
    "read_instant",
    "show_json",
    "show_table",
]
