"""Tests of bitseg.columns."""
