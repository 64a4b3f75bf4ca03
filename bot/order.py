"""Order: one person's events are handled one after another, in the order in which they came."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.address import Address


class Order:
    """The lines of people who have something under way."""

    def __init__(self) -> None:
        """Nobody has."""
        self._lines: dict[Address, tuple[asyncio.Lock, int]] = {}

    def __len__(self) -> int:
        """Count the people who have something under way."""
        return len(self._lines)

    @asynccontextmanager
    async def turn(self, who: Address) -> AsyncIterator[None]:
        """Wait until everything of theirs that came before is done."""
        lock, waiting = self._lines.get(who, (asyncio.Lock(), 0))
        self._lines[who] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._lines[who]
            if waiting == 1:
                del self._lines[who]
            else:
                self._lines[who] = (lock, waiting - 1)
