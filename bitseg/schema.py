"""The schema is what a tenant's fields, kinds of event and event properties are called and hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bitseg.errors import Fault, FieldError, did_you_mean
from bitseg.fields import (
    BUILT_IN,
    DATA_TYPES,
    EVENT_KINDS,
    EVENT_PROPERTIES,
    NAME,
    PROPERTY_TYPES,
    RESERVED_PROPERTIES,
    TIME_PROPERTIES,
    DataType,
    Field,
    full_path,
)
from bitseg.whole_text import is_text

if TYPE_CHECKING:
    from collections.abc import Iterable


class Schema:
    """The names and types of one tenant; built-in ones are always there.

    Attributes:
        fields: by full path.
        properties: event properties and their types, set on first sight.
        kinds: event kinds, built in or seen.
        version: grows with every change, so that what was compiled can tell it is old.
    """

    def __init__(self) -> None:
        """Begin with what is built in."""
        self.fields: dict[str, Field] = dict(BUILT_IN)
        self.properties: dict[str, DataType] = dict(EVENT_PROPERTIES)
        self.kinds: set[str] = set(EVENT_KINDS)
        self.version = 0

    def field(self, path: str) -> Field | None:
        """Return the field at a full path, or None."""
        return self.fields.get(path)

    def field_paths(self) -> Iterable[str]:
        """Return all full paths."""
        return self.fields.keys()

    def property_type(self, name: str) -> DataType | None:
        """Return an event property's type, ``hour`` and ``weekday`` included, or None."""
        return self.properties.get(name) or TIME_PROPERTIES.get(name)

    def property_names(self) -> Iterable[str]:
        """Return all properties that ``where`` may name."""
        return (*self.properties, *TIME_PROPERTIES)

    def define_field(self, field: Field) -> None:
        """Take a new custom field, or new words or the declared mark for one.

        Raises:
            FieldError: see ``check_field``.
        """
        check_field(field)
        self.fields[field.path] = field
        self.version += 1

    def see_kind(self, kind: str) -> None:
        """Note that events of a kind exist."""
        self.kinds.add(kind)

    def see_property(self, name: str, data_type: DataType) -> None:
        """Set a new property's type, for good.

        Raises:
            FieldError: the name may not be a property's, or its type is another.
        """
        fault = property_fault(name, data_type)
        known = self.properties.get(name, data_type)
        if fault is None and known != data_type:
            fault = Fault(name, f"Expected type {known}, got {data_type}", code="wrong_type")
        if fault is not None:
            raise FieldError(fault)
        if name not in self.properties:
            self.properties[name] = data_type
            self.version += 1


def check_field(field: Field) -> None:
    """Refuse a field that may not be declared.

    Raises:
        FieldError: not a ``customField.`` path, a name out of form or taken by a built-in field,
            or no such data type; every fault is named.
    """
    given: tuple[object, ...] = (field.path, field.data_type)
    if not all(isinstance(part, str) for part in given):
        raise FieldError(
            f"Expected a path and a data type, both text, got {field.path!r}, {field.data_type!r}"
        )
    prefix, _, name = field.path.partition(".")
    faults = [
        Fault(field.path, f"Expected the {what} as text, got {words!r}")
        for what, words in (("label", field.label), ("description", field.description))
        if not is_text(words)
    ]
    if prefix != "customField":
        faults.append(Fault(field.path, f"Expected a path customField.<name>, got {field.path!r}"))
    elif not NAME.fullmatch(name):
        faults.append(
            Fault(field.path, f"Expected a name like [a-z][a-z0-9_]{{0,62}}, got {name!r}")
        )
    elif full_path(name) != field.path:
        faults.append(
            Fault(field.path, f"The name is taken by the built-in field {full_path(name)}")
        )
    if field.data_type not in DATA_TYPES:
        near = did_you_mean(field.data_type, DATA_TYPES)
        faults.append(
            Fault(
                field.path,
                f"Expected a data type, got {field.data_type!r}.{near}",
                allowed=DATA_TYPES,
            )
        )
    if faults:
        raise FieldError(*faults)


def property_fault(name: str, data_type: DataType) -> Fault | None:
    """Return why an event property may not be called or typed so, or None."""
    if name in RESERVED_PROPERTIES:
        return Fault(name, f"{name!r} is reserved; call the property something else")
    if not NAME.fullmatch(name):
        return Fault(name, f"Expected a name like [a-z][a-z0-9_]{{0,62}}, got {name!r}")
    if data_type not in PROPERTY_TYPES:
        return Fault(
            name, f"Expected a string, number or boolean, got {data_type}", allowed=PROPERTY_TYPES
        )
    return None
