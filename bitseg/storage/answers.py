"""An answer is what a write with a key was told; the same write sent again is told the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bitseg.errors import DamagedError
from bitseg.storage.ledger import row_digest
from bitseg.store import ANSWERS_KEPT, Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bitseg.storage.database import Database
    from bitseg.storage.ledger import Ledger

ERASED = "(erased)"


def write_answer(ledger: Ledger, answer: Answer) -> None:
    """Write an answer in the ledger's transaction, and drop those that are too old."""
    ledger.delete("answers", "at < ? OR key = ?", (answer.at - ANSWERS_KEPT, answer.key))
    ledger.insert("answers", [(answer.key, answer.at, answer.digest, answer.body)])


def find_answer(database: Database, key: str) -> Answer | None:
    """Return the answer to an earlier write with a key, or None.

    Raises:
        DamagedError: it is not what was written.
    """
    with database.reading() as connection:
        row = connection.execute(
            "SELECT key, at, request, body, digest FROM answers WHERE key = ?", (key,)
        ).fetchone()
    if row is None:
        return None
    *cells, expected = row
    if row_digest("answers", cells) != expected:
        raise DamagedError(f"The answer to the write {key!r} is not what was written")
    _, at, request, body = cells
    return Answer(key, request, body, at)


def erase_from_answers(ledger: Ledger, ids: Iterable[str]) -> None:
    """Take erased contacts' ids out of what answers say, in the ledger's transaction."""
    wanted = [contact_id for contact_id in ids if contact_id]
    for key, body in ledger.connection.execute("SELECT key, body FROM answers").fetchall():
        if any(contact_id.encode() in body for contact_id in wanted):
            said = msgspec.msgpack.encode(_without(msgspec.msgpack.decode(body), wanted))
            ledger.update("answers", {"body": said}, "key = ?", (key,))


def _without(said: Any, ids: list[str]) -> Any:
    if isinstance(said, dict):
        return {key: _without(value, ids) for key, value in said.items()}
    if isinstance(said, list):
        return [_without(one, ids) for one in said]
    if isinstance(said, str):
        for contact_id in ids:  # messages quote ids as Python does
            said = ERASED if said == contact_id else said.replace(repr(contact_id), ERASED)
    return said
