"""The data that everything is measured on: one made-up tenant, the same for the same size."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, TypeVar

import click

from bitseg import Engine, examples, synthetic

SEED: Final = 1
START: Final = int(datetime(2025, 11, 27, 16, tzinfo=UTC).timestamp()) * 1_000
"""The instant the history leads up to, ms since 1970 UTC: a Thursday, during a mailing, and 30 days
after one, so that events cross both ends of the windows. NOTES.md has the measured rates."""
EVENTS_A_CONTACT: Final = 10
PACKAGES: Final = ("numpy", "pyroaring", "pyarrow", "numba", "msgspec")

Rules = dict[str, Any]
Command = TypeVar("Command", bound=Callable[..., Any])

FOUR_LEAVES: Final[Rules] = {
    "match": "all",
    "groups": [
        {
            "match": "all",
            "conditions": [
                {
                    "field": "contact.country",
                    "operator": "in",
                    "value": ["United States", "Canada"],
                },
                {"field": "contact.lead_score", "operator": "greater_or_equal", "value": 50},
                {"field": "contact.tags", "operator": "not_contains", "value": "unqualified"},
                {
                    "event": "open",
                    "within": "30d",
                    "operator": "greater_or_equal",
                    "value": 5,
                },
            ],
        }
    ],
}
"""The preview that a person edits: two attributes, a tag to leave out, and recent opens."""


class Clock:
    """The engine's clock, moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> int:
        """Return the instant, ms since 1970 UTC."""
        return self.at

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.at += ms


def size() -> tuple[int, int]:
    """Return contacts and events as the environment says, by default 1 M and 10 M."""
    contacts = int(os.environ.get("BITSEG_BENCH_CONTACTS", "1000000"))
    events = int(os.environ.get("BITSEG_BENCH_EVENTS", contacts * EVENTS_A_CONTACT))
    return contacts, events


def size_options(command: Command) -> Command:
    """Give a command ``--contacts`` and ``--events``."""
    contacts, events = size()
    for option in (
        click.option("--events", type=click.IntRange(min=0), default=events, show_default=True),
        click.option("--contacts", type=click.IntRange(min=1), default=contacts, show_default=True),
    ):
        command = option(command)
    return command


def empty(clock: Clock | None = None) -> Engine:
    """Return an engine that knows the custom fields, without contacts."""
    engine = Engine(timezone="UTC", clock=clock or Clock())
    define_fields(engine)
    return engine


def filled(contacts: int, events: int, clock: Clock | None = None) -> Engine:
    """Return an engine with the tenant's contacts, events and the document's segments."""
    engine = empty(clock)
    engine.load_contacts(synthetic.contacts(contacts, SEED, START))
    engine.load_events(synthetic.events(contacts, events, SEED, START))
    define_examples(engine)
    return engine


def define_fields(engine: Engine) -> None:
    """Define the custom fields."""
    for path, data_type in synthetic.FIELDS.items():
        engine.define_field(path, data_type)


def define_examples(engine: Engine) -> None:
    """Define the document's segments, so that their definitions can refer to each other."""
    for example in examples.segments():
        engine.define_segment(example.id, example.rules)


def machine() -> dict[str, str]:
    """Return what figures depend on besides the code."""
    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": str(os.cpu_count()),
        **{name: version(name) for name in PACKAGES},
    }
