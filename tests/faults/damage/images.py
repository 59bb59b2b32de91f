"""Images are a database's files with one thing done to them, drawn from a seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.faults.damage.files import DB, TOLD, WAL, Files, Original, frame_pages, frames, page_size
from tests.faults.damage.judging import Image, flipped

if TYPE_CHECKING:
    from collections.abc import Iterator


def flips(
    original: Original, pages: dict[str, list[int]], seed: int, number: int
) -> Iterator[Image]:
    """Yield images with bits turned over: of each kind of page alike, of the -wal, and of the rest.

    Args:
        original: the files.
        pages: the numbers of the pages by what they are for.
        seed: draws.
        number: how many.
    """
    draw = random.Random(seed)  # noqa: S311 - a seed replays it
    size = page_size(original.files[DB])
    kinds = sorted(pages)
    for turn in range(number):
        mask = 1 << draw.randrange(8) if turn % 2 else draw.randrange(1, 256)
        if turn % 11 == 10 and TOLD in original.files:
            end, at = TOLD, draw.randrange(len(original.files[TOLD]))
            what = "acknowledged"
        elif turn % 3 == 2 and original.files.get(WAL):
            end, at = WAL, _in_wal(draw, original.files[WAL], size)
            what = "wal"
        else:
            what = kinds[turn % len(kinds)]
            page = draw.choice(pages[what])
            end, at = DB, (page - 1) * size + _in_page(draw, size)
            if at >= len(original.files[DB]):  # it is only in the -wal yet
                at = draw.randrange(len(original.files[DB]))
        data = flipped(original.files[end], at, mask)
        yield Image(f"{what}: byte {at} of {end or 'db'} ^ {mask}", {**original.files, end: data})


def _in_page(draw: random.Random, size: int) -> int:
    """Return a place in a page: every other one anywhere, others where its heads and rows lie."""
    places = (draw.randrange(size), draw.randrange(size), draw.randrange(16), -draw.randrange(300))
    return draw.choice(places) % size


def _in_wal(draw: random.Random, wal: bytes, page: int) -> int:
    """Return a place in the -wal: its header, a frame's header or a frame's page."""
    where = draw.randrange(8)
    if where == 0:
        return draw.randrange(32)
    start = draw.choice(frames(wal, page)[:-1])
    return start + (draw.randrange(24) if where < 3 else 24 + draw.randrange(page))


def cuts(original: Original, seed: int, number: int) -> Iterator[Image]:
    """Yield images whose -wal or database was cut: at frames, a byte later, in the midst."""
    draw = random.Random(seed)  # noqa: S311 - a seed replays it
    size = page_size(original.files[DB])
    for turn in range(number):
        wal = original.files.get(WAL, b"")
        if wal and turn % 4:
            edges = frames(wal, size)[:-1]
            at = draw.choice(edges) + (0, 1, draw.randrange(2, size))[turn % 3]
            yield Image(f"-wal cut at {at}", {**original.files, WAL: wal[:at]})
        else:
            db = original.files[DB]
            at = (
                draw.randrange(0, len(db) // size) * size
                + (0, 1, draw.randrange(2, size))[turn % 3]
            )
            yield Image(f"db cut at {at}", {**original.files, DB: db[:at]})


def whole_ones(killed: Original, closed: Original, older: Files, foreign: Files) -> Iterator[Image]:
    """Yield images in which a file is missing, zeroed, or another's.

    Args:
        killed: the files of a process that died.
        closed: the same, closed in order.
        older: the files of the same database at an earlier time.
        foreign: the files of another database.
    """
    size = page_size(killed.files[DB])
    for one in (killed, closed):
        db = one.files[DB]
        yield Image(f"{one.name}: last page zeroed", {**one.files, DB: db[:-size] + bytes(size)})
        yield Image(f"{one.name}: first page zeroed", {**one.files, DB: bytes(size) + db[size:]})
        yield Image(f"{one.name}: an older database", {**one.files, DB: older[DB]})
        yield Image(f"{one.name}: an older -wal", {**one.files, WAL: older[WAL]})
        yield Image(f"{one.name}: a foreign -wal", {**one.files, WAL: foreign[WAL]})
    wal = killed.files[WAL]
    # in the place of a closed file another's is a restored copy: nothing can tell
    yield Image("killed: a foreign database", {**killed.files, DB: foreign[DB]})
    yield Image("killed: no -wal", {end: data for end, data in killed.files.items() if end != WAL})
    yield Image("killed: an empty -wal", {**killed.files, WAL: b""})
    yield Image("killed: no database", {end: d for end, d in killed.files.items() if end != DB})
    yield Image(
        "killed: -wal's last 4 KiB zeroed", {**killed.files, WAL: wal[:-4096] + bytes(4096)}
    )
    yield Image("closed: the -wal from before it", {**closed.files, WAL: wal})
    newest = {
        page: start for start, page in zip(frames(wal, size), frame_pages(wal, size), strict=False)
    }
    for page, start in list(newest.items())[:: max(1, len(newest) // 6)]:
        data = wal[: start + 24] + bytes(size) + wal[start + 24 + size :]
        yield Image(f"killed: page {page} zeroed in the -wal", {**killed.files, WAL: data})
