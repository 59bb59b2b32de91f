"""Contacts that come and go as time passes, though nothing happens; answers written by hand."""

from __future__ import annotations

from typing import Any, NamedTuple


class Passing(NamedTuple):
    """A rule about a contact to whom nothing happens, asked at one instant after another."""

    name: str
    rule: dict[str, Any]
    answers: tuple[tuple[str, bool], ...]


# In all of these: one contact, renewal 2024-03-10T10:00Z, birthday 2000-02-29, one open at
# 2024-03-10T10:00Z, one sent of campaign "spring" at 2024-03-20T10:00Z, and a baseline
# last_clicked_at of 2024-03-12T10:00Z.
PASSING: tuple[Passing, ...] = (
    Passing(
        "opened within seven days",
        {"event": "open", "within": "7d"},
        (
            ("2024-03-10T09:59:59.999Z", False),
            ("2024-03-10T10:00:00Z", True),
            ("2024-03-17T09:59:59.999Z", True),
            ("2024-03-17T10:00:00Z", False),
            ("2024-03-12T00:00:00Z", True),
        ),
    ),
    Passing(
        "not opened within a month",
        {"event": "open", "within": "1M", "operator": "equals", "value": 0},
        (
            ("2024-03-10T09:59:59.999Z", True),
            ("2024-03-10T10:00:00Z", False),
            ("2024-04-10T09:59:59.999Z", False),
            ("2024-04-10T10:00:00Z", True),
        ),
    ),
    Passing(
        "opened today",
        {"event": "open", "since": "today"},
        (
            ("2024-03-10T10:00:00Z", True),
            ("2024-03-10T23:59:59.999Z", True),
            ("2024-03-11T00:00:00Z", False),
        ),
    ),
    Passing(
        "renewal within a day from now",
        {"field": "customField.renewal", "operator": "within_next", "value": "1d"},
        (
            ("2024-03-09T09:59:59.999Z", False),
            ("2024-03-09T10:00:00Z", True),
            ("2024-03-10T23:59:59.999Z", True),
            ("2024-03-11T00:00:00Z", False),
        ),
    ),
    Passing(
        "renewal more than two days ahead",
        {"field": "customField.renewal", "operator": "more_than_ahead", "value": "2d"},
        (("2024-03-08T09:59:59.999Z", True), ("2024-03-08T10:00:00Z", False)),
    ),
    Passing(
        "renewal more than two days ago",
        {"field": "customField.renewal", "operator": "more_than_ago", "value": "2d"},
        (("2024-03-12T09:59:59.999Z", False), ("2024-03-12T10:00:00Z", True)),
    ),
    Passing(
        "birthday today, from 29 February",
        {"field": "customField.birthday", "operator": "anniversary", "value": "today"},
        (
            ("2023-02-27T23:59:59.999Z", False),
            ("2023-02-28T00:00:00Z", True),
            ("2023-03-01T00:00:00Z", False),
            ("2024-02-28T12:00:00Z", False),
            ("2024-02-29T00:00:00Z", True),
            ("2024-03-01T00:00:00Z", False),
        ),
    ),
    Passing(
        "one open so far",
        {"field": "engagement.total_opens", "operator": "equals", "value": 1},
        (
            ("2024-03-10T09:59:59.999Z", False),
            ("2024-03-10T10:00:00Z", True),
            ("2034-01-01T00:00:00Z", True),
        ),
    ),
    Passing(
        "last activity is missing",
        {"field": "engagement.last_activity_at", "operator": "is_empty"},
        (("2024-03-10T09:59:59.999Z", True), ("2024-03-10T10:00:00Z", False)),
    ),
    Passing(
        "last activity on the twelfth",
        {"field": "engagement.last_activity_at", "operator": "equals", "value": "2024-03-12"},
        (("2024-03-12T09:59:59.999Z", False), ("2024-03-12T10:00:00Z", True)),
    ),
    Passing(
        "last clicked at all",
        {"field": "engagement.last_clicked_at", "operator": "is_not_empty"},
        (("2024-03-12T09:59:59.999Z", False), ("2024-03-12T10:00:00Z", True)),
    ),
    Passing(
        "the baseline is no event",
        {"event": "click", "operator": "equals", "value": 0},
        (("2024-03-12T10:00:00Z", True),),
    ),
    Passing(
        "the hour of opening is known",
        {"field": "engagement.preferred_open_hour", "operator": "equals", "value": 10},
        (("2024-03-10T09:59:59.999Z", False), ("2024-03-10T10:00:00Z", True)),
    ),
    Passing(
        "the last e-mail was not opened",
        {"field": "engagement.opened_last_email", "operator": "equals", "value": False},
        (("2024-03-20T09:59:59.999Z", False), ("2024-03-20T10:00:00Z", True)),
    ),
    Passing(
        "opened, then sent to, within a fortnight",
        {"sequence": [{"event": "open"}, {"event": "sent"}], "within": "2w"},
        (
            ("2024-03-20T09:59:59.999Z", False),
            ("2024-03-20T10:00:00Z", True),
            ("2024-03-24T09:59:59.999Z", True),
            ("2024-03-24T10:00:00Z", False),
        ),
    ),
)
