"""The whole program with one platform, in the test's own process: the real adapter against a local server.

async with SlackServer(seed=1) as slack, running(url, slack, adapter, at) as bot:
await bot.said("mentorships")                     # something of this kind was logged
await bot.send(("UBEN", "line 1"))                # a push, through the outbox
await slack.until(lambda: bot.outcomes(Sent))     # what became of pushes so far
rows(url, "SELECT state FROM outbox")             # at the end everything is written down
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Connection

from bot.adapters.pacing import FREE, Course, Pacing
from bot.app import App, open_app
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import Adapter, Address, Delivery
from bot.turn import Message
from core import users
from core.store.database import sqlite_path
from tests.kills import seed
from tests.platforms.kit import WireServer
from tests.world import settings

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""
BY_ITSELF = tuple(f'INSERT INTO "{table}" ' for table in ("waits", "work", "leases", "sqlite_sequence"))
AT_ANY_HOUR = {
    "messages__quiet_from": "00:00",
    "messages__quiet_to": "00:00",
    "messages__daily_cap": "50",
    "messages__flood_events": "1000",
    "messages__flood_seconds": "1",
}


def unpaced() -> Pacing:
    """No pace but what the platform asks for: these tests are not about pacing."""
    return Pacing(lambda _: Course(FREE, "everything", FREE))


class Watched(Adapter, Protocol):
    """An adapter; what became of each push is looked at from outside."""

    listening: asyncio.Event
    pushed: list[tuple[str, str, Delivery]]


class Log(logging.Handler):
    """What is logged, for those who wait for it."""

    def __init__(self, server: WireServer) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self._server = server
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname}: {record.getMessage()}")
        self._loop.call_soon_threadsafe(self._server.changed)


A = TypeVar("A", bound=Watched)


@dataclass
class Running(Generic[A]):
    """A running program."""

    server: WireServer
    adapter: A
    log: Log
    app: App
    at: Callable[[str], Address]
    """Gives somebody's address."""
    sent: int = field(default=0)

    async def said(self, words: str, seconds: float = PATIENCE) -> str:
        """Wait until a line with these words is logged; gives the line."""
        await self.server.until(lambda: any(words in line for line in self.log.lines), seconds)
        return next(line for line in self.log.lines if words in line)

    def outcomes(self, kind: type[Any], to: str = "") -> list[Delivery]:
        """Give the outcomes of pushes of this kind, of those to one person if named (`T1/UANA`)."""
        return [
            delivery for who, _, delivery in self.adapter.pushed if isinstance(delivery, kind) and to in who
        ]

    async def send(self, *texts: tuple[str, str], in_order: bool = False) -> None:
        """Put messages into the outbox, each for somebody, and have them delivered."""

        def put(tx: Connection) -> None:
            for who, text in texts:
                account = users.account_at(tx, self.at(who))
                assert account is not None
                assert account.user_id is not None
                self.sent += 1
                message = Message("room.message", {"author": "Olga", "text": text})
                once, stream = f"test:{self.sent}", f"test:{who}" if in_order else None
                letter = Letter("room.trouble", account.user_id, message, once, stream=stream)
                box.put(tx, self.app.clock(), letter)

        await self.app.database.write(put)
        self.app.outbox.wake.set()


async def paired(url: str, names: Sequence[tuple[str, str]], at: Callable[[str], Address]) -> None:
    """Let pairs join the program; each writes into their room from now on."""
    made = await seed.pairs(url, None, names, where=at)
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path)) as database, database:
        for pair in made:
            for who in (pair.mentee, pair.mentor):
                database.execute("UPDATE addresses SET room_id = ? WHERE id = ?", (pair.room, at(who).id))


@asynccontextmanager
async def running(
    url: str, server: WireServer, adapter: A, at: Callable[[str], Address], **more: str
) -> AsyncIterator[Running[A]]:
    """Run the program until the end of the block, and then stop it as a signal would; `a__b` sets the key `a.b`."""
    log, root, stop = Log(server), logging.getLogger(), asyncio.Event()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    try:
        async with open_app(settings(url, **AT_ANY_HOUR, **more), [adapter]) as app:
            life = asyncio.create_task(app.run(stop))
            try:
                yield Running(server, adapter, log, app, at)
            finally:
                stop.set()
                await life
    finally:
        root.removeHandler(log)
        root.setLevel(before)


async def connected(adapter: Watched) -> None:
    """Wait until an adapter takes what comes."""
    await asyncio.wait_for(adapter.listening.wait(), PATIENCE)


@contextmanager
def locked(url: str) -> Iterator[sqlite3.Connection]:
    """Take the one place of a writer, so that every commit waits until the end of the block."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.execute("ROLLBACK")


def everything(url: str) -> list[str]:
    """Give the whole database as text, but for what goes on by itself: the night comes when the program has begun."""
    with closing(sqlite3.connect(f"file:{sqlite_path(url)}?mode=ro", uri=True)) as database:
        lines = list(database.iterdump())
    return [line for line in lines if not line.startswith(BY_ITSELF)]


def rows(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Look into the database from beside."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(f"file:{Path(path)}?mode=ro", uri=True)) as database:
        return database.execute(query, values).fetchall()
