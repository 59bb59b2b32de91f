"""The engine gives to random definitions the members that SQLite finds for the same in SQL.

`BITSEG_PROFILE=ci|long` sets how many definitions, and `BITSEG_SEED` where the seeds start. A
failure prints its seed, the definition and the statement.
"""

from __future__ import annotations

import json
from collections import Counter
from random import Random
from typing import Final

import pytest

from tests.oracle.profile import first_seed, profile
from tests.properties.sql.drawing import Drawing, Label, expected_labels
from tests.properties.sql.tables import statement_of, tables_of
from tests.properties.sql.tenants import (
    CONTACTS,
    Json,
    Tenant,
    draw_tenant,
    engine_ids,
    engine_of,
)

DEFINITIONS: Final = {"ci": 1_000, "long": 20_000}
PER_TENANT: Final = 50
PARTS: Final = 10


def _seeds() -> range:
    count = DEFINITIONS[profile().name] // PER_TENANT
    return range(first_seed(), first_seed() + count)


def _drawn(seed: int) -> tuple[Tenant, Drawing, list[tuple[Json, int]]]:
    random = Random(seed)  # noqa: S311 - the same tenant every time
    tenant = draw_tenant(random)
    drawing = Drawing(random, tenant)
    return tenant, drawing, drawing.definitions(PER_TENANT)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_answer_is_the_databases_answer(part: int) -> None:
    for seed in _seeds()[part::PARTS]:
        tenant, _, asked = _drawn(seed)
        engine, db = engine_of(tenant), tables_of(tenant)
        for number, (definition, now) in enumerate(asked):
            sql, bound = statement_of(tenant, definition, now)
            expected = [one for (one,) in db.execute(sql, bound)]
            answer = engine_ids(engine, definition, now)
            if answer != expected:
                pytest.fail(
                    f"BITSEG_SEED={seed}, definition {number}, now={now}\n"
                    f"{json.dumps(definition, ensure_ascii=False)}\n{sql}\n{bound}\n"
                    f"the engine alone has {sorted(set(answer) - set(expected))}\n"
                    f"SQL alone has {sorted(set(expected) - set(answer))}",
                    pytrace=False,
                )
        db.close()


def test_every_operator_was_asked_often() -> None:
    counted: Counter[Label] = Counter()
    for seed in _seeds():
        _, drawing, _ = _drawn(seed)
        counted += drawing.used
    least = profile().least_uses
    assert {label: counted[label] for label in expected_labels() if counted[label] < least} == {}


def test_at_least_a_third_of_the_definitions_divide_the_contacts() -> None:
    divided = 0
    for seed in _seeds()[:4]:
        tenant, _, asked = _drawn(seed)
        db = tables_of(tenant)
        for definition, now in asked:
            sql, bound = statement_of(tenant, definition, now)
            divided += 0 < len(db.execute(sql, bound).fetchall()) < CONTACTS
        db.close()
    assert divided * 3 >= 4 * PER_TENANT
