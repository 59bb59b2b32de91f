"""An answer is what a write with a key was told; the same write sent again is told the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bitseg.errors import DamagedError
from bitseg.storage.arrays import digest
from bitseg.store import ANSWERS_KEPT, Answer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from bitseg.storage.database import Database

ERASED = "(erased)"


def answer_digest(answer: Answer) -> bytes:
    """Return the digest of a row of ``answers``."""
    at = answer.at.to_bytes(8, "little", signed=True)
    return digest(answer.key.encode("utf-8", "surrogatepass"), at, answer.digest, answer.body)


def write_answer(connection: sqlite3.Connection, answer: Answer) -> None:
    """Write an answer in a transaction of the caller's, and drop those that are too old."""
    connection.execute("DELETE FROM answers WHERE at < ?", (answer.at - ANSWERS_KEPT,))
    connection.execute(
        "INSERT OR REPLACE INTO answers (key, at, request, body, digest) VALUES (?, ?, ?, ?, ?)",
        (answer.key, answer.at, answer.digest, answer.body, answer_digest(answer)),
    )


def find_answer(database: Database, key: str) -> Answer | None:
    """Return the answer to an earlier write with a key, or None.

    Raises:
        DamagedError: it is not what was written.
    """
    with database.reading() as connection:
        row = connection.execute(
            "SELECT key, request, body, at, digest FROM answers WHERE key = ?", (key,)
        ).fetchone()
    if row is None:
        return None
    *cells, expected = row
    answer = Answer(*cells)
    if answer_digest(answer) != expected:
        raise DamagedError(f"The answer to the write {key!r} is not what was written")
    return answer


def erase_from_answers(connection: sqlite3.Connection, ids: Iterable[str]) -> None:
    """Take erased contacts' ids out of what answers say, in a transaction of the caller's."""
    wanted = [contact_id for contact_id in ids if contact_id]
    rows = connection.execute("SELECT key, request, body, at FROM answers").fetchall()
    for row in rows:
        answer = Answer(*row)
        if any(contact_id.encode() in answer.body for contact_id in wanted):
            said = _without(msgspec.msgpack.decode(answer.body), wanted)
            answer = msgspec.structs.replace(answer, body=msgspec.msgpack.encode(said))
            write_answer(connection, answer)


def _without(said: Any, ids: list[str]) -> Any:
    if isinstance(said, dict):
        return {key: _without(value, ids) for key, value in said.items()}
    if isinstance(said, list):
        return [_without(one, ids) for one in said]
    if isinstance(said, str):
        for contact_id in ids:  # messages quote ids as Python does
            said = ERASED if said == contact_id else said.replace(repr(contact_id), ERASED)
    return said
