"""Updates that are being done or have been: what Telegram gives again meanwhile is done once, and answered once.

In memory alone: after a restart the database knows what has had its effect, and shows what is pending.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any

MOST = 10_000

Work = Callable[[], Coroutine[Any, Any, bool]]


class Once:
    """Knows events by their ids."""

    def __init__(self) -> None:
        """Nothing has been done."""
        self._begun: dict[str, asyncio.Task[bool]] = {}
        self._over: OrderedDict[str, None] = OrderedDict()

    async def do(self, event: str, work: Work) -> bool:
        """Do this unless it has been done; `work` tells whether it is, and otherwise is begun when it comes again.

        What comes again while it is still being done waits for the same end.
        """
        if event in self._over:
            return True
        doing = self._begun.get(event)
        if doing is None:
            doing = self._begun[event] = asyncio.create_task(work())
            doing.add_done_callback(lambda done: self._ended(event, done))
        return await asyncio.shield(doing)

    def _ended(self, event: str, doing: asyncio.Task[bool]) -> None:
        del self._begun[event]
        if not doing.cancelled() and not doing.exception() and doing.result():
            self._over[event] = None
            if len(self._over) > MOST:
                self._over.popitem(last=False)
