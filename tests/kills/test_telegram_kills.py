"""The service on Telegram, in a process of its own, killed and stopped while people sign up, ask, accept and talk.

Telegram gives again whatever people did and the service has not confirmed; what it was sending comes once more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from core.store.types import new_key
from tests.kills import crowd, seed
from tests.kills.crowd import chances
from tests.kills.process import Service
from tests.kills.telegram_people import Member, Presence
from tests.kills.trials import (
    KILLS,
    SENDING,
    STOPS,
    kill_and_check,
    kill_while_sending,
    stop_and_check,
    talking,
)
from tests.platforms.program import locked
from tests.platforms.telegram_program import BOT, at, texts
from tests.platforms.telegram_server import TelegramServer

PAIR = ("101", "201")
SEND = "sendMessage"


@asynccontextmanager
async def on_telegram(folder: Path, *pairs: tuple[str, str]) -> AsyncIterator[Presence]:
    """Make a Telegram with a bot, and a service for it, with these pairs, that has not begun."""
    async with TelegramServer(seed=1) as telegram:
        bot = telegram.bot(BOT)
        secrets = {"MENTORBOT_TELEGRAM__TOKENS": bot.token}
        where = f"telegram.api_url={telegram.url}"
        async with Service(folder, where, key=(key := new_key()), environment=secrets) as service:
            await seed.pairs(service.url, key, pairs, where=at)
            yield Presence(telegram, bot, service)
        assert not telegram.violations, telegram.violations


class Crowd(crowd.Crowd[Presence, Member]):
    """Pairs before one bot."""

    lines = 1

    def newcomer(self, role: str, number: int) -> Member:
        """Let somebody come who has not pressed Start."""
        user = {"mentee": 1000, "mentor": 5000}[role] + number
        assert user not in self.there.bot.people, f"{user} is there already"
        return self._member(user, f"{role}-{number:04}")

    def veteran(self, who: str) -> Member:
        """Find somebody who has pressed Start long ago, by their id."""
        member = self._member(int(who), who)
        member.person.chat.open = True
        return member

    def _member(self, user: int, name: str) -> Member:
        person = self.there.bot.person(user, name=name)
        return Member(person, self.there, self.ledger, Random(self.rng.random()))


@KILLS
async def test_on_telegram_nothing_is_lost_or_done_twice_however_often_the_process_is_killed(
    folder: Path, kills: int
) -> None:
    with chances() as rng:
        async with asyncio.timeout(90 + 6 * kills), on_telegram(folder) as there:
            await kill_and_check(Crowd(there, rng), kills)


@STOPS
async def test_on_telegram_a_stop_under_load_takes_seconds_and_makes_no_copies(
    folder: Path, stops: int
) -> None:
    pairs = [(str(101 + number), str(201 + number)) for number in range(12)]
    async with asyncio.timeout(60 + 8 * stops), on_telegram(folder, *pairs) as there:
        # One of them writes and the other reads: a chat that has both is paced twice as slow.
        letters = [pair if number % 2 else pair[::-1] for number, pair in enumerate(pairs)]
        await stop_and_check(Crowd(there, Random(stops)), letters, stops)


@SENDING
async def test_what_was_being_sent_at_a_kill_comes_once_more_and_no_oftener(
    folder: Path, before: bool, copies: int
) -> None:
    async with on_telegram(folder, PAIR) as there:
        await kill_while_sending(Crowd(there, Random(0)), PAIR, SEND, before, copies)


async def test_what_was_not_saved_at_a_kill_is_given_again_and_done_once(folder: Path) -> None:
    async with on_telegram(folder, PAIR) as there, talking(Crowd(there, Random(0)), PAIR) as (one, other):
        telegram, ann, ben = there.telegram, one.person, other.person
        with locked(there.service.url):
            said = await ann.say("hello")
            await telegram.until(lambda: ann.typing)
            pressed = await ann.press(ann.received[0], "leave")
            await telegram.until(lambda: pressed.query and pressed.query.answered)
            await there.kill()
            assert (said.confirmed, pressed.confirmed) == (False, False)
        assert len(ann.received) == 1
        await there.up()
        await telegram.confirmed(said, pressed)
        await telegram.until(lambda: ben.received and len(ann.received) == 3)
    assert texts(ben.received) == ["101: hello"]
    assert texts(ann.received[1:]) == ["Passed on to 201.", "What you write here no longer goes to 201."]
