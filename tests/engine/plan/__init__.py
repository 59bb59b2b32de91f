"""Tests of bitseg.plan."""
