"""An operator compares one cell of data with one operand of a rule; a missing cell is None."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from tests.oracle.catalog import TWINS
from tests.oracle.dates import Moment, day_of, resolve, shifted

Cell = str | float | list[str] | None
"""What a field may hold: text, a number, a boolean, an instant in ms, a list, or nothing."""


def holds(kind: str, operator: str, cell: Cell, operand: Any, moment: Moment) -> bool:
    """Say whether a cell of a type passes an operator; negative operators are complements."""
    if operator in TWINS:
        return not holds(kind, TWINS[operator], cell, operand, moment)
    if operator == "is_not_empty":
        return cell is not None
    return cell is not None and _CHECKS[kind](operator, cell, operand, moment)


def compares(operator: str, number: float, operand: Any) -> bool:
    """Compare a number; the measures of event rules come here too."""
    if operator in TWINS:
        return not compares(TWINS[operator], number, operand)
    if operator == "between":
        low, high = operand
        return float(low) <= number <= float(high)
    if operator == "in":
        return any(number == float(one) for one in operand)
    # A number is a float64 everywhere, so a rule's big integer is rounded to one as well.
    other = float(operand)
    return {
        "equals": number == other,
        "greater_than": number > other,
        "greater_or_equal": number >= other,
        "less_than": number < other,
        "less_or_equal": number <= other,
    }[operator]


def _string(operator: str, cell: str, operand: Any, _moment: Moment) -> bool:
    if operator == "equals":
        return bool(cell == operand)
    if operator == "in":
        return any(cell == one for one in operand)
    text, sought = cell.casefold(), operand.casefold()
    return bool(
        {
            "contains": sought in text,
            "starts_with": text.startswith(sought),
            "ends_with": text.endswith(sought),
        }[operator]
    )


def _number(operator: str, cell: float, operand: Any, _moment: Moment) -> bool:
    return compares(operator, cell, operand)


def _boolean(operator: str, cell: bool, operand: bool, _moment: Moment) -> bool:  # noqa: FBT001
    return {"equals": cell is operand}[operator]


def _array(operator: str, cell: Sequence[str], operand: Any, _moment: Moment) -> bool:
    if operator == "contains":
        return operand in cell
    if operator == "contains_any":
        return any(one in cell for one in operand)
    return {"contains_all": all(one in cell for one in operand)}[operator]


def _date(operator: str, cell: int, operand: Any, moment: Moment) -> bool:
    if operator in ("within_last", "within_next", "more_than_ago", "more_than_ahead"):
        return _near(operator, cell, operand, moment)
    if operator == "anniversary":
        return anniversary(day_of(cell, moment.timezone), operand, moment)
    if operator == "in":
        return any(_date("equals", cell, one, moment) for one in operand)
    if operator == "between":
        low, high = operand
        # Nothing lies between a later and an earlier date: nobody, with no special case.
        return resolve(low, moment).start <= cell < resolve(high, moment).end
    start, end = resolve(operand, moment)
    # An instant is a span of one millisecond, so one line serves instants and whole days.
    return {
        "equals": start <= cell < end,
        "greater_than": cell >= end,
        "greater_or_equal": cell >= start,
        "less_than": cell < start,
        "less_or_equal": cell < end,
    }[operator]


def _near(operator: str, cell: int, duration: str, moment: Moment) -> bool:
    if operator == "within_last":
        return shifted(moment, "-", duration) < cell <= moment.now
    if operator == "more_than_ago":
        return cell <= shifted(moment, "-", duration)
    if operator == "within_next":
        return resolve("today", moment).start <= cell <= shifted(moment, "+", duration)
    return cell > shifted(moment, "+", duration)


def anniversary(born: date, operand: str, moment: Moment) -> bool:
    """Say whether a day's month and day come up today, this month, or within some days."""
    today = day_of(moment.now, moment.timezone)
    if operand == "this_month":
        return born.month == today.month
    reach = 0 if operand == "today" else int(operand.removesuffix("d"))
    return any(_recurs(born, today + timedelta(days=ahead)) for ahead in range(reach + 1))


def _recurs(born: date, day: date) -> bool:
    if (born.month, born.day) == (2, 29) and not calendar.isleap(day.year):
        return (day.month, day.day) == (2, 28)
    return (born.month, born.day) == (day.month, day.day)


_CHECKS: dict[str, Callable[[str, Any, Any, Moment], bool]] = {
    "string": _string,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "date": _date,
}
