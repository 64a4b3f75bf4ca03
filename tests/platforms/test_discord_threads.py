"""A thread for a pair: where there is one for them, who reads in it, and what becomes of them where there is none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.ports import Place
from tests.platforms.discord_program import GUILD, Running, Watched, at, pairs, person, running, texts
from tests.platforms.discord_server import MEMBER, MESSAGE, THREAD, Channel, DiscordServer
from tests.platforms.discord_world import IN_THREADS, THREADS, VIEW
from tests.platforms.kit import Fault, Refuse429, Status
from tests.platforms.program import connected

READERS = "Only you two can read this thread, and moderators of this server who may manage threads."
NAME = "Ann and Ben"


@asynccontextmanager
async def with_rooms(url: str, *names: str) -> AsyncIterator[tuple[DiscordServer, Running, list[Channel]]]:
    """Run the program for Ann and Ben (101 and 201) and two others, with channels for the threads of pairs."""
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, url, (101, 201), (102, 202))
        rooms = [discord.guild(GUILD).channel(name) for name in names]
        adapter = Watched(discord, room_channels=[room.id for room in rooms])
        async with running(discord, url, adapter, mentorships__native_rooms="on") as bot:
            await connected(adapter)
            yield discord, bot, rooms
        assert not discord.violations, discord.violations
        assert not discord.fired


async def gathered(bot: Running) -> Place | None:
    return await bot.adapter.gather([at("101"), at("201")], NAME)


async def test_two_in_a_server_get_a_thread_in_which_stands_who_reads_it(sqlite_store_url: str) -> None:
    async with with_rooms(sqlite_store_url, "pairs") as (discord, bot, (room,)):
        ann, ben = person(discord, 101), person(discord, 201)
        where = await gathered(bot)
        (thread,) = ann.threads
        assert ben.threads == [thread]
        assert where == Place("discord", f"#{thread.id}")
        assert (thread.name, thread.parent, thread.invitable) == (NAME, room, False)
        assert {*thread.members} == {discord.app_id, "101", "201"}
        assert texts(thread.messages) == [READERS]
        # It is theirs at a second try as well.
        assert await gathered(bot) == where
        assert len(discord.calls_of(THREAD)) == 1
        assert texts(thread.messages) == [READERS]


async def test_others_of_the_same_names_get_a_thread_of_their_own(sqlite_store_url: str) -> None:
    async with with_rooms(sqlite_store_url, "pairs") as (discord, bot, _):
        first = await gathered(bot)
        second = await bot.adapter.gather([at("101"), at("102")], NAME)
        assert second != first
        assert len(person(discord, 101).threads) == 2
        assert len(person(discord, 201).threads) == 1


async def test_those_who_are_not_in_one_server_get_none(sqlite_store_url: str) -> None:
    async with with_rooms(sqlite_store_url, "pairs") as (discord, bot, _):
        person(discord, 201).leave(discord.guild(GUILD).place)
        assert await gathered(bot) is None
        assert not discord.calls_of(THREAD)


async def test_the_first_channel_that_both_can_see_has_their_thread(sqlite_store_url: str) -> None:
    async with with_rooms(sqlite_store_url, "mentors", "pairs") as (discord, bot, (closed, room)):
        ann, ben = person(discord, 101), person(discord, 201)
        closed.members = {"201": ben.user, discord.app_id: discord.bot}
        assert await gathered(bot) is not None
        (thread,) = ann.threads
        assert thread.parent is room
        # What was begun in the other one is put away, and nobody else has come to it.
        (left,) = [each for each in discord.guild(GUILD).place.channels.values() if each.parent is closed]
        assert left.archived


@pytest.mark.parametrize("what", ["no channel", "not seen", "no threads", "no words"])
async def test_without_what_a_thread_needs_there_is_none(sqlite_store_url: str, what: str) -> None:
    async with with_rooms(sqlite_store_url, "pairs") as (discord, bot, (room,)):
        place = discord.guild(GUILD).place
        if what == "no channel":
            del discord.channels[room.id]
        else:
            place.granted &= ~{"not seen": VIEW, "no threads": THREADS, "no words": IN_THREADS}[what]
        assert await gathered(bot) is None
        assert not person(discord, 101).threads


@pytest.mark.parametrize("method", [THREAD, MESSAGE, MEMBER])
@pytest.mark.parametrize("fault", [Status(503), Refuse429(60)], ids=repr)
async def test_what_may_yet_be_is_tried_again(sqlite_store_url: str, method: str, fault: Fault) -> None:
    async with with_rooms(sqlite_store_url, "pairs") as (discord, bot, _):
        discord.fault(method, fault)
        with pytest.raises(ConnectionError):
            await gathered(bot)
        if isinstance(fault, Status):
            assert await gathered(bot) is not None
            assert len(person(discord, 101).threads) == 1


async def test_a_pair_for_whom_there_is_no_thread_talks_through_the_bot(sqlite_store_url: str) -> None:
    async with with_rooms(sqlite_store_url, "pairs") as (discord, bot, _):
        discord.guild(GUILD).place.granted &= ~THREADS
        ann, ben = person(discord, 101), person(discord, 202)
        assert (await ann.slash("find", {"words": "sql"})).ok
        assert (await ann.press(ann.ephemerals[-1], "Ask the first available")).ok
        await discord.until(lambda: ben.received)
        assert (await ben.press(ben.received[0], "Accept")).ok
        # Both are introduced in private, and what one writes there reaches the other.
        await discord.until(lambda: any("Good news" in text for text in texts(ann.received)))
        await discord.until(lambda: len(ben.received) == 2)
        (introduction,) = [message for message in ann.received if "Good news" in message.words]
        assert (await ann.press(introduction, "Talk")).ok
        await ann.say("hello")
        await discord.until(lambda: texts(ben.received)[-1] == "101: hello")
        assert not ann.threads
        assert bot.adapter.pushed
