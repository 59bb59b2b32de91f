"""Soak: the same work for long, and nothing that only grows."""
