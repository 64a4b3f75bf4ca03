"""Everybody of Slack, Telegram and Discord at once, before one program with all three adapters.

The three local servers, and all the people, are in the process that measures; the program has one of its own.
"""

import asyncio
import gc
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.platforms import Exchange, Wire, discord_wire, slack_wire, telegram_wire
from benchmarks.platforms.discord_wire import Discord
from benchmarks.platforms.process import Run, running
from benchmarks.platforms.slack_wire import Slack
from benchmarks.platforms.telegram_wire import Telegram
from core.store.types import new_key
from tests.platforms.discord_server import DiscordServer
from tests.platforms.slack_server import SlackServer
from tests.platforms.telegram_server import TelegramServer

STARTS = 3
IDLE_SECONDS = 10.0
"""After these the program has looked several times whether there is something to do."""


class Together(Wire):
    """Three platforms, and the people of each in turns."""

    def __init__(self, slack: Slack, telegram: Telegram, discord: Discord, key: str) -> None:
        """Look at all three; `key` seals what is private."""
        self._slack, self._telegram, self._discord = slack, telegram, discord
        self._wires: dict[str, Wire] = {"slack": slack, "telegram": telegram, "discord": discord}
        self._key = key
        self.people = sum(wire.people for wire in self._wires.values())

    async def ask(self, number: int) -> Exchange:
        """Let the next one ask, on the next platform."""
        name = tuple(self._wires)[number % len(self._wires)]
        exchange = await self._wires[name].ask(number // len(self._wires))
        return replace(exchange, kind=f"{name} {exchange.kind}")

    def look(self) -> None:
        """See that all was as each platform wants it, and nobody was answered twice."""
        for wire in self._wires.values():
            wire.look()

    @property
    def settings(self) -> dict[str, str]:
        """Say to the program where it all is."""
        return {
            **slack_wire.settings(self._slack, self._key),
            **telegram_wire.settings(self._telegram, self._key),
            **discord_wire.settings(self._discord, self._key),
        }

    async def seed(self, folder: Path) -> None:
        """Sign everybody up before the program starts."""
        await slack_wire.seed(folder, self._key)
        await telegram_wire.seed(folder, self._key, self._telegram.persons)
        await discord_wire.seed(folder, self._key, self._discord.persons)

    async def listening(self) -> None:
        """Wait until the program is connected with all three."""
        await asyncio.gather(
            self._slack.server.connected(2, 30),
            telegram_wire.listening(self._telegram),
            self._discord.server.connected(1, 30),
        )

    async def left(self) -> None:
        """Wait until the program is connected with none: it has ended."""
        slack, telegram, discord = self._slack.server, self._telegram.server, self._discord.server
        for bot in self._telegram.bots:
            telegram.supersede(bot, "the connection has ended")
        await slack.until(lambda: not slack.connections)
        await telegram.until(lambda: not telegram.polling)
        await discord.until(lambda: not discord.alive)


@asynccontextmanager
async def platforms() -> AsyncIterator[Together]:
    """Start the three local servers."""
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackServer(seed=1))
        telegram = await stack.enter_async_context(TelegramServer(seed=1))
        discord = await stack.enter_async_context(DiscordServer(seed=1))
        yield Together(Slack(slack), Telegram(telegram), Discord(discord), new_key())


@asynccontextmanager
async def started(folder: Path, together: Together) -> AsyncIterator[Run]:
    """Start the program, and wait until it is connected."""
    async with running(folder, together.settings, together.listening()) as run:
        yield run


async def idle(folder: Path) -> dict[str, object]:
    """Start the program several times, and let it do nothing; gives its start in seconds and its memory."""
    starts: list[float] = []
    memory: float | None = None
    async with platforms() as together:
        await together.seed(folder)
        for number in range(STARTS):
            async with started(folder, together) as run:
                starts.append(run.start_s)
                if number == STARTS - 1:
                    await asyncio.sleep(IDLE_SECONDS)
                    memory = run.peak_mb
            await together.left()
    return {"start_s": round(statistics.median(starts), 2), "idle_memory_mb": memory}


@asynccontextmanager
async def wire(folder: Path) -> AsyncIterator[Wire]:
    """Start the three local servers and the program."""
    async with platforms() as together:
        await together.seed(folder)
        async with started(folder, together):
            # What is there by now stays: the sender must not stop to look through it.
            gc.collect()
            gc.freeze()
            try:
                yield together
            finally:
                gc.unfreeze()
