"""What people see: tables on standard output, progress and faults on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import click
import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from bitseg import Fault

Told: TypeAlias = Callable[[int, int | None], None]
"""Told of what is done, and of the whole; None = unknown."""

_NO_FOLD = 10_000


def show_faults(faults: Iterable[Fault]) -> None:
    """Print faults on standard error, one a line, with what would be right."""
    for fault in faults:
        allowed = f" (allowed: {', '.join(fault.allowed)})" if fault.allowed else ""
        click.echo(f"error: {fault}{allowed}", err=True)


def show_json(answer: Any) -> None:
    """Print an answer for programs."""
    click.echo(msgspec.json.format(msgspec.json.encode(answer)).decode())


def show_table(
    title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], *, numbers: str = ""
) -> None:
    """Print a table; a file or a pipe gets whole cells, whatever their width.

    Args:
        title: stands above it.
        columns: the heads.
        rows: the cells; None is an empty one.
        numbers: the head of the column that is aligned to the right.
    """
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD)
    for column in columns:
        right = column == numbers
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else _text(cell) for cell in row))
    console = Console()
    if not console.is_terminal:
        console.width = _NO_FOLD
    console.print(table, markup=False)


def _text(cell: object) -> str:
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)


@contextmanager
def progress(label: str, also: Told | None = None) -> Iterator[Told | None]:
    """Show a bar while the block runs; yields what to call with (done, total).

    Where standard error is no terminal there is no bar. With nobody to tell, there is None to call.

    Args:
        label: stands before the bar.
        also: called with the same.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield also
        return
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)

        def tell(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)
            if also is not None:
                also(done, total)

        yield tell
