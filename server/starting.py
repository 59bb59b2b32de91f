"""A starting server answers while its data are read: it says how far they have come, and waits."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, Literal, TypeAlias

from bitseg import BitsegError, Engine
from server.errors import NotReadyError, Problem

State: TypeAlias = Literal["loading", "warming", "failed", "stopping"]

RETRY_AFTER: Final = 2
"""Seconds after which to ask again."""


class StoppedError(Exception):
    """Loading ends, because the server does."""


class NotReady(Problem, frozen=True):
    """Why the engine does not answer yet.

    Attributes:
        state: ``loading``; ``warming``, when the data are there and answers are made quick;
            ``failed``; or ``stopping``.
        done: bytes that were read, or rows that were generated.
        total: how many there are; None = unknown.
    """

    state: State = "loading"
    done: int = 0
    total: int | None = None


def not_ready(state: State, detail: str, done: int = 0, total: int | None = None) -> NotReadyError:
    """Return what is raised where no engine can be lent; one that failed is not asked for again."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    problem = NotReady(status.phrase, status, detail, state=state, done=done, total=total)
    return NotReadyError(problem, None if state == "failed" else RETRY_AFTER)


class Starting:
    """The engine of a server, from before it is loaded until it is ready.

    One thread loads, and tells; requests ask. What they see is changed in single steps.
    """

    def __init__(self, engine: Engine | None = None, *, tells_why: bool = True) -> None:
        """Take an engine that is ready, or none, and be told of it later.

        Args:
            engine: the engine.
            tells_why: whether those who ask are told why there will be none; it may name a file.
        """
        self.failure: Exception | None = None
        self._tells_why = tells_why
        self._loaded = engine
        self._ready = engine is not None
        self._stopping = False
        self._progress: tuple[int, int | None] = (0, None)

    def tell(self, done: int, total: int | None) -> None:
        """Hear how far loading has come.

        Raises:
            StoppedError: it is to end.
        """
        self._progress = (done, total)
        if self._stopping:
            raise StoppedError

    def loaded(self, engine: Engine) -> None:
        """Hear that the data are there."""
        self._loaded = engine

    def ready(self) -> None:
        """Hear that answers are quick."""
        self._ready = True

    def fail(self, error: Exception) -> None:
        """Hear that there will be no engine."""
        self._ready, self.failure = False, error

    def stop(self) -> None:
        """Let loading end at its next step, and lend the engine to nobody more."""
        self._stopping = True

    def close(self) -> None:
        """Close the engine, where there is one."""
        if self._loaded is not None:
            self._loaded.close()

    def engine(self) -> Engine:
        """Return the engine.

        Raises:
            NotReadyError: there is none yet; says how far it has come.
        """
        if self._ready and self._loaded is not None and not self._stopping:
            return self._loaded
        raise not_ready(*self._said(), *self._progress)

    def _said(self) -> tuple[State, str]:
        if self.failure is not None:
            on_purpose = self._tells_why and isinstance(self.failure, BitsegError)
            why = str(self.failure) if on_purpose else "the log says why"
            return "failed", f"The data could not be loaded: {why}"
        if self._stopping:
            return "stopping", "The server stops."
        if self._loaded is not None:
            return "warming", "The data are loaded; answers are being made quick."
        return "loading", "The data are being loaded."
