"""The four-leaf preview beside DuckDB, on the same data in one run.

DuckDB is helped as a good user would: it gets Arrow's types, two threads, the events of the kind
sorted by time, and tags as lists. Its count must be the engine's before either time is believed.
The engine answers for a clock that moves 1 s before each round; DuckDB for one instant.
"""

from __future__ import annotations

import duckdb
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import data
from bench.data import EVENTS_A_CONTACT, FOUR_LEAVES, SEED, START, Clock
from bitseg import Engine, synthetic

DAY = 86_400_000
ROUNDS = 15
GROUP = "four leaves, beside DuckDB"
OPENS = """
create table opens as
select contact_id, "at" from happened where kind = 'open' order by "at"
"""
SQL = f"""
select count(*) from contacts
where country in ('United States', 'Canada') and lead_score >= 50
  and not coalesce(list_contains(tags, 'unqualified'), false)
  and id in (
    select contact_id from opens
    where "at" > epoch_ms({START - 30 * DAY}) and "at" <= epoch_ms({START})
    group by contact_id having count(*) >= 5
  )
"""  # noqa: S608 - of constants only


@pytest.fixture(scope="module")
def sizes() -> tuple[int, int]:
    """Contacts and events."""
    contacts, _ = data.size()
    return contacts, contacts * EVENTS_A_CONTACT


@pytest.fixture(scope="module")
def duck(sizes: tuple[int, int]) -> duckdb.DuckDBPyConnection:
    """The same tenant in DuckDB."""
    contacts, events = sizes
    connection = duckdb.connect()
    people = synthetic.contacts(contacts, SEED, START)
    connection.execute("create table contacts as select * from people")
    happened = synthetic.events(contacts, events, SEED, START)
    connection.execute(OPENS)
    del people, happened
    return connection


@pytest.fixture(scope="module")
def tenant(sizes: tuple[int, int]) -> tuple[Engine, Clock]:
    """The same tenant in the engine, and its clock."""
    clock = Clock()
    return data.filled(*sizes, clock), clock


def _count(duck: duckdb.DuckDBPyConnection) -> int:
    row = duck.execute(SQL).fetchone()
    assert row is not None
    return int(row[0])


def test_the_counts_are_the_same(
    duck: duckdb.DuckDBPyConnection, tenant: tuple[Engine, Clock]
) -> None:
    """No time is worth anything before this holds."""
    assert _count(duck) == tenant[0].count(FOUR_LEAVES)


@pytest.mark.benchmark(group=GROUP)
def test_duckdb(benchmark: BenchmarkFixture, duck: duckdb.DuckDBPyConnection) -> None:
    """The peer, with everything in memory and warm."""
    benchmark.pedantic(_count, (duck,), rounds=ROUNDS, warmup_rounds=2)  # type: ignore[no-untyped-call] # it has no types


@pytest.mark.benchmark(group=GROUP)
def test_bitseg_cold(benchmark: BenchmarkFixture, tenant: tuple[Engine, Clock]) -> None:
    """The first time a person asks."""
    engine, _ = tenant

    def forget() -> None:
        engine.drop_kept()

    benchmark.pedantic(engine.count, (FOUR_LEAVES,), setup=forget, rounds=ROUNDS, warmup_rounds=2)  # type: ignore[no-untyped-call] # likewise


@pytest.mark.benchmark(group=GROUP)
def test_bitseg_warm(benchmark: BenchmarkFixture, tenant: tuple[Engine, Clock]) -> None:
    """Every time after, a second later each."""
    engine, clock = tenant

    def pass_a_second() -> None:
        clock.advance(1_000)

    benchmark.pedantic(  # type: ignore[no-untyped-call] # likewise
        engine.count, (FOUR_LEAVES,), setup=pass_a_second, rounds=300, warmup_rounds=2
    )
