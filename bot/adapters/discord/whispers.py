"""People who take no private messages: what they do on Discord lets the bot tell them, seen by them alone.

In memory alone: after a restart one message is tried in private again, and what could not be sent is held by the
outbox until they do something.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from bot.adapters.discord import messages
from bot.adapters.discord.calls import Calls
from bot.adapters.discord.messages import Payload
from bot.adapters.discord.send import file_of, whisper
from bot.adapters.discord.surface import Heard
from bot.ports import Attached, Delivery, Program, Rendered, Sent, Shut
from bot.richtext import Text

TOKEN_SECONDS = 840.0
"""An interaction can be followed for a quarter of an hour."""
ANSWER_SECONDS = 5.0
"""What somebody does has its answer by then, or nothing can follow it."""
SHUT_SECONDS = 3600.0
"""Who took no private message is asked again after so long, or when they write one themselves."""
MOST = 10_000
WHY = "takes no private messages"


@dataclass(slots=True)
class Here:
    """The last thing somebody did; `until` by the clock of the event loop."""

    token: str
    locale: str | None
    until: float
    response: asyncio.Future[asyncio.Future[bool]]
    """Its answer, once there is one, and whether Discord has taken that: what is told here follows it."""
    told: bool = False
    """Why they are told here."""


class Whispers:
    """Knows who is shut to the bot, and who could be told something where they are."""

    def __init__(self, calls: Calls) -> None:
        """Nobody is known."""
        self._calls = calls
        self._here: OrderedDict[str, Here] = OrderedDict()
        self._shut: OrderedDict[str, float] = OrderedDict()

    def seen(self, heard: Heard) -> None:
        """Note what somebody did."""
        now = asyncio.get_running_loop().time()
        if heard.surface.kind == "chat":
            self._shut.pop(heard.user, None)
        if heard.surface.token:
            response = asyncio.get_running_loop().create_future()
            here = Here(heard.surface.token, heard.incoming.locale, now + TOKEN_SECONDS, response)
            _keep(self._here, heard.user, here)

    def answered(self, heard: Heard, taken: asyncio.Future[bool]) -> None:
        """Note that what somebody did is being answered."""
        here = self._here.get(heard.user)
        if here is not None and here.token == heard.surface.token:
            here.response.set_result(taken)

    def shut(self, user: str) -> None:
        """Note that somebody took no private message."""
        _keep(self._shut, user, asyncio.get_running_loop().time() + SHUT_SECONDS)

    def is_shut(self, user: str) -> bool:
        """Whether to leave somebody's private messages alone."""
        return self._shut.get(user, 0.0) > asyncio.get_running_loop().time()

    async def tell(self, program: Program | None, user: str, message: Rendered) -> Delivery:
        """Show somebody what cannot be sent in private, where they last did something; or say that it must wait."""
        here = self._here.get(user)
        if here is None or here.until < asyncio.get_running_loop().time() or program is None:
            return Shut(WHY)
        if not await _is_answered(here):
            return Shut(WHY)
        parts: list[tuple[Payload, Attached | None]] = []
        if not here.told:
            why = Rendered((Text(program.words(here.locale)["held"]),))
            parts += [(payload, None) for payload in messages.payloads(why)]
        parts += [(payload, file_of(payload, message.attached)) for payload in messages.payloads(message)]
        here.told = True
        delivery = await whisper(self._calls, here.token, parts)
        if not isinstance(delivery, Sent):
            here.told = False
        if isinstance(delivery, Shut):
            self._here.pop(user, None)
        return delivery


async def _is_answered(here: Here) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await asyncio.shield(await asyncio.shield(here.response))
    except TimeoutError:
        return False


def _keep(known: OrderedDict[str, Any], user: str, value: object) -> None:
    known[user] = value
    known.move_to_end(user)
    if len(known) > MOST:
        known.popitem(last=False)
