"""Files that cannot be taken: a clear problem, nothing half applied, no word of where they lay."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from litestar.datastructures import Headers
from litestar.exceptions import HTTPException

from server import Settings
from server.spool import Spool
from tests.server.conftest import Two
from tests.server.importing import imported, opened, send

PARQUET = "application/vnd.apache.parquet"
GOOD = b"id,first_name\nann,Ann\nbob,Bob\n"
NO_FILE = {
    "empty": (b"", "empty file"),
    "only a BOM": (b"\xef\xbb\xbf", "empty file"),
    "duplicate headers": (b"id,plan,plan\nann,a,b\n", "each column once"),
    "a column without a name": (b"id,,plan\nann,a,b\n", "a name for every column"),
    "1,001 columns": (",".join(f"c{number}" for number in range(1_001)).encode(), "1000 columns"),
    "10^6 columns of one byte": (b"a," * 10**6 + b"a\n", "1000 columns"),
    "a header of more than 2 KiB": (b"id," + b"x" * 2_049 + b"\nann,1\n", "2048 bytes"),
    "a header that is no UTF-8": (b"id,\xff\nann,1\n", "header"),
    "UTF-16 without a BOM": ("id\nann\n".encode("utf-16-le"), "no BOM"),
    "a quote that nobody closes, in the header": (b'id,"plan\nann,1\n', "closing quote"),
}
LATER = {
    "no column of ids": (b"name\nann\n", "contact.id"),
    "a quote that nobody closes": (b'id,plan\nann,a\nbob,"b\n', "closing quote"),
    "two columns of one field": (b"email,contact.email,id\na,b,c\n", "contact.email"),
    "a field that may not be called so": (b"id,customField.lead_score\nann,1\n", "lead_score"),
}


@pytest.fixture(autouse=True)
def _open(two: Two) -> None:
    opened(two)


def _holds_nothing(two: Two) -> None:
    """Nobody went in, no import is there, and no body lies about."""
    key = two.key("acme")
    assert two.ask("GET", "/api/contacts", key).json()["total"] == 1
    assert two.ask("GET", "/api/imports", key).json() == {"items": [], "total": 0}


@pytest.mark.parametrize(("body", "words"), NO_FILE.values(), ids=list(NO_FILE))
def test_what_is_no_file_of_rows_is_refused_at_once(two: Two, body: bytes, words: str) -> None:
    answer = send(two, two.key("acme"), "/contacts/import", body)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.text
    assert ".queued" not in answer.text
    _holds_nothing(two)


@pytest.mark.parametrize(("body", "words"), LATER.values(), ids=list(LATER))
def test_what_shows_as_it_is_read_fails_and_nothing_went_in(
    two: Two, body: bytes, words: str
) -> None:
    shown = imported(two, two.key("acme"), "/contacts/import", body)

    assert (shown["state"], shown["rows"], shown["created"]) == ("failed", 0, 0)
    assert shown["error"]["status"] == 422
    assert words in str(shown["error"])
    assert ".queued" not in str(shown["error"])
    assert two.ask("GET", "/api/contacts", two.key("acme")).json()["total"] == 1


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (gzip.compress(GOOD), {}, "gzip"),
        (gzip.compress(bytes(10**7)), {"Content_Type": "application/octet-stream"}, "gzip"),
        (GOOD, {"Content_Encoding": "gzip"}, "packed (gzip)"),
        (b"\x28\xb5\x2f\xfd\x00", {}, "zstd"),
        (b"PK\x03\x04", {"Content_Type": "application/octet-stream"}, "zip"),
        (b"ARROW1\x00\x00", {"Content_Type": "application/octet-stream"}, "Arrow"),
        (GOOD, {"Content_Type": "application/json"}, "application/json"),
        (GOOD, {"Content_Type": "multipart/form-data; boundary=x"}, "multipart/form-data"),
        (GOOD, {"Content_Type": "application/x-www-form-urlencoded"}, "urlencoded"),
        (GOOD, {"Content_Type": PARQUET}, "something else"),
        (b"PAR1", {}, "Parquet"),
    ],
)
def test_another_type_is_refused(
    two: Two, body: bytes, headers: dict[str, str], words: str
) -> None:
    answer = send(two, two.key("acme"), "/contacts/import", body, **headers)

    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]
    _holds_nothing(two)


def test_parquet_that_is_cut_is_refused(two: Two) -> None:
    answer = send(two, two.key("acme"), "/contacts/import", b"PAR1\x00\x00", Content_Type=PARQUET)

    assert (answer.status_code, ".queued" in answer.text) == (422, False)
    _holds_nothing(two)


@pytest.mark.parametrize(
    "text",
    [
        'id,first_name\r\nann,"A\r\nB"\r\nbob,"say ""hi"", ok"\r\n',
        "id\rann\rbob\r",
        'id;first_name\nann;"=HYPERLINK(""x"")"\nbob;+1\n',
    ],
    ids=["CRLF in quotes", "CR only", "cells that are formulas"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_is_odd_and_yet_clear_goes_in(two: Two, text: str, encoding: str) -> None:
    key = two.key("acme")

    shown = imported(two, key, "/contacts/import", text.encode(encoding))

    assert (shown["state"], shown["created"], shown["rejected"]) == ("done", 2, 0), shown
    ann = two.ask("GET", "/api/contacts/ann", key).json().get("contact.first_name")
    assert ann == ("A\r\nB" if '"A' in text else '=HYPERLINK("x")' if "=" in text else None)


@pytest.mark.parametrize(("length", "goes_in"), [(65_535, 1), (65_536, 1), (65_537, 0)])
def test_a_cell_may_have_64_kib(two: Two, length: int, goes_in: int) -> None:
    body = b"id,first_name\nann," + b"x" * length + b"\n"

    shown = imported(two, two.key("acme"), "/contacts/import", body)

    assert (shown["state"], shown["created"], shown["rejected"]) == ("done", goes_in, 1 - goes_in)


def test_1000_columns_go_in(two: Two) -> None:
    names = ["id", *(f"c{number}" for number in range(999))]
    body = ",".join(names).encode() + b"\nann" + b",1" * 999 + b"\n"

    shown = imported(two, two.key("acme"), "/contacts/import", body)

    assert (shown["created"], len(shown["types"])) == (1, 1_000)


@pytest.fixture
def small(tmp_path: Path) -> Any:
    two = Two(tmp_path / "small", Settings(refusals_a_minute=1_000, file_limit=len(GOOD)))
    with two.client:
        opened(two)
        yield two
    two.close()


def _in_parts(body: bytes) -> Any:
    yield body[:5]
    yield body[5:]


@pytest.mark.parametrize("parts", [bytes, _in_parts], ids=["with its length", "without"])
def test_a_file_may_be_so_long_and_no_longer(small: Two, parts: Any) -> None:
    key = small.key("acme")
    for more, status in ((-1, 202), (0, 202), (1, 413)):
        body = (GOOD + b"\n")[: len(GOOD) + more]
        answer = send(small, key, "/contacts/import", parts(body))
        assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    members = send(small, key, "/segments/none/import", parts(GOOD + b"\n"), Idempotency_Key="k")
    assert members.status_code == 413


class _Stalling:
    """A request whose body stops in the middle."""

    headers = Headers({"content-type": "text/csv"})
    content_length = None

    async def stream(self) -> AsyncIterator[bytes]:
        yield GOOD[:5]
        await asyncio.Event().wait()


def test_a_body_that_stops_is_not_waited_for(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "imports", silence_s=0.01)
    spool.open()

    async def take() -> None:
        async with spool.take(_Stalling(), "acme", "x"):  # type: ignore[arg-type] # enough of one
            raise AssertionError

    with pytest.raises(HTTPException) as caught:
        asyncio.run(take())

    assert caught.value.status_code == 408
    assert list((tmp_path / "imports").glob("*/*")) == []
