"""The document's segments, each translated by hand to SQL, have in DuckDB the engine's members.

The SQL is written from the examples' words and the specification, a condition of `people` each;
`people` is the generated contacts beside what their events up to now come to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import duckdb
import pyarrow as pa
import pytest

from bitseg import Engine, examples, synthetic
from bitseg.examples import Example

CONTACTS, EVENTS = 10_000, 100_000
SEEDS: Final = {1: datetime(2025, 11, 25, 12, tzinfo=UTC), 2: datetime(2024, 2, 29, 23, tzinfo=UTC)}
"""Each seed with the instant that is now."""

TABLES: Final = """
CREATE TABLE happened AS FROM all_events WHERE "at" <= now_at();
CREATE TABLE totals AS
    SELECT contact_id,
        count(*) FILTER (kind = 'sent') AS total_sent,
        count(*) FILTER (kind = 'open') AS total_opens,
        count(*) FILTER (kind = 'click') AS total_clicks,
        count(*) FILTER (kind = 'conversion') AS total_conversions,
        max("at") FILTER (kind = 'open') AS last_opened_at,
        max("at") FILTER (kind = 'click') AS last_clicked_at,
        max("at") FILTER (kind IN ('open', 'click', 'conversion')) AS last_activity_at
    FROM happened GROUP BY contact_id;
CREATE TABLE latest AS
    SELECT * FROM happened
    QUALIFY row_number() OVER (
        PARTITION BY contact_id, kind ORDER BY "at" DESC, place DESC
    ) = 1;
CREATE TABLE hours AS
    SELECT contact_id, first(hour ORDER BY opens DESC, hour) AS preferred_hour
    FROM (
        SELECT contact_id, hour("at") AS hour, count(*) AS opens
        FROM happened WHERE kind = 'open' GROUP BY ALL
    ) GROUP BY contact_id;
CREATE TABLE weekdays AS
    SELECT contact_id, first(weekday ORDER BY opens DESC, weekday) AS preferred_weekday
    FROM (
        SELECT contact_id, isodow("at") AS weekday, count(*) AS opens
        FROM happened WHERE kind = 'open' GROUP BY ALL
    ) GROUP BY contact_id;
CREATE TABLE people AS
    SELECT contacts.*,
        coalesce(total_sent, 0) AS total_sent,
        coalesce(total_opens, 0) AS total_opens,
        coalesce(total_clicks, 0) AS total_clicks,
        coalesce(total_conversions, 0) AS total_conversions,
        last_opened_at, last_clicked_at, last_activity_at,
        preferred_hour, preferred_weekday,
        opened.device AS last_opened_device,
        mailed.campaign IS NOT NULL AND EXISTS (
            FROM happened AS e
            WHERE e.contact_id = contacts.id AND e.kind = 'open' AND e.campaign = mailed.campaign
        ) AS opened_last_email
    FROM contacts
    LEFT JOIN totals ON totals.contact_id = contacts.id
    LEFT JOIN hours ON hours.contact_id = contacts.id
    LEFT JOIN weekdays ON weekdays.contact_id = contacts.id
    LEFT JOIN latest AS opened ON opened.contact_id = contacts.id AND opened.kind = 'open'
    LEFT JOIN latest AS mailed ON mailed.contact_id = contacts.id AND mailed.kind = 'sent';
"""

ACTIVE: Final = "subscription_status = 'active' AND unsubscribed IS DISTINCT FROM true"
BOUGHT_LATELY: Final = """
    last_purchase_date > now_at() - INTERVAL 30 DAYS AND last_purchase_date <= now_at()
"""
UNENGAGED: Final = """
    (last_activity_at IS NOT NULL AND last_activity_at <= now_at() - INTERVAL 90 DAYS)
    OR (last_activity_at IS NULL AND created_at <= now_at() - INTERVAL 90 DAYS)
"""

SQL: Final = {
    "active-subscribers": f"""
        last_opened_at > now_at() - INTERVAL 30 DAYS AND {ACTIVE}
    """,
    "highly-engaged": """
        (SELECT count(*) FROM happened AS e WHERE e.contact_id = people.id
            AND kind = 'open' AND e."at" > now_at() - INTERVAL 30 DAYS) >= 5
        AND (SELECT count(*) FROM happened AS e WHERE e.contact_id = people.id
            AND kind = 'click' AND e."at" > now_at() - INTERVAL 30 DAYS) >= 2
        AND last_activity_at > now_at() - INTERVAL 7 DAYS
    """,
    "inactive-contacts": f"""
        last_opened_at <= now_at() - INTERVAL 90 DAYS AND {ACTIVE}
    """,
    "never-engaged": """
        total_opens = 0 AND total_clicks = 0 AND created_at <= now_at() - INTERVAL 30 DAYS
    """,
    "location-based": """
        country = 'United States' AND (state = 'California' OR city = 'San Francisco')
    """,
    "company-size": "company_size = '51-200 employees'",
    "industry": "industry IN ('SaaS', 'Technology', 'Software')",
    "new-leads": """
        created_at > now_at() - INTERVAL 7 DAYS AND created_at <= now_at() AND total_sent = 0
    """,
    "trial-users": """
        account_type = 'trial' AND trial_end_date >= date_trunc('day', now_at())
        AND trial_end_date <= now_at() + INTERVAL 7 DAYS
    """,
    "customers": """
        account_type = 'paid' AND last_purchase_date > now_at() - INTERVAL 90 DAYS
        AND last_purchase_date <= now_at()
    """,
    "engaged-or-high-value": """
        (
            (SELECT count(*) FROM happened AS e WHERE e.contact_id = people.id
                AND kind = 'open' AND e."at" > now_at() - INTERVAL 30 DAYS) >= 3
            AND EXISTS (FROM happened AS e WHERE e.contact_id = people.id
                AND kind = 'click' AND e."at" > now_at() - INTERVAL 30 DAYS)
        )
        OR (lead_score >= 75 AND customer_ltv >= 1000)
    """,
    "advanced-multi-condition": """
        country IN ('United States', 'Canada') AND timezone IN ('PST', 'MST', 'CST', 'EST')
        AND last_opened_at > now_at() - INTERVAL 60 DAYS AND total_clicks >= 5
        AND NOT coalesce(list_contains(tags, 'unqualified'), false)
        AND NOT coalesce(bounced, false)
    """,
    "click-but-never-convert": """
        total_clicks >= 10 AND total_conversions = 0
        AND last_clicked_at > now_at() - INTERVAL 30 DAYS
    """,
    "opens-mobile-vs-desktop": """
        last_opened_device = 'mobile'
        AND (SELECT count(*) FROM happened AS e WHERE e.contact_id = people.id
            AND kind = 'open' AND device = 'mobile') >= 5
        AND NOT EXISTS (FROM happened AS e WHERE e.contact_id = people.id
            AND kind = 'open' AND device = 'desktop')
    """,
    "time-based-engagement": """
        preferred_hour IN (9, 10, 11) AND preferred_weekday IN (1, 2, 3, 4, 5)
    """,
    "clicked-specific-link": """
        EXISTS (FROM happened AS e WHERE e.contact_id = people.id AND kind = 'click'
            AND campaign = 'Product Launch Q4' AND contains(lower(url), 'pricing'))
        AND NOT EXISTS (FROM happened AS e WHERE e.contact_id = people.id AND kind = 'click'
            AND campaign = 'Product Launch Q4' AND contains(lower(url), 'demo'))
    """,
    "opened-but-didnt-click": """
        EXISTS (FROM happened AS e WHERE e.contact_id = people.id AND kind = 'open'
            AND campaign = 'Feature Announcement')
        AND NOT EXISTS (FROM happened AS e WHERE e.contact_id = people.id AND kind = 'click'
            AND campaign = 'Feature Announcement')
        AND EXISTS (FROM happened AS e WHERE e.contact_id = people.id AND kind = 'sent'
            AND campaign = 'Feature Announcement' AND e."at" <= now_at() - INTERVAL 3 DAYS)
    """,
    "hot-leads": """
        lead_score >= 80 AND lead_score <= 100
        AND last_activity_at > now_at() - INTERVAL 14 DAYS AND opened_last_email
    """,
    "warm-leads": """
        lead_score >= 50 AND lead_score <= 79
        AND last_activity_at > now_at() - INTERVAL 30 DAYS
    """,
    "cold-leads": """
        (lead_score >= 0 AND lead_score <= 49)
        OR last_activity_at <= now_at() - INTERVAL 60 DAYS
    """,
    "multi-select-custom-fields": """
        list_contains(interests, 'email marketing') OR list_contains(interests, 'automation')
        OR list_contains(interests, 'analytics')
    """,
    "trial-expiring-soon": """
        trial_end_date >= date_trunc('day', now_at())
        AND trial_end_date < date_trunc('day', now_at()) + INTERVAL 8 DAYS
    """,
    "anniversary-outreach": "month(signup_date) = month(now_at())",
    "high-value-cohort": "total_revenue > 5000 AND lifetime_opens > 50",
    "all-active-subscribers": ACTIVE,
    "recent-purchasers": BOUGHT_LATELY,
    "unengaged-90-days": UNENGAGED,
    "product-users": "account_type IN ('trial', 'paid')",
    "exclude-other-segments": f"""
        ({ACTIVE})
        AND NOT coalesce({BOUGHT_LATELY}, false)
        AND NOT coalesce({UNENGAGED}, false)
    """,
    "suppress-based-on-recent-activity": """
        account_type IN ('trial', 'paid')
        AND NOT EXISTS (FROM happened AS e WHERE e.contact_id = people.id AND kind = 'sent'
            AND e."at" > now_at() - INTERVAL 7 DAYS AND contains(lower(campaign), 'product'))
    """,
    "segment-a": "lead_score > 60",
    "segment-b": "lead_score >= 40 AND lead_score <= 60",
}


def _plain(table: pa.Table) -> pa.Table:
    """Return a table as SQL likes it: dictionaries decoded, instants without their zone."""

    def plain(kind: pa.DataType) -> pa.DataType:
        if pa.types.is_timestamp(kind):
            return pa.timestamp("ms")
        return kind.value_type if pa.types.is_dictionary(kind) else kind

    return table.cast(pa.schema([(one.name, plain(one.type)) for one in table.schema]))


class Both:
    """The engine and the database, told the same."""

    def __init__(self, seed: int, now: datetime) -> None:
        """Generate the data of a seed up to now, and load it twice."""
        self.now = now
        at = int(now.timestamp()) * 1_000
        contacts = synthetic.contacts(CONTACTS, seed, at).read_all()
        events = synthetic.events(CONTACTS, EVENTS, seed, at).read_all()
        self.engine = Engine(timezone="UTC", clock=lambda: at)
        for path, data_type in synthetic.FIELDS.items():
            self.engine.define_field(path, data_type)
        assert self.engine.load_contacts(contacts).created == CONTACTS
        assert self.engine.load_events(events).accepted == EVENTS
        for example in examples.segments():
            self.engine.define_segment(example.id, example.rules)
        self.db = duckdb.connect()
        self.db.register("contacts", _plain(contacts))
        places = pa.array(range(EVENTS))
        self.db.register("all_events", _plain(events).append_column("place", places))
        written = now.strftime("%Y-%m-%d %H:%M:%S")
        self.db.execute(f"CREATE MACRO now_at() AS TIMESTAMP '{written}'")
        self.db.execute(TABLES)

    def by_sql(self, condition: str) -> list[str]:
        """Return the ids that a condition finds, sorted."""
        found = self.db.table("people").filter(condition).project("id").fetchall()
        return sorted(one for (one,) in found)


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def both(request: pytest.FixtureRequest) -> Iterator[Both]:
    made = Both(request.param, SEEDS[request.param])
    yield made
    made.db.close()


def test_every_example_has_its_sql() -> None:
    assert list(SQL) == [example.id for example in examples.segments()]


@pytest.mark.parametrize("example", examples.segments(), ids=lambda example: example.id)
def test_an_example_has_the_members_that_sql_finds(both: Both, example: Example) -> None:
    expected = both.by_sql(SQL[example.id])
    by_rules = both.engine.select(example.rules, both.now)
    by_reference = both.engine.select(_referring_to(example.id), both.now)
    assert 0 < len(expected) < CONTACTS
    assert both.engine.count(example.rules, both.now) == len(expected)
    assert sorted(by_rules.ids()) == sorted(by_reference.ids()) == expected


def _referring_to(segment: str) -> dict[str, Any]:
    group = {"match": "all", "conditions": [{"segment": segment}]}
    return {"match": "all", "groups": [group]}
