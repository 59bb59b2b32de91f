"""Benchmarks: how fast, how large; each file says what it measures and how."""
