"""What bodies about contacts and events hold."""

from __future__ import annotations

from typing import Annotated

import msgspec

MOST = 10_000
"""Ids in one body."""

Ids = Annotated[list[str], msgspec.Meta(max_length=MOST)]


class DeleteContacts(msgspec.Struct, frozen=True):
    """The body of ``POST /api/contacts/delete``."""

    contact_ids: Ids


class WithdrawEvents(msgspec.Struct, frozen=True):
    """The body of ``POST /api/events/delete``."""

    event_ids: Ids
