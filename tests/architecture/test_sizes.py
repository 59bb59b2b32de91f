"""No file is too long to be one idea."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LIMIT = 400
SOURCES = [
    path for part in ("bitseg", "server", "bench", "tests") for path in (ROOT / part).rglob("*.py")
]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= LIMIT
    assert text.startswith(('"""', 'r"""'))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_for_later(path: Path) -> None:
    unfinished = ["TO" + "DO", "FIX" + "ME", "Not" + "ImplementedError"]

    text = path.read_text(encoding="utf-8")

    assert [word for word in unfinished if word in text] == []
