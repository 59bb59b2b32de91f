"""A figure is the numbers of one case; the report shows figures as tables and as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import click
import msgspec
import numpy as np
import numpy.typing as npt

from bench import data

_MOUNTS: Final = Path("/proc/self/mounts")


class Setting(msgspec.Struct, frozen=True):
    """What a part is measured with.

    Attributes:
        contacts: how many contacts the tenant has.
        events: how many events.
        rounds: how often each case is measured; the median counts.
        directory: where files are made: on the disk that is to be measured.
    """

    contacts: int
    events: int
    rounds: int
    directory: Path


class Figure(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers of one case.

    Attributes:
        part: what it belongs to.
        case: what was done.
        values: number by name; the name ends in its unit.
        target: what is wanted, in words.
        met: whether it is so.
    """

    part: str
    case: str
    values: dict[str, float]
    target: str = ""
    met: bool | None = None


class Report(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that one run measured.

    Attributes:
        contacts: how many contacts the tenant had.
        events: how many events.
        rounds: how often each case was measured.
        busy: the machine's load average over a minute before and after, this run included.
        machine: what it was measured on.
        figures: case by case.
    """

    contacts: int
    events: int
    rounds: int
    busy: tuple[float, float]
    machine: dict[str, str]
    figures: list[Figure] = []


def spread(seconds: npt.ArrayLike) -> dict[str, float]:
    """Return the median, the 99th percentile and the most of times, in ms, and how many."""
    taken = np.asarray(seconds) * 1e3
    p50, p99, most = np.percentile(taken, (50, 99, 100)).tolist()
    return {"p50 ms": p50, "p99 ms": p99, "max ms": most, "n": taken.size}


def middle(rounds: Iterable[dict[str, float]]) -> dict[str, float]:
    """Return the median of each number over rounds; the most of a maximum, the sum of counts."""
    found = list(rounds)
    columns = {name: [one[name] for one in found] for name in found[0]}
    over: dict[str, Callable[[list[float]], float]] = {"max ms": max, "n": sum}
    return {name: over.get(name, median)(column) for name, column in columns.items()}


def at_most(part: str, case: str, values: dict[str, float], name: str, most: float) -> Figure:
    """Return a figure one of whose numbers should not be above a target."""
    return Figure(part, case, values, f"{name} ≤ {most:g}", values[name] <= most)


def at_least(part: str, case: str, values: dict[str, float], name: str, least: float) -> Figure:
    """Return a figure one of whose numbers should not be below a target."""
    return Figure(part, case, values, f"{name} ≥ {least:g}", values[name] >= least)


def machine(directory: Path, sqlite: str) -> dict[str, str]:
    """Return what durable figures depend on besides the code."""
    system = {"kernel": platform.release(), "file system": _file_system(directory)}
    return {**data.machine(), **system, "sqlite": sqlite}


@contextmanager
def kept(keep: Path | None) -> Iterator[Path]:
    """Yield the directory that files are made in: one to keep, or a temporary one."""
    if keep is None:
        with TemporaryDirectory(prefix="bitseg-bench-") as directory:
            yield Path(directory)
    else:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep


def show(
    setting: Setting,
    parts: Iterable[Callable[[], list[Figure]]],
    sqlite: str = "",
    *,
    as_json: bool,
) -> None:
    """Measure part by part, and print each as a table and then the report, or all as JSON."""
    before = load_average()
    figures = []
    for measure in parts:
        measured = measure()
        figures += measured
        if not as_json:
            click.echo(table(measured) + "\n")
    report = Report(
        *(setting.contacts, setting.events, setting.rounds, (before, load_average())),
        machine(setting.directory, sqlite),
        figures,
    )
    shown = report if as_json else msgspec.structs.replace(report, figures=[])
    click.echo(msgspec.json.encode(shown))


def load_average() -> float:
    """Return how many processes wanted to run over the last minute."""
    return os.getloadavg()[0]


def table(figures: Iterable[Figure]) -> str:
    """Return figures as text, those with the same numbers below each other."""
    alike = groupby(figures, key=lambda one: (one.part, tuple(one.values)))
    return "\n\n".join(_block(part, names, list(rows)) for (part, names), rows in alike)


def _block(part: str, names: tuple[str, ...], rows: list[Figure]) -> str:
    wide = max(len(part), *(len(one.case) for one in rows))
    lines = [f"{part:{wide}}" + "".join(f"{name:>{_width(name)}}" for name in names)]
    for one in rows:
        cells = "".join(f"{_shown(one.values[name]):>{_width(name)}}" for name in names)
        lines.append(f"{one.case:{wide}}{cells}{_verdict(one)}".rstrip())
    return "\n".join(lines)


def _width(name: str) -> int:
    return max(len(name), 9) + 2


def _shown(number: float) -> str:
    if number == int(number) or abs(number) >= 1_000:
        return f"{number:,.0f}"
    return f"{number:,.1f}" if abs(number) >= 100 else f"{number:.3g}"


def _verdict(one: Figure) -> str:
    return "" if one.met is None else f"  {'met' if one.met else 'NOT MET'}: {one.target}"


def _file_system(directory: Path) -> str:
    """Return the kind of file system that a directory is on: tmpfs never syncs."""
    where = directory.resolve()
    kinds = [line.split()[1:3] for line in _MOUNTS.read_text().splitlines()]
    above = [(len(at), kind) for at, kind in kinds if where.is_relative_to(at)]
    return max(above)[1]
