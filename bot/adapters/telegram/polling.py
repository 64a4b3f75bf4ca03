"""Fetching updates, and confirming none before what it changes is on disk.

Telegram forgets an update when a later one is asked for. So what is asked for begins at the lowest that is not done
yet: what a crash interrupts comes again, and one that takes long holds up nobody else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.adapters.telegram.calls import POLL_SECONDS, Api, meant
from bot.ports import Later, Misconfigured, Outage

log = logging.getLogger(__name__)

Take = Callable[[Mapping[str, Any]], Awaitable[None]]

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
MOST = 100
AGAIN_SECONDS = 0.5
TRIES = 5
REMEDY = "Copy the token from BotFather into telegram.tokens."


class Polling:
    """One bot's updates, each begun once and confirmed when it is done."""

    def __init__(self, bot: Api, take: Take, look: float) -> None:
        """`take` returns when an update is done with; until it does, more is looked for every `look` seconds."""
        self._bot = bot
        self._take = take
        self._look = look
        self._begun: dict[int, asyncio.Task[None]] = {}
        self._next = 0

    @property
    def offset(self) -> int:
        """The lowest update that is not done; everything before it is confirmed by asking for it."""
        open_ = [number for number, task in self._begun.items() if not task.done()]
        return min(open_, default=self._next)

    async def run(self) -> NoReturn:
        """Fetch for ever; raises `Outage` or `Misconfigured` in words."""
        failures = 0
        while True:
            offset = self.offset
            self._begun = {number: task for number, task in self._begun.items() if number >= offset}
            try:
                updates = await self._fetch(offset)
                failures = 0
            except RetryAfter as error:
                means = meant(error).means
                await asyncio.sleep(means.seconds if isinstance(means, Later) else AGAIN_SECONDS)
                continue
            except Conflict as error:
                raise Outage(
                    "another program fetches this bot's messages: stop it, or give it a bot of its own"
                ) from error
            except InvalidToken as error:
                raise Misconfigured(f"Telegram does not take the token any more. {REMEDY}") from error
            except TelegramError as error:
                failures += 1
                if failures >= TRIES:
                    raise Outage(f"Telegram cannot be reached ({type(error).__name__})") from error
                await asyncio.sleep(AGAIN_SECONDS * 2**failures)
                continue
            new = [update for update in updates if update["update_id"] not in self._begun]
            for update in new:
                number = update["update_id"]
                self._begun[number] = asyncio.create_task(self._taken(update))
                self._next = max(self._next, number + 1)
            if not new and (going := [task for task in self._begun.values() if not task.done()]):
                await asyncio.wait(going, timeout=self._look, return_when=asyncio.FIRST_COMPLETED)

    async def _taken(self, update: Mapping[str, Any]) -> None:
        try:
            await self._take(update)
        except Exception:  # it would be confirmed without a word
            log.exception("the update %d was not taken", update["update_id"])

    async def _fetch(self, offset: int) -> list[Mapping[str, Any]]:
        wait = 0 if any(not task.done() for task in self._begun.values()) else POLL_SECONDS
        asked = {"offset": offset, "limit": MOST, "timeout": wait, "allowed_updates": ALLOWED}
        found = await self._bot.call("getUpdates", asked, read_seconds=wait + 10)
        return [each for each in found if isinstance(each, dict) and isinstance(each.get("update_id"), int)]

    async def finish(self) -> None:
        """Wait for what was begun, and confirm what is done: otherwise it would come again after a restart."""
        if self._begun:
            await asyncio.wait(set(self._begun.values()))
        if self._next:
            await self._bot.call(
                "getUpdates", {"offset": self.offset, "limit": 1, "timeout": 0, "allowed_updates": ALLOWED}
            )
