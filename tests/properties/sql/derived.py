"""A derived field is what a contact's events up to an instant come to, beside its baselines.

Each is an SQL value of one row `c` of `contacts`, whose columns of derived fields are baselines.
"""

# ruff: noqa: S608 - the text is made of our own names and instants

from __future__ import annotations

from typing import Final

from tests.oracle.catalog import ENGAGEMENT_FIELDS, LAST_DATES, TOTALS

_SECONDS: Final = "({at} - (({at} % 1000) + 1000) % 1000) / 1000"
HOUR: Final = "CAST(strftime('%H', {seconds}, 'unixepoch') AS INTEGER)"
WEEKDAY: Final = "((CAST(strftime('%w', {seconds}, 'unixepoch') AS INTEGER) + 6) % 7 + 1)"
MONTH_DAY: Final = "strftime('%m-%d', {seconds}, 'unixepoch')"

_LATEST: Final = "ORDER BY e.at DESC, e.number DESC LIMIT 1"
_OFTEN: Final = "GROUP BY v ORDER BY count(*) DESC, v LIMIT 1"
_NEVER: Final = str(-(2**62))
_BASES: Final = {
    "last_activity_at": (
        "last_activity_at", "last_opened_at", "last_clicked_at", "last_converted_at",
    ),
}  # fmt: skip
"""The baselines that a last-date is the latest of, where that is not only its own."""


def on_clock(form: str, at: str) -> str:
    """Return what the clock or calendar shows at an instant that is SQL."""
    return form.format(seconds=_SECONDS.format(at=at))


def people(columns: list[str], now: int) -> str:
    """Return a SELECT of all contacts with some of their columns and all derived fields."""
    own = [f'c."{column}"' for column in columns]
    derived = [f'{_value(name, now)} AS "engagement.{name}"' for name in ENGAGEMENT_FIELDS]
    return f"SELECT {', '.join([*own, *derived])} FROM contacts AS c"


def _value(name: str, now: int) -> str:
    base = f'c."engagement.{name}"'
    if name in TOTALS:
        return f"{_happened('count(*)', TOTALS[name], now)} + coalesce({base}, 0)"
    if name in LAST_DATES:
        return _last_date(name, now)
    if name == "revenue":
        amounts = _happened("e.amount", "conversion", now)
        return f"(SELECT fsum(v) FROM (SELECT {base} AS v UNION ALL SELECT * FROM {amounts}))"
    if name == "last_opened_device":
        return _happened("e.device", "open", now, _LATEST)
    if name == "opened_last_email":
        campaign = _happened("e.campaign", "sent", now, _LATEST)
        opened = _happened("count(*) > 0", "open", now, f"AND e.campaign = {campaign}")
        return f"iif({campaign} IS NULL, NULL, {opened})"
    form = HOUR if name == "preferred_open_hour" else WEEKDAY
    return _happened(f"{on_clock(form, 'e.at')} AS v", "open", now, _OFTEN)


def _happened(what: str, kind: str, now: int, rest: str = "") -> str:
    """Return a SELECT over the contact's events of a kind up to now."""
    return (
        f"(SELECT {what} FROM events AS e WHERE e.contact = c.number"
        f" AND e.kind = '{kind}' AND e.at <= {now} {rest})"
    )


def _last_date(name: str, now: int) -> str:
    """Return the latest of baselines and events; a baseline after now does not count yet."""
    bases = [f'c."engagement.{one}"' for one in _BASES.get(name, (name,))]
    known = [f"iif({base} <= {now}, {base}, {_NEVER})" for base in bases]
    happened = [
        f"coalesce({_happened('max(e.at)', kind, now)}, {_NEVER})" for kind in LAST_DATES[name]
    ]
    return f"nullif(max({', '.join([*known, *happened])}), {_NEVER})"
