"""An answer is read from the bytes of a connection: status, headers' length, body."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_END: Final = b"\r\n\r\n"


class Answer(msgspec.Struct, frozen=True):
    """An answer of HTTP/1.1, of which only what the benchmark needs is kept.

    Attributes:
        status: its code.
        body: what stands behind the headers.
        size: bytes in all.
    """

    status: int
    body: bytes
    size: int


def answer_in(received: bytes | bytearray) -> Answer | None:
    """Return the answer that bytes begin with, or None where more is to come.

    Only answers that say their length: those that are streamed have another reader.

    Raises:
        ValueError: it says none.
    """
    end = received.find(_END)
    if end < 0:
        return None
    length = _LENGTH.search(received, 0, end)
    if length is None:
        raise ValueError(f"Expected a Content-Length, got {bytes(received[:end])!r}")
    begins = end + len(_END)
    size = begins + int(length[1])
    if len(received) < size:
        return None
    return Answer(int(received[9:12]), bytes(received[begins:size]), size)
