"""Listed contacts are those that a file names, a row each, by id or by e-mail."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bitseg.bitmap import RowSet
from bitseg.contacts import ID, as_ids
from bitseg.errors import Fault, LoadError
from bitseg.formats import open_source
from bitseg.members import Members
from bitseg.results import MembersImported, Rejected, SharedEmail

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bitseg.formats import BadRow, RawBatch, Source
    from bitseg.segments import Moved
    from bitseg.tenant import Tenant
    from bitseg.writes import Writes

LISTED_MOST: Final = 1_000
"""So many of what was not found, was there twice, or is several contacts' are listed of each."""

TEXT_MOST: Final = 255
"""Characters that are shown of each, at the most."""

EMAIL: Final = "contact.email"

_NAMES: Final = {
    "id": ID,
    "contact_id": ID,
    "contact.id": ID,
    "email": EMAIL,
    "e-mail": EMAIL,
    "contact.email": EMAIL,
}
_PAGE: Final = 65_536

Pairs: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Places in a list of texts, ascending, and the row of a contact that each names."""

Find: TypeAlias = "Callable[[Sequence[str]], Pairs]"


class Listed:
    """The contacts that a file names, and what it names that is nobody."""

    def __init__(self, writes: Writes, source: Any) -> None:
        """Read a file: as often as it likes to be read, once.

        Args:
            writes: whose contacts.
            source: the path of delimited text, or what ``open_source`` made of it.

        Raises:
            LoadError: it cannot be read, is no delimited text, or has no column of ids or e-mails.
        """
        self._writes = writes
        self._tenant: Tenant = writes.tenant
        self._seen = np.zeros(0, np.bool_)
        self._rows = self._rejected_count = self._not_found_count = self._twice_count = 0
        self._rejected: list[Rejected] = []
        self._not_found: dict[str, None] = {}
        self._twice: dict[str, None] = {}
        self._shared: dict[str, int] = {}
        self._shared_count = 0
        if hasattr(source, "batches"):
            self._read(source)
            return
        with closing(open_source(source)) as opened:
            self._read(opened)

    def members(self) -> Members:
        """Return the contacts."""
        rows = np.flatnonzero(self._seen).astype(np.uint32)
        with self._writes.lock:
            n = self._tenant.contacts.n
            return Members(RowSet.from_rows(rows, n), self._tenant.contacts, self._writes.lock)

    def report(self, moved: Moved) -> MembersImported:
        """Return what is to be said of a file whose contacts were put into a segment."""
        return MembersImported(
            rows=self._rows,
            added=moved.changed,
            count=moved.count,
            matched=int(np.count_nonzero(self._seen)),
            not_found_count=self._not_found_count,
            not_found=tuple(self._not_found),
            twice_count=self._twice_count,
            twice=tuple(self._twice),
            ambiguous_count=self._shared_count,
            ambiguous=tuple(SharedEmail(one, many) for one, many in self._shared.items()),
            rejected_count=self._rejected_count,
            rejected=tuple(self._rejected),
        )

    def _read(self, source: Source) -> None:
        columns = _columns(source)
        by_email = _Emails(self._writes).find if EMAIL in columns else None
        for batch in source.batches(lambda name: name in columns.values()):
            cells = {path: _texts(batch, name) for path, name in columns.items()}
            ids, emails = cells.get(ID), cells.get(EMAIL)
            texts = ids or emails or []
            is_email = [not ids] * len(texts)
            if ids and emails:  # the id says it where there is one
                is_email = [one is None for one in ids]
                texts = [a if a is not None else b for a, b in zip(ids, emails, strict=True)]
            self._reject(batch, texts)
            self._take(
                texts,
                self._by_id,
                [one is not None and not is_email[i] for i, one in enumerate(texts)],
            )
            if by_email is not None:
                wanted = [one is not None and is_email[i] for i, one in enumerate(texts)]
                self._take(texts, by_email, wanted)

    def _take(self, texts: Sequence[str | None], find: Find, wanted: Sequence[bool]) -> None:
        """Take in the texts that are wanted, by one way of finding contacts."""
        asked = [text for text, is_wanted in zip(texts, wanted, strict=True) if is_wanted and text]
        if not asked:
            return
        places, rows = find(asked)
        found = np.bincount(places, minlength=len(asked))
        for at in np.flatnonzero(found == 0).tolist():
            self._not_found_count += 1
            _list(self._not_found, asked[at])
        for at in np.flatnonzero(found > 1).tolist():
            text = asked[at][:TEXT_MOST]
            if text not in self._shared:
                self._shared_count += 1
                if len(self._shared) < LISTED_MOST:
                    self._shared[text] = int(found[at])
        if rows.size and int(rows.max()) >= self._seen.size:
            grown = np.zeros(int(rows.max()) + 1, np.bool_)
            grown[: self._seen.size] = self._seen
            self._seen = grown
        first = np.zeros(rows.size, np.bool_)
        first[np.unique(rows, return_index=True)[1]] = True
        again = self._seen[rows] | ~first
        self._seen[rows] = True
        for at in np.unique(places[again]).tolist():
            self._twice_count += 1
            _list(self._twice, asked[at])

    def _reject(self, batch: RawBatch, texts: Sequence[str | None]) -> None:
        empty = [at for at, text in enumerate(texts) if text is None]
        self._rows += batch.rows.num_rows + len(batch.faults)
        self._rejected_count += len(empty) + len(batch.faults)
        room = LISTED_MOST - len(self._rejected)
        if room <= 0:
            return
        fault = Fault("", "Expected an id or an e-mail, got an empty cell", code="missing_value")
        bad: Sequence[BadRow] = batch.faults[:room]
        rejected = [Rejected(one.index, one.errors, one.line) for one in bad]
        for at in empty[:room]:
            line = 0 if batch.lines is None else int(batch.lines[at])
            rejected.append(Rejected(int(batch.index[at]), (fault,), line))
        self._rejected += sorted(rejected, key=lambda one: one.index)[:room]

    def _by_id(self, texts: Sequence[str]) -> Pairs:
        with self._writes.lock:
            rows = self._tenant.contacts.rows_of(as_ids(texts))
        places = np.flatnonzero(rows >= 0)
        return places, rows[places]


class _Emails:
    """Finds contacts by e-mail, whatever its case: by the hashes of all, 16 bytes a contact."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._tenant: Tenant = writes.tenant
        pages = list(self._hashed())
        hashes = np.concatenate([page for page, _ in pages] or [np.empty(0, np.int64)])
        rows = np.concatenate([page for _, page in pages] or [np.empty(0, np.uint32)])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._rows = hashes[order], rows[order]

    def _hashed(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]]:
        start = 0
        while True:
            with self._writes.lock:
                end = min(start + _PAGE, self._tenant.contacts.n)
                rows = np.arange(start, end, dtype=np.uint32)
                values = self._emails(rows)
            if not rows.size:
                return
            known = [(at, value) for at, value in enumerate(values) if value is not None]
            hashes = [hash(value.casefold()) for _, value in known]
            yield np.array(hashes, np.int64), rows[[at for at, _ in known]]
            start = end

    def _emails(self, rows: npt.NDArray[np.uint32]) -> list[str | None]:
        emails: list[str | None] = self._tenant.contacts.values(EMAIL, rows).to_pylist()
        return emails

    def find(self, texts: Sequence[str]) -> Pairs:
        """Return who has each e-mail; each that a hash finds is compared."""
        folded = [text.casefold() for text in texts]
        hashes = np.array([hash(one) for one in folded], np.int64)
        begin = np.searchsorted(self._hashes, hashes, "left")
        counts = np.searchsorted(self._hashes, hashes, "right") - begin
        places = np.repeat(np.arange(len(texts)), counts)
        within = np.arange(places.size) - np.repeat(np.cumsum(counts) - counts, counts)
        rows = self._rows[np.repeat(begin, counts) + within]
        with self._writes.lock:
            values = self._emails(rows)
        same = np.array(
            [
                value is not None and value.casefold() == folded[place]
                for value, place in zip(values, places.tolist(), strict=True)
            ],
            np.bool_,
        )
        return places[same], rows[same].astype(np.int64)


def _columns(source: Source) -> dict[str, str]:
    """Return the column of ids and that of e-mails, those that there are.

    Raises:
        LoadError: there is neither, or two of one, or it is no delimited text.
    """
    if not source.textual:
        raise LoadError("Expected a file of delimited text, such as CSV")
    found: dict[str, list[str]] = {}
    for name in source.columns:
        path = _NAMES.get(name.strip().casefold())
        if path is not None:
            found.setdefault(path, []).append(name)
    if not found:
        message = "Expected a column named id, contact_id or email"
        raise LoadError(Fault("", message, source.columns[:LISTED_MOST], "missing_column"))
    if faults := [
        Fault(names[1], f"Expected one column of {path}, got {' and '.join(map(repr, names))}")
        for path, names in found.items()
        if len(names) > 1
    ]:
        raise LoadError(*faults)
    return {path: names[0] for path, names in found.items()}


def _texts(batch: RawBatch, name: str) -> list[str | None]:
    texts: list[str | None] = batch.rows.column(name).to_pylist()
    return texts


def _list(texts: dict[str, None], text: str) -> None:
    """List a text once, while there is room."""
    if len(texts) < LISTED_MOST:
        texts[text[:TEXT_MOST]] = None
