"""A disk that is slow: nothing is confirmed that is not saved, nobody is left without a sign, nothing is done twice.

A lock on the file holds every commit until the test lets go of it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.adapters.telegram.times import Times
from tests.platforms.program import connected, locked, rows
from tests.platforms.telegram_program import BOT, Running, Watched, pairs, person, running, texts
from tests.platforms.telegram_server import Message, Person, TelegramServer, Update


@asynccontextmanager
async def slow(url: str) -> AsyncIterator[tuple[TelegramServer, Running]]:
    """Run the program for Ann and Ben (101 and 201), who are a pair, and for Zoe (301), whom nobody knows."""
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, url, (101, 201))
        person(telegram, 301)
        async with running(telegram, url) as bot:
            yield telegram, bot
            await bot.adapter.quiet()
        assert not telegram.violations, telegram.violations


def seen(url: str, update: Update) -> int:
    return len(rows(url, "SELECT id FROM seen_events WHERE id = ?", f"{BOT}:{update.id}"))


async def still_asked_for(telegram: TelegramServer, update: Update) -> None:
    """See on the wire that an update is not confirmed: what is asked for begins with it, again and again."""
    calls = len(telegram.calls_of("getUpdates"))
    last = await telegram.called("getUpdates", calls + 2)
    assert last.body["offset"] == update.id
    assert max(call.body["offset"] for call in telegram.calls_of("getUpdates")) == update.id
    assert not update.confirmed


async def signing_up(telegram: TelegramServer, zoe: Person) -> Message:
    """Give the first question of the form."""
    await telegram.confirmed(await zoe.command("signup"))
    await telegram.until(lambda: zoe.received)
    return zoe.received[0]


async def test_an_update_is_confirmed_when_it_is_saved_and_typing_is_shown_until_then(
    sqlite_store_url: str,
) -> None:
    async with slow(sqlite_store_url) as (telegram, _):
        ann, ben = person(telegram, 101), person(telegram, 201)
        with locked(sqlite_store_url):
            first = await ann.say("hello")
            await telegram.until(lambda: ann.typing)
            await still_asked_for(telegram, first)
            assert first.given > 1
            assert not ann.received
            assert seen(sqlite_store_url, first) == 0
        await telegram.confirmed(first)
        assert seen(sqlite_store_url, first) == 1
        await telegram.until(lambda: ben.received and ann.received)
        # Whatever comes after it is the next thing: nothing of it was done or said twice.
        telegram.redeliver(first)
        await telegram.confirmed(first, await ann.say("the next"))
        await telegram.until(lambda: len(ben.received) == len(ann.received) == 2)
    assert texts(ben.received) == ["101: hello", "101: the next"]
    assert texts(ann.received) == ["Passed on to 201."] * 2
    assert len(telegram.calls_of("sendChatAction")) == 1


async def test_typing_is_shown_again_before_it_fades_for_as_long_as_it_takes(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, (101, 201))
        ann = person(telegram, 101)
        adapter = Watched(telegram, times=Times(alive=0.05, typing=0.1))
        async with running(telegram, sqlite_store_url, adapter):
            await connected(adapter)
            with locked(sqlite_store_url):
                begun = telegram.now
                said = await ann.say("hello")
                await telegram.called("sendChatAction", 4)
            await telegram.confirmed(said)
            await telegram.until(lambda: ann.received)
    assert telegram.calls_of("sendChatAction")[3].at >= begun + 0.05 + 3 * 0.1


async def test_a_press_is_answered_at_once_and_its_answer_follows(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (telegram, bot):
        zoe = person(telegram, 301)
        question = await signing_up(telegram, zoe)
        with locked(sqlite_store_url):
            pressed = await zoe.press(question, "I agree")
            query = pressed.query
            assert query is not None
            await telegram.until(lambda: query.answered)
            # A holding answer promises nothing.
            assert (query.text, query.alert) == ("", False)
            await telegram.until(lambda: zoe.typing)
            await still_asked_for(telegram, pressed)
            assert zoe.received == [question]
            assert (question.versions, "I agree" in question.labels) == ([], True)
        await telegram.confirmed(pressed)
        await telegram.until(lambda: len(zoe.received) == 2)
        await bot.adapter.quiet()
        assert question.labels == []
        assert question.text.endswith("✓ I agree")
    assert query.answers == 1
    assert len(zoe.received) == 2


async def test_a_press_that_is_made_again_meanwhile_is_done_once(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (telegram, bot):
        zoe = person(telegram, 301)
        question = await signing_up(telegram, zoe)
        with locked(sqlite_store_url):
            pressed = [await zoe.press(question, "I agree") for _ in range(3)]
            await telegram.until(lambda: all(each.query and each.query.answered for each in pressed))
        await telegram.confirmed(*pressed)
        await telegram.until(lambda: len(zoe.received) >= 2)
        await bot.adapter.quiet()
        # Each of them is answered with what is asked now; consent was given once.
        assert len({message.text for message in zoe.received[1:]}) == 1
    assert rows(sqlite_store_url, "SELECT count(*) FROM runs") == [(1,)]


async def test_a_question_is_asked_once_however_late_its_answer_is_saved(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (telegram, _):
        zoe = person(telegram, 301)
        await signing_up(telegram, zoe)
        with locked(sqlite_store_url):
            update = await zoe.say("yes")
            await telegram.until(lambda: zoe.typing)
            telegram.redeliver(update, times=3)
            await telegram.until(lambda: update.given > 3)
            assert len(zoe.received) == 1
        await telegram.confirmed(update)
        telegram.redeliver(update, times=3)
        await telegram.confirmed(update, await zoe.say("Zoe"))
        await telegram.until(lambda: len(zoe.received) == 3)
    assert len(set(texts(zoe.received))) == 3
    assert rows(sqlite_store_url, "SELECT count(*) FROM runs") == [(1,)]


async def test_a_box_is_ticked_whatever_the_disk_does(sqlite_store_url: str) -> None:
    async with slow(sqlite_store_url) as (telegram, bot):
        zoe = person(telegram, 301)
        await signing_up(telegram, zoe)
        for text in ("yes", "Zoe", "mentee", "python", "English", "Madrid"):
            await telegram.confirmed(await zoe.say(text))
        await bot.adapter.quiet()
        boxed = zoe.received[-1]
        box = next(one for one in boxed.buttons if one["callback_data"].startswith("~-"))
        with locked(sqlite_store_url):
            pressed = await zoe.press(boxed, box["callback_data"])
            await telegram.confirmed(pressed)
            await telegram.until(lambda: f"✓ {box['text']}" in boxed.labels)
            assert pressed.query is not None
            assert pressed.query.answered
