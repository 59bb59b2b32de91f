"""A description is a rule in English, for people who did not write it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import Final, TypeAlias

from bitseg.operators import OPERATORS
from bitseg.rules.nodes import (
    Condition,
    DateValue,
    Definition,
    Duration,
    EventRule,
    FieldRule,
    Group,
    SampleRule,
    SegmentRule,
    SequenceRule,
)
from bitseg.rules.phrases import listed, phrase

Label: TypeAlias = Callable[[str], str]

_DATE_PHRASES: Final = {
    "greater_than": "is after {value}",
    "greater_or_equal": "is on or after {value}",
    "less_than": "is before {value}",
    "less_or_equal": "is on or before {value}",
}
"""Dates are not greater or less, so they read otherwise than the operator table."""

_VERBS: Final = {
    "sent": ("was sent an email", "was not sent an email"),
    "delivered": ("had an email delivered", "had no email delivered"),
    "open": ("opened", "did not open"),
    "click": ("clicked", "did not click"),
    "conversion": ("converted", "did not convert"),
    "bounce": ("bounced", "did not bounce"),
    "unsubscribe": ("unsubscribed", "did not unsubscribe"),
    "complaint": ("complained", "did not complain"),
}


def name_of(path: str) -> str:
    """Return a field's name in words, as in ``total opens`` for ``engagement.total_opens``."""
    return path.rpartition(".")[2].replace("_", " ")


@singledispatch
def describe(node: Definition | Condition, label: Label = name_of) -> str:
    """Return a definition, or a part of one, in English.

    Args:
        node: what is described.
        label: names a field, or an event's property, by its path.

    >>> describe(EventRule("open", within=Duration(30, "d"), value=5.0))
    'opened at least 5 times in the last 30 days'
    """
    del label
    message = f"no words for a {type(node).__name__}"
    raise TypeError(message)


@describe.register
def _(node: Definition, label: Label = name_of) -> str:
    included = _joined(node.match, node.groups, label)
    if not node.exclusions:
        return included
    return f"{included}, but not ({_joined('any', node.exclusions, label)})"


@describe.register
def _(node: Group, label: Label = name_of) -> str:
    return _joined(node.match, node.conditions, label)


@describe.register
def _(node: FieldRule, label: Label = name_of) -> str:
    operator = OPERATORS[node.operator]
    words = _DATE_PHRASES.get(operator.key) if node.data_type == "date" else None
    values = node.value if isinstance(node.value, tuple) else (node.value,)
    conjunction = "and" if operator.key in ("contains_all", "between", "not_between") else "or"
    value = listed([phrase(each) for each in values if each is not None] or [""], conjunction)
    return f"{label(node.field)} {(words or operator.phrase).format(value=value)}"


@describe.register
def _(node: EventRule, label: Label = name_of) -> str:
    where = _where(node.where, label)
    window = _window(node.within, node.since, node.until)
    if node.measure.kind == "count":
        return f"{_counted(node)}{where}{window}"
    what = "sum of" if node.measure.kind == "sum" else "number of different values of"
    of = f"the {what} {label(node.measure.of)} over '{node.event}' events"
    return f"{of}{where}{window} {_compared(node)}"


@describe.register
def _(node: SequenceRule, label: Label = name_of) -> str:
    steps = ", then ".join(
        _verbs(step.event)[0] + _where(step.where, label) for step in node.sequence
    )
    gap = f", each within {phrase(node.gap)} of the one before" if node.gap else ""
    window = _window(node.within, node.since, node.until)
    did = "did" if node.operator == "did" else "did not do"
    return f"{did} this in order{window}: {steps}{gap}"


@describe.register
def _(node: SegmentRule, label: Label = name_of) -> str:
    del label
    return f"is {'' if node.operator == 'in' else 'not '}in the segment '{node.segment}'"


@describe.register
def _(node: SampleRule, label: Label = name_of) -> str:
    del label
    return f"is in the {node.percent:f} % sample of the seed '{node.seed}'"


def _joined(match: str, parts: Sequence[Condition], label: Label) -> str:
    """Join parts by and, or, or neither; nothing is everybody, or nobody."""
    if not parts:
        return "nobody" if match == "any" else "everybody"
    texts = [describe(part, label) for part in parts]
    if len(texts) > 1:
        texts = [
            f"({text})" if _is_list(part) else text for part, text in zip(parts, texts, strict=True)
        ]
    joined = (" and " if match == "all" else " or ").join(texts)
    return f"not ({joined})" if match == "none" else joined


def _is_list(part: Condition) -> bool:
    """Whether a part's words need brackets among others; those of ``none`` have their own."""
    return isinstance(part, Group) and len(part.conditions) > 1 and part.match != "none"


def _where(where: Group | None, label: Label) -> str:
    return f" (where {describe(where, label)})" if where is not None else ""


def _window(within: Duration | None, since: DateValue | None, until: DateValue | None) -> str:
    parts = (("in the last", within), ("since", since), ("until", until))
    return "".join(f" {words} {phrase(value)}" for words, value in parts if value is not None)


def _verbs(kind: str) -> tuple[str, str]:
    """Return what a contact did, and did not do, in an event of a kind."""
    return _VERBS.get(kind, (f"had the event '{kind}'", f"did not have the event '{kind}'"))


def _counted(node: EventRule) -> str:
    """Return how often a contact did something."""
    did, did_not = _verbs(node.event)
    if (node.operator, node.value) in _NEVER:
        return did_not
    if isinstance(node.value, tuple):
        low, high = node.value
        negation = "not " if node.operator == "not_between" else ""
        return f"{did} {negation}{phrase(low)} to {phrase(high)} times"
    times = "once" if node.value == 1 else f"{phrase(node.value)} times"
    return f"{did} {_HOW_OFTEN[node.operator]} {times}"


def _compared(node: EventRule) -> str:
    values = node.value if isinstance(node.value, tuple) else (node.value,)
    value = listed([phrase(each) for each in values], "and")
    return OPERATORS[node.operator].phrase.format(value=value)


_NEVER: Final = {("equals", 0.0), ("less_than", 1.0), ("less_or_equal", 0.0)}
_HOW_OFTEN: Final = {
    "equals": "exactly",
    "not_equals": "not exactly",
    "greater_than": "more than",
    "greater_or_equal": "at least",
    "less_than": "less than",
    "less_or_equal": "at most",
}
