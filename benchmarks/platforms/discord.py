"""Sign-ups on Discord: through the program, with and without what discord.py does before it, and through discord.py."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import discord
from discord.gateway import DiscordWebSocket
from sqlalchemy import Connection, func, select

from benchmarks.peers.discord import BOT, Body, Payload, signed_up
from benchmarks.peers.discord_py import Peer, start
from benchmarks.platforms import OURS, Contender
from bot.adapters.discord import connection
from bot.adapters.discord.answers import plan, written
from bot.adapters.discord.parse import parse
from bot.adapters.discord.surface import Heard
from bot.adapters.pacing import FREE, Course, Pacing
from bot.app import App, open_app
from bot.config import load
from bot.program import program as offered
from core.store.tables import runs, users
from core.store.types import new_key

THROUGH, DISPATCH, MEMORY = "through_discord_py", "discord_py_dispatch", "discord_py"
DURABILITY = "SQLite, synchronous=FULL: fsync before the answer; answers sealed; an event has its effect once"
LOCALE = "en-GB"
SECONDS = 15.0
APART = 1_000_000
"""People of one contender and of the next."""


@dataclass(slots=True)
class Ours:
    """The program, spoken to as its adapter does; nothing is sent."""

    app: App
    words: Mapping[str, str]
    durability: str = DURABILITY
    finished: int = 0

    async def take(self, frame: Body) -> Payload:
        """Take a frame to the JSON that would be sent for it; gives the modal in it, or the last message."""
        heard = parse(frame, BOT)
        assert isinstance(heard, Heard)
        answer = await self.app.router.handle(heard.incoming)
        assert answer.saved
        if heard.surface.interaction:
            shown = plan(heard, answer, self.words)
            bodies = [*([] if shown.first is None else [shown.first[0]]), *(part for part, _ in shown.rest)]
            assert json.dumps([shown.kind, *bodies])
        else:
            bodies = [part for part, _ in written(heard, answer)]
            assert json.dumps(bodies)
        return bodies[-1]

    async def sign_up(self, user: int) -> int:
        """Sign somebody up."""
        events = await signed_up(self.take, user)
        self.finished += 1
        return events


class Through:
    """The program behind the library, which receives each frame as its client has it in the adapter."""

    def __init__(self, program: Ours) -> None:
        """Take the same program: other people sign up."""
        self.durability = program.durability
        self._program = program
        self._waiting: dict[str, asyncio.Future[Payload]] = {}
        pacing = Pacing(lambda _: Course(FREE, "all", FREE))
        self._client = connection.make(0, self._hear, asyncio.Event(), pacing, SECONDS)

    async def open(self) -> None:
        """Connect it with nothing: frames are put into its websocket."""
        await start(self._client)
        self._socket = received_by(self._client)

    async def _hear(self, frame: Mapping[str, Any]) -> None:
        body = frame.get("d") or {}
        if waiting := self._waiting.pop(body.get("id", ""), None):
            try:
                waiting.set_result(await self._program.take(dict(frame)))
            except BaseException as error:
                waiting.set_exception(error)
                raise

    async def take(self, frame: Body) -> Payload:
        """Receive a frame as it is on the wire."""
        answered: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self._waiting[frame["d"]["id"]] = answered
        await self._socket.received_message(json.dumps(frame))
        return await answered

    async def sign_up(self, user: int) -> int:
        """Sign somebody up."""
        events = await signed_up(self.take, user + APART)
        self._program.finished += 1
        return events


def received_by(client: discord.Client) -> DiscordWebSocket:
    """Make a websocket of a client's, without a connection, as the library makes it."""
    state = client._connection  # noqa: SLF001  the library's own way needs a server
    socket = DiscordWebSocket(None, loop=client.loop)  # type: ignore[arg-type]  # nothing is read from it
    socket._connection = state  # noqa: SLF001  the same
    socket._discord_parsers = state.parsers  # noqa: SLF001  the same
    socket._dispatch = client.dispatch  # noqa: SLF001  the same
    socket.shard_id = None
    if client._enable_debug_events:  # noqa: SLF001  the same
        socket.log_receive = socket.debug_log_receive  # type: ignore[method-assign]
    return socket


class Listening(discord.Client):
    """The library's dispatch alone, to handlers that do nothing; `shown` is what ours answers."""

    durability = "none: it keeps nothing, knows nothing of repeated events and answers with nothing"

    def __init__(self, shown: tuple[list[Payload], list[Payload]]) -> None:
        """Listen to interactions and messages."""
        super().__init__(intents=discord.Intents(guilds=True, dm_messages=True), max_messages=None)
        self._shown = shown
        self._heard = 0

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Hear one."""
        del interaction
        self._heard += 1

    async def on_message(self, message: discord.Message) -> None:
        """Hear one."""
        del message
        self._heard += 1

    async def sign_up(self, user: int) -> int:
        """Dispatch all that Discord delivers while somebody signs up."""
        shown = iter(self._shown[user % 2])
        before = self._heard

        async def take(frame: Body) -> Payload:
            self._connection.parsers[frame["t"]](frame["d"])
            # What was dispatched runs before whoever waits goes on.
            await asyncio.sleep(0)
            return next(shown)

        events = await signed_up(take, user)
        assert self._heard > before
        return events


class InMemory:
    """A conversation of discord.py's."""

    durability = "none: its state is lost with the process"

    def __init__(self, peer: Peer) -> None:
        """Speak to a peer."""
        self._peer = peer

    async def sign_up(self, user: int) -> int:
        """Sign somebody up."""
        return await signed_up(self._peer.take, user)


@asynccontextmanager
async def contenders(folder: Path) -> AsyncIterator[dict[str, Contender]]:
    """Open all on a fresh database, and see at the end that everybody who began is signed up."""
    given = {"encryption.keys": new_key()}
    settings = load(None, {"MENTORBOT_HOME": str(folder)}, given, folder)
    async with open_app(settings, []) as app:
        program = Ours(app, offered(app.router, app.world).words(LOCALE))
        through, peer = Through(program), Peer()
        shown: tuple[list[Payload], list[Payload]] = ([], [])
        for way, kept in enumerate(shown):

            async def keep(frame: Body, kept: list[Payload] = kept) -> Payload:
                kept.append(await program.take(frame))
                return kept[-1]

            # What only listens, and answers with nothing, is given what somebody was shown.
            await signed_up(keep, 2 * APART + way)
        listening = Listening(shown)
        await start(listening)
        await through.open()
        await peer.open()
        yield {OURS: program, THROUGH: through, DISPATCH: listening, MEMORY: InMemory(peer)}
        assert await app.database.read(_counted) == (len(shown) + program.finished, 0)


def _counted(tx: Connection) -> tuple[int, int]:
    """Count the users there are and the forms that are open."""
    people, forms = (
        tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (users, runs)
    )
    return people, forms
