"""``python -m bench`` names what can be measured; each verb is a file."""

from __future__ import annotations

import click

from bench import current, durable, http, loads, memory, previews


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure bitseg on generated data, and print what was measured on."""


main.add_command(current.command, "current")
main.add_command(durable.command, "durable")
main.add_command(http.command, "http")
main.add_command(loads.command, "loads")
main.add_command(memory.command, "memory")
main.add_command(previews.command, "previews")

if __name__ == "__main__":
    main()
