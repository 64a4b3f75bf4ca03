"""A disk that is slow: nothing is promised that is not saved, nobody is left without a word, nothing is done twice.

A lock on the file holds every commit until the test lets go of it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from tests.platforms.discord_program import GUILD, Running, Watched, pairs, person, running, texts, written
from tests.platforms.discord_server import CALLBACK, ORIGINAL, Channel, DiscordServer, Message, Person
from tests.platforms.kit import Hang, Status
from tests.platforms.program import PATIENCE, connected, locked, rows

SOON = 0.3
"""Seconds after which something is said without the answer; where the real two are waited for, a test says so."""
LATE = "Still saving. Press Continue in a moment to see the answer."
LEFT = "What you write here no longer goes to 201."
NOTHING = (
    "Nothing is waiting for your answer. "
    "If you do not see what you did, do it once more; it will not count twice."
)
WHO = {"consent": "yes", "name": "Zoe", "role": "mentee"}
ROOM = "SELECT room_id FROM addresses WHERE id = '101'"
RUNS = "SELECT count(*) FROM runs"
TYPING = "post /channels/#/typing"
LIST = "get /channels/#/messages"
UPDATE, MODAL = 7, 9
"""How something is answered: in the place of the message that was pressed, and by a modal."""


@asynccontextmanager
async def slow(url: str) -> AsyncIterator[tuple[DiscordServer, Running]]:
    """Run the program for Ann and Ben (101 and 201), who are a pair, two others, and Zoe (301), whom nobody knows."""
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, url, (101, 201), (102, 202))
        discord.guild(GUILD).person("301", "Zoe")
        async with running(discord, url, Watched(discord, patience=PATIENCE)) as bot:
            await connected(bot.adapter)
            yield discord, bot
            await bot.adapter.quiet()
        assert not discord.violations, discord.violations
        assert not any(each.errors for each in discord.people.values())


@contextmanager
def stuck(url: str, bot: Running, patience: float = SOON) -> Iterator[None]:
    """Hold every commit until the end of the block; what is done in it is held after `patience`."""
    bot.adapter.is_patient(patience)
    with locked(url):
        yield
    bot.adapter.is_patient(PATIENCE)


def holds(message: Message) -> bool:
    """Whether a message holds an answer, for the one who acts alone."""
    return (message.words, message.labels, message.ephemeral) == (LATE, ["Continue"], True)


def here(discord: DiscordServer, who: Person, where: str) -> Channel:
    """Give a place to do something in."""
    return who.dm if where == "the conversation" else discord.guild(GUILD).channel("general")


async def told(discord: DiscordServer, channel: Channel) -> None:
    """Wait until the bot is told of what was done last, in a channel."""
    await discord.until(
        lambda: discord.events[-1].data.get("channel_id") == channel.id and discord.events[-1].given
    )


# --- What is held -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["a server", "the conversation"])
async def test_a_command_is_held_for_them_alone_and_its_answer_takes_the_place(
    sqlite_store_url: str, where: str
) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann = person(discord, 101)
        before = rows(sqlite_store_url, ROOM)
        with stuck(sqlite_store_url, bot):
            assert (await ann.slash("leave", where=here(discord, ann, where))).ok
            (held,) = ann.ephemerals
            assert holds(held)
            assert rows(sqlite_store_url, ROOM) == before
            assert not ann.received
        if where == "a server":
            await discord.until(lambda: texts(ann.ephemerals) == [LEFT])
            assert not held.labels
            assert not ann.received
        else:
            # What somebody sees alone goes with the next start of their client; the answer stays.
            await discord.until(lambda: texts(ann.received) == [LEFT])
            assert not ann.ephemerals
    assert rows(sqlite_store_url, ROOM) == [(None,)]


@pytest.mark.parametrize("where", ["a server", "the conversation"])
async def test_a_press_is_held_and_answered_when_it_is_saved(sqlite_store_url: str, where: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann = person(discord, 101)
        assert (await ann.slash("talk", where=here(discord, ann, where))).ok

        def seen() -> list[Message]:
            return ann.ephemerals if where == "a server" else ann.received

        with stuck(sqlite_store_url, bot):
            assert (await ann.press(seen()[-1], "leave")).ok
            assert holds(ann.ephemerals[-1])
        await discord.until(lambda: texts(seen())[-1] == LEFT)
        assert len(seen()) == 2
        assert not any(map(holds, ann.ephemerals))


async def test_a_form_is_held_and_leads_on_when_it_is_saved(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        zoe = person(discord, 301)
        await zoe.slash("signup")
        with stuck(sqlite_store_url, bot):
            assert (await zoe.submit(WHO)).ok
            # Its window is closed: nobody can send it a second time.
            assert zoe.modal is None
            (lead,) = zoe.ephemerals
            assert holds(lead)
            assert rows(sqlite_store_url, "SELECT answers FROM runs") == [(b"[]",)]
        await discord.until(lambda: "Next" in lead.labels)
        assert (await zoe.press(lead, "Next")).kind == MODAL
        # What was wrong with it is said there as well, when it comes to that.
        with stuck(sqlite_store_url, bot):
            assert (await zoe.submit({"wants": "python", "free": "a long time"})).ok
        await discord.until(lambda: "could not read free time" in "".join(texts(zoe.ephemerals)))
        assert not any(map(holds, zoe.ephemerals))
        assert (await zoe.press(zoe.ephemerals[-1], "Next")).kind == MODAL
    assert rows(sqlite_store_url, RUNS) == [(1,)]


async def test_an_answer_that_comes_while_it_is_being_held_is_shown(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann = person(discord, 101)
        hang = Hang()
        discord.fault(CALLBACK, hang)
        with stuck(sqlite_store_url, bot):
            doing = asyncio.create_task(ann.slash("leave"))
            await discord.called(CALLBACK)
        await written(bot, ROOM, (None,))
        # It comes behind what holds it, however long that takes.
        with pytest.raises(TimeoutError):
            await discord.called(ORIGINAL, timeout=0.3)
        hang.until.set()
        assert (await doing).ok
        await discord.until(lambda: texts(ann.ephemerals) == [LEFT])
    assert len(discord.calls_of(ORIGINAL)) == 1


async def test_an_answer_in_the_place_of_a_message_that_is_gone_is_shown(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann = person(discord, 101)
        await ann.slash("find", {"words": "sql"}, where=ann.dm)
        await ann.press(ann.received[-1], "Ask the first available")
        asked = ann.received[-1]
        with stuck(sqlite_store_url, bot):
            assert (await ann.press(asked, "Withdraw")).ok
            asked.deleted = True
        await discord.until(lambda: "is withdrawn" in ann.received[-1].words)
        assert not ann.ephemerals


async def test_what_was_missed_holds_up_no_response(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann, ben = person(discord, 101), person(discord, 201)
        await discord.drop(resume=False)
        await ann.say("while nobody heard it")
        await discord.connected()
        await connected(bot.adapter)
        with stuck(sqlite_store_url, bot):
            assert (await ann.slash("leave", where=ann.dm)).ok
            assert holds(ann.ephemerals[-1])
        await discord.until(lambda: len(ann.received) == 2)
        await discord.until(lambda: ben.received)
    # What was written first is done first.
    assert texts(ann.received) == ["Passed on to 201.", LEFT]
    assert texts(ben.received) == ["101: while nobody heard it"]
    assert len(discord.calls_of(LIST)) == 1


async def test_two_seconds_are_less_than_discord_waits_and_lose_nothing(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        discord.answer_seconds = discord.people_seconds = 3.0
        ann, ben, zoe = (person(discord, who) for who in (101, 201, 301))
        await zoe.slash("signup")
        with stuck(sqlite_store_url, bot, 2.0):
            _, *acks = await asyncio.gather(
                ann.say("hello"), zoe.submit(WHO), ben.slash("leave"), ben.slash("leave", where=ben.dm)
            )
            assert all(ack.ok and 2 <= ack.seconds < 3 for ack in acks)
            assert [len(each.ephemerals) for each in (ann, ben, zoe)] == [0, 2, 1]
        await discord.until(lambda: "Next" in zoe.ephemerals[-1].labels)
        await discord.until(lambda: len(ben.received) == 2)
        await discord.until(lambda: not any(map(holds, ben.ephemerals)))
    assert texts(ann.received) == ["Passed on to 201."]


# --- Continue -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["a server", "the conversation"])
async def test_who_continues_before_it_is_saved_waits_for_the_answer(
    sqlite_store_url: str, where: str
) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann = person(discord, 101)
        with stuck(sqlite_store_url, bot):
            await ann.slash("leave", where=here(discord, ann, where))
            (held,) = ann.ephemerals
            bot.adapter.is_patient(PATIENCE)
            pressing = asyncio.create_task(ann.press(held, "Continue"))
            await told(discord, held.channel)
        ack = await pressing
        assert ack.ok
        if where == "a server":
            assert ack.kind == UPDATE
            assert texts(ann.ephemerals) == [LEFT]
        else:
            await discord.until(lambda: texts(ann.received) == [LEFT])
            await discord.until(lambda: not ann.ephemerals)
    # It is shown once.
    assert len(ann.received) + len(ann.ephemerals) == 1


async def test_who_continues_gets_a_form_where_that_is_the_answer(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        zoe = person(discord, 301)
        with stuck(sqlite_store_url, bot):
            await zoe.slash("signup")
            assert zoe.modal is None
            (held,) = zoe.ephemerals
            bot.adapter.is_patient(PATIENCE)
            pressing = asyncio.create_task(zoe.press(held, "Continue"))
            await told(discord, held.channel)
        ack = await pressing
        assert ack.kind == MODAL
        assert (await zoe.submit(WHO)).ok
        await discord.until(lambda: "Next" in zoe.ephemerals[-1].labels)
    assert rows(sqlite_store_url, RUNS) == [(1,)]


async def test_who_continues_too_early_or_twice_gets_the_answer_all_the_same(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann = person(discord, 101)
        with stuck(sqlite_store_url, bot):
            await ann.slash("leave")
            (held,) = ann.ephemerals
            # Again it is said that it is not done yet, in the same place.
            assert (await ann.press(held, "Continue")).kind == UPDATE
            assert [holds(each) for each in ann.ephemerals] == [True]
            # Pressed twice in a row, the second asks what came of it.
            acks = await asyncio.gather(*(ann.press(held, "Continue") for _ in range(2)))
            assert all(ack.ok for ack in acks)
        await discord.until(lambda: not any(map(holds, ann.ephemerals)))
    assert not ann.received
    assert rows(sqlite_store_url, ROOM) == [(None,)]


async def test_two_that_are_held_have_an_answer_each(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann = person(discord, 101)
        with stuck(sqlite_store_url, bot):
            acks = [await ann.slash("leave"), await ann.slash("talk")]
            assert all(ack.ok for ack in acks)
            assert [holds(each) for each in ann.ephemerals] == [True, True]
        await discord.until(lambda: not any(map(holds, ann.ephemerals)))
    assert texts(ann.ephemerals) == [LEFT, "What you write here now goes to 201."]


async def test_who_continues_after_a_restart_sees_what_is_pending_or_kind_words(
    sqlite_store_url: str,
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, (101, 201))
        ann, zoe = person(discord, 101), discord.guild(GUILD).person("301", "Zoe")
        async with running(discord, sqlite_store_url, Watched(discord, patience=PATIENCE)) as bot:
            await connected(bot.adapter)
            # The answers themselves are lost on their way.
            discord.fault(ORIGINAL, Status(503), times=2)
            with stuck(sqlite_store_url, bot):
                await asyncio.gather(ann.slash("leave"), zoe.slash("signup"))
            await discord.called(ORIGINAL, 2)
        async with running(discord, sqlite_store_url):
            assert (await zoe.press(zoe.ephemerals[0], "Continue")).kind == MODAL
            assert (await ann.press(ann.ephemerals[0], "Continue")).kind == UPDATE
        assert texts(ann.ephemerals) == [NOTHING]
        assert not discord.violations
    assert rows(sqlite_store_url, ROOM) == [(None,)]
    assert rows(sqlite_store_url, RUNS) == [(1,)]


# --- What is written ----------------------------------------------------------------------------------------------


async def test_who_writes_sees_that_an_answer_is_being_written(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        ann, ben = person(discord, 101), person(discord, 201)
        with stuck(sqlite_store_url, bot):
            said = await ann.say("hello")
            at = discord.now
            typing = await discord.called(TYPING)
            assert typing.at - at > 0.4
            assert not ann.received
            assert rows(sqlite_store_url, "SELECT count(*) FROM seen_events WHERE id = ?", said.id) == [(0,)]
        await discord.until(lambda: ann.received and ben.received)
        # Whatever comes after it is the next thing: nothing of it was done or said twice.
        await ann.say("the next")
        await discord.until(lambda: len(ann.received) == len(ben.received) == 2)
    assert texts(ben.received) == ["101: hello", "101: the next"]
    assert texts(ann.received) == ["Passed on to 201."] * 2
    assert len(discord.calls_of(TYPING)) == 1


async def test_a_question_is_asked_once_however_late_its_answer_is_saved(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (discord, bot):
        zoe = person(discord, 301)
        await zoe.say("/signup")
        await discord.until(lambda: zoe.received)
        with stuck(sqlite_store_url, bot):
            await zoe.say("yes")
            await discord.called(TYPING)
            event = discord.events[-1]
            await discord.redeliver(event, times=3)
            assert len(zoe.received) == 1
        await discord.until(lambda: len(zoe.received) == 2)
        await discord.redeliver(event, times=3)
        await zoe.say("Zoe")
        await discord.until(lambda: len(zoe.received) == 3)
    assert len(set(texts(zoe.received))) == 3
    assert rows(sqlite_store_url, RUNS) == [(1,)]
