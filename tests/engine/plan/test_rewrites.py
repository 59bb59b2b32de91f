"""Each rewrite does what its name says, and none changes who is in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitseg.plan.nodes import EVERYONE, NOBODY, Both, Either, Not, Plan, SegmentLeaf
from bitseg.plan.rewrites import rewrite
from bitseg.plan.rewrites.constants import fold_constants
from bitseg.plan.rewrites.flat import flatten
from bitseg.plan.rewrites.negations import cancel_negations
from bitseg.plan.rewrites.repeats import drop_repeats

A, B, C = (SegmentLeaf(name) for name in "abc")


@pytest.mark.parametrize(
    ("plan", "better"),
    [
        (Not(Not(A)), A),
        (Not(A), Not(A)),
        (A, A),
    ],
)
def test_two_negations_cancel(plan: Plan, better: Plan) -> None:
    assert cancel_negations(plan) == better


@pytest.mark.parametrize(
    ("plan", "better"),
    [
        (Both((A, Both((B, C)))), Both((A, B, C))),
        (Either((Either((A, B)), C)), Either((A, B, C))),
        (Both((A, Either((B, C)))), Both((A, Either((B, C))))),
        (Not(A), Not(A)),
    ],
)
def test_a_join_in_a_join_of_its_kind_is_dissolved(plan: Plan, better: Plan) -> None:
    assert flatten(plan) == better


def test_what_stands_twice_is_dropped_in_order_of_appearance() -> None:
    assert drop_repeats(Both((B, A, B, A, C))) == Both((B, A, C))
    assert drop_repeats(Either((A, Not(A), Not(A)))) == Either((A, Not(A)))


@pytest.mark.parametrize(
    ("plan", "better"),
    [
        (Not(EVERYONE), NOBODY),
        (Not(NOBODY), EVERYONE),
        (Both((A, EVERYONE)), A),
        (Both((A, B, EVERYONE)), Both((A, B))),
        (Both((A, NOBODY)), NOBODY),
        (Either((A, NOBODY)), A),
        (Either((A, EVERYONE)), EVERYONE),
        (Either((NOBODY, NOBODY)), NOBODY),
        (Both((EVERYONE,)), EVERYONE),
        (Both((A, B, Not(A))), NOBODY),
        (Either((Not(B), A, B)), EVERYONE),
    ],
)
def test_constants_and_opposites_are_folded(plan: Plan, better: Plan) -> None:
    assert fold_constants(plan) == better


@pytest.mark.parametrize(
    ("plan", "better"),
    [
        (Both((A, Not(Not(Both((B, Not(Not(A)))))))), Both((A, B))),
        (Not(Both((A, Not(Either((NOBODY, A)))))), EVERYONE),
        (Either((A, Both((B, Not(EVERYONE))), Not(Not(Either((A, C)))))), Either((A, C))),
        (Both((Both((A,)), Both((B, Both((C,)))))), Both((A, B, C))),
    ],
)
def test_together_they_reach_the_smallest_plan(plan: Plan, better: Plan) -> None:
    assert rewrite(plan) == better


def _holds(plan: Plan, who: dict[str, bool]) -> bool:
    """Say whether a contact that is in these segments is in a plan."""
    if isinstance(plan, SegmentLeaf):
        return who[plan.segment]
    if isinstance(plan, Not):
        return not _holds(plan.of, who)
    if isinstance(plan, Both):
        return all(_holds(part, who) for part in plan.parts)
    if isinstance(plan, Either):
        return any(_holds(part, who) for part in plan.parts)
    return plan == EVERYONE


def _plans() -> st.SearchStrategy[Plan]:
    leaves: st.SearchStrategy[Plan] = st.sampled_from((A, B, C, EVERYONE, NOBODY))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(Both, st.lists(inner, min_size=1, max_size=4).map(tuple)),
            st.builds(Either, st.lists(inner, min_size=1, max_size=4).map(tuple)),
        ),
        max_leaves=12,
    )


@given(_plans())
def test_a_rewritten_plan_holds_who_it_held_and_is_rewritten_no_further(plan: Plan) -> None:
    better = rewrite(plan)
    for i in range(8):
        who = {"a": bool(i & 1), "b": bool(i & 2), "c": bool(i & 4)}
        assert _holds(better, who) == _holds(plan, who)
    assert rewrite(better) == better
