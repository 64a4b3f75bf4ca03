"""What goes wrong between the program and Discord: nothing is lost, and nothing comes twice."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from bot.adapters.discord.calls import course
from bot.adapters.discord.typed import text_of
from bot.adapters.pacing import Pacing
from bot.ports import Later, Refused, Sent, Shut, Unknown
from bot.richtext import clean, from_user, plain
from tests.platforms.discord_limits import WORDS, walk
from tests.platforms.discord_program import (
    GUILD,
    Watched,
    pairs,
    person,
    poisoned,
    running,
    texts,
    written,
)
from tests.platforms.discord_reader import read
from tests.platforms.discord_server import (
    CALLBACK,
    DM,
    EDIT,
    FOLLOWUP,
    MESSAGE,
    REAL_LIMITS,
    DiscordServer,
    cloudflare,
    global_limit,
    refusal,
)
from tests.platforms.kit import Call, Fault, Hang, Refuse429, Reset, Status
from tests.platforms.program import PATIENCE, connected, rows
from tests.platforms.test_discord_render import MARKUP, PHRASES, inked

CROWD = [(101 + number, 201 + number) for number in range(8)]
EVERYBODY = [user for pair in CROWD for user in pair]
HELD_ROWS = "SELECT count(*) FROM outbox WHERE trouble = 'held until the person acts'"
HELD = "I could not send you these in private, since your direct messages are closed to me."
STORM = (
    (0.2, Refuse429(1)),
    (0.1, Status(503)),
    (0.1, Status(503, before=False)),
    (0.025, Reset()),
    (0.025, Reset(before=False)),
)
DOUBTFUL: Sequence[Fault] = (
    Status(500),
    Status(502, before=False),
    Status(503),
    Status(503, before=False),
    Reset(),
    Reset(before=False),
    Hang(),
    Hang(before=False),
)


def posts(discord: DiscordServer, text: str) -> list[Call]:
    """Give the tries to post something with these words."""
    return [call for call in discord.calls_of(MESSAGE) if text in said(call)]


def said(call: Call) -> str:
    """Give the words of a call."""
    return "\n".join(each["content"] for each in walk(call.body["components"]) if each["type"] == WORDS)


# --- While sending ------------------------------------------------------------------------------------------------


async def test_who_is_asked_to_wait_waits_and_nobody_waits_with_them(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        ann, ben = person(discord, 101), person(discord, 201)
        async with running(discord, sqlite_store_url) as bot:
            await bot.send(("101", "before"))
            await discord.until(lambda: bot.outcomes(Sent))
            discord.fault(MESSAGE, Refuse429(5))
            await bot.send(("101", "the first"))
            asked = (await discord.answered(MESSAGE, 2)).at
            await bot.send(("101", "the second"), *((str(user), "for all") for user in EVERYBODY[1:]))
            # The answer to this waits as well.
            await ann.say("hello")
            await discord.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY) + 3)
            await discord.until(lambda: len(ann.received) == 4)
        refused, *ours = [
            call for text in ("the first", "the second", "Passed on") for call in posts(discord, text)
        ]
        assert refused.status == 429
        assert min(call.at for call in ours) >= asked + 5
        assert max(call.at for call in posts(discord, "for all")) < min(call.at for call in ours)
        assert Counter(texts(ann.received)) == Counter(
            ["Olga: before", "Olga: the first", "Olga: the second", "Passed on to 201."]
        )
        assert texts(ben.received) == ["Olga: for all", "101: hello"]
        assert not discord.violations


async def test_minutes_of_waiting_are_those_of_one_channel_alone(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        discord.fault(MESSAGE, Refuse429(180))
        async with running(discord, sqlite_store_url) as bot:
            before = datetime.now(UTC)
            await bot.send(("101", "the first"))
            await discord.until(lambda: bot.outcomes(Later))
            await bot.send(("101", "the second"), *((str(user), "for all") for user in EVERYBODY[1:]))
            await discord.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY) - 1)
            await discord.until(lambda: len(bot.outcomes(Later)) == 2)
            # What somebody writes there is taken all the same, and reaches who it is for.
            await person(discord, 101).say("hello")
            await discord.until(lambda: len(person(discord, 201).received) == 2)
        assert len(posts(discord, "the first")) == 1
        assert not posts(discord, "the second")
        assert not discord.violations
    waiting = rows(
        sqlite_store_url, "SELECT due_at, trouble, attempts FROM outbox WHERE state = 'ready' ORDER BY id"
    )
    assert [tuple(rest) for _, *rest in waiting] == [("asked to wait", 0)] * 2
    for due, *_ in waiting:
        assert datetime.fromisoformat(due).replace(tzinfo=UTC) > before + timedelta(seconds=179)


async def test_waiting_that_never_ends_is_no_ban(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        # So often the library tries it in its place.
        discord.fault(MESSAGE, Refuse429(0), times=5)
        async with running(discord, sqlite_store_url) as bot:
            await bot.send(("101", "a message"))
            await discord.until(lambda: bot.outcomes(Sent))
            assert bot.outcomes(Later) == [Later(1.0)]
        assert texts(person(discord, 101).received) == ["Olga: a message"]


@pytest.mark.parametrize("fault", [global_limit(180), cloudflare()], ids=["limit", "ban"])
async def test_a_limit_of_all_calls_holds_up_all_that_nobody_waits_for(
    sqlite_store_url: str, fault: Fault
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        async with running(discord, sqlite_store_url) as bot:
            discord.fault(MESSAGE, fault)
            await bot.send(("101", "a message"))
            await discord.until(lambda: bot.outcomes(Later))
            count = len(discord.calls)
            await bot.send(*((str(user), "for all") for user in EVERYBODY[1:]))
            await discord.until(lambda: len(bot.outcomes(Later)) == len(EVERYBODY))
            assert len(discord.calls) == count
            # Those who do something are answered: that has no part in it.
            assert (await person(discord, 101).slash("help")).ok
        assert discord.invalid == 1
        assert not discord.violations
    query = "SELECT DISTINCT state, attempts, doubts FROM outbox"
    assert rows(sqlite_store_url, query) == [("ready", 0, 0)]


async def test_a_short_limit_of_all_calls_is_waited_for_and_nothing_is_lost(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        async with running(discord, sqlite_store_url) as bot:
            discord.fault(MESSAGE, global_limit(0.5))
            await bot.send(("101", "a message"))
            asked = (await discord.answered(MESSAGE)).at
            await bot.send(*((str(user), "a message") for user in EVERYBODY[1:]))
            await discord.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY))
        assert min(call.at for call in discord.calls_of(MESSAGE)[1:]) >= asked + 0.5
        for user in EVERYBODY:
            assert texts(person(discord, user).received) == ["Olga: a message"]


async def test_what_may_have_arrived_is_sent_once_more_and_there_is_one_copy(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        for fault in DOUBTFUL:
            discord.fault(MESSAGE, fault, times=2)
        async with running(discord, sqlite_store_url, Watched(discord, seconds=1.0)) as bot:
            await bot.send(*((str(user), "a message") for user in EVERYBODY))
            await discord.until(lambda: len(bot.outcomes(Sent)) == len(EVERYBODY))
        struck = Counter(repr(call.fault) for call in discord.calls_of(MESSAGE) if call.fault)
        assert struck == {repr(fault): 2 for fault in DOUBTFUL}
        # The library has tried again by itself after 500 and 502.
        assert len(bot.outcomes(Unknown)) == struck.total() - 4
        for user in EVERYBODY:
            assert texts(person(discord, user).received) == ["Olga: a message"]
        assert not discord.violations
    states = rows(sqlite_store_url, "SELECT state, sum(doubts) FROM outbox GROUP BY state")
    assert states == [("sent", struck.total() - 4)]


async def test_a_message_in_doubt_twice_is_listed_and_there_is_one_copy(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        discord.fault(MESSAGE, Status(503, before=False), times=2)
        async with running(discord, sqlite_store_url) as bot:
            await bot.send(("101", "a message"))
            await discord.until(lambda: len(bot.outcomes(Unknown)) == 2)
        assert texts(person(discord, 101).received) == ["Olga: a message"]
    assert rows(sqlite_store_url, "SELECT state, doubts FROM outbox") == [("unknown", 1)]


@pytest.mark.parametrize(
    ("people", "messages"),
    [pytest.param(100, 100, id="few"), pytest.param(1000, 10_000, id="many", marks=pytest.mark.soak)],
)
async def test_in_a_storm_nothing_is_lost_and_nothing_comes_twice(
    sqlite_store_url: str, people: int, messages: int
) -> None:
    crowd = [1001 + number for number in range(people)]
    async with DiscordServer(seed=messages) as discord:
        await pairs(discord, sqlite_store_url, *zip(crowd[::2], crowd[1::2], strict=True))
        discord.echoes = False
        discord.storm(MESSAGE, STORM)
        async with running(discord, sqlite_store_url) as bot:
            lines = [(str(crowd[number % people]), f"line {number}.") for number in range(messages)]
            await bot.send(*lines, in_order=True)
            await discord.until(lambda: bot.adapter.ended == messages, 30 + messages / 10)
        arrived = Counter(text for one in crowd for text in texts(person(discord, one).received))
        assert not discord.violations
    doubts = bot.adapter.doubts
    states = dict(rows(sqlite_store_url, "SELECT once, state FROM outbox"))
    assert len(states) == messages
    assert doubts.total()
    for number in range(messages):
        text, once = f"Olga: line {number}.", f"test:{number + 1}"
        # Twice in doubt is listed; whether it arrived is what nobody knows, but it did not arrive twice.
        assert states[once] == ("unknown" if doubts[once] == 2 else "sent")
        assert arrived[text] == 1 or (arrived[text] == 0 and doubts[once] == 2)


async def test_within_the_limits_of_a_channel_nobody_waits(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        discord.limits = dict(REAL_LIMITS)
        async with running(discord, sqlite_store_url) as bot:
            began = discord.now
            # Five in five seconds are allowed, whenever in these they come.
            for number in range(5):
                await bot.send(("101", f"line {number}"))
                await discord.until(lambda: len(bot.outcomes(Sent)) == number + 1)  # noqa: B023
            assert discord.now < began + 2
            await bot.send(("101", "line 5"))
            await discord.until(lambda: bot.outcomes(Later))
        assert not bot.outcomes(Unknown)
        assert len(person(discord, 101).received) == 5
        assert discord.invalid == 0


async def test_a_short_while_is_waited_for_without_being_refused(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        discord.limits = {MESSAGE: (1, 0.5)}
        async with running(discord, sqlite_store_url) as bot:
            await bot.send(*(("101", f"line {number}") for number in range(3)))
            await discord.until(lambda: len(bot.outcomes(Sent)) == 3)
            assert not bot.outcomes(Later)
        at = [call.at for call in discord.calls_of(MESSAGE)]
        assert at[2] >= at[0] + 1
        assert discord.invalid == 0


async def test_a_message_that_is_deleted_meanwhile_is_not_changed_any_more(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann, ben = person(discord, 101), person(discord, 201)
        async with running(discord, sqlite_store_url) as bot:
            message = await ann.say("helo")
            await discord.until(lambda: ben.received)
            ben.received[0].deleted = True
            await ann.edit(message, "hello")
            await discord.until(lambda: bot.outcomes(Refused))
            await ann.say("and")
            await discord.until(lambda: ben.received)
        assert (await discord.answered(EDIT)).answer["code"] == 10008
        assert texts(ben.received) == ["101: and"]
    assert len(discord.calls_of(EDIT)) == 1
    query = "SELECT state, trouble FROM outbox WHERE edits IS NOT NULL"
    assert rows(sqlite_store_url, query) == [("dead", "Unknown Message")]


# --- Those who take no messages -----------------------------------------------------------------------------------


async def test_what_cannot_be_sent_is_held_and_shown_where_somebody_does_something(
    sqlite_store_url: str,
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:2])
        ann = person(discord, 101)
        ann.close_dms()
        async with running(discord, sqlite_store_url) as bot:
            await bot.send(("101", "the first"))
            await written(bot, HELD_ROWS, (1,))
            await bot.send(("101", "the second"), ("101", "the third"), ("102", "for another"))
            await discord.until(lambda: bot.outcomes(Sent, "102"))
            await written(bot, HELD_ROWS, (3,))
            assert rows(sqlite_store_url, "SELECT reachable FROM addresses WHERE id = '101'") == [(0,)]
            # Nobody tries in vain: one refusal was enough.
            assert len(discord.calls_of(MESSAGE)) == 2
            assert (await ann.slash("mentorships")).ok
            await discord.until(lambda: len(bot.outcomes(Sent, "101")) == 3)
            shown = texts(ann.ephemerals)[1:]
            assert shown[0] == HELD
            assert Counter(shown[1:]) == {"Olga: the first": 1, "Olga: the second": 1, "Olga: the third": 1}
            # Why it is told here is told once.
            await bot.send(("101", "the fourth"))
            await discord.until(lambda: "Olga: the fourth" in texts(ann.ephemerals))
            assert texts(ann.ephemerals).count(HELD) == 1
            assert len(discord.calls_of(MESSAGE)) == 2
            # Who writes to the bot takes messages again.
            ann.open_dms()
            await ann.say("hello")
            await discord.until(lambda: texts(ann.received) == ["Passed on to 201."])
            await bot.send(("101", "the fifth"))
            await discord.until(lambda: len(ann.received) == 2)
        assert texts(ann.received)[1] == "Olga: the fifth"
        assert discord.invalid == 1
        assert not discord.violations
        assert not discord.fired
    assert rows(sqlite_store_url, "SELECT DISTINCT state, doubts FROM outbox") == [("sent", 0)]


async def test_what_was_held_is_shown_however_long_the_answer_takes(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann = person(discord, 101)
        ann.close_dms()
        async with running(discord, sqlite_store_url) as bot:
            await bot.send(("101", "a message"))
            await written(bot, HELD_ROWS, (1,))
            # Nothing follows an interaction before it is answered.
            until = asyncio.Event()
            discord.fault(CALLBACK, Hang(until))
            doing = asyncio.create_task(ann.slash("mentorships"))
            await discord.called(CALLBACK)
            await discord.until(lambda: bot.adapter.begun == 2)
            with pytest.raises(TimeoutError):
                await discord.called(FOLLOWUP, timeout=0.3)
            until.set()
            assert (await doing).ok
            await discord.until(lambda: len(ann.ephemerals) == 3)
        assert texts(ann.ephemerals)[1:] == [HELD, "Olga: a message"]
        assert [call.status for call in discord.calls_of(FOLLOWUP)] == [200, 200]


async def test_who_has_left_every_server_is_told_when_they_are_back(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann = person(discord, 101)
        guild = discord.guild(GUILD)
        async with running(discord, sqlite_store_url) as bot:
            ann.leave(guild.place)
            await bot.send(("101", "a message"))
            await written(bot, HELD_ROWS, (1,))
        assert (await discord.answered(MESSAGE)).answer["code"] == 50278
        # Another process knows nothing of that but what is written down, and tries once more in private.
        async with running(discord, sqlite_store_url):
            ann.join(guild.place)
            ann.close_dms()
            assert (await ann.slash("mentorships")).ok
            await discord.until(lambda: len(ann.ephemerals) == 3)
        assert texts(ann.ephemerals)[1:] == [HELD, "Olga: a message"]
        assert len(discord.calls_of(MESSAGE)) == 2
    assert rows(sqlite_store_url, "SELECT state FROM outbox") == [("sent",)]


async def test_an_offer_to_somebody_who_takes_no_messages_goes_on_at_once(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:3])
        ann = person(discord, 101)
        async with running(discord, sqlite_store_url) as bot:
            assert (await ann.slash("find", {"words": "sql"})).ok
            discord.fault(MESSAGE, refusal(50007))
            assert (await ann.press(ann.ephemerals[-1], "Ask the first available")).ok
            await discord.until(lambda: bot.outcomes(Sent))
            # Somebody else may be asked meanwhile, too.
            refused, taken, *_ = bot.adapter.pushed
        assert isinstance(refused[2], Shut)
        assert {refused[0], taken[0]} == {"202", "203"}
        assert any("Accept" in message.labels for message in person(discord, taken[0]).received)
        assert not person(discord, refused[0]).messages


async def test_conversations_are_opened_slowly_and_others_do_not_wait(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        async with running(discord, sqlite_store_url, Watched(discord, pacing=Pacing(course))) as bot:
            await connected(bot.adapter)
            known, began = person(discord, 108), discord.now
            await known.say("hello")
            await discord.until(lambda: known.received)
            await bot.send(*((str(user), "a message") for user in EVERYBODY if user != 108))
            await discord.until(lambda: bot.outcomes(Later))
            await bot.send(("108", "a message"))
            await discord.until(lambda: len(known.received) == 2)
            # Ten at once, and then one every three seconds.
            assert len(discord.calls_of(DM)) <= 10 + (discord.now - began) / 3 + 1
    waits = "SELECT DISTINCT attempts FROM outbox WHERE state = 'ready' AND trouble IS NOT NULL"
    assert {*rows(sqlite_store_url, waits)} <= {(0,)}


async def test_who_opens_too_many_conversations_waits_and_asks_no_more(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        discord.dm_opens = (1, 60.0)
        async with running(discord, sqlite_store_url) as bot:
            await bot.send(("101", "a message"), ("201", "a message"))
            await discord.until(lambda: bot.outcomes(Later))
            await bot.send(*((str(user), "a message") for user in EVERYBODY[2:]), ("101", "another"))
            await discord.until(lambda: len(bot.adapter.pushed) == len(EVERYBODY) + 1)
            told = {who for who, _, delivery in bot.adapter.pushed if isinstance(delivery, Sent)}
        assert len(told) == 1
        assert [call.status for call in discord.calls_of(DM)] == [200, 403]
        assert discord.invalid == 1
    waits = rows(sqlite_store_url, "SELECT DISTINCT trouble, attempts FROM outbox WHERE state = 'ready'")
    assert waits == [("asked to wait", 0)]


# --- Answers ------------------------------------------------------------------------------------------------------


async def test_an_answer_that_discord_took_and_did_not_say_so_counts_as_given(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann = person(discord, 101)
        discord.fault(CALLBACK, Status(500, before=False))
        async with running(discord, sqlite_store_url) as bot:
            assert (await ann.slash("mentorships")).ok
            again = await discord.answered(CALLBACK, 2)
            await bot.adapter.quiet()
        assert (again.status, again.answer["code"]) == (400, 40060)
        assert len(ann.ephemerals) == 1
        assert not [line for line in bot.log.lines if line.startswith(("WARNING: an inter", "ERROR"))]
        (seen,) = discord.violations
        assert "a second answer" in seen


@pytest.mark.parametrize("fault", [Status(500, before=False), Status(503), Reset(before=False)], ids=repr)
async def test_an_answer_to_what_is_written_comes_once_whatever_happens(
    sqlite_store_url: str, fault: Fault
) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        ann = person(discord, 101)
        async with running(discord, sqlite_store_url) as bot:
            discord.fault(MESSAGE, fault)
            await ann.say("/help")
            await discord.answered(MESSAGE, 2)
            await bot.adapter.quiet()
        assert len(ann.received) == 1
        assert not discord.violations


async def test_an_answer_that_is_too_late_is_given_in_the_conversation(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD[:1])
        discord.guild(GUILD).person("301", "Zoe")
        ann, zoe = person(discord, 101), person(discord, 301)
        async with running(discord, sqlite_store_url) as bot:
            discord.answer_seconds = -1.0
            # Nobody waits for what cannot come.
            ack = await ann.slash("mentorships", where=ann.dm, timeout=0.1)
            assert ack.why == "timeout"
            await discord.until(lambda: ann.received)
            # A form asks there as well, question by question.
            await zoe.slash("signup", where=zoe.dm, timeout=0.1)
            await discord.until(lambda: zoe.received)
            assert zoe.modal is None
            # Elsewhere nobody else may see it: the next thing they do shows what is pending.
            await zoe.slash("signup", timeout=0.1)
            await bot.adapter.quiet()
            assert (len(zoe.received), zoe.ephemerals) == (1, [])
            discord.answer_seconds = PATIENCE
            assert (await zoe.slash("signup")).modal is not None
        assert "I agree" in zoe.received[0].labels
        assert {call.answer["code"] for call in discord.calls_of(CALLBACK)[:3]} == {10062}
    assert rows(sqlite_store_url, "SELECT count(*) FROM runs") == [(1,)]


async def test_what_cannot_be_done_is_told_in_words_and_the_others_go_on(sqlite_store_url: str) -> None:
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        ann, ben = person(discord, 101), person(discord, 201)
        async with running(discord, sqlite_store_url) as bot:
            discord.held = True
            poison = await ann.say("poison")
            pressed = await ann.slash("leave")
            poisoned(sqlite_store_url, poison.id, pressed.interaction.id)
            await discord.release()
            for one, _ in CROWD[1:]:
                await person(discord, one).say("hello")
            await discord.until(lambda: all(person(discord, one).received for _, one in CROWD[1:]))
            await discord.until(lambda: ann.received and ann.ephemerals)
            for message in (ann.received[0], ann.ephemerals[0]):
                assert message.words == (
                    "Something went wrong on my side. Nothing was changed; please try again."
                )
            await ann.say("and this")
            await discord.until(lambda: ben.received)
        assert texts(ben.received) == ["101: and this"]
        failed = [line for line in bot.log.lines if line.startswith("ERROR")]
        assert failed == [
            f"ERROR: event discord:{poison.id} failed",
            f"ERROR: event discord:{pressed.interaction.id} failed",
        ]


# --- What people type ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "count", [pytest.param(50, id="few"), pytest.param(1000, id="many", marks=pytest.mark.soak)]
)
async def test_whatever_is_typed_is_read_as_it_was_typed_and_nobody_is_called(
    sqlite_store_url: str, count: int
) -> None:
    rng = Random(count)
    async with DiscordServer(seed=1) as discord:
        await pairs(discord, sqlite_store_url, *CROWD)
        async with running(discord, sqlite_store_url):
            for number in range(count):
                ann, _ = CROWD[number % len(CROWD)]
                await person(discord, ann).say(hostile(rng))
            await discord.until(
                lambda: sum(len(person(discord, ben).received) for _, ben in CROWD) >= count, 30 + count / 10
            )
        for ann, ben in CROWD:
            typed, arrived = person(discord, ann).said, person(discord, ben).received
            for message, passed_on in zip(typed, arrived, strict=True):
                seen = read(passed_on.text)
                meant = plain(from_user(text_of({"content": message.content})))
                assert inked(seen.text) == inked(f"{ann}: {clean(meant)}"), message.content
                assert {kind for kind, _ in seen.marks} <= {"b", "code", "pre", "address", "url"}
        # What stands in an address is a part of it.
        assert not [each for each in discord.fired if each.pings or each.kind != "everyone"]
        assert not discord.violations


def hostile(rng: Random) -> str:
    """Write what somebody types who wants to do more than be read: no command, and something that can be seen."""
    letters = ["".join(rng.choices(MARKUP, k=rng.randint(1, 8))) for _ in range(6)]
    text = "".join(rng.choices([*PHRASES, *letters], k=rng.randint(1, 12)))
    shown = clean(text_of({"content": text})).strip()
    return f"x{text}" if shown.startswith("/") or not shown else text
