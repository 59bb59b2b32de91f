"""Tests of bitseg.segments."""
