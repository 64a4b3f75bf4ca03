"""The whole program with Telegram as its platform, in the test's own process: the real adapter against a local one.

async with TelegramServer(seed=1) as telegram:
    await pairs(telegram, url, (101, 102))            # Ann and Ben, before the first bot
    async with running(telegram, url) as bot:
        await bot.send(("101", "line 1"))             # and more that `tests.platforms.program` offers
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bot.adapters.telegram.adapter import Telegram
from bot.ports import Address, Answer, Delivery, Incoming, Later, Place, Program, Rendered
from core.store.database import sqlite_path
from tests.platforms import program
from tests.platforms.program import connected, paired, unpaced
from tests.platforms.telegram_server import Message, Person, TelegramServer

BOT = 7
WEBHOOK = "https://mentor.example"
NOTHING: Mapping[str, asyncio.Event] = MappingProxyType({})
SECRET = "of-the-webhook"
ALREADY = (
    "I have dealt with that already; my answer may have been lost on the way. /help shows what you can do."
)
"""What is said of an update that comes again when nobody knows whether it was answered."""


class Watched(Telegram):
    """The adapter; what became of each push, and what was put aside, is looked at from outside."""

    def __init__(
        self,
        telegram: TelegramServer,
        mode: str = "polling",
        *,
        gates: Mapping[str, asyncio.Event] = NOTHING,
        **more: Any,
    ) -> None:
        """Use the tokens of all bots there are; what somebody does at an address with a gate waits for that."""
        tokens = [bot.token for bot in telegram.bots.values()]
        given = {"webhook_url": WEBHOOK, "webhook_secret": SECRET} if mode == "webhook" else {}
        super().__init__(tokens, mode, telegram.url, **{**given, "pacing": unpaced(), **more})
        self.pushed: list[tuple[str, str, Delivery]] = []
        self.buried: list[Incoming] = []
        self._gates = gates
        self._server = telegram

    async def run(self, program: Program) -> None:
        async def bury(incoming: Incoming) -> None:
            await program.bury(incoming)
            self.buried.append(incoming)
            self._server.changed()

        async def handle(incoming: Incoming) -> Answer:
            if incoming.who.id in self._gates:
                await self._gates[incoming.who.id].wait()
            return await program.handle(incoming)

        await super().run(replace(program, bury=bury, handle=handle))

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        seconds = super().ahead(to, urgent=urgent)
        if seconds:
            self.pushed.append((to.id, "", Later(seconds)))
            self._server.changed()
        return seconds

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        delivery = await super().push(to, message, once)
        self.pushed.append((to.id, once, delivery))
        self._server.changed()
        return delivery


Running = program.Running[Watched]


def at(who: str) -> Address:
    """Give the address of somebody on Telegram; without a bot, before the first."""
    return Address("telegram", who if "/" in who else f"{BOT}/{who}")


def person(telegram: TelegramServer, who: int | str) -> Person:
    """Find somebody, who has pressed Start; without a bot, before the first."""
    bot, _, user = at(str(who)).id.partition("/")
    found = telegram.bot(int(bot)).person(int(user), name=f"P{user}")
    found.chat.open = True
    return found


async def pairs(telegram: TelegramServer, url: str, *names: tuple[int | str, int | str]) -> None:
    """Let pairs join, before their bots and in the program; each writes into their room from now on."""
    written = [(str(mentee), str(mentor)) for mentee, mentor in names]
    for who in (who for pair in written for who in pair):
        person(telegram, who)
    await paired(url, written, at)


@asynccontextmanager
async def running(
    telegram: TelegramServer, url: str, adapter: Watched | None = None, **more: str
) -> AsyncIterator[Running]:
    """Run the program until the end of the block, and then stop it as a signal would; `a__b` sets the key `a.b`.

    It is connected when the block begins, unless the adapter is given.
    """
    telegram.bot(BOT)
    given = adapter or Watched(telegram)
    async with program.running(url, telegram, given, at, **more) as bot:
        if adapter is None:
            await connected(given)
        yield bot


def texts(messages: Sequence[Message]) -> list[str]:
    """Give the words of messages."""
    return [message.text for message in messages]


def poisoned(url: str, update: int) -> None:
    """Let the database refuse whatever an update does."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            f"CREATE TRIGGER poison BEFORE INSERT ON seen_events WHEN NEW.id = '{BOT}:{update}' "
            "BEGIN SELECT RAISE(ABORT, 'poison'); END"
        )
