"""What is left of a route's calls, by what Discord tells with each answer.

The library's own would refuse a call as long as a long window lasts, even where there is room in it, and forget one
that is used up; everything else of it stays.
"""

import asyncio
from types import TracebackType

import discord
from discord.http import Ratelimit

FIRST_SECONDS = 30.0
"""How long to wait for the first answer, which tells what the limit is."""


class Window(Ratelimit):
    """A limit: so many calls until a moment, then as many again."""

    __slots__ = ()

    async def acquire(self) -> None:
        """Wait for room; raises `RateLimited` where that takes longer than a call may wait in its place."""
        self._last_request = self._loop.time()
        while not self._has_room():
            left = FIRST_SECONDS if self.expires is None else max(0.0, self.expires - self._loop.time())
            most = self._max_ratelimit_timeout
            if self.expires is not None and most is not None and left > most:
                raise discord.RateLimited(left)
            turn: asyncio.Future[None] = self._loop.create_future()
            self._pending_requests.append(turn)
            await asyncio.wait({turn}, timeout=left)
        self.remaining -= 1
        self.outgoing += 1

    def reset(self) -> None:
        """Begin a new one."""
        super().reset()  # type: ignore[no-untyped-call]

    def _has_room(self) -> bool:
        if self.is_expired():
            self.reset()
        return self.remaining > 0

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let those look again who wait."""
        self.outgoing -= 1
        if self.expires is None:
            self.reset()
        self._wake(len(self._pending_requests))


def install() -> None:
    """Let the library make these; it knows what to make in one place for the whole process."""
    discord.http.Ratelimit = Window  # type: ignore[misc]
