"""Discord's gateway, and every way it breaks: nothing is lost that somebody does, and nothing is done twice."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from discord.gateway import KeepAliveHandler

from bot.adapters.discord.calls import course
from bot.adapters.pacing import Pacing
from bot.ports import Later, Sent, Shut, Unknown
from tests.platforms.discord_program import (
    GUILD,
    Running,
    Watched,
    pairs,
    person,
    running,
    texts,
    written,
)
from tests.platforms.discord_server import COMMANDS, GATEWAY, MESSAGE, DiscordServer, Event, Message, Person
from tests.platforms.kit import Hang, Status
from tests.platforms.program import connected, rows

CROWD = [(101 + number, 201 + number) for number in range(8)]
EVERYBODY = [user for pair in CROWD for user in pair]
LIST = "get /channels/#/messages"
OTHER = str(1 << 22)
"""A server that the second of two shards is told of."""


def events_of(discord: DiscordServer, message: Message) -> Sequence[Event]:
    """Give what Discord told of a message."""
    return [event for event in discord.events if event.data.get("id") == message.id]


async def back(bot: Running, discord: DiscordServer) -> None:
    """Wait until there is a connection again."""
    await discord.connected()
    await connected(bot.adapter)


# --- Connections --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["dropped", "asked to reconnect"])
async def test_a_session_that_is_resumed_loses_nothing(sqlite_store_url: str, how: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        async with running(discord, sqlite_store_url) as bot:
            for number in range(3):
                await (discord.drop() if how == "dropped" else discord.reconnect())
                for ann, _ in CROWD:
                    await person(discord, ann).say(f"line {number}")
                await discord.until(lambda number=number: discord.resumes == number + 1)  # type: ignore[misc]
                await back(bot, discord)
            await discord.until(lambda: all(len(person(discord, ben).received) == 3 for _, ben in CROWD))
            await bot.adapter.quiet()
            assert len(discord.identifies) == 1
        for ann, ben in CROWD:
            assert texts(person(discord, ben).received) == [f"{ann}: line {number}" for number in range(3)]
            assert texts(person(discord, ann).received) == [f"Passed on to {ben}."] * 3
        assert not discord.violations


@pytest.mark.parametrize("resume", [True, False])
async def test_a_connection_that_ends_while_something_is_done_changes_nothing_of_its_answer(
    sqlite_store_url: str, resume: bool
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann, gate = person(discord, 101), asyncio.Event()
        adapter = Watched(discord, gates={"101": gate})
        async with running(discord, sqlite_store_url, adapter) as bot:
            await connected(adapter)
            doing = asyncio.create_task(ann.slash("mentorships"))
            await discord.until(lambda: discord.events and discord.events[-1].given)
            await discord.drop(resume=resume)
            await back(bot, discord)
            gate.set()
            assert (await doing).ok
            await adapter.quiet()
        assert len(ann.ephemerals) == 1
        assert not discord.violations


@pytest.mark.parametrize("how", ["invalid", "forgotten"])
async def test_what_was_written_without_a_session_comes_with_the_next_thing_one_does(
    sqlite_store_url: str, how: str
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        ann, ben = person(discord, 101), person(discord, 201)
        async with running(discord, sqlite_store_url) as bot:
            await ann.say("heard")
            await discord.until(lambda: ben.received and ann.received)
            await (discord.invalidate() if how == "invalid" else discord.drop(resume=False))
            for number in range(3):
                await ann.say(f"line {number}")
            await back(bot, discord)
            # What Discord had told before the bot came back ends nothing.
            await bot.send(("101", "a message"))
            await discord.until(lambda: bot.outcomes(Sent, "101"))
            assert len(ben.received) == 1
            # A change of an old one is not yet the next thing.
            await ann.edit(ann.said[0], "Heard")
            ack = await ann.slash("mentorships", where=ann.dm)
            assert ack.ok
            await discord.until(lambda: len(ben.received) == 4)
            # Nothing comes again with what they do after it.
            await ann.say("and")
            await discord.until(lambda: len(ben.received) == 5)
            assert len(discord.calls_of(LIST)) == 2
        assert texts(ben.received) == [
            "101 (edited): Heard",
            *(f"101: line {number}" for number in range(3)),
            "101: and",
        ]
        assert not discord.violations
    assert rows(sqlite_store_url, "SELECT count(*) FROM outbox WHERE kind = 'room' AND edits IS NULL") == [
        (5,)
    ]


async def test_what_was_written_before_a_start_is_done_in_order_and_before_all_else(
    sqlite_store_url: str,
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        ann, ben = person(discord, 101), person(discord, 201)
        await ann.say("one")
        async with running(discord, sqlite_store_url) as bot:
            # What the bot itself says meanwhile ends nothing.
            await bot.send(("101", "a message"))
            await discord.until(lambda: bot.outcomes(Sent, "101"))
        await ann.say("two")
        async with running(discord, sqlite_store_url):
            # What is told late is not older for that.
            discord.held = True
            for text in ("three", "four"):
                await ann.say(text)
            hang = Hang()
            discord.fault(LIST, hang)
            await discord.release()
            await discord.called(LIST)
            await ann.say("five")
            hang.until.set()
            await discord.until(lambda: len(ben.received) == 5)
            assert len(discord.calls_of(LIST)) == 1
        assert texts(ben.received) == [f"101: {text}" for text in ("one", "two", "three", "four", "five")]
        assert texts(ann.received)[1:] == ["Passed on to 201."] * 5


async def test_a_conversation_that_cannot_be_read_keeps_nobody_waiting(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann = person(discord, 101)
        discord.fault(LIST, Hang())
        async with running(discord, sqlite_store_url, Watched(discord, seconds=1.0, patience=0.2)) as bot:
            await connected(bot.adapter)
            assert (await ann.slash("mentorships", where=ann.dm)).ok
            await discord.until(lambda: ann.received)
        assert "what was written while the bot was away cannot be read" in "".join(bot.log.lines)
        assert len(ann.received) == 1


async def test_a_connection_that_looks_open_and_is_dead_is_replaced(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann, ben = person(discord, 101), person(discord, 201)
        discord.heartbeat_ms = 100
        async with running(discord, sqlite_store_url, Watched(discord, seconds=0.5)) as bot:
            await connected(bot.adapter)
            discord.silent = True
            await discord.until(lambda: not discord.alive)
            await ann.say("hello")
            discord.silent = False
            await discord.until(lambda: ben.received)
            assert discord.resumes >= 1
        assert texts(ben.received) == ["101: hello"]


@pytest.mark.parametrize("when", [GATEWAY, "get /users/@me"])
async def test_a_connection_that_is_not_answered_is_given_up_and_made_anew(
    sqlite_store_url: str, when: str
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        discord.fault(when, Hang())
        adapter = Watched(discord, seconds=0.5)
        async with running(discord, sqlite_store_url, adapter) as bot:
            assert "It is tried again in 1 s." in await bot.said("Discord cannot be reached (TimeoutError)")
            await connected(adapter)
            await person(discord, 101).say("hello")
            await discord.until(lambda: person(discord, 201).received)


async def test_duplicates_and_disorder_have_one_effect_each(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        zoe = discord.guild(GUILD).person("301", "Zoe")
        async with running(discord, sqlite_store_url) as bot:
            discord.held = True
            for number in range(3):
                for ann, _ in CROWD:
                    await person(discord, ann).say(f"line {number}")
            acks = [await zoe.slash("signup"), await person(discord, 101).slash("mentorships")]
            every = [*discord.pending]
            discord.rng.shuffle(every)
            await discord.release(*every)
            discord.held = False
            for event in every[::-1]:
                await discord.redeliver(event, times=5)
            await discord.until(lambda: all(len(person(discord, ben).received) == 3 for _, ben in CROWD))
            await discord.until(lambda: all(ack.interaction.answer for ack in acks))
            await bot.adapter.quiet()
        assert zoe.modal is not None
        for ann, ben in CROWD:
            seen = sorted(texts(person(discord, ben).received))
            assert seen == [f"{ann}: line {number}" for number in range(3)]
            assert texts(person(discord, ann).received) == [f"Passed on to {ben}."] * 3
        # Nobody but the first is answered: Discord would take no second answer.
        assert not discord.violations
    assert rows(sqlite_store_url, "SELECT count(*) FROM outbox") == [(3 * len(CROWD),)]


# --- Tokens and settings ------------------------------------------------------------------------------------------


async def test_a_token_that_is_not_good_at_the_start_is_told_and_tried_until_it_is(
    sqlite_store_url: str,
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        adapter = Watched(discord)
        good, discord.token = discord.token, "another"
        async with running(discord, sqlite_store_url, adapter) as bot:
            line = await bot.said("Discord does not take the token.")
            assert line.startswith("ERROR")
            assert "discord.token" in line
            assert "It is tried again in 1 s." in line
            await bot.send(("101", "a message"))
            await discord.until(lambda: bot.outcomes(Later))
            discord.token = good
            await connected(adapter)
            await discord.until(lambda: bot.outcomes(Sent))
            assert not any(good in line for line in bot.log.lines)
        assert texts(person(discord, 101).received) == ["Olga: a message"]
    assert rows(sqlite_store_url, "SELECT state, attempts, doubts FROM outbox") == [("sent", 1, 0)]


async def test_a_token_that_is_revoked_is_told_in_words(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann, ben = person(discord, 101), person(discord, 201)
        async with running(discord, sqlite_store_url) as bot:
            good, discord.token = discord.token, "another"
            await discord.drop()
            line = await bot.said("Discord does not take the token any more")
            assert line.startswith("ERROR")
            assert "discord.token" in line
            await bot.send(("101", "a message"))
            await discord.until(lambda: bot.outcomes(Later))
            await ann.say("hello")
            discord.token = good
            await back(bot, discord)
            await discord.until(lambda: bot.outcomes(Sent))
            await ann.say("are you there?")
            await discord.until(lambda: len(ben.received) == 2)
        assert texts(ben.received) == ["101: hello", "101: are you there?"]


async def test_an_endpoint_that_takes_everything_away_is_told_in_words(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        discord.page["interactions_endpoint_url"] = "https://elsewhere.example"
        adapter = Watched(discord)
        async with running(discord, sqlite_store_url, adapter) as bot:
            assert (await bot.said("Interactions Endpoint URL")).startswith("ERROR")
            assert not discord.identifies
            discord.page.clear()
            await connected(adapter)
            assert (await person(discord, 101).slash("help")).ok


async def test_too_few_connections_for_all_servers_are_told_in_words(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        discord.least_shards = 2
        adapter = Watched(discord)
        async with running(discord, sqlite_store_url, adapter) as bot:
            line = await bot.said("raise discord.shards")
            assert line.startswith("ERROR")
            discord.least_shards = 1
            await back(bot, discord)


async def test_while_discord_is_down_messages_wait_and_count_no_tries(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        adapter = Watched(discord)
        await discord.refuse()
        async with running(discord, sqlite_store_url, adapter) as bot:
            line = await bot.said("Discord cannot be reached")
            assert line.startswith("ERROR")
            await bot.send(*((str(user), "a message") for user in EVERYBODY[:8]))
            await discord.until(lambda: len(bot.outcomes(Later)) >= 8)
            await discord.accept()
            await back(bot, discord)
            await discord.until(lambda: len(bot.outcomes(Sent)) == 8)
            # And once more while it runs.
            await discord.refuse()
            await bot.said("Discord cannot be reached (ClientConnectorError). It is tried again in")
            before = len(bot.outcomes(Later))
            await bot.send(*((str(user), "a message") for user in EVERYBODY[8:]))
            await discord.until(lambda: len(bot.outcomes(Later)) >= before + 8)
            await discord.accept()
            await discord.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY))
            assert not bot.outcomes(Unknown)
        for user in EVERYBODY:
            assert texts(person(discord, user).received) == ["Olga: a message"]
    assert rows(sqlite_store_url, "SELECT DISTINCT state, attempts, doubts FROM outbox") == [("sent", 1, 0)]


async def test_what_is_being_sent_when_the_connection_ends_comes_once(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        async with running(discord, sqlite_store_url) as bot:
            # One has arrived, and another waits for its turn behind it.
            discord.fault(MESSAGE, Hang(before=False))
            await bot.send(("101", "line 0"))
            await discord.called(MESSAGE)
            await bot.send(("101", "line 1"))
            await discord.until(lambda: bot.adapter.begun == 2)
            discord.fault(GATEWAY, Status(500))
            await discord.drop()
            await bot.said("Discord cannot be reached")
            await discord.until(lambda: len(bot.outcomes(Sent)) == 2)
        assert sorted(texts(person(discord, 101).received)) == ["Olga: line 0", "Olga: line 1"]
    # Nobody doubts of the other one: it was not sent.
    assert rows(sqlite_store_url, "SELECT state, doubts FROM outbox ORDER BY id") == [
        ("sent", 1),
        ("sent", 0),
    ]


# --- Servers ------------------------------------------------------------------------------------------------------


async def test_two_connections_hear_all_servers_and_listen_when_both_are_there(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann, ben = person(discord, 101), person(discord, 201)
        other = discord.guild(OTHER, "Second").channel("general")
        discord.guild(OTHER).person("101")
        adapter = Watched(discord, shards=2)
        hang = Hang()
        # The second of them takes long.
        discord.fault(GATEWAY, hang, nth=2)
        async with running(discord, sqlite_store_url, adapter) as bot:
            await discord.called(GATEWAY, 2)
            await discord.connected(1)
            await bot.send(("101", "a message"))
            await discord.until(lambda: bot.outcomes(Later))
            assert not adapter.listening.is_set()
            hang.until.set()
            await discord.connected(2)
            await connected(adapter)
            await discord.until(lambda: bot.outcomes(Sent))
            assert (await ann.slash("mentorships")).ok
            assert (await ann.slash("mentorships", where=other)).ok
            await ann.say("one")
            await discord.until(lambda: len(ben.received) == 1)
            # Where one of them is away, nothing is sent until it is there again.
            (second,) = [session for session in discord.alive if session.shard == (1, 2)]
            await discord.drop(second)
            await discord.until(lambda: discord.resumes == 1)
            await discord.connected(2)
            await connected(adapter)
            assert (await ann.slash("mentorships", where=other)).ok
        assert [said["shard"] for said in discord.identifies] == [[0, 2], [1, 2]]
        assert len(ann.ephemerals) == 3
        assert not discord.violations


async def test_a_server_that_removes_the_bot_is_told_of_and_its_people_wait(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:2])
        discord.guild(OTHER, "Second").person("102")
        async with running(discord, sqlite_store_url) as bot:
            await discord.guild(GUILD).remove()
            assert f"the server {GUILD} has removed the bot" in await bot.said("removed the bot")
            await bot.send(("101", "a message"), ("102", "a message"))
            await discord.until(lambda: bot.outcomes(Shut, "101") and bot.outcomes(Sent, "102"))
            await written(bot, "SELECT reachable FROM addresses WHERE id = '101'", (0,))
        assert not person_of(discord, "101").received
        assert not discord.violations


def person_of(discord: DiscordServer, who: str) -> Person:
    """Find somebody wherever they are."""
    return discord.person(who)


async def test_commands_are_told_once_and_again_only_when_they_are_others(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        async with running(discord, sqlite_store_url) as bot:
            await bot.said("the commands are listed")
            await discord.drop(resume=False)
            await back(bot, discord)
        async with running(discord, sqlite_store_url):
            pass
        assert len(discord.calls_of(COMMANDS)) == 1
        discord.commands[""] = discord.commands[""][1:]
        async with running(discord, sqlite_store_url):
            pass
        assert len(discord.calls_of(COMMANDS)) == 2
        # Where they cannot be told, all else works.
        discord.commands[""] = []
        discord.fault(COMMANDS, Status(503))
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        async with running(discord, sqlite_store_url) as bot:
            await bot.said("the commands are not listed on Discord")
            await person(discord, 101).say("hello")
            await discord.until(lambda: person(discord, 201).received)


# --- Stops --------------------------------------------------------------------------------------------------------


async def test_a_stop_finishes_what_has_begun_and_leaves_nothing_behind(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        ann, ben = person(discord, 101), person(discord, 201)
        gate, hang = asyncio.Event(), Hang()
        before = asyncio.all_tasks()
        async with running(discord, sqlite_store_url, Watched(discord, gates={"101": gate})) as bot:
            await connected(bot.adapter)
            discord.fault(MESSAGE, hang)
            await bot.send(("102", "a message"))
            await discord.called(MESSAGE)
            said = await ann.say("hello")
            pressed = asyncio.create_task(ann.slash("mentorships"))
            await discord.until(
                lambda: all(event.given for event in (*events_of(discord, said), discord.events[-1]))
            )
            asyncio.get_running_loop().call_later(0.2, gate.set)
            asyncio.get_running_loop().call_later(0.3, hang.until.set)
        ack = await pressed
        assert ack.ok
        assert texts(ann.received) == ["Passed on to 201."]
        assert texts(person(discord, 102).received) == ["Olga: a message"]
        assert not [line for line in bot.log.lines if "stopped before" in line]
        assert not beating()
        left = {task for task in asyncio.all_tasks() - before if "RequestHandler" not in repr(task)}
        assert not left - {asyncio.current_task()}
        # What was kept leaves with the next start.
        async with running(discord, sqlite_store_url):
            await discord.until(lambda: ben.received)
    assert texts(ben.received) == ["101: hello"]
    assert rows(sqlite_store_url, "SELECT DISTINCT state, doubts FROM outbox") == [("sent", 0)]


async def test_a_stop_while_a_connection_is_made_leaves_nothing_behind(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        # The connection is there, and waits until Discord takes a new session; then it is dead.
        adapter = Watched(discord, pacing=Pacing(course))
        async with running(discord, sqlite_store_url, adapter):
            await connected(adapter)
            await discord.invalidate()
            await discord.called(GATEWAY, 2)
            await discord.until(lambda: len(beating()) == 1)
            discord.deaf = True
            began = discord.now
        assert discord.now < began + 3
        assert not beating()
        discord.deaf = False
        # The connection is not there yet.
        discord.fault(GATEWAY, Hang())
        async with running(discord, sqlite_store_url, Watched(discord)):
            await discord.called(GATEWAY, 3)
        assert not beating()


def beating() -> list[threading.Thread]:
    """Give the heartbeats there are."""
    return [each for each in threading.enumerate() if isinstance(each, KeepAliveHandler)]
