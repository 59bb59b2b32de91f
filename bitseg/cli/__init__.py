"""The command line: one verb a file, on the public names of bitseg."""

from bitseg.cli.commands import main
from bitseg.cli.database import Sync, sync_option
from bitseg.cli.instants import Instant, read_instant
from bitseg.cli.output import Told, show_json, show_table
from bitseg.cli.sources import Opened, Sources, open_engine, source_options

__all__ = [
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
    "source_options",
    "sync_option",
]
