"""A key lets a program in: ``bsg_live_``, 30 random characters, and 6 that check them.

The check lets a scanner tell a leaked key from a look-alike without asking anyone. A key holds
178 random bits, so one round of SHA-256 is enough to keep it by, and only that is kept.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from typing import Final

PREFIX: Final = "bsg_live_"
PREFIX_LENGTH: Final = 12
"""So many characters of a key are kept, to tell it from others by eye."""

_BASE62: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM_LENGTH: Final = 30
_CHECK_LENGTH: Final = 6
_FORM: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_RANDOM_LENGTH + _CHECK_LENGTH}}}")


def make_key() -> str:
    """Return a new random key.

    >>> is_key(make_key())
    True
    """
    random = "".join(secrets.choice(_BASE62) for _ in range(_RANDOM_LENGTH))
    return PREFIX + random + _check(random)


def is_key(text: str) -> bool:
    """Return whether a text has a key's form and its last characters check the rest."""
    if _FORM.fullmatch(text) is None:
        return False
    return text[-_CHECK_LENGTH:] == _check(text[len(PREFIX) : -_CHECK_LENGTH])


def _check(random: str) -> str:
    rest = zlib.crc32(random.encode())
    digits = []
    for _ in range(_CHECK_LENGTH):
        rest, digit = divmod(rest, len(_BASE62))
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
