"""Tests of the benchmarks: that they measure what they say, at a size where no time counts."""
