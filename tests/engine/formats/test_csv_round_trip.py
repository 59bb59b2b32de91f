"""Whatever is written by the rules of RFC 4180 is read back, in blocks of any size."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from bitseg.formats import bytestream
from bitseg.formats.delimited import DelimitedSource
from tests.engine.formats.reading import rows_of

if TYPE_CHECKING:
    import pytest

CELLS = st.text(st.sampled_from('ab é😀,;"\n\r\t|'), max_size=6)


def _cell(text: str, *, quoted: bool) -> str:
    if quoted or any(mark in text for mark in ',;"\n\r\t|'):
        return '"' + text.replace('"', '""') + '"'
    return text


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, st.booleans()), max_size=12),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
    delimiter=st.sampled_from(",;\t|"),
    block=st.integers(1, 40),
    at_end=st.booleans(),
)
def test_what_is_written_is_read_back(  # noqa: PLR0913 - what is drawn
    tmp_path_factory: pytest.TempPathFactory,
    *,
    rows: list[tuple[str, str, bool]],
    newline: str,
    delimiter: str,
    block: int,
    at_end: bool,
) -> None:
    lines = ["one" + delimiter + "two"]
    for one, two, quoted in rows:
        cells = _cell(one, quoted=quoted), _cell(two, quoted=quoted)
        lines.append(delimiter.join(cells))
    path = tmp_path_factory.getbasetemp() / "round_trip.csv"
    path.write_bytes((newline.join(lines) + (newline if at_end else "")).encode())
    with patch.object(bytestream, "BLOCK_BYTES", block):
        found = rows_of(DelimitedSource(path, delimiter))
    assert found == [{"one": one or None, "two": two or None} for one, two, _ in rows]
