"""``bitseg segment`` lists, makes and exports the segments of a database."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal, TypeAlias

import click

from bitseg import Engine
from bitseg.cli.database import FILE, NEW_FILE, database_argument, open_database
from bitseg.cli.output import show_json, show_table
from bitseg.cli.preview import rules_of

Format: TypeAlias = Literal["csv", "ndjson", "parquet"]
FORMAT = click.Choice(["csv", "ndjson", "parquet"])


@click.group()
def command() -> None:
    """List, create and export the segments of a database."""


@command.command("list")
@database_argument
@click.option("--search", default="", help="Only those with this in their name or description.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def list_segments(database: Path, *, search: str, as_json: bool) -> None:
    """List the segments of DB, and how many members each has now."""
    with open_database(database) as engine:
        page = engine.segments.find(search, limit=sys.maxsize)
    if as_json:
        show_json(page)
        return
    rows = ((one.id, one.name, one.segment_type, one.contact_count) for one in page.items)
    show_table("Segments", ("id", "name", "type", "members"), rows, numbers="members")


@command.command("create")
@database_argument
@click.argument("name")
@click.option("--rules", help="A dynamic one: a JSON file, - for standard input, or example:ID.")
@click.option("--ids", type=FILE, help="A static one: a file with the id of a contact a line.")
@click.option("--description", default="", help="More words.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a sentence.")
def create_segment(  # noqa: PLR0913 - one argument for each option
    database: Path,
    name: str,
    *,
    rules: str | None,
    ids: Path | None,
    description: str,
    as_json: bool,
) -> None:
    """Save a segment called NAME in DB, by --rules or by --ids.

    Exit status 0 only if every id is a contact's.
    """
    given: dict[str, Any] = {
        "rules": None if rules is None else rules_of(rules),
        "contact_ids": None if ids is None else _lines(ids),
    }
    with open_database(database) as engine:
        made = engine.segments.create(name, **given, description=description)
    if as_json:
        show_json(made)
    else:
        click.echo(f"{made.name} is {made.id} and has {made.contact_count:,} members now.")
    if made.not_found:
        click.echo(f"No contact has the ids {', '.join(made.not_found)}.", err=True)
        click.get_current_context().exit(1)


@command.command("export")
@database_argument
@click.argument("segment")
@click.option("--format", "form", type=FORMAT, default="csv", show_default=True)
@click.option("--fields", help="Field paths, separated by commas; without it, all.")
@click.option("--out", type=NEW_FILE, help="Write it here instead of to standard output.")
def export_segment(
    database: Path, segment: str, *, form: Format, fields: str | None, out: Path | None
) -> None:
    """Write all members of SEGMENT, an id or a name, as a file."""
    wanted = None if fields is None else [one for one in fields.split(",") if one]
    with open_database(database) as engine:
        parts = engine.segments.export(_id_of(engine, segment), form, fields=wanted)
        try:
            with click.open_file("-" if out is None else out, "wb") as file:
                file.writelines(parts)
        except OSError as error:
            raise click.FileError(str(out or "standard output"), str(error.strerror)) from None


def _id_of(engine: Engine, segment: str) -> str:
    """Return the id of a segment that is said by id, or by a name that only one has."""
    if segment in engine.segments:
        return segment
    page = engine.segments.find(limit=sys.maxsize)
    called = [one.id for one in page.items if one.name == segment]
    if len(called) > 1:
        message = f"Several are called {segment!r}; say which by its id: {', '.join(called)}."
        raise click.BadParameter(message, param_hint="SEGMENT")
    return called[0] if called else segment


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path}: {error}.", param_hint="--ids") from None
    return [line for line in lines if line]
