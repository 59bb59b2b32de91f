"""The report: percentiles, medians of rounds, targets, and tables."""

from __future__ import annotations

from pathlib import Path

from bench.durable_report import Figure, at_least, at_most, machine, middle, spread, table


def test_times_are_told_by_their_median_their_hundredth_worst_and_their_worst() -> None:
    found = spread([number / 1_000 for number in range(1, 102)])

    assert {name: round(value, 6) for name, value in found.items()} == {
        "p50 ms": 51,
        "p99 ms": 100,
        "max ms": 101,
        "n": 101,
    }


def test_the_median_of_rounds_counts_but_the_worst_of_all_stays() -> None:
    rounds = [
        {"p99 ms": 3.0, "max ms": 9.0, "n": 10},
        {"p99 ms": 1.0, "max ms": 40.0, "n": 12},
        {"p99 ms": 2.0, "max ms": 5.0, "n": 11},
    ]

    assert middle(rounds) == {"p99 ms": 2.0, "max ms": 40.0, "n": 33}


def test_a_target_that_is_just_reached_is_met() -> None:
    assert at_most("bulk", "a", {"s": 3.0}, "s", 3.0).met
    assert not at_most("bulk", "a", {"s": 3.1}, "s", 3.0).met
    assert at_least("bulk", "a", {"ratio": 0.6}, "ratio", 0.6).met
    assert not at_least("bulk", "a", {"ratio": 0.59}, "ratio", 0.6).met


def test_a_table_shows_numbers_and_what_was_missed() -> None:
    figures = [
        Figure("start", "closed", {"s": 1.25, "MB": 1_234_567}),
        Figure("start", "killed", {"s": 4.5, "MB": 250.26}, "s ≤ 3", met=False),
    ]

    assert table(figures).splitlines() == [
        "start           s         MB",
        "closed       1.25  1,234,567",
        "killed        4.5      250.3  NOT MET: s ≤ 3",
    ]


def test_figures_with_other_numbers_have_a_table_of_their_own() -> None:
    figures = [Figure("bulk", "a", {"s": 1}), Figure("bulk", "b", {"MB": 2})]

    assert table(figures).splitlines() == [
        "bulk          s",
        "a             1",
        "",
        "bulk         MB",
        "b             2",
    ]


def test_the_machine_is_named_with_its_file_system_and_sqlite(tmp_path: Path) -> None:
    found = machine(tmp_path, "3.40.1")

    assert found["sqlite"] == "3.40.1"
    assert {"python", "numpy", "processors", "kernel", "file system"} <= found.keys()
