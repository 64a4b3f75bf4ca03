"""Free time, checked against a slow reference that walks through time minute by minute."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.availability import (
    PARTS,
    Interval,
    Person,
    Span,
    day_start,
    exists,
    local,
    merge,
    overlap_minutes,
    propose,
    quiet_until,
    utc,
)

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kathmandu",
)
MINUTE = timedelta(minutes=1)


# The reference: a clock on the wall that never goes back. When it strikes a time for the first time, or jumps
# over it, that is the instant the time names.


def clock(zone: str, start: datetime, minutes: int) -> list[datetime]:
    """Read, for each minute from `start` on, the latest time the wall has shown so far."""
    place = ZoneInfo(zone)
    shown: list[datetime] = []
    for ahead in range(minutes):
        wall = (start + ahead * MINUTE).astimezone(place).replace(tzinfo=None, fold=0)
        shown.append(max(wall, shown[-1]) if shown else wall)
    return shown


def strikes(day: date, minute: int, zone: str) -> tuple[datetime, bool]:
    """Find the instant a wall time names, and whether the wall really shows it."""
    wall = datetime(day.year, day.month, day.day) + minute * MINUTE  # noqa: DTZ001
    start = wall.replace(tzinfo=UTC) - timedelta(hours=39)
    for ahead, shown in enumerate(clock(zone, start, 60 * 60)):
        if shown >= wall:
            return start + ahead * MINUTE, shown == wall
    pytest.fail("the time never came")


@cache
def changes(zone: str) -> tuple[date, ...]:
    """List the days on which clocks in a zone were put forward or back."""
    place, day, found = ZoneInfo(zone), datetime(2004, 1, 1, tzinfo=UTC), []
    while day.year < 2031:
        if day.astimezone(place).utcoffset() != (day + timedelta(days=1)).astimezone(place).utcoffset():
            found.append(day.date())
        day += timedelta(days=1)
    return tuple(found)


zones = st.sampled_from(ZONES)
minutes_of_day = st.integers(0, 1440)


@st.composite
def zoned_days(draw: st.DrawFn) -> tuple[str, date]:
    """Give a zone and a day, mostly one near a change of its clocks."""
    zone = draw(zones)
    near = changes(zone) or (date(2026, 3, 29),)
    day = draw(
        st.one_of(st.sampled_from(near), st.sampled_from(near), st.dates(date(2005, 1, 1), date(2030, 12, 1)))
    )
    return zone, day + timedelta(days=draw(st.integers(-1, 2)))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start, end = sorted((draw(minutes_of_day), draw(minutes_of_day)))
    return draw(st.integers(0, 6)), start, end


# Spans


def test_parts_are_whole_hours_and_follow_each_other() -> None:
    assert list(PARTS) == ["morning", "afternoon", "evening"]
    assert all(start < end for start, end in PARTS.values())
    assert PARTS["morning"][1] == PARTS["afternoon"][0]
    assert PARTS["afternoon"][1] == PARTS["evening"][0]


def test_merge_sorts_joins_and_drops() -> None:
    assert merge([(1, 600, 660), (0, 60, 60), (1, 540, 600), (0, 0, 1440), (1, 570, 580), (1, 700, 710)]) == (
        (0, 0, 1440),
        (1, 540, 660),
        (1, 700, 710),
    )


@pytest.mark.parametrize("wrong", [(7, 0, 60), (-1, 0, 60), (0, -1, 60), (0, 0, 1441)])
def test_merge_refuses_what_is_no_span(wrong: Span) -> None:
    with pytest.raises(ValueError, match="not a span"):
        merge([wrong])


@given(st.lists(spans(), max_size=12))
def test_merge_keeps_every_minute_and_no_other(given_spans: list[Span]) -> None:
    def covered(of: tuple[Span, ...] | list[Span]) -> set[tuple[int, int]]:
        return {(day, minute) for day, start, end in of for minute in range(start, end)}

    merged = merge(given_spans)
    assert covered(merged) == covered(given_spans)
    assert merge(merged) == merged
    assert all(a[0] < b[0] or a[2] < b[1] for a, b in pairwise(merged))


# Wall time


@pytest.mark.parametrize(
    ("zone", "day", "minute", "instant", "there"),
    [
        ("Europe/Berlin", date(2026, 3, 2), 18 * 60, datetime(2026, 3, 2, 17, tzinfo=UTC), True),
        ("Europe/Berlin", date(2026, 3, 29), 2 * 60 + 30, datetime(2026, 3, 29, 1, tzinfo=UTC), False),
        ("Europe/Berlin", date(2026, 10, 25), 2 * 60 + 30, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
        ("America/Sao_Paulo", date(2018, 11, 4), 0, datetime(2018, 11, 4, 3, tzinfo=UTC), False),
        (
            "Australia/Lord_Howe",
            date(2026, 10, 4),
            2 * 60 + 10,
            datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
            False,
        ),
        ("Pacific/Apia", date(2011, 12, 30), 12 * 60, datetime(2011, 12, 30, 10, tzinfo=UTC), False),
        ("Asia/Kathmandu", date(2026, 3, 2), 9 * 60, datetime(2026, 3, 2, 3, 15, tzinfo=UTC), True),
        ("Asia/Kathmandu", date(2026, 3, 2), 1440, datetime(2026, 3, 2, 18, 15, tzinfo=UTC), True),
    ],
)
def test_a_wall_time_names_one_instant(
    zone: str, day: date, minute: int, instant: datetime, *, there: bool
) -> None:
    assert local(day, minute, zone) == instant
    assert exists(day, minute, zone) is there


@settings(max_examples=60, deadline=None)
@given(zoned_days(), minutes_of_day)
def test_wall_times_agree_with_the_reference(where: tuple[str, date], minute: int) -> None:
    zone, day = where
    assert (local(day, minute, zone), exists(day, minute, zone)) == strikes(day, minute, zone)


@settings(max_examples=25, deadline=None)
@given(zoned_days(), st.lists(spans(), max_size=6))
def test_a_week_agrees_with_the_reference(where: tuple[str, date], free: list[Span]) -> None:
    zone, day = where
    monday = day - timedelta(days=day.weekday())
    start = datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - timedelta(hours=39)
    sunday = datetime(monday.year, monday.month, monday.day) + timedelta(days=7)  # noqa: DTZ001
    expected = set()
    for ahead, shown in enumerate(clock(zone, start, 10 * 1440)):
        week = sunday - timedelta(days=7) <= shown < sunday
        minute = shown.hour * 60 + shown.minute
        if week and any(on == shown.weekday() and a <= minute < b for on, a, b in free):
            expected.add(start + ahead * MINUTE)
    found = utc(free, zone, monday)
    inside = {a + ahead * MINUTE for a, b in found for ahead in range((b - a) // MINUTE)}
    assert inside == expected
    assert all(a[1] < b[0] for a, b in pairwise(found))


def test_an_evening_keeps_its_wall_time_over_a_change_of_clocks() -> None:
    evening = [(6, 1080, 1260)]
    before = utc(evening, "Europe/Berlin", date(2026, 3, 16))
    after = utc(evening, "Europe/Berlin", date(2026, 3, 23))
    assert before == ((datetime(2026, 3, 22, 17, tzinfo=UTC), datetime(2026, 3, 22, 20, tzinfo=UTC)),)
    assert after == ((datetime(2026, 3, 29, 16, tzinfo=UTC), datetime(2026, 3, 29, 19, tzinfo=UTC)),)


@pytest.mark.parametrize(("sunday", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_a_day_of_a_change_is_longer_or_shorter(sunday: date, hours: int) -> None:
    ((start, end),) = utc([(6, 0, 1440)], "Europe/Berlin", sunday - timedelta(days=6))
    assert end - start == timedelta(hours=hours)


@given(st.lists(spans(), max_size=6), st.lists(spans(), max_size=6))
def test_overlap_counts_the_common_minutes(one: list[Span], other: list[Span]) -> None:
    epoch = datetime(2026, 3, 2, tzinfo=UTC)

    def real(of: list[Span]) -> list[Interval]:
        return [(epoch + (d * 1440 + a) * MINUTE, epoch + (d * 1440 + b) * MINUTE) for d, a, b in of]

    def covered(of: list[Span]) -> set[int]:
        return {day * 1440 + minute for day, start, end in of for minute in range(start, end)}

    assert overlap_minutes(real(one), real(other)) == len(covered(one) & covered(other))


# Quiet hours and days


def test_quiet_hours_end_in_the_morning_of_the_person() -> None:
    night = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    assert quiet_until(night, "Europe/Madrid", 21 * 60, 8 * 60) == datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
    assert quiet_until(night, "America/New_York", 21 * 60, 8 * 60) is None
    assert quiet_until(night, "Asia/Shanghai", 21 * 60, 8 * 60) == datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    assert quiet_until(night, "Europe/Madrid", 21 * 60, 21 * 60) is None


def test_quiet_hours_begin_on_their_minute_and_are_over_on_their_last() -> None:
    assert quiet_until(datetime(2026, 3, 2, 21, 0, tzinfo=UTC), "UTC", 1260, 480) is not None
    assert quiet_until(datetime(2026, 3, 2, 20, 59, tzinfo=UTC), "UTC", 1260, 480) is None
    assert quiet_until(datetime(2026, 3, 3, 8, 0, tzinfo=UTC), "UTC", 1260, 480) is None


@settings(max_examples=40, deadline=None)
@given(zoned_days(), st.integers(0, 1439), st.integers(0, 1439), st.integers(0, 1439))
def test_quiet_hours_agree_with_the_reference(where: tuple[str, date], at: int, start: int, end: int) -> None:
    zone, day = where
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + at * MINUTE

    def quiet(shown: datetime) -> bool:
        minute = shown.hour * 60 + shown.minute
        return start <= minute < end if start <= end else minute >= start or minute < end

    lead = 26 * 60
    shown = clock(zone, now - lead * MINUTE, lead + 3 * 1440)[lead:]
    expected = None
    if quiet(shown[0]):
        expected = next(now + ahead * MINUTE for ahead, wall in enumerate(shown) if not quiet(wall))
    assert quiet_until(now, zone, start, end) == expected


@settings(max_examples=30, deadline=None)
@given(zoned_days(), st.integers(0, 1439))
def test_a_day_starts_at_the_first_minute_of_its_date(where: tuple[str, date], at: int) -> None:
    zone, day = where
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + at * MINUTE
    today = now.astimezone(ZoneInfo(zone)).date()
    start = day_start(now, zone)
    assert start <= now
    assert start.astimezone(ZoneInfo(zone)).date() == today
    assert (start - MINUTE).astimezone(ZoneInfo(zone)).date() < today


def test_where_midnight_is_skipped_the_day_starts_at_one() -> None:
    noon = datetime(2018, 11, 4, 15, tzinfo=UTC)
    assert day_start(noon, "America/Sao_Paulo") == datetime(2018, 11, 4, 3, tzinfo=UTC)


# Proposals

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVENINGS = tuple((day, 1080, 1260) for day in range(7))


def hours(found: tuple[datetime, ...], zone: str) -> list[str]:
    return [at.astimezone(ZoneInfo(zone)).strftime("%a %H:%M") for at in found]


def test_five_times_on_five_days() -> None:
    pair = (Person("Europe/Madrid", EVENINGS), Person("Europe/Berlin", EVENINGS))
    found = propose(NOW, pair, 45)
    assert hours(found, "Europe/Madrid") == ["Tue 18:00", "Wed 18:00", "Thu 18:00", "Fri 18:00", "Sat 18:00"]


def test_people_far_apart_meet_where_their_days_touch() -> None:
    pair = (Person("Europe/Madrid"), Person("America/Los_Angeles"))
    assert hours(propose(NOW, pair, 45, count=2), "Europe/Madrid") == ["Tue 18:00", "Wed 18:00"]
    assert hours(propose(NOW, pair, 45, count=2), "America/Los_Angeles") == ["Tue 09:00", "Wed 09:00"]


def test_what_is_booked_is_left_out() -> None:
    taken = tuple(
        (NOW + timedelta(days=day, hours=8), NOW + timedelta(days=day, hours=9)) for day in range(14)
    )
    pair = (Person("Europe/Madrid", EVENINGS), Person("Europe/Madrid", EVENINGS, busy=taken))
    assert set(hours(propose(NOW, pair, 60), "Europe/Madrid")) == {
        f"{day} 19:00" for day in ("Tue", "Wed", "Thu", "Fri", "Sat")
    }


def test_a_day_is_used_twice_when_there_are_no_others() -> None:
    tuesdays = Person("UTC", ((1, 1080, 1200),))
    assert hours(propose(NOW, (tuesdays,), 60), "UTC") == [
        "Tue 18:00", "Tue 18:30", "Tue 19:00", "Tue 18:00", "Tue 19:00",
    ]  # fmt: skip


def test_who_is_free_only_in_quiet_hours_gets_none() -> None:
    nights = Person("UTC", ((1, 22 * 60, 1440),))
    assert propose(NOW, (nights,), 45) == ()
    assert propose(NOW, (Person("UTC", nights.free, 0, 0),), 45) != ()
    assert propose(NOW, (), 45) == ()


def test_a_free_night_goes_on_after_midnight() -> None:
    owl = Person("UTC", ((1, 23 * 60 + 30, 1440), (2, 0, 60)), quiet_from=0, quiet_to=0)
    assert hours(propose(NOW, (owl,), 90, count=2), "UTC") == ["Tue 23:30", "Tue 23:30"]


people = st.builds(
    Person,
    zone=zones,
    free=st.one_of(
        st.just(()),
        st.lists(spans(), min_size=1, max_size=5).map(merge),
        st.lists(st.tuples(st.integers(0, 6), st.just(480), st.just(1260)), min_size=2, max_size=7).map(
            merge
        ),
    ),
    quiet_from=st.integers(0, 1439),
    quiet_to=st.integers(0, 1439),
)


def suits(person: Person, shown: datetime, at: datetime) -> bool:
    minute = shown.hour * 60 + shown.minute
    waking = tuple((day, 540, 1200) for day in range(7))
    a, b = person.quiet_from, person.quiet_to
    quiet = a <= minute < b if a <= b else minute >= a or minute < b
    free = any(on == shown.weekday() and start <= minute < end for on, start, end in person.free or waking)
    return free and not quiet and not any(start <= at < end for start, end in person.busy)


@settings(max_examples=15, deadline=None)
@given(
    where=zoned_days(),
    at=st.integers(0, 1439),
    group=st.lists(people, min_size=1, max_size=3),
    busy=st.lists(st.tuples(st.integers(0, 14 * 24), st.integers(1, 30)), max_size=4),
    minutes=st.sampled_from([20, 45, 60, 90]),
    count=st.integers(1, 8),
)
def test_proposals_agree_with_the_reference(
    where: tuple[str, date],
    at: int,
    group: list[Person],
    busy: list[tuple[int, int]],
    minutes: int,
    count: int,
) -> None:
    zone, day = where
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) + at * MINUTE
    taken = tuple((now + timedelta(hours=a), now + timedelta(hours=a + b)) for a, b in busy)
    first = Person(zone, group[0].free, group[0].quiet_from, group[0].quiet_to, taken)
    together = (first, *group[1:])

    lead, size = 26 * 60, 14 * 1440 + minutes + 1
    walls = [clock(one.zone, now - lead * MINUTE, lead + size) for one in together]
    good = [
        all(
            suits(one, wall[lead + ahead], now + ahead * MINUTE)
            for one, wall in zip(together, walls, strict=True)
        )
        for ahead in range(size)
    ]
    host = walls[0]
    fitting = {
        now + ahead * MINUTE: host[lead + ahead].date()
        for ahead in range(12 * 60, 14 * 1440 + 1)
        if host[lead + ahead].minute % 30 == 0
        and host[lead + ahead] > host[lead + ahead - 1]
        and all(good[ahead : ahead + minutes])
    }

    found = propose(now, together, minutes, count)
    assert set(found) <= set(fitting)
    assert len(found) == min(count, len(fitting))
    assert list(found) == sorted(set(found))
    days = {fitting[one] for one in found}
    assert len(days) == min(len(found), len(set(fitting.values())))
    assert propose(now, together, minutes, count) == found
