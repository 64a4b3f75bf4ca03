"""The whole program with Slack as its platform, in the test's own process: the real adapter against a local Slack.

async with SlackServer(seed=1) as slack, running(slack, url) as bot:
await bot.said("mentorships")                     # something of this kind was logged
await bot.send("UBEN", "line 1")                  # a push, through the outbox
await slack.until(lambda: bot.outcomes(Sent))     # what became of pushes so far
rows(url, "SELECT state FROM outbox")                 # at the end everything is written down
"""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from bot.adapters.pacing import FREE, Course, Pacing
from bot.adapters.slack.adapter import Slack
from bot.app import App, open_app
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import Address, Delivery, Place, Rendered
from bot.turn import Message
from core import users
from core.store.database import sqlite_path
from tests.kills import seed
from tests.platforms.slack_server import SlackServer
from tests.world import settings

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""
AT_ANY_HOUR = {
    "messages__quiet_from": "00:00",
    "messages__quiet_to": "00:00",
    "messages__daily_cap": "50",
    "messages__flood_events": "1000",
    "messages__flood_seconds": "1",
}


def unpaced() -> Pacing:
    """No pace but what Slack asks for: these tests are not about pacing."""
    return Pacing(lambda _: Course(FREE, "everything", FREE))


class Watched(Slack):
    """The adapter; what became of each push is looked at from outside."""

    def __init__(self, slack: SlackServer, mode: str = "socket", app_token: str = "", **more: Any) -> None:
        """Use the tokens of all workspaces there are."""
        tokens = [team.bot_token for team in slack.teams.values()]
        super().__init__(
            tokens,
            app_token or slack.app_token,
            slack.signing_secret,
            mode,
            slack.api_url,
            **{"pacing": unpaced(), **more},
        )
        self.pushed: list[tuple[str, str, Delivery]] = []
        self._server = slack

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        delivery = await super().push(to, message, once)
        self.pushed.append((to.id, once, delivery))
        self._server.changed()
        return delivery


class Log(logging.Handler):
    """What is logged, for those who wait for it."""

    def __init__(self, slack: SlackServer) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []
        self._slack = slack
        self._loop = asyncio.get_running_loop()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname}: {record.getMessage()}")
        self._loop.call_soon_threadsafe(self._slack.changed)


@dataclass
class Running:
    """A running program."""

    slack: SlackServer
    adapter: Watched
    log: Log
    app: App
    sent: int = field(default=0)

    async def said(self, words: str, seconds: float = PATIENCE) -> str:
        """Wait until a line with these words is logged; gives the line."""
        await self.slack.until(lambda: any(words in line for line in self.log.lines), seconds)
        return next(line for line in self.log.lines if words in line)

    def outcomes(self, kind: type[Any], to: str = "") -> list[Delivery]:
        """Give the outcomes of pushes of this kind, of those to one person if named (`T1/UANA`)."""
        return [
            delivery for who, _, delivery in self.adapter.pushed if isinstance(delivery, kind) and to in who
        ]

    async def send(self, *texts: tuple[str, str], in_order: bool = False) -> None:
        """Put messages into the outbox, each for somebody (`T1/UANA`), and have them delivered."""

        def put(tx: Connection) -> None:
            for who, text in texts:
                account = users.account_at(tx, at(who))
                assert account is not None
                assert account.user_id is not None
                self.sent += 1
                message = Message("room.message", {"author": "Olga", "text": text})
                once, stream = f"test:{self.sent}", f"test:{who}" if in_order else None
                letter = Letter("room.trouble", account.user_id, message, once, stream=stream)
                box.put(tx, self.app.clock(), letter)

        await self.app.database.write(put)
        self.app.outbox.wake.set()


def at(who: str) -> Address:
    """Give the address of somebody on Slack; without a workspace, in the first."""
    return Address("slack", who if "/" in who else f"T1/{who}")


async def pairs(slack: SlackServer, url: str, *names: tuple[str, str]) -> None:
    """Let pairs join, in their workspaces and in the program; each writes into their room from now on."""
    for who in (who for pair in names for who in pair):
        team, _, user = at(who).id.partition("/")
        slack.team(team).person(user, name=user.removeprefix("U").title(), tz="Europe/Madrid", locale="en-GB")
    made = await seed.pairs(url, None, names, where=at)
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path)) as database, database:
        for pair in made:
            for who in (pair.mentee, pair.mentor):
                database.execute("UPDATE addresses SET room_id = ? WHERE id = ?", (pair.room, at(who).id))


@asynccontextmanager
async def running(
    slack: SlackServer, url: str, adapter: Watched | None = None, **more: str
) -> AsyncIterator[Running]:
    """Run the program until the end of the block, and then stop it as a signal would; `a__b` sets the key `a.b`.

    It is connected when the block begins, unless the adapter is given.
    """
    given = adapter or Watched(slack)
    log, root, stop = Log(slack), logging.getLogger(), asyncio.Event()
    before = root.level
    root.addHandler(log)
    root.setLevel(logging.INFO)
    try:
        async with open_app(settings(url, **AT_ANY_HOUR, **more), [given]) as app:
            bot = Running(slack, given, log, app)
            life = asyncio.create_task(app.run(stop))
            try:
                if adapter is None:
                    await asyncio.wait_for(given.listening.wait(), PATIENCE)
                yield bot
            finally:
                stop.set()
                await life
    finally:
        root.removeHandler(log)
        root.setLevel(before)


@contextmanager
def locked(url: str) -> Iterator[sqlite3.Connection]:
    """Take the one place of a writer, so that every commit waits until the end of the block."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other
        other.execute("ROLLBACK")


def rows(url: str, query: str, *values: object) -> list[tuple[Any, ...]]:
    """Look into the database from beside."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(f"file:{Path(path)}?mode=ro", uri=True)) as database:
        return database.execute(query, values).fetchall()
