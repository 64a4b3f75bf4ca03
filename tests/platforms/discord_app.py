"""A local Discord with a guild and people, and the real library: what its own tests are made with."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
from discord.http import Route

from tests.platforms.discord_limits import V2
from tests.platforms.discord_server import DiscordServer, Guild, Json, Person

QUIET: Json = {"parse": []}
FIND = {
    "name": "mentor",
    "type": 1,
    "description": "Mentoring",
    "name_localizations": {"es-ES": "mentora"},
    "options": [
        {
            "name": "find",
            "type": 1,
            "description": "Find a mentor",
            "options": [{"name": "words", "type": 3, "description": "What about", "autocomplete": True}],
        },
        {"name": "help", "type": 1, "description": "Help"},
    ],
}
MENUS = [{"name": "Ask to mentor me", "type": 2}, {"name": "Report", "type": 3}]
Answer = Callable[["Client", Json], Awaitable[None]]


def said(text: str, *buttons: tuple[str, str], flags: int = 0) -> Json:
    """A message of components: a text, and a row of buttons (label, custom_id)."""
    rows = [{"type": 2, "style": 2, "label": label, "custom_id": name} for label, name in buttons]
    row = [{"type": 1, "components": rows}] if rows else []
    components = [{"type": 10, "content": text}, *row]
    return {"flags": V2 | flags, "components": components, "allowed_mentions": QUIET}


class Client(discord.Client):
    """The library, with every frame kept as it came, and interactions handed on as they came."""

    def __init__(self, **options: Any) -> None:
        intents = discord.Intents(guilds=True, dm_messages=True)
        super().__init__(intents=intents, enable_debug_events=True, guild_ready_timeout=0.1, **options)
        self.frames: list[Json] = []
        self.answer: Answer | None = None
        self.heard: Callable[[], None] = lambda: None

    async def on_socket_raw_receive(self, message: str) -> None:
        frame = json.loads(message)
        self.frames.append(frame)
        self.heard()
        if frame.get("t") == "INTERACTION_CREATE" and self.answer is not None:
            await self.answer(self, frame["d"])

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing: the library would be polite for five seconds."""

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """Say nothing: what a handler raises, its test looks for."""

    def told(self, kind: str) -> list[Json]:
        """What it was told of this kind, oldest first."""
        return [frame["d"] for frame in self.frames if frame.get("t") == kind]

    async def call(self, verb: str, path: str, body: Any = None, **more: Any) -> Any:
        """Ask something of Discord."""
        if body is not None:
            more["json"] = body
        return await self.http.request(Route(verb.upper(), path), **more)

    async def reply(self, interaction: Json, kind: int, data: Json | None = None) -> Any:
        """Answer an interaction."""
        route = Route(
            "POST",
            "/interactions/{webhook_id}/{webhook_token}/callback",
            webhook_id=interaction["id"],
            webhook_token=interaction["token"],
        )
        return await self.http.request(route, json={"type": kind, **({"data": data} if data else {})})


@dataclass
class World:
    server: DiscordServer
    guild: Guild
    ana: Person
    client: Client = field(default_factory=Client)

    async def dm(self, person: Person | None = None) -> str:
        """Open the conversation with somebody: where it is."""
        user = (person or self.ana).id
        opened = await self.client.call("post", "/users/@me/channels", {"recipient_id": user})
        return f"/channels/{opened['id']}/messages"

    def answers(self, kind: int, data: Json | None = None) -> None:
        """Let every interaction be answered so."""

        async def answer(client: Client, interaction: Json) -> None:
            await client.reply(interaction, kind, data)

        self.client.answer = answer


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    # The log is for what the program sends, and these tests send what Discord refuses.
    monkeypatch.delenv("WIRE_LOG", raising=False)
    async with DiscordServer(seed=1) as server:
        with server.patched():
            guild = server.guild("5001", "Academy")
            made = World(server, guild, guild.person("101", name="Ana Ruiz", locale="es-ES"))
            made.client.heard = server.changed
            running = asyncio.create_task(made.client.start(server.token))
            await server.connected()
            await made.client.call("put", f"/applications/{server.app_id}/commands", [FIND, *MENUS])
            yield made
            await made.client.close()
            with suppress(asyncio.CancelledError, discord.DiscordException):
                await running


async def refused(call: Awaitable[Any]) -> int:
    """Wait for a refusal: its code."""
    with pytest.raises(discord.HTTPException) as error:
        await call
    return error.value.code
