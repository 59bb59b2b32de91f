"""Tokens of an operator's issuer: which are taken, and what attackers send."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from bitseg import FieldError
from server.issuer import PATIENCE_MS, RENEWED_MS, Algorithm
from server.tokens import LEEWAY_S, Claims, Tokens, TokenSettings
from tests.server.control import NOW

Jwks = Callable[..., str]

RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
EC = ec.generate_private_key(ec.SECP256R1())
SECRET = b"a secret of the issuer's, of more than 32 bytes"
SECONDS = NOW // 1_000
GOOD = {"tenant": "acme", "scope": "write", "sub": "ann", "exp": SECONDS + 60}


def _jwk(key: Any, kid: str, **more: str) -> dict[str, Any]:
    if isinstance(key, bytes):
        text = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
        return {"kty": "oct", "k": text, "kid": kid, **more}
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": kid, **more}


def _signed(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", **header: Any) -> str:
    return jwt.encode(claims, key, alg, {"kid": "rsa", **header})


def _by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes | None) -> str:
    """Return a token that no library would make."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)
    ]
    said = b".".join(parts)
    signature = b"" if secret is None else hmac.digest(secret, said, hashlib.sha256)
    return (said + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


@pytest.fixture
def jwks(tmp_path: Path) -> Jwks:
    def write(*keys: dict[str, Any]) -> str:
        path = tmp_path / "jwks.json"
        path.write_text(json.dumps({"keys": keys}), encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def tokens(jwks: Jwks) -> Tokens:
    """Takes RS256, ES256 and HS256, each with a key of its own."""
    keys = jwks(_jwk(RSA, "rsa"), _jwk(EC, "ec"), _jwk(SECRET, "secret"))
    return Tokens(TokenSettings(keys, ("RS256", "ES256", "HS256")))


def test_a_good_token_says_who_calls(tokens: Tokens) -> None:
    claims = tokens.read(_signed(GOOD), NOW)

    assert claims == Claims("acme", "write", "ann", (SECONDS + 60 + LEEWAY_S) * 1_000)


@pytest.mark.parametrize(
    ("key", "alg", "kid"), [(RSA, "RS256", "rsa"), (EC, "ES256", "ec"), (SECRET, "HS256", "secret")]
)
def test_each_algorithm_is_taken_with_its_kind_of_key(
    tokens: Tokens, key: Any, alg: str, kid: str
) -> None:
    assert tokens.read(_signed(GOOD, key, alg, kid=kid), NOW) is not None


@pytest.mark.parametrize(
    ("scope", "largest"),
    [("read", "read"), ("openid read write", "write"), ("admin read", "admin"), ("openid", None),
     ("", None), ("Read", None), ("reader", None)],
)  # fmt: skip
def test_the_largest_scope_counts(tokens: Tokens, scope: str, largest: str | None) -> None:
    claims = tokens.read(_signed({**GOOD, "scope": scope}), NOW)

    assert (None if claims is None else claims.scope) == largest


def _public_pem() -> bytes:
    return RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


HEADER = {"alg": "HS256", "typ": "JWT"}
ATTACKS = {
    "alg none": _by_hand({"alg": "none", "kid": "rsa"}, GOOD, None),
    "alg None": _by_hand({"alg": "None", "kid": "rsa"}, GOOD, None),
    "no alg": _by_hand({"kid": "rsa"}, GOOD, None),
    "HS256 with the RSA public key": _by_hand({**HEADER, "kid": "rsa"}, GOOD, _public_pem()),
    "HS256 with the RSA public key, no kid": _by_hand(HEADER, GOOD, _public_pem()),
    "HS256 with nothing": _by_hand({**HEADER, "kid": "secret"}, GOOD, b""),
    "another's key": _signed(GOOD, OTHER_RSA),
    "kid of another key": _signed(GOOD, kid="ec"),
    "kid of a secret": _signed(GOOD, kid="secret"),
    "unknown kid": _signed(GOOD, kid="unknown"),
    "kid is a path": _signed(GOOD, OTHER_RSA, kid="../../../dev/null"),
    "kid is SQL": _signed(GOOD, OTHER_RSA, kid="x' OR 1=1 --"),
    "kid is no text": _by_hand({"alg": "RS256", "kid": ["rsa"]}, GOOD, b""),
    "RS384": _signed(GOOD, alg="RS384"),
    "jku": _signed(GOOD, OTHER_RSA, kid="theirs", jku="http://127.0.0.1:9/jwks"),
    "x5u": _signed(GOOD, OTHER_RSA, kid="theirs", x5u="http://127.0.0.1:9/cert"),
    "jwk": _signed(GOOD, OTHER_RSA, jwk=_jwk(OTHER_RSA, "rsa")),
    "crit": _by_hand({**HEADER, "kid": "secret", "crit": ["exp"]}, GOOD, SECRET),
    "b64 false": _by_hand({**HEADER, "kid": "secret", "b64": False}, GOOD, SECRET),
    "expired": _signed({**GOOD, "exp": SECONDS - LEEWAY_S}),
    "no exp": _signed({name: value for name, value in GOOD.items() if name != "exp"}),
    "exp null": _signed({**GOOD, "exp": None}),
    "exp text": _signed({**GOOD, "exp": "tomorrow"}),
    "exp true": _signed({**GOOD, "exp": True}),
    "exp infinite": _signed({**GOOD, "exp": float("inf")}),
    "exp not a number": _signed({**GOOD, "exp": float("nan")}),
    "exp too large": _signed({**GOOD, "exp": 10**400}),
    "nbf later": _signed({**GOOD, "nbf": SECONDS + LEEWAY_S + 1}),
    "no tenant": _signed({**GOOD, "tenant": ""}),
    "tenant is a list": _signed({**GOOD, "tenant": ["acme", "zeta"]}),
    "tenant is a path": _signed({**GOOD, "tenant": "../acme"}),
    "no sub": _signed({name: value for name, value in GOOD.items() if name != "sub"}),
    "sub of control characters": _signed({**GOOD, "sub": "ann\nroot"}),
    "sub is half a character": _signed({**GOOD, "sub": "\ud800"}),
    "scope is a list": _signed({**GOOD, "scope": ["admin"]}),
    "no claims": _signed({}),
    "claims are no object": _by_hand({**HEADER, "kid": "secret"}, ["acme"], SECRET),  # type: ignore[arg-type] # that is it
    "signature cut": _signed(GOOD)[:-4],
    "signature gone": _signed(GOOD).rpartition(".")[0] + ".",
    "two parts": _signed(GOOD).rpartition(".")[0],
    "four parts": _signed(GOOD) + ".x",
    "not base64": "%%%.%%%.%%%",
    "deep JSON": base64.urlsafe_b64encode(b"[" * 5_000).decode().rstrip("=") + ".e30.",
    "dots": "..",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nothing_else_is_taken(tokens: Tokens, attack: str) -> None:
    assert tokens.read(attack, NOW) is None


@pytest.mark.parametrize(
    ("at", "good"),
    [(-61, False), (-30, True), (0, True), (89, True), (90, False)],
    ids=["before nbf", "nbf and leeway", "now", "exp and leeway", "behind it"],
)
def test_clocks_may_differ_by_thirty_seconds(tokens: Tokens, at: int, *, good: bool) -> None:
    token = _signed({**GOOD, "nbf": SECONDS})

    assert (tokens.read(token, NOW + at * 1_000) is not None) == good


@pytest.mark.parametrize(
    ("more", "good"),
    [
        ({}, False),
        ({"iss": "https://idp.example", "aud": "bitseg"}, True),
        ({"iss": "https://idp.example", "aud": ["other", "bitseg"]}, True),
        ({"iss": "https://idp.example.evil", "aud": "bitseg"}, False),
        ({"iss": "https://idp.example", "aud": "other"}, False),
        ({"iss": "https://idp.example"}, False),
        ({"aud": "bitseg"}, False),
    ],
)
def test_issuer_and_audience_are_checked_where_they_are_set(
    jwks: Jwks, more: dict[str, Any], *, good: bool
) -> None:
    tokens = Tokens(
        TokenSettings(jwks(_jwk(RSA, "rsa")), ("RS256",), "https://idp.example", "bitseg")
    )

    assert (tokens.read(_signed({**GOOD, **more}), NOW) is not None) == good


def test_an_algorithm_that_is_not_set_is_not_taken(jwks: Jwks) -> None:
    keys = jwks(_jwk(RSA, "rsa"), _jwk(EC, "ec"), _jwk(SECRET, "secret"))
    tokens = Tokens(TokenSettings(keys, ("ES256",)))

    assert tokens.read(_signed(GOOD, EC, "ES256", kid="ec"), NOW) is not None
    assert tokens.read(_signed(GOOD), NOW) is None
    assert tokens.read(_signed(GOOD, SECRET, "HS256", kid="secret"), NOW) is None


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(_jwk(RSA, "rsa", alg="RS512"), id="for another algorithm"),
        pytest.param(_jwk(RSA, "rsa", use="enc"), id="for encryption"),
        pytest.param({"kty": "RSA", "kid": "rsa", "n": "AQAB"}, id="half a key"),
        pytest.param(
            _jwk(rsa.generate_private_key(public_exponent=65_537, key_size=1_024), "rsa"),  # noqa: S505
            id="short",
        ),
    ],
)
def test_a_key_that_is_not_for_it_is_not_used(jwks: Jwks, key: dict[str, Any]) -> None:
    assert Tokens(TokenSettings(jwks(key), ("RS256",))).read(_signed(GOOD), NOW) is None


def test_a_token_without_a_kid_has_the_only_key_of_its_algorithm(jwks: Jwks) -> None:
    token = jwt.encode(GOOD, RSA, "RS256")
    one = Tokens(TokenSettings(jwks(_jwk(RSA, "rsa"), _jwk(EC, "ec"))))

    assert one.read(token, NOW) is not None
    two = Tokens(TokenSettings(jwks(_jwk(RSA, "rsa"), _jwk(OTHER_RSA, "other"))))
    assert two.read(token, NOW) is None


def test_a_private_key_is_not_used_and_that_is_logged(
    jwks: Jwks, caplog: pytest.LogCaptureFixture
) -> None:
    private = {**json.loads(RSAAlgorithm.to_jwk(RSA)), "kid": "rsa"}

    assert Tokens(TokenSettings(jwks(private))).read(_signed(GOOD), NOW) is None
    assert "only the issuer may have it" in caplog.text
    assert private["d"] not in caplog.text


@pytest.mark.parametrize(
    "odd", [{}, {"kty": "RSA", "n": 1, "e": 1}, {"kty": "EC", "crv": "P-256", "x": [], "y": None},
            {"kty": "OKP", "crv": "Ed25519"}, {"kty": 7}],
)  # fmt: skip
def test_an_odd_key_does_not_keep_out_the_good_ones(jwks: Jwks, odd: dict[str, Any]) -> None:
    tokens = Tokens(TokenSettings(jwks(odd, _jwk(RSA, "rsa"))))

    assert tokens.read(_signed(GOOD), NOW) is not None


def test_a_new_key_in_the_file_is_found_and_an_old_one_forgotten(jwks: Jwks) -> None:
    tokens = Tokens(TokenSettings(jwks(_jwk(RSA, "rsa"))))
    later = {**GOOD, "exp": SECONDS + 3_600}
    assert tokens.read(_signed(later), NOW) is not None
    jwks(_jwk(OTHER_RSA, "new"))
    new = _signed(later, OTHER_RSA, kid="new")

    assert tokens.read(new, NOW + PATIENCE_MS - 1) is None
    assert tokens.read(new, NOW + PATIENCE_MS) is not None
    assert tokens.read(_signed(later), NOW + PATIENCE_MS) is None


def test_a_file_that_cannot_be_read_any_more_leaves_what_was_read(jwks: Jwks) -> None:
    path = jwks(_jwk(RSA, "rsa"))
    tokens = Tokens(TokenSettings(path))
    Path(path).unlink()
    later = {**GOOD, "exp": SECONDS + 3_600}

    assert tokens.read(_signed(later), NOW + RENEWED_MS) is not None


@pytest.mark.parametrize(
    ("source", "algorithms"),
    [
        ("nowhere.json", ("RS256",)),
        ("http://idp.example/jwks", ("RS256",)),
        ("file:///etc/passwd", ("RS256",)),
        ("ftp://127.0.0.1/jwks", ("RS256",)),
        ("https://", ("RS256",)),
        ("https://idp.example/jwks", ()),
        ("https://idp.example/jwks", ("none",)),
        ("https://idp.example/jwks", ("RS256", "HS512")),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    source: str, algorithms: tuple[Algorithm, ...]
) -> None:
    with pytest.raises(FieldError):
        Tokens(TokenSettings(source, algorithms))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": 1}', '{"keys": [1]}', "\xff"])
def test_a_file_that_is_no_jwks_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(text, encoding="latin-1")

    with pytest.raises(FieldError, match="Expected a file of keys"):
        Tokens(TokenSettings(str(path)))


class Idp:
    """An issuer's server on this machine."""

    def __init__(self) -> None:
        self.asked = 0
        self.body = b""
        self.status = 200
        idp = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                idp.asked += 1
                self.send_response(idp.status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(idp.body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Answering)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def idp() -> Iterator[Idp]:
    idp = Idp()
    yield idp
    idp.close()


def test_keys_at_an_address_are_asked_for_at_most_once_a_minute(idp: Idp) -> None:
    idp.body = json.dumps({"keys": [_jwk(RSA, "rsa")]}).encode()
    tokens = Tokens(TokenSettings(idp.url))
    assert idp.asked == 0

    for _ in range(3):
        assert tokens.read(_signed(GOOD), NOW) is not None
    for number in range(20):
        assert tokens.read(_signed(GOOD, OTHER_RSA, kid=f"kid-{number}"), NOW + 59_999) is None
    assert idp.asked == 1
    assert tokens.read(_signed(GOOD, OTHER_RSA, kid="unknown"), NOW + 60_000) is None
    assert idp.asked == 2


def test_a_secret_at_an_address_is_no_key(idp: Idp) -> None:
    idp.body = json.dumps({"keys": [_jwk(SECRET, "secret")]}).encode()
    tokens = Tokens(TokenSettings(idp.url, ("HS256",)))

    assert tokens.read(_signed(GOOD, SECRET, "HS256", kid="secret"), NOW) is None


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_address_that_does_not_answer_itself_is_not_followed(idp: Idp, status: int) -> None:
    idp.body = json.dumps({"keys": [_jwk(RSA, "rsa")]}).encode()
    idp.status = status
    tokens = Tokens(TokenSettings(idp.url))

    assert tokens.read(_signed(GOOD), NOW) is None
    assert idp.asked == 1


def test_an_answer_without_end_is_cut(idp: Idp) -> None:
    idp.body = b'{"keys": [' + b" " * 2_000_000 + b"]}"

    assert Tokens(TokenSettings(idp.url)).read(_signed(GOOD), NOW) is None
