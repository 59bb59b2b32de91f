"""Members over HTTP as a file."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO, StringIO
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pytest
from httpx import Response
from litestar.testing import TestClient
from pyarrow import parquet

import bitseg
from bitseg import Engine, synthetic
from bitseg.exports.lines import cell
from server import Settings, create_app
from tests.server.conftest import KEY, Two
from tests.server.importing import imported
from tests.server.test_segments import ALL, Api
from tests.server.working import open_in

BEGINNINGS = ["=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠"]  # noqa: RUF001 - as they come
REST = ["1+1", "cmd|' /C calc'!A0", 'HYPERLINK("http://x","y")', "\nSUM(A1)", "", "é, ü;\"'"]
FORMULAS = ["".join(parts) for parts in product(BEGINNINGS, REST)]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def api(engine: Engine) -> Iterator[Api]:
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield Api(client)


@pytest.fixture(scope="module")
def _shared() -> Iterator[tuple[Engine, Api]]:
    engine = Engine()
    engine.define_field("customField.note", "string")
    engine.define_segment("all", ALL)
    with TestClient(create_app(engine, Settings(KEY)), raise_server_exceptions=False) as client:
        yield engine, Api(client)


@pytest.fixture
def shared(_shared: tuple[Engine, Api]) -> Iterator[tuple[Engine, Api]]:
    """An engine of nobody with a segment of all and a note, and its app, which many tests share."""
    engine, _ = _shared
    assert len(engine) == 0
    yield _shared
    engine.delete_contacts(list(engine.select(ALL).ids()))


def _rows(answer: Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(StringIO(answer.content.decode(), newline=""), strict=True))


def _lines(answer: Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.content.splitlines()]


def test_a_file_has_a_header_and_the_members(engine: Engine, api: Api) -> None:
    engine.load_contacts(
        [
            {"id": "ann", "country": "Canada", "tags": ["a", "b"], "lead_score": -5,
             "bounced": False, "customField.due": "2024-05-01"},
            {"id": "bob", "lead_score": 1.5, "bounced": True},
            {"id": "cid", "country": "Chile"},
        ]
    )  # fmt: skip
    engine.define_field("customField.size", "string")
    engine.load_contacts([{"id": "bob", "customField.size": "-5"}])
    engine.define_segment("some", ["ann", "bob"])
    path = (
        "/segments/some/export?fields=contact.id,contact.tags,contact.lead_score,contact.bounced,"
        "customField.due,customField.size,engagement.total_opens,contact.id"
    )

    answer = api("GET", path)
    lines = _lines(api("GET", f"{path}&format=ndjson"))

    assert answer.content.decode() == (
        "contact.id,contact.tags,contact.lead_score,contact.bounced,customField.due,"
        "customField.size,engagement.total_opens\r\n"
        "ann,a; b,-5,false,2024-05-01T00:00:00.000Z,,0\r\n"
        "bob,,1.5,true,,'-5,0\r\n"
    )
    assert lines == [
        {"contact.id": "ann", "contact.tags": ["a", "b"], "contact.lead_score": -5,
         "contact.bounced": False, "customField.due": "2024-05-01T00:00:00.000Z",
         "engagement.total_opens": 0},
        {"contact.id": "bob", "contact.lead_score": 1.5, "contact.bounced": True,
         "customField.size": "-5", "engagement.total_opens": 0},
    ]  # fmt: skip


def test_it_is_an_attachment_of_a_type_that_nobody_guesses(engine: Engine, api: Api) -> None:
    engine.define_segment("all", ALL)

    answer = api("GET", "/segments/all/export")
    lines = api("GET", "/segments/all/export?format=ndjson")

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="all.csv"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert _rows(answer) == [[*engine.fields]]
    assert lines.headers["content-type"] == "application/x-ndjson"
    assert lines.headers["content-disposition"] == 'attachment; filename="all.ndjson"'
    assert lines.content == b""


@pytest.mark.parametrize(
    ("segment", "plain"),
    [
        ('a"b', "a_b"),
        ("a\r\nSet-Cookie: x", "a__Set-Cookie__x"),
        ("é/ü", "___"),
        ("a b;c", "a_b_c"),
    ],
)
def test_a_file_is_called_as_its_segment(
    segment: str, plain: str, engine: Engine, api: Api
) -> None:
    engine.define_segment(segment, ALL)

    answer = api("GET", f"/segments/{quote(segment, safe='')}/export")

    assert answer.headers["content-disposition"] == (
        f"attachment; filename=\"{plain}.csv\"; filename*=UTF-8''{quote(segment, safe='')}.csv"
    )
    assert "set-cookie" not in answer.headers


def test_there_are_formulas_enough() -> None:
    assert len(set(FORMULAS)) >= 60


@pytest.mark.parametrize("formula", FORMULAS, ids=ascii)
def test_no_text_is_run_as_a_formula(formula: str, shared: tuple[Engine, Api]) -> None:
    engine, api = shared
    values = {"first_name": formula, "tags": [formula, "b"], "customField.note": formula}
    assert engine.load_contacts([{"id": "=1+1", **values}]).created == 1
    path = "/segments/all/export?fields=contact.id,contact.first_name,contact.tags,customField.note"

    (row,) = _rows(api("GET", path))[1:]
    (line,) = _lines(api("GET", f"{path}&format=ndjson"))

    assert row == ["'=1+1", f"'{formula}", f"'{formula}; b", f"'{formula}"]
    assert [*line.values()] == ["=1+1", formula, [formula, "b"], formula]


@pytest.mark.parametrize(
    "text",
    ['"', '""', 'a "b" c', "a,b", "a;b", "a\nb", "a\r\nb", "a\rb", "\n", " a ", "'a", "é", "日本語",
     "👩\u200d👩", "\u202eabc", "a\u2028b", "a\0b", "x" * 10_000, "1=1", "a@b.c"],
    ids=ascii,
)  # fmt: skip
def test_every_other_text_is_read_back_as_it_was(text: str, shared: tuple[Engine, Api]) -> None:
    engine, api = shared
    engine.load_contacts([{"id": "a", "customField.note": text}])

    assert _rows(api("GET", "/segments/all/export?fields=customField.note")) == [
        ["customField.note"], [text],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [(-1.0, "-1"), (0.1, "0.1"), (2.0**53, "9007199254740992"), (1e300, "1e+300"),
     (-1e-7, "-1e-07"), (7, "7"), (True, "true"), (False, "false"), (None, ""), ([], "")],
)  # fmt: skip
def test_a_value_that_is_no_text_is_a_cell(value: Any, text: str) -> None:
    assert cell(value) == text


NOTES = [*FORMULAS, *(f"'{formula}" for formula in FORMULAS), "'a'", "it's", "''"]
ODD_IDS = [one for one in FORMULAS if one.isprintable()]


def test_an_export_that_is_loaded_gives_the_texts_back(tmp_path: Path) -> None:
    engine = _of_formulas()
    path = tmp_path / "all.csv"
    path.write_bytes(b"".join(engine.segments.export("all", fields=PATHS)))
    other = Engine()
    other.define_field("customField.note", "string")

    assert other.load_contacts(path).rejected == ()

    assert len(ODD_IDS) >= 40
    assert _texts(other) == _texts(engine)


def test_an_export_that_is_imported_gives_the_texts_back(two: Two) -> None:
    acme, zeta = two.key("acme"), two.key("zeta")
    engine = _of_formulas()
    field = {"path": "customField.note", "data_type": "string"}
    assert two.ask("POST", "/api/fields", zeta, json=field).status_code == 201
    body = b"".join(engine.segments.export("all", fields=PATHS))

    shown = imported(two, zeta, "/contacts/import", body)

    assert (shown["state"], shown["rejected"]) == ("done", 0), shown
    with two.tenants.hold("zeta") as held:
        assert {one: texts for one, texts in _texts(held).items() if one != "of-zeta"} == (
            _texts(engine)
        )
    assert two.ask("GET", "/api/contacts", acme).json()["total"] == 1


PATHS = ["contact.id", "contact.first_name", "contact.tags", "contact.lead_score",
         "customField.note"]  # fmt: skip


def _of_formulas() -> Engine:
    """Return an engine with each formula as an id, a name, a tag and a note, and with numbers."""
    engine = Engine()
    engine.define_field("customField.note", "string")
    rows = [{"id": f"c{i}", "first_name": one, "customField.note": one, "lead_score": -i}
            for i, one in enumerate(NOTES)]  # fmt: skip
    tagged = [{"id": one, "tags": [one, "b"]} for one in ODD_IDS if ";" not in one]
    report = engine.load_contacts([*rows, *({"id": one} for one in ODD_IDS), *tagged])
    assert report.rejected == ()
    engine.define_segment("all", ALL)
    return engine


def _texts(engine: Engine) -> dict[str, Any]:
    if "all" not in engine.segments:
        engine.define_segment("all", ALL)
    lines = b"".join(engine.segments.export("all", "ndjson", fields=PATHS)).splitlines()
    return {one["contact.id"]: one for one in map(json.loads, lines)}


@pytest.mark.parametrize("formula", FORMULAS, ids=ascii)
def test_a_segment_that_is_called_like_a_formula_names_its_file_so_that_none_runs(
    formula: str, shared: tuple[Engine, Api]
) -> None:
    engine, api = shared
    engine.define_segment(formula, ALL)

    said = api("GET", f"/segments/{quote(formula, safe='')}/export").headers["content-disposition"]

    plain = "".join(one if re.match(r"[A-Za-z0-9.-]", one) else "_" for one in formula)
    named = f'attachment; filename="{plain}.csv"'
    encoded = f"; filename*=UTF-8''{quote(formula, safe='')}.csv"
    assert said == (named if plain == formula else named + encoded)


def _many(engine: Engine, count: int) -> list[str]:
    ids = [f"c{number}" for number in range(count)]
    engine.load_contacts([{"id": one, "country": "Chile"} for one in ids])
    engine.define_segment("all", ALL)
    return ids


def test_five_thousand_members_come_in_pages(engine: Engine, api: Api) -> None:
    ids = _many(engine, 5_000)
    rows = _rows(api("GET", "/segments/all/export?fields=contact.id,contact.country"))

    assert [len(page) for page in engine.segments.pages("all")] == [1_000] * 5
    assert rows == [["contact.id", "contact.country"], *([one, "Chile"] for one in ids)]
    assert [one["contact.id"] for one in _lines(
        api("GET", "/segments/all/export?format=ndjson&fields=contact.id")
    )] == ids  # fmt: skip


def _meanwhile(engine: Engine, monkeypatch: pytest.MonkeyPatch, happens: Any) -> None:
    """Let something happen each time a page was read."""
    pages = engine.segments.pages

    def watched(*args: Any, **more: Any) -> Iterator[Any]:
        for page in pages(*args, **more):
            yield page
            happens()

    monkeypatch.setattr(engine.segments, "pages", watched)


def test_who_is_erased_meanwhile_is_left_out_and_nobody_comes_in(
    engine: Engine, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _many(engine, 3_000)
    gone = ids[500:1_500] + ids[2_000:]

    def erase() -> None:
        engine.delete_contacts(gone)
        engine.load_contacts(
            [{"id": "new"}, {"id": ids[1_400]}, {"id": ids[1_600], "country": "X"}]
        )

    _meanwhile(engine, monkeypatch, erase)

    rows = _rows(api("GET", "/segments/all/export?fields=contact.id,contact.country"))[1:]

    assert [one for one, _ in rows] == ids[:1_000] + ids[1_500:2_000]
    assert dict(rows)[ids[1_600]] == "X"
    assert len(engine) == 1_002


def test_a_tenants_engine_stays_open_to_the_last_byte(
    two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = two.key("acme")
    two.ask("GET", "/api/tenant", key)
    open_then = []

    def sweep() -> None:
        two.clock.at += 60_000
        two.tenants.sweep()
        open_then.append(open_in(two.tenants))

    with two.tenants.hold("acme") as engine:
        _many(engine, 1_500)
        two.control.claim_segment("all", "acme")
        _meanwhile(engine, monkeypatch, sweep)

    answer = two.ask("GET", "/api/segments/all/export?fields=contact.id", key)
    two.clock.at += 60_000
    two.tenants.sweep()

    assert len(_rows(answer)) == 1 + 1_501
    assert open_then == [["acme"]] * 2
    assert open_in(two.tenants) == []


@pytest.mark.parametrize(
    ("query", "path"),
    [("fields=contact.nothing", "fields"), ("fields=contact.id,nothing", "fields"),
     ("fields=", "fields"), ("fields=,", "fields"), ("format=xlsx", "format"),
     ("format=", "format")],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_before_the_first_byte(
    query: str, path: str, engine: Engine, api: Api
) -> None:
    engine.define_segment("all", ALL)

    answer = api("GET", f"/segments/all/export?{query}")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "content-disposition" not in answer.headers
    assert {error["path"] for error in answer.json()["errors"]} == {path}


def test_a_segment_that_is_not_there_is_404(api: Api) -> None:
    answer = api("GET", "/segments/nothing/export")

    assert answer.status_code == 404
    assert "content-disposition" not in answer.headers


def test_pages_are_refused_as_they_are_asked_for() -> None:
    with pytest.raises(bitseg.UnknownSegmentError):
        Engine().segments.pages("nothing")


PARQUET = {
    "contact.id": pa.string(),
    "contact.tags": pa.list_(pa.string()),
    "contact.lead_score": pa.float64(),
    "contact.bounced": pa.bool_(),
    "customField.due": pa.timestamp("ms", tz="UTC"),
    "contact.first_name": pa.string(),
    "contact.company": pa.string(),
    "engagement.total_opens": pa.float64(),
    "engagement.last_opened_at": pa.timestamp("ms", tz="UTC"),
    "engagement.last_opened_device": pa.string(),
    "engagement.opened_last_email": pa.bool_(),
    "engagement.preferred_open_hour": pa.float64(),
    "engagement.revenue": pa.float64(),
}


def _table(answer: Response) -> pa.Table:
    assert answer.status_code == 200, answer.text
    return parquet.read_table(BytesIO(answer.content))


def test_parquet_has_a_column_of_a_plain_type_for_each_field(engine: Engine, api: Api) -> None:
    engine.load_contacts(
        [
            {"id": "ann", "first_name": "=1+1", "tags": ["a", "é"], "lead_score": -5,
             "bounced": False, "customField.due": "1969-12-31T23:59:59.999Z"},
            {"id": "bob", "lead_score": 1.5, "bounced": True},
        ]
    )  # fmt: skip
    opened = {"contact_id": "ann", "kind": "open", "at": "2024-05-01T09:30:00Z"}
    engine.load_events([{**opened, "device": "mobile"}])
    engine.define_segment("all", ALL)

    answer = api("GET", f"/segments/all/export?format=parquet&fields={','.join(PARQUET)}")
    table = _table(answer)

    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    assert answer.headers["content-disposition"] == 'attachment; filename="all.parquet"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert {one.name: one.type for one in table.schema} == PARQUET
    assert table.to_pylist() == [
        {
            "contact.id": "ann", "contact.tags": ["a", "é"], "contact.lead_score": -5.0,
            "contact.bounced": False, "contact.first_name": "=1+1", "contact.company": None,
            "customField.due": datetime(1969, 12, 31, 23, 59, 59, 999_000, UTC),
            "engagement.total_opens": 1.0,
            "engagement.last_opened_at": datetime(2024, 5, 1, 9, 30, tzinfo=UTC),
            "engagement.last_opened_device": "mobile", "engagement.opened_last_email": None,
            "engagement.preferred_open_hour": 9.0, "engagement.revenue": 0.0,
        },
        {
            "contact.id": "bob", "contact.tags": None, "contact.lead_score": 1.5,
            "contact.bounced": True, "contact.first_name": None, "contact.company": None,
            "customField.due": None, "engagement.total_opens": 0.0,
            "engagement.last_opened_at": None, "engagement.last_opened_device": None,
            "engagement.opened_last_email": None, "engagement.preferred_open_hour": None,
            "engagement.revenue": 0.0,
        },
    ]  # fmt: skip


def test_parquet_of_nobody_has_its_columns(engine: Engine, api: Api) -> None:
    engine.define_segment("all", ALL)

    table = _table(api("GET", "/segments/all/export?format=parquet"))

    assert table.num_rows == 0
    assert table.column_names == [*engine.fields]


def test_parquet_comes_a_row_group_at_a_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _many(engine, 10_001)
    monkeypatch.setattr("bitseg.exports.parquet.GROUP", 5_000)
    monkeypatch.setattr("bitseg.catalogue.exporting.PAGE", 1_000)
    parts = engine.segments.export("all", "parquet", fields=["contact.id", "contact.country"])

    first = next(parts)
    engine.delete_contacts(ids[6_000:7_500])
    engine.load_contacts([{"id": "new"}, {"id": ids[9_000], "country": "X"}])
    data = first + b"".join(parts)

    whole = parquet.ParquetFile(BytesIO(data))
    groups = [whole.metadata.row_group(i).num_rows for i in range(whole.num_row_groups)]
    assert groups == [5_000, 3_501]
    rows = dict(zip(*(column.to_pylist() for column in whole.read().columns), strict=True))
    assert [*rows] == ids[:6_000] + ids[7_500:]
    assert {one: country for one, country in rows.items() if country != "Chile"} == {
        ids[9_000]: "X"
    }


def test_parquet_and_ndjson_say_the_same_of_every_field(engine: Engine, api: Api) -> None:
    engine.load_contacts(synthetic.contacts(500, seed=3))
    engine.load_events(synthetic.events(500, 5_000, seed=3))
    engine.define_segment("all", ALL)

    lines = _lines(api("GET", "/segments/all/export?format=ndjson"))
    table = _table(api("GET", "/segments/all/export?format=parquet"))

    assert table.column_names == [*engine.fields]
    assert len(lines) == 500
    assert [
        {path: _shown(value) for path, value in row.items() if value is not None}
        for row in table.to_pylist()
    ] == lines


def _shown(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_field_that_changes_its_type_meanwhile_is_empty_from_then_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitseg.exports.parquet.GROUP", 1)
    monkeypatch.setattr("bitseg.catalogue.exporting.PAGE", 1)
    engine.define_field("customField.size", "string")
    engine.load_contacts([{"id": "ann"}, {"id": "bob"}])
    engine.define_segment("all", ALL)
    parts = engine.segments.export("all", "parquet", fields=["contact.id", "customField.size"])

    data = next(parts)
    engine.define_field("customField.size", "array")
    engine.load_contacts([{"id": "bob", "customField.size": ["x"]}])
    data += b"".join(parts)

    assert parquet.read_table(BytesIO(data)).to_pylist() == [
        {"contact.id": "ann", "customField.size": None},
        {"contact.id": "bob", "customField.size": None},
    ]


def test_a_format_that_is_none_is_refused_by_the_engine_too() -> None:
    engine = Engine()
    engine.define_segment("all", ALL)

    with pytest.raises(bitseg.FieldError) as refused:
        engine.segments.export("all", "xlsx")  # type: ignore[arg-type]

    assert [one.allowed for one in refused.value.faults] == [("csv", "ndjson", "parquet")]
