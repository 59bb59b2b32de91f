"""The issuer is who signs tokens: its public keys, from a file or an address the operator gave.

No address that a token names is ever asked.
"""

from __future__ import annotations

import json
import logging
from http.client import HTTPException
from pathlib import Path
from threading import Lock
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, build_opener

import jwt

from bitseg import Fault, FieldError

Algorithm: TypeAlias = Literal["RS256", "ES256", "HS256"]

KINDS: Final[dict[Algorithm, str]] = {"RS256": "RSA", "ES256": "EC", "HS256": "oct"}
"""The kind of key that each algorithm may be used with, and no other."""

RENEWED_MS: Final = 600_000
"""Keys are read again after so long, so that those an issuer withdrew are good no more."""

PATIENCE_MS: Final = 60_000
"""Nothing makes them be read again sooner than this after the last time."""

TIMEOUT_S: Final = 5
LARGEST: Final = 1_048_576

_log = logging.getLogger("bitseg.server")


class Issuer:
    """The keys of an issuer; any thread may ask, and one at a time reads them anew."""

    def __init__(self, source: str, algorithms: tuple[Algorithm, ...]) -> None:
        """Take where the keys are; those in a file are read at once.

        Args:
            source: a path, or an address: ``https``, or ``http`` on this machine.
            algorithms: those that may be used.

        Raises:
            FieldError: it is neither, or the file cannot be used, or there is no algorithm.
        """
        self._source = source
        self._algorithms = algorithms
        self._remote = "://" in source
        self._keys: list[jwt.PyJWK] = []
        self._read_at: int | None = None
        self._lock = Lock()
        unknown = sorted(set(algorithms) - set(KINDS))
        if unknown or not algorithms:
            message = f"Expected algorithms of tokens, got {', '.join(unknown) or 'none'}."
            raise FieldError(Fault("algorithms", message, tuple(KINDS), "unknown_algorithm"))
        if self._remote:
            _check_address(source)
            return
        try:
            self._keys = self._read()
        except _FAILURES as error:
            message = f"Expected a file of keys (JWKS), got {source}: {error}"
            raise FieldError(Fault("jwks", message, code="unreadable")) from error

    def key(self, kid: object, algorithm: object, now: int) -> jwt.PyJWK | None:
        """Return the key that a token names, for the algorithm it names; None where there is none.

        Args:
            kid: its id; a token without one has the only key of its algorithm.
            algorithm: as the token has it.
            now: ms since 1970 UTC.
        """
        if algorithm not in self._algorithms:
            return None
        if self._read_at is None or now - self._read_at >= RENEWED_MS:
            self._renew(now)
        found = self._find(kid, algorithm)
        if found is None and self._renew(now):
            found = self._find(kid, algorithm)
        return found

    def _find(self, kid: object, algorithm: object) -> jwt.PyJWK | None:
        fitting = [key for key in self._keys if key.algorithm_name == algorithm]
        if kid is not None:
            fitting = [key for key in fitting if key.key_id == kid]
        return fitting[0] if len(fitting) == 1 else None

    def _renew(self, now: int) -> bool:
        """Read the keys anew, unless that was just done; return whether there are new ones."""
        with self._lock:
            if self._read_at is not None and now - self._read_at < PATIENCE_MS:
                return True  # another thread may have done it while this one waited
            self._read_at = now
            try:
                self._keys = self._read()
            except _FAILURES as error:
                _log.warning("the issuer's keys could not be read from %s: %s", self._source, error)
                return False
            return True

    def _read(self) -> list[jwt.PyJWK]:
        text = _fetch(self._source) if self._remote else Path(self._source).read_bytes()
        described: list[dict[str, Any]] = json.loads(text)["keys"]
        found = (self._usable(one) for one in described)
        return [key for key in found if key is not None]

    def _usable(self, described: dict[str, Any]) -> jwt.PyJWK | None:
        """Return a key that may sign by one of the algorithms; a secret is none at an address."""
        kind = described.get("kty")
        if described.get("use", "sig") != "sig" or (self._remote and kind == "oct"):
            return None
        if kind == "EC" and described.get("crv") != "P-256":
            return None
        if "d" in described:
            _log.warning(
                "a private key in %s is not used: only the issuer may have it", self._source
            )
            return None
        for algorithm in self._algorithms:
            if kind == KINDS[algorithm] and described.get("alg", algorithm) == algorithm:
                try:
                    return jwt.PyJWK(described, algorithm)
                except jwt.PyJWTError as error:
                    _log.warning("a key of %s cannot be used: %s", self._source, error)
        return None


_FAILURES: Final = (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError)
"""What reading keys may raise: no file or answer, or none of the right form."""


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the operator named one address."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def _fetch(address: str) -> bytes:
    with build_opener(_Stay).open(address, timeout=TIMEOUT_S) as response:
        text: bytes = response.read(LARGEST + 1)
    if len(text) > LARGEST:
        message = f"more than {LARGEST:,} bytes"
        raise ValueError(message)
    return text


def _check_address(address: str) -> None:
    parts = urlsplit(address)
    local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
        message = f"Expected a file or an https:// address of the issuer's keys, got {address}."
        raise FieldError(Fault("jwks", message, code="invalid_address"))
