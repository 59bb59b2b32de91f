"""A setting is something the operator of a process chooses; all of them are here."""

from __future__ import annotations

from typing import Final

import msgspec

BODY_LIMIT: Final = 8 * 1024 * 1024
"""The largest JSON body in bytes; a larger one is answered with 413."""

SAMPLE_LIMIT: Final = 50
"""The most contacts a preview shows."""


class Settings(msgspec.Struct, frozen=True):
    """What a server runs with.

    Attributes:
        key: the one API key of this process, as ``server.auth.make_key`` makes them.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        body_limit: the largest JSON body in bytes.
    """

    key: str
    host: str = "127.0.0.1"
    port: int = 8080
    body_limit: int = BODY_LIMIT
