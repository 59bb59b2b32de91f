"""A body is a JSON object, read key by key so that every fault in it is named."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Final

import msgspec
from litestar.exceptions import ClientException

from bitseg import Fault, RuleError
from bitseg.cli import read_instant

FAULTS_MOST: Final = 100
"""So many keys or names are told that there should not be."""

KEY_SHOWN: Final = 100
"""Characters of such a key that are shown."""

COUNTED_MOST: Final = 64
"""With more keys, reading the body once more is quicker than looking through it for each."""

_NULL: Final = b"null"
_REPEATED: Final = "repeated_key"
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes, form: type[msgspec.Struct]) -> tuple[dict[str, Any], list[Fault]]:
    """Return the keys of a body that are as a form has them, and the faults of the others.

    Args:
        body: JSON.
        form: the names and types of keys; a ``datetime`` is an instant with an offset.

    Raises:
        ClientException: the body is not JSON in UTF-8 (400).
        RuleError: it is no object (422).
    """
    values, repeated = _object(body)
    decoders, required = _form(form)
    unknown = (key for key in values if key not in decoders)
    faults = [_unknown(key, decoders) for key in islice(unknown, FAULTS_MOST)]
    faults += [
        Fault(_short(key), f"Expected each key once, got '{_short(key)}' twice.", code=_REPEATED)
        for key in islice(repeated, FAULTS_MOST)
    ]
    good: dict[str, Any] = {}
    for key, raw in values.items():
        if key in decoders:
            try:
                good[key] = decoders[key](raw)
            except msgspec.ValidationError as error:
                faults.append(Fault(key, f"{error}.", code="wrong_type"))
            except ValueError as error:
                faults.append(Fault(key, str(error), code="invalid_date"))
    faults += [
        Fault(key, f"Expected the key '{key}'.", code="missing_key")
        for key in sorted(required - values.keys())
    ]
    return good, faults


def no_rules() -> msgspec.Raw:
    """Return rules that nobody gave."""
    return msgspec.Raw(_NULL)


def rules_of(given: msgspec.Raw) -> bytes | None:
    """Return a definition as it was given, to be read with its faults; None where it is null."""
    rules = bytes(given)
    return None if rules == _NULL else rules


def _object(body: bytes) -> tuple[dict[str, msgspec.Raw], list[str]]:
    """Return the values of an object by key, and the keys that stand in it more than once."""
    try:
        body.decode()  # raw values are cut out unread, so a bad byte would show up only later
        values = _OBJECT.decode(body)
        return values, _repeated(body, values)
    except msgspec.ValidationError as error:
        raise RuleError(Fault("", f"{error}.", code="wrong_type")) from None
    except (msgspec.DecodeError, ValueError) as error:
        raise ClientException(f"Expected a JSON object in UTF-8: {error}.") from None
    except RecursionError:
        raise ClientException("Expected a JSON object; this one is nested too deep.") from None


def _repeated(body: bytes, keys: Collection[str]) -> list[str]:
    """Return the keys that stand more than once; those found are given."""
    few = len(keys) <= COUNTED_MOST and b"\\" not in body
    if few and all(body.count(f'"{key}"'.encode()) == 1 for key in keys):
        return []  # written without escapes, each of them is there once, wherever it may be
    outermost: list[tuple[str, Any]] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        outermost[:] = pairs  # the outermost object is read to its end last

    json.loads(body, object_pairs_hook=note, parse_int=str, parse_float=str)
    counts = Counter(key for key, _ in outermost)
    return [key for key, count in counts.items() if count > 1]


@cache
def _form(form: type[msgspec.Struct]) -> tuple[dict[str, Callable[[bytes], Any]], set[str]]:
    fields = msgspec.structs.fields(form)
    decoders = {field.encode_name: _decoder(field.type) for field in fields}
    return decoders, {field.encode_name for field in fields if field.required}


def _decoder(data_type: Any) -> Callable[[bytes], Any]:
    if data_type != datetime | None:
        return msgspec.json.Decoder(data_type).decode
    text = msgspec.json.Decoder(str | None)

    def instant(raw: bytes) -> datetime | None:
        given = text.decode(raw)
        return None if given is None else read_instant(given)

    return instant


def _unknown(key: str, known: Iterable[str]) -> Fault:
    message = f"Expected a known key, got '{_short(key)}'."
    return Fault(_short(key), message, tuple(known), "unknown_key")


def _short(key: str) -> str:
    """Return a key as it is told: an answer does not give a large body back."""
    return key if len(key) <= KEY_SHOWN else f"{key[:KEY_SHOWN]}…"
