"""A problem is how the API says no: RFC 9457, made here and nowhere else."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.types import ExceptionHandlersMap
from msgspec import UNSET, UnsetType

from bitseg import (
    BitsegError,
    BudgetError,
    DamagedError,
    DeadlineError,
    Fault,
    FieldError,
    GuardError,
    InUseError,
    LoadError,
    MissingExtraError,
    NoRoomError,
    NotKeptError,
    RepeatError,
    RevisionError,
    RuleError,
    SegmentError,
    StoreError,
    UnknownContactError,
    UnknownRevisionError,
    UnknownSegmentError,
)
from server.control import StaleError
from server.logs import REQUEST_ID
from server.paths import id_of

_log = logging.getLogger("bitseg.server")

STATUS: Final[dict[type[BitsegError], int]] = {
    RuleError: HTTPStatus.UNPROCESSABLE_ENTITY,
    FieldError: HTTPStatus.UNPROCESSABLE_ENTITY,
    LoadError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SegmentError: HTTPStatus.CONFLICT,
    GuardError: HTTPStatus.CONFLICT,
    RevisionError: HTTPStatus.PRECONDITION_FAILED,
    UnknownRevisionError: HTTPStatus.NOT_FOUND,
    UnknownContactError: HTTPStatus.NOT_FOUND,
    UnknownSegmentError: HTTPStatus.NOT_FOUND,
    RepeatError: HTTPStatus.UNPROCESSABLE_ENTITY,
    BudgetError: HTTPStatus.SERVICE_UNAVAILABLE,
    DeadlineError: HTTPStatus.SERVICE_UNAVAILABLE,
    NotKeptError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    InUseError: HTTPStatus.SERVICE_UNAVAILABLE,
    DamagedError: HTTPStatus.SERVICE_UNAVAILABLE,
    NoRoomError: HTTPStatus.INSUFFICIENT_STORAGE,
    MissingExtraError: HTTPStatus.NOT_IMPLEMENTED,
}
"""What each error of bitseg is in HTTP."""

RETRY_AFTER: Final[dict[type[BitsegError], int]] = {BudgetError: 60, DeadlineError: 1}
"""Seconds after which it may be otherwise."""

_NO_ROOM: Final = "There is no room on the disk; nothing was changed."
_NO_MEMORY: Final = "There is no room in memory; nothing was changed."
_NO_MEMORY_TO_ANSWER: Final = "There is no room in memory for this answer."
_NO_MEMORY_NOW: Final = "The system gives no more memory now; the log says more."
_OURS: Final = "Something went wrong here; it was logged."
_NO_FILE: Final = "A file cannot be used now; the log says why."


class Problem(msgspec.Struct, frozen=True):
    """Why a request was refused.

    Attributes:
        title: the status in words.
        status: the HTTP status.
        detail: what was wrong, in a sentence.
        errors: every fault found; of a definition, with the path inside it.
        type: always ``about:blank``: the status says the kind.
        request_id: the id of the request, as in the header ``X-Request-Id`` and in logs.
    """

    title: str
    status: int
    detail: str
    errors: tuple[Fault, ...] = ()
    type: str = "about:blank"
    request_id: str | UnsetType = UNSET


class Conflict(Problem, frozen=True):
    """Why a change was refused that rests on more than the request.

    Attributes:
        used_by: the ids of what uses it.
        leaving: how many members would leave.
        entering: how many would enter.
    """

    used_by: tuple[str, ...] | UnsetType = UNSET
    leaving: int | UnsetType = UNSET
    entering: int | UnsetType = UNSET


class NotReadyError(Exception):
    """There is no engine to ask yet."""

    def __init__(self, problem: Problem, retry_after: int | None) -> None:
        """Take the answer, and in how many seconds to ask again; None = not here."""
        super().__init__(problem.detail)
        self.problem = problem
        self.retry_after = retry_after


def _answer(
    status: int,
    detail: str,
    faults: tuple[Fault, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response[Problem]:
    return _send(_problem(status, detail, faults), headers)


def _send(problem: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    request_id = REQUEST_ID.get()
    if request_id is not None:
        problem = msgspec.structs.replace(problem, request_id=request_id)
    return _plain(problem, headers)


def _plain(problem: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    return Response(
        problem,
        status_code=problem.status,
        media_type="application/problem+json",
        headers=headers,
    )


def problem_of(error: Exception, what: str) -> Problem:
    """Return the problem that an error is.

    What its words may name that is none of the caller's is logged: files, and mistakes of ours.

    Args:
        error: what went wrong.
        what: with what, for the log.
    """
    if isinstance(error, StoreError) or not isinstance(error, BitsegError):
        _log.error("%s failed", what, exc_info=error)
        if not isinstance(error, StoreError):
            is_full = isinstance(error, MemoryError)  # the system's, which no budget foresaw
            return _problem(503, _NO_MEMORY_NOW) if is_full else _problem(500, _OURS)
        return _problem(STATUS[type(error)], _NO_ROOM if type(error) is NoRoomError else _NO_FILE)
    if isinstance(error, BudgetError):  # how much room there is rests on other tenants, too
        said = _NO_MEMORY if error.writing else _NO_MEMORY_TO_ANSWER
        return _problem(HTTPStatus.INSUFFICIENT_STORAGE if error.writing else 503, said)
    number = len(error.faults)
    detail = str(error) if number == 1 else f"{number} faults were found."
    if isinstance(error, RepeatError) and error.running:
        return _problem(HTTPStatus.CONFLICT, detail, error.faults)
    if isinstance(error, SegmentError) and not isinstance(error, RevisionError):
        return _conflict(error, detail)
    return _problem(STATUS[type(error)], detail, error.faults)


def _problem(status: int, detail: str, faults: tuple[Fault, ...] = ()) -> Problem:
    return Problem(HTTPStatus(status).phrase, status, detail, faults)


def _of_bitseg(request: Request[Any, Any, Any], error: BitsegError) -> Response[Problem]:
    after = RETRY_AFTER.get(type(error))
    problem = problem_of(error, _what(request))
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, StoreError):
        request.state.failure = error  # problem_of logs the others
    return _send(problem, None if after is None else {"Retry-After": str(after)})


def _what(request: Request[Any, Any, Any]) -> str:
    """Return what was asked, for the log: a path may name a person, so it is the route."""
    return f"{request.method} {request.scope.get('path_template') or 'a path of no route'}"


def _conflict(error: SegmentError, detail: str) -> Conflict:
    status = HTTPStatus.CONFLICT
    used_by = next((one.allowed for one in error.faults if one.code == "in_use"), UNSET)
    guard = error if isinstance(error, GuardError) else None
    return Conflict(
        status.phrase,
        status,
        detail,
        error.faults,
        used_by=used_by,
        leaving=UNSET if guard is None else guard.leaving,
        entering=UNSET if guard is None else guard.entering,
    )


def _of_unknown_segment(
    request: Request[Any, Any, Any], error: UnknownSegmentError
) -> Response[Problem]:
    """Tell a path to another tenant's segment from one to nobody's, in words that are constant."""
    caller = request.state.get("caller")
    owner = None
    if caller is not None and "segment_id" in request.path_params:
        segment_id = id_of(request.path_params["segment_id"])
        owner = request.app.state.control.tenant_of_segment(segment_id)
    if caller is None or owner in {None, caller.tenant_id}:
        return _of_bitseg(request, error)
    return _plain(_problem(HTTPStatus.FORBIDDEN, "The segment is another tenant's."))


def _of_parameters(
    _request: Request[Any, Any, Any], error: ValidationException
) -> Response[Problem]:
    """Name every parameter of a path or query that has a fault."""
    faults = tuple(
        Fault(str(one.get("key", "")), f"{one['message']}.", code="invalid_parameter")
        for one in error.extra or ()
        if isinstance(one, dict) and "message" in one
    )
    return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, "A parameter is not as expected.", faults)


def _of_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        request.state.failure = error
    return _answer(error.status_code, error.detail, headers=error.headers)


def _of_stale(_request: Request[Any, Any, Any], error: StaleError) -> Response[Problem]:
    return _answer(HTTPStatus.PRECONDITION_FAILED, str(error))


def _of_starting(_request: Request[Any, Any, Any], error: NotReadyError) -> Response[Problem]:
    after = error.retry_after
    return _send(error.problem, None if after is None else {"Retry-After": str(after)})


def _of_anything(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    after = (
        {"Retry-After": str(RETRY_AFTER[BudgetError])} if isinstance(error, MemoryError) else None
    )
    return _send(problem_of(error, _what(request)), after)


EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {
    BitsegError: _of_bitseg,
    UnknownSegmentError: _of_unknown_segment,
    ValidationException: _of_parameters,
    HTTPException: _of_http,
    StaleError: _of_stale,
    NotReadyError: _of_starting,
    Exception: _of_anything,
}
