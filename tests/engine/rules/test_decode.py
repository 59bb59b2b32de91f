"""JSON text: what must survive decoding, and what is refused before it can do harm."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from bitseg.errors import RuleError
from bitseg.rules.decode import JsonObject, decode


def test_numbers_with_a_point_are_exact() -> None:
    assert decode("[0.1, 1e2, -0.50, 7]") == [Decimal("0.1"), Decimal("1e2"), Decimal("-0.50"), 7]


def test_numbers_beyond_everything_are_decoded_for_others_to_refuse() -> None:
    text = "[1e99999999999999999999, 1e-99999999999999999999, " + "9" * 9_000 + "]"
    huge, tiny, long = decode(text)
    assert (huge, tiny, long.adjusted()) == (math.inf, 0.0, 8_999)
    assert [str(each) for each in decode("[NaN, -Infinity]")] == ["nan", "-inf"]


def test_a_key_that_stands_twice_is_remembered() -> None:
    found = decode('{"a": 1, "b": 2, "a": 3, "a": 4, "b": 5, "c": 6}')
    assert isinstance(found, JsonObject)
    assert found == {"a": 4, "b": 5, "c": 6}
    assert found.repeated == ("a", "b")
    assert decode('{"a": 1}').repeated == ()


def test_brackets_in_strings_do_not_nest() -> None:
    text = '"' + "[{" * 500 + r"\"" + "[" * 500 + r"\\" + '"'
    assert decode(text) == "[{" * 500 + '"' + "[" * 500 + "\\"


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


def test_a_hundred_brackets_deep_is_decoded_and_no_more() -> None:
    assert decode(nested(100))
    assert decode("[" + ",".join([nested(90)] * 90) + "]")
    with pytest.raises(RuleError, match="at most 100 brackets"):
        decode(nested(101))


MALFORMED: list[Any] = [
    "",
    " ",
    "{",
    "[1,]",
    "{'a': 1}",
    '{"a": 1,}',
    '{"a": 1} 2',
    "tru",
    "01",
    "1.",
    '"a\nb"',
    r'"\x41"',
    '"unterminated',
    '"ends in a backslash\\',
    "// comment\n1",
    b"\xff\xfe1\x000\x00",
    b'"\xe4"',
    b'"\xed\xa0\x80"',
]


@pytest.mark.parametrize("text", MALFORMED)
def test_what_is_not_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(RuleError) as caught:
        decode(text)
    assert [fault.code for fault in caught.value.faults] == ["malformed_json"]
    assert str(caught.value).encode()


BOMBS = [
    pytest.param("[" * 50_000, id="lists"),
    pytest.param('{"a":' * 50_000, id="objects"),
    pytest.param('[{"a":' * 1_000_000, id="a million of both"),
    pytest.param("[" * 50_000 + "]" * 50_000, id="closed"),
    pytest.param('""' + "[" * 50_000, id="behind a string"),
    pytest.param('"\\""' + "[" * 50_000, id="behind an escaped quote"),
]


@pytest.mark.parametrize("text", BOMBS)
def test_a_depth_bomb_is_refused_without_recursion(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        decode(text)
    assert [fault.code for fault in caught.value.faults] == ["too_deep"]
