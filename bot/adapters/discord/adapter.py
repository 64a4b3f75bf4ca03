"""Discord: every frame of the gateway read as it came, every interaction answered once what it changes is on disk.

An interaction has three seconds for its one response. Where the commit takes longer than two, the person gets a
button that promises nothing, and the answer in its place as soon as there is one.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.discord import connection, listing, messages, send, suggestions
from bot.adapters.discord.answers import CONTINUE, Answers
from bot.adapters.discord.calls import AWAY, CALL_SECONDS, Calls, Failed, course
from bot.adapters.discord.channels import Channels
from bot.adapters.discord.drafts import Drafts
from bot.adapters.discord.missed import Missed
from bot.adapters.discord.parse import deleted, parse
from bot.adapters.discord.payload import id_in
from bot.adapters.discord.permissions import application_in
from bot.adapters.discord.surface import Heard, Left, Looked, Removed, Signal
from bot.adapters.discord.whispers import Whispers
from bot.adapters.pacing import Pacing
from bot.adapters.presses import picked
from bot.adapters.showing import Showing
from bot.ports import (
    Address,
    Answer,
    Delivery,
    File,
    Place,
    Pressed,
    Program,
    Ref,
    Refused,
    Rendered,
    Route,
    Shut,
    Submitted,
)
from bot.richtext import Text

log = logging.getLogger(__name__)

NAME = "discord"
PATIENCE = 2.0
"""Seconds after which something is said without the answer: Discord waits for three."""
ALIVE_SECONDS = 0.5
"""After so long without an answer, somebody who wrote is shown that one is being written."""
FINISH_SECONDS = 6.0
MOST = 10_000


@dataclass(slots=True)
class Held:
    """Something that is still being done, and for which there was no time; `taken` where somebody waits for it."""

    doing: asyncio.Task[Answer]
    taken: bool = False


class Discord:
    """Discord as an adapter, for one bot in any number of servers."""

    name = NAME
    screen = 3800
    """Characters that one message shows, with room for the rest of it."""
    routes: Sequence[Route] = ()

    def __init__(
        self,
        token: str,
        api_url: str,
        gateway_url: str,
        shards: int = 0,
        room_channels: Sequence[str] = (),
        *,
        pacing: Pacing | None = None,
        patience: float = PATIENCE,
        seconds: float = CALL_SECONDS,
    ) -> None:
        """`shards` is how many connections share the servers, 0 for one; `room_channels` take threads of pairs.

        `patience` is how many seconds a commit may take until something is said without the answer. After `seconds`
        without an answer of Discord's nobody knows what has become of what was sent.
        """
        self._token = token
        self._api_url = api_url
        self._gateway_url = gateway_url
        self._shards = shards
        self._rooms = tuple(room_channels)
        self._patience = patience
        self._seconds = seconds
        self._calls = Calls(pacing or Pacing(course), seconds)
        self._channels = Channels(self._calls)
        self._missed = Missed(self._calls)
        self._drafts = Drafts()
        self._whispers = Whispers(self._calls)
        self._showing = Showing()
        self._answers = Answers(self._calls, self._showing)
        self._program: Program | None = None
        self._files: aiohttp.ClientSession | None = None
        self.listening = asyncio.Event()
        self.leases: Sequence[str] = (f"{NAME}:{application_in(token)}",)
        self._begun: set[asyncio.Task[None]] = set()
        self._taken: OrderedDict[str, None] = OrderedDict()
        self._held: dict[str, Held] = {}

    # --- What comes in ------------------------------------------------------------------------------------------

    async def run(self, program: Program) -> None:
        """Receive what happens until cancelled, then finish what has begun."""
        connection.point(self._api_url, self._gateway_url)
        seconds = self._seconds
        client = connection.make(self._shards, self._hear, self.listening, self._calls.pacing, seconds)
        async with aiohttp.ClientSession() as self._files, client:
            self._calls.id = await connection.sign_in(client, self._token, seconds)
            self._calls.client = client
            await listing.publish(self._calls, program)
            self._program = program
            try:
                await connection.listen(client)
            finally:
                # Nothing new is taken; what was taken is answered while the connections are still there.
                self._program = None
                self.listening.clear()
                await self._finish()
                self._calls.client = None

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                await self.quiet()
        except TimeoutError:
            log.warning("stopped before everything was answered")

    async def quiet(self) -> None:
        """Wait until every answer that was begun is shown."""
        while self._begun:
            await asyncio.wait(self._begun)
        await self._showing.quiet()

    async def _hear(self, frame: Mapping[str, Any]) -> None:
        """Take a frame."""
        if frame.get("t") == "READY":
            self._missed.begin()
        program = self._program
        signal = parse(frame, self._calls.id) if program is not None else None
        if program is None or signal is None:
            return
        task = asyncio.current_task()
        assert task is not None
        self._begun.add(task)
        try:
            await self._take(program, signal)
        finally:
            self._begun.discard(task)

    async def _take(self, program: Program, signal: Signal) -> None:
        match signal:
            case Heard() as heard:
                await self._heard(program, heard)
            case Looked() as looked:
                found = await program.suggest(looked.search)
                self._answers.offer(looked, suggestions.choices(looked, found))
            case Removed() as removed:
                if person := await self._channels.whose(removed.channel):
                    await self._heard(program, deleted(removed, person))
            case Left(guild):
                log.warning("the server %s has removed the bot: nobody in it alone can be reached", guild)

    async def _heard(self, program: Program, heard: Heard) -> None:
        began = asyncio.get_running_loop().time()
        if not self._is_new(heard):
            return
        if heard.surface.kind == "chat" and heard.surface.channel:
            self._channels.learn(heard.user, heard.surface.channel)
        self._whispers.seen(heard)
        event = heard.incoming.event
        held = self._held.get(heard.user)
        if isinstance(event, Pressed) and event.action == CONTINUE and held is not None and not held.taken:
            held.taken = True
            doing = held.doing
        else:
            doing = asyncio.create_task(self._do(program, heard))
        if heard.surface.interaction:
            await self._answered(program, heard, doing, began + self._patience)
        else:
            await self._written(heard, doing)

    def _is_new(self, heard: Heard) -> bool:
        """Whether something comes for the first time: what was taken is answered, and only once."""
        if heard.incoming.id in self._taken:
            return False
        self._taken[heard.incoming.id] = None
        if len(self._taken) > MOST:
            self._taken.popitem(last=False)
        return True

    async def _answered(
        self, program: Program, heard: Heard, doing: asyncio.Task[Answer], until: float
    ) -> None:
        """Answer an interaction in time; or say that it is still being done, and answer when it is."""
        left = until - asyncio.get_running_loop().time()
        done, _ = await asyncio.wait({doing}, timeout=max(0.0, left))
        words = program.words(heard.incoming.locale)
        if done:
            answer = doing.result()
            if answer.messages or not answer.dropped:
                self._whispers.answered(heard, self._answers.respond(heard, answer, words))
            return
        taken = self._answers.hold(heard, words)
        self._whispers.answered(heard, taken)
        held = self._held[heard.user] = Held(doing)
        try:
            answer = await doing
        finally:
            if self._held.get(heard.user) is held:
                del self._held[heard.user]
        if not held.taken:
            self._answers.late(heard, answer, words, taken)
        elif heard.surface.kind == "chat" and answer.form is None:
            self._answers.lift(heard)

    async def _written(self, heard: Heard, doing: asyncio.Task[Answer]) -> None:
        done, _ = await asyncio.wait({doing}, timeout=ALIVE_SECONDS)
        if not done and heard.surface.kind == "chat":
            self._answers.alive(heard)
        self._answers.say(heard, await doing)

    async def _do(self, program: Program, heard: Heard) -> Answer:
        async def take(missed: Heard) -> None:
            if self._is_new(missed):
                self._answers.say(missed, await program.handle(missed.incoming))

        await self._missed.before(heard, take)
        return await self._handle(program, heard)

    async def _handle(self, program: Program, heard: Heard) -> Answer:
        pick = heard.surface.pick
        if pick is None:
            return self._drafts.seen(heard, await program.handle(heard.incoming))
        # What the component could not hold is found in the question that is in front, if that is still the same.
        answer = await program.handle(replace(heard.incoming, id=f"{heard.incoming.id}:ask"))
        values = picked(answer.form, pick) if answer.form is not None else None
        if values is None:
            return answer
        return await program.handle(replace(heard.incoming, event=Submitted(pick.run, values)))

    # --- What goes out ------------------------------------------------------------------------------------------

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Give the seconds until a message could leave, where they are many; Discord has no lane for what is urgent."""
        del urgent
        return self._calls.pacing.ahead(to.id[1:] if to.id.startswith("#") else self._channels.pace(to.id))

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message to a person or in a channel; `once` keeps a second try from making a second copy."""
        if not self.listening.is_set():
            return AWAY.means
        with self._showing.sending():
            if to.id.startswith("#"):
                return await send.push(self._calls, to.id[1:], message, once)
            return await self._to_person(to.id, message, once)

    async def _to_person(self, user: str, message: Rendered, once: str) -> Delivery:
        if not id_in(user):
            return Refused("no address of Discord's")
        if not self._whispers.is_shut(user):
            channel = await self._channels.of(user)
            delivery = (
                channel.means
                if isinstance(channel, Failed)
                else await send.push(self._calls, channel, message, once)
            )
            if not isinstance(delivery, Shut):
                return delivery
            self._whispers.shut(user)
        return await self._whispers.tell(self._program, user, message)

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        if not self.listening.is_set():
            return AWAY.means
        channel, _, number = ref.id.partition("/")
        if not (id_in(channel) and id_in(number)):
            return Refused("no message of Discord's")
        with self._showing.sending():
            return await send.edit(self._calls, channel, number, message)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """Open a private thread for these people, in a channel that was configured and that all of them can see."""
        program = self._program
        if not self._rooms or {person.platform for person in people} != {NAME}:
            return None
        if program is None:
            raise ConnectionError("Discord is not connected")
        readers = messages.payloads(Rendered((Text(program.words(None)["readers"]),)))[0]
        return await send.gather(self._calls, self._rooms, [person.id for person in people], title, readers)

    async def open(self, file: File) -> AsyncIterator[bytes]:
        """Read a file that somebody sent."""
        session, own = self._files, urlsplit(self._api_url).hostname or ""
        if session is None or session.closed:
            raise ConnectionError("Discord is not connected")
        async for part in send.read(self._calls, session, [own], file):
            yield part
