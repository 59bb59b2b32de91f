"""Tests of bitseg.events."""
