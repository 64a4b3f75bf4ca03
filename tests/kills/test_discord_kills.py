"""The service on Discord, in a process of its own, killed and stopped while people sign up, ask, accept and talk.

Discord tells the bot everything once, and what nobody knows of is not lost but taken up; it knows a message that comes
again for minutes, and so there are no copies.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from core.store.types import new_key
from tests.kills import crowd, seed
from tests.kills.crowd import chances
from tests.kills.discord_people import Member, Presence
from tests.kills.process import Service, sending, states
from tests.kills.trials import KILLS, STOPS, hanging, kill_and_check, stop_and_check, talking
from tests.platforms.discord_program import GUILD, at, texts
from tests.platforms.discord_server import MESSAGE, DiscordServer
from tests.platforms.kit import Hang
from tests.platforms.program import locked

PAIR = ("101", "201")
STUCK = ((0.1, Hang()), (0.1, Hang(before=False)))
"""Of what is sent to people, so much has no answer until the kill: half of that has arrived."""
LATE = "Still saving. Press Continue in a moment to see the answer."
LEFT = "What you write here no longer goes to 201."


@asynccontextmanager
async def on_discord(folder: Path, *pairs: tuple[str, str]) -> AsyncIterator[Presence]:
    """Make a Discord with a server, and a service for it, with these pairs, that has not begun."""
    async with DiscordServer(seed=1) as discord:
        discord.guild(GUILD, "Academy")
        secrets = {"MENTORBOT_DISCORD__TOKEN": discord.token}
        where = (f"discord.api_url={discord.api_url}", f"discord.gateway_url={discord.gateway_url}")
        async with Service(folder, *where, key=(key := new_key()), environment=secrets) as service:
            await seed.pairs(service.url, key, pairs, where=at)
            yield Presence(discord, service)
        assert not discord.violations, discord.violations
        assert not discord.fired


class Crowd(crowd.Crowd[Presence, Member]):
    """Pairs in one server who meet and talk, and some who have met and talk all the time."""

    slots = 4
    veterans = tuple((str(101 + number), str(201 + number)) for number in range(4))

    def newcomer(self, role: str, number: int) -> Member:
        """Let somebody come to the server."""
        return self._member(str({"mentee": 1000, "mentor": 5000}[role] + number), f"{role}-{number:04}")

    def veteran(self, who: str) -> Member:
        """Find somebody by their id."""
        return self._member(who, who)

    def _member(self, user: str, name: str) -> Member:
        person = self.there.discord.guild(GUILD).person(user, name)
        return Member(person, self.there, self.ledger, Random(self.rng.random()))

    @property
    def copies(self) -> Mapping[int, int]:
        """What the organiser has had sent again may be there for longer than Discord remembers; all else comes once."""
        return dict.fromkeys(self.ledger.requeued, 1)


@KILLS
async def test_on_discord_nothing_is_lost_or_done_twice_however_often_the_process_is_killed(
    folder: Path, kills: int
) -> None:
    with chances() as rng:
        async with asyncio.timeout(90 + 6 * kills), on_discord(folder, *Crowd.veterans) as there:
            there.discord.storm(MESSAGE, STUCK)
            await kill_and_check(Crowd(there, rng), kills)


@STOPS
async def test_on_discord_a_stop_under_load_takes_seconds_and_makes_no_copies(
    folder: Path, stops: int
) -> None:
    pairs = [(str(101 + number), str(201 + number)) for number in range(12)]
    async with asyncio.timeout(60 + 8 * stops), on_discord(folder, *pairs) as there:
        letters = [pair if number % 2 else pair[::-1] for number, pair in enumerate(pairs)]
        await stop_and_check(Crowd(there, Random(stops)), letters, stops)


async def test_what_was_being_sent_at_a_kill_comes_once(folder: Path) -> None:
    async with on_discord(folder, PAIR) as there, talking(Crowd(there, Random(0)), PAIR) as (ann, ben):
        discord = there.discord
        await ben.enter()
        # Of one the answer hangs, of the other one the message itself; and what those who wrote are told.
        async with hanging(discord, MESSAGE, before=True):
            await ann.person.say("hello")
        async with hanging(discord, MESSAGE, before=False):
            await ben.person.say("hello")
        assert len(sending(there.service)) == 2
        await there.kill()
        await there.up()
        await there.settled()
        await ann.person.say("and")
        await discord.until(lambda: "101: and" in texts(ben.person.received))
        assert texts(ben.person.received).count("101: hello") == 1
        assert texts(ann.person.received).count("201: hello") == 1
    assert states(there.service) == [("sent", 1), ("sent", 1), ("sent", 0)]


async def test_what_was_not_saved_at_a_kill_is_taken_up_with_the_next_thing(folder: Path) -> None:
    async with on_discord(folder, PAIR) as there, talking(Crowd(there, Random(0)), PAIR) as (one, other):
        discord, ann, ben = there.discord, one.person, other.person
        with locked(there.service.url):
            await ann.say("hello")
            await discord.called("post /channels/#/typing")
            assert (await ann.slash("leave")).ok
            assert texts(ann.ephemerals) == [LATE]
            await there.kill()
        assert len(ann.received) == 1
        await there.up()
        # Nothing was promised, and nothing was done; the button tells it.
        assert (await ann.press(ann.ephemerals[0], "Continue")).ok
        assert "Nothing is waiting for your answer." in ann.ephemerals[0].words
        assert (await ann.slash("leave", where=ann.dm)).ok
        await discord.until(lambda: ben.received and len(ann.received) == 3)
    assert texts(ben.received) == ["101: hello"]
    assert sorted(texts(ann.received[1:])) == ["Passed on to 201.", LEFT]
