"""A pool is one scenario's instants and the texts that write them, near the edges of windows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from random import Random

from tests.oracle import values
from tests.oracle.dates import Moment, day_of, day_start, from_ms, read, resolve, wall

DAY = 86_400_000
_EDGES = (-1, 0, 0, 1)


@dataclass(frozen=True)
class Pool:
    """A pool belongs to one timezone and a few values of now."""

    random: Random
    timezone: str
    nows: tuple[int, ...]
    instants: tuple[int, ...]
    spare_event_ids: list[str] = field(default_factory=list)

    def instant(self) -> int:
        """Draw an instant."""
        return self.random.choice(self.instants)

    def day(self) -> str:
        """Draw a bare date."""
        return day_of(self.instant(), self.timezone).isoformat()

    def text(self, at: int) -> str:
        """Write an instant as a date-time, in one of several ways."""
        moment = from_ms(at)
        written = self.random.randrange(5)
        if written == 0:
            return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if written == 1:
            eastward = timezone(timedelta(hours=5, minutes=45))
            return moment.astimezone(eastward).isoformat(timespec="milliseconds")
        if written == 2:
            westward = timezone(timedelta(hours=-3))
            finer = moment + timedelta(microseconds=self.random.choice((1, 500, 999)))
            return finer.astimezone(westward).isoformat(timespec="microseconds")
        # Without an offset: it may come to another instant, in a repeated hour, on purpose.
        return wall(at, self.timezone).isoformat(timespec="milliseconds")

    def data_date(self) -> str | int | datetime:
        """Draw a date as data: text, a datetime, or milliseconds."""
        at = self.instant()
        written = self.random.randrange(6)
        if written < 2:
            return at
        if written == 2:
            return from_ms(at)
        if written == 3:
            return wall(at, self.timezone)
        return self.day() if written == 4 else self.text(at)

    def rule_date(self) -> str:
        """Draw a date value of a rule."""
        way = self.random.random()
        if way < 0.5:
            return self.random.choice(values.DATE_MATH)
        return self.day() if way < 0.7 else self.text(self.instant())

    def rule_dates(self) -> list[str]:
        """Draw two date values for `between`: literal ones in order, relative ones as they come."""
        first, second = self.rule_date(), self.rule_date()
        moment = Moment(self.nows[0], self.timezone)
        literal = not any(text.startswith(("now", "today")) for text in (first, second))
        low, high = resolve(first, moment), resolve(second, moment)
        if literal and (low.start > high.start or low.end > high.end):
            # One inside the other, or the wrong way round: repeat one, which is always in order.
            first, second = (second, first) if high.end <= low.start else (first, first)
        return [first, second]


def draw_pool(random: Random) -> Pool:
    """Draw a timezone, some values of now, and the instants around them."""
    name = random.choice(list(values.ZONES))
    first = read(random.choice(values.ZONES[name]), name)
    first += random.choice((-1, 0, 1, 3_600_000, 1_800_000, DAY // 2))
    later = [random.choice(_steps(first, name)) for _ in range(3)]
    nows = (first, *sorted(later))
    instants = [edge + random.choice(_EDGES) for now in nows for edge in _edges(now, name)]
    instants += [now + off for now in nows for off in (-1, 0, 1)]
    instants += [_utc(1968, 2, 29), _utc(1996, 2, 29), _utc(2000, 2, 28), _utc(1969, 12, 31, 23)]
    kept = random.sample(instants, min(len(instants), random.choice((12, 30, 80))))
    return Pool(random, name, nows, (*kept, *nows))


def pool_at(random: Random, timezone_name: str, now: int) -> Pool:
    """Give the pool of a clock that has come to an instant."""
    instants = [edge + random.choice(_EDGES) for edge in _edges(now, timezone_name)]
    instants += [now - 1, now, now, now + 1]
    kept = random.sample(instants, min(len(instants), 40))
    return Pool(random, timezone_name, (now,), (*kept, now))


def _utc(year: int, month: int, day: int, hour: int = 12) -> int:
    return read(datetime(year, month, day, hour, tzinfo=UTC), "UTC")


def _steps(now: int, timezone_name: str) -> list[int]:
    moment = Moment(now, timezone_name)
    tomorrow = resolve("today+1d", moment).start
    return [
        now, now + 1, now + 1_000, now + 3_600_000, tomorrow - 1, tomorrow, tomorrow + 1,
        now + DAY, now + 7 * DAY, resolve("now+1M", moment).start, now + 30 * DAY + 1,
        resolve("today+1M", moment).start, resolve("now+1y", moment).start, now - 1, now - DAY,
    ]  # fmt: skip


def _edges(now: int, timezone_name: str) -> list[int]:
    moment = Moment(now, timezone_name)
    edges = [
        resolve(f"now{sign}{size}", moment).start for size in values.DURATIONS for sign in "+-"
    ]
    for text in values.DATE_MATH:
        edges += list(resolve(text, moment))
    today = day_of(now, timezone_name)
    edges += [day_start(today + timedelta(days=ahead), timezone_name) for ahead in (-2, 2, 7, 8)]
    edges += [day_start(today.replace(day=1), timezone_name), now + 1, now + DAY * 400]
    leap = datetime(2024, 2, 29, 12, tzinfo=UTC)
    return [*edges, read(leap, timezone_name), read(leap.replace(year=2020), timezone_name)]
