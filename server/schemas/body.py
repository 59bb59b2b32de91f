"""A body is a JSON object, read key by key so that every fault in it is named."""

from __future__ import annotations

from functools import cache
from typing import Final, TypeVar

import msgspec
from litestar.exceptions import ClientException

from bitseg import Fault, RuleError

T = TypeVar("T", bound=msgspec.Struct)

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes, form: type[T]) -> T:
    """Return a body as a struct of the given form.

    Raises:
        ClientException: the body is not JSON in UTF-8 (400).
        RuleError: it is, but not of the form; one fault a key (422).
    """
    values = _object(body)
    fields, required = _form(form)
    faults = [_unknown(key, fields) for key in values if key not in fields]
    read: dict[str, object] = {}
    for key, raw in values.items():
        if key in fields:
            try:
                read[key] = fields[key].decode(raw)
            except msgspec.ValidationError as error:
                faults.append(Fault(key, f"{error}.", code="wrong_type"))
    faults += [
        Fault(key, f"Expected the key '{key}'.", code="missing_key")
        for key in sorted(required - values.keys())
    ]
    if faults:
        raise RuleError(*faults)
    return form(**read)


def _object(body: bytes) -> dict[str, msgspec.Raw]:
    try:
        body.decode()  # raw values are cut out unread, so a bad byte would show up only later
        return _OBJECT.decode(body)
    except msgspec.ValidationError as error:
        raise RuleError(Fault("", f"{error}.", code="wrong_type")) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ClientException(f"Expected a JSON object in UTF-8: {error}.") from None
    except RecursionError:
        raise ClientException("Expected a JSON object; this one is nested too deep.") from None


@cache
def _form(form: type[msgspec.Struct]) -> tuple[dict[str, msgspec.json.Decoder[object]], set[str]]:
    fields = msgspec.structs.fields(form)
    decoders = {field.encode_name: msgspec.json.Decoder(field.type) for field in fields}
    return decoders, {field.encode_name for field in fields if field.required}


def _unknown(key: str, known: dict[str, msgspec.json.Decoder[object]]) -> Fault:
    return Fault(key, f"Expected a known key, got '{key}'.", tuple(known), "unknown_key")
