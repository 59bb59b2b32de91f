"""Crash kills a process that writes, again and again, and compares its file with what it promised.

The promise (RELIABILITY.md, section 2): after SIGKILL at any moment every acknowledged write is
there, whole; no refused write is there in any part; a write with no answer is whole or absent;
nothing is applied twice.
"""
