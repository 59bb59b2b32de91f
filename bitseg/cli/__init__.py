"""The command line: one verb a file, on the public names of bitseg."""

from bitseg.cli.commands import main
from bitseg.cli.sources import Sources, open_engine, source_options

__all__ = ["Sources", "main", "open_engine", "source_options"]
