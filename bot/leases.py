"""A process's leases: taken before an adapter runs, renewed while it does, and given back afterwards."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from core import leases
from core.store.database import Database

log = logging.getLogger(__name__)

SPAN = timedelta(seconds=30)


class Leases:
    """What this process holds, so that no other does the same."""

    def __init__(
        self, database: Database, owner: str, clock: Callable[[], datetime], span: timedelta = SPAN
    ) -> None:
        """`clock` is a real one; a lease lasts for `span`, and is renewed three times within it."""
        self._database = database
        self._owner = owner
        self._clock = clock
        self._span = span
        self._every = span.total_seconds() / 3
        self.look_again = span.total_seconds() / 10
        """Seconds after which to ask again for what another holds."""

    async def clear(self) -> None:
        """Forget what any process holds; for one that is known to be the only one."""
        await self._database.write(leases.clear)

    async def take(self, subjects: Sequence[str]) -> str | None:
        """Take all of these, or none: gives the first that another holds."""
        now = self._clock()
        until = now + self._span
        return await self._database.write(lambda tx: leases.take(tx, subjects, self._owner, now, until))

    async def lost(self, subjects: Sequence[str]) -> None:
        """Renew these for as long as that works; returns while there is time left to stop what they are for."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while loop.time() - renewed < 2 * self._every:
            await asyncio.sleep(self._every)
            asked, until = loop.time(), self._clock() + self._span
            try:
                async with asyncio.timeout(self._every):
                    mine = await self._renew(subjects, until)
            except Exception:  # a database that is away for a moment: there is time for another try
                log.warning("the leases of %s were not renewed", ", ".join(subjects), exc_info=True)
                continue
            if not mine:
                return
            renewed = asked

    async def _renew(self, subjects: Sequence[str], until: datetime) -> bool:
        return await self._database.write(lambda tx: leases.renew(tx, subjects, self._owner, until))

    async def release(self, subjects: Sequence[str]) -> None:
        """Give them back, so that another need not wait until they run out."""
        try:
            await self._database.write(lambda tx: leases.release(tx, subjects, self._owner))
        except Exception:  # they run out by themselves
            log.warning("the leases of %s were not given back", ", ".join(subjects), exc_info=True)
