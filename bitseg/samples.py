"""A sample is a stable share of all contacts, chosen by a hash of seed and contact id (SPEC 4).

The hash is BLAKE2b with an 8-byte digest, no key and no salt: RFC 7693, section 3. It is compiled
here because hashlib takes one Python call a contact.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from bitseg.bitmap import RowSet
from bitseg.kernel import kernel
from bitseg.sources import Dateless

if TYPE_CHECKING:
    from decimal import Decimal

    import numpy.typing as npt
    import pyarrow as pa

    from bitseg.bitmap import Mask, Rows
    from bitseg.clock import Now
    from bitseg.columns.tests import AnyTest
    from bitseg.contacts import Contacts
    from bitseg.events.tally import Listener

    Hashes = npt.NDArray[np.uint64]
    Bytes = npt.NDArray[np.uint8]

BLOCK: Final = 128
_IV: Final = np.array(
    [
        0x6A09E667F3BCC908, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1,
        0x510E527FADE682D1, 0x9B05688C2B3E6C1F, 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179,
    ],
    np.uint64,
)  # fmt: skip
_SIGMA: Final = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ],
    np.int64,
)
_PARAMETERS: Final = np.uint64(0x01010000 ^ 8)
"""Fan-out 1, depth 1, no key, digest length 8."""


@kernel
def _turn(word: np.uint64, bits: int) -> np.uint64:
    return (word >> np.uint64(bits)) | (word << np.uint64(64 - bits))


@kernel
def _mix(  # noqa: PLR0913, PLR0917 - G of RFC 7693, section 3.1
    v: Hashes, a: int, b: int, c: int, d: int, x: np.uint64, y: np.uint64
) -> None:
    v[a] = v[a] + v[b] + x
    v[d] = _turn(v[d] ^ v[a], 32)
    v[c] = v[c] + v[d]
    v[b] = _turn(v[b] ^ v[c], 24)
    v[a] = v[a] + v[b] + y
    v[d] = _turn(v[d] ^ v[a], 16)
    v[c] = v[c] + v[d]
    v[b] = _turn(v[b] ^ v[c], 63)


@kernel
def _compress(  # noqa: PLR0913, PLR0917 - F of RFC 7693, section 3.2, and room
    state: Hashes,
    block: Bytes,
    taken: int,
    last: bool,  # noqa: FBT001
    v: Hashes,
    m: Hashes,
) -> None:
    for i in range(16):
        word = np.uint64(0)
        for j in range(8):
            word |= np.uint64(block[i * 8 + j]) << np.uint64(8 * j)
        m[i] = word
    for i in range(8):
        v[i] = state[i]
        v[i + 8] = _IV[i]
    v[12] ^= np.uint64(taken)
    if last:
        v[14] = ~v[14]
    for turn in range(12):
        s = _SIGMA[turn % 10]
        _mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]])
        _mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]])
        _mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]])
        _mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]])
        _mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]])
        _mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]])
        _mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]])
        _mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]])
    for i in range(8):
        state[i] ^= v[i] ^ v[i + 8]


@kernel
def _hash_all(prefix: Bytes, text: Bytes, offsets: npt.NDArray[np.int64]) -> Hashes:
    """Return the digests, read big-endian, of ``prefix`` followed by each text."""
    out = np.empty(offsets.size - 1, np.uint64)
    state = np.empty(8, np.uint64)
    v = np.empty(16, np.uint64)
    m = np.empty(16, np.uint64)
    block = np.empty(BLOCK, np.uint8)
    for i in range(offsets.size - 1):
        state[:] = _IV
        state[0] ^= _PARAMETERS
        length = prefix.size + offsets[i + 1] - offsets[i]
        start = offsets[i] - prefix.size
        taken = 0
        while True:
            filled = min(BLOCK, length - taken)
            for j in range(filled):
                at = taken + j
                block[j] = prefix[at] if at < prefix.size else text[start + at]
            block[filled:] = 0
            taken += filled
            _compress(state, block, taken, taken == length, v, m)
            if taken == length:
                break
        word = state[0]
        digest = np.uint64(0)
        for j in range(8):
            digest = (digest << np.uint64(8)) | ((word >> np.uint64(8 * j)) & np.uint64(255))
        out[i] = digest
    return out


def hashes(seed: str, ids: pa.LargeStringArray) -> Hashes:
    """Return the SPEC's h of each contact id under a seed, uint64[k].

    >>> import pyarrow as pa
    >>> hex(int(hashes("s", pa.array(["ada"], pa.large_string()))[0]))
    '0x5cec6e030f7c85cb'
    """
    prefix = np.frombuffer(seed.encode() + b"\0", np.uint8)
    offsets = np.frombuffer(ids.buffers()[1], np.int64)[ids.offset : ids.offset + len(ids) + 1]
    body = ids.buffers()[2]
    text = np.empty(0, np.uint8) if body is None else np.frombuffer(body, np.uint8)
    return _hash_all(prefix, text, offsets)


class Below(msgspec.Struct, frozen=True):
    """The test of a sample: h < ``limit``, exactly."""

    limit: int


def below(percent: Decimal) -> Below:
    """Return the test h × 100 < percent × 2⁶⁴, as a limit on h."""
    return Below(ceil(Fraction(percent) * 2**64 / 100))


class SampleSource(Dateless):
    """All contacts' hashes under one seed."""

    is_timeless = True
    pending = 0

    def __init__(self, contacts: Contacts, seed: str) -> None:
        """Take the contacts and the seed."""
        self._contacts = contacts
        self._seed = seed

    def settle(self, now: Now, n: int) -> None:
        """Do nothing: a hash does not depend on time."""

    def due(self, now: Now, until: int) -> int | None:
        """Return None: likewise."""
        del now, until
        return None

    def matches(self, test: AnyTest) -> RowSet:
        """Return the live rows in the sample."""
        everyone = np.arange(self._contacts.n, dtype=np.uint32)
        return RowSet.from_mask(self.matches_at(test, everyone))

    def matches_at(self, test: AnyTest | Below, rows: Rows) -> Mask:
        """Return which of the rows are live and in the sample."""
        live = self._contacts.live.test(rows)
        limit = test.limit  # type: ignore[union-attr]
        if limit >= 2**64:
            return live
        found = hashes(self._seed, self._contacts.ids.take(rows))
        return live & (found < np.uint64(limit))

    def value_at(self, row: int) -> Any:
        """Return where in [0, 100) one contact stands; it is in when that is below the percent."""
        one = self._contacts.ids.take(np.array([row], np.uint32))
        return float(Fraction(int(hashes(self._seed, one)[0]) * 100, 2**64))

    def listen(self, listener: Listener) -> None:
        """Tell this one who comes and goes."""
        self._contacts.listen("contact.id", listener)

    def leave(self, listener: Listener) -> None:
        """Tell this one no longer."""
        self._contacts.leave("contact.id", listener)
