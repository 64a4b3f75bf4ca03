"""Telegram as a driver runs it: the server dates by simulated time, the adapter notes what no wire tells."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from bot.adapters.pacing import FREE, Course, Pacing
from bot.adapters.telegram.adapter import Telegram
from bot.ports import Address, Answer, Delivery, Form, Handle, Incoming, Place, Program, Ref, Rendered, Sent
from tests.platforms.telegram_server import TelegramServer

REMEMBERED = 20


def at_once(name: str) -> Course:
    """Let everything pass: what is tested here is not the pace, and real seconds are few."""
    del name
    return Course(FREE, "all", FREE)


class Dated(TelegramServer):
    """A Telegram whose messages are dated as the clock says; calendars begin at the day of their message."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        """Prepare it."""
        super().__init__(seed=1)
        self._clock = clock

    def date(self) -> int:  # type: ignore[override]  # it has a clock of its own
        """The date of what happens now."""
        return int(self._clock().timestamp())


class Noted(Telegram):
    """Telegram as it is; it notes what came unprompted and which forms were given, which nothing on the wire says."""

    def __init__(self, tokens: Sequence[str], api_url: str) -> None:
        """Prepare it for the bots of a server."""
        super().__init__(tokens, "polling", api_url, pacing=Pacing(at_once))
        self.pushed: set[tuple[str, str]] = set()
        self.edited: set[tuple[str, str]] = set()
        self.asked: dict[str, list[Form]] = {}
        """By the id of an address, the newest first."""
        self.gate = asyncio.Event()
        """Closed, nothing is answered."""
        self.gate.set()

    async def run(self, program: Program) -> None:
        """Receive updates."""
        await super().run(replace(program, handle=partial(self._noted, program.handle)))

    async def _noted(self, handle: Handle, incoming: Incoming) -> Answer:
        await self.gate.wait()
        answer = await handle(incoming)
        forms = [message.form for message in answer.messages if message.form and message.form.fields]
        known = self.asked.get(incoming.who.id, [])
        self.asked[incoming.who.id] = [*reversed(forms), *known][:REMEMBERED]
        return answer

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message."""
        delivery = await super().push(to, message, once)
        if isinstance(delivery, Sent):
            self.pushed.add((to.id, delivery.ref))
        return delivery

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        delivery = await super().edit(ref, message)
        if isinstance(delivery, Sent):
            self.edited.add((ref.chat, ref.id))
        return delivery
