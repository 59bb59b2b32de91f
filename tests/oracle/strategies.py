"""Scenarios are drawn from a seed: a set-up, definitions, then writes and time between asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st

from tests.oracle import draw_rules, values
from tests.oracle.draw_rows import (
    draw_bad_contact,
    draw_contact,
    draw_events,
    draw_ids,
    typed_events,
)
from tests.oracle.evaluate import Json
from tests.oracle.pools import Pool, draw_pool
from tests.oracle.scenario import Ask, Scenario, Step, Write
from tests.oracle.world import World

SEGMENTS = ("s0", "s1", "s2", "fixed")
EMPTY = 0.02


@dataclass
class Draft:
    """A draft is a scenario while it is drawn, with the world as it is after its last step."""

    pool: Pool
    world: World
    steps: list[Step] = field(default_factory=list)
    clock: int = 0

    def write(self, call: str, *arguments: object) -> None:
        """Add a write, and do it to the world."""
        step = Write(call, arguments, self.clock)
        step.to(self.world)
        self.steps.append(step)


def draw_scenario(random: Random, definitions: int = 25, rounds: int = 5) -> Scenario:
    """Draw a scenario; each definition is asked in every round, at several instants."""
    pool = draw_pool(random)
    draft = Draft(pool, World(pool.timezone), clock=pool.nows[0])
    _set_up(draft)
    drawn = [
        draw_rules.definition(pool, draft.world, _segments(draft), EMPTY)
        for _ in range(definitions)
    ]
    _ask(draft, drawn)
    for number in range(1, rounds):
        if random.random() < 0.7:
            draft.clock = pool.nows[min(number, len(pool.nows) - 1)]
        for _ in range(random.randrange(3)):
            random.choice(_CHANGES)(draft)
        _ask(draft, drawn)
    return Scenario(pool.timezone, tuple(drawn), tuple(draft.steps))


def scenarios(definitions: int = 25, rounds: int = 5) -> st.SearchStrategy[Scenario]:
    """Give scenarios to hypothesis; the seed is what it draws, and what replays a failure."""
    seeds = st.integers(0, 2**48)
    return seeds.map(lambda seed: scenario_of(seed, definitions, rounds))


def scenario_of(seed: int, definitions: int = 25, rounds: int = 5) -> Scenario:
    """Draw the scenario of a seed, always the same one."""
    return draw_scenario(seeded(seed), definitions, rounds)


def seeded(seed: int) -> Random:
    """Give the numbers of a seed."""
    return Random(seed)  # noqa: S311 - a failure must come again, and nothing here is secret


def _set_up(draft: Draft) -> None:
    pool, random = draft.pool, draft.pool.random
    for path, kind in values.CUSTOM_FIELDS.items():
        draft.write("define_field", path, kind)
    ids = draw_ids(pool, random.choice((6, 12, 30, 30, 60, 200)))
    fill = random.choice((0.15, 0.4, 0.8))
    rows = [draw_contact(pool, contact_id, fill) for contact_id in ids]
    for _ in range(len(rows) // 10):
        rows.append(draw_contact(pool, random.choice(ids), fill / 2))
        rows.insert(random.randrange(len(rows)), draw_bad_contact(pool, random.choice(ids)))
    draft.write("load_contacts", rows)
    draft.write("load_events", typed_events(ids[0], pool.instant()))
    draft.write("load_events", draw_events(pool, draft.world, len(ids) * random.choice((1, 3, 8))))
    for segment in SEGMENTS:
        _define_segment(draft, segment)


def _segments(draft: Draft) -> list[str]:
    return list(draft.world.segments)


def _define_segment(draft: Draft, segment: str) -> None:
    if segment == "fixed":
        ids = list(draft.world.contacts)
        chosen = draft.pool.random.sample(ids, draft.pool.random.randrange(1, len(ids) + 1))
        draft.write("define_segment", segment, chosen)
        return
    # Each segment refers to the ones before it only, so that there is never a cycle.
    before = [*SEGMENTS[: SEGMENTS.index(segment)], "fixed"]
    known = [name for name in before if name in draft.world.segments]
    draft.write("define_segment", segment, draw_rules.definition(draft.pool, draft.world, known))


def _ask(draft: Draft, definitions: list[Json]) -> None:
    random = draft.pool.random
    order = random.sample(range(len(definitions)), len(definitions))
    for index in order:
        now = draft.clock if random.random() < 0.8 else random.choice(draft.pool.nows)
        draft.steps.append(Ask(index, now))
    last = order[-1]
    # The same question again: later, earlier, and at the first instant once more.
    draft.steps += [Ask(last, now) for now in (draft.clock + 1, draft.clock - 1, draft.clock)]


def _some_ids(draft: Draft, most: int) -> list[str]:
    ids = list(draft.world.contacts)
    return draft.pool.random.sample(ids, min(len(ids), draft.pool.random.randrange(1, most)))


def _change_contacts(draft: Draft) -> None:
    random = draft.pool.random
    ids = [*_some_ids(draft, 4), f"new{random.randrange(50)}"]
    ids += random.sample(ids, random.randrange(2))
    rows = [draw_contact(draft.pool, one, random.choice((0.0, 0.2, 0.6))) for one in ids]
    if random.random() < 0.3:
        rows.append(draw_bad_contact(draft.pool, random.choice([*ids, "refused"])))
    draft.write("load_contacts", rows)


def _change_events(draft: Draft) -> None:
    random = draft.pool.random
    draft.world.clock = draft.clock
    rows = draw_events(draft.pool, draft.world, random.randrange(1, 10))
    if random.random() < 0.3:
        rows[-1] = {**rows[-1], "contact_id": f"new{random.randrange(50)}"}
        draft.write("load_events", rows, True)  # noqa: FBT003 - as a user may write it
        return
    draft.write("load_events", rows)


def _withdraw_events(draft: Draft) -> None:
    draft.world.clock = draft.clock
    used = draft.world.remembered_event_ids()
    if used:
        draft.write("withdraw_events", draft.pool.random.sample(used, min(len(used), 3)))


def _delete_contacts(draft: Draft) -> None:
    if len(draft.world.contacts) > 3:
        draft.write("delete_contacts", _some_ids(draft, 3))


def _delete_and_return(draft: Draft) -> None:
    if len(draft.world.contacts) > 3:
        ids = _some_ids(draft, 3)
        draft.write("delete_contacts", ids)
        draft.write("load_contacts", [draw_contact(draft.pool, one, 0.3) for one in ids])


def _change_segment(draft: Draft) -> None:
    _define_segment(draft, draft.pool.random.choice(SEGMENTS))


def _replace_last_segment(draft: Draft) -> None:
    # No saved segment refers to the last dynamic one, so that removing it is allowed.
    last = "s2"
    if last in draft.world.segments:
        draft.write("remove_segment", last)
    _define_segment(draft, last)


_CHANGES: tuple[Callable[[Draft], None], ...] = (
    _change_contacts, _change_contacts, _change_events, _change_events, _change_events,
    _withdraw_events, _delete_contacts, _delete_and_return, _change_segment, _replace_last_segment,
)  # fmt: skip
