"""Plays people on the console as another program does: over a socket, to a program that runs as it does for real.

Everybody has a connection of their own, which carries what they do and confirms what they are sent. Adapters,
delivery and ticks are those of `App.run`; only the clock is simulated.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from bot.adapters.console import LINE_LIMIT, Console
from bot.app import open_app
from bot.config import Settings
from bot.outbox.box import READY, SENDING
from bot.reminders import waits
from bot.stage.driver import ConsoleDriver, Opened, Screens, Told
from core.store.tables import outbox

PATIENCE = 60.0
"""Seconds after which something that should have happened has not."""

UNDER_WAY = (
    select(outbox.c.id)
    .where(or_(outbox.c.state == SENDING, and_(outbox.c.state == READY, outbox.c.due_at <= bindparam("now"))))
    .limit(1)
)


@dataclass(slots=True)
class Line:
    """Somebody's connection: it shows and confirms what comes, and hands answers to those who wait for them."""

    who: str
    writer: asyncio.StreamWriter
    screens: Screens
    names: dict[str, str]
    """What messages are called on the screens, by the `once` of their pushes: all connections share it."""
    waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = field(default_factory=dict)
    listening: asyncio.Task[None] | None = None
    searches: int = 0

    def send(self, data: Mapping[str, Any]) -> None:
        """Write a line; lines arrive in the order in which this was called."""
        self.writer.write(json.dumps(data).encode() + b"\n")

    async def ask(self, id_: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Write a line and wait for what answers it."""
        self.waiting[id_] = asyncio.get_running_loop().create_future()
        self.send(data)
        async with asyncio.timeout(PATIENCE):
            return await self.waiting[id_]

    async def search(self, who: str, source: str, typed: str) -> Sequence[tuple[str, str]]:
        """Ask what there is to choose from: (value, label)."""
        self.searches += 1
        id_ = f"search {self.searches}"
        found = await self.ask(id_, {"id": id_, "who": who, "search": source, "typed": typed})
        return [(value, label) for value, label in found["values"]]

    async def listen(self, reader: asyncio.StreamReader) -> None:
        """Take what comes until the connection ends."""
        with suppress(ConnectionError):
            while line := await reader.readline():
                self._take(json.loads(line))
        self.writer.close()
        for waiting in self.waiting.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the program has hung up"))

    def _take(self, data: Mapping[str, Any]) -> None:
        match data:
            case {"push": number, "to": to, "once": once, "message": message}:
                self.names[once] = self.screens.show(self._mine(to), "push", message)
                self.send({"ack": number})
            case {"push": number, "to": to, "edits": once, "message": message}:
                self.screens.replace(self.names[once], self._mine(to), message)
                self.send({"ack": number})
            case {"answer": id_, "messages": messages}:
                for message in messages:
                    self.screens.show(self.who, "answer", message)
                self.waiting.pop(id_).set_result(data)
            case {"options": id_}:
                self.waiting.pop(id_).set_result(data)
            case _:
                raise AssertionError(data)

    def _mine(self, to: str) -> str:
        assert to == self.who, f"{self.who} got what was for {to}"
        return to


class SocketDriver(ConsoleDriver):
    """Plays people over a Unix socket, against a running program with simulated time."""

    def __init__(self, settings: Settings, now: datetime, names: Told, opened: Opened = open_app) -> None:
        """Prepare a program for these people, at a moment of simulated time."""
        super().__init__(settings, now, names, opened)
        self.path = Path()
        self._lines: dict[str, Line] = {}
        self._sent: dict[str, str] = {}

    async def open(self) -> None:
        """Start the program, and let everybody connect who is known."""
        self.path = Path(self._stack.enter_context(TemporaryDirectory(prefix="mentorbot-"))) / "socket"
        console = Console(self.path)
        self._app = await self._stack.enter_async_context(
            self._opened(self._settings, [console], self.clock, "run", say=lambda _: None)
        )
        stop = asyncio.Event()
        running = asyncio.create_task(self._app.run(stop))
        self._stack.push_async_callback(self._stopped, running, stop)
        listening = asyncio.create_task(console.listening.wait())
        await asyncio.wait({running, listening}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        assert listening.done(), running
        for who in self._names:
            await self._line(who)

    async def _stopped(self, running: asyncio.Task[None], stop: asyncio.Event) -> None:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await running
            await asyncio.gather(*(line.listening for line in self._lines.values() if line.listening))
        self._lines.clear()

    async def _line(self, who: str) -> Line:
        """Give somebody's connection; where it is there already nothing is waited for, which keeps the order."""
        if who not in self._lines:
            reader, writer = await asyncio.open_unix_connection(self.path, limit=LINE_LIMIT)
            line = self._lines[who] = Line(who, writer, self.screens, self._sent)
            line.listening = asyncio.create_task(line.listen(reader))
            line.send({"hello": [who]})
            # A connection's lines are taken in order: what is answered was read after the hello.
            await line.search(who, "", "")
        return self._lines[who]

    async def options(self, who: str, key: str, typed: str) -> Sequence[str]:
        """Give what is offered while somebody types."""
        found = await (await self._line(who)).search(who, self._source(who, key), typed)
        return [label for _, label in found]

    async def _deliver(self, event: Mapping[str, Any]) -> None:
        await (await self._line(event["who"])).ask(event["id"], event)
        await self.settle()

    async def settle(self) -> None:
        """Wait until the running delivery has nothing left that is due, and neither have the waits."""
        async with asyncio.timeout(PATIENCE):
            await self.app.tick()
            self.app.outbox.wake.set()  # simulated time has moved, which no clock of the delivery's tells
            while await self._under_way():
                while await self._under_way():
                    pass  # each look at the database lets the delivery go on
                await self.app.tick()

    async def _under_way(self) -> bool:
        now = self.clock.now
        return bool(await self.app.database.read(lambda tx: tx.execute(UNDER_WAY, {"now": now}).first()))

    async def advance(self, time: timedelta) -> None:
        """Let time pass, from one thing that is due to the next; each is delivered before the next."""
        until = self.clock.now + time
        await self.settle()
        while (moment := await self.app.database.read(waits.next_due)) is not None and moment <= until:
            self.clock.now = max(self.clock.now, moment)
            await self.settle()
        self.clock.now = max(self.clock.now, until)
        await self.settle()
