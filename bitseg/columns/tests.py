"""A test is what a rule asks of one value, already typed: frozen, compared and hashed by value."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec


class Test(msgspec.Struct, frozen=True, tag=True):
    """The common shape of all tests. A missing value passes none."""

    __test__ = False  # what begins with "Test" is not pytest's here


class Present(Test, frozen=True):
    """There is a value."""


class StringIn(Test, frozen=True):
    """The string is one of these, code point for code point."""

    values: tuple[str, ...]


class StringLike(Test, frozen=True):
    """The string holds, begins with or ends with the needle, both casefolded."""

    how: Literal["contains", "starts_with", "ends_with"]
    needle: str


class NumberIn(Test, frozen=True):
    """The number is in one of the closed intervals, which are sorted and disjoint."""

    intervals: tuple[tuple[float, float], ...]


class DateIn(Test, frozen=True):
    """The instant is in one of the half-open ms intervals, which are sorted and disjoint."""

    intervals: tuple[tuple[int, int], ...]


class BooleanIs(Test, frozen=True):
    """The boolean is this one."""

    value: bool


class ArrayHas(Test, frozen=True):
    """The array holds any, or all, of these elements, code point for code point."""

    values: tuple[str, ...]
    mode: Literal["any", "all"]


AnyTest: TypeAlias = Present | StringIn | StringLike | NumberIn | DateIn | BooleanIs | ArrayHas


def unfit(kind: str, test: AnyTest) -> TypeError:
    """Return the error for a test that a kind of column cannot answer."""
    return TypeError(f"Expected a test for a {kind}, got {test!r}")
