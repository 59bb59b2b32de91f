"""The command ``bitseg`` is a group: its own verbs, and those that other packages add."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from bitseg import BitsegError
from bitseg.cli import backup, generate, importing, preview, restore, segment, snapshot, verify
from bitseg.cli.output import show_faults


class Commands(click.Group):
    """Own verbs and those of the entry-point group ``bitseg.commands``, loaded when asked for.

    An error that bitseg raised on purpose is shown fault by fault, and is exit status 1.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all verbs."""
        return sorted({*super().list_commands(ctx), *_added()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb by its name."""
        own = super().get_command(ctx, cmd_name)
        added = _added()
        if own is not None or cmd_name not in added:
            return own
        loaded: click.Command = added[cmd_name].load()
        return loaded

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; show what it could not do."""
        try:
            return super().invoke(ctx)
        except BitsegError as error:
            show_faults(error.faults)
            ctx.exit(1)


def _added() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group="bitseg.commands")}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bitseg")
def main() -> None:
    """Segments of contacts: exact, in microseconds."""


for _name, _command in (
    ("backup", backup.command),
    ("generate", generate.command),
    ("import", importing.command),
    ("preview", preview.command),
    ("restore", restore.command),
    ("segment", segment.command),
    ("snapshot", snapshot.command),
    ("verify", verify.command),
):
    main.add_command(_command, _name)
