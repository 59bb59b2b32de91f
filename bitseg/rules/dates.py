"""What the dates of a rule match for one ``Now``: intervals of instants, and windows of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, cast

from bitseg.clock import FIRST_INSTANT, HIGHEST, LAST_INSTANT, LOWEST, Now
from bitseg.operators import OPERATORS
from bitseg.rules.anniversaries import anniversary_intervals
from bitseg.rules.moments import Span, shifted, span
from bitseg.rules.nodes import Anniversary, DateValue, Duration, FieldRule, Value
from bitseg.rules.relative import is_crossed, is_relative, on_calendar, rests_on_calendar

__all__ = [
    "Interval", "Span", "edges", "intervals", "is_crossed", "is_relative",
    "on_calendar", "rests_on_calendar", "span", "window",
]  # fmt: skip

Interval: TypeAlias = tuple[int, int]


def intervals(
    rule: FieldRule, now: Now, lowest: int = FIRST_INSTANT, highest: int = LAST_INSTANT
) -> tuple[Interval, ...]:
    """Return the instants that a date rule's operator, or its positive twin, matches.

    Args:
        rule: on a field of type date; neither ``is_empty`` nor ``is_not_empty``.
        now: what relative dates are counted from.
        lowest: the smallest value there is, as far as the caller knows; a narrower range makes
            anniversaries cheaper, and other answers do not change.
        highest: the largest value there is.

    Returns:
        Half-open intervals in ms, ascending and disjoint; none means nobody.

    >>> from bitseg.zones import get_zone
    >>> rule = FieldRule("contact.created_at", "within_last", Duration(2, "s"), "date")
    >>> intervals(rule, Now(10_000, get_zone("UTC")))  # now-2s < t <= now
    ((8001, 10001),)
    """
    operator = OPERATORS[rule.operator].positive or rule.operator
    if operator == "anniversary":
        return anniversary_intervals(cast("Anniversary", rule.value), now, lowest, highest)
    if operator == "in":
        values = cast("tuple[DateValue, ...]", rule.value)
        return _united((start, end) for start, end, _ in (span(value, now) for value in values))
    low, high = _INTERVAL[operator](rule.value, now)
    return ((low, high),) if low < high else ()


def edges(rule: FieldRule, now: Now) -> tuple[int, ...]:
    """Return the bounds between which a date rule matches, as many at any instant.

    Those of an anniversary, which changes at the starts of days only, are left out.
    """
    operator = OPERATORS[rule.operator].positive or rule.operator
    if operator == "anniversary":
        return ()
    if operator == "in":
        values = cast("tuple[DateValue, ...]", rule.value)
        return tuple(edge for value in values for edge in span(value, now)[:2])
    return _INTERVAL[operator](rule.value, now)


def _united(pieces: Iterable[Interval]) -> tuple[Interval, ...]:
    """Join intervals that overlap or touch; leave out empty ones."""
    joined: list[Interval] = []
    for low, high in sorted(piece for piece in pieces if piece[0] < piece[1]):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def _equals(value: Value, now: Now) -> Interval:
    return span(cast("DateValue", value), now)[:2]


def _greater_than(value: Value, now: Now) -> Interval:
    return span(cast("DateValue", value), now).end, HIGHEST


def _greater_or_equal(value: Value, now: Now) -> Interval:
    return span(cast("DateValue", value), now).start, HIGHEST


def _less_than(value: Value, now: Now) -> Interval:
    return LOWEST, span(cast("DateValue", value), now).start


def _less_or_equal(value: Value, now: Now) -> Interval:
    return LOWEST, span(cast("DateValue", value), now).end


def _between(value: Value, now: Now) -> Interval:
    first, last = cast("tuple[DateValue, DateValue]", value)
    return span(first, now).start, span(last, now).end


def _within_last(value: Value, now: Now) -> Interval:
    return shifted(now, cast("Duration", value), -1) + 1, now.at + 1


def _within_next(value: Value, now: Now) -> Interval:
    return now.zone.day_start(now.day), _behind(shifted(now, cast("Duration", value), 1))


def _more_than_ago(value: Value, now: Now) -> Interval:
    return LOWEST, _behind(shifted(now, cast("Duration", value), -1))


def _more_than_ahead(value: Value, now: Now) -> Interval:
    return _behind(shifted(now, cast("Duration", value), 1)), HIGHEST


def _behind(instant: int) -> int:
    """Return the next instant; what lies outside all dates stays there."""
    return instant if instant in (LOWEST, HIGHEST) else instant + 1


_INTERVAL: Final[dict[str, Callable[[Value, Now], Interval]]] = {
    "equals": _equals,
    "greater_than": _greater_than,
    "greater_or_equal": _greater_or_equal,
    "less_than": _less_than,
    "less_or_equal": _less_or_equal,
    "between": _between,
    "within_last": _within_last,
    "within_next": _within_next,
    "more_than_ago": _more_than_ago,
    "more_than_ahead": _more_than_ahead,
}


def window(
    within: Duration | None, since: DateValue | None, until: DateValue | None, now: Now
) -> Interval:
    """Return the instants ``[low, high)`` of the events that a rule looks at; all must hold.

    No event after now counts, so ``high <= now.at + 1``; the window is empty if ``low >= high``.
    """
    low, high = LOWEST, now.at + 1
    if within is not None:
        low = shifted(now, within, -1) + 1
    if since is not None:
        low = max(low, span(since, now).start)
    if until is not None:
        high = min(high, span(until, now).end)
    return low, high
