"""Exports are contacts as the bytes of a file: CSV, NDJSON or Parquet, a part at a time."""
