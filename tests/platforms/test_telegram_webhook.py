"""Updates that Telegram brings: none is acknowledged that is not saved, and what is not Telegram's leaves no trace."""

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from typing import Any

import aiohttp

from tests.platforms.kit import Reply
from tests.platforms.program import PATIENCE, connected, everything, locked, rows
from tests.platforms.telegram_core import error
from tests.platforms.telegram_program import (
    ALREADY,
    BOT,
    SECRET,
    WEBHOOK,
    Running,
    Watched,
    pairs,
    person,
    poisoned,
    running,
    texts,
)
from tests.platforms.telegram_server import TelegramServer, Update, Webhook

HEADER = "X-Telegram-Bot-Api-Secret-Token"
OTHER = 8
LARGEST = 2 * 1024 * 1024


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def served(
    url: str, telegram: TelegramServer, gates: Mapping[str, asyncio.Event] | None = None
) -> AsyncIterator[Running]:
    """Run the program with its web server, which Telegram reaches by its public address."""
    listen = f"127.0.0.1:{free_port()}"
    telegram.public[WEBHOOK] = f"http://{listen}"
    telegram.webhook_retry = 0.02
    telegram.bot(BOT)
    adapter = Watched(telegram, "webhook", gates=gates or {})
    async with running(telegram, url, adapter, http__listen=listen) as bot:
        await connected(adapter)
        yield bot
    assert not telegram.violations, telegram.violations


def hook(telegram: TelegramServer, bot: int = BOT) -> Webhook:
    found = telegram.bot(bot).webhook
    assert found is not None
    return found


def statuses(telegram: TelegramServer, update: Update) -> list[int | None]:
    """Say how the deliveries of an update went."""
    return [status for one, status in telegram.brought if one is update]


def forged(telegram: TelegramServer, number: int = 1, **more: Any) -> str:
    """Write an update that nobody sent."""
    zoe = person(telegram, 301)
    content = {
        "message_id": 5,
        "date": 1,
        "chat": zoe.chat.json(),
        "from": zoe.user.json(),
        "text": "/signup",
    }
    return json.dumps({"update_id": number, "message": {**content, **more}})


async def test_an_update_is_acknowledged_when_what_it_changes_is_saved(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, (101, 201), (102, 202))
        ann, ben = person(telegram, 101), person(telegram, 201)
        gate = asyncio.Event()
        async with served(sqlite_store_url, telegram, {f"{BOT}/102": gate}) as bot:
            slow = await person(telegram, 102).say("hello")
            with locked(sqlite_store_url):
                said = await ann.say("hello")
                await telegram.until(lambda: ann.typing)
                assert (said.given, statuses(telegram, said)) == (1, [])
                assert not ann.received
                assert rows(sqlite_store_url, "SELECT count(*) FROM seen_events") == [(0,)]
            await telegram.confirmed(said)
            seen = "SELECT id FROM seen_events"
            assert rows(sqlite_store_url, seen) == [(f"{BOT}:{said.id}",)]
            await telegram.until(lambda: ben.received)
            # Whoever is slow holds up nobody else.
            assert (slow.given, statuses(telegram, slow)) == (1, [])
            gate.set()
            await telegram.confirmed()
            await telegram.until(lambda: person(telegram, 202).received)
            await bot.adapter.quiet()
    assert (statuses(telegram, said), statuses(telegram, slow)) == ([200], [200])
    assert texts(ben.received) == ["101: hello"]
    assert texts(ann.received) == ["Passed on to 201."]


async def test_what_does_not_know_the_secret_is_refused_and_leaves_no_row(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram, served(sqlite_store_url, telegram):
        before = everything(sqlite_store_url)
        body = forged(telegram)
        wrong = [
            "",
            SECRET[:-1],
            f"{SECRET}x",
            SECRET.upper(),
            "é",
            "ö" + SECRET,
            "x" * 300,
            "Bearer",
        ]
        for headers in ({}, *({HEADER: each} for each in wrong), {"Authorization": SECRET}):
            # What is brought is not even looked at.
            for sent in (body, "no JSON"):
                status, _, said = await telegram.send(hook(telegram), sent, headers)
                assert (status, said) == (401, ""), headers
        assert everything(sqlite_store_url) == before
        assert not telegram.calls_of("sendMessage")
        # The same, with the secret, is good: nothing of what went before stands in its way.
        status, _, _ = await telegram.send(hook(telegram), body)
        assert status == 200
        await telegram.called("sendMessage")
        assert everything(sqlite_store_url) != before


async def test_what_is_no_update_is_refused_and_what_is_not_for_us_is_done(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram, served(sqlite_store_url, telegram):
        before = everything(sqlite_store_url)
        for body in ("", "{", "[]", "null", "1", '"update"', "\0", "[" * 100_000):
            status, _, _ = await telegram.send(hook(telegram), body)
            assert status == 400, body[:20]
        async with aiohttp.ClientSession() as session:
            path = telegram.public[WEBHOOK] + f"/telegram/{BOT}"
            headers = {HEADER: SECRET}
            async with session.post(path, data=b'{"update_id": 1, "x": "\xff"}', headers=headers) as answer:
                assert answer.status == 400
            async with session.post(path, data=io.BytesIO(b"[" + b" " * LARGEST), headers=headers) as answer:
                assert answer.status == 413
        for body in (
            "{}",
            '{"update_id": 5}',
            '{"update_id": 5, "poll": {}}',
            '{"update_id": "5", "message": {}}',
        ):
            status, _, _ = await telegram.send(hook(telegram), body)
            assert status == 200, body
        assert everything(sqlite_store_url) == before


async def test_what_cannot_be_handled_is_refused_a_few_times_and_put_aside(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, (101, 201), (102, 202))
        ann = person(telegram, 101)
        poisoned(sqlite_store_url, telegram.bot(BOT).next_update)
        async with served(sqlite_store_url, telegram) as bot:
            poison = await ann.say("poison")
            behind, beside = await ann.say("behind"), await person(telegram, 102).say("beside")
            await telegram.confirmed()
            await telegram.until(lambda: person(telegram, 201).received and person(telegram, 202).received)
            await telegram.until(lambda: len(ann.received) == 2)
            assert [incoming.id for incoming in bot.adapter.buried] == [f"{BOT}:{poison.id}"]
        assert statuses(telegram, poison) == [500, 500, 200]
        assert statuses(telegram, behind) == statuses(telegram, beside) == [200]
        assert texts(person(telegram, 201).received) == ["101: behind"]


async def test_what_telegram_brings_again_is_done_once(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, (101, 201), (102, 202))
        ann, ben, zoe = (person(telegram, each) for each in (101, 201, 301))
        gate = asyncio.Event()
        async with served(sqlite_store_url, telegram, {f"{BOT}/102": gate}) as bot:
            said = await ann.say("hello")
            telegram.redeliver(said, times=5)
            asked = await zoe.command("signup")
            telegram.redeliver(asked, times=5)
            await telegram.confirmed()
            assert statuses(telegram, said) == statuses(telegram, asked) == [200] * 5
            # Its answer took so long that Telegram brings it again meanwhile.
            telegram.held = True
            slow = await person(telegram, 102).say("slow")
            slow.id = telegram.bot(BOT).next_update
            again = [
                asyncio.create_task(telegram.send(hook(telegram), json.dumps(slow.body))) for _ in range(5)
            ]
            # They have come when something that was sent after them is answered.
            await telegram.send(hook(telegram), "{}")
            assert not any(each.done() for each in again)
            gate.set()
            assert [status for status, _, _ in await asyncio.gather(*again)] == [200] * 5
            await telegram.until(lambda: ben.received and person(telegram, 202).received)
            await bot.adapter.quiet()
        async with served(sqlite_store_url, telegram) as bot:
            telegram.redeliver(said, times=2)
            await telegram.confirmed(said)
            await bot.adapter.quiet()
        assert texts(ben.received) == ["101: hello"]
        # After a restart nobody knows whether the answer was seen.
        assert texts(ann.received) == ["Passed on to 201.", ALREADY]
        assert texts(person(telegram, 202).received) == ["102: slow"]
        assert texts(person(telegram, 102).received) == ["Passed on to 202."]
        assert len(zoe.received) == 1
    assert rows(sqlite_store_url, "SELECT count(*) FROM outbox") == [(2,)]


async def test_each_bot_has_a_route_of_its_own(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        one, other = (person(telegram, f"{bot}/301") for bot in (BOT, OTHER))
        # Their updates are counted apart, and may have the same ids.
        telegram.bot(OTHER).next_update = telegram.bot(BOT).next_update
        async with served(sqlite_store_url, telegram) as bot, aiohttp.ClientSession() as session:
            assert [hook(telegram, each).url for each in (BOT, OTHER)] == [
                f"{WEBHOOK}/telegram/{each}" for each in (BOT, OTHER)
            ]
            said = [await each.command("signup") for each in (one, other)]
            assert said[0].id == said[1].id
            await telegram.confirmed()
            await telegram.until(lambda: one.received and other.received)
            await bot.adapter.quiet()
            base, headers = telegram.public[WEBHOOK], {HEADER: SECRET}
            for method in ("GET", "PUT", "DELETE", "OPTIONS"):
                async with session.request(method, f"{base}/telegram/7", headers=headers) as answer:
                    assert answer.status == 405, method
            for path in (
                "/telegram",
                "/telegram/",
                "/telegram/9",
                "/telegram/7/",
                f"/telegram/{one.bot.token}",
                "/",
            ):
                async with session.post(base + path, data="{}", headers=headers) as answer:
                    assert answer.status == 404, path
        assert len(one.received) == len(other.received) == 1
    seen = rows(sqlite_store_url, "SELECT id FROM seen_events ORDER BY id")
    assert seen == [(f"{bot}:{said[0].id}",) for bot in (BOT, OTHER)]
    assert rows(sqlite_store_url, "SELECT count(*) FROM addresses") == [(2,)]


async def test_what_came_while_nobody_listened_is_brought_later_or_fetched(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, (101, 201))
        ann, ben = person(telegram, 101), person(telegram, 201)
        async with served(sqlite_store_url, telegram):
            first = await ann.say("one")
            await telegram.confirmed(first)
        second = await ann.say("two")
        await telegram.until(lambda: statuses(telegram, second))
        assert statuses(telegram, second)[0] is None
        async with served(sqlite_store_url, telegram):
            await telegram.confirmed(second)
        third = await ann.say("three")
        # The host has changed to polling.
        async with running(telegram, sqlite_store_url):
            await telegram.confirmed(third)
            await telegram.until(lambda: len(ben.received) == 3, PATIENCE)
        assert telegram.bot(BOT).webhook is None
        assert not telegram.violations
    assert texts(ben.received) == ["101: one", "101: two", "101: three"]


async def test_an_address_that_telegram_does_not_take_is_told_in_words(sqlite_store_url: str) -> None:
    words = "bad webhook: Failed to resolve host: Name or service not known"
    async with TelegramServer(seed=1) as telegram:
        telegram.bot(BOT)
        telegram.fault("setWebhook", Reply(error(400, words), status=400))
        adapter = Watched(telegram, "webhook")
        async with running(telegram, sqlite_store_url, adapter) as bot:
            line = await bot.said("telegram.webhook_url")
            assert "failed to resolve host" in line.lower()
            assert "It is tried again" in line
            await connected(adapter)
