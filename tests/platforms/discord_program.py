"""The whole program with Discord as its platform, in the test's own process: the real adapter against a local one.

async with DiscordServer(seed=1) as discord:
    await pairs(discord, url, (101, 201))             # Ann and Ben, in the server with the bot
    async with running(discord, url) as bot:
        await bot.send(("101", "line 1"))             # and more that `tests.platforms.program` offers
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from bot.adapters.discord.adapter import Discord
from bot.adapters.pacing import Pacing
from bot.ports import Address, Answer, Delivery, Incoming, Later, Place, Program, Ref, Rendered, Sent, Unknown
from core.store.database import sqlite_path
from tests.platforms import program
from tests.platforms.discord_noted import at_once
from tests.platforms.discord_server import DiscordServer, Message, Person
from tests.platforms.program import PATIENCE, connected, paired

GUILD = "5001"
NOTHING: Mapping[str, asyncio.Event] = MappingProxyType({})


class Watched(Discord):
    """The adapter; what became of each push is looked at from outside."""

    def __init__(
        self, discord: DiscordServer, *, gates: Mapping[str, asyncio.Event] = NOTHING, **more: Any
    ) -> None:
        """Use the one bot there is; what somebody does at an address with a gate waits for that."""
        super().__init__(
            discord.token, discord.api_url, discord.gateway_url, **{"pacing": Pacing(at_once), **more}
        )
        self.begun = 0
        """How many pushes have begun."""
        self.pushed: list[tuple[str, str, Delivery]] = []
        self.doubts = Counter[str]()
        """How often nobody knew what has become of each push."""
        self.ended = 0
        """How many messages were sent, or are in doubt twice, and so listed."""
        self._gates = gates
        self._server = discord

    def is_patient(self, seconds: float) -> None:
        """Let a commit of what is done from now on take so long until something is said without the answer."""
        self._patience = seconds

    async def run(self, program: Program) -> None:
        async def handle(incoming: Incoming) -> Answer:
            if incoming.who.id in self._gates:
                await self._gates[incoming.who.id].wait()
            return await program.handle(incoming)

        await super().run(replace(program, handle=handle))

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        seconds = super().ahead(to, urgent=urgent)
        if seconds:
            self._became(to.id, "", Later(seconds))
        return seconds

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        self.begun += 1
        self._server.changed()
        try:
            return self._became(to.id, once, await super().push(to, message, once))
        except asyncio.CancelledError:
            self._became(to.id, once, Unknown("no answer in time"))
            raise

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        return self._became(ref.chat, f"edit:{ref.id}", await super().edit(ref, message))

    def _became(self, to: str, once: str, delivery: Delivery) -> Delivery:
        self.pushed.append((to, once, delivery))
        self.doubts[once] += isinstance(delivery, Unknown)
        self.ended += isinstance(delivery, Sent) or (isinstance(delivery, Unknown) and self.doubts[once] == 2)
        self._server.changed()
        return delivery


Running = program.Running[Watched]


def at(who: str) -> Address:
    """Give the address of somebody on Discord."""
    return Address("discord", who)


def person(discord: DiscordServer, who: int | str) -> Person:
    """Find somebody in the server with the bot, where they see its channel."""
    return discord.guild(GUILD, "Academy").person(str(who))


async def pairs(discord: DiscordServer, url: str, *names: tuple[int | str, int | str]) -> None:
    """Let pairs join, in the server and in the program; each writes into their room from now on."""
    written = [(str(mentee), str(mentor)) for mentee, mentor in names]
    for who in (who for pair in written for who in pair):
        person(discord, who)
    await paired(url, written, at)


@asynccontextmanager
async def running(
    discord: DiscordServer, url: str, adapter: Watched | None = None, **more: str
) -> AsyncIterator[Running]:
    """Run the program until the end of the block, and then stop it as a signal would; `a__b` sets the key `a.b`.

    It is connected when the block begins, unless the adapter is given. Discord waits longer for answers than it would:
    that machines have much to do is not what is tested.
    """
    discord.guild(GUILD, "Academy")
    discord.answer_seconds = discord.people_seconds = PATIENCE
    given = adapter or Watched(discord)
    with discord.patched():
        async with program.running(url, discord, given, at, **more) as bot:
            if adapter is None:
                await connected(given)
            yield bot


async def written(bot: Running, query: str, *expected: tuple[Any, ...]) -> None:
    """Wait until the database gives this; it is asked again and again."""

    def ask(tx: Connection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in tx.exec_driver_sql(query)]

    async with asyncio.timeout(PATIENCE):
        while await bot.app.database.read(ask) != list(expected):
            pass


def texts(messages: Sequence[Message]) -> list[str]:
    """Give the words of messages, as they are read."""
    return [message.words for message in messages]


def poisoned(url: str, *events: str) -> None:
    """Let the database refuse whatever these events do."""
    path = sqlite_path(url)
    assert path is not None
    named = ", ".join(f"'{event}'" for event in events)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            f"CREATE TRIGGER poison BEFORE INSERT ON seen_events WHEN NEW.id IN ({named}) "
            "BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
