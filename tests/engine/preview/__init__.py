"""Tests of bitseg.preview."""
