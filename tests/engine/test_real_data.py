"""Real customers: the engine counts in Hillstrom's published table what DuckDB counts in it.

The table (64,000 customers of an e-mail experiment) is its author's and is not kept here. Its
aggregates are, in `tests/cases/hillstrom.json`: from the cross table come customers that cannot be
told from the real ones by what the aggregates know. Where `BITSEG_REAL_DATA` names the published
CSV file, that file is loaded and asked all questions. `tests/cases/hillstrom.py` is the recipe of
the figures.

The file has no instants and no ids. Here everybody in an arm with an e-mail is sent it at one
instant, a visit is a click a day later, and a conversion follows the visit after another hour;
customers are numbered from 1 in the order of the file.
"""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import csv

import bitseg
from tests.cases import hillstrom
from tests.engine.making import Json, all_of, field, group

CASE: Final = hillstrom.cases()
QUESTIONS: Final[list[Json]] = CASE["questions"]
ARMS: Final[dict[str, dict[str, float]]] = CASE["arms"]
NOBODY: Final = "No E-Mail"
NOW: Final = datetime(2008, 3, 20, 10, tzinfo=UTC)
SENT: Final = int(datetime(2008, 3, 6, 10, tzinfo=UTC).timestamp()) * 1_000
HOUR: Final = 3_600_000
MAPPING: Final = {"customer": "contact.id", "segment": "customField.arm"}
REAL_DATA: Final = os.environ.get("BITSEG_REAL_DATA", "")


def _named(question: Json) -> str:
    return str(question["name"])


def _numbered(count: int) -> pa.Array:
    return pa.array([str(number) for number in range(1, count + 1)])


def _from_aggregates() -> pa.Table:
    """Return customers that fill every cell of the cross table, with their arms' spending."""
    cells = np.array(CASE["cells"])
    row_of = np.repeat(np.arange(len(cells)), cells[:, -1])
    columns = {
        name: pa.array(values).take(pa.array(cells[row_of, place]))
        for place, (name, values) in enumerate(CASE["columns"].items())
    }
    spent = np.zeros(len(row_of))
    for arm, figures in ARMS.items():
        converted = pc.and_(pc.equal(columns["segment"], arm), pc.equal(columns["conversion"], 1))
        rows = np.flatnonzero(converted.to_numpy(zero_copy_only=False))
        total = int(figures["cents"])
        cents = np.full(len(rows), total // len(rows))
        cents[: total % len(rows)] += 1
        spent[rows] = cents / 100
    return pa.table({"customer": _numbered(len(row_of)), **columns, "spend": spent})


def _events(customers: pa.Table) -> pa.Table:
    """Return what happened to customers: was sent, visited, converted."""
    sent = customers.filter(pc.not_equal(customers["segment"], NOBODY))
    clicked = customers.filter(pc.equal(customers["visit"], 1))
    converted = customers.filter(pc.equal(customers["conversion"], 1))
    return pa.concat_tables(
        [
            _happened(sent, "sent", SENT),
            _happened(clicked, "click", SENT + 24 * HOUR),
            _happened(converted, "conversion", SENT + 25 * HOUR),
        ]
    )


def _happened(customers: pa.Table, kind: str, at: int) -> pa.Table:
    rows = len(customers)
    arm = customers["segment"].combine_chunks()
    amounts = customers["spend"] if kind == "conversion" else pa.nulls(rows, pa.float64())
    return pa.table(
        {
            "contact_id": customers["customer"],
            "kind": pa.repeat(kind, rows),
            "at": pa.repeat(at, rows),
            "campaign": pc.if_else(pc.equal(arm, NOBODY), None, arm),
            "amount": amounts,
        }
    )


def _engine(contacts: pa.Table | Path, customers: pa.Table) -> bitseg.Engine:
    engine = bitseg.Engine()
    loaded = engine.load_contacts(contacts, mapping=MAPPING)
    assert (loaded.created, loaded.rejected_count) == (64_000, 0)
    events = _events(customers)
    recorded = engine.load_events(events)
    assert (recorded.accepted, recorded.rejected_count) == (len(events), 0)
    return engine


def _figures(engine: bitseg.Engine, arm: str) -> dict[str, float]:
    """Return an arm's size, shares in percent and spending a head, to 4 digits."""
    in_arm = field("customField.arm", "equals", arm)
    size = engine.count(all_of(in_arm), NOW)
    visited = engine.count(all_of(in_arm, {"event": "click"}), NOW)
    converted = engine.select(all_of(in_arm, {"event": "conversion"}), NOW)
    spent = math.fsum(engine.contact(one, NOW)["engagement.revenue"] for one in converted.ids())
    return {
        "contacts": size,
        "visit": round(100 * visited / size, 4),
        "conversion": round(100 * len(converted) / size, 4),
        "spend": round(spent / size, 4),
        "cents": round(100 * spent),
    }


@pytest.fixture(scope="module")
def rebuilt() -> bitseg.Engine:
    customers = _from_aggregates()
    return _engine(customers.drop(["visit", "conversion", "spend"]), customers)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> bitseg.Engine:
    if not REAL_DATA:
        pytest.skip("BITSEG_REAL_DATA names no file")
    numbered = tmp_path_factory.mktemp("hillstrom") / "customers.csv"
    with Path(REAL_DATA).open(encoding="utf-8") as lines, numbered.open("w") as out:
        out.write(f"customer,{next(lines)}")
        out.writelines(f"{number},{line}" for number, line in enumerate(lines, 1))
    as_text = csv.ConvertOptions(column_types={"customer": pa.string()})
    return _engine(numbered, csv.read_csv(numbered, convert_options=as_text))


@pytest.mark.parametrize("arm", ARMS)
def test_the_published_figures_of_an_arm_come_out_of_the_aggregates(
    rebuilt: bitseg.Engine, arm: str
) -> None:
    assert _figures(rebuilt, arm) == ARMS[arm]


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one["in_table"]], ids=_named)
def test_what_the_aggregates_determine_is_counted_exactly(
    rebuilt: bitseg.Engine, question: Json
) -> None:
    assert rebuilt.count(question["rules"], NOW) == question["count"]


@pytest.mark.parametrize("arm", ARMS)
def test_the_published_figures_of_an_arm_come_out_of_the_file(
    real: bitseg.Engine, arm: str
) -> None:
    assert _figures(real, arm) == ARMS[arm]


@pytest.mark.parametrize("question", QUESTIONS, ids=_named)
def test_the_file_is_counted_exactly(real: bitseg.Engine, question: Json) -> None:
    assert real.count(question["rules"], NOW) == question["count"]
    assert len(real.select(question["rules"], NOW)) == question["count"]


def test_the_file_still_gives_the_figures_that_are_kept() -> None:
    if not REAL_DATA:
        pytest.skip("BITSEG_REAL_DATA names no file")
    taken: dict[str, Any] = hillstrom.taken(Path(REAL_DATA))
    assert taken == CASE


def test_a_spend_column_and_the_conversions_agree(real: bitseg.Engine) -> None:
    either = [
        all_of(field("customField.spend", "greater_than", 0)),
        all_of(field("engagement.revenue", "greater_than", 0)),
        all_of(group("any", {"event": "conversion"})),
    ]
    first, *others = [list(real.select(rules, NOW).ids()) for rules in either]
    assert len(first) == 578
    assert others == [first, first]


def test_the_case_file_is_small_and_says_what_was_published() -> None:
    assert hillstrom.CASES.stat().st_size < 100_000
    shares = {arm: (row["visit"], row["conversion"], row["spend"]) for arm, row in ARMS.items()}
    assert shares == {
        "Mens E-Mail": (18.2757, 1.2531, 1.4226),
        "Womens E-Mail": (15.14, 0.8837, 1.0772),
        "No E-Mail": (10.6167, 0.5726, 0.6528),
    }
