"""Headers that each answer has, whatever answer it is, so that a browser does nothing unasked.

They are those of the OWASP REST Security Cheat Sheet. No answer allows another origin to read it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from litestar.types import Message, Scope

POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""An answer of the API is no page: nothing of it is run, loaded or framed."""

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A page runs, loads and asks only what this server gives."""

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_POLICY: Final = (b"content-security-policy", POLICY.encode())
_NO_STORE: Final = (b"cache-control", b"no-store")


async def guard_answer(message: Message, scope: Scope) -> None:
    """Add the headers to an answer that is being sent; those that it has stand."""
    if message["type"] != "http.response.start":
        return
    given = message["headers"]
    more = [*_ALWAYS]
    names = {name for name, _ in given}
    if _POLICY[0] not in names:
        more.append(_POLICY)
    if _NO_STORE[0] not in names and scope["path"].startswith("/api/"):
        more.append(_NO_STORE)
    message["headers"] = [*given, *more]
