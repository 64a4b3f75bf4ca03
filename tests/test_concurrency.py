"""Two programs on one database, and people who press at the same moment.

On PostgreSQL the second program has connections of its own, as in another process; SQLite lets no second writer
in, so that there the two share one.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from bot.mentorships import sessions as meetings
from bot.outbox import box
from bot.outbox.box import SENT, Letter
from bot.outbox.claim import BATCH, LEASE, claim
from bot.outbox.settle import recover
from bot.ports import Address, Answer, Command, Incoming, Pressed, Said, Submitted
from bot.turn import Message
from core import requests as wishes
from core import users, waits
from core.store.tables import mentorships, offers, outbox, requests, runs, sessions
from core.store.tables import users as people
from core.store.tables import waits as waiting
from core.store.types import Json
from tests.world import MONDAY, STORY, Told, World, asked, at, match, open_world, read, run_of, twin

T = TypeVar("T")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TROUBLE = "Something went wrong on my side"
MENTORS = 50


@asynccontextmanager
async def two(url: str, cast: str = STORY, **more: Any) -> AsyncIterator[tuple[World, World]]:
    """Start the program twice."""
    async with open_world(url, cast, **more) as one, twin(one, cast) as other:
        yield one, other


async def at_once(acts: Iterable[Awaitable[T]]) -> list[T]:
    """Let all of it happen at the same moment."""
    return list(await asyncio.gather(*acts))


def all_well(answers: Iterable[Answer]) -> list[str]:
    """Give the words of answers, none of which is trouble."""
    told = [read(answer) for answer in answers]
    assert not [words for words in told if TROUBLE in words]
    return told


async def second_address(world: World, handle: str) -> Address:
    """Give somebody an address on another platform: their events there wait for no others of theirs."""
    user_id, now, who = await world.user(handle), world.clock(), Address("slack", handle)

    def link(tx: Connection) -> None:
        users.meet(tx, who, now, handle, None, None, alone=True)
        users.claim(tx, who, user_id)

    await world.write(link)
    return who


async def offered(world: World) -> dict[int, int]:
    """Give the offers by mentor."""
    return {row.mentor_id: row.id for row in await world.rows(offers)}


# --- One place, many hands --------------------------------------------------------------------------------------


async def test_fifty_mentors_accept_one_request_at_once_and_there_is_one_pair(
    postgres_store_url: str,
) -> None:
    handles = [f"m{number}" for number in range(MENTORS)]
    cast = " · ".join(['ana mentee "Ana"', *(f"{handle} mentor python" for handle in handles)])
    async with two(postgres_store_url, cast) as (one, other):
        await one.command("ana", "find", "python")
        await one.press("ana", "Ask the first available")
        # Through the first and the next two, to every mentor who fits; an earlier mentor may still say yes.
        await one.advance(2 * DAY + HOUR)
        offer_of = await offered(one)
        assert len(offer_of) == MENTORS
        ids = {handle: await one.user(handle) for handle in handles}
        before = len(one.screens.shown)
        answers = await at_once(
            (one, other)[number % 2].does(handle, Pressed("accept", str(offer_of[ids[handle]])))
            for number, handle in enumerate(handles)
        )
        told = Counter(words.partition("!")[0].partition("for ")[0].strip() for words in all_well(answers))
        assert told == {"Thank you": 1, "Ana has found a mentor": MENTORS - 1}
        (pair,) = await one.rows(mentorships)
        states = Counter(row.state for row in await one.rows(offers))
        assert states[wishes.ACCEPTED] == 1
        assert states[wishes.OFFERED] == 0
        (request,) = await one.rows(requests)
        assert request.state == wishes.MATCHED
        await one.settle()
        met = [
            shown.who
            for shown in one.screens.shown[before:]
            if "a pair now" in shown.text or "Good news" in shown.text
        ]
        winner = next(handle for handle in handles if ids[handle] == pair.mentor_id)
        assert sorted(met) == sorted(["ana", winner])


async def test_two_mentors_accept_at_once_and_there_is_one_pair(store_url: str) -> None:
    cast = 'ana mentee "Ana" · lee mentor python · tom mentor python · mei mentor python'
    async with two(store_url, cast) as (one, other):
        await one.command("ana", "find", "python")
        await one.press("ana", "Ask the first available")
        await one.advance(DAY + HOUR)
        rows = [row for row in await one.rows(offers) if row.step == wishes.NEXT]
        by_id = {await one.user(handle): handle for handle in ("lee", "tom", "mei")}
        answers = await at_once(
            world.does(by_id[row.mentor_id], Pressed("accept", str(row.id)))
            for world, row in zip((one, other), rows, strict=True)
        )
        told = sorted(words.partition(" ")[0] for words in all_well(answers))
        assert told == ["Ana", "Thank"]
        assert len(await one.rows(mentorships)) == 1


async def test_a_mentor_with_hours_for_one_is_never_offered_more(store_url: str) -> None:
    handles = [f"p{number}" for number in range(16)]
    cast = " · ".join(["lee mentor python hours=2", *(f"{handle} mentee" for handle in handles)])
    async with two(store_url, cast) as (one, other):
        for handle in handles:
            await one.does(handle, Command("find", "python"))
        views = {handle: number for number, handle in enumerate(handles, 1)}
        answers = await at_once(
            (one, other)[number % 2].does(handle, Pressed("first", str(views[handle])))
            for number, handle in enumerate(handles)
        )
        told = all_well(answers)
        assert sum("I have asked" in words for words in told) == 1
        assert len([row for row in await one.rows(offers) if row.state == wishes.OFFERED]) == 1
        assert len(await one.rows(requests)) == len(handles)


async def test_many_late_yeses_of_one_mentor_never_exceed_the_hours(store_url: str) -> None:
    handles = [f"p{number}" for number in range(10)]
    cast = " · ".join(["lee mentor python hours=40", *(f"{handle} mentee" for handle in handles)])
    async with two(store_url, cast) as (one, other):
        for number, handle in enumerate(handles, 1):
            await one.does(handle, Command("find", "python"))
            await one.does(handle, Pressed("first", str(number)))
        await one.advance(DAY + HOUR)
        late = [row.id for row in await one.rows(offers) if row.state == wishes.EXPIRED]
        assert len(late) == len(handles)
        lee, slack = await one.user("lee"), await second_address(one, "lee")
        now = one.clock()
        await one.write(lambda tx: users.change(tx, lee, now, budget_hours=2.0))
        answers = await at_once(
            world.app.router.handle(Incoming(f"late{number}", who, Pressed("accept", str(offer))))
            for number, offer in enumerate(late)
            for world, who in [((one, at("lee")), (other, slack))[number % 2]]
        )
        told = Counter(words.partition(" ")[0] for words in all_well(answers))
        assert told == {"Thank": 1, "You": len(late) - 1}
        policy = one.app.settings.policy
        assert await one.read(lambda tx: wishes.hours_left(tx, lee, 2.0, policy, now)) == 0


async def test_a_mentee_asks_at_once_in_many_places_and_keeps_to_the_limit(store_url: str) -> None:
    topics = ("python", "rust", "sql", "go", "react", "java", "docker", "linux")
    cast = f"ana mentee · lee mentor {','.join(topics)} hours=40"
    async with two(store_url, cast) as (one, other):
        slack = await second_address(one, "ana")
        for number, topic in enumerate(topics):
            who = (at("ana"), slack)[number % 2]
            await one.app.router.handle(Incoming(f"find{number}", who, Command("find", topic)))
        answers = await at_once(
            world.app.router.handle(Incoming(f"first{number}", who, Pressed("first", str(number + 1))))
            for number in range(len(topics))
            for world, who in [((one, at("ana")), (other, slack))[number % 2]]
        )
        told = all_well(answers)
        limit = one.app.settings.policy.open_requests
        assert sum("I have asked" in words for words in told) == limit
        assert sum("as many as one can have" in words for words in told) == len(topics) - limit
        assert len(await one.rows(requests)) == limit


async def test_withdrawn_and_accepted_at_the_same_moment_is_one_of_the_two(store_url: str) -> None:
    handles = [f"p{number}" for number in range(8)]
    mentors = [f"m{number}" for number in range(8)]
    cast = " · ".join(
        f'{mentee} mentee · {mentor} mentor UTC python "{mentor.upper()}"'
        for mentee, mentor in zip(handles, mentors, strict=True)
    )
    async with two(store_url, cast) as (one, other):
        for number, handle in enumerate(handles, 1):
            await one.does(handle, Command("find", "python"))
            await one.does(handle, Pressed("first", str(number)))
        await one.settle()
        by_id = {await one.user(mentor): mentor for mentor in mentors}
        rows = await one.rows(offers)
        acts = [
            other.does(handle, Pressed("withdraw", str(number))) for number, handle in enumerate(handles, 1)
        ]
        acts += [one.does(by_id[row.mentor_id], Pressed("accept", str(row.id))) for row in rows]
        order = list(range(len(acts)))
        Random(3).shuffle(order)
        done = await at_once(acts[number] for number in order)
        told = dict(zip(order, all_well(done), strict=True))
        paired = {row.request_id for row in await one.rows(mentorships)}
        for request in await one.rows(requests):
            accepted = request.id in paired
            assert request.state == (wishes.MATCHED if accepted else wishes.WITHDRAWN)
            assert (
                told[request.id - 1] == "That request is closed."
                if accepted
                else "is withdrawn" in told[request.id - 1]
            )
        for number, row in enumerate(rows, len(handles)):
            assert told[number].startswith("Thank you!") == (row.request_id in paired)
        assert not [row for row in await one.rows(offers) if row.state == wishes.OFFERED]


# --- Sessions ---------------------------------------------------------------------------------------------------


async def proposed(world: World, mentee: str, time: str) -> str:
    """Let a mentee propose a time; the button that confirms it."""
    await world.command(mentee, "schedule", "")
    await world.say(mentee, time)
    found = [
        b["id"]
        for shown in world.screens.shown
        for b in shown.message["buttons"]
        if b["id"].startswith("confirm")
    ]
    return str(found[-1])


async def test_one_time_confirmed_twice_at_once_is_one_session(store_url: str) -> None:
    async with two(store_url) as (one, other):
        await match(one)
        button = await proposed(one, "ana", "Thu 10:00")
        arg = button.partition(":")[2]
        answers = await at_once(
            world.does("lee", Pressed("confirm", arg)) for world in (one, other, one, other)
        )
        told = sorted(all_well(answers))
        assert [words.partition(",")[0] for words in told] == ["Thu 5 Mar", *["You meet on Thu 5 Mar"] * 3]
        (session,) = await one.rows(sessions)
        assert (session.state, session.revision) == ("confirmed", 1)
        letters = [row for row in await one.rows(outbox) if row.once.startswith("session.confirmed")]
        assert len(letters) == 2


async def test_two_times_confirmed_at_once_by_both_buttons_are_one_session(store_url: str) -> None:
    async with two(store_url) as (one, other):
        await match(one)
        form = run_of(await one.does("ana", Command("schedule")))
        shown = await one.does("ana", Command("schedule"))
        options = [option.value for field in shown.messages[0].form.fields for option in field.options]  # type: ignore[union-attr]
        await one.answers("ana", form, times=options[:2])
        assert [len(row.times) for row in await one.rows(sessions)] == [2]
        await one.settle()
        buttons = [
            b["id"].partition(":")[2]
            for b in one.got("lee")[-1].message["buttons"]
            if b["id"].startswith("confirm")
        ]
        answers = await at_once(
            world.does("lee", Pressed("confirm", arg))
            for world, arg in zip((one, other), buttons, strict=True)
        )
        assert sum("it is" in words for words in all_well(answers)) == 1
        (session,) = await one.rows(sessions)
        assert session.revision == 1


async def blocked(world: World) -> int:
    """Count the sessions of PostgreSQL that wait for a lock."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return int(await world.read(lambda tx: tx.execute(query).scalar_one()))


async def test_an_hour_of_a_mentor_is_not_booked_by_two_mentees_at_once(postgres_store_url: str) -> None:
    cast = 'ana mentee UTC "Ana" · bob mentee UTC "Bob" · lee mentor UTC python "Lee"'
    async with two(postgres_store_url, cast) as (one, other):
        args = {}
        for mentee in ("ana", "bob"):
            await match(one, mentee, "lee")
            await one.command("lee", "mentorships", "")
            pair = len(await one.rows(mentorships))
            await one.does("lee", Pressed("schedule", str(pair)))
            await one.say("lee", "Thu 10:00")
            args[mentee] = next(
                b["id"].partition(":")[2]
                for b in one.got(mentee)[-1].message["buttons"]
                if b["id"].startswith("confirm")
            )
        begun, go_on = threading.Event(), threading.Event()
        app = one.app
        now = one.clock()

        def slowly(tx: Connection) -> None:
            _, user = users.meet(tx, at("ana"), now, "ana", None, None, alone=True)
            meetings.confirm(app.world.turn(tx, now, "slow", at("ana"), user), args["ana"])
            begun.set()
            assert go_on.wait(20)

        first = asyncio.create_task(one.write(slowly))
        assert await asyncio.to_thread(begun.wait, 20)
        second = asyncio.create_task(other.does("bob", Pressed("confirm", args["bob"])))
        while not second.done() and not await blocked(one):  # noqa: ASYNC110  (PostgreSQL tells nobody)
            await asyncio.sleep(0)
        go_on.set()
        await first
        assert "another session at that time" in read(await second)
        states = sorted(row.state for row in await one.rows(sessions))
        assert states == ["confirmed", "proposed"]


# --- One person in two places -----------------------------------------------------------------------------------


async def test_the_same_event_in_two_programs_at_once_has_one_effect(store_url: str) -> None:
    async with two(store_url) as (one, other):
        await match(one)
        await one.types("ana", "/talk")
        for number in range(10):
            event = one.incoming("ana", Said(f"hello {number}"), f"twice{number}")
            answers = await at_once(world.app.router.handle(event) for world in (one, other, one, other))
            told = sorted(all_well(answers))
            # The program that came second cannot know whether the other's answer arrived, and says so once.
            assert told[:2] == ["", ""]
            assert told[2].startswith("I have dealt with that already")
            assert told[3] == "Passed on to Lee Chan."
        rows = [row.message["params"]["text"] for row in await one.rows(outbox) if row.kind == "room"]
        assert rows == [f"hello {number}" for number in range(10)]


async def test_one_persons_events_keep_their_order_across_two_programs(store_url: str) -> None:
    async with two(store_url) as (one, other):
        await match(one)
        await one.types("ana", "/talk")
        for number in range(20):
            await (one, other)[number % 2].types("ana", f"{number}")
        rows = [row.message["params"]["text"] for row in await one.rows(outbox) if row.kind == "room"]
        assert rows == [str(number) for number in range(20)]
        await at_once(other.app.outbox.drain(one.clock) for _ in range(2))
        got = [
            shown.text.partition("\n")[0] for shown in one.got("lee") if shown.text.startswith("Ana Ruiz:")
        ]
        assert got == [f"Ana Ruiz: {number}" for number in range(20)]


async def test_what_each_program_took_first_it_hands_on_first(store_url: str) -> None:
    async with two(store_url, messages__flood_events="200") as (one, other):
        await match(one)
        await one.types("ana", "/talk")
        acts = [
            (world, f"{name}{number:02}")
            for number in range(30)
            for name, world in (("a", one), ("b", other))
        ]
        all_well(await at_once(world.does("ana", Said(words)) for world, words in acts))
        rows = [row.message["params"]["text"] for row in await one.rows(outbox) if row.kind == "room"]
        assert len(rows) == 60
        for name in "ab":
            mine = [words for words in rows if words[0] == name]
            assert mine == sorted(mine)


async def test_two_programs_take_different_fields_of_one_form_and_lose_none(store_url: str) -> None:
    async with two(store_url) as (one, other):
        for number in range(6):
            who = f"guest{number}"
            run = run_of(await one.does(who, Command("signup")))
            pages: tuple[dict[str, Json], ...] = ({"consent": True}, {"name": "Gia"}, {"role": "mentee"})
            answers = await at_once(
                world.does(who, Submitted(run, page))
                for world, page in zip((one, other, one), pages, strict=True)
            )
            all_well(answers)
            kept = {row.address: dict(row.answers) for row in await one.rows(runs)}
            assert kept[who] == {"consent": True, "name": "Gia", "role": "mentee"}


async def test_a_form_finished_in_two_programs_at_once_is_finished_once(store_url: str) -> None:
    async with two(store_url) as (one, other):
        for number in range(6):
            who = f"guest{number}"
            run = run_of(await one.does(who, Command("signup")))
            page: dict[str, Json] = {"consent": True, "name": f"Gia {number}", "role": "mentee"}
            await one.does(who, Submitted(run, page))
            await one.does(who, Submitted(run, {"wants": "python"}))
            asked_now = asked(await one.does(who, Command("signup")))
            last = dict.fromkeys(asked_now)
            told = all_well(await at_once(world.does(who, Submitted(run, last)) for world in (one, other)))
            assert sorted(words.partition(",")[0] for words in told) == [
                "That question is closed.",
                "Welcome",
            ]
        names = Counter(row.name for row in await one.rows(people))
        assert [names[f"Gia {number}"] for number in range(6)] == [1] * 6


async def test_who_had_to_wait_sees_what_changed_meanwhile(postgres_store_url: str) -> None:
    async with two(postgres_store_url) as (one, other):
        begun, go_on, now = threading.Event(), threading.Event(), one.clock()

        def slowly(tx: Connection) -> None:
            _, user = users.meet(tx, at("ana"), now, "ana", None, None, alone=True)
            assert user is not None
            users.change(tx, user.id, now, name="Ana Anew", locale="zh")
            begun.set()
            assert go_on.wait(20)

        first = asyncio.create_task(one.write(slowly))
        assert await asyncio.to_thread(begun.wait, 20)
        second = asyncio.create_task(other.does("ana", Command("pause", "两周")))
        while not second.done() and not await blocked(one):  # noqa: ASYNC110  (PostgreSQL tells nobody)
            await asyncio.sleep(0)
        go_on.set()
        await first
        assert "暂停" in read(await second)


async def test_a_stranger_who_is_met_twice_at_once_is_one_person(store_url: str) -> None:
    async with two(store_url) as (one, other):
        for number in range(10):
            who = f"guest{number}"
            answers = await at_once(world.does(who, Command("signup")) for world in (one, other, one, other))
            assert {tuple(asked(answer)) for answer in answers} == {("consent", "name", "role")}
            all_well(answers)
        assert len([row for row in await one.rows(runs) if row.dialog == "signup"]) == 10


# --- Two deliveries, two schedulers -----------------------------------------------------------------------------


async def test_two_outboxes_deliver_a_thousand_messages_once_each(store_url: str) -> None:
    told = Told()
    async with open_world(store_url, STORY, adapters=[told]) as one, twin(one) as other:
        letters = [
            Letter(
                "room.trouble",
                at(f"p{number % 50}"),
                Message("pause.over"),
                f"once{number}",
                stream=f"s{number % 400}",
            )
            for number in range(1000)
        ]
        now = one.clock()
        await one.write(lambda tx: box.put_all(tx, now, letters))
        first, second = await at_once([one.app.outbox.drain(one.clock), other.app.outbox.drain(one.clock)])
        # Where one was ahead and the other found nothing free, the last of a stream may be left.
        last = await one.app.outbox.drain(one.clock)
        assert first + second + last == 1000
        assert Counter(once for _, once, _ in told.pushed) == Counter(letter.once for letter in letters)
        assert {row.state for row in await one.rows(outbox)} == {SENT}
        for stream in range(400):
            mine = [once for _, once, _ in told.pushed if int(once[4:]) % 400 == stream]
            assert mine == sorted(mine, key=lambda once: int(once[4:]))


async def test_two_that_claim_at_once_take_different_messages_and_do_not_wait(
    postgres_store_url: str,
) -> None:
    async with two(postgres_store_url) as (one, other):
        now, policy = one.clock(), one.app.settings.policy
        letters = [
            Letter("room.trouble", at("p"), Message("pause.over"), f"once{number}")
            for number in range(2 * BATCH)
        ]
        await one.write(lambda tx: box.put_all(tx, now, letters))
        begun, go_on = threading.Event(), threading.Event()

        def slowly(tx: Connection) -> set[str]:
            parcels, _ = claim(tx, now, now, "one", policy)
            begun.set()
            assert go_on.wait(20)
            return {parcel.once for parcel in parcels}

        first = asyncio.create_task(one.write(slowly))
        assert await asyncio.to_thread(begun.wait, 20)
        try:
            parcels, _ = await other.write(lambda tx: claim(tx, now, now, "other", policy))
        finally:
            go_on.set()
        mine, others = await first, {parcel.once for parcel in parcels}
        assert len(mine) == len(others) == BATCH
        assert not mine & others


async def test_what_one_program_claimed_and_never_sent_the_other_sends_when_the_lease_is_over(
    store_url: str,
) -> None:
    told = Told()
    async with open_world(store_url, STORY, adapters=[told]) as one, twin(one) as other:
        now, policy = one.clock(), one.app.settings.policy
        letters = [
            Letter("room.trouble", at("p"), Message("pause.over"), f"once{number}")
            for number in range(BATCH + 50)
        ]
        await one.write(lambda tx: box.put_all(tx, now, letters))
        dead, _ = await one.write(lambda tx: claim(tx, now, now, "a program that dies", policy))
        assert len(dead) == BATCH
        assert await other.app.outbox.drain(one.clock) == 50
        found = await at_once(
            world.write(lambda tx: recover(tx, now, now + LEASE + HOUR, alone=False))
            for world in (one, other)
        )
        assert sum(found) == BATCH
        tried = await at_once(world.app.outbox.drain(one.clock) for world in (one, other))
        assert sum(tried) == BATCH
        assert Counter(once for _, once, _ in told.pushed) == Counter(letter.once for letter in letters)


async def test_two_schedulers_that_tick_together_send_one_of_each(store_url: str) -> None:
    handles = [f"p{number}" for number in range(40)]
    async with two(store_url, " · ".join(f"{handle} mentee" for handle in handles)) as (one, other):
        for handle in handles:
            await one.does(handle, Command("pause", "tomorrow"))
        one.clock.now += DAY
        await at_once(world.app.tick() for world in (one, other, one, other))
        letters = Counter(row.user_id for row in await one.rows(outbox))
        assert letters == Counter({await one.user(handle): 1 for handle in handles})
        assert [row for row in await one.rows(waiting) if row.kind == "pause.end"] == []


async def test_a_reminder_that_two_schedulers_put_again_and_again_comes_once(store_url: str) -> None:
    async with two(store_url) as (one, other):
        await match(one)
        await proposed(one, "ana", "Thu 10:00")
        await one.press("lee", "Thu 5 Mar, 10:00")
        one.clock.now = MONDAY + 2 * DAY
        for _ in range(5):
            # The wait is there again, as after a crash between its message and its end.
            await one.write(lambda tx: waits.put(tx, "session.day", 1, MONDAY))
            await at_once(world.app.tick() for world in (one, other))
        await at_once(world.app.outbox.drain(one.clock) for world in (one, other))
        reminders = [shown.who for shown in one.screens.shown if shown.text.startswith("A reminder")]
        assert sorted(reminders) == ["ana", "lee"]


async def test_a_wait_put_by_two_programs_at_once_is_one_wait(store_url: str) -> None:
    async with two(store_url) as (one, other):
        now = one.clock()

        def put(subject: int) -> Callable[[Connection], None]:
            return lambda tx: waits.put(tx, "tidy", subject, now)

        await at_once(world.write(put(number % 5)) for number in range(60) for world in (one, other))
        assert len(await one.rows(waiting)) == 5
