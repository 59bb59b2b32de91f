"""A setting is something the operator of a process chooses; all of them are here."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from server.logs import Format, Level
from server.memory import MemoryLimits
from server.tokens import TokenSettings

BODY_LIMIT: Final = 8 * 1024 * 1024
"""The largest JSON body in bytes; a larger one is answered with 413."""

FILE_LIMIT: Final = 2**30
"""The largest body that is a file, in bytes."""

SAMPLE_LIMIT: Final = 50
"""The most contacts a preview shows."""

REFUSALS_A_MINUTE: Final = 10
"""So often an address is told that its key is not good; then it is told to wait."""


RATE: Final = 100
"""Calls a second of a key that has no rate of its own."""


EVALUATION_SECONDS: Final = 2.0
"""So long a question may be answered, and wait for its turn before that."""

EVALUATIONS_AT_ONCE: Final = 4
"""So many questions at once are answered by more than what is kept."""

HEARTBEAT_SECONDS: Final = 15.0
"""So often a stream shows that it is there, and its key is looked at again."""

METRICS_KEY: Final = r"[!-~]{16,255}"
"""What a key of metrics looks like: nobody is to guess it, and a header has room for it."""

STREAMS: Final = 200
"""So many streams of changes are open at once in a process."""

STREAMS_A_KEY: Final = 10
"""So many of them are one caller's."""


BODIES_MOST: Final = 64 * 1024 * 1024
"""Bytes of JSON bodies that are held at once."""

CLIENT_SECONDS: Final = 30.0
"""So long a client may be silent, not read what it asked for, or take to send a JSON body."""


class Settings(msgspec.Struct, frozen=True):
    """What a server runs with.

    Attributes:
        key: the one API key of a process that serves one tenant, as ``server.keys.make_key`` makes
            them; None where there is a control store with keys.
        host: the address to listen on.
        port: the port to listen on; 0 takes a free one.
        body_limit: the largest JSON body in bytes.
        file_limit: the largest body that is a file, in bytes.
        imports: the directory for such bodies and for what was rejected of them; None = a temporary
            one.
        tokens: which JWTs are taken beside keys; None = none.
        refusals_a_minute: how often an address is told that its key is not good.
        rate: calls a second of a key that has no rate of its own, and of each caller with tokens.
        evaluation_seconds: how long a question may be answered, and wait for its turn before that.
        evaluations_at_once: how many are answered at once by more than what is kept.
        bodies_most: bytes of JSON bodies of all requests at once.
        client_seconds: how long a client may be silent, not read, or take to send a JSON body.
        memory: what data, and what questions build of them, may take; None = what they like.
        heartbeat_seconds: how often a stream of changes shows that it is there.
        streams: how many are open at once.
        streams_a_key: how many of them are one caller's.
        metrics_key: what opens ``/metrics``; None = they are shown to this machine only.
        webhooks_http: whether webhooks may be told without TLS.
        webhooks_private: whether they may be at addresses that are not public.
        log_format: how logs are written.
        log_level: from which level on.
        log_requests: whether each request is logged, or only those that fail or are slow.
    """

    key: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    body_limit: int = BODY_LIMIT
    file_limit: int = FILE_LIMIT
    imports: Path | None = None
    tokens: TokenSettings | None = None
    refusals_a_minute: int = REFUSALS_A_MINUTE
    rate: int = RATE
    evaluation_seconds: float = EVALUATION_SECONDS
    evaluations_at_once: int = EVALUATIONS_AT_ONCE
    memory: MemoryLimits | None = None
    bodies_most: int = BODIES_MOST
    client_seconds: float = CLIENT_SECONDS
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    streams: int = STREAMS
    streams_a_key: int = STREAMS_A_KEY
    metrics_key: str | None = None
    webhooks_http: bool = False
    webhooks_private: bool = False
    log_format: Format = "auto"
    log_level: Level = "info"
    log_requests: bool = True
