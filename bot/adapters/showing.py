"""What an adapter is showing or sending: in order for each chat, and known until it is there.

An answer that cannot be shown is not asked for again: the next thing the person does shows what is pending.
"""

import asyncio
import logging
from collections.abc import Coroutine, Hashable, Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)

Work = Coroutine[Any, Any, None]


class Showing:
    """Everything that is under way to a platform; `quiet` waits until nothing is."""

    def __init__(self) -> None:
        """Nothing is under way."""
        self._under_way: set[asyncio.Future[None]] = set()
        self._last: dict[Hashable, asyncio.Task[None]] = {}

    async def quiet(self) -> None:
        """Wait until everything that was begun is over."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    def at_once(self, work: Work) -> asyncio.Task[None]:
        """Do this beside everything else."""
        task = asyncio.create_task(_logged(work))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def in_order(self, chat: Hashable, work: Work) -> None:
        """Do this after what was begun for the same chat."""
        task = self.at_once(_after(self._last.get(chat), work))
        self._last[chat] = task
        task.add_done_callback(lambda done: self._last.pop(chat) if self._last.get(chat) is done else None)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Count something that somebody else does as under way."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._under_way.add(over)
        try:
            yield
        finally:
            self._under_way.discard(over)
            over.set_result(None)


async def _after(earlier: asyncio.Task[None] | None, work: Work) -> None:
    if earlier is not None:
        await asyncio.wait({earlier})
    await work


async def _logged(work: Work) -> None:
    try:
        await work
    except Exception:
        log.exception("an answer could not be shown")
