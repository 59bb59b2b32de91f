"""Micro-benchmarks: our own regressions, by pytest-benchmark."""
