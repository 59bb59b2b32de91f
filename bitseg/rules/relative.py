"""A relative rule is one whose dates depend on ``now``; its bounds are what they came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, cast

from bitseg.clock import HIGHEST, LOWEST, Now
from bitseg.operators import OPERATORS
from bitseg.rules.anniversaries import target_days
from bitseg.rules.moments import Span, shifted, span
from bitseg.rules.nodes import (
    Anniversary,
    Condition,
    DateValue,
    Duration,
    EventRule,
    FieldRule,
    Relative,
    SequenceRule,
)

Bounds: TypeAlias = tuple[int | None, int | None]
RelativePart: TypeAlias = tuple[str, FieldRule | EventRule | SequenceRule]


def is_relative(rule: FieldRule) -> bool:
    """Whether a date rule's intervals depend on ``now``; others may be kept for good."""
    if OPERATORS[rule.operator].arity in ("duration", "anniversary"):
        return True
    return any(isinstance(value, Relative) for value in _values(rule))


def on_calendar(*values: DateValue | Duration | Anniversary | None) -> bool:
    """Whether what dates come to rests on days, months or years of a calendar.

    Otherwise they are literal, or move just as time does.
    """
    for value in values:
        match value:
            case Anniversary():
                return True
            case Duration(unit="M" | "y"):
                return True
            case Relative(anchor="today"):
                return True
            case Relative(steps=steps) if any(step.unit in ("M", "y") for step in steps):
                return True
            case _:
                pass
    return False


def rests_on_calendar(rule: FieldRule) -> bool:
    """Whether a date rule's bounds do."""
    return rule.operator == "within_next" or on_calendar(*_values(rule))


def is_crossed(rule: FieldRule, now: Now) -> bool:
    """Whether a ``between`` (or ``not_between``) of dates starts, for this now, after its end."""
    if OPERATORS[rule.operator].arity != "pair":
        return False
    first, last = _values(rule)
    return span(first, now).start >= span(last, now).end


def relative_parts(parts: Iterable[tuple[str, Condition]]) -> tuple[RelativePart, ...]:
    """Return those parts of a definition that have a relative date."""
    return tuple(
        (path, node)
        for path, node in parts
        if (isinstance(node, FieldRule) and node.data_type == "date" and is_relative(node))
        or (
            isinstance(node, EventRule | SequenceRule)
            and (
                node.within is not None
                or isinstance(node.since, Relative)
                or isinstance(node.until, Relative)
            )
        )
    )


def bounds_of(parts: Iterable[RelativePart], now: Now) -> dict[str, Bounds]:
    """Return what parts with a relative date came to: ``{path: (from, to)}`` in ms.

    ``to`` is exclusive for whole days and the instant itself otherwise; None is an open side. A
    negative operator shows the bounds of its positive twin.
    """
    return {
        path: _field_bounds(node, now) if isinstance(node, FieldRule) else _window_bounds(node, now)
        for path, node in parts
    }


def _field_bounds(rule: FieldRule, now: Now) -> Bounds:
    operator = OPERATORS[rule.operator].positive or rule.operator
    if operator == "anniversary":
        first, stop = target_days(cast("Anniversary", rule.value), now)
        return now.zone.day_start(first), now.zone.day_start(stop)
    if OPERATORS[operator].arity == "duration":
        return _duration_bounds(operator, cast("Duration", rule.value), now)
    return _SPAN_BOUNDS[operator]([span(value, now) for value in _values(rule)])


def _duration_bounds(operator: str, duration: Duration, now: Now) -> Bounds:
    ago, ahead = (_known(shifted(now, duration, sign)) for sign in (-1, 1))
    return {
        "within_last": (ago, now.at),
        "more_than_ago": (None, ago),
        "within_next": (now.zone.day_start(now.day), ahead),
        "more_than_ahead": (ahead, None),
    }[operator]


_SPAN_BOUNDS: Final[dict[str, Callable[[list[Span]], Bounds]]] = {
    "equals": lambda spans: (_known(spans[0].start), _last(spans[0])),
    "in": lambda spans: (
        _known(min(spans).start),
        _last(max(spans, key=lambda each: each.end)),
    ),
    "greater_than": lambda spans: (_last(spans[0]), None),
    "greater_or_equal": lambda spans: (_known(spans[0].start), None),
    "less_than": lambda spans: (None, _known(spans[0].start)),
    "less_or_equal": lambda spans: (None, _last(spans[0])),
    "between": lambda spans: (_known(spans[0].start), _last(spans[1])),
}


def _window_bounds(rule: EventRule | SequenceRule, now: Now) -> Bounds:
    starts = [] if rule.within is None else [shifted(now, rule.within, -1)]
    if rule.since is not None:
        starts.append(span(rule.since, now).start)
    until = None if rule.until is None else span(rule.until, now)
    to = now.at if until is None or until.end > now.at else _last(until)
    return (_known(max(starts)) if starts else None), to


def _last(of: Span) -> int | None:
    """Return the end to show: exclusive for a whole day, else the instant itself."""
    return _known(of.end if of.whole else of.start)


def _known(instant: int) -> int | None:
    return None if instant in (LOWEST, HIGHEST) else instant


def _values(rule: FieldRule) -> tuple[DateValue, ...]:
    return cast(
        "tuple[DateValue, ...]", rule.value if isinstance(rule.value, tuple) else (rule.value,)
    )
