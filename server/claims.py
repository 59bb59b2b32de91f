"""A claim is the control store's note of whose a segment is, from before it is made."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING

from bitseg import SegmentRecord, StoreError
from server.logs import about

if TYPE_CHECKING:
    from collections.abc import Callable

    from server.control import Control

_log = logging.getLogger("bitseg.server")


def make_claimed(
    control: Control, tenant_id: str, make: Callable[[str], SegmentRecord]
) -> SegmentRecord:
    """Make a segment under a new id that is noted as the tenant's; a worker's work.

    The note goes where no segment of the id came to be: making failed, or was answered with what
    was made before under the same Idempotency-Key.

    Args:
        control: where the note is.
        tenant_id: whose it is.
        make: makes the segment of an id.
    """
    segment_id = str(uuid.uuid4())
    control.claim_segment(segment_id, tenant_id)
    made = None
    try:
        made = make(segment_id)
    finally:
        if made is None or made.id != segment_id:
            release(control, tenant_id, segment_id)
    return made


def release(control: Control, tenant_id: str, segment_id: str) -> None:
    """Note that a segment is no more; a worker's work.

    A note that stays shows others 403 instead of 404, so failing to is no more than logged.
    """
    try:
        control.release_segment(segment_id, tenant_id)
    except StoreError:
        _log.exception(
            "that a segment is no more could not be noted", extra=about(tenant=tenant_id)
        )
