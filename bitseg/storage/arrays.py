"""An array is kept as an Arrow IPC stream, its buffers compressed by zstd, with a digest beside it.

Format: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format; any Arrow reads it.
"""

from __future__ import annotations

import hashlib
from typing import Final

import pyarrow as pa

DIGEST_BYTES: Final = 16
_PLAIN: Final = 2_048
"""Smaller batches are not worth compressing."""
_SAMPLE: Final = 1_024
_REPEATS: Final = 4
"""Strings are kept as a dictionary when a sample has each of them so many times."""
_PACKED: Final = pa.ipc.IpcWriteOptions(compression="zstd")
_PACKED_ALONE: Final = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
_AS_IS: Final = pa.ipc.IpcWriteOptions()


def digest(*parts: bytes) -> bytes:
    """Return the BLAKE2b digest of parts, 16 bytes."""
    state = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.digest()


def to_bytes(columns: dict[str, pa.Array], *, alone: bool = False) -> bytes:
    """Return columns of equal length as bytes.

    Args:
        columns: arrays by name.
        alone: whether to pack in this thread only, and leave the other processors to others.
    """
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    packed = _PACKED_ALONE if alone else _PACKED
    options = _AS_IS if batch.nbytes < _PLAIN else packed
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def from_bytes(data: bytes) -> dict[str, pa.Array]:
    """Return the columns that ``to_bytes`` wrote; the caller has checked their digest."""
    with pa.ipc.open_stream(data) as reader:
        batch = reader.read_next_batch()
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def compact(values: pa.Array) -> pa.Array:
    """Return values with strings dictionary-encoded, where they repeat."""
    if pa.types.is_large_list(values.type):
        strings = compact(values.flatten())
        if not pa.types.is_dictionary(strings.type):
            return values
        offsets = values.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).cumsum()
        ends = pa.concat_arrays([pa.array([0], pa.int64()), pa.array(offsets, pa.int64())])
        return pa.LargeListArray.from_arrays(ends, strings, mask=values.is_null())
    if not pa.types.is_large_string(values.type):
        return values
    sample = values.slice(0, _SAMPLE)
    if len(sample.unique()) * _REPEATS > len(sample):
        return values
    return values.dictionary_encode()


def plain(values: pa.Array) -> pa.Array:
    """Return values without a dictionary."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
