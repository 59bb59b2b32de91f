"""A spool keeps the batches of what can be read only once, in a temporary file, to read again."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from bitseg.formats.source import BadRow, RawBatch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bitseg.formats.source import Wanted

_LENGTH_BYTES = 8


class _Frame(msgspec.Struct, array_like=True):
    """A batch as it lies in the file: the rows as an Arrow stream, arrays as their bytes."""

    rows: bytes
    index: bytes
    lines: bytes | None
    given: dict[str, bytes]
    faults: tuple[BadRow, ...]
    read: int


class SpooledSource:
    """Batches in a temporary file, which no name leads to and which ends with the source."""

    in_memory = True
    textual = False
    columns: tuple[str, ...] = ()

    def __init__(self, batches: Iterable[RawBatch], *, keyed: bool, columns: Iterable[str]) -> None:
        """Read all batches and write them down.

        Args:
            batches: the batches of a source.
            keyed: as in ``Source``; rows with keys were made by a program, which named them.
            columns: as in ``Source``.
        """
        self.keyed = keyed
        self.exact = keyed
        self.columns = tuple(columns)
        self.total: int | None = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the source
        try:
            for batch in batches:
                frame = msgspec.msgpack.encode(_frame(batch), enc_hook=repr)
                self._file.write(len(frame).to_bytes(_LENGTH_BYTES, "little"))
                self._file.write(frame)
                self.total = batch.read
        except BaseException:
            self._file.close()
            raise

    def batches(self, wanted: Wanted | None = None) -> Iterator[RawBatch]:
        """Read all rows; see ``Source``."""
        del wanted
        at = 0
        while True:
            self._file.seek(at)
            length = int.from_bytes(self._file.read(_LENGTH_BYTES), "little")
            if not length:
                return
            frame = msgspec.msgpack.decode(self._file.read(length), type=_Frame)
            at = self._file.tell()
            yield _batch(frame)

    def close(self) -> None:
        """Give the temporary file back."""
        self._file.close()


def _frame(batch: RawBatch) -> _Frame:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.rows.schema) as writer:
        writer.write_batch(batch.rows)
    return _Frame(
        rows=sink.getvalue().to_pybytes(),
        index=batch.index.tobytes(),
        lines=None if batch.lines is None else batch.lines.tobytes(),
        given={name: mask.tobytes() for name, mask in batch.given.items()},
        faults=tuple(batch.faults),
        read=batch.read,
    )


def _batch(frame: _Frame) -> RawBatch:
    def array(stored: bytes, dtype: Any) -> Any:
        return np.frombuffer(stored, dtype)

    return RawBatch(
        rows=pa.ipc.open_stream(frame.rows).read_next_batch(),
        index=array(frame.index, np.int64),
        lines=None if frame.lines is None else array(frame.lines, np.int64),
        given={name: array(mask, np.bool_) for name, mask in frame.given.items()},
        faults=frame.faults,
        read=frame.read,
    )
