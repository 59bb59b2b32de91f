"""What a spreadsheet would run gets a mark in CSV, and loses it when it is read."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg.formats.formulas import escaped, unescaped

RUN = ["=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠"]  # noqa: RUF001 - as they come
TEXTS = st.text(st.sampled_from(["'", "a", "\n", *RUN]), max_size=6)


def _unescaped(*texts: str | None) -> list[str | None]:
    found: list[str | None] = unescaped(pa.array(texts, pa.large_string())).to_pylist()
    return found


@pytest.mark.parametrize("first", RUN, ids=ascii)
def test_each_of_them_is_marked(first: str) -> None:
    assert escaped(first) == f"'{first}"
    assert escaped(f"''{first}x") == f"'''{first}x"
    assert escaped(f"a{first}") == f"a{first}"
    assert escaped(f"'a{first}") == f"'a{first}"


@pytest.mark.parametrize("text", ["", "'", "''", "'a'", "''a", "it's", "\n=", "'\n=", " =", "' ="])
def test_nothing_else_is_touched(text: str) -> None:
    assert escaped(text) == text
    assert _unescaped(text) == [text]


def test_one_mark_is_taken_off_and_what_is_missing_stays_missing() -> None:
    assert _unescaped("'=1", None, "''=1", "=1", "'", "'-5") == ["=1", None, "'=1", "=1", "'", "-5"]
    assert _unescaped() == []
    assert _unescaped(None) == [None]


@given(st.lists(TEXTS, max_size=5))
def test_every_text_comes_back_and_none_runs(texts: list[str]) -> None:
    cells = [escaped(text) for text in texts]

    assert _unescaped(*cells) == texts
    assert not any(cell[:1] in RUN for cell in cells if cell)
