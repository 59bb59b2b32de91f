"""Saved segments are made, changed, found and asked, in memory and after opening a file again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bitseg
from bitseg import (
    Engine,
    FieldError,
    GuardError,
    Once,
    RevisionError,
    RuleError,
    SegmentError,
    UnknownRevisionError,
    UnknownSegmentError,
)
from tests.engine.making import Clock, Json, all_of, field

NOON, LATER = "2026-03-15T12:00:00.000Z", "2026-03-16T12:00:00.000Z"
ROME = all_of(field("contact.city", "equals", "Rome"))
OSLO = all_of(field("contact.city", "equals", "Oslo"))
PEOPLE = [{"id": f"c{i}", "city": ("Rome", "Oslo")[i % 2]} for i in range(10)]


class Files:
    """Opens the same engine again and again: from a file, or the one in memory."""

    def __init__(self, path: Path | None, clock: Clock) -> None:
        """Take where the file is; None = in memory."""
        self._path = path
        self._clock = clock
        self.engine = self._open()
        self.engine.load_contacts(PEOPLE)

    def again(self) -> Engine:
        """Return the engine, from its file where it has one."""
        if self._path is not None:
            self.engine.close()
            self.engine = self._open()
        return self.engine

    def _open(self) -> Engine:
        if self._path is None:
            return Engine(clock=self._clock)
        return bitseg.open(self._path, clock=self._clock)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture(params=["memory", "file"])
def files(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Files]:
    made = Files(tmp_path / "a.db" if request.param == "file" else None, clock)
    yield made
    made.engine.close()


def test_what_is_said_of_a_segment_is_read_back(files: Files) -> None:
    made = files.engine.segments.create(
        "Romans",
        ROME,
        id="r",
        description="who lives in Rome",
        workspace_id="w",
        tags=("city", "é"),
        max_drop=50,
        by="ann",
    )
    assert (made.id, made.name, made.segment_type, made.contact_count) == (
        "r",
        "Romans",
        "dynamic",
        5,
    )
    assert (made.rules, made.guard, made.tags) == (ROME, bitseg.Guard(50), ("city", "é"))
    assert (made.created_by, made.created_at, made.updated_at) == ("ann", NOON, NOON)
    assert (made.revision, made.is_active) == (1, True)
    assert files.again().segments.get("r") == made


def test_an_id_is_random_where_none_is_given(files: Files) -> None:
    made = [files.engine.segments.create(f"s{i}", ROME) for i in range(3)]
    assert len({one.id for one in made}) == 3
    assert all(len(one.id) == 36 for one in made)
    assert [*files.again().segments] == [one.id for one in made]


def test_a_segment_is_either_dynamic_or_static(files: Files) -> None:
    segments = files.engine.segments
    for wrong in ({}, {"rules": ROME, "contact_ids": ["c0"]}):
        with pytest.raises(FieldError, match="either rules"):
            segments.create("s", **wrong)  # type: ignore[arg-type] # none is given, or both
    assert segments.create("none", contact_ids=[]).contact_count == 0
    made = segments.create("two", contact_ids=["c0", "x", "c1", "x"])
    assert (made.segment_type, made.contact_count, made.not_found) == ("static", 2, ("x",))


def test_names_are_unique_in_a_workspace_and_none_counts_as_one(files: Files) -> None:
    segments = files.engine.segments
    first = segments.create("Romans", ROME)
    with pytest.raises(SegmentError, match="is called 'Romans'") as error:
        segments.create("Romans", OSLO)
    assert error.value.faults[0].code == "name_taken"
    segments.create("Romans", ROME, workspace_id="w")
    other = segments.create("romans", ROME)
    with pytest.raises(SegmentError):
        segments.update(other.id, name="Romans")
    assert segments.update(first.id, name="Romans").revision == 2


@pytest.mark.parametrize(
    ("said", "paths"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "  "}, ["name"]),
        ({"name": "x" * 256}, ["name"]),
        ({"name": "s", "description": "x" * 4_097}, ["description"]),
        ({"name": "s", "workspace_id": ""}, ["workspace_id"]),
        ({"name": "s", "tags": ("a", "a")}, ["tags"]),
        ({"name": "s", "tags": ("",)}, ["tags"]),
        ({"name": "s", "tags": tuple(map(str, range(51)))}, ["tags"]),
        ({"name": "s", "max_drop": -1}, ["guard.max_drop"]),
        ({"name": "", "max_drop": float("nan"), "tags": ("",)}, ["name", "tags", "guard.max_drop"]),
    ],
)
def test_what_may_not_be_said_is_named_and_nothing_is_made(
    said: Json, paths: list[str], files: Files
) -> None:
    with pytest.raises(FieldError) as error:
        files.engine.segments.create(rules=ROME, **said)
    assert [fault.path for fault in error.value.faults] == paths
    assert len(files.again().segments) == 0


def test_a_change_is_a_revision_that_can_be_read_and_restored(files: Files, clock: Clock) -> None:
    segments = files.engine.segments
    segments.create("Romans", ROME, id="r", by="ann")
    clock.set(LATER)
    segments.update("r", name="Osloers", by="bob")
    changed = segments.update("r", OSLO, description="north", by="eve")
    assert (changed.revision, changed.name, changed.rules) == (3, "Osloers", OSLO)
    assert (changed.created_by, changed.created_at, changed.updated_at) == ("ann", NOON, LATER)
    segments = files.again().segments
    seen = [(one.revision, one.by, one.name, one.rules) for one in segments.revisions("r")]
    assert seen == [
        (3, "eve", "Osloers", OSLO),
        (2, "bob", "Osloers", ROME),
        (1, "ann", "Romans", ROME),
    ]
    restored = segments.restore("r", 1, by="joe")
    assert (restored.revision, restored.name, restored.rules) == (4, "Osloers", ROME)
    with pytest.raises(UnknownRevisionError):
        segments.restore("r", 9)
    static = segments.create("list", contact_ids=["c1"])
    with pytest.raises(SegmentError, match="was static"):
        segments.restore(static.id, 1)


def test_a_change_of_another_revision_is_refused_and_changes_nothing(files: Files) -> None:
    segments = files.engine.segments
    segments.create("Romans", ROME, id="r")
    segments.update("r", description="first", revision=1)
    changes: list[Any] = [
        lambda: segments.update("r", description="second", revision=1),
        lambda: segments.update("r", OSLO, revision=1),
        lambda: segments.delete("r", revision=1),
    ]
    for change in changes:
        with pytest.raises(RevisionError, match="is at revision 2"):
            change()
    again = files.again().segments
    assert again.get("r").description == "first"
    again.delete("r", revision=2)
    assert "r" not in files.again().segments


def test_a_guard_refuses_what_drops_too_many_unless_it_is_overridden(files: Files) -> None:
    segments = files.engine.segments
    segments.create("Romans", ROME, id="r", max_drop=60)
    fewer = all_of(field("contact.city", "equals", "Rome"), field("contact.id", "in", ["c0", "c2"]))
    assert segments.update("r", fewer).contact_count == 2
    with pytest.raises(GuardError) as error:
        segments.update("r", OSLO)
    assert (error.value.leaving, error.value.entering) == (2, 5)
    assert files.again().segments.get("r").contact_count == 2
    assert files.engine.segments.update("r", OSLO, override_guard=True).contact_count == 5


def test_half_of_the_members_may_leave_where_half_may(files: Files) -> None:
    segments = files.engine.segments
    segments.create("all", all_of(field("contact.id", "is_not_empty")), id="a", max_drop=50)
    assert segments.update("a", ROME).contact_count == 5


def test_static_members_come_and_go_and_nobodys_ids_are_reported(files: Files) -> None:
    segments = files.engine.segments
    segments.create("list", contact_ids=["c0"], id="s")
    added = segments.add_contacts("s", ["c0", "c1", "x", "c2"])
    assert (added.changed, added.count, added.not_found) == (2, 3, ("x",))
    gone = segments.remove_contacts("s", ["c1", "y"])
    assert (gone.changed, gone.count, gone.not_found) == (1, 2, ("y",))
    assert segments.add_contacts("s", ["c0"]).changed == 0
    again = files.again()
    assert [*again.segments.members("s").ids()] == ["c0", "c2"]
    assert again.segments.get("s").revision == 1
    assert again.count(all_of({"segment": "s"})) == 2
    again.segments.create("Romans", ROME, id="r")
    with pytest.raises(SegmentError, match="is dynamic"):
        again.segments.add_contacts("r", ["c1"])


def test_copies_are_alike_or_frozen(files: Files) -> None:
    segments = files.engine.segments
    segments.create("Romans", ROME, id="r", tags=("a",), by="ann")
    copy = segments.duplicate("r", by="bob")
    assert (copy.name, copy.rules, copy.tags, copy.created_by) == (
        "Romans (copy)",
        ROME,
        ("a",),
        "bob",
    )
    frozen = segments.freeze("r", "Romans then", by="bob")
    files.engine.load_contacts([{"id": "new", "city": "Rome"}])
    again = files.again().segments
    counts = [again.get(one).contact_count for one in ("r", copy.id, frozen.id)]
    assert counts == [6, 6, 5]
    assert again.get(frozen.id).segment_type == "static"
    assert again.duplicate(frozen.id).contact_count == 5


def test_a_list_is_narrowed_and_paged(files: Files) -> None:
    segments = files.engine.segments
    segments.create("Romans", ROME, id="r", description="Eternal CITY", tags=("south",))
    segments.create("Osloers", OSLO, id="o", workspace_id="w", tags=("north",))
    segments.create("list", contact_ids=["c0"], id="s")
    segments.update("s", is_active=False)
    again = files.again().segments
    asked: list[tuple[Json, list[str]]] = [
        ({}, ["r", "o", "s"]),
        ({"search": "city"}, ["r"]),
        ({"search": "OSLO"}, ["o"]),
        ({"segment_type": "static"}, ["s"]),
        ({"workspace_id": "w"}, ["o"]),
        ({"tag": "south"}, ["r"]),
        ({"is_active": False}, ["s"]),
        ({"is_active": True, "segment_type": "static"}, []),
    ]
    for criteria, expected in asked:
        page = again.find(**criteria)
        assert ([one.id for one in page.items], page.total) == (expected, len(expected))
    page = again.find(offset=1, limit=1)
    assert ([one.id for one in page.items], page.total) == (["o"], 3)


def test_membership_and_overlap_are_as_the_members(files: Files) -> None:
    segments = files.engine.segments
    segments.create("Romans", ROME, id="r")
    segments.create("Osloers", OSLO, id="o")
    segments.create("some", contact_ids=["c0", "c1", "c2"], id="s")
    segments.create("none", contact_ids=[], id="n")
    assert segments.membership("r", ["c0", "c1", "x"]) == {"c0": True, "c1": False, "x": False}
    found = segments.overlap(["r", "o", "s", "n"])
    assert found.sizes == (5, 5, 3, 0)
    pairs = {(one.a, one.b): (one.both, one.jaccard) for one in found.pairs}
    assert pairs["r", "o"] == (0, 0.0)
    assert pairs["r", "s"] == (2, 2 / 6)
    assert pairs["s", "n"] == (0, 0.0)
    segments.create("nobody", contact_ids=[], id="m")
    assert segments.overlap(["n", "m"]).pairs[0].jaccard is None
    for wrong in (["r"], ["r", "r"], ["r"] * 21):
        with pytest.raises(FieldError):
            segments.overlap(wrong)


def test_a_segment_that_is_used_stays(files: Files) -> None:
    segments = files.engine.segments
    segments.create("Romans", ROME, id="r")
    segments.create("others", all_of({"segment": "r", "operator": "not_in"}), id="o")
    assert segments.dependents("r") == ("o",)
    with pytest.raises(SegmentError, match="is used by 'o'"):
        segments.delete("r")
    with pytest.raises(RuleError):
        segments.update("r", all_of({"segment": "o"}))
    segments.delete("o")
    segments.delete("r")
    assert len(files.again().segments) == 0


def test_nobodys_segment_is_said_so(files: Files) -> None:
    segments = files.engine.segments
    asked: list[Any] = [
        lambda: segments.get("x"),
        lambda: segments.update("x", name="y"),
        lambda: segments.delete("x"),
        lambda: segments.revisions("x"),
        lambda: segments.members("x"),
        lambda: segments.membership("x", []),
        lambda: segments.duplicate("x"),
        lambda: segments.freeze("x"),
        lambda: segments.add_contacts("x", ["c0"]),
        lambda: segments.overlap(["x", "y"]),
        lambda: segments.dependents("x"),
    ]
    for ask in asked:
        with pytest.raises(UnknownSegmentError):
            ask()


def test_a_write_that_is_sent_again_is_answered_as_it_was(files: Files) -> None:
    segments = files.engine.segments
    once = Once("key", b"create")
    made = segments.create("Romans", ROME, once=once)
    files.engine.load_contacts([{"id": "new", "city": "Rome"}])
    again = files.again().segments
    assert again.create("Romans", ROME, once=once) == made
    assert len(again) == 1
    deleted = Once("other", b"delete")
    again.delete(made.id, once=deleted)
    again.delete(made.id, once=deleted)
    other = again.create("Osloers", OSLO)
    renamed = again.update(other.id, name="Norse", once=Once("rename", b"asked"))
    copied = again.duplicate(other.id, once=Once("copy", b"asked"))
    restored = again.restore(other.id, 1, once=Once("restore", b"asked"))
    again.delete(other.id)
    assert again.update(other.id, name="Norse", once=Once("rename", b"asked")) == renamed
    assert again.duplicate(other.id, once=Once("copy", b"asked")) == copied
    assert again.restore(other.id, 1, once=Once("restore", b"asked")) == restored
    moved = again.create("list", contact_ids=["c0"])
    added = again.add_contacts(moved.id, ["c1"], once=Once("third", b"add"))
    assert again.add_contacts(moved.id, ["c1"], once=Once("third", b"add")) == added
