"""What goes wrong between the program and Telegram: nothing is lost, and nothing comes twice but after a doubt."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bot.adapters.telegram.times import Times
from bot.ports import Gone, Later, Refused, Sent, Unknown
from tests.platforms.kit import Call, Fault, Hang, Refuse429, Reset, Status
from tests.platforms.program import rows
from tests.platforms.telegram_app import World, world
from tests.platforms.telegram_program import (
    ALREADY,
    BOT,
    Running,
    Watched,
    pairs,
    person,
    poisoned,
    running,
    texts,
)
from tests.platforms.telegram_server import CONFLICT, TelegramServer, Update

__all__ = ["world"]

SEND = "sendMessage"
CROWD = [(101 + number, 201 + number) for number in range(8)]
EVERYBODY = [user for pair in CROWD for user in pair]
OTHER = 8
TWO_BOTS = [(f"{bot}/{101}", f"{bot}/{201}") for bot in (BOT, OTHER)]
ELSEWHERE = "another program fetches this bot's messages"
STORM = (
    (0.3, Refuse429(1)),
    (0.1, Status(503)),
    (0.1, Status(500, before=False)),
    (0.025, Reset()),
    (0.025, Reset(before=False)),
)
Doubtful = Status | Reset | Hang
DOUBTFUL: Sequence[Doubtful] = (
    Status(500),
    Status(502, before=False),
    Reset(),
    Reset(before=False),
    Hang(),
    Hang(before=False),
)


def sends(telegram: TelegramServer, chat: int) -> list[Call]:
    """Give the tries to write into a chat."""
    return [call for call in telegram.calls_of(SEND) if call.body["chat_id"] == chat]


async def answered(telegram: TelegramServer, *updates: Update) -> None:
    """Wait until the program has these for good, and nothing that it sends is under way."""
    await telegram.confirmed(*updates, timeout=20)
    await telegram.until(lambda: telegram.waiting <= len(telegram.bots))


# --- While sending ------------------------------------------------------------------------------------------------


async def test_minutes_of_waiting_are_those_of_one_chat_alone(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        telegram.fault(SEND, Refuse429(180))
        async with running(telegram, sqlite_store_url) as bot:
            before = datetime.now(UTC)
            await bot.send(("101", "the first"))
            await telegram.until(lambda: bot.outcomes(Later))
            await bot.send(("101", "the second"), *((str(user), "for all") for user in EVERYBODY[1:]))
            await telegram.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY) - 1)
            await telegram.until(lambda: len(bot.outcomes(Later)) == 2)
            # What somebody writes there is taken all the same, and reaches who it is for.
            await answered(telegram, await person(telegram, 101).say("hello"))
            await telegram.until(lambda: len(person(telegram, 201).received) == 2)
        assert len(sends(telegram, 101)) == 1
        assert texts(person(telegram, 201).received) == ["Olga: for all", "101: hello"]
        assert not telegram.violations
    waiting = rows(sqlite_store_url, "SELECT due_at, trouble FROM outbox WHERE state = 'ready' ORDER BY id")
    assert [trouble for _, trouble in waiting] == ["asked to wait"] * 2
    for due, _ in waiting:
        assert datetime.fromisoformat(due).replace(tzinfo=UTC) > before + timedelta(seconds=179)


async def test_nothing_is_sent_where_telegram_has_asked_to_wait_before_its_time(
    sqlite_store_url: str,
) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        ann = person(telegram, 101)
        telegram.fault(SEND, Refuse429(5))
        async with running(telegram, sqlite_store_url) as bot:
            await bot.send(("101", "the first"))
            await telegram.until(lambda: bot.outcomes(Later))
            asked = telegram.calls_of(SEND)[0].at
            await bot.send(("101", "the second"), *((str(user), "for all") for user in EVERYBODY[1:]))
            # The answer to this waits as well.
            await telegram.confirmed(await ann.say("hello"))
            await telegram.until(lambda: len(ann.received) == 3)
        first, *ours = sends(telegram, 101)
        others = [call for call in telegram.calls_of(SEND) if call.body["chat_id"] != 101]
        assert first.status == 429
        assert min(call.at for call in ours) >= asked + 5
        assert max(call.at for call in others) < min(call.at for call in ours)
        assert Counter(texts(ann.received)) == {
            "Olga: the first": 1,
            "Olga: the second": 1,
            "Passed on to 201.": 1,
        }
        assert not telegram.violations


async def test_what_may_have_arrived_is_sent_once_more(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        for fault in DOUBTFUL:
            telegram.fault(SEND, fault, times=2)
        async with running(telegram, sqlite_store_url, Watched(telegram, times=Times(call=2.0))) as bot:
            await bot.send(*((str(user), "a message") for user in EVERYBODY))
            await telegram.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY))
        struck = [(call.body["chat_id"], call.fault) for call in telegram.calls_of(SEND) if call.fault]
        assert Counter(repr(fault) for _, fault in struck) == {repr(fault): 2 for fault in DOUBTFUL}
        assert len(bot.outcomes(Unknown)) == len(struck) == len({chat for chat, _ in struck})
        copies = {chat: 1 if fault.before else 2 for chat, fault in struck if isinstance(fault, Doubtful)}
        for user in EVERYBODY:
            assert texts(person(telegram, user).received) == ["Olga: a message"] * copies.get(user, 1)
    states = rows(sqlite_store_url, "SELECT state, sum(doubts) FROM outbox GROUP BY state")
    assert states == [("sent", len(struck))]


async def test_a_message_in_doubt_twice_is_listed_and_not_sent_a_third_time(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD[:1])
        telegram.fault(SEND, Status(500, before=False), times=2)
        async with running(telegram, sqlite_store_url) as bot:
            await bot.send(("101", "a message"))
            await telegram.until(lambda: len(bot.outcomes(Unknown)) == 2)
        assert len(person(telegram, 101).received) == 2
    assert rows(sqlite_store_url, "SELECT state, doubts FROM outbox") == [("unknown", 1)]


async def test_while_telegram_refuses_connections_messages_wait_and_arrive_once(
    sqlite_store_url: str,
) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        ann, ben = person(telegram, 101), person(telegram, 201)
        async with running(telegram, sqlite_store_url) as bot:
            await telegram.until(lambda: telegram.polling)
            await telegram.refuse()
            await bot.send(*((str(user), "a message") for user in EVERYBODY))
            await telegram.until(lambda: len(bot.outcomes(Refused)) >= len(EVERYBODY))
            assert not bot.outcomes(Unknown)
            said = await ann.say("hello")
            await telegram.accept()
            # What is said is passed on through the outbox, too.
            await telegram.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY) + 1)
            await answered(telegram, said)
        for user in EVERYBODY:
            assert texts(person(telegram, user).received).count("Olga: a message") == 1
        assert texts(ben.received).count("101: hello") == 1
    query = "SELECT DISTINCT state, doubts FROM outbox WHERE once LIKE 'test:%'"
    assert rows(sqlite_store_url, query) == [("sent", 0)]


async def test_an_answer_waits_while_telegram_cannot_be_reached_for_a_moment(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD[:1])
        ann, gate = person(telegram, 101), asyncio.Event()
        adapter = Watched(telegram, gates={f"{BOT}/101": gate})
        async with running(telegram, sqlite_store_url, adapter) as bot:
            said = await ann.say("hello")
            await telegram.until(lambda: ann.typing)
            await telegram.refuse()
            gate.set()
            await bot.said("sendMessage: unreachable")
            await telegram.accept()
            await telegram.until(lambda: ann.received)
            await answered(telegram, said)
        assert texts(ann.received) == ["Passed on to 201."]


@pytest.mark.parametrize(
    ("people", "messages"),
    [pytest.param(200, 200, id="few"), pytest.param(1000, 10_000, id="many", marks=pytest.mark.soak)],
)
async def test_in_a_storm_nothing_is_lost_and_copies_follow_a_doubt(
    sqlite_store_url: str, people: int, messages: int
) -> None:
    crowd = [1001 + number for number in range(people)]
    async with TelegramServer(seed=messages) as telegram:
        await pairs(telegram, sqlite_store_url, *zip(crowd[::2], crowd[1::2], strict=True))
        telegram.storm(SEND, STORM)
        async with running(telegram, sqlite_store_url) as bot:
            lines = [(str(crowd[number % people]), f"line {number}.") for number in range(messages)]
            await bot.send(*lines, in_order=True)
            await telegram.until(lambda: ended(bot) == messages, 30 + messages / 10)
        calls = telegram.calls_of(SEND)
        arrived = Counter(text for one in crowd for text in texts(person(telegram, one).received))
    until: dict[int, float] = {}
    for call in calls:
        assert call.at >= until.get(call.body["chat_id"], 0.0)
        if call.status == 429:
            until[call.body["chat_id"]] = call.at + 1
    # What is sent is HTML; the last words of it are as they are read.
    doubts = Counter(
        call.body["text"].rpartition(" line ")[2] for call in calls if call.status in {0, 500, 503}
    )
    states = dict(rows(sqlite_store_url, "SELECT once, state FROM outbox"))
    assert len(states) == messages
    for number in range(messages):
        text, doubtful = f"Olga: line {number}.", doubts[f"{number}."]
        # Twice in doubt is listed; that it arrived once or twice or not at all is what nobody knows.
        assert states[f"test:{number + 1}"] == ("unknown" if doubtful == 2 else "sent")
        assert arrived[text] <= 1 + (doubtful > 0)
        assert arrived[text] >= 1 or doubtful == 2


def ended(bot: Running) -> int:
    """Count the messages that were sent or are listed."""
    doubts = Counter(once for _, once, delivery in bot.adapter.pushed if isinstance(delivery, Unknown))
    return len(bot.outcomes(Sent)) + sum(count == 2 for count in doubts.values())


async def test_who_has_blocked_the_bot_is_not_written_to_until_they_let_it_in_again(
    sqlite_store_url: str,
) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD[:2])
        ann, cleo = person(telegram, 101), person(telegram, 102)
        reachable = "SELECT id FROM addresses WHERE reachable ORDER BY id"
        # Nobody was told of it: she blocked it while the program was away, and for so long that it was forgotten.
        lost = await ann.block()
        telegram.age(lost, 86_401)
        person(telegram, 201).deactivate()
        async with running(telegram, sqlite_store_url) as bot:
            assert await bot.said(f"telegram: @{telegram.bot(BOT).username} is connected")
            await bot.send(*((str(user), "the first") for user in EVERYBODY[:4]))
            await telegram.until(lambda: len(bot.adapter.pushed) == 4)
            whys = sorted(str(delivery) for delivery in bot.outcomes(Gone))
            assert ["blocked by the user" in whys[0], "deactivated" in whys[1], len(whys)] == [True, True, 2]
            await answered(telegram, await cleo.block())
            await telegram.until(lambda: rows(sqlite_store_url, reachable) == [("7/202",)])
            count = len(telegram.calls_of(SEND))
            # She hears nothing, and nobody tries.
            await bot.send(("102", "the second"), ("202", "the second"))
            await telegram.until(lambda: len(bot.outcomes(Sent)) == 3)
            assert len(telegram.calls_of(SEND)) == count + 1
            await answered(telegram, await ann.unblock())
            assert rows(sqlite_store_url, reachable) == [("7/101",), ("7/202",)]
            await bot.send(("101", "the third"))
            await telegram.until(lambda: texts(ann.received) == ["Olga: the third"])
        assert texts(cleo.received) == ["Olga: the first"]
        assert not telegram.violations


# --- Updates ------------------------------------------------------------------------------------------------------


async def test_duplicates_gaps_and_disorder_have_one_effect_each(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        telegram.held = True
        lines = [
            [await person(telegram, ann).say(f"line {number}") for number in range(3)] for ann, _ in CROWD
        ]
        # Chats come in any order, each in its own.
        order = [number for number, _ in enumerate(lines) for _ in range(3)]
        telegram.rng.shuffle(order)
        taken = [iter(each) for each in lines]
        every = [next(taken[number]) for number in order]
        for number, update in enumerate(every):
            telegram.held = True
            telegram.release(update)
            if number % 5 == 4:
                telegram.gap(1000)
        async with running(telegram, sqlite_store_url) as bot:
            for update in every:
                telegram.redeliver(update, times=5)
            await telegram.confirmed(timeout=20)
            assert min(update.given for update in every) >= 5
            await telegram.until(lambda: all(len(person(telegram, ben).received) == 3 for _, ben in CROWD))
            await bot.adapter.quiet()
            # Again when all of it is confirmed, the last first.
            for update in reversed(every):
                telegram.redeliver(update)
                await telegram.confirmed(update)
            await bot.adapter.quiet()
        async with running(telegram, sqlite_store_url) as bot:
            for update in every:
                telegram.redeliver(update, times=5)
            await telegram.confirmed(timeout=20)
            await bot.adapter.quiet()
            assert not bot.adapter.pushed
        for ann, ben in CROWD:
            assert texts(person(telegram, ben).received) == [f"{ann}: line {number}" for number in range(3)]
            # After a restart nobody knows whether an answer was seen: each is answered, once.
            assert texts(person(telegram, ann).received) == [f"Passed on to {ben}."] * 3 + [ALREADY] * 3
        assert not telegram.violations
    assert rows(sqlite_store_url, "SELECT count(*) FROM outbox") == [(3 * len(CROWD),)]


async def test_no_question_comes_again_because_an_answer_is_delivered_again(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        zoe = person(telegram, 301)
        async with running(telegram, sqlite_store_url) as bot:
            await answered(telegram, await zoe.command("signup"))
            for text in ("well", "yes", "Zoe", "mentee"):
                update = await zoe.say(text)
                telegram.redeliver(update, times=3)
                await answered(telegram, update)
                telegram.redeliver(update)
                await answered(telegram, update)
                await bot.adapter.quiet()
        asked = texts(zoe.received)
        assert len(asked) == len(set(asked)) == 5


async def test_what_takes_long_holds_up_nobody_else_and_is_not_confirmed_before_it_is_done(
    sqlite_store_url: str,
) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        gate = asyncio.Event()
        adapter = Watched(telegram, gates={f"{BOT}/101": gate})
        async with running(telegram, sqlite_store_url, adapter):
            slow = await person(telegram, 101).say("hello")
            others = [await person(telegram, ann).say("hello") for ann, _ in CROWD[1:]]
            last = await person(telegram, 102).say("and")
            await telegram.until(lambda: len(person(telegram, 202).received) == 2)
            await telegram.until(lambda: all(person(telegram, ben).received for _, ben in CROWD[1:]))
            # It is looked for more, from the slow one on.
            count = len(telegram.calls_of("getUpdates"))
            later = await telegram.called("getUpdates", count + 2)
            assert later.body["offset"] == slow.id
            assert max(call.body["offset"] for call in telegram.calls_of("getUpdates")) == slow.id
            assert not any(update.confirmed for update in (slow, *others, last))
            assert not person(telegram, 201).received
            seen = "SELECT count(*) FROM seen_events WHERE id = ?"
            assert rows(sqlite_store_url, seen, f"{BOT}:{slow.id}") == [(0,)]
            gate.set()
            await telegram.confirmed()
            await telegram.until(lambda: person(telegram, 201).received)
        passed = [call for call in telegram.calls_of("getUpdates") if call.body["offset"] > slow.id]
        assert passed[0].body["offset"] == last.id + 1
    assert rows(sqlite_store_url, "SELECT count(*) FROM outbox") == [(len(CROWD) + 1,)]


async def test_what_cannot_be_handled_is_put_aside_and_the_others_go_on(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        ann, ben = person(telegram, 101), person(telegram, 201)
        poisoned(sqlite_store_url, telegram.bot(BOT).next_update)
        async with running(telegram, sqlite_store_url) as bot:
            poison = await ann.say("poison")
            behind = await ann.say("what she writes next")
            others = [await person(telegram, one).say("hello") for one, _ in CROWD[1:]]
            await telegram.until(lambda: all(person(telegram, one).received for _, one in CROWD))
            # Nobody waited for the tries of the poison, which is not confirmed yet.
            assert not poison.confirmed
            await telegram.confirmed(poison, behind, *others)
            assert [incoming.id for incoming in bot.adapter.buried] == [f"{BOT}:{poison.id}"]
            await bot.adapter.quiet()
            tried = [
                line for line in bot.log.lines if line == f"ERROR: event telegram:{BOT}:{poison.id} failed"
            ]
            assert len(tried) == 3
            # It has been told once that something went wrong, and what comes later is as ever.
            assert len(ann.received) == 2
            await answered(telegram, await ann.say("and this"))
            await telegram.until(lambda: len(ben.received) == 2)
        assert texts(ben.received) == ["101: what she writes next", "101: and this"]
        passed = [call.body["offset"] for call in telegram.calls_of("getUpdates")]
        assert passed[-1] > others[-1].id


# --- Who may fetch ------------------------------------------------------------------------------------------------


async def test_a_second_poller_is_told_in_words_and_nothing_is_lost(
    world: World, sqlite_store_url: str
) -> None:
    telegram = world.server
    await pairs(telegram, sqlite_store_url, *CROWD[:1])
    async with running(telegram, sqlite_store_url) as bot:
        await telegram.until(lambda: telegram.polling)
        other = await world.api()
        await other.get_updates(timeout=0)
        line = await bot.said(ELSEWHERE)
        assert line.startswith("ERROR")
        assert "It is tried again in" in line
        await answered(telegram, await world.ana.say("hello"))
        await telegram.until(lambda: person(telegram, 201).received)
    assert texts(person(telegram, 201).received) == ["101: hello"]


async def test_a_bot_that_another_program_fetches_for_stops_no_other_bot(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *TWO_BOTS)
        async with running(telegram, sqlite_store_url) as bot:
            await telegram.until(lambda: len(telegram.polling) == 2)
            # The next to ask is the one that hears of something.
            telegram.fault("getUpdates", CONFLICT)
            first = await person(telegram, "7/101").say("one")
            line = await bot.said(ELSEWHERE)
            assert "bot 7" in line
            second = await person(telegram, "8/101").say("two")
            await telegram.confirmed(second)
            await telegram.confirmed(first)
            await telegram.until(lambda: person(telegram, "8/201").received)
            await telegram.until(lambda: person(telegram, "7/201").received)
        # None of them had to begin anew.
        assert len(telegram.calls_of("getMe")) == 2
        assert texts(person(telegram, "7/201").received) == ["7/101: one"]


async def test_a_bot_whose_token_is_revoked_is_named_and_the_others_go_on(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *TWO_BOTS)
        async with running(telegram, sqlite_store_url) as bot:
            await telegram.until(lambda: len(telegram.polling) == 2)
            telegram.bot(BOT).revoked = True
            await person(telegram, "7/101").say("hello")
            line = await bot.said("does not take the token any more")
            assert line.startswith("ERROR")
            assert "bot 7" in line
            assert "telegram.tokens" in line
            await bot.send(("7/101", "a message"), ("8/101", "a message"))
            await telegram.until(lambda: bot.outcomes(Sent, "8/101"))
            await telegram.until(lambda: bot.outcomes(Refused, "7/101"))
            assert not bot.outcomes(Gone)
            await answered(telegram, await person(telegram, "8/101").say("hello"))
            await telegram.until(lambda: person(telegram, "8/201").received)
            assert not any(
                telegram.bot(BOT).token in line for line in bot.log.lines if "HTTP Request" not in line
            )
        telegram.bot(BOT).revoked = False
        # With a good token again, what nobody had heard comes, once.
        async with running(telegram, sqlite_store_url):
            await telegram.until(lambda: person(telegram, "7/201").received)
            await telegram.confirmed()
        assert texts(person(telegram, "7/201").received) == ["7/101: hello"]
    trouble = "SELECT count(*) FROM outbox WHERE once = 'test:1' AND state IN ('ready', 'sent')"
    assert rows(sqlite_store_url, trouble) == [(1,)]


async def test_a_token_that_is_not_good_at_the_start_stops_only_its_bot(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *TWO_BOTS)
        telegram.bot(BOT).revoked = True
        async with running(telegram, sqlite_store_url) as bot:
            assert "Telegram does not take the token of bot 7" in await bot.said("telegram.tokens")
            await bot.send(("8/101", "a message"))
            await telegram.until(lambda: bot.outcomes(Sent))


async def test_without_any_good_token_the_adapter_says_so_and_begins_anew(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD[:1])
        telegram.bot(BOT).revoked = True
        adapter = Watched(telegram)
        async with running(telegram, sqlite_store_url, adapter) as bot:
            line = await bot.said("Telegram does not take the token of bot 7")
            assert "It is tried again in 1 s." in line
            await bot.send(("101", "a message"))
            await telegram.until(lambda: bot.outcomes(Later))
            telegram.bot(BOT).revoked = False
            await asyncio.wait_for(adapter.listening.wait(), 10)
            await telegram.until(lambda: bot.outcomes(Sent))
            await answered(telegram, await person(telegram, 101).say("hello"))


@pytest.mark.parametrize("fault", [Status(502), Reset(), Refuse429(1)], ids=repr)
async def test_a_fetch_that_fails_is_made_again_and_nothing_is_lost(
    sqlite_store_url: str, fault: Fault
) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD[:1])
        ann, ben = person(telegram, 101), person(telegram, 201)
        async with running(telegram, sqlite_store_url):
            await telegram.until(lambda: telegram.polling)
            telegram.fault("getUpdates", fault)
            first = await ann.say("one")
            await telegram.confirmed(first)
            await telegram.until(lambda: ben.received)
        assert texts(ben.received) == ["101: one"]


async def test_after_a_stop_nothing_that_was_answered_is_given_again(sqlite_store_url: str) -> None:
    async with TelegramServer(seed=1) as telegram:
        await pairs(telegram, sqlite_store_url, *CROWD)
        async with running(telegram, sqlite_store_url):
            for ann, _ in CROWD:
                await person(telegram, ann).say("hello")
            await telegram.until(lambda: any(person(telegram, ann).received for ann, _ in CROWD))
        assert all(update.confirmed for update in telegram.bot(BOT).updates if update.given)
        async with running(telegram, sqlite_store_url):
            await telegram.confirmed()
            await telegram.until(lambda: all(person(telegram, ben).received for _, ben in CROWD))
        for ann, ben in CROWD:
            assert texts(person(telegram, ben).received) == [f"{ann}: hello"]
