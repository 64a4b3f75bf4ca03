"""When people are free: spans of a week in local wall time, real time in UTC, the times that suit everybody.

Zones are IANA names that the zone data knows; an unknown one raises `ZoneInfoNotFoundError`, since names are
checked where they are typed. All instants are aware and in UTC. Two rules hold wherever a wall time becomes
an instant: one that summer time skips is the first valid minute after it, one that comes twice is the first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from types import MappingProxyType
from zoneinfo import ZoneInfo

Span = tuple[int, int, int]
"""Weekday (0 is Monday), from minute, to minute (at most 1440) of local wall time; none crosses midnight."""

Interval = tuple[datetime, datetime]
"""From an instant up to, and without, another."""

DAY = 24 * 60

# No "night": seven days of three parts are 21 boxes, and a list on some platforms ends at 25.
PARTS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"morning": (8 * 60, 12 * 60), "afternoon": (12 * 60, 17 * 60), "evening": (17 * 60, 21 * 60)}
)
"""The parts of a day that can be ticked: from and to minute."""

WAKING: tuple[Span, ...] = tuple((day, 9 * 60, 20 * 60) for day in range(7))
"""What holds for somebody who has not said when they are free."""

HORIZON = timedelta(days=14)
NOTICE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Person:
    """What finding a time needs to know of one person; minutes of the day are local, `busy` is in UTC."""

    zone: str
    free: tuple[Span, ...] = ()
    quiet_from: int = 21 * 60
    quiet_to: int = 8 * 60
    busy: tuple[Interval, ...] = ()


def merge(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sort spans, join those that touch or overlap, drop empty ones; what is no span raises `ValueError`."""
    merged: list[Span] = []
    for day, start, end in sorted(spans):
        if not (0 <= day <= 6 and start >= 0 and end <= DAY):
            raise ValueError(f"not a span of a week: {(day, start, end)}")
        if start >= end:
            continue
        if merged and merged[-1][0] == day and merged[-1][2] >= start:
            merged[-1] = (day, merged[-1][1], max(merged[-1][2], end))
        else:
            merged.append((day, start, end))
    return tuple(merged)


def local(day: date, minute: int, zone: str) -> datetime:
    """Turn a wall time, `minute` minutes (0 to 1440) into `day`, into the instant it names."""
    place = ZoneInfo(zone)
    wall = _wall(day, minute)
    instant = wall.replace(tzinfo=place).astimezone(UTC)
    if _read(instant, place) == wall:
        return instant
    # Skipped: read with the offset after the gap the time lies before it, with the one before it, after it.
    early, late = wall.replace(tzinfo=place, fold=1).astimezone(UTC), instant
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
        early, late = (early, middle) if _read(middle, place) >= wall else (middle, late)
    return late


def exists(day: date, minute: int, zone: str) -> bool:
    """Tell whether clocks in `zone` ever show this wall time."""
    place = ZoneInfo(zone)
    wall = _wall(day, minute)
    return _read(wall.replace(tzinfo=place).astimezone(UTC), place) == wall


def day_start(now: datetime, zone: str) -> datetime:
    """Give the instant at which the local day of `now` began."""
    return local(now.astimezone(ZoneInfo(zone)).date(), 0, zone)


def utc(spans: Iterable[Span], zone: str, monday: date) -> tuple[Interval, ...]:
    """Give the real intervals of the local week that begins on `monday`, sorted and apart."""
    return _join(
        (local(monday + timedelta(days=day), start, zone), local(monday + timedelta(days=day), end, zone))
        for day, start, end in merge(spans)
    )


def overlap_minutes(a: Iterable[Interval], b: Iterable[Interval]) -> int:
    """Count the whole minutes that lie in both; intervals of one side may overlap each other."""
    return (
        int(sum((end - start for start, end in _both(_join(a), _join(b))), timedelta()).total_seconds()) // 60
    )


def quiet_until(now: datetime, zone: str, quiet_from: int, quiet_to: int) -> datetime | None:
    """Give when the quiet hours around `now` end; None outside them, or where from equals to."""
    today = now.astimezone(ZoneInfo(zone)).date()
    until = now
    # From the day before, since they cross midnight; in order, since a skipped day can join two nights.
    for start, end in _nights(zone, quiet_from, quiet_to, today - timedelta(days=1), 3):
        if start <= until < end:
            until = end
    return until if until > now else None


def propose(
    now: datetime, people: Sequence[Person], minutes: int, count: int = 5, earliest: timedelta = NOTICE
) -> tuple[datetime, ...]:
    """Give up to `count` starts of a session, in the next fourteen days, that suit everybody.

    They lie on the hour or half hour of the first person's clock, at least `earliest` from now, and one a day
    before a day is used twice. Sorted by time; empty where nothing suits.
    """
    if not people:
        return ()
    host = people[0].zone
    first = now.astimezone(ZoneInfo(host)).date()
    window: tuple[Interval, ...] = ((now + earliest, now + HORIZON + timedelta(minutes=minutes)),)
    for person in people:
        window = _both(window, _suits(person, now))
    length = timedelta(minutes=minutes)
    ranked: list[tuple[int, datetime]] = []
    for day in (first + timedelta(days=ahead) for ahead in range(HORIZON.days + 1)):
        slots = (local(day, minute, host) for minute in range(0, DAY, 30) if exists(day, minute, host))
        fitting = [
            slot for slot in slots if any(start <= slot and slot + length <= end for start, end in window)
        ]
        ranked.extend(enumerate(_apart(fitting, length)))
    return tuple(sorted(slot for _, slot in sorted(ranked)[:count]))


def _wall(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)


def _read(instant: datetime, place: ZoneInfo) -> datetime:
    """Read the wall clock of a place."""
    return instant.astimezone(place).replace(tzinfo=None, fold=0)


def _join(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        elif start < end:
            joined.append((start, end))
    return tuple(joined)


def _both(a: tuple[Interval, ...], b: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Intersect two sorted sequences of intervals that are apart."""
    common: list[Interval] = []
    i = j = 0
    while i < len(a) and j < len(b):
        start, end = max(a[i][0], b[j][0]), min(a[i][1], b[j][1])
        if start < end:
            common.append((start, end))
        i, j = (i + 1, j) if a[i][1] < b[j][1] else (i, j + 1)
    return tuple(common)


def _without(a: tuple[Interval, ...], b: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Take `b` out of `a`; both sorted and apart."""
    rest: list[Interval] = []
    for start, end in a:
        begin = start
        for out_start, out_end in b:
            if out_end <= begin or out_start >= end:
                continue
            if out_start > begin:
                rest.append((begin, out_start))
            begin = out_end
        if begin < end:
            rest.append((begin, end))
    return tuple(rest)


def _nights(zone: str, quiet_from: int, quiet_to: int, day: date, days: int) -> tuple[Interval, ...]:
    """Give the quiet hours that begin on each of `days` days from `day` on."""
    if (quiet_to - quiet_from) % DAY == 0:
        return ()
    later = timedelta(days=1 if quiet_to < quiet_from else 0)
    each = (day + timedelta(days=ahead) for ahead in range(days))
    return tuple((local(one, quiet_from, zone), local(one + later, quiet_to, zone)) for one in each)


def _suits(person: Person, now: datetime) -> tuple[Interval, ...]:
    """Give when a person can meet, from about a day ago to the end of the week that holds the horizon."""
    today = now.astimezone(ZoneInfo(person.zone)).date()
    monday = today - timedelta(days=today.weekday())
    weeks = (monday + timedelta(weeks=ahead) for ahead in range(4))
    free = _join(chain.from_iterable(utc(person.free or WAKING, person.zone, week) for week in weeks))
    quiet = _nights(
        person.zone, person.quiet_from, person.quiet_to, today - timedelta(days=1), HORIZON.days + 5
    )
    return _without(free, _join(chain(quiet, person.busy)))


def _apart(slots: list[datetime], length: timedelta) -> list[datetime]:
    """Put the starts of one day in order of worth: those that do not overlap each other, then the others."""
    best: list[datetime] = []
    for slot in slots:
        if not best or slot >= best[-1] + length:
            best.append(slot)
    return best + [slot for slot in slots if slot not in best]
