"""Authentication says who calls, by an API key or a token, and what the caller may do.

Every refusal reads the same, so that it tells nothing of what was wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NoReturn

import msgspec
from litestar.connection import ASGIConnection
from litestar.exceptions import (
    HTTPException,
    ImproperlyConfiguredException,
    NotAuthorizedException,
    PermissionDeniedException,
    ServiceUnavailableException,
    TooManyRequestsException,
)
from litestar.handlers.base import BaseRouteHandler
from litestar.plugins import ReceiveRoutePlugin
from litestar.routes import BaseRoute

from bitseg import StoreError
from server.allowances import Allowance, Allowances, note
from server.control import SCOPES, Control, Scope
from server.keys import is_key
from server.refusals import Refusals
from server.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OPEN: Final = "open"
"""The scope of a call that anybody may make; of none under ``/api``."""

KEPT_MOST: Final = 10_000
"""So many callers are remembered at once."""

TOKEN_KEPT_MS: Final = 60_000
"""A token that was good is judged again after this long: its issuer's keys may have changed."""

HEADERS_MOST: Final = 100
HEADER_MOST: Final = 2_048
"""Bytes of a header's value."""

_CREDENTIAL_LONGEST: Final = 8_192
_BEARER: Final = re.compile(r"bearer +([!-~]+)", re.IGNORECASE)
_REFUSAL: Final = "Expected a valid key in the header 'Authorization: Bearer <key>'."
_UNREADABLE: Final = "Keys cannot be looked up now; the log says why."

_log = logging.getLogger("bitseg.server")


class Caller(msgspec.Struct, frozen=True):
    """Who makes a call.

    Attributes:
        tenant_id: whose data they are about.
        scope: what the caller may do.
        name: the key's name, or the token's ``sub``: whatever is made is made by it.
        allowance: how much of it the caller may do.
        key_id: the id of the key; None for a token.
    """

    tenant_id: str
    scope: Scope
    name: str
    allowance: Allowance
    key_id: str | None = None


class Known(msgspec.Struct, frozen=True):
    """A caller that was let in.

    Attributes:
        caller: who it is.
        ends_at: when to judge anew, ms since 1970 UTC; None = with the next write to the store.
    """

    caller: Caller
    ends_at: int | None


def needs(scope: Scope) -> dict[str, Scope]:
    """Return the options of a route whose caller needs a scope: ``@get(opt=needs("read"))``."""
    return {"scope": scope}


def anybody() -> dict[str, str]:
    """Return the options of a route that needs no key."""
    return {"scope": OPEN}


class EveryRouteSaysItsScope(ReceiveRoutePlugin):
    """Lets no app be made that has a route without a scope, or one under ``/api`` that is open."""

    def receive_route(self, route: BaseRoute) -> None:
        """Refuse the route unless each of its handlers says what it needs."""
        for handler in getattr(route, "route_handlers", ()):
            if getattr(handler, "http_methods", None) == {"OPTIONS"}:
                continue  # made by Litestar; says which methods there are
            scope = handler.opt.get("scope")
            is_open = scope == OPEN and not route.path.startswith("/api/")
            if scope not in SCOPES and not is_open:
                raise ImproperlyConfiguredException(
                    f"Expected a scope (opt=needs(...)) of {handler} at {route.path}, got {scope!r}"
                )


class Gate:
    """What guards ``/api``: puts the ``Caller`` into the request's state, or refuses.

    Who was let in is remembered until the control store changes, so that a key that is taken back
    opens nothing from the next request on, whichever process took it.
    """

    def __init__(
        self,
        control: Control,
        tokens: Tokens | None,
        refusals: Refusals,
        allowances: Allowances,
        now: Callable[[], int],
    ) -> None:
        """Take where keys and tokens are judged, who was refused, what each may, the clock (ms)."""
        self.used: dict[str, int] = {}
        """When keys were used, by id, since somebody last took it away to note it."""
        self._control = control
        self._tokens = tokens
        self._refusals = refusals
        self._allowances = allowances
        self._now = now
        self._known: dict[bytes, Known] = {}
        self._version = -1

    async def __call__(
        self, connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler
    ) -> None:
        """Let a request pass.

        Raises:
            HTTPException: its headers are too many or too long (431).
            NotAuthorizedException: it carries no key or token that is good.
            PermissionDeniedException: the caller's scope is too small.
            ServiceUnavailableException: keys cannot be looked up.
            TooManyRequestsException: the caller calls too often; or, instead of the first, its
                address was refused too often.
        """
        _check_headers(connection.scope["headers"])
        credential = credential_in(connection.headers.getall("authorization", []))
        try:
            caller = None if credential is None else await self._caller(credential)
        except StoreError as error:  # its words name files, and whoever calls may be a stranger
            _log.exception("the control store failed")
            raise ServiceUnavailableException(_UNREADABLE) from error
        if caller is None:
            self.refuse(connection.client.host if connection.client else "")
        connection.state.caller = caller
        self._count(connection, caller.allowance)
        scope = handler.opt.get("scope", SCOPES[0])  # only what Litestar makes, OPTIONS, says none
        if SCOPES.index(caller.scope) < SCOPES.index(scope):
            raise PermissionDeniedException(
                f"Expected a key of scope '{scope}', got one of scope '{caller.scope}'."
            )

    async def still_lets_in(self, connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
        """Return whether the key or token of a request that was let in is still good."""
        credential = credential_in(connection.headers.getall("authorization", []))
        try:
            return credential is not None and await self._caller(credential) is not None
        except StoreError:
            _log.exception("the control store failed")
            return False

    def take_used(self) -> dict[str, int]:
        """Return when keys were used since the last call, by id."""
        used, self.used = self.used, {}
        return used

    async def _caller(self, credential: str) -> Caller | None:
        now, version = self._now(), self._control.version()
        if version != self._version:
            self._known.clear()
            self._version = version
        digest = hashlib.sha256(credential.encode()).digest()
        known = self._known.get(digest)
        if known is None or (known.ends_at is not None and now >= known.ends_at):
            known = await self._judge(credential, digest, now)
            if known is None:
                self._known.pop(digest, None)
                return None
            if version == self._version:  # nothing was written while it was judged
                if len(self._known) >= KEPT_MOST:
                    self._known.clear()
                self._known[digest] = known
        if known.caller.key_id is not None:
            self.used[known.caller.key_id] = now
        return known.caller

    async def _judge(self, credential: str, digest: bytes, now: int) -> Known | None:
        if is_key(credential):
            key = self._control.find_key(digest)  # shorter than waiting for a thread
            if key is None or not key.opens_at(now):
                return None
            allowance = self._allowances.of(key.id, key.rate)
            caller = Caller(key.tenant_id, key.scope, key.name, allowance, key.id)
            return Known(caller, key.expires_at)
        if self._tokens is None or credential.count(".") != 2:
            return None
        claims = await asyncio.to_thread(self._tokens.read, credential, now)  # may ask the issuer
        if claims is None or self._control.tenant(claims.tenant) is None:
            return None
        ends_at = min(claims.ends_at, now + TOKEN_KEPT_MS)
        allowance = self._allowances.of((claims.tenant, claims.sub), None)
        return Known(Caller(claims.tenant, claims.scope, claims.sub, allowance), ends_at)

    def _count(self, connection: ASGIConnection[Any, Any, Any, Any], allowance: Allowance) -> None:
        """Count a call, and let its answer tell what is left.

        Raises:
            TooManyRequestsException: there were too many.
        """
        now = self._allowances.now()
        wait = allowance.take(now)
        note(connection.scope, allowance.headers(now))
        if wait:
            raise TooManyRequestsException(
                f"More than {allowance.rate} calls a second; wait, and call again.",
                headers={"Retry-After": str(wait)},
            )

    def refuse(self, address: str) -> NoReturn:
        """Refuse who has no good credential, at an address.

        Raises:
            NotAuthorizedException: always, but
            TooManyRequestsException: where the address was refused too often.
        """
        wait = self._refusals.wait(address, self._now())
        if wait:
            raise TooManyRequestsException(
                "Too many calls without a valid key.", headers={"Retry-After": str(wait)}
            )
        raise NotAuthorizedException(_REFUSAL, headers={"WWW-Authenticate": "Bearer"})


async def let_in(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Let the app's gate judge a request; a function, as routers copy their guards."""
    gate: Gate = connection.app.state.gate
    await gate(connection, handler)


def _check_headers(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse headers that are too many or too long; a credential is judged for itself."""
    lengths = [len(value) for name, value in headers if name != b"authorization"]
    if len(lengths) > HEADERS_MOST or max(lengths, default=0) > HEADER_MOST:
        raise HTTPException(
            status_code=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            detail=f"Expected up to {HEADERS_MOST} headers of up to {HEADER_MOST:,} bytes each.",
        )


def credential_in(headers: list[str]) -> str | None:
    """Return what the ``Authorization`` headers of a request bear; None where they do not."""
    if len(headers) != 1:
        return None
    found = _BEARER.fullmatch(headers[0].strip(" \t"))
    return found[1] if found and len(found[1]) <= _CREDENTIAL_LONGEST else None
