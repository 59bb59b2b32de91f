"""The string pool, against a dict and Python's own string methods."""

from __future__ import annotations

import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg import casefold, strings
from bitseg.strings import StringPool, large_strings

TEXTS = [
    "Straße", "STRASSE", "İstanbul", "ΌΣΟΣ", "όσος", "ﬁt", "Kelvin", "kelvin", "ŉ", "ΐ",
    "日本語", "a\x00b", "%_*", "ꮿ", "𐐀", "é", "e\u0301", " padded ", "A" * 300, "z",
]  # fmt: skip
letters = st.sampled_from("aAbBzZ@.ßẞſKİıΣσςΐﬁꮿ𐐀é\x00\u0301%")  # noqa: RUF001
words = st.text(letters, min_size=1, max_size=12) | st.sampled_from(TEXTS) | st.text(min_size=1)
HOWS = {
    "contains": str.__contains__,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


def arrow(texts: list[str]) -> pa.LargeStringArray:
    return pa.array(texts, pa.large_string())


def test_codes_count_up_in_the_order_of_first_appearance() -> None:
    pool = StringPool()

    first = pool.intern(arrow(["b", "a", "b", "c"]))
    second = pool.intern(arrow(["c", "d", "a"]))

    assert first.tolist() == [0, 1, 0, 2]
    assert second.tolist() == [2, 3, 1]
    assert len(pool) == 4
    assert [pool.get(code) for code in range(4)] == ["b", "a", "c", "d"]


def test_strings_are_equal_by_code_point_only() -> None:
    pool = StringPool()

    codes = pool.intern(arrow(["é", "e\u0301", "E", "e", "e ", ""]))

    assert codes.tolist() == [0, 1, 2, 3, 4, 5]
    assert pool.find(arrow(["e", "E ", "é", ""])).tolist() == [3, -1, 0, 5]


@given(st.lists(st.lists(words, max_size=40), max_size=6))
def test_a_pool_is_a_dict(batches: list[list[str]]) -> None:
    pool = StringPool()
    model: dict[str, int] = {}

    for batch in batches:
        expected = [model.setdefault(text, len(model)) for text in batch]
        assert pool.intern(arrow(batch)).tolist() == expected

    asked = [*model, "never seen before"]
    assert len(pool) == len(model)
    assert pool.find(arrow(asked)).tolist() == [model.get(text, -1) for text in asked]
    assert pool.take(np.arange(len(model), dtype=np.uint32)).to_pylist() == list(model)


def test_a_hundred_thousand_strings_keep_apart() -> None:
    texts = [f"user{i}@example.com" for i in range(100_000)]
    pool = StringPool()

    codes = pool.intern(arrow(texts))

    assert np.array_equal(codes, np.arange(100_000))
    assert np.array_equal(pool.intern(arrow(texts[::-1])), codes[::-1])
    assert pool.take(codes[::1000]).to_pylist() == texts[::1000]


def test_slices_of_an_array_are_read_at_their_offset() -> None:
    pool = StringPool()
    whole = arrow(["x", "yy", "zzz", "yy"])

    codes = pool.intern(whole.slice(1, 3))

    assert codes.tolist() == [0, 1, 0]
    assert pool.take(codes).to_pylist() == ["yy", "zzz", "yy"]
    assert pool.intern(whole.slice(4, 0)).size == 0


@pytest.mark.parametrize("how", HOWS)
@given(texts=st.lists(words, max_size=30, unique=True), needle=words)
def test_matching_is_what_str_says_of_casefolded_text(
    how: str, texts: list[str], needle: str
) -> None:
    pool = StringPool()
    pool.intern(arrow(texts[:10]))
    pool.matching("contains", "x")  # folds what is there; the rest is folded later
    pool.intern(arrow(texts))
    expected = [HOWS[how](text.casefold(), needle.casefold()) for text in texts]

    codes = pool.find(arrow(texts)).astype(np.uint32)

    assert pool.matching(how, needle)[codes].tolist() == expected  # type: ignore[arg-type]
    assert pool.matching_of(how, needle, codes).tolist() == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("needle", "expected"),
    [
        ("strasse", ["Straße", "STRASSE"]),
        ("ß", ["Straße", "STRASSE"]),
        ("όσοσ", ["ΌΣΟΣ", "όσος"]),
        ("FIT", ["ﬁt"]),
        ("k", ["Kelvin", "kelvin"]),
        ("%", ["%_*"]),
        ("_", ["%_*"]),
        ("\x00b", ["a\x00b"]),
        ("本", ["日本語"]),
        ("É", ["é"]),
        ("i\u0307", ["İstanbul"]),
    ],
)
def test_a_needle_finds_its_caseless_twins(needle: str, expected: list[str]) -> None:
    pool = StringPool()
    pool.intern(arrow(TEXTS))

    found = np.flatnonzero(pool.matching("contains", needle)).astype(np.uint32)

    assert pool.take(found).to_pylist() == expected


def test_a_needle_is_not_found_across_two_strings() -> None:
    pool = StringPool()
    pool.intern(arrow(["ab", "cd", "bc", "abcd"]))

    assert pool.matching("contains", "bc").tolist() == [False, False, True, True]


def test_a_needle_is_found_at_every_place_of_a_long_text() -> None:
    size = 3 * 4096
    texts = ["-" * at + "Needle" + "+" * (size - at) for at in range(0, size, 61)]
    pool = StringPool()
    pool.intern(arrow(["needl", *texts, "eedle"]))

    assert pool.matching("contains", "nEEDLE").tolist() == [False, *[True] * len(texts), False]


@given(st.lists(st.text()))
def test_folding_is_str_casefold(texts: list[str]) -> None:
    encoded = [text.encode() for text in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    data = np.array(bytearray(b"".join(encoded)), np.uint8)

    folded, ends = casefold.fold(data, offsets)

    parts = [bytes(folded[ends[i] : ends[i + 1]]).decode() for i in range(len(texts))]
    assert parts == [text.casefold() for text in texts]


def test_folding_knows_every_code_point_python_folds() -> None:
    points = [point for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]
    encoded = [chr(point).encode() for point in points]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)

    folded, _ = casefold.fold(np.array(bytearray(b"".join(encoded)), np.uint8), offsets)

    assert bytes(folded).decode() == "".join(map(chr, points)).casefold()


def test_a_lone_surrogate_equals_and_matches_nothing() -> None:
    pool = StringPool()
    pool.intern(arrow(["a", "\ufffd"]))

    assert pool.codes_of(("\ud800", "a")).tolist() == [0]
    assert not pool.matching("contains", "\ud800").any()
    assert len(large_strings(("\ud800",))) == 1


def test_a_forgotten_string_is_gone_from_memory_and_never_found() -> None:
    pool = StringPool()
    codes = pool.intern(arrow(["keep", "secret", "Gêhéim", "also kept"]))
    pool.matching("contains", "x")

    pool.forget(codes[1:3])

    assert pool.find(arrow(["keep", "secret", "Gêhéim", "also kept"])).tolist() == [0, -1, -1, 3]
    held = [*vars(pool).values(), *vars(pool._folded).values()]  # noqa: SLF001 - memory is the point
    texts = b"".join(part.tobytes() for part in held if isinstance(part, np.ndarray))
    assert b"keep" in texts
    assert not any(word.encode() in texts for word in ("secret", "Gêhéim", "gêhéim"))


def test_a_forgotten_string_that_comes_back_has_a_new_code() -> None:
    pool = StringPool()
    pool.intern(arrow(["a", "b"]))
    pool.forget(np.array([0], np.uint32))

    assert pool.intern(arrow(["b", "a", "a"])).tolist() == [1, 2, 2]
    pool.intern(arrow([f"more {i}" for i in range(1_000)]))
    assert pool.find(arrow(["a", "b", "more 999"])).tolist() == [2, 1, 1002]
    assert pool.take(np.array([2, 1], np.uint32)).to_pylist() == ["a", "b"]


def test_the_ends_widen_when_there_is_more_text_than_they_can_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(strings, "NARROW", 1_000)
    texts = [f"text number {i} – {'é' * (i % 7)}" for i in range(500)]
    pool = StringPool()

    codes = pool.intern(arrow(texts))

    assert pool.take(codes).to_pylist() == texts
    assert pool.find(arrow(texts)).tolist() == list(range(500))
    assert pool.matching("ends_with", "Ééé").tolist() == [i % 7 >= 3 for i in range(500)]
    pool.forget(codes[:499])
    assert pool.find(arrow(texts)).tolist() == [*[-1] * 499, 499]


def test_a_pool_of_addresses_costs_little_more_than_their_bytes() -> None:
    texts = arrow([f"user{i}.name@example{i % 97}.com" for i in range(200_000)])
    pool = StringPool()

    pool.intern(texts)

    assert pool.nbytes < texts.nbytes - 8 * 200_000 + 16 * 200_000
