"""A setting is something the operator of a process chooses; all of them are here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from server.issuer import Algorithm
from server.logs import Format, Level
from server.memory import MemoryLimits, process_default
from server.tokens import TokenSettings

MIB: Final = 2**20

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

BODIES_MEMORY: Final = 64
"""MiB of JSON bodies that are held at once."""

CLIENT_SECONDS: Final = 30.0
"""So long a client may be silent, not read what it asked for, or take to send a JSON body."""

HEARTBEAT_SECONDS: Final = 15.0
"""So often a stream shows that it is there, and its key is looked at again."""

METRICS_KEY: Final = r"^[!-~]{16,255}\Z"
"""What a key of metrics looks like: nobody is to guess it, and a header has room for it."""

STREAMS: Final = 200
"""So many streams of changes are open at once in a process."""

STREAMS_A_KEY: Final = 10
"""So many of them are one caller's."""

SECRET: Final = {"secret": True}
"""What a setting has that is not to be seen in a list of processes: it has no flag."""


def _in(unit: str) -> dict[str, str]:
    return {"unit": unit}


Count = Annotated[int, Meta(ge=1)]
Guarded = Annotated[str, Meta(pattern=METRICS_KEY)]


class Settings(msgspec.Struct, frozen=True):
    """What a server runs with: one line a setting.

    Its name is its key in a file; ``BITSEG_`` and the name in capitals is its variable, and the
    name with ``-`` its flag. The type says which values there are, ``Meta`` what it is about.
    """

    key: Annotated[
        str | None,
        Meta(
            description="The API key of a process with one tenant; none = one is made and printed.",
            extra=SECRET,
        ),
    ] = None
    host: Annotated[str, Meta(description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")
    ] = 8080
    db: Annotated[
        Path | None,
        Meta(description="The file in which one tenant's data stay; made where there is none."),
    ] = None
    data: Annotated[
        Path | None,
        Meta(description="Serve the tenants of this directory, which `bitseg tenant create` made."),
    ] = None
    timezone: Annotated[
        str | None,
        Meta(
            description="The timezone of one tenant, as in Europe/Berlin; none = what the file "
            "says, otherwise UTC."
        ),
    ] = None
    sync: Annotated[
        Literal["full", "normal"],
        Meta(
            description="What a write that was acknowledged survives; full is a power cut, as far "
            "as the disk keeps what it confirms, and normal the end of the process."
        ),
    ] = "full"
    tenants_memory: Annotated[
        Count,
        Meta(
            description="With data: what open tenants may hold together; beyond it, those that "
            "nobody uses are closed.",
            extra=_in("MiB"),
        ),
    ] = 4_096
    tenants_idle: Annotated[
        Count,
        Meta(
            description="With data: a tenant that was not used for so long is closed.",
            extra=_in("minutes"),
        ),
    ] = 30
    imports: Annotated[
        Path | None,
        Meta(
            description="The directory for files that are sent and for what was rejected of them; "
            "none = `imports` in data, otherwise a temporary one."
        ),
    ] = None
    body_limit: Annotated[Count, Meta(description="The largest JSON body.", extra=_in("bytes"))] = (
        BODY_LIMIT
    )
    file_limit: Annotated[
        Count, Meta(description="The largest body that is a file.", extra=_in("bytes"))
    ] = FILE_LIMIT
    rate: Annotated[
        Count,
        Meta(
            description="Calls of a key that has no rate of its own, and of each caller with "
            "tokens.",
            extra=_in("calls a second"),
        ),
    ] = RATE
    refusals_a_minute: Annotated[
        Count,
        Meta(
            description="How often an address is told that its key is not good, before it is told "
            "to wait.",
            extra=_in("refusals a minute"),
        ),
    ] = REFUSALS_A_MINUTE
    evaluation_seconds: Annotated[
        float,
        Meta(
            gt=0,
            description="How long a question may be answered, and wait for its turn before that.",
            extra=_in("seconds"),
        ),
    ] = EVALUATION_SECONDS
    evaluations_at_once: Annotated[
        Count,
        Meta(description="How many questions are answered at once by more than what is kept."),
    ] = EVALUATIONS_AT_ONCE
    client_seconds: Annotated[
        float,
        Meta(
            gt=0,
            description="How long a client may be silent, not read, or take to send a JSON body.",
            extra=_in("seconds"),
        ),
    ] = CLIENT_SECONDS
    bodies_memory: Annotated[
        Count, Meta(description="JSON bodies of all requests at once.", extra=_in("MiB"))
    ] = BODIES_MEMORY
    memory: Annotated[
        Count | None,
        Meta(
            description="What data, and what questions build of them, may take; writes and "
            "questions that would pass it are refused; none = 60 % of the memory that is there.",
            extra=_in("MiB"),
        ),
    ] = None
    tenant_memory: Annotated[
        Count | None, Meta(description="Likewise, of that for one tenant.", extra=_in("MiB"))
    ] = None
    heartbeat_seconds: Annotated[
        float,
        Meta(
            gt=0,
            description="How often a stream of changes shows that it is there.",
            extra=_in("seconds"),
        ),
    ] = HEARTBEAT_SECONDS
    streams: Annotated[
        Count, Meta(description="How many streams of changes are open at once in the process.")
    ] = STREAMS
    streams_a_key: Annotated[Count, Meta(description="How many of them are one caller's.")] = (
        STREAMS_A_KEY
    )
    metrics_key: Annotated[
        Guarded | None,
        Meta(
            description="What opens /metrics, 16 to 255 characters; none = they are shown to this "
            "machine only.",
            extra=SECRET,
        ),
    ] = None
    webhooks_http: Annotated[bool, Meta(description="Let webhooks be told without TLS.")] = False
    webhooks_private: Annotated[
        bool,
        Meta(
            description="Let webhooks be at addresses that are not public, inside of this network."
        ),
    ] = False
    log_format: Annotated[
        Format, Meta(description="How logs are written: auto = text on a terminal, JSON elsewhere.")
    ] = "auto"
    log_level: Annotated[Level, Meta(description="From which level on there are logs.")] = "info"
    log_requests: Annotated[
        bool, Meta(description="Log each request, or only those that fail or are slow.")
    ] = True
    jwks: Annotated[
        str | None,
        Meta(description="Take tokens (JWT) as well: the file or address of their issuer's keys."),
    ] = None
    jwt_algorithms: Annotated[
        tuple[Algorithm, ...],
        Meta(min_length=1, description="Which may sign tokens: of RS256, ES256, HS256."),
    ] = ("RS256", "ES256")
    jwt_issuer: Annotated[str | None, Meta(description="What a token's iss has to be.")] = None
    jwt_audience: Annotated[str | None, Meta(description="What a token's aud has to hold.")] = None

    @property
    def tokens(self) -> TokenSettings | None:
        """Which JWTs are taken beside keys; None = none."""
        if self.jwks is None:
            return None
        return TokenSettings(self.jwks, self.jwt_algorithms, self.jwt_issuer, self.jwt_audience)

    @property
    def memory_limits(self) -> MemoryLimits:
        """How many bytes data may take."""
        process = process_default() if self.memory is None else self.memory * MIB
        return MemoryLimits(process, self.tenant_memory and self.tenant_memory * MIB)
