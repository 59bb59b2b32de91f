"""``bitseg preview`` tells how many contacts a definition has, and why so many."""

from __future__ import annotations

from datetime import datetime

import click

from bitseg import Preview, examples
from bitseg.cli.instants import Instant
from bitseg.cli.output import show_json, show_table
from bitseg.cli.sources import Sources, open_engine, source_options

_EXAMPLE = "example:"


@click.command()
@click.argument("rules")
@source_options
@click.option("--breakdown", is_flag=True, help="Count every condition and group on its own.")
@click.option(
    "--sample", type=click.IntRange(0, 50), default=0, metavar="N", help="Show N members (0-50)."
)
@click.option("--near-misses", is_flag=True, help="Count who fails just one condition.")
@click.option("--now", type=Instant(), help="Evaluate for this instant instead of the clock's.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def command(  # noqa: PLR0913 - one argument for each option
    rules: str,
    sources: Sources,
    *,
    breakdown: bool,
    sample: int,
    near_misses: bool,
    now: datetime | None,
    as_json: bool,
) -> None:
    """Count the contacts in RULES: a JSON file, - for standard input, or example:ID.

    Exit status 0 only if every row of the files went in.
    """
    definition = rules_of(rules)
    opened = open_engine(sources)
    with opened.engine as engine:
        answer = engine.preview(
            definition, breakdown=breakdown, sample=sample, near_misses=near_misses, now=now
        )
    if as_json:
        show_json(answer)
    else:
        _show(answer)
    if opened.left_out:
        click.get_current_context().exit(1)


def rules_of(source: str) -> bytes | dict[str, object]:
    """Return the rules that a file, standard input or an example has."""
    if not source.startswith(_EXAMPLE):
        try:
            with click.open_file(source, "rb") as file:  # "-" is standard input
                given: bytes = file.read()
                return given
        except OSError as error:
            raise click.BadParameter(f"{source}: {error.strerror}.", param_hint="RULES") from None
    by_id = {example.id: example.rules for example in examples.segments()}
    name = source.removeprefix(_EXAMPLE)
    if name not in by_id:
        raise click.BadParameter(
            f"Expected the id of an example, got '{name}'; there are {', '.join(by_id)}.",
            param_hint="RULES",
        )
    return by_id[name]


def _show(answer: Preview) -> None:
    click.echo(
        f"{answer.count:,} of {answer.total:,} contacts match; {answer.reachable:,} are reachable."
    )
    click.echo(f"Evaluated for {answer.now} in {answer.took_us:,} µs.")
    for remark in answer.lint:
        click.echo(f"note: {remark.message} – at `{remark.path}`")
    if answer.bounds:
        rows = ((path, *bounds) for path, bounds in answer.bounds.items())
        show_table("Relative dates", ("path", "from", "to"), rows)
    for title, counts in (
        ("Each on its own", answer.breakdown),
        ("Near misses", answer.near_misses),
    ):
        if counts is not None:
            show_table(title, ("path", "contacts"), counts.items(), numbers="contacts")
    for contact in answer.sample or ():
        values = (f"{path}={value}" for path, value in contact.items() if path != "contact.id")
        click.echo(f"{contact['contact.id']}: {', '.join(values)}")
