"""The service on Telegram, in a process of its own, killed and stopped while people sign up, ask, accept and talk."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from core.store.types import new_key
from tests.kills import checks, seed
from tests.kills.crowd import Crowd as Pairs
from tests.kills.crowd import chances, run_and_finish, run_and_kill
from tests.kills.people import Ledger
from tests.kills.presence import nothing_left
from tests.kills.process import Service, sending
from tests.kills.telegram_people import Member, Presence, pushes
from tests.platforms.kit import Hang
from tests.platforms.program import locked
from tests.platforms.telegram_program import BOT, at, texts
from tests.platforms.telegram_server import TelegramServer

log = logging.getLogger(__name__)

LONGEST = 10.0
SEND = "sendMessage"


@asynccontextmanager
async def telegram_and_service(
    folder: Path, key: str
) -> AsyncIterator[tuple[TelegramServer, Service, Presence]]:
    """Make a Telegram with a bot, and a service for it that has not begun."""
    async with TelegramServer(seed=1) as telegram:
        bot = telegram.bot(BOT)
        secrets = {"MENTORBOT_TELEGRAM__TOKENS": bot.token}
        service = Service(folder, f"telegram.api_url={telegram.url}", key=key, environment=secrets)
        async with service:
            yield telegram, service, Presence(telegram, bot)
        assert not telegram.violations, telegram.violations


class Crowd(Pairs):
    """Pairs before one bot."""

    def __init__(self, presence: Presence, rng: Random) -> None:
        super().__init__(rng)
        self._presence = presence

    def member(self, role: str, number: int) -> Member:
        """Let somebody write to the bot."""
        user = {"mentee": 1000, "mentor": 5000}[role] + number
        assert user not in self._presence.bot.people, f"{user} is there already"
        made = self._presence.telegram.bot(BOT).person(user, name=f"{role}-{number:04}")
        return Member(made, self._presence, self.ledger, Random(self.rng.random()))


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="three"), pytest.param(50, id="many", marks=pytest.mark.soak)]
)
async def test_on_telegram_nothing_is_lost_or_done_twice_however_often_the_process_is_killed(
    folder: Path, kills: int
) -> None:
    with chances() as rng:
        async with asyncio.timeout(90 + 6 * kills):
            await kill_and_check(folder, kills, rng)


async def kill_and_check(folder: Path, kills: int, rng: Random) -> None:
    interrupted = Counter[int]()
    async with telegram_and_service(folder, key := new_key()) as (telegram, service, presence):
        await seed.pairs(service.url, key, [])
        crowd = Crowd(presence, rng)
        living = asyncio.create_task(crowd.live())
        try:
            for _ in range(kills):
                await run_and_kill(service, presence, crowd, living, rng)
                interrupted.update(sending(service))
                assert not living.done(), living.exception()
            await run_and_finish(service, presence, crowd, living)
        finally:
            living.cancel()
            await asyncio.wait({living})
        arrived = pushes(presence.bot, presence, service)
        checks.check(service, crowd.ledger, arrived, interrupted)
        updates = presence.bot.updates
        calls = len(telegram.calls)
    assert all(update.confirmed for update in updates)
    assert service.count("outbox WHERE state = 'sending'") == 0
    copies = sum(count - 1 for count in Counter(push["once"] for push in arrived).values())
    figures = {
        "kills": kills,
        "updates": len(updates),
        "given": sum(update.given for update in updates),
        "calls": calls,
        "users": len(crowd.ledger.roles),
        "requests": len(crowd.ledger.asked),
        "pairs": len(crowd.ledger.paired),
        "room messages": len(crowd.ledger.said),
        "pushes arrived": len(arrived),
        "copies": copies,
        "interrupted sends": interrupted.total(),
        "requeued": len(crowd.ledger.requeued),
    }
    log.info("%s", ", ".join(f"{name}: {value}" for name, value in figures.items()))


@pytest.mark.parametrize(
    "stops", [pytest.param(2, id="two"), pytest.param(100, id="many", marks=pytest.mark.soak)]
)
async def test_on_telegram_a_stop_under_load_takes_seconds_and_makes_no_copies(
    folder: Path, stops: int
) -> None:
    names = [(str(101 + number), str(201 + number)) for number in range(12)]
    rng, took, enough = Random(stops), list[float](), asyncio.Event()
    async with (
        telegram_and_service(folder, key := new_key()) as (telegram, service, presence),
        asyncio.timeout(60 + 8 * stops),
    ):
        await seed.pairs(service.url, key, names, where=at)
        ledger = Ledger()
        members = []
        for number, pair in enumerate(names):
            for user in pair:
                telegram.bot(BOT).person(int(user), name=user).chat.open = True
            # One of them writes and the other reads: a chat that has both is paced twice as slow.
            writer, reader = pair if number % 2 else pair[::-1]
            person = telegram.bot(BOT).person(int(writer))
            members.append((Member(person, presence, ledger, rng), reader))

        async def write(member: Member, partner: str) -> None:
            await member.talk(partner, 0)
            while not enough.is_set():
                await member.write(partner)

        async def more(lines: int) -> None:
            enough_lines = len(ledger.said) + lines
            await telegram.until(lambda: len(ledger.said) > enough_lines, 30)

        writing = [asyncio.create_task(write(member, partner)) for member, partner in members]
        try:
            for _ in range(stops):
                await presence.start(service)
                await presence.come()
                await more(len(names) // 2)
                took.append(await service.stop())
                await presence.go()
            enough.set()
            await presence.start(service)
            await presence.come()
            await asyncio.gather(*writing)
            await telegram.confirmed()
            await nothing_left(telegram, service)
            await service.stop()
            await presence.go()
        finally:
            for task in writing:
                task.cancel()
        arrived = pushes(presence.bot, presence, service)
        rows = checks.check(service, ledger, arrived)
    log.info("%d stops, %.2f s at most; %d messages", stops, max(took), len(ledger.said))
    assert max(took) < LONGEST
    assert {row.state for row in rows} == {"sent"}
    assert service.count("outbox WHERE doubts > 0") == 0
    assert len(arrived) == len({push["once"] for push in arrived}) == len(rows)


@pytest.mark.parametrize(
    ("before", "copies"), [pytest.param(True, 1, id="not arrived"), pytest.param(False, 2, id="arrived")]
)
async def test_what_was_being_sent_at_a_kill_comes_once_more_and_no_oftener(
    folder: Path, before: bool, copies: int
) -> None:
    async with (
        telegram_and_service(folder, key := new_key()) as (telegram, service, presence),
        asyncio.timeout(60),
    ):
        await seed.pairs(service.url, key, [("101", "201")], where=at)
        ann, ben = (telegram.bot(BOT).person(user, name=str(user)) for user in (101, 201))
        ann.chat.open = ben.chat.open = True
        await presence.start(service)
        await presence.come()
        await telegram.confirmed(await ann.command("talk"))
        await telegram.until(lambda: ann.received)
        telegram.fault(SEND, Hang(before=before), times=2)
        said = await ann.say("hello")
        # The message to Ben hangs, and the answer to Ann.
        await telegram.called(SEND, 3)
        await telegram.until(lambda: all(call.done for call in telegram.calls_of(SEND)[1:]) is not before)
        await telegram.confirmed(said)
        assert len(sending(service)) == 1
        await service.kill()
        await presence.go()
        await presence.start(service)
        await presence.come()
        await telegram.until(lambda: len(ben.received) >= copies)
        await telegram.confirmed(await ann.say("and"))
        await telegram.until(lambda: len(ben.received) >= copies + 1)
        await nothing_left(telegram, service)
        await service.stop()
        await presence.go()
        with service.look() as database:
            states = database.execute("SELECT state, doubts FROM outbox ORDER BY id").fetchall()
        assert states == [("sent", 1), ("sent", 0)]
        assert texts(ben.received) == ["101: hello"] * copies + ["101: and"]


async def test_what_was_not_saved_at_a_kill_is_given_again_and_done_once(folder: Path) -> None:
    async with (
        telegram_and_service(folder, key := new_key()) as (telegram, service, presence),
        asyncio.timeout(60),
    ):
        await seed.pairs(service.url, key, [("101", "201")], where=at)
        ann, ben = (telegram.bot(BOT).person(user, name=str(user)) for user in (101, 201))
        ann.chat.open = ben.chat.open = True
        await presence.start(service)
        await presence.come()
        await telegram.confirmed(await ann.command("talk"))
        await telegram.until(lambda: ann.received)
        with locked(service.url):
            said = await ann.say("hello")
            await telegram.until(lambda: ann.typing)
            pressed = await ann.press(ann.received[0], "leave")
            await telegram.until(lambda: pressed.query and pressed.query.answered)
            await service.kill()
            await presence.go()
            assert (said.confirmed, pressed.confirmed) == (False, False)
        assert len(ann.received) == 1
        await presence.start(service)
        await presence.come()
        await telegram.confirmed(said, pressed)
        await nothing_left(telegram, service)
        await telegram.until(lambda: ben.received and len(ann.received) == 3)
        await service.stop()
        await presence.go()
    assert texts(ben.received) == ["101: hello"]
    assert texts(ann.received[1:]) == ["Passed on to 201.", "What you write here no longer goes to 201."]
