"""Rows are what the writer loads: contacts and events, good ones and some that must be refused.

Values are chosen so that SPEC section 2 and 3 leave no doubt what comes of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]

HOUR: Final = 3_600_000
DAY: Final = 24 * HOUR
RECENT: Final = 20 * DAY
"""Events are this young, or much older than any retention of these tests."""

PER_LANE_IDS: Final = 16
BULK_IDS: Final = 6_500
BULK_SCORES: Final = range(0, 44, 4)
KINDS: Final = ("sent", "delivered", "open", "click", "conversion", "bounce", "visit")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def lane_ids(lane: int) -> list[str]:
    """Return the ids of a lane's contacts."""
    return [f"c{lane}-{k}" if k % 5 else f"ç{lane} {k}" for k in range(PER_LANE_IDS)]


def iso(at: int) -> str:
    """Return ms since 1970 as ISO 8601."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1_000:03d}Z"


def day_of(at: int) -> str:
    """Return the day of ms since 1970."""
    return f"{_EPOCH + timedelta(milliseconds=at):%Y-%m-%d}"


class Rows:
    """Draws rows."""

    def __init__(self, draw: Random) -> None:
        """Take the source of chance."""
        self._draw = draw

    def contact(self, lane: int, at: int) -> Json:
        """Return a good row of a contact: some keys, some null, some empty."""
        draw = self._draw
        row: Json = {"id": draw.choice(lane_ids(lane))}
        choices: dict[str, tuple[Any, ...]] = {
            "email": (f"x{draw.randrange(99)}@example.com", "Ünï@example.com", "", None),
            "contact.first_name": ("Ada", "李", " blank ", None),
            "country": ("Canada", "Österreich", "Peru", None),
            "lead_score": (draw.randrange(100), draw.random() * 100, -3, None),
            "bounced": (True, False, None),
            "contact.tags": (["a"], ["b", "c", "b"], ["d", "", None], [], None),
            f"customField.plan{lane}": ("pro", "free", "", None),
            f"score{lane}": (draw.randrange(100) + 0.5, 1e300, -0.25, None),
            f"likes{lane}": (["tea"], ["tea", "go"], None),
            f"customField.vip{lane}": (True, False, None),
            "total_opens": (draw.randrange(20), None),
            "engagement.revenue": (draw.random() * 100, 0.1, None),
            "last_opened_at": (iso(at - draw.randrange(400 * DAY)), None),
            "engagement.last_activity_at": (at - draw.randrange(400 * DAY), None),
            "created_at": (iso(at - draw.randrange(900 * DAY)),),
            "updated_at": (at - draw.randrange(DAY),),
        }
        for key in draw.sample(list(choices), draw.randint(0, 6)):
            row[key] = draw.choice(choices[key])
        return row

    def bad_contact(self, lane: int) -> Json:
        """Return a row that must be refused."""
        row: Json = {"id": self._draw.choice(lane_ids(lane)), "country": "Nowhere"}
        wrongs: tuple[Json, ...] = (
            {"id": ""},
            {"id": None},
            {"lead_score": "abc"},
            {"created_at": None},
            {"contact.tags": 5},
        )
        return {**row, **self._draw.choice(wrongs)}

    def event(self, lane: int, at: int, fresh: str) -> Json:
        """Return a good row of an event; whether someone has its contact's id is not known here.

        Args:
            lane: whose contact.
            at: the instant of the load, ms.
            fresh: makes an event id that was never used before.
        """
        draw = self._draw
        row: Json = {
            "contact_id": draw.choice(lane_ids(lane)),
            "kind": draw.choice(KINDS),
            "at": at - draw.randrange(RECENT),
        }
        if draw.random() < 0.1:
            row["at"] = at + draw.randrange(DAY)
        chance = draw.random()
        if chance < 0.35:
            row["event_id"] = f"e{lane}-{fresh}"
        elif chance < 0.6:
            row["event_id"] = f"e{lane}-{draw.randrange(40)}"
        elif chance < 0.8:
            row["at"] = at - draw.randrange(150, 300) * DAY - draw.randrange(DAY)
        if draw.random() < 0.4:
            row["at"] = iso(row["at"])
        choices: dict[str, tuple[Any, ...]] = {
            "campaign": ("spring", "fall", None),
            "device": ("phone", "desk", None),
            "url": ("https://example.com/ä",),
            "amount": (draw.random() * 100, draw.randrange(50), 1e16, None),
            "ok": (True, False, None),
        }
        for key in draw.sample(list(choices), draw.randint(0, 4)):
            row[key] = draw.choice(choices[key])
        return row

    def bad_event(self, lane: int, at: int) -> Json:
        """Return a row that must be refused, with an event id that stays unused by it."""
        row = {"contact_id": lane_ids(lane)[0], "kind": "open", "at": at}
        row["event_id"] = f"e{lane}-{self._draw.randrange(40, 60)}"
        row |= self._draw.choice(
            (
                {"at": "yesterdayish"},
                {"kind": "Not A Kind"},
                {"amount": "abc"},
                {"contact_id": None},
                {"contact_id": ""},
            )
        )
        return row

    def many_contacts(self, start: int, count: int) -> list[Json]:
        """Return good rows of contacts of their own, more than a journal entry holds."""
        draw = self._draw
        rows: list[Json] = []
        for k in range(start, start + count):
            row: Json = {"id": f"b{k}", "lead_score": draw.choice(BULK_SCORES)}
            if k % 3:
                row["country"] = draw.choice(("Canada", "Peru", "Österreich"))
            if k % 7 == 0:
                row["tags"] = ["bulk", draw.choice("abcd")]
            rows.append(row)
        return rows

    def many_events(self, at: int, number: int, count: int) -> list[Json]:
        """Return good rows of events of all lanes, more than a journal entry holds."""
        draw = self._draw
        ids = [one for lane in range(3) for one in lane_ids(lane)]
        chosen = draw.sample(ids, draw.randint(5, 20))
        ordered = draw.random() < 0.5
        rows: list[Json] = []
        for k in range(count):
            age = RECENT * (count - k) // count if ordered else draw.randrange(RECENT)
            row: Json = {
                "contact_id": chosen[k % len(chosen)],
                "kind": KINDS[draw.randrange(7) if draw.random() < 0.2 else 6],
                "at": at - age,
            }
            if k % 9 == 0:
                row["event_id"] = f"m{number}-{k // 18}"
            if k % 4 == 0:
                row["amount"] = draw.randrange(1_000) / 8
            if k % 5 == 0:
                row["campaign"] = draw.choice(("spring", "fall", "winter"))
            rows.append(row)
        return rows
