"""Logs are lines for whoever runs the process: JSON objects, or text; nobody's data are in them.

What an error says may quote data, so of errors there are the kinds, and the places in the code
without their variables. The words of a ``StoreError`` are kept up to the first that it quotes: they
name files. What other packages say is kept as the template that it was made of.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import traceback
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from re import compile as pattern_of
from typing import IO, TYPE_CHECKING, Any, Final, Literal

import msgspec

from bitseg import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

Format = Literal["auto", "json", "text"]
Level = Literal["debug", "info", "warning", "error"]

REQUESTS: Final = "bitseg.requests"
"""The logger of requests."""

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("request_id", default=None)
"""The id of the request that is being answered."""

CAUSES_MOST: Final = 10
"""So many errors that led to an error are logged with it."""

_OURS: Final = "bitseg"
_FIELDS: Final = "fields"
_QUOTE: Final = pattern_of(r"(?<!\w)b?['\"]")
_LOST: Final = '{"level":"error","logger":"bitseg.logs","event":"a line could not be written"}\n'

_log = logging.getLogger("bitseg.logs")


def new_id() -> str:
    """Return an id for a request that has none."""
    return secrets.token_hex(8)


def about(**fields: Any) -> dict[str, Any]:
    """Return what a line has beside its words: ``_log.info("...", extra=about(tenant=...))``.

    Ids of tenants, keys, jobs and imports may be there; of contacts, events and segments none.
    """
    return {_FIELDS: fields}


class Lines(logging.Formatter):
    """Makes a line of a record: a JSON object, or text for people."""

    def __init__(self, form: Literal["json", "text"]) -> None:
        """Take which."""
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        entry = _entry(record)
        if self._form == "json":
            return msgspec.json.encode(entry).decode()
        head = f"{entry.pop('time')} {entry.pop('level'):7} {entry.pop('event')}"
        stack = entry.pop("stack", ())
        said = (f" {name}={value}" for name, value in entry.items() if value is not None)
        lines = [head + "".join(said), *stack]
        return "\n    ".join(line.replace("\n", "\\n") for line in lines)


def _entry(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC)
    entry: dict[str, Any] = {
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _event(record),
    }
    request_id = REQUEST_ID.get()
    if request_id is not None:
        entry["request_id"] = request_id
    entry |= getattr(record, _FIELDS, {})
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        entry["error"] = said_of(error)
        entry["stack"] = _stack(error)
    return entry


def _event(record: logging.LogRecord) -> str:
    if record.name.partition(".")[0] == _OURS:
        return record.getMessage()
    if isinstance(record.msg, BaseException):
        return said_of(record.msg)
    if record.args or record.name.startswith("uvicorn"):
        return str(record.msg).strip().partition("\n")[0]
    return f"{record.module}.{record.funcName}"  # whatever it says was put together before


def said_of(error: BaseException) -> str:
    """Return what may be told of an error: its kind, and words that quote nothing."""
    kind = type(error).__name__
    said = getattr(error, "sqlite_errorname", "")
    if isinstance(error, StoreError):
        told, *rest = _QUOTE.split(str(error), maxsplit=1)
        said = told + "..." if rest else told
    elif isinstance(error, OSError) and error.errno is not None:
        said = os.strerror(error.errno)
    return f"{kind}: {said}" if said else kind


def _stack(error: BaseException) -> list[str]:
    """Return where an error came from, the innermost place last, and what led to it behind it."""
    lines: list[str] = []
    left, seen = [error], {id(error)}
    while left and len(seen) <= CAUSES_MOST:
        one = left.pop(0)
        if one is not error:
            lines.append(f"because of {said_of(one)}")
        for frame, number in traceback.walk_tb(one.__traceback__):
            code = frame.f_code
            lines.append(f"{code.co_filename}:{number} {code.co_qualname}")
        behind = [one.__cause__ or (None if one.__suppress_context__ else one.__context__)]
        behind += one.exceptions if isinstance(one, BaseExceptionGroup) else ()
        for cause in behind:
            if cause is not None and id(cause) not in seen:
                seen.add(id(cause))
                left.append(cause)
    return lines


class _Handler(logging.StreamHandler[IO[str]]):
    """Writes lines; of one that it cannot write it says no more than that."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Say so."""
        del record
        with suppress(OSError, ValueError):
            self.stream.write(_LOST)
            self.stream.flush()


@contextmanager
def logging_to(
    stream: IO[str], form: Format, level: Level, *, requests: bool = True
) -> Iterator[None]:
    """Write what is logged in the process to a stream, for the length of the block.

    Args:
        stream: usually standard error.
        form: how; ``auto`` = text on a terminal, and JSON elsewhere.
        level: from which level on what is ours is written; of other packages it is warnings.
        requests: whether each request is written, or only those that went wrong or were slow.
    """
    if form == "auto":
        form = "text" if stream.isatty() else "json"
    handler = _Handler(stream)
    handler.setFormatter(Lines(form))
    root, ours, asked = (logging.getLogger(name) for name in (None, _OURS, REQUESTS))
    before = [(one, one.level) for one in (root, ours, asked)]
    hooks = threading.excepthook, sys.unraisablehook
    root.setLevel(logging.WARNING)
    ours.setLevel(level.upper())
    asked.setLevel(logging.NOTSET if requests else max(logging.WARNING, ours.level))
    root.addHandler(handler)
    threading.excepthook = _of_thread
    sys.unraisablehook = _of_finalizer
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = hooks
        root.removeHandler(handler)
        for logger, old in before:
            logger.setLevel(old)


def _of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and args.exc_type is not SystemExit:
        _log.error("a thread ended by an error", exc_info=args.exc_value)


def _of_finalizer(args: sys.UnraisableHookArgs) -> None:
    if args.exc_value is not None:
        _log.error("an error could not be raised", exc_info=args.exc_value)
