"""What takes too long for a turn: taken up one by one, done beside the conversations, published in one turn.

`WORK` in `bot/app.py` lists the kinds; whoever wants something done calls `core.work.put`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from bot.leases import Leases
from bot.turn import Turn
from bot.world import World
from core import work
from core.store.database import Database
from core.work import Work

log = logging.getLogger(__name__)

LOOK_SECONDS = 60.0
"""How often to look for what another process has put or published."""

Publish = Callable[[Turn], None]


@dataclass(frozen=True, slots=True)
class Bench:
    """What long work may use: the database, under which address another reader finds it, and the world."""

    database: Database
    url: str
    world: World


@dataclass(frozen=True, slots=True)
class Kind:
    """How work is done: `do` takes long and gives what publishes it in a turn; after the commit it is tidied up.

    `renew` takes over what was published, by whichever process.
    """

    do: Callable[[Bench], Awaitable[Publish]]
    tidy: Callable[[Bench], Awaitable[None]]
    renew: Callable[[Bench], Awaitable[None]]


class Worker:
    """Does what is due; of several processes one at a time does the same."""

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        bench: Bench,
        leases: Leases,
        clock: Callable[[], datetime],
        turn: Callable[[Connection, datetime, str], Turn],
        put: Callable[[], None],
    ) -> None:
        """`put` is called when a publication may have left something to deliver."""
        self.kinds = kinds
        self._bench = bench
        self._leases = leases
        self._clock = clock
        self._turn = turn
        self._put = put
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Do what comes, and take over what others have done, until cancelled."""
        while True:
            try:
                await self.drain()
                if not self.wake.is_set():
                    await self.renew()
            except Exception:  # a database that is away for a moment must not end it
                log.exception("long work was not looked at; it is again in a minute")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.wake.wait()
            self.wake.clear()

    async def renew(self) -> None:
        """Take over what was published by another process."""
        for kind in self.kinds.values():
            await kind.renew(self._bench)

    async def drain(self) -> bool:
        """Do all that is due now; says whether anything was done."""
        found = False
        now = self._clock()
        for one in await self._bench.database.read(lambda tx: work.due(tx, now)):
            found |= await self._alone(one)
        return found

    async def _alone(self, one: Work) -> bool:
        """Do something unless another process does."""
        subjects = (f"work:{one.kind}:{one.subject}",)
        if await self._leases.take(subjects) is not None:
            return False
        try:
            await self._do(one, subjects)
        except Exception as error:  # what fails must not stop the rest, and is not lost
            log.exception("%s failed; it is done again later", one.kind)
            trouble, now = f"{type(error).__name__}: {error}", self._clock()
            await self._bench.database.write(lambda tx: work.failed(tx, one, trouble, now))
        finally:
            await self._leases.release(subjects)
        return True

    async def _do(self, one: Work, subjects: tuple[str, ...]) -> None:
        kind = self.kinds[one.kind]
        doing = asyncio.ensure_future(kind.do(self._bench))
        losing = asyncio.ensure_future(self._leases.lost(subjects))
        try:
            await asyncio.wait({doing, losing}, return_when=asyncio.FIRST_COMPLETED)
            if not doing.done():
                log.warning("%s is another process's now", one.kind)
                return
            publish, now = doing.result(), self._clock()
        finally:
            for task in (doing, losing):
                task.cancel()
            # Whoever stops has let go of everything then, a process of its own included.
            await asyncio.wait({doing, losing})
        if await self._bench.database.write(lambda tx: self._published(tx, one, publish, now)):
            await kind.tidy(self._bench)
            await kind.renew(self._bench)
            self._put()

    def _published(self, tx: Connection, one: Work, publish: Publish, now: datetime) -> bool:
        """Take the work away and publish it, or neither."""
        if not work.done(tx, one):
            return False
        publish(self._turn(tx, now, f"{one.kind}:{one.subject}:{one.put_at.isoformat()}"))
        return True
