"""Bodies that are wrong, by chance or on purpose: each is told so, none is a mistake of ours."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient

import bitseg
from bitseg import Engine
from server import Settings, create_app
from tests.server.conftest import CANADIANS, KEY

HEADERS: Final = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
LEAF: Final = '{"field": "contact.country", "operator": "equals", "value": "Canada"}'


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    engine = Engine()
    engine.load_contacts([{"id": f"c{i}", "country": "Canada"} for i in range(20)])
    settings = Settings(KEY, rate=1_000_000, refusals_a_minute=1_000_000)
    with TestClient(create_app(engine, settings), raise_server_exceptions=False) as client:
        yield client


def _preview(client: TestClient[Litestar], body: bytes) -> Any:
    return client.post("/api/segments/preview", content=body, headers=HEADERS)


def _works(client: TestClient[Litestar]) -> bool:
    answer = _preview(client, json.dumps({"rules": CANADIANS}).encode())
    return bool(answer.status_code == 200 and answer.json()["count"] == 20)


def _rules(conditions: str) -> str:
    return f'{{"match": "all", "groups": [{{"match": "all", "conditions": [{conditions}]}}]}}'


def _body(conditions: str) -> bytes:
    return f'{{"rules": {_rules(conditions)}}}'.encode()


def _nested(depth: int) -> bytes:
    group = '{"match": "all", "conditions": ['
    return _body(group * depth + LEAF + "]}" * depth)


def _valued(value: str, operator: str = "equals", field: str = "contact.country") -> bytes:
    return _body(f'{{"field": "{field}", "operator": "{operator}", "value": {value}}}')


BODIES: Final[dict[str, tuple[Callable[[], bytes], set[int]]]] = {
    "nothing": (lambda: b"", {400}),
    "blank": (lambda: b"   ", {400}),
    "cut": (lambda: b'{"rules": {"match"', {400}),
    "no json": (lambda: b"rules=1", {400}),
    "two values": (lambda: b"{} {}", {400}),
    "a list": (lambda: b"[]", {422}),
    "null": (lambda: b"null", {422}),
    "a number": (lambda: b"7", {422}),
    "utf-16": (lambda: json.dumps({"rules": CANADIANS}).encode("utf-16"), {400}),
    "byte order mark": (lambda: b"\xef\xbb\xbf{}", {400}),
    "no utf-8": (lambda: b'{"rules": "\xff"}', {400}),
    "nul": (lambda: b'{"rules": "\x00"}', {400}),
    "a lone surrogate": (lambda: _valued('"\\ud800"'), {400, 422}),
    "a lone low surrogate": (lambda: _valued('"\\udc00"'), {400, 422}),
    "a pair of surrogates": (lambda: _valued('"\\ud83d\\ude00"'), {200}),
    "an escaped nul": (lambda: _valued('"\\u0000"'), {200, 422}),
    "NaN": (lambda: _valued("NaN", field="contact.lead_score"), {400}),
    "infinity": (lambda: _valued("Infinity", field="contact.lead_score"), {400}),
    "too large a number": (lambda: _valued("1e999", field="contact.lead_score"), {400, 422}),
    "a huge whole number": (lambda: _valued("9" * 5_000, field="contact.lead_score"), {400, 422}),
    "a million digits": (lambda: _valued("9" * 10**6, field="contact.lead_score"), {400, 422}),
    "a key twice": (lambda: b'{"rules": {}, "rules": {}}', {422}),
    "an inner key twice": (
        lambda: b'{"rules": {"match": "all", "match": "any", "groups": []}}', {200, 422},
    ),
    "10 mb of text": (lambda: _valued('"' + "x" * 10**7 + '"'), {413}),
    "5 mb of text": (lambda: _valued('"' + "x" * 5 * 10**6 + '"'), {422}),
    "4 kb of text and one": (lambda: _valued('"' + "x" * 4_097 + '"'), {422}),
    "4 kb of text": (lambda: _valued('"' + "x" * 4_096 + '"'), {200}),
    "a long key": (lambda: b'{"' + b"k" * 10**6 + b'": 1}', {422}),
    "100,000 keys": (
        lambda: json.dumps({f"k{i}": i for i in range(100_000)}).encode(), {422},
    ),
    "500 conditions": (lambda: _body(",".join([LEAF] * 500)), {200}),
    "501 conditions": (lambda: _body(",".join([LEAF] * 501)), {422}),
    "10,000 conditions": (lambda: _body(",".join([LEAF] * 10_000)), {422}),
    "100,000 conditions": (lambda: _body(",".join([LEAF] * 100_000)), {422}),
    "100,000 groups": (
        lambda: b'{"rules": {"match": "all", "groups": ['
        + b",".join([b'{"match":"all","conditions":[]}'] * 100_000) + b"]}}", {422},
    ),
    "10,000 values": (
        lambda: _valued(json.dumps([str(i) for i in range(10_000)]), "in"), {200},
    ),
    "10,001 values": (
        lambda: _valued(json.dumps([str(i) for i in range(10_001)]), "in"), {422},
    ),
    "a million values": (lambda: _valued("[" + '"x",' * 10**6 + '"x"]', "in"), {422}),
    "depth 15": (lambda: _nested(14), {200}),
    "depth 20": (lambda: _nested(20), {422}),
    "depth 1,000": (lambda: _nested(1_000), {400, 422}),
    "depth 50,000": (lambda: _nested(50_000), {400, 422}),
    "50,000 lists": (lambda: b"[" * 50_000, {400, 422}),
    "50,000 lists, closed": (lambda: b"[" * 50_000 + b"]" * 50_000, {400, 422}),
    "50,000 lists as rules": (lambda: b'{"rules": ' + b"[" * 50_000, {400}),
    "50,000 lists as a value": (lambda: _valued("[" * 50_000 + "]" * 50_000), {400, 422}),
    "50,000 objects": (lambda: b'{"a":' * 50_000 + b"1" + b"}" * 50_000, {400, 422}),
    "50,000 where": (
        lambda: _body('{"event": "open", "where": {"match": "all", "conditions": [' * 20_000),
        {400, 422},
    ),
    "100,000 exclusions": (
        lambda: b'{"rules": {"match": "all", "groups": [], "exclusions": ['
        + b",".join([b"{}"] * 100_000) + b"]}}", {422},
    ),
    "1,000 steps": (
        lambda: _body('{"sequence": [' + ",".join(['{"event": "open"}'] * 1_000) + "]}"), {422},
    ),
    "a window of ages": (
        lambda: _body('{"event": "open", "within": "' + "9" * 300 + 'd"}'), {422},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_wrong_body_is_told_so_and_the_service_goes_on(
    client: TestClient[Litestar], name: str
) -> None:
    make, statuses = BODIES[name]

    answer = _preview(client, make())

    assert answer.status_code in statuses, answer.text[:300]
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
        assert len(answer.content) < 200_000  # a fault does not give the body back
    assert _works(client)


WRITES: Final = (
    *("/api/segments", "/api/contacts", "/api/events", "/api/keys", "/api/fields"),
    *("/api/contacts/delete", "/api/segments/explain", "/api/segments/overlap"),
)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "body",
    [b"[" * 50_000, b'{"a":' * 50_000, b"\xff", b'"\\ud800"', b"1e999", b"[1]", b"[[]]", b"nul"],
    ids=lambda body: repr(body[:8]),
)
def test_no_call_fails_on_what_is_no_body_of_its(
    client: TestClient[Litestar], path: str, body: bytes
) -> None:
    method = "PUT" if path == "/api/contacts" else "POST"
    answer = client.request(method, path, content=body, headers=HEADERS)
    assert answer.status_code in {400, 422}, answer.text[:300]


# What nobody but the server says


FORBIDDEN: Final = ("id", "tenant_id", "created_by", "created_at", "contact_count", "revision",
                    "prefix", "hash", "key", "updated_at", "calculated_at")  # fmt: skip


@pytest.mark.parametrize("name", FORBIDDEN)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/segments", {"name": "n", "rules": CANADIANS}),
        ("PATCH", "/api/segments/s", {"name": "n"}),
        ("POST", "/api/keys", {"name": "n", "scope": "read"}),
        ("PATCH", "/api/tenant", {"name": "n"}),
        ("POST", "/api/segments/preview", {"rules": CANADIANS}),
        ("POST", "/api/fields", {"path": "customField.n", "data_type": "string"}),
    ],
    ids=lambda one: str(one)[:24],
)
def test_what_only_the_server_says_is_refused_in_a_body(
    client: TestClient[Litestar], method: str, path: str, body: dict[str, Any], name: str
) -> None:
    answer = client.request(method, path, json={**body, name: "x"}, headers=HEADERS)

    assert answer.status_code == 422
    assert [one["path"] for one in answer.json()["errors"]] == [name]
    assert answer.json()["errors"][0]["code"] == "unknown_key"


# Segments that speak of each other


def _speaks_of(segment: str) -> dict[str, Any]:
    group = {"match": "all", "conditions": [{"segment": segment, "operator": "in"}]}
    return {"match": "all", "groups": [group]}


def _made(client: TestClient[Litestar], name: str, rules: Any) -> str:
    body = {"name": name, "rules": rules}
    answer = client.post("/api/segments", json=body, headers=HEADERS)
    assert answer.status_code == 201, answer.text
    made: str = answer.json()["id"]
    return made


@pytest.mark.parametrize("length", [1, 2, 8])
def test_a_circle_of_segments_is_refused_and_named(
    client: TestClient[Litestar], length: int
) -> None:
    chain = [_made(client, f"first of {length}", CANADIANS)]
    for i in range(1, length):
        chain.append(_made(client, f"{i} of {length}", _speaks_of(chain[-1])))

    answer = client.patch(
        f"/api/segments/{chain[0]}", json={"rules": _speaks_of(chain[-1])}, headers=HEADERS
    )

    assert answer.status_code in {409, 422}
    said = answer.text
    assert all(one in said for one in chain)
    assert client.get(f"/api/segments/{chain[0]}", headers=HEADERS).json()["contact_count"] == 20


def test_a_chain_of_segments_has_an_end(client: TestClient[Litestar]) -> None:
    last = _made(client, "link 0", CANADIANS)
    refused = None
    for i in range(1, 60):
        body = {"name": f"link {i}", "rules": _speaks_of(last)}
        answer = client.post("/api/segments", json=body, headers=HEADERS)
        if answer.status_code != 201:
            refused = answer
            break
        last = answer.json()["id"]
    assert refused is not None
    assert refused.status_code == 422
    assert i == 11  # ten references deep is allowed


# Fuzzed definitions


SEEDS: Final[list[Any]] = [example.rules for example in bitseg.examples.segments()]
ODD: Final[list[Any]] = [
    None, True, False, 0, -1, 1, 2**53, 2**64, -(2**64), 10**400, 1.5, -0.0, 1e308, "", " ", "all",
    "any", "none", "\x00", "\ud800".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
    "x" * 5_000, "contact.country", "equals", "30d", "-5d", "1970-01-01", "9999-12-31T23:59:59Z",
    "2024-02-30", "\u202e", "\U0001f600", "%", "_", "' OR 1=1 --", [], [[]], [None], ["a", 1],
    {}, {"match": "all"}, {"sum": "amount"}, [1, 2], ["2024-01-01", "2024-01-02"],
]  # fmt: skip
RAW: Final = (b"\\ud800", b"NaN", b"-Infinity", b"1e999", b"\xff", b"\x00", b"[", b"}", b",", b'"')


def _mutated(value: Any, draw: random.Random) -> Any:
    """Return a copy of a JSON value with one thing changed in it."""
    if not isinstance(value, dict | list) or not value or draw.random() < 0.15:
        return draw.choice(ODD)
    if isinstance(value, list):
        at = draw.randrange(len(value))
        what = draw.random()
        if what < 0.1:
            return value * 2
        if what < 0.2:
            return [*value[:at], *value[at + 1 :]]
        return [*value[:at], _mutated(value[at], draw), *value[at + 1 :]]
    name = draw.choice(list(value))
    what = draw.random()
    changed = dict(value)
    if what < 0.1:
        del changed[name]
    elif what < 0.2:
        changed[draw.choice(["field", "event", "value", "segment", "x", ""])] = draw.choice(ODD)
    elif what < 0.25:
        changed[draw.choice(list(value))] = value
    else:
        changed[name] = _mutated(value[name], draw)
    return changed


def _fuzzed(draw: random.Random) -> bytes:
    rules = draw.choice(SEEDS)
    for _ in range(draw.randint(1, 4)):
        rules = _mutated(rules, draw)
    body = json.dumps({"rules": rules}).encode()
    if draw.random() < 0.1:
        at = draw.randrange(len(body))
        body = body[:at] + draw.choice(RAW) + body[at + draw.randint(0, 3) :]
    return body


@pytest.mark.parametrize(
    ("seed", "rounds"),
    [
        pytest.param(1, 2_000, id="over the route"),
        pytest.param(2, 200_000, id="over the route, long", marks=pytest.mark.long),
    ],
)
def test_a_fuzzed_definition_is_answered_and_never_with_500(
    client: TestClient[Litestar], seed: int, rounds: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - to be the same each time
    seen: dict[int, int] = {}
    for _ in range(rounds):
        body = _fuzzed(draw)
        answer = _preview(client, body)
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        assert answer.status_code in {200, 400, 413, 422}, body
    assert min(seen.get(status, 0) for status in (200, 400, 422)) > rounds // 100
    assert _works(client)


@pytest.mark.parametrize(
    ("seed", "rounds"),
    [
        pytest.param(3, 48_000, id="to the engine", marks=pytest.mark.slow),
        pytest.param(4, 2_000_000, id="to the engine, long", marks=pytest.mark.long),
    ],
)
def test_a_fuzzed_definition_is_counted_or_refused_with_faults(seed: int, rounds: int) -> None:
    engine = Engine()
    engine.load_contacts([{"id": f"c{i}", "country": "Canada"} for i in range(20)])
    draw = random.Random(seed)  # noqa: S311 - to be the same each time
    counted = refused = 0
    for _ in range(rounds):
        body = _fuzzed(draw)[len('{"rules": ') : -1]
        try:
            assert 0 <= engine.count(body) <= 20
            counted += 1
        except bitseg.RuleError as error:
            refused += len(error.faults) > 0
    assert counted > rounds // 100
    assert counted + refused == rounds  # each refusal says why
