"""Writes wait for each other, share commits where they can, and are seen once they are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from bitseg.commits import Commits, Staged
from bitseg.errors import FieldError, StoreError
from bitseg.store import Answer, NoStore


class SlowStore(NoStore):
    """A store whose commits wait until they are let go on, and may be told to fail."""

    durable = True

    def __init__(self) -> None:
        """Begin with nothing kept."""
        super().__init__()
        self.groups: list[list[Any]] = []
        self.go_on = threading.Event()
        self.entered = threading.Event()
        self.error: BaseException | None = None

    def commit(
        self, changes: Sequence[Any], answers: Sequence[Answer], at: int, *, synced: bool = True
    ) -> None:
        """Keep a group."""
        self.entered.set()
        assert self.go_on.wait(10)
        if self.error is not None:
            raise self.error
        super().commit(changes, answers, at, synced=synced)
        self.groups.append(list(changes))


class Follower:
    """What is to go ahead of commits and to follow them: nothing, until a test says so."""

    def ahead(self, at: int) -> Iterator[Staged[Any]]:
        """Ask for nothing."""
        del at
        yield from ()

    def behind(self, changes: list[Any], at: int) -> Iterator[Staged[Any]]:
        """Ask for nothing."""
        del changes, at
        yield from ()


class Scene:
    """Commits over a slow store, and what was seen."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.store = SlowStore()
        self.seen: list[Any] = []
        self.commits = Commits(threading.RLock(), lambda: 0, Follower())
        self.commits.store = self.store

    def write(self, change: Any, *, alone: bool = False) -> Any:
        """Write a change that is seen by being appended."""
        return self.commits.submit(self.staging(change), alone=alone)

    def staging(self, change: Any) -> Callable[[], Staged[Any]]:
        """Return a stage of a change that every check lets pass."""

        def publish() -> Any:
            self.seen.append(change)
            return f"did {change}"

        return lambda: Staged((change,), publish)


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def _waiting(scene: Scene, number: int) -> None:
    """Wait until so many writes are in the queue."""
    for _ in range(10_000):
        if len(scene.commits._queue) == number:  # noqa: SLF001 - nothing else tells
            return
        threading.Event().wait(0.001)
    raise AssertionError(number)


def test_a_write_is_not_seen_before_it_is_kept(scene: Scene, threads: ThreadPoolExecutor) -> None:
    first = threads.submit(scene.write, 1)
    assert scene.store.entered.wait(10)
    assert scene.seen == []
    scene.store.go_on.set()
    assert first.result() == "did 1"
    assert scene.seen == [1]


def test_those_who_wait_share_one_commit(scene: Scene, threads: ThreadPoolExecutor) -> None:
    first = threads.submit(scene.write, 0)
    assert scene.store.entered.wait(10)
    others = [threads.submit(scene.write, number) for number in range(1, 11)]
    _waiting(scene, 10)
    scene.store.go_on.set()
    assert [one.result() for one in (first, *others)] == [f"did {i}" for i in range(11)]
    assert [len(group) for group in scene.store.groups] == [1, 10]
    assert scene.seen == [change for group in scene.store.groups for change in group]


def test_a_write_that_looks_at_the_data_shares_its_commit_with_none(
    scene: Scene, threads: ThreadPoolExecutor
) -> None:
    first = threads.submit(scene.write, 0)
    assert scene.store.entered.wait(10)
    waiting = []
    for number, alone in enumerate((False, False, True, False, True, True), 1):
        waiting.append(threads.submit(scene.write, number, alone=alone))
        _waiting(scene, number)
    scene.store.go_on.set()
    assert [one.result() for one in (first, *waiting)] == [f"did {i}" for i in range(7)]
    assert scene.store.groups == [[0], [1, 2], [3], [4], [5], [6]]


def test_what_the_store_refuses_is_not_seen_and_the_next_write_goes_on(scene: Scene) -> None:
    scene.store.go_on.set()
    scene.store.error = StoreError("no room")
    with pytest.raises(StoreError, match="no room"):
        scene.write(1)
    assert scene.seen == []
    scene.store.error = None
    assert scene.write(2) == "did 2"
    assert scene.seen == [2]


def test_a_refused_write_leaves_the_others_of_its_commit_alone(
    scene: Scene, threads: ThreadPoolExecutor
) -> None:
    def refuse() -> Staged[Any]:
        raise FieldError("not so")

    first = threads.submit(scene.write, 0)
    assert scene.store.entered.wait(10)
    good = threads.submit(scene.write, 1)
    _waiting(scene, 1)
    bad = threads.submit(scene.commits.submit, refuse)
    _waiting(scene, 2)
    scene.store.go_on.set()
    assert (first.result(), good.result()) == ("did 0", "did 1")
    with pytest.raises(FieldError, match="not so"):
        bad.result()
    assert scene.store.groups == [[0], [1]]


@pytest.mark.parametrize("error", [MemoryError("full"), KeyboardInterrupt()])
def test_when_nobody_knows_whether_it_was_kept_nothing_is_answered_any_more(
    scene: Scene, error: BaseException
) -> None:
    scene.store.go_on.set()
    scene.store.error = error
    with pytest.raises(type(error)):
        scene.write(1)
    scene.store.error = None
    with pytest.raises(StoreError, match="close it and open it again"):
        scene.write(2)
    with pytest.raises(StoreError, match="no longer agrees"):
        scene.commits.check_whole()


def test_when_what_was_kept_cannot_be_applied_nothing_is_answered_any_more(scene: Scene) -> None:
    def fail() -> None:
        raise MemoryError

    scene.store.go_on.set()
    with pytest.raises(MemoryError):
        scene.commits.submit(lambda: Staged((1,), fail))
    assert scene.store.groups == [[1]]
    with pytest.raises(StoreError, match="nothing was lost"):
        scene.write(2)


def test_a_write_of_nothing_is_not_kept(scene: Scene) -> None:
    assert scene.commits.submit(lambda: Staged((), lambda: "nothing to do")) == "nothing to do"
    assert scene.store.groups == []


def test_what_follows_a_group_is_kept_after_all_of_it(
    scene: Scene, threads: ThreadPoolExecutor
) -> None:
    class Following(Follower):
        def behind(self, changes: list[Any], at: int) -> Iterator[Staged[Any]]:
            assert at == 0
            if len(changes) > 1:
                yield scene.staging(f"behind {changes}")()

    scene.commits = Commits(threading.RLock(), lambda: 0, Following())
    scene.commits.store = scene.store
    first = threads.submit(scene.write, 0)
    assert scene.store.entered.wait(10)
    others = []
    for number in (1, 2):
        others.append(threads.submit(scene.write, number))
        _waiting(scene, number)
    scene.store.go_on.set()
    assert [one.result() for one in (first, *others)] == ["did 0", "did 1", "did 2"]
    assert scene.seen == [0, 1, 2, "behind [1, 2]"]
    assert scene.store.groups == [[0], [1, 2], ["behind [1, 2]"]]
