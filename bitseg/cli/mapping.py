"""A mapping says which column of a file is which field, where the column's name does not."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec

from bitseg import Fault, LoadError

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def mapping_option(option: str, name: str, what: str) -> Callable[[Any], Any]:
    """Return a click option of COLUMN=FIELD pairs, which a command gets as a dict.

    Args:
        option: as users write it.
        name: the command's argument.
        what: whose columns, for the help; may be empty.
    """
    return click.option(
        option,
        name,
        multiple=True,
        callback=_pairs,
        metavar="COLUMN=FIELD",
        help=f"Take a column{what} as a field, or, with no field, leave it out; may be given "
        "again.",
    )


def _pairs(_ctx: click.Context, _param: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, equals, field = pair.rpartition("=")
        if not (column and equals):
            raise click.BadParameter(f"Expected column=field, got '{pair}'.")
        if column in mapping:
            raise click.BadParameter(f"Expected each column once, got '{column}' twice.")
        mapping[column] = field
    return mapping


@contextmanager
def hinting(option: str) -> Iterator[None]:
    """Let faults that a mapping would mend name the option that gives one."""
    try:
        yield
    except LoadError as error:
        raise LoadError(*(_hinted(fault, option) for fault in error.faults)) from error


def _hinted(fault: Fault, option: str) -> Fault:
    if fault.code == "missing_column":
        column = _likely(fault.path, fault.allowed)
        pair = f"{column}={fault.path.removeprefix('contact.')}"
    elif fault.code in {"same_field", "bad_name", "name_taken", "reserved"}:
        pair = "COLUMN=FIELD"
    else:
        return fault
    message = f"{fault.message}. The option is {option} {shlex.quote(pair)}"
    return msgspec.structs.replace(fault, message=message)


def _likely(path: str, columns: Iterable[str]) -> str:
    """Return the column that has the last word of a path: ``Customer ID`` for ``contact.id``."""
    last = re.split(r"[._]", path)[-1]
    for column in columns:
        if last in (word.lower() for word in _WORD.findall(column)):
            return column
    return "COLUMN"
