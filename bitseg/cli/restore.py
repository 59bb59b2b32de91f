"""``bitseg restore`` makes a database of a backup, without those who were erased since."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

import bitseg
from bitseg import BitsegError, InUseError, StoreError
from bitseg.cli.database import FILE, NEW_FILE
from bitseg.cli.output import progress, show_json, show_table

ASIDE = "before-restore"


@click.command()
@click.argument("backup", metavar="BACKUP", type=FILE)
@click.argument("database", metavar="DB", type=NEW_FILE)
@click.option(
    "--erasures",
    type=FILE,
    help="The list of who was erased; without it, the one beside DB, where there is one.",
)
@click.option(
    "--replace",
    is_flag=True,
    help=f"Put the backup in the place of a DB that is there; that is kept, as DB.{ASIDE}.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def command(
    backup: Path, database: Path, erasures: Path | None, *, replace: bool, as_json: bool
) -> None:
    """Make DB of BACKUP, and erase again who was erased since BACKUP was made.

    DB takes its name only when it is whole.
    """
    with _replacing(database, backup, replace=replace), progress("restore"):
        done = bitseg.restore(backup, database, erasures)
    if as_json:
        show_json(done)
        return
    rows = {"contacts": done.contacts, "erased again": done.erased}
    show_table(f"Restored {database}", ("", "number"), rows.items(), numbers="number")


@contextmanager
def _replacing(database: Path, backup: Path, *, replace: bool) -> Iterator[None]:
    """Move a file that is there out of the way, and back if the block fails."""
    if not database.exists():
        yield
        return
    if backup.samefile(database):
        raise click.UsageError(f"Expected a backup beside {database}, got the file itself.")
    aside = database.with_name(f"{database.name}.{ASIDE}")
    if not replace:
        raise StoreError(
            f"{database} is there already; --replace puts the backup in its place, and keeps what "
            f"is there as {aside}"
        )
    _check_free(database)
    database.replace(aside)
    try:
        yield
    except BaseException:
        aside.replace(database)
        raise


class _Free(Exception):  # noqa: N818 - it ends an opening, and is no error
    """Nobody has the file."""


def _check_free(database: Path) -> None:
    """Refuse a file that a process has open: opening tells, before it reads what may be damaged.

    Raises:
        InUseError: a process has it.
    """

    def stop(_done: int, _total: int | None) -> None:
        raise _Free

    try:
        bitseg.open(database, progress=stop).close()
    except InUseError:
        raise
    except (_Free, BitsegError):
        pass  # it is free, be it whole or not
