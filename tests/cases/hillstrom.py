"""The recipe of `hillstrom.json`: what DuckDB counts in the published file, taken anew.

`python -m tests.cases.hillstrom FILE.csv` reads the questions of the case file, which are written
by hand, and replaces its figures. The file itself is its author's, so that only aggregates of it
are kept: the shares of each arm, the counts of the questions, and a cross table of its columns
with the months and the money in bands.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import duckdb

CASES: Final = Path(__file__).with_suffix(".json")
BANDS: Final[dict[str, tuple[int, ...]]] = {"recency": (1, 4, 7, 10), "history": (0, 200, 500)}
"""Where each band of a number begins, below the next one's beginning."""
COLUMNS: Final = (
    "recency", "history", "mens", "womens", "zip_code", "newbie", "channel", "segment", "visit",
    "conversion",
)  # fmt: skip
"""The columns of the cross table, as the file names them."""


def cases() -> dict[str, Any]:
    """Read the case file."""
    read: dict[str, Any] = json.loads(CASES.read_text(encoding="utf-8"))
    return read


def taken(path: Path) -> dict[str, Any]:
    """Return the case file with every figure as DuckDB counts it in the published file."""
    old = cases()
    with duckdb.connect() as db:
        customers = db.read_csv(path)
        questions = [{**one, "count": _count(customers, one["sql"])} for one in old["questions"]]
        values, cells = _cross_table(customers)
        arms = _arms(customers)
    return {**old, "arms": arms, "questions": questions, "columns": values, "cells": cells}


def _count(customers: duckdb.DuckDBPyRelation, condition: str) -> int:
    return len(customers.filter(condition))


def _arms(customers: duckdb.DuckDBPyRelation) -> dict[str, Any]:
    """Return each arm's size, its shares in percent and its spending a head, to 4 digits."""
    figures = customers.aggregate(
        "segment, count(*), round(100 * avg(visit), 4), round(100 * avg(conversion), 4),"
        " round(avg(spend), 4), CAST(sum(round(100 * spend)) AS BIGINT)"
    )
    names = ("contacts", "visit", "conversion", "spend", "cents")
    return {arm: dict(zip(names, rest, strict=True)) for arm, *rest in sorted(figures.fetchall())}


def _cross_table(
    customers: duckdb.DuckDBPyRelation,
) -> tuple[dict[str, list[Any]], list[list[int]]]:
    """Return each column's values, and cells of an index into each of these and a count."""
    shown = ", ".join(_banded(name) for name in COLUMNS)
    rows = customers.project(shown).aggregate(f"{', '.join(COLUMNS)}, count(*)").fetchall()
    values: dict[str, list[Any]] = {
        name: sorted({row[place] for row in rows}) for place, name in enumerate(COLUMNS)
    }
    cells = [
        [values[name].index(value) for name, value in zip(COLUMNS, row, strict=False)] + [row[-1]]
        for row in rows
    ]
    return values, sorted(cells)


def _banded(name: str) -> str:
    """Return SQL that gives a column, or where the band of its number begins."""
    if name not in BANDS:
        return name
    begins = sorted(BANDS[name], reverse=True)
    cases_of = " ".join(f"WHEN {name} >= {begin} THEN {begin}" for begin in begins)
    return f"CASE {cases_of} END AS {name}"


def written(case: dict[str, Any]) -> str:
    """Return the case file's text: as JSON does it, but for a cell a line."""
    head = json.dumps({**case, "cells": []}, indent=1, ensure_ascii=False).removesuffix("[]\n}")
    cells = ",\n".join(json.dumps(cell, separators=(",", ":")) for cell in case["cells"])
    return f"{head}[\n{cells}\n]}}\n"


if __name__ == "__main__":
    CASES.write_text(written(taken(Path(sys.argv[1]))), encoding="utf-8")
