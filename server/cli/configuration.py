"""The configuration of a server: what flags, the environment and a file say of its settings.

A flag wins over the environment, that over the file, and that over the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)  # fmt: skip

import click
import msgspec

from bitseg import Fault, FieldError
from server.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

PREFIX: Final = "BITSEG_"
CONFIG_VARIABLE: Final = "BITSEG_CONFIG"


class Setting(msgspec.Struct, frozen=True):
    """One line of the table.

    Attributes:
        name: its name, and its key in a file.
        form: the type of its value, with its limits.
        about: what it is, in a sentence.
        unit: of its number; empty = none.
        default: the value where nobody says one.
        secret: whether it is not to be seen in a list of processes, and so has no flag.
    """

    name: str
    form: Any
    about: str
    unit: str
    default: Any
    secret: bool

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()

    @property
    def flag(self) -> str:
        """Its option."""
        return "--" + self.name.replace("_", "-")

    @property
    def kind(self) -> Any:
        """The type without its limits."""
        return get_args(self.form)[0]

    @property
    def shown_default(self) -> str:
        """The default in words."""
        if self.default is None:
            return "none"
        if isinstance(self.default, tuple):
            return ",".join(self.default)
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)

    @property
    def help(self) -> str:
        """All there is to know of it, in a line."""
        unit = f"unit: {self.unit}; " if self.unit else ""
        said = f"{unit}default: {self.shown_default}; env: {self.variable}; file: {self.name}"
        return f"{self.about}  [{said}]"

    def read(self, value: Any) -> Any:
        """Return a value that was given, as text or as TOML has it.

        Raises:
            msgspec.ValidationError: it is none that this setting may have.
        """
        is_text = isinstance(value, str)
        if is_text and get_origin(self.kind) is tuple:
            value = [part.strip() for part in value.split(",")]
        return msgspec.convert(value, self.form, strict=not is_text, dec_hook=_path)


def _table() -> Iterator[Setting]:
    hints = get_type_hints(Settings, include_extras=True)
    for field in msgspec.structs.fields(Settings):
        optional, *metas = get_args(hints[field.name])
        kinds = [one for one in get_args(optional) if one is not type(None)]
        kind = kinds[0] if type(None) in get_args(optional) else optional
        about = next(meta for meta in metas if meta.description is not None)
        extra = about.extra or {}
        yield Setting(
            field.name,
            Annotated[(kind, *metas)],
            about.description,
            extra.get("unit", ""),
            field.default,
            extra.get("secret", False),
        )


TABLE: Final = tuple(_table())
"""All settings."""


def settings_options(command: Command) -> Command:
    """Give a command ``--config`` and a flag for each setting; it is called with ``settings``."""

    @wraps(command)
    def called(config: Path | None, **given: Any) -> Any:
        flags = {one.name: given.pop(one.name) for one in TABLE if not one.secret}
        try:
            settings = resolve(flags, os.environ, config)
        except FieldError as error:
            raise click.UsageError("\n".join(str(fault) for fault in error.faults)) from None
        return command(settings=settings, **given)

    for one in reversed(TABLE):
        if not one.secret:
            called = _option(one)(called)
    config = click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar=CONFIG_VARIABLE,
        help=f"A file of settings, in TOML: `name = value`, one a line.  [env: {CONFIG_VARIABLE}]",
    )
    return cast("Command", config(called))


def told_of_secrets() -> str:
    """Return the help of the settings that have no flag."""
    return "\n\n".join(f"{one.variable}: {one.help}" for one in TABLE if one.secret)


def resolve(
    flags: Mapping[str, Any], environment: Mapping[str, str], file: Path | None = None
) -> Settings:
    """Return the settings that were given.

    Args:
        flags: by name, as text; None = not given.
        environment: variables; an empty one is not given unless it is to be a secret, and those of
            no setting are not ours.
        file: of TOML.

    Raises:
        FieldError: names every fault, by where its value came from.
    """
    faults: list[Fault] = []
    written = {} if file is None else _written(file, faults)
    known = {one.name for one in TABLE}
    faults += [
        Fault(f"{name} in {file}", "There is no such setting.", code="unknown_key")
        for name in written
        if name not in known
    ]
    values: dict[str, Any] = {}
    for one in TABLE:
        given = [
            (one.flag, flags.get(one.name)),
            (one.variable, _set(environment, one)),
            (f"{one.name} in {file}", written.get(one.name)),
        ]
        for place, value in given:  # what is overruled is read as well: it is as wrong
            if value is None:
                continue
            try:
                values.setdefault(one.name, one.read(value))
            except msgspec.ValidationError as error:
                got = "" if one.secret else f": {value!r}"
                faults.append(Fault(place, f"{error}{got}.", code="invalid_setting"))
    if faults:
        raise FieldError(*faults)
    return Settings(**values)


def _set(environment: Mapping[str, str], one: Setting) -> str | None:
    value = environment.get(one.variable)
    return value if value or one.secret else None


def _written(file: Path, faults: list[Fault]) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        faults.append(Fault(str(file), f"It cannot be read: {error}.", code="invalid_file"))
        return {}


def _option(one: Setting) -> Callable[[Any], Any]:
    if one.kind is bool:
        return click.option(f"{one.flag}/--no-{one.flag[2:]}", default=None, help=one.help)
    if get_origin(one.kind) is Literal:
        return click.option(one.flag, metavar="|".join(get_args(one.kind)), help=one.help)
    return click.option(one.flag, metavar="VALUE", help=one.help)


def _path(form: type, value: Any) -> Any:
    """Make what msgspec does not know, a path, of text; anything else is a TypeError to it."""
    return form(value)
