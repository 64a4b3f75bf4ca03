"""App Home: a person's desk, published when they open it and again when something on it has changed."""

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from bot.adapters.slack import forms
from bot.adapters.slack.calls import Calls, Failed
from bot.ports import Answer

log = logging.getLogger(__name__)

MOST = 10_000
COALESCED_SECONDS = 1.0
"""Whatever changes within this time is published once."""

Desk = Callable[[str, str], Awaitable[Answer]]
Key = tuple[str, str]


class Homes:
    """The desks that people have opened since the program began; who opens Home is always shown the newest."""

    def __init__(self, calls: Calls, desk: Desk) -> None:
        """`desk` gives what is on somebody's desk now."""
        self._calls = calls
        self._desk = desk
        self._shown: OrderedDict[Key, str] = OrderedDict()
        self._due: dict[Key, asyncio.Task[None]] = {}

    def opened(self, team: str, user: str) -> None:
        """Publish at once for somebody who looks."""
        key = (team, user)
        self._shown[key] = ""
        self._shown.move_to_end(key)
        while len(self._shown) > MOST:
            self._shown.popitem(last=False)
        self._begin(key, 0.0)

    def stir(self, team: str, user: str) -> None:
        """Look again, soon: something may have changed for somebody."""
        key = (team, user)
        if key in self._shown and key not in self._due:
            self._begin(key, COALESCED_SECONDS)

    async def quiet(self) -> None:
        """Wait until everything that was begun is published."""
        while self._due:
            await asyncio.wait(set(self._due.values()))

    def _begin(self, key: Key, wait: float) -> None:
        earlier = self._due.get(key)
        task = self._due[key] = asyncio.create_task(self._publish(key, wait, earlier))
        task.add_done_callback(lambda done: self._due.pop(key) if self._due.get(key) is done else None)

    async def _publish(self, key: Key, wait: float, earlier: asyncio.Task[None] | None) -> None:
        if earlier is not None:
            await asyncio.wait({earlier})
        await asyncio.sleep(wait)
        # What changes from here on is looked at again.
        if wait:
            self._due.pop(key, None)
        try:
            await self._show(key)
        except Exception:  # a desk that cannot be shown must not take anything else with it
            log.exception("a home could not be published")

    async def _show(self, key: Key) -> None:
        team, user = key
        desk = await self._desk(team, user)
        if not desk.messages:
            return
        view: dict[str, Any] = forms.home_view(desk.messages)
        text = json.dumps(view, sort_keys=True)
        if self._shown.get(key) == text:
            return
        shown = await self._calls.reply(team, "views.publish", user_id=user, view=view)
        if not isinstance(shown, Failed) and key in self._shown:
            self._shown[key] = text
