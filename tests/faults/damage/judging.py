"""Judging is opening a damaged file and saying whether what came of it was promised.

Promised is: refused with an error that names what is wrong, the files left as they were; or open
with all that was acknowledged, and as good for further writes as if nothing had happened. What
only a write rests on, such as an index, may be found by the write: it is refused by name then,
what was acknowledged before stands, and verifying the file finds it too.
"""

from __future__ import annotations

import re
import signal
import traceback
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import bitseg
from bitseg import StoreError
from tests.faults.damage.files import put, reopen, take
from tests.faults.damage.telling import apart, tell
from tests.faults.damage.world import WORKING_ON, Json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

    from tests.faults.damage.files import Files

Outcome = Literal["refused", "harmless", "refused later", "wrong"]

PATIENCE: Final = 60
"""Seconds after which an open hangs."""

NAMED: Final = re.compile(
    r"[Cc]hanges? \d+|Part \d+|[Ss]napshot at change \d+|[Ss]egment '|Record \d+ of|-wal\b"
    r"|format \d+|another program|page \d+|malformed|not a database|no such (table|column)"
    r"|unsupported file format|contact ids|event ids|[Tt]he (meta|file_id|salt)"
    r"|is (missing|empty)|of another file|[Pp]ages do not fit|[Ss]chema"
    r"|column '\w+' with|answer to the write|Segment None"
)
"""What a message must say one of: the part, change, segment, page or file that is not as it was."""


@dataclass(frozen=True)
class Image:
    """Files with something done to them.

    Attributes:
        name: what was done, so that it can be done again.
        files: what lies there then.
    """

    name: str
    files: Files


@dataclass
class Report:
    """What came of many images."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)

    def note(self, image: Image, outcome: Outcome, said: str) -> None:
        """Note what came of one."""
        self.outcomes[outcome] += 1
        if outcome == "wrong":
            self.wrong.append(f"{image.name}: {said}")
        if outcome.startswith("refused"):
            self.messages[re.sub(r"\d+|'.*?'|/\S+", "#", said)] += 1

    def __str__(self) -> str:
        """The figures, for whoever reads the log."""
        return ", ".join(f"{number} {name}" for name, number in sorted(self.outcomes.items()))


class Judge:
    """Judges images of one original."""

    def __init__(self, files: Files, tale: Json, directory: Path, *, further: bool = True) -> None:
        """Take the files that are right, what they hold, and where to work.

        Args:
            files: as they should be.
            tale: what they hold.
            directory: where to work.
            further: whether what opens is also written to, which takes the world of ``world``.
        """
        self._files = files
        self._tale = tale
        self._directory = directory
        self._further = _wrote_on(files, directory) if further else []
        self.report = Report()

    def judge(self, image: Image) -> Outcome:
        """Open an image, and note what came of it."""
        try:
            with _patience():
                outcome, said = self._judged(image)
        except BaseException as error:  # noqa: BLE001 - whatever escapes is what is looked for
            outcome, said = "wrong", _told(error)
        self.report.note(image, outcome, said)
        return outcome

    def _judged(self, image: Image) -> tuple[Outcome, str]:
        path = put(image.files, self._directory)
        try:
            engine = reopen(path)
        except StoreError as error:
            return self._refused(image, path, str(error))
        told, late = [], ""
        try:
            with engine:
                if differences := apart(self._tale, tell(engine)):
                    return "wrong", f"opens and is not what was acknowledged: {differences}"
                for write in WORKING_ON if self._further else ():
                    told.append(write(engine))  # noqa: PERF401 - kept when the next is refused
        except StoreError as error:
            late = str(error)
        expected = [said for said, _ in self._further[: len(told)]]
        if told != expected:
            return "wrong", f"opens, and further writes say {told}, not {expected}"
        if late:
            return self._later(path, late, len(told))
        with reopen(path) as engine:
            if self._further and (differences := apart(self._further[-1][1], tell(engine))):
                return "wrong", f"opens, and further writes go wrong: {differences}"
        return "harmless", ""

    def _later(self, path: Path, said: str, done: int) -> tuple[Outcome, str]:
        """Judge a file that opened, took some writes, and refused the next."""
        if not NAMED.search(said):
            return "wrong", f"opens, write {done} is refused, and why is not named: {said}"
        if bitseg.verify(path).ok:
            return "wrong", f"opens, write {done} is refused ({said}), and verifying finds nothing"
        try:
            with reopen(path) as engine:
                tale = tell(engine)
        except StoreError:
            return "refused later", said
        if differences := apart(self._further[done - 1][1] if done else self._tale, tale):
            return "wrong", f"opens, write {done} is refused ({said}), and then {differences}"
        return "refused later", said

    def _refused(self, image: Image, path: Path, said: str) -> tuple[Outcome, str]:
        if not NAMED.search(said):
            return "wrong", f"refused, and what is wrong is not named: {said}"
        left = take(path)
        if changed := [
            end or "db" for end in self._files if left.get(end, b"") != image.files.get(end, b"")
        ]:
            return "wrong", f"refused ({said}), and changed {changed}"
        for end in {*left, *self._files}:
            beside = path.with_name(path.name + end)
            if end in self._files:
                beside.write_bytes(self._files[end])
            else:
                beside.unlink()
        with reopen(path) as engine:
            if differences := apart(self._tale, tell(engine)):
                return "wrong", f"refused ({said}), and put right it holds less: {differences}"
        return "refused", said


def flipped(data: bytes, at: int, mask: int) -> bytes:
    """Return bytes with some bits of one turned over."""
    return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]


def _wrote_on(files: Files, directory: Path) -> list[tuple[object, Json]]:
    """Return what further writes say, and what they make of files that are right."""
    with reopen(put(files, directory)) as engine:
        return [(write(engine), tell(engine)) for write in WORKING_ON]


def _told(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-4:]
    way = " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in last[::-1])
    return f"{type(error).__name__}: {error} ({way})"


@contextmanager
def _patience() -> Iterator[None]:
    """Raise where something hangs."""

    def ring(_signal: int, _frame: FrameType | None) -> None:
        message = f"nothing came of it within {PATIENCE} s"
        raise TimeoutError(message)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
