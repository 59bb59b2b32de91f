"""No file is too long to be one idea."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 400
"""Lines of a file. Tables of cases in tests may be longer: they are read by row."""
SOURCES = [
    path for part in ("bitseg", "server", "bench", "tests") for path in (ROOT / part).rglob("*.py")
]


@pytest.mark.parametrize("part", ["bitseg", "server", "bench"])
def test_a_file_is_short(part: str) -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / part).rglob("*.py")
    }

    assert {path: length for path, length in lengths.items() if length > LIMIT} == {}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_first_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.startswith(('"""', 'r"""')) or not text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_for_later(path: Path) -> None:
    unfinished = ["TO" + "DO", "FIX" + "ME", "Not" + "ImplementedError"]

    text = path.read_text(encoding="utf-8")

    assert [word for word in unfinished if word in text] == []
