"""Two hundred people in twenty servers of a local Discord, in turns: each writes, presses a button and uses a command.

The program is a process of its own, at the gateway, and sends at the pace it always does; the local Discord holds it to
the limits that bots have observed. An interaction is answered by its one response, a message by a message.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.platforms import Exchange, Wire
from benchmarks.platforms.process import running
from bot.app import open_app
from bot.config import load
from bot.ports import Address
from bot.stage.community import FREE, TOPICS, seat
from bot.stage.script import Person as Signed
from core.store.types import new_key
from tests.platforms.discord_server import CALLBACK, MESSAGE, REAL_LIMITS, Ack, DiscordServer, Person

SERVERS = 20
PEOPLE = 200
FIRST = 4_000_000_000_000_001
ZONES = ("Europe/Madrid", "America/New_York", "Asia/Kolkata", "Asia/Shanghai")
SAID = ("hello, is anybody there?", "where can I see my requests?", "thanks!")
COMMANDS = ("help", "profile", "requests", "find python")
OFTEN = (50, 1.0)
PATIENCE = 10.0


class Discord(Wire):
    """The local Discord and everybody on it."""

    people = PEOPLE

    def __init__(self, server: DiscordServer, people: int = PEOPLE) -> None:
        """Let everybody join a server."""
        self.server = server
        self.server.limits = dict(REAL_LIMITS)
        self.server.limit_all = OFTEN
        self.guilds = [server.guild(str(5001 + number)) for number in range(SERVERS)]
        self.persons = [
            self.guilds[number % SERVERS].person(str(FIRST + number), f"Person {number}")
            for number in range(people)
        ]
        self.responses = self.posts = 0

    async def ask(self, number: int) -> Exchange:
        """Let the next one write, press or use a command."""
        person, turn = self.persons[number % len(self.persons)], number // len(self.persons)
        last = person.received[-1] if person.received else None
        # Everybody does one thing after the other.
        match (number + 2 * turn) % 3:
            case 0 if last is not None and "Help" in last.labels:
                return self._responded("press", await person.press(last, "Help"))
            case 2:
                return await self._say(person, SAID[number // 3 % len(SAID)])
            case _:
                name, _, words = COMMANDS[number // 3 % len(COMMANDS)].partition(" ")
                return self._responded("command", await person.slash(name, {"words": words} if words else {}))

    def _responded(self, kind: str, ack: Ack) -> Exchange:
        assert ack.ok, f"{ack.interaction}: {ack.why}"
        self.responses += 1
        return Exchange(kind, ack.seconds)

    async def _say(self, person: Person, text: str) -> Exchange:
        self.posts += 1
        sent, channel = self.server.now, person.dm
        before = len(channel.messages) + 1
        await person.say(text)
        await self.server.until(lambda: len(channel.messages) > before, PATIENCE)
        return Exchange("message", channel.messages[before].at - sent)

    def look(self) -> None:
        """See that all was as Discord wants it, and nobody was answered twice."""
        assert not self.server.violations, self.server.violations[:3]
        assert self.server.invalid == 0
        assert len(self.server.calls_of(CALLBACK)) == self.responses
        assert len(self.server.calls_of(MESSAGE)) == self.posts


def settings(discord: Discord, key: str) -> dict[str, str]:
    """Say to the program where it all is."""
    return {
        "encryption.keys": key,
        "discord.token": discord.server.token,
        "discord.api_url": discord.server.api_url,
        "discord.gateway_url": discord.server.gateway_url,
    }


async def seed(folder: Path, key: str, persons: list[Person]) -> None:
    """Sign everybody up before the program starts; every other one is a mentor."""
    people = [
        Signed(
            person.id,
            "mentee" if number % 2 else "mentor",
            person.user.name,
            ZONES[number % len(ZONES)],
            "en",
            tuple(f"{topic}:4" for topic in ("python", TOPICS[1 + number % 20])),
            {"free": FREE[number % len(FREE)], "languages": "en"},
        )
        for number, person in enumerate(persons)
    ]
    loaded = load(None, {"MENTORBOT_HOME": str(folder)}, {"encryption.keys": key}, folder)
    async with open_app(loaded, []) as app:
        await seat(app, people, datetime.now(UTC), lambda handle: Address("discord", handle))


@asynccontextmanager
async def wire(folder: Path) -> AsyncIterator[Wire]:
    """Start the local Discord and the program."""
    async with DiscordServer(seed=1) as server:
        discord, key = Discord(server), new_key()
        await seed(folder, key, discord.persons)
        async with running(folder, settings(discord, key), server.connected(1, 30)):
            # What is there by now stays: the sender must not stop to look through it.
            gc.collect()
            gc.freeze()
            try:
                yield discord
            finally:
                gc.unfreeze()
