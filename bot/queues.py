"""One person's events one after another, in the order in which they came; those of others go on beside them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.address import Address


class Queues:
    """A queue for each person of whom something is being done."""

    def __init__(self) -> None:
        """Nothing is being done."""
        self._queues: dict[Address, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def in_order(self, who: Address) -> AsyncIterator[None]:
        """Wait for what came before from the same person."""
        lock, users_of_it = self._queues.get(who, (asyncio.Lock(), 0))
        self._queues[who] = (lock, users_of_it + 1)
        try:
            async with lock:
                yield
        finally:
            lock, users_of_it = self._queues[who]
            if users_of_it == 1:
                del self._queues[who]
            else:
                self._queues[who] = (lock, users_of_it - 1)
