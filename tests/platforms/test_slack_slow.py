"""A disk that is slow: nothing is acknowledged that is not saved, nobody is left without a word, nothing is done twice.

A lock on the file holds every commit until the test lets go of it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.platforms.program import locked, rows
from tests.platforms.slack_program import Running, Watched, pairs, running
from tests.platforms.slack_server import Posted, SlackServer

SOON = 0.3
"""Seconds after which something is said without the answer; where the real 2.5 are waited for, a test says so."""
WORKING = "Still working on it. This can take a moment."
SAVING = "Still saving. This can take a moment; the window tells you when it is done."
SAVED = "Saved. The answer is in our messages."
WHO = {"consent": ["yes"], "name": "Zoe", "role": "mentee"}


@asynccontextmanager
async def slow(url: str, patience: float = SOON) -> AsyncIterator[tuple[SlackServer, Running]]:
    """Run the program for Ann and Ben, who are a pair and known to it, and for Zoe, whom nobody knows."""
    async with SlackServer(seed=1) as slack:
        await pairs(slack, url, ("UANN", "UBEN"))
        slack.team("T1").person("UZOE", name="Zoe")
        async with running(slack, url, Watched(slack, patience=patience)) as bot:
            await slack.connected(2)
            # Everybody's profile is known from here on, as to a program that has run for a while.
            for user in ("UANN", "UBEN", "UZOE"):
                await slack.person("T1", user).command("/mentor", "help")
            yield slack, bot
        assert not slack.violations


def seen(url: str) -> int:
    return int(rows(url, "SELECT count(*) FROM seen_events")[0][0])


def answers(messages: list[Posted]) -> list[str]:
    return [message.shown for message in messages if message.bot_id]


async def test_an_event_that_is_not_saved_in_time_comes_again_and_is_done_once(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (slack, _):
        ann, ben = slack.person("T1", "UANN"), slack.person("T1", "UBEN")
        before = seen(sqlite_store_url)
        with locked(sqlite_store_url):
            first = await ann.say("hello", timeout=2 * SOON)
            again = await slack.redeliver(first.event, times=2, timeout=2 * SOON)
            assert {ack.why for ack in (first, *again)} == {"timeout"}
            assert slack.unacknowledged == [first.event]
            assert seen(sqlite_store_url) == before
            assert not answers(ann.messages)
        await slack.until(lambda: ben.messages)
        await slack.until(lambda: answers(ann.messages))
        [last] = await slack.redeliver(first.event)
        assert last.ok
        # Whatever comes after it is the next thing: nothing of it was done or said twice.
        await ann.say("the next")
        await slack.until(lambda: len(answers(ann.messages)) == 2)
        await slack.until(lambda: len(ben.messages) == 2)
    assert [message.shown for message in ben.messages] == ["UANN: hello", "UANN: the next"]
    assert answers(ann.messages) == ["Passed on to UBEN."] * 2
    assert not first.event.late


async def test_a_question_in_the_chat_is_asked_once_however_late_its_answer_is_saved(
    sqlite_store_url: str,
) -> None:
    async with slow(sqlite_store_url) as (slack, _):
        zoe = slack.person("T1", "UZOE")
        await zoe.command("/mentor", "signup")
        await slack.until(lambda: zoe.view is not None)
        await zoe.close()
        await zoe.say("well")
        await slack.until(lambda: len(answers(zoe.messages)) == 1)
        with locked(sqlite_store_url):
            ack = await zoe.say("yes", timeout=2 * SOON)
            assert ack.why == "timeout"
        await slack.until(lambda: len(answers(zoe.messages)) == 2)
        assert all(one.ok for one in await slack.redeliver(ack.event, times=3))
        await zoe.say("Zoe")
        await slack.until(lambda: len(answers(zoe.messages)) == 3)
    assert len(set(answers(zoe.messages))) == 3
    assert rows(sqlite_store_url, "SELECT count(*) FROM runs") == [(1,)]


async def test_a_form_says_that_it_is_still_saving_and_then_asks_on(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (slack, _):
        zoe = slack.person("T1", "UZOE")
        await zoe.command("/mentor", "signup")
        await slack.until(lambda: zoe.view is not None)
        view = zoe.front
        with locked(sqlite_store_url):
            ack = await zoe.submit(WHO)
            assert ack.ok
            assert SAVING in zoe.front.shown
            assert rows(sqlite_store_url, "SELECT answers FROM runs") == [(b"[]",)]
            # Nobody can send it a second time meanwhile.
            with pytest.raises(LookupError):
                await zoe.submit()
        await slack.until(lambda: zoe.front.fields)
        assert zoe.front is view
        assert "wants" in zoe.front.fields
        with locked(sqlite_store_url):
            await zoe.submit({"wants": ["python"]})
            assert SAVING in zoe.front.shown
        await slack.until(lambda: SAVED in zoe.front.shown)
        await slack.until(lambda: answers(zoe.messages))
    assert len(answers(zoe.messages)) == 1
    assert not zoe.errors
    assert rows(sqlite_store_url, "SELECT count(*) FROM users WHERE name = 'Zoe'") == [(1,)]


async def test_a_wrong_answer_that_was_saved_late_is_asked_again_in_the_same_window(
    sqlite_store_url: str,
) -> None:
    async with slow(sqlite_store_url) as (slack, _):
        zoe = slack.person("T1", "UZOE")
        await zoe.command("/mentor", "signup")
        await slack.until(lambda: zoe.view is not None)
        await zoe.submit(WHO)
        await slack.until(lambda: "free" in zoe.front.fields)
        with locked(sqlite_store_url):
            await zoe.submit({"wants": ["python"], "free": "a long time"})
            assert SAVING in zoe.front.shown
        await slack.until(lambda: zoe.front.fields)
        assert "free" in zoe.front.fields
        await zoe.submit({"wants": ["python"], "free": "Sat 10-12"})
        await slack.until(lambda: answers(zoe.messages))
    assert rows(sqlite_store_url, "SELECT count(*) FROM users WHERE name = 'Zoe'") == [(1,)]


async def test_a_command_gets_a_holding_answer_and_then_its_own(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (slack, _):
        ann = slack.person("T1", "UANN")
        count = len(ann.ephemerals)
        with locked(sqlite_store_url):
            ack = await ann.command("/mentor", "leave")
            assert ack.ok
            assert [message.shown for message in ann.ephemerals[count:]] == [WORKING]
        await slack.until(lambda: len(ann.ephemerals) == count + 2)
    assert [message.shown for message in ann.ephemerals[count:]] == [
        WORKING,
        "What you write here no longer goes to UBEN.",
    ]
    assert not ann.errors
    assert rows(sqlite_store_url, "SELECT room_id FROM addresses WHERE id = 'T1/UANN'") == [(None,)]


async def test_a_command_whose_form_comes_late_asks_in_the_chat_if_no_window_can_be_opened_any_more(
    sqlite_store_url: str,
) -> None:
    async with slow(sqlite_store_url) as (slack, _):
        zoe = slack.person("T1", "UZOE")
        with locked(sqlite_store_url):
            assert (await zoe.command("/mentor", "signup")).ok
            for trigger in slack.triggers.values():
                trigger.until = slack.now - 1
        await slack.until(lambda: answers(zoe.messages))
    assert zoe.view is None
    assert len(answers(zoe.messages)) == 1
    assert zoe.messages[-1].buttons[-1] == "Answer in a form"
    assert rows(sqlite_store_url, "SELECT count(*) FROM runs") == [(1,)]


async def test_a_press_is_acknowledged_and_answered_when_it_is_saved(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (slack, _):
        ann = slack.person("T1", "UANN")
        await ann.command("/mentor", "talk")
        await slack.until(lambda: ann.ephemerals[-1].buttons)
        count = len(ann.ephemerals)
        with locked(sqlite_store_url):
            ack = await ann.press(ann.ephemerals[-1], "leave")
            assert ack.ok
            assert len(ann.ephemerals) == count
        await slack.until(lambda: len(ann.ephemerals) > count)
    assert [message.shown for message in ann.ephemerals[count:]] == [
        "What you write here no longer goes to UBEN."
    ]
    assert not ann.errors


async def test_four_seconds_are_longer_than_slack_waits_and_lose_nothing(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url, patience=2.5) as (slack, _):
        slack.retries = (0.0,)
        ann, ben, zoe = (slack.person("T1", user) for user in ("UANN", "UBEN", "UZOE"))
        await zoe.command("/mentor", "signup")
        await slack.until(lambda: zoe.view is not None)
        count = len(ben.ephemerals)
        began = slack.now
        with locked(sqlite_store_url):
            said, sent, asked = await asyncio.gather(
                ann.say("hello"), zoe.submit(WHO), ben.command("/mentor", "leave")
            )
            assert (said.ok, said.why) == (False, "timeout")
            assert (sent.ok, asked.ok) == (True, True)
            assert max(sent.seconds, asked.seconds) < 3
            assert SAVING in zoe.front.shown
            assert ben.ephemerals[-1].shown == WORKING
            await asyncio.sleep(max(0.0, began + 4 - slack.now))
        await slack.until(lambda: zoe.front.fields)
        await slack.until(lambda: len(ben.ephemerals) == count + 2)
        await slack.until(lambda: ben.messages)
        await slack.until(lambda: not slack.unacknowledged)
    assert [message.shown for message in ben.messages] == ["UANN: hello"]
    assert answers(ann.messages) == ["Passed on to UBEN."]
