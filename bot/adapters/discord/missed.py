"""What somebody wrote while the bot was away: Discord tells it nobody afterwards, but the conversation still has it.

A session that is resumed tells what it missed. After one that is lost, the first thing a person does in their
conversation with the bot brings with it what they wrote there within a day; what was taken already is left out.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.adapters.discord.calls import Call, Calls, Failed
from bot.adapters.discord.parse import message
from bot.adapters.discord.payload import Body, bodies_of, id_in
from bot.adapters.discord.send import POST
from bot.adapters.discord.surface import Heard
from bot.ports import Edited

log = logging.getLogger(__name__)

MOST = 10_000
LAST = 50
"""Messages that are looked at, the bot's own among them: who wrote more has asked again already."""
OLDEST = timedelta(days=1)
EPOCH_MILLISECONDS = 1_420_070_400_000
"""Discord's time begins with 2015; an id begins with the time."""

Take = Callable[[Heard], Awaitable[None]]


class Missed:
    """Knows with whom it has caught up in this session."""

    def __init__(self, calls: Calls) -> None:
        """With nobody yet."""
        self._calls = calls
        self._caught_up: OrderedDict[str, asyncio.Task[None]] = OrderedDict()

    def begin(self) -> None:
        """Begin anew: there is another session."""
        self._caught_up.clear()

    async def before(self, heard: Heard, take: Take) -> None:
        """Let what its person wrote before this and nobody has heard be taken, oldest first; `take` leaves the rest."""
        surface, user = heard.surface, heard.user
        catching_up = self._caught_up.get(user)
        if catching_up is not None:
            # Whatever else they do meanwhile comes after it.
            await asyncio.wait({catching_up})
            return
        # A change of an old message is no place from which to look back.
        if surface.kind != "chat" or not surface.channel or isinstance(heard.incoming.event, Edited):
            return
        begun = self._caught_up[user] = asyncio.create_task(self._catch_up(heard, take))
        if len(self._caught_up) > MOST:
            self._caught_up.popitem(last=False)
        await begun

    async def _catch_up(self, heard: Heard, take: Take) -> None:
        for missed in await self._look(heard):
            await take(missed)

    async def _look(self, heard: Heard) -> list[Heard]:
        now = heard.surface.interaction or heard.surface.message
        query = {"before": now, "limit": str(LAST)}
        place = {"channel_id": heard.surface.channel}
        looked_at = f"{heard.surface.channel}:before"
        told = await self._calls.reply(looked_at, Call("GET", POST, place, query=query))
        if isinstance(told, Failed):
            log.warning("what was written while the bot was away cannot be read: %s", told.error)
            return []
        found: list[Heard] = []
        for each in bodies_of(told):
            if _age(each, now) > OLDEST:
                break
            if (missed := message(each, self._calls.id)) is not None and missed.user == heard.user:
                found.append(replace(missed, incoming=replace(missed.incoming, found=True)))
        return found[::-1]


def _age(message: Body, now: str) -> timedelta:
    return _time(now) - _time(id_in(message.get("id")))


def _time(snowflake: str) -> datetime:
    milliseconds = (int(snowflake or "0") >> 22) + EPOCH_MILLISECONDS
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
