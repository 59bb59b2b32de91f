"""UTF-8 checks bytes that claim to be text: well formed, shortest form, no surrogates."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.kernel import kernel

Bytes: TypeAlias = npt.NDArray[np.uint8]


@kernel
def is_utf8(data: Bytes, start: int, stop: int) -> bool:  # noqa: C901, PLR0912 - the table of RFC 3629
    """Return whether ``data[start:stop]`` is UTF-8 (RFC 3629)."""
    at = start
    while at < stop:
        lead = data[at]
        if lead < 0x80:
            at += 1
            continue
        low, high = 0x80, 0xBF
        if 0xC2 <= lead <= 0xDF:
            more = 1
        elif 0xE0 <= lead <= 0xEF:
            more = 2
            if lead == 0xE0:
                low = 0xA0
            elif lead == 0xED:
                high = 0x9F
        elif 0xF0 <= lead <= 0xF4:
            more = 3
            if lead == 0xF0:
                low = 0x90
            elif lead == 0xF4:
                high = 0x8F
        else:
            return False
        if at + more >= stop:
            return False
        if data[at + 1] < low or data[at + 1] > high:
            return False
        for k in range(2, more + 1):
            if data[at + k] & 0xC0 != 0x80:
                return False
        at += more + 1
    return True
