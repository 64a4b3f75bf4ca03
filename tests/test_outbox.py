"""The outbox: when a message leaves, how often, in which order, and where it ends when it cannot."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.outbox import box
from bot.outbox.box import CANCELLED, DEAD, EXPIRED, READY, SENDING, SENT, UNKNOWN, Letter
from bot.outbox.claim import LEASE, Parcel, claim
from bot.outbox.kinds import KINDS, MUTABLE
from bot.outbox.settle import TRIES, backoff, recover, settle
from bot.ports import (
    Address,
    Command,
    Delivery,
    Gone,
    Later,
    Place,
    Ref,
    Refused,
    Rendered,
    Sent,
    Shut,
    Unknown,
)
from bot.richtext import plain
from bot.turn import Action, Attachment, Item, Message, message_from, message_json
from core import users
from core.store.tables import addresses, deliveries, outbox
from core.store.tables import users as people
from tests.world import MONDAY, Told, World, at, open_world, temporary_store

ANA = 'ana mentee Europe/Madrid en "Ana Ruiz" · lee mentor Asia/Shanghai python'
MADRID = ZoneInfo("Europe/Madrid")
NIGHT = datetime(2026, 3, 2, 22, tzinfo=MADRID).astimezone(UTC)
MORNING = datetime(2026, 3, 3, 8, tzinfo=MADRID).astimezone(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PLAIN = "room.trouble"
"""A kind that nothing holds back and nothing follows from."""
PASSING = {
    *("introduction", "room", "room.trouble", "offer.closed", "claim", "claim.closed"),
    *("session.soon", "course.meeting.soon", "picture", "certificate"),
}
"""What does not wait for the morning: it answers one's own press, has no reader who sleeps, or is of no use later."""
HOOKED = {"offer", "gather", "introduction.place"}
"""What follows from these wants a real offer or pair."""


def letter(kind: str, to: int | Address, words: str, **more: Any) -> Letter:
    """A letter that says these words; they are also what makes it unique, and its subject."""
    return Letter(
        kind, to, Message("room.item", {"partner": words}), **{"once": words, "subject": words, **more}
    )


@dataclass
class Post:
    """The program, what it sends through, and Ana's number."""

    world: World
    told: Told
    ana: int

    async def put(self, *letters: Letter) -> None:
        """Put letters."""
        now = self.world.clock()
        await self.world.write(lambda tx: box.put(tx, now, *letters))

    async def deliver(self) -> list[str]:
        """Send what is due; give the words of each send since the last call."""
        before = len(self.told.pushed)
        await self.world.app.outbox.drain(self.world.clock)
        return [words(message) for _, _, message in self.told.pushed[before:]]

    async def wait(self, time: timedelta) -> list[str]:
        """Let time pass; give what was sent meanwhile."""
        before = len(self.told.pushed)
        await self.world.advance(time)
        return [words(message) for _, _, message in self.told.pushed[before:]]

    async def until(self, moment: datetime) -> list[str]:
        """Let time pass until a moment."""
        return await self.wait(moment - self.world.clock.now)

    async def states(self) -> dict[str, str]:
        """Give the state of each row by its words."""
        return {row.once: row.state for row in await self.world.rows(outbox)}

    async def row(self, once: str) -> Any:
        """Give a row."""
        (row,) = [row for row in await self.world.rows(outbox) if row.once == once]
        return row

    async def claim(self, owner: str, ahead: timedelta = timedelta()) -> list[Parcel]:
        """Let a process claim what is due, and send nothing."""
        now = self.world.clock()
        policy = self.world.app.settings.policy
        parcels, _ = await self.world.write(lambda tx: claim(tx, now + ahead, now, owner, policy))
        return parcels

    async def recover(self, ahead: timedelta = timedelta(), *, alone: bool = False) -> int:
        """Let a process look for what others left, a while from now."""
        now = self.world.clock()
        return await self.world.write(lambda tx: recover(tx, now, now + ahead, alone=alone))

    async def settle(self, parcel: Parcel, owner: str, delivery: Delivery) -> int:
        """Let a process write down how a send went; how many count as sent."""
        outcome, now = [(parcel, at("ana"), delivery)], self.world.clock()
        sent, _ = await self.world.write(lambda tx: settle(tx, outcome, now, owner, Random(0)))
        return len(sent)

    async def requeue(self, row_id: int) -> bool:
        """Send a message again."""
        now = self.world.clock()
        return await self.world.write(lambda tx: box.requeue(tx, row_id, now))

    async def change_ana(self, **columns: Any) -> None:
        """Change a setting of Ana's."""
        await self.world.write(
            lambda tx: tx.execute(update(people).where(people.c.id == self.ana).values(**columns))
        )


def words(message: Rendered) -> str:
    """Give the words of a message, rows and all, as one line."""
    return " | ".join([plain(message.body), *(plain(item.body) for item in message.items)])


@asynccontextmanager
async def open_post(url: str, now: datetime = MONDAY, others: Sequence[Told] = ()) -> AsyncIterator[Post]:
    """Start the program with a platform that answers as told."""
    told = Told()
    async with open_world(url, ANA, now, [told, *others]) as world:
        yield Post(world, told, await world.user("ana"))


# --- When a message leaves --------------------------------------------------------------------------------------


async def test_at_night_only_what_passes_leaves_and_the_rest_comes_at_the_end_of_the_quiet_hours(
    store_url: str,
) -> None:
    async with open_post(store_url, NIGHT) as post:
        kinds = [kind for kind in KINDS if kind not in {*HOOKED, "session.soon"}]
        await post.put(
            *(letter(kind, post.ana, kind) for kind in kinds),
            letter("session.soon", post.ana, "session.soon"),
        )
        assert set(await post.deliver()) == PASSING
        assert await post.until(MORNING - timedelta(minutes=1)) == []
        late = await post.until(MORNING + timedelta(minutes=1))
        assert {name for name in KINDS if any(name in text for text in late)} >= set(kinds) - PASSING
        assert set((await post.states()).values()) == {SENT}


async def test_the_night_is_the_readers_own(store_url: str) -> None:
    async with open_post(store_url, datetime(2026, 3, 2, 14, tzinfo=UTC)) as post:
        lee = await post.world.user("lee")
        await post.put(letter("mentorship", post.ana, "for ana"), letter("mentorship", lee, "for lee"))
        assert await post.deliver() == ["for ana"]
        assert await post.until(datetime(2026, 3, 3, 0, 1, tzinfo=UTC)) == ["for lee"]


async def test_a_pause_holds_what_quiet_hours_hold(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.change_ana(paused_until=MONDAY + 3 * DAY)
        await post.put(letter("mentorship", post.ana, "later"), letter("room", post.ana, "now"))
        assert await post.wait(2 * DAY) == ["now"]
        assert await post.wait(DAY + HOUR) == ["later"]


async def test_what_is_switched_off_is_taken_back_and_emptied(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.change_ana(muted=list(MUTABLE))
        await post.put(*(letter(kind, post.ana, kind) for kind in MUTABLE), letter("room", post.ana, "room"))
        assert await post.deliver() == ["room"]
        for kind in MUTABLE:
            row = await post.row(kind)
            assert (row.state, row.trouble, row.message) == (CANCELLED, "switched off", None)


async def test_three_a_day_and_the_rest_comes_next_morning_as_one(store_url: str) -> None:
    async with open_post(store_url) as post:
        came: list[str] = []
        for number in range(6):
            await post.put(letter("request", post.ana, f"news {number}"))
            came += await post.wait(timedelta(minutes=30))
        assert came == ["news 0", "news 1", "news 2"]
        assert await post.until(MORNING - timedelta(minutes=1)) == []
        assert await post.until(MORNING + timedelta(minutes=1)) == [
            "3 messages for you: | news 3 | news 4 | news 5"
        ]
        # The bundle is one of the three of its day.
        for number in range(6, 10):
            await post.put(letter("request", post.ana, f"news {number}"))
            came += await post.wait(timedelta(minutes=30))
        assert came[3:] == ["news 6", "news 7"]


async def test_what_passes_the_cap_passes_and_what_counts_uses_it_up(store_url: str) -> None:
    async with open_post(store_url) as post:
        for number in range(3):
            await post.put(letter("request", post.ana, f"news {number}"))
            await post.wait(timedelta(minutes=1))
        more = [kind.name for kind in KINDS.values() if not kind.capped and kind.name not in HOOKED]
        await post.put(*(letter(kind, post.ana, kind) for kind in more))
        assert sorted(await post.deliver()) == sorted(more)


async def test_what_is_on_its_way_counts_in_the_cap(store_url: str) -> None:
    async with open_post(store_url) as post:
        going = []
        for number in range(5):
            await post.put(letter("request", post.ana, f"news {number}"))
            going += await post.claim("me")
        assert [parcel.once for parcel in going] == ["news 0", "news 1", "news 2"]


async def test_a_message_says_which_address_it_is_for_and_that_has_no_quiet_hours(store_url: str) -> None:
    async with open_post(store_url, NIGHT) as post:
        await post.put(letter("organiser", at("olga"), "for olga"))
        assert await post.deliver() == ["for olga"]
        assert [to for to, _, _ in post.told.pushed] == ["olga"]


async def test_what_came_too_late_is_not_sent_but_listed(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter("session.soon", post.ana, "soon"), letter("session.day", post.ana, "day"))
        post.world.clock.now += timedelta(minutes=31)
        assert await post.deliver() == ["day"]
        row = await post.row("soon")
        assert (row.state, row.message) == (EXPIRED, None)
        (listed,) = await post.world.read(lambda tx: box.troubles(tx, (EXPIRED,)))
        assert (listed.kind, listed.user_id, listed.state) == ("session.soon", post.ana, EXPIRED)
        assert await post.world.read(box.troubles) == []


held = st.lists(
    st.tuples(
        st.sampled_from([kind for kind in sorted(KINDS) if kind not in HOOKED]), st.integers(0, 5 * 24 * 4)
    ),
    max_size=25,
)


def quiet(moment: datetime) -> bool:
    """Whether it is night in Madrid."""
    local = moment.astimezone(MADRID)
    return local.hour >= 21 or local.hour < 8


async def every_letter_is_sent_once_or_expires(plan: list[tuple[str, int]]) -> None:
    """Put letters through five days in quarters of an hour; then check the promises against what was sent when."""
    with temporary_store() as url:
        async with open_post(url) as post:
            start = post.world.clock.now
            for number, (kind, quarter) in enumerate(sorted(plan, key=lambda one: one[1])):
                moment = start + timedelta(minutes=15 * quarter)
                await post.until(moment)
                await post.put(letter(kind, post.ana, f"{kind}#{number}"))
            await post.wait(30 * DAY)
            rows = await post.world.rows(outbox)
            assert {row.state for row in rows} <= {SENT, EXPIRED}
            sends = Counter(
                once for _, _, message in post.told.pushed for once in words(message).split(" | ")[-1:]
            )
            assert all(count == 1 for count in sends.values())
            sent = sorted(
                (row for row in rows if row.state == SENT), key=lambda row: (row.settled_at, row.id)
            )
            counted: Counter[object] = Counter()
            for row in sent:
                kind_ = KINDS[row.kind]
                assert row.settled_at >= row.created_at
                assert not (kind_.quiet == "hold" and quiet(row.settled_at))
                if row.bundle is not None and row.bundle != row.id:
                    continue
                day = row.settled_at.astimezone(MADRID).date()
                assert not (kind_.capped and counted[day] >= 3)
                counted[day] += kind_.counts
            for row in rows:
                assert row.state == SENT or KINDS[row.kind].expires is not None


@settings(max_examples=10, deadline=None)
@given(held)
def test_every_letter_is_sent_once_or_expires_in_its_time_and_within_the_cap(
    plan: list[tuple[str, int]],
) -> None:
    asyncio.run(every_letter_is_sent_once_or_expires(plan))


@pytest.mark.soak
@settings(max_examples=300, deadline=None)
@given(held)
def test_the_same_with_many_more_plans(plan: list[tuple[str, int]]) -> None:
    asyncio.run(every_letter_is_sent_once_or_expires(plan))


# --- Once, and taken back ---------------------------------------------------------------------------------------


async def test_what_is_put_twice_is_sent_once(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "one"), letter(PLAIN, post.ana, "one"))
        again = [letter(PLAIN, post.ana, name) for name in ("one", "two", "two")]
        now = post.world.clock()
        await post.world.write(lambda tx: box.put_all(tx, now, again))
        assert await post.deliver() == ["one", "two"]
        await post.put(letter(PLAIN, post.ana, "one"))
        assert await post.wait(DAY) == []


async def test_what_is_cancelled_by_its_subject_is_not_sent_and_emptied(store_url: str) -> None:
    async with open_post(store_url) as post:
        now = post.world.clock()
        await post.put(
            letter(PLAIN, post.ana, "a", subject="session:1"),
            letter(PLAIN, post.ana, "b", subject="session:1", due_at=now + DAY),
            letter(PLAIN, post.ana, "c", subject="session:11"),
        )
        assert await post.world.write(lambda tx: box.cancel(tx, "session:1", now)) == 2
        assert await post.wait(2 * DAY) == ["c"]
        assert await post.world.write(lambda tx: box.cancel(tx, "session:11", now)) == 0
        rows = {row.once: (row.state, row.message) for row in await post.world.rows(outbox)}
        assert rows == {"a": (CANCELLED, None), "b": (CANCELLED, None), "c": (SENT, None)}


async def test_a_letter_waits_until_it_is_due(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "later", due_at=post.world.clock.now + HOUR))
        assert await post.wait(HOUR - timedelta(minutes=1)) == []
        assert await post.wait(timedelta(minutes=2)) == ["later"]


# --- Order within a stream --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        [Later(60)],
        [Refused("busy", again=True)],
        [Unknown("reset")],
        [Later(60), Refused("x", again=True), Unknown("y")],
    ],
    ids=["later", "refused", "unknown", "all of them"],
)
async def test_nothing_of_a_stream_overtakes_what_has_to_wait(store_url: str, first: list[Delivery]) -> None:
    async with open_post(store_url) as post:
        await post.put(*(letter(PLAIN, post.ana, name, stream="room:1") for name in "abc"))
        await post.put(letter(PLAIN, post.ana, "other", stream="room:2"), letter(PLAIN, post.ana, "none"))
        post.told.outcomes, post.told.about = [*first], "a"
        came = await post.wait(HOUR)
        assert [name for name in came if name in "abc"] == ["a"] * len(first) + ["a", "b", "c"]
        # The others did not wait.
        assert came.index("other") < came.index("b")
        assert came.index("none") < came.index("b")


@pytest.mark.parametrize(
    ("first", "state"),
    [([Refused("blocked")], DEAD), ([Unknown("reset")] * 2, UNKNOWN)],
    ids=["dead", "unknown"],
)
async def test_a_stream_goes_on_behind_what_is_given_up(
    store_url: str, first: list[Delivery], state: str
) -> None:
    async with open_post(store_url) as post:
        await post.put(*(letter(PLAIN, post.ana, name, stream="room:1") for name in "abc"))
        post.told.outcomes = [*first]
        assert await post.wait(HOUR) == ["a"] * len(first) + ["b", "c"]
        assert await post.states() == {"a": state, "b": SENT, "c": SENT}


async def test_time_passes_while_a_stream_waits_for_its_front(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(*(letter(PLAIN, post.ana, name, stream="room:1") for name in "ab"))
        post.told.outcomes = [Later(3600)]
        async with asyncio.timeout(20):
            assert await post.wait(timedelta(minutes=30)) == ["a"]
            assert await post.wait(HOUR) == ["a", "b"]


@dataclass
class Fate:
    """What was tried and how it went."""

    tries: list[tuple[str, Delivery]] = field(default_factory=list)


@dataclass(slots=True)
class Doomed(Told):
    """Answers from a list, and remembers each answer with what it was for."""

    fate: Fate = field(default_factory=Fate)

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Take or refuse a message."""
        outcome = await Told.push(self, to, message, once)
        self.fate.tries.append((once, outcome))
        return outcome


outcomes_ = st.one_of(
    st.builds(Later, st.floats(0.1, 500)),
    st.just(Refused("busy", again=True)),
    st.just(Refused("no")),
    st.just(Unknown("reset")),
    st.just(Sent("x")),
)


async def nothing_is_lost_doubled_or_out_of_order(outcomes: list[Delivery]) -> None:
    """Send two streams through a platform that answers so; check what was tried in which order."""
    with temporary_store() as url:
        doomed = Doomed(outcomes=list(outcomes))
        async with open_world(url, ANA, MONDAY, [doomed]) as world:
            post = Post(world, doomed, await world.user("ana"))
            names = [f"{stream}{number}" for number in range(4) for stream in "xy"]
            await post.put(*(letter(PLAIN, post.ana, name, stream=name[0]) for name in names))
            await post.wait(2 * DAY)
            states = await post.states()
        assert set(states.values()) <= {SENT, DEAD, UNKNOWN}
        for name in names:
            mine = [outcome for once, outcome in doomed.fate.tries if once == name]
            doubts = sum(isinstance(outcome, Unknown) for outcome in mine)
            assert doubts <= 2
            assert sum(isinstance(outcome, Sent) for outcome in mine) == (states[name] == SENT)
            assert not any(isinstance(outcome, Sent) for outcome in mine[:-1])
            assert (states[name] == UNKNOWN) == (doubts == 2)
        for stream in "xy":
            order = [once for once, _ in doomed.fate.tries if once[0] == stream]
            assert order == sorted(order)


@settings(max_examples=12, deadline=None)
@given(st.lists(outcomes_, max_size=30))
def test_whatever_a_platform_answers_nothing_is_lost_doubled_or_out_of_order(
    outcomes: list[Delivery],
) -> None:
    asyncio.run(nothing_is_lost_doubled_or_out_of_order(outcomes))


@pytest.mark.soak
@settings(max_examples=500, deadline=None)
@given(st.lists(outcomes_, max_size=60))
def test_the_same_with_many_more_answers(outcomes: list[Delivery]) -> None:
    asyncio.run(nothing_is_lost_doubled_or_out_of_order(outcomes))


# --- How a send ends --------------------------------------------------------------------------------------------


async def test_it_is_dead_after_eight_tries_keeps_its_words_and_can_be_sent_again(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Refused("busy", again=True)] * TRIES
        await post.put(letter(PLAIN, post.ana, "hello"))
        assert await post.wait(DAY) == ["hello"] * TRIES
        row = await post.row("hello")
        assert (row.state, row.attempts, row.trouble) == (DEAD, TRIES, "busy")
        assert message_from(row.message).params == {"partner": "hello"}
        (trouble,) = await post.world.read(box.troubles)
        assert (trouble.id, trouble.kind, trouble.user_id, trouble.state) == (
            row.id,
            PLAIN,
            post.ana,
            DEAD,
        )
        assert not hasattr(trouble, "message")
        assert await post.requeue(row.id)
        assert await post.deliver() == ["hello"]
        assert (await post.row("hello")).state == SENT
        assert await post.world.read(box.troubles) == []
        assert not await post.requeue(row.id)
        assert not await post.requeue(row.id + 1)


async def test_between_tries_it_waits_longer_and_longer(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Refused("busy", again=True)] * 4
        await post.put(letter(PLAIN, post.ana, "hello"))
        waits = []
        for _ in range(4):
            await post.deliver()
            waits.append(((await post.row("hello")).due_at - post.world.clock.now).total_seconds())
            post.world.clock.now = (await post.row("hello")).due_at
        assert 0 < waits[0] <= 1
        assert all(later > earlier for earlier, later in pairwise(waits))
    assert backoff(50, Random(0)) <= HOUR


async def test_to_be_asked_to_wait_is_no_try(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Later(30)] * 20
        await post.put(letter(PLAIN, post.ana, "hello"))
        assert await post.wait(timedelta(seconds=29)) == ["hello"]
        assert await post.wait(HOUR) == ["hello"] * 20
        assert (await post.row("hello")).state == SENT


async def test_what_is_far_from_its_turn_is_not_even_written(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.far = 30
        await post.put(letter(PLAIN, post.ana, "hello"))
        assert await post.deliver() == []
        row = await post.row("hello")
        assert (row.state, row.attempts, row.trouble) == (READY, 0, "asked to wait")
        post.told.far = 0
        assert await post.wait(timedelta(seconds=29)) == []
        assert await post.wait(timedelta(seconds=2)) == ["hello"]


@dataclass(slots=True)
class Heard(Told):
    """A platform that says when something has come the second time."""

    twice: asyncio.Event = field(default_factory=asyncio.Event)

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Note it."""
        delivery = await Told.push(self, to, message, once)
        if len(self.pushed) == 2:
            self.twice.set()
        return delivery


async def test_what_was_told_when_to_come_again_comes_then_and_not_at_the_next_look(store_url: str) -> None:
    heard = Heard(outcomes=[Later(0.05)])
    async with open_world(store_url, ANA, MONDAY, [heard]) as world:
        post = Post(world, heard, await world.user("ana"))
        await post.put(letter(PLAIN, post.ana, "hello"))
        hour = 3600
        running = asyncio.create_task(world.app.outbox.run(lambda: datetime.now(UTC), poll=hour))
        await asyncio.wait_for(heard.twice.wait(), 20)
        running.cancel()
        await asyncio.wait({running})
        assert (await post.row("hello")).state == SENT


async def test_what_passes_the_quiet_hours_goes_before_what_many_are_told(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter("room", post.ana, "from lee"), letter("session.day", post.ana, "for all"))
        await post.deliver()
        assert {words(message): message.urgent for _, _, message in post.told.pushed} == {
            "from lee": True,
            "for all": False,
        }


async def test_in_doubt_there_is_one_copy_at_the_most_and_none_of_what_must_not_come_twice(
    store_url: str,
) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Unknown("reset")] * 9
        await post.put(letter(PLAIN, post.ana, "again"))
        assert await post.wait(HOUR) == ["again", "again"]
        await post.put(letter("offer.reminder", post.ana, "never"))
        assert KINDS["offer.reminder"].on_ambiguous == "skip"
        assert await post.wait(HOUR) == ["never"]
        assert await post.states() == {"again": UNKNOWN, "never": UNKNOWN}
        troubles = await post.world.read(box.troubles)
        assert [row.state for row in troubles] == [UNKNOWN, UNKNOWN]
        post.told.outcomes = []
        for row in troubles:
            assert await post.requeue(row.id)
        assert sorted(await post.deliver()) == ["again", "never"]


@dataclass(slots=True)
class Broken(Told):
    """A platform whose adapter has a fault."""

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Raise."""
        await Told.push(self, to, message, once)
        if once == "bad":
            raise KeyError(once)
        return Sent("x")


async def test_a_message_that_cannot_be_written_is_given_up_and_stops_no_other(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(
            Letter(PLAIN, post.ana, Message("no.such.key"), "bad"), letter(PLAIN, post.ana, "good")
        )
        assert await post.wait(DAY) == ["good"]
        assert await post.states() == {"bad": DEAD, "good": SENT}


async def test_a_message_on_which_an_adapter_breaks_is_in_doubt_and_stops_no_other(store_url: str) -> None:
    broken = Broken()
    async with open_world(store_url, ANA, MONDAY, [broken]) as world:
        post = Post(world, broken, await world.user("ana"))
        await post.put(*(letter(PLAIN, post.ana, name) for name in ("bad", "good")))
        assert sorted(await post.wait(HOUR)) == ["bad", "bad", "good"]
        assert await post.states() == {"bad": UNKNOWN, "good": SENT}


async def test_what_follows_from_a_send_can_fail_alone(store_url: str) -> None:
    async with open_post(store_url) as post:
        # Nobody's room: what follows when it is given up goes wrong.
        await post.put(
            letter("room", post.ana, "bad"), *(letter(PLAIN, post.ana, f"good {n}") for n in range(9))
        )
        post.told.outcomes, post.told.about = [Refused("no")] * 9, "bad"
        assert len(await post.deliver()) == 10
        states = await post.states()
        assert states.pop("bad") == SENDING
        assert set(states.values()) == {SENT}
        for _ in range(2):
            await post.recover(alone=True)
            await post.deliver()
        assert (await post.states())["bad"] == UNKNOWN
        assert len(await post.world.rows(deliveries)) == 9


async def second_address(post: Post, platform: str, *, preferred: bool = False) -> None:
    """Give Ana another address."""
    who = Address(platform, "ana2")
    now = post.world.clock()

    def add(tx: Any) -> None:
        users.meet(tx, who, now, "Ana", None, None, alone=True)
        users.claim(tx, who, post.ana)
        tx.execute(
            update(addresses).values(preferred=addresses.c.platform == (platform if preferred else "console"))
        )

    await post.world.write(add)


async def test_who_is_gone_from_one_place_is_written_to_at_the_next(store_url: str) -> None:
    other = Told("slack")
    async with open_post(store_url, others=[other]) as post:
        await second_address(post, "slack")
        post.told.outcomes = [Gone("blocked the bot")]
        await post.put(letter(PLAIN, post.ana, "hello"))
        assert await post.wait(HOUR) == ["hello"]
        assert [to for to, _, _ in other.pushed] == ["ana2"]
        assert await post.states() == {"hello": SENT}
        # And from now on at once.
        await post.put(letter(PLAIN, post.ana, "next"))
        assert await post.deliver() == []
        assert len(other.pushed) == 2
        reached = await post.world.read(lambda tx: users.accounts(tx, post.ana))
        assert {account.address.platform: account.reachable for account in reached} == {
            "console": False,
            "slack": True,
        }


async def test_the_preferred_address_comes_first(store_url: str) -> None:
    other = Told("slack")
    async with open_post(store_url, others=[other]) as post:
        await second_address(post, "slack", preferred=True)
        await post.put(letter(PLAIN, post.ana, "hello"))
        assert await post.deliver() == []
        assert len(other.pushed) == 1


async def test_who_is_gone_everywhere_leaves_it_in_the_list(store_url: str) -> None:
    other = Told("slack", outcomes=[Gone("deactivated")])
    async with open_post(store_url, others=[other]) as post:
        await second_address(post, "slack")
        post.told.outcomes = [Gone("blocked the bot")]
        await post.put(letter(PLAIN, post.ana, "hello"))
        await post.wait(HOUR)
        assert await post.states() == {"hello": DEAD}
        assert len(await post.world.read(box.troubles)) == 1


async def test_what_comes_for_somebody_who_can_be_reached_nowhere_waits_and_then_is_listed(
    store_url: str,
) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Gone("blocked the bot")]
        await post.put(letter(PLAIN, post.ana, "hello"))
        await post.deliver()
        await post.put(letter(PLAIN, post.ana, "next"))
        assert await post.wait(13 * DAY) == []
        assert await post.states() == {"hello": DEAD, "next": READY}
        # Nobody is written to where nobody is.
        assert len(post.told.pushed) == 1
        await post.wait(2 * DAY)
        assert (await post.states())["next"] == DEAD
        assert [row.trouble for row in await post.world.read(box.troubles)] == [
            "blocked the bot",
            "no reachable address",
        ]


async def test_what_somebody_does_not_take_now_waits_until_they_act(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Shut("closed")]
        await post.put(
            letter(PLAIN, post.ana, "first"), letter(PLAIN, await post.world.user("lee"), "another's")
        )
        await post.deliver()
        await post.put(letter(PLAIN, post.ana, "second"))
        await post.wait(DAY)
        # It is tried once, and not again and again.
        assert [to for to, _, _ in post.told.pushed] == ["ana", "lee"]
        assert await post.states() == {"first": READY, "second": READY, "another's": SENT}
        await post.world.does("ana", Command("help"))
        await post.deliver()
        assert [words(message) for _, _, message in post.told.pushed[2:]] == ["first", "second"]
        assert set((await post.states()).values()) == {SENT}


async def test_what_somebody_else_can_answer_does_not_wait(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Shut("closed")]
        await post.put(letter("offer.reminder", post.ana, "an offer waits"))
        await post.deliver()
        assert await post.states() == {"an offer waits": DEAD}
        assert not KINDS["offer"].waits


# --- What is on the screen already ------------------------------------------------------------------------------


async def test_an_edit_changes_the_message_that_was_delivered(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "before", subject="offer:7"))
        await post.deliver()
        shown = await post.world.read(lambda tx: box.delivered(tx, "offer:7", PLAIN))
        assert shown is not None
        assert [(row.outbox_id, row.ref) for row in await post.world.rows(deliveries)] == [
            (shown, "console-1")
        ]
        await post.put(letter("offer.closed", post.ana, "after", edits=shown))
        assert await post.deliver() == []
        assert [(chat, ref, words(message)) for chat, ref, message in post.told.edited] == [
            ("ana", "console-1", "after")
        ]
        assert (await post.states())["after"] == SENT
        assert len(await post.world.rows(deliveries)) == 1


async def test_an_edit_waits_until_the_message_it_edits_has_arrived(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "before"))
        (parcel,) = await post.claim("me")
        await post.put(letter("offer.closed", post.ana, "after", edits=parcel.rows[0]))
        assert await post.deliver() == []
        assert post.told.edited == []
        await post.settle(parcel, "me", Sent("there"))
        await post.deliver()
        assert [(chat, ref) for chat, ref, _ in post.told.edited] == [("ana", "there")]


async def test_an_edit_of_what_never_arrived_is_given_up(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Refused("no")]
        await post.put(letter(PLAIN, post.ana, "before"))
        await post.deliver()
        await post.put(letter("offer.closed", post.ana, "after", edits=(await post.row("before")).id))
        assert await post.wait(HOUR) == []
        assert post.told.edited == []
        assert await post.states() == {"before": DEAD, "after": DEAD}


async def test_whoever_replies_to_a_delivered_message_speaks_in_its_stream(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "hello", stream="room:5:1"), letter(PLAIN, post.ana, "none"))
        await post.deliver()

        def stream(ref: str) -> Any:
            return post.world.read(lambda tx: box.stream_of(tx, Ref("console", "ana", ref)))

        assert await stream("console-1") == "room:5:1"
        assert await stream("console-2") is None
        assert await stream("console-9") is None


# --- Leases and fences ------------------------------------------------------------------------------------------


async def test_what_a_dead_process_was_sending_is_taken_over_when_its_lease_is_over(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "again"), letter("offer.reminder", post.ana, "never"))
        assert len(await post.claim("dead")) == 2
        assert await post.recover(LEASE - timedelta(seconds=1)) == 0
        assert await post.recover(LEASE + timedelta(seconds=1)) == 2
        assert await post.states() == {"again": READY, "never": UNKNOWN}
        assert await post.wait(HOUR) == ["again"]
        row = await post.row("again")
        assert (row.state, row.doubts, row.attempts) == (SENT, 1, 2)


async def test_the_only_process_takes_over_at_once(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "hello"))
        await post.claim("dead")
        assert (await post.states()) == {"hello": SENDING}
        assert await post.recover() == 0
        assert await post.recover(alone=True) == 1
        assert await post.deliver() == ["hello"]


async def test_who_comes_back_after_losing_the_lease_changes_nothing(store_url: str) -> None:
    async with open_post(store_url) as post:
        await post.put(letter(PLAIN, post.ana, "hello"))
        (slow,) = await post.claim("slow")
        await post.recover(2 * LEASE)
        (quick,) = await post.claim("quick")
        assert await post.settle(slow, "slow", Sent("first")) == 0
        assert (await post.row("hello")).message is not None
        assert await post.settle(quick, "quick", Sent("second")) == 1
        assert await post.settle(slow, "slow", Refused("no")) == 0
        assert await post.settle(slow, "quick", Refused("no")) == 0
        assert await post.states() == {"hello": SENT}
        assert [row.ref for row in await post.world.rows(deliveries)] == ["second"]


# --- What is kept -----------------------------------------------------------------------------------------------


async def test_words_are_kept_only_as_long_as_they_may_have_to_be_sent(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Refused("no"), Unknown("reset"), Unknown("reset")]
        await post.put(letter(PLAIN, post.ana, "dead"))
        await post.deliver()
        await post.put(letter(PLAIN, post.ana, "unknown"))
        await post.wait(timedelta(minutes=1))
        await post.put(letter(PLAIN, post.ana, "sent"), letter("session.soon", post.ana, "expired"))
        await post.put(letter(PLAIN, post.ana, "cancelled"))
        await post.world.write(lambda tx: box.cancel(tx, "cancelled", post.world.clock()))
        post.world.clock.now += HOUR
        await post.wait(HOUR)
        rows = {row.once: row for row in await post.world.rows(outbox)}
        named = {name: rows[name].state for name in ("dead", "unknown", "sent", "expired", "cancelled")}
        assert named == {name: name for name in named}
        assert {name for name in named if rows[name].message is not None} == {"dead", "unknown"}


def test_a_message_is_stored_and_read_back_as_it_was() -> None:
    whole = Message(
        "offer.new",
        {"topics": ["python", "前端"], "goal": None, "count": 3},
        (
            Action("accept:7", "offer.button.accept", "primary", {"at": "x"}, "Ana"),
            Action("stop", "offer.button.stop", "danger"),
        ),
        (Item("room.item", {"partner": "Lee"}, (Action("talk:1", "room.button.talk"),)),),
        Attachment("calendar", 7),
    )
    stored = message_json(whole)
    assert isinstance(stored, dict)
    assert message_from(stored) == whole


async def test_the_outbox_shows_no_words_to_who_reads_the_columns(store_url: str) -> None:
    async with open_post(store_url) as post:
        post.told.outcomes = [Refused("the platform said no")]
        await post.put(letter(PLAIN, post.ana, "once", once="room:1:e1", subject="room:1", stream="room:1:1"))
        await post.put(Letter(PLAIN, post.ana, Message("room.item", {"partner": "a secret"}), "room:1:e2"))
        await post.deliver()
        others = [column for column in outbox.c if column is not outbox.c.message]
        rows = await post.world.read(lambda tx: tx.execute(select(*others)).all())
        assert "a secret" not in repr(rows)
