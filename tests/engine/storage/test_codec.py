"""Every kind of change comes back from its bytes as it was, inline and as parts."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitseg.bitmap import RowSet
from bitseg.changes import (
    ARROW_TYPES,
    About,
    AddEvents,
    Change,
    ChangeMembers,
    ChangeSettings,
    DefineField,
    DefineSegment,
    DeleteContacts,
    DescribeSegment,
    DropEvents,
    FieldValues,
    KindEvents,
    MembersChanged,
    RecordEvents,
    RefreshSegments,
    RemoveSegment,
    Revision,
    UpsertContacts,
    WithdrawEvents,
)
from bitseg.fields import DataType, Field
from bitseg.storage import codec
from bitseg.storage.arrays import digest, plain
from bitseg.storage.codec import PartName, decode, encode, named

EVER = [-(2**63), -62_135_596_800_000, -1, 0, 253_402_300_799_999, 2**63 - 1]
TEXTS = ["a", "é", "\U0001f600", " ", "\x00", "x" * 300, "%_", "ẞ\u0301", "\u200b"]
VALUES: dict[DataType, list[Any]] = {
    "string": TEXTS,
    "number": [0.0, -0.0, 1.5, -1e308, 5e-324, 2.0**53 + 2],
    "boolean": [True, False],
    "date": EVER,
    "array": [["a"], ["é", "a"], TEXTS],
}


class Shelf:
    """Parts in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self.held: dict[int, tuple[str, bytes]] = {}

    def put(self, path: str, data: bytes) -> PartName:
        """Keep the bytes of a column."""
        self.held[len(self.held) + 1] = (path, data)
        return len(self.held), digest(data)

    def get(self, name: PartName) -> bytes:
        """Return the bytes of a part."""
        _, data = self.held[name[0]]
        assert digest(data) == name[1]
        return data


def _shown(value: Any) -> Any:
    """Return a change as plain values, with -0.0 told from 0.0."""
    if isinstance(value, pa.ChunkedArray | pa.Array):
        return [_shown(one) for one in value.to_pylist()]
    if isinstance(value, np.ndarray):
        return (str(value.dtype), value.tolist())
    if isinstance(value, msgspec.Struct):
        return (type(value).__name__, *map(_shown, msgspec.structs.astuple(value)))
    if isinstance(value, dict):
        return {key: _shown(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_shown(one) for one in value]
    return repr(value) if isinstance(value, float) else value


def _again(change: Change) -> tuple[Change, Shelf]:
    shelf = Shelf()
    kind, body = encode(change, shelf)
    back = decode(kind, body, shelf)
    assert {part for part, _ in named(kind, body)} == {*shelf.held}
    return back, shelf


def _array(data_type: DataType, values: list[Any]) -> pa.Array:
    return pa.array(values, ARROW_TYPES[data_type])


def _strings(values: list[Any]) -> pa.Array:
    return _array("string", values)


ROWS = RowSet.from_rows(np.array([0, 7, 70_000], np.uint32), 100_000).to_bytes()
REVISION = Revision(2, 5, "ann", About("é", tags=("a", "b"), max_drop=12.5), b"{}")
MOVED = MembersChanged("s", 3, -5, ROWS, b"", 2, 1, 7, ROWS)
SMALL: list[Change] = [
    DropEvents(-(2**60)),
    DeleteContacts(("a", "é", "\x00")),
    DeleteContacts(()),
    WithdrawEvents(("e1",)),
    DefineField(Field("customField.x", "array", "Ü", "\n")),
    DefineSegment("s", REVISION, spelled=b'{"a":1}', moved=MOVED),
    DefineSegment("s", REVISION, members=ROWS, via="rule_match"),
    DescribeSegment("s", REVISION),
    ChangeMembers(MOVED),
    RefreshSegments(0, (MOVED, msgspec.structs.replace(MOVED, segment="é"))),
    RefreshSegments(0, ()),
    RemoveSegment("s", 2**50),
    ChangeSettings("Europe/Berlin", 30, None),
    ChangeSettings("UTC", 1, 9),
    ChangeSettings("UTC", 1, None, b'{"match": "any"}', b"{}"),
]


@pytest.mark.parametrize("change", SMALL, ids=lambda change: type(change).__name__)
def test_a_small_change_comes_back_as_it_was(change: Change) -> None:
    back, shelf = _again(change)
    assert back == change
    assert not shelf.held


@st.composite
def upserts(draw: st.DrawFn) -> UpsertContacts:
    """Draw an upsert of every type, with nulls, of 0 to 30 rows, then made long enough or not."""
    n = draw(st.integers(0, 30))
    times = draw(st.sampled_from([1, 1, 100]))

    def values(data_type: DataType) -> pa.Array:
        cell = st.sampled_from([None, *VALUES[data_type]])
        some = draw(st.lists(cell, min_size=n, max_size=n))
        return _array(data_type, some * times)

    held: dict[str, FieldValues] = {}
    for data_type in VALUES:
        given_ = None
        if draw(st.booleans()):
            masks = draw(st.lists(st.booleans(), min_size=n, max_size=n))
            given_ = np.array(masks * times, np.bool_)
        held[f"customField.{data_type}"] = FieldValues(values(data_type), given_)
    ids = _strings([f"é{i}" for i in range(n * times)])
    return UpsertContacts(ids, held, draw(st.sampled_from(EVER)), (Field("customField.n", "date"),))


@settings(max_examples=60)
@given(upserts())
def test_an_upsert_comes_back_as_it_was(change: UpsertContacts) -> None:
    back, shelf = _again(change)
    assert isinstance(back, UpsertContacts)
    columns = {
        path: FieldValues(plain(new.values), new.given) for path, new in back.columns.items()
    }
    assert _shown(msgspec.structs.replace(back, columns=columns)) == _shown(change)
    size = change.ids.nbytes + sum(new.values.nbytes for new in change.columns.values())
    assert bool(shelf.held) == (size >= codec.INLINE)


@pytest.mark.parametrize("data_type", [*VALUES])
@pytest.mark.parametrize("times", [1, 4_000])
def test_a_column_comes_back_inline_and_as_a_part(data_type: DataType, times: int) -> None:
    values = [None, *VALUES[data_type][:5]] * times
    ids = _strings([f"c{i}" for i in range(len(values))])
    change = UpsertContacts(ids, {"p": FieldValues(_array(data_type, values))}, 1)
    back, shelf = _again(change)
    assert isinstance(back, UpsertContacts)
    assert _shown(back.columns["p"].values) == _shown(change.columns["p"].values)
    assert len(shelf.held) == (2 if times > 1 else 0)


@pytest.mark.parametrize("times", [1, 5_000])
@pytest.mark.parametrize("with_ids", [False, True])
def test_recorded_events_come_back(times: int, with_ids: bool) -> None:  # noqa: FBT001 - a case
    n = len(EVER) * times
    change = RecordEvents(
        _strings([f"c{i * 7919 % 9973}" for i in range(n)]),
        _strings(["open", "é"] * (n // 2)),
        _array("date", EVER * times),
        _strings([None, *[f"e{i}" for i in range(n - 1)]]) if with_ids else None,
        {
            "amount": _array("number", [None, -0.0, 1.5] * (n // 3)),
            "campaign": _strings([*TEXTS[:5], None] * times),
            "trial": _array("boolean", [True, None] * (n // 2)),
            "none": _strings([None] * n),
        },
        2**40,
        create_contacts=with_ids,
    )
    back, shelf = _again(change)
    assert _shown(back) == _shown(change)
    assert len(shelf.held) == (times > 1)


@pytest.mark.parametrize("n", [0, 3, 8_000])
@pytest.mark.parametrize("with_codes", [False, True])
def test_added_events_come_back(n: int, with_codes: bool) -> None:  # noqa: FBT001 - a case
    codes = np.arange(n, dtype=np.uint32) if with_codes else None
    kind = KindEvents(
        np.arange(n, dtype=np.uint32),
        np.resize(np.array(EVER, np.int64), n),
        codes,
        {"é": _strings([None if i % 3 else f"v{i}" for i in range(n)])},
    )
    ids = _strings([f"e{i}" for i in range(n)])
    change = AddEvents(_strings(["new"] * (n % 2)), ids, {"open": kind, "sent": kind}, -1)
    back, shelf = _again(change)
    assert _shown(back) == _shown(change)
    assert bool(shelf.held) == (n > 3)


def test_a_kind_of_change_that_no_one_knows_is_said() -> None:
    with pytest.raises(KeyError):
        decode("teleport", b"\x80", Shelf())


def test_settings_of_a_file_before_suppression_have_the_default() -> None:
    before = msgspec.msgpack.encode(
        {"timezone": "UTC", "remember_event_ids_days": 30, "retention_days": 7}
    )

    assert decode("settings", before, Shelf()) == ChangeSettings("UTC", 30, 7, None, None)
