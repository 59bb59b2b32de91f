"""The server's part of the command line: a verb a file; they join `bitseg` by entry points."""
