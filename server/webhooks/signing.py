"""A signature shows who sent a body, and when: HMAC-SHA256 with a secret that both sides have."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

PREFIX: Final = "bsg_whsec_"
_BYTES: Final = 32


def make_secret() -> str:
    """Return a new random secret."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def headers(body: bytes, at: int, keys: list[str]) -> dict[str, str]:
    """Return the headers that sign a body.

    Args:
        body: what is sent.
        at: when, seconds since 1970 UTC.
        keys: the secrets; each signs.
    """
    said = f"{at}.".encode() + body
    signed = [hmac.new(key.encode(), said, hashlib.sha256).hexdigest() for key in keys]
    return {
        "Bitseg-Timestamp": str(at),
        "Bitseg-Signature": ",".join(f"v1={one}" for one in signed),
    }
