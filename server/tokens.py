"""A token is a JWT of the operator's issuer: it says who calls, and for which tenant."""

from __future__ import annotations

import re
from typing import Any, Final

import jwt
import msgspec

from server.control import SCOPES, SLUG, Scope
from server.issuer import Algorithm, Issuer

LEEWAY_S: Final = 30
"""Seconds by which the issuer's clock may differ from ours."""

SUB_LONGEST: Final = 255

_REQUIRED: Final = ("exp", "sub", "tenant", "scope")
_LAST: Final = 253_402_300_800
"""Seconds since 1970 at the end of year 9999."""


class Claims(msgspec.Struct, frozen=True):
    """What a token that is good says.

    Attributes:
        tenant: a tenant's id.
        scope: the largest of its scopes.
        sub: who calls.
        ends_at: until when it is good, ms since 1970 UTC.
    """

    tenant: str
    scope: Scope
    sub: str
    ends_at: int


class TokenSettings(msgspec.Struct, frozen=True):
    """Which tokens are taken.

    Attributes:
        jwks: a file or ``https://`` address of the issuer's keys, as RFC 7517 has them.
        algorithms: those that may sign; each only with a key that was made for it.
        issuer: what ``iss`` has to be; None = anything.
        audience: what ``aud`` has to be, or to hold; None = anything.
    """

    jwks: str
    algorithms: tuple[Algorithm, ...] = ("RS256", "ES256")
    issuer: str | None = None
    audience: str | None = None


class Tokens:
    """Reads tokens; any thread may."""

    def __init__(self, settings: TokenSettings) -> None:
        """Take which tokens are good.

        Raises:
            FieldError: the settings cannot be used: no algorithm, or no such file of keys.
        """
        self._settings = settings
        self._issuer = Issuer(settings.jwks, settings.algorithms)

    def read(self, token: str, now: int) -> Claims | None:
        """Return what a token says at an instant, ms; None where it is not good."""
        try:
            header = jwt.get_unverified_header(token)
            key = self._issuer.key(header.get("kid"), header.get("alg"), now)
            if key is None or "crit" in header:  # we know no extension that could be critical
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._settings.issuer,
                audience=self._settings.audience,
                options={
                    "require": list(_REQUIRED),
                    "verify_aud": self._settings.audience is not None,
                    "enforce_minimum_key_length": True,
                    # PyJWT would judge these by the system's clock; ``_claims`` does by ours.
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            return None
        return _claims(claims, now)


def _claims(claims: dict[str, Any], now: int) -> Claims | None:
    tenant, said, sub = (claims[name] for name in ("tenant", "scope", "sub"))
    begins, ends = _instant(claims.get("nbf", 0)), _instant(claims["exp"])
    if not isinstance(said, str) or begins is None or ends is None:
        return None
    held = [scope for scope in SCOPES if scope in said.split()]
    leeway = LEEWAY_S * 1_000
    if not held or not begins - leeway <= now < ends + leeway:
        return None
    if not isinstance(tenant, str) or re.fullmatch(SLUG, tenant) is None:
        return None
    if not isinstance(sub, str) or not 1 <= len(sub) <= SUB_LONGEST or not sub.isprintable():
        return None
    return Claims(tenant, held[-1], sub, ends + leeway)


def _instant(seconds: object) -> int | None:
    """Return an instant of a claim in ms; None where it is none."""
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds < _LAST:
        return int(seconds * 1_000)
    return None
