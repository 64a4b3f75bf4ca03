"""Waiting: simulated time is the same as real time, summer time moves nothing, and downtime doubles nothing."""

import asyncio
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.outbox import box
from bot.outbox.box import EXPIRED, SENT, Letter
from bot.outbox.kinds import KINDS
from bot.ports import Command
from bot.reminders import waits as kinds
from bot.turn import Message
from core import users, waits
from core.store.tables import offers, outbox, requests, sessions
from core.store.tables import waits as waiting
from tests.world import MONDAY, STORY, World, asked, at, match, open_world, temporary_store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
REMINDERS = ("session.day", "session.soon", "session.after")


async def book(world: World, time: str, who: str = "ana", with_whom: str = "lee") -> None:
    """Let one of a pair propose a time, and the other confirm it."""
    await world.command(who, "schedule", "")
    await world.say(who, time)
    await confirm(world, with_whom)


async def confirm(world: World, who: str) -> None:
    """Press the first time that somebody was last offered."""
    buttons = [button["id"] for shown in world.got(who) for button in shown.message["buttons"]]
    await world.pushes(who, [each for each in buttons if each.startswith("confirm")][-1])
    await world.settle()


async def reminders(world: World, state: str = SENT) -> list[tuple[str, int, datetime]]:
    """Give (kind, reader, when it settled) of the reminders of sessions."""
    rows = [row for row in await world.rows(outbox) if row.kind in REMINDERS and row.state == state]
    return [(row.kind, row.user_id, row.settled_at) for row in rows]


# --- Simulated time ---------------------------------------------------------------------------------------------

TEAM = "ana mentee UTC · " + " · ".join(f"m{number} mentor UTC python" for number in range(5))
QUICK = {"first_wait": "40m", "next_wait": "40m", "claim_wait": "60m"}
"""So that all that follows from an offer falls on a full ten minutes, and what a plan puts never on the same one."""
EVENING = datetime(2026, 3, 2, 19, tzinfo=UTC)

acts = st.lists(
    st.tuples(
        st.integers(0, 18),
        st.one_of(
            st.tuples(
                st.just("letter"), st.sampled_from(sorted(set(KINDS) - {"offer", "room"})), st.integers(0, 6)
            ),
            st.tuples(st.just("pause"), st.sampled_from(["m0", "m1", "ana"]), st.integers(0, 9)),
            st.tuples(st.just("decline"), st.integers(0, 4), st.just(0)),
            st.tuples(st.just("accept"), st.integers(0, 4), st.just(0)),
        ),
    ),
    max_size=6,
)
"""When (in tens of minutes), what, about whom, and how long after that it is due (in tens of minutes)."""


async def act(world: World, number: int, what: str, whom: Any, tens: int) -> None:
    """Do one of the things of a plan."""
    now = world.clock.now
    due = now + (10 * tens + 3 + number) * MINUTE
    match what:
        case "letter":
            ana = await world.user("ana")
            message = Message("room.item", {"partner": f"{whom} {number}"})
            letter = Letter(whom, ana, message, f"letter{number}", due_at=due)
            await world.write(lambda tx: box.put(tx, now, letter))
        case "pause":
            user_id = await world.user(whom)

            def pause(tx: Any) -> None:
                users.change(tx, user_id, now, paused_until=due)
                waits.put(tx, "pause.end", user_id, due)

            await world.write(pause)
        case _:
            offer = [row for row in await world.rows(offers) if row.id % 5 == whom]
            by_id = {await world.user(f"m{each}"): f"m{each}" for each in range(5)}
            for row in offer[:1]:
                await world.pushes(by_id[row.mentor_id], f"{what}:{row.id}")
    await world.settle()


async def play(
    plan: list[tuple[int, tuple[str, Any, int]]], *, by_minute: bool
) -> dict[str, list[tuple[str, str]]]:
    """Play three hours of a plan; what reached whom, in order."""
    with temporary_store() as url:
        more = {f"requests__{name}": value for name, value in QUICK.items()}
        async with open_world(url, TEAM, EVENING, **more) as world:  # type: ignore[arg-type]
            await world.command("ana", "find", "python")
            await world.press("ana", "Ask the first available")

            async def pass_to(until: datetime) -> None:
                """Let time pass: from minute to minute, or in leaps."""
                while by_minute and world.clock.now < until:
                    passed = (world.clock.now - EVENING) // MINUTE
                    world.clock.now = min(EVENING + (passed + 1) * MINUTE, until)
                    await world.settle()
                await world.advance(max(until - world.clock.now, timedelta()))
                due = await world.read(kinds.next_due)
                assert due is None or due > until

            for number, (tens, (what, whom, later)) in enumerate(sorted(plan, key=lambda one: one[0])):
                # A little past the minute, and never at the same moment as anything else.
                await pass_to(EVENING + 10 * tens * MINUTE + timedelta(seconds=5 + 5 * number))
                await act(world, number, what, whom, later)
            await pass_to(EVENING + 240 * MINUTE)
            people = {shown.who for shown in world.screens.shown}
            return {
                who: [(shown.kind, re.sub(r"\d+:\d\d", "…", shown.text)) for shown in world.screen(who)]
                for who in people
            }


async def both(plan: list[tuple[int, tuple[str, Any, int]]]) -> None:
    """Play it in leaps, and again minute by minute."""
    assert await play(plan, by_minute=False) == await play(plan, by_minute=True)


@settings(max_examples=5, deadline=None)
@given(acts)
def test_leaping_from_due_to_due_is_the_same_as_ticking_every_minute(
    plan: list[tuple[int, tuple[str, Any, int]]],
) -> None:
    asyncio.run(both(plan))


@pytest.mark.soak
@settings(max_examples=100, deadline=None)
@given(acts)
def test_it_is_the_same_for_many_more_plans(plan: list[tuple[int, tuple[str, Any, int]]]) -> None:
    asyncio.run(both(plan))


async def test_nothing_is_due_in_a_world_where_nothing_waits(store_url: str) -> None:
    async with open_world(store_url) as world:
        assert await world.read(kinds.next_due) is None
        await world.advance(100 * DAY)
        assert world.clock.now >= MONDAY + 100 * DAY


async def test_the_next_that_is_due_is_a_wait_or_a_message_whichever_comes_first(store_url: str) -> None:
    async with open_world(store_url) as world:
        ana, now = await world.user("ana"), world.clock.now
        letter = Letter("room.trouble", ana, Message("pause.over"), "one", due_at=now + 2 * HOUR)
        await world.write(lambda tx: box.put(tx, now, letter))
        assert await world.read(kinds.next_due) == now + 2 * HOUR
        await world.write(lambda tx: waits.put(tx, "pause.end", ana, now + HOUR))
        assert await world.read(kinds.next_due) == now + HOUR
        await world.advance(HOUR + MINUTE)
        assert await world.read(kinds.next_due) == now + 2 * HOUR


async def test_a_wait_that_is_put_again_is_moved_and_one_that_is_cancelled_is_gone(store_url: str) -> None:
    async with open_world(store_url) as world:
        now = world.clock.now
        for later in (DAY, 2 * DAY, HOUR):
            due = now + later
            await world.write(lambda tx, due=due: waits.put(tx, "tidy", 7, due))  # type: ignore[misc]
            assert [row.due_at for row in await world.rows(waiting)] == [due]
        await world.write(lambda tx: waits.cancel(tx, "tidy", 7))
        await world.write(lambda tx: waits.cancel(tx, "tidy", 7))
        assert await world.rows(waiting) == []


async def test_every_kind_of_wait_takes_what_is_gone_in_its_stride(store_url: str) -> None:
    async with open_world(store_url) as world:
        now = world.clock.now
        subjects = {
            "snooze": "session.99.1",
            "tidy": "all",
            "course.averages": "all",
            "recommendations": "all",
        }
        for kind in kinds.KINDS:
            subject = subjects.get(kind, "99")
            await world.write(lambda tx, kind=kind, subject=subject: waits.put(tx, kind, subject, now))  # type: ignore[misc]
        await world.settle()
        left = {row.kind for row in await world.rows(waiting)}
        assert left <= {"tidy", "request.retry", "course.averages", "recommendations"}
        assert await world.rows(outbox) == []


# --- Summer time ------------------------------------------------------------------------------------------------

CHANGES = [
    ("America/New_York", "2026-03-08", "spring"),
    ("America/New_York", "2026-11-01", "autumn"),
    ("Europe/Berlin", "2026-03-29", "spring"),
    ("Europe/Berlin", "2026-10-25", "autumn"),
    ("Australia/Lord_Howe", "2026-04-05", "by half an hour back"),
    ("Australia/Lord_Howe", "2026-10-04", "by half an hour forward"),
    ("Pacific/Apia", "2021-04-04", "the last one"),
    ("Pacific/Apia", "2011-12-30", "the day that was left out"),
]


@pytest.mark.parametrize(("zone", "day", "what"), CHANGES, ids=[f"{zone} {day}" for zone, day, _ in CHANGES])
async def test_sessions_keep_their_wall_time_and_are_reminded_of_once(
    sqlite_store_url: str, zone: str, day: str, what: str
) -> None:
    del what
    place = ZoneInfo(zone)
    change = datetime.fromisoformat(f"{day}T12:00")
    start = (change - 3 * DAY).replace(hour=12, tzinfo=place)
    times = [change.replace(hour=hour) + ahead * DAY for ahead, hour in ((-1, 15), (1, 10), (2, 8))]
    async with open_world(
        sqlite_store_url, f"ana mentee {zone} · lee mentor {zone} python", start.astimezone(UTC)
    ) as world:
        await match(world)
        for time in times:
            await book(world, f"{time:%Y-%m-%d %H:%M}")
        held = sorted(row.starts_at for row in await world.rows(sessions))
        assert [moment.astimezone(place).replace(tzinfo=None) for moment in held] == times
        await world.advance(8 * DAY)
        for who in ("ana", "lee"):
            texts = [shown.text for shown in world.got(who)]
            for time in times:
                clock = f"{time:%H:%M}"
                soon = [text for text in texts if f"meet at {clock}" in text]
                assert len(soon) == 1
                listed = [
                    text
                    for text in texts
                    if "A reminder" in text and f"{time.day} {time:%b}, {clock}" in text
                ]
                assert len(listed) == 1
        sent = await reminders(world)
        assert Counter(kind for kind, _, _ in sent) == Counter(dict.fromkeys(REMINDERS, 2 * len(times)))
        soon_at = sorted(
            {
                moment.astimezone(place).replace(tzinfo=None)
                for kind, _, moment in sent
                if kind == "session.soon"
            }
        )
        assert [moment.replace(second=0, microsecond=0) for moment in soon_at] == [
            time - 15 * MINUTE for time in times
        ]
        for kind, _, moment in sent:
            assert kind == "session.soon" or 8 <= moment.astimezone(place).hour < 21
        assert await reminders(world, EXPIRED) == []


async def test_a_time_that_comes_twice_is_the_first_one_and_is_reminded_of_once(store_url: str) -> None:
    zone = "America/New_York"
    start = datetime(2026, 10, 30, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    async with open_world(store_url, f"ana mentee {zone} · lee mentor {zone} python", start) as world:
        await match(world)
        await book(world, "2026-11-01 01:30")
        (session,) = await world.rows(sessions)
        assert session.starts_at == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
        await world.advance(4 * DAY)
        soon = [moment for kind, _, moment in await reminders(world) if kind == "session.soon"]
        assert [f"{moment:%d %H:%M}" for moment in soon] == ["01 05:15"] * 2


async def test_quiet_hours_end_at_eight_on_the_wall_on_both_sides_of_the_change(
    sqlite_store_url: str,
) -> None:
    zone = "Europe/Berlin"
    start = datetime(2026, 3, 28, 20, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    async with open_world(sqlite_store_url, f"ana mentee {zone}", start) as world:
        ana = await world.user("ana")
        for night in range(2):
            world.clock.now = start + night * DAY + 2 * HOUR
            letter = Letter("request", ana, Message("pause.over"), f"night {night}")
            await world.write(lambda tx, letter=letter: box.put(tx, world.clock(), letter))  # type: ignore[misc]
            await world.advance(14 * HOUR)
        came = [row.settled_at.astimezone(ZoneInfo(zone)) for row in await world.messages()]
        assert [f"{moment:%d %H:%M}" for moment in came] == ["29 08:00", "30 08:00"]


# --- Moved sessions ---------------------------------------------------------------------------------------------


async def moved(world: World, time: str) -> None:
    """Let Ana move the session, and Lee agree."""
    await world.pushes("ana", "move:1")
    await world.say("ana", time)
    await confirm(world, "lee")


async def test_a_session_moved_in_time_is_reminded_of_at_its_new_time_alone(store_url: str) -> None:
    async with open_world(store_url) as world:
        await match(world)
        await book(world, "Thu 10:00")
        await moved(world, "Fri 15:00")
        await world.advance(6 * DAY)
        texts = [
            shown.text for shown in world.got("ana") if "A reminder" in shown.text or "meet at" in shown.text
        ]
        assert [text.partition(". ")[0].partition(": https")[0] for text in texts] == [
            "A reminder: you and Lee Chan meet on Fri 6 Mar, 15:00",
            "You and Lee Chan meet at 15:00",
        ]
        assert Counter(kind for kind, _, _ in await reminders(world)) == Counter(dict.fromkeys(REMINDERS, 2))


async def test_a_session_moved_after_its_reminder_is_reminded_of_anew(store_url: str) -> None:
    async with open_world(store_url) as world:
        await match(world)
        await book(world, "Wed 18:00")
        await world.advance(DAY + 9 * HOUR)
        assert Counter(kind for kind, _, _ in await reminders(world)) == {"session.day": 2}
        await moved(world, "Fri 15:00")
        await world.advance(6 * DAY)
        counts = Counter(kind for kind, _, _ in await reminders(world))
        assert counts == {"session.day": 4, "session.soon": 2, "session.after": 2}


async def test_a_session_called_off_is_not_reminded_of(store_url: str) -> None:
    async with open_world(store_url) as world:
        await match(world)
        await book(world, "Thu 10:00")
        await world.pushes("ana", "call_off:1")
        await world.say("ana", "yes")
        await world.advance(6 * DAY)
        assert await reminders(world) == []


# --- Off for a while --------------------------------------------------------------------------------------------

OFF = [HOUR, 23 * HOUR, 25 * HOUR, 3 * DAY]


async def off(world: World, time: timedelta) -> None:
    """Stop the program, and start it again later."""
    await world.close()
    world.clock.now += time
    world._stack = type(world._stack)()
    await world.open()
    await world.app.outbox.recover(world.clock.now, alone=True)
    await world.settle()


@pytest.mark.parametrize("time", OFF, ids=str)
async def test_after_a_time_off_every_message_is_sent_once_or_listed_as_expired(
    store_url: str, time: timedelta
) -> None:
    async with open_world(store_url) as world:
        ana, now = await world.user("ana"), world.clock.now
        names = [
            (kind, quarter)
            for kind in ("session.soon", "session.day", "request", "room.trouble")
            for quarter in range(20)
        ]
        letters = [
            Letter(
                kind,
                ana,
                Message("room.item", {"partner": f"{kind} {n}"}),
                f"{kind} {n}",
                due_at=now + n * HOUR / 4,
            )
            for kind, n in names
        ]
        await world.write(lambda tx: box.put_all(tx, now, letters))
        await off(world, time)
        await world.advance(4 * DAY)
        rows = {row.once: row for row in await world.rows(outbox)}
        came = Counter(text for shown in world.got("ana") for text in re.findall(r"[a-z.]+ \d+", shown.text))
        late = 0
        for letter in letters:
            row = rows[letter.once]
            assert row.state in (SENT, EXPIRED)
            assert came[letter.once] == (row.state == SENT)
            assert row.state == SENT or (row.expires_at is not None and row.expires_at < row.settled_at)
            late += row.state == EXPIRED
        listed = await world.read(lambda tx: box.troubles(tx, (EXPIRED,)))
        assert len(listed) == late
        assert (late > 0) == (time > HOUR / 2)


@pytest.mark.parametrize("time", OFF, ids=str)
async def test_after_a_time_off_nobody_is_reminded_of_a_session_that_is_over(
    store_url: str, time: timedelta
) -> None:
    async with open_world(store_url) as world:
        await match(world)
        for when in ("Tue 12:30", "Wed 9:30", "Thu 10:00"):
            await book(world, when)
        await world.advance(12 * HOUR)
        await off(world, time)
        await world.advance(8 * DAY)
        starts = {row.id: row.starts_at for row in await world.rows(sessions)}
        sent = Counter(
            (row.subject, row.kind, row.user_id) for row in await world.messages() if row.kind in REMINDERS
        )
        assert max(sent.values()) == 1
        for row in await world.messages():
            if row.kind in ("session.day", "session.soon"):
                assert row.settled_at < starts[int(row.subject.partition(":")[2])] + 15 * MINUTE
        after = [row for row in await world.messages() if row.kind == "session.after"]
        assert len(after) == 6


@pytest.mark.parametrize("time", OFF, ids=str)
async def test_after_a_time_off_a_request_goes_on_from_where_it_was_by_one_step_at_the_most(
    store_url: str, time: timedelta
) -> None:
    async with open_world(store_url, TEAM) as world:
        await world.command("ana", "find", "python")
        await world.press("ana", "Ask the first available")
        await off(world, time)
        (request,) = await world.rows(requests)
        assert request.step == ("first" if time < DAY else "next")
        open_offers = [row for row in await world.rows(offers) if row.state == "open"]
        assert len(open_offers) == (1 if time < DAY else 2)
        assert (
            Counter(
                shown.who for shown in world.screens.shown if "would like help" in shown.text
            ).most_common(1)[0][1]
            == 1
        )


async def test_a_form_left_open_for_days_is_still_there(store_url: str) -> None:
    async with open_world(store_url, STORY) as world:
        await world.does("sam", Command("signup"))
        await world.types("sam", "yes")
        await off(world, 3 * DAY)
        assert asked(await world.does("sam", Command("signup")))[0] == "name"
        await off(world, 25 * DAY)
        assert asked(await world.does("sam", Command("signup")))[0] == "name"


async def test_people_are_reached_by_their_address_where_they_have_no_account(store_url: str) -> None:
    async with open_world(store_url) as world:
        letter = Letter(
            "organiser", at("olga"), Message("organiser.requeued"), "one", due_at=world.clock.now + DAY
        )
        await world.write(lambda tx: box.put(tx, world.clock(), letter))
        await off(world, 3 * DAY)
        assert [shown.text for shown in world.got("olga")] == ["I send it again."]
