"""An answer is what a write with a key was told; the same write sent again is told the same."""

from __future__ import annotations

import hashlib
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
    key = _kept(answer.key)
    ledger.delete("answers", "at < ? OR key = ?", (answer.at - ANSWERS_KEPT, key))
    ledger.insert("answers", [(key, answer.at, answer.digest, answer.body)])


def find_answer(database: Database, key: str) -> Answer | None:
    """Return the answer to an earlier write with a key, or None.

    Raises:
        DamagedError: it is not what was written.
    """
    with database.reading() as connection:
        row = connection.execute(
            "SELECT key, at, request, body, digest FROM answers WHERE key = ?", (_kept(key),)
        ).fetchone()
    if row is None:
        return None
    *cells, expected = row
    if row_digest("answers", cells) != expected:
        raise DamagedError(f"The answer to the write {key!r} is not what was written")
    _, at, request, body = cells
    return Answer(key, request, body, at)


def erase_from_answers(ledger: Ledger, ids: Iterable[str]) -> None:
    """Take what may be of erased contacts out of kept answers, in the ledger's transaction.

    That is their ids, and all that was said of rejected rows: whose they were is not known.
    """
    gone = set(ids)
    for key, body in ledger.connection.execute("SELECT key, body FROM answers").fetchall():
        said = msgspec.msgpack.decode(body)
        less = _without(said, gone)
        if less != said:
            ledger.update("answers", {"body": msgspec.msgpack.encode(less)}, "key = ?", (key,))


def _kept(key: str) -> str:
    """Return what a key is kept as: whoever chose it may have put anything into it."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _without(said: Any, gone: set[str]) -> Any:
    if isinstance(said, dict):
        return {
            key: _blank(value) if key == "rejected" else _without(value, gone)
            for key, value in said.items()
        }
    if isinstance(said, list):
        return [_without(one, gone) for one in said]
    return ERASED if isinstance(said, str) and said in gone else said


def _blank(rejected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "errors": [{"path": "", "message": ERASED}]} for one in rejected]
