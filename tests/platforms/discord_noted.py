"""Discord as a driver runs it: unpaced, patient; the adapter notes what no wire tells."""

import asyncio
from dataclasses import replace
from functools import partial

from bot.adapters.discord.adapter import Discord
from bot.adapters.discord.payload import Body
from bot.adapters.pacing import FREE, Course, Pacing
from bot.ports import Address, Answer, Delivery, Handle, Incoming, Place, Program, Ref, Rendered, Sent
from tests.platforms.discord_server import DiscordServer, File

REMEMBERED = 20


def at_once(name: str) -> Course:
    """Let everything pass: what is tested here is not the pace, and real seconds are few."""
    del name
    return Course(FREE, "all", FREE)


class Naming(DiscordServer):
    """A Discord on which files have the addresses that forms name: the last part of one is the file's id there."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it."""
        super().__init__(seed)
        self.file_ids: dict[str, str] = {}
        """By the name of the file."""

    def keep_file(self, name: str, data: bytes, mime: str = "", description: str = "") -> File:
        """Put a file on Discord."""
        file = super().keep_file(name, data, mime, description)
        file.url = f"{self.url}/attachments/{file.id}/{self.file_ids.get(name, name)}"
        return file


class Noted(Discord):
    """Discord as it is; it notes what it has heard, what came unprompted and which answers were given."""

    def __init__(self, server: DiscordServer, rooms: tuple[str, ...], patience: float) -> None:
        """Prepare it for a server; `rooms` are the channels in which pairs get threads."""
        super().__init__(
            server.token,
            server.api_url,
            server.gateway_url,
            room_channels=rooms,
            pacing=Pacing(at_once),
            patience=patience,
        )
        self._server = server
        self.heard = 0
        """How many events of the gateway were taken, and are over but for what is shown."""
        self.pushed: set[str] = set()
        self.edited: set[str] = set()
        self.answers: dict[str, list[Answer]] = {}
        """Those with forms, by the id of an address, the newest first."""
        self.gate = asyncio.Event()
        """Closed, nothing is answered."""
        self.gate.set()

    async def run(self, program: Program) -> None:
        """Receive what happens."""
        await super().run(replace(program, handle=partial(self._noted, program.handle)))

    async def _hear(self, frame: Body) -> None:
        try:
            await super()._hear(frame)
        finally:
            self.heard += "t" in frame and frame["t"] is not None
            self._server.changed()

    async def _noted(self, handle: Handle, incoming: Incoming) -> Answer:
        await self.gate.wait()
        answer = await handle(incoming)
        if answer.form is not None and answer.form.fields:
            self.answers[incoming.who.id] = [answer, *self.answers.get(incoming.who.id, [])][:REMEMBERED]
        return answer

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message."""
        delivery = await super().push(to, message, once)
        if isinstance(delivery, Sent):
            self.pushed.add(delivery.ref)
        return delivery

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        delivery = await super().edit(ref, message)
        if isinstance(delivery, Sent):
            self.edited.add(ref.id)
        return delivery
