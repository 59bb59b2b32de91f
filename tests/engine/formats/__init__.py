"""Readers of files, tables and dicts."""
