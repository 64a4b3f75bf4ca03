"""A service with a local platform on its other side: whether it is there, and what has come of what it had to send."""

import bisect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.kills.lines import Push
from tests.kills.process import Service
from tests.platforms.kit import WireServer

UNSETTLED = "outbox WHERE state IN ('ready', 'sending')"
PATIENCE = 120.0
"""Seconds in which something happens that other people do, kills included."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message of the service's on somebody's screen: whose, what it said when it came, and when that was."""

    to: str
    words: str
    at: float


class Presence(ABC):
    """Whether the service is there, and how often it has come; a platform says what tells it, and what has arrived."""

    def __init__(self, server: WireServer, service: Service) -> None:
        """It has not come yet."""
        self.here = False
        self.times = 0
        self.server = server
        self.service = service
        self._starts: list[float] = []

    # --- It comes and goes --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start it, without waiting until it listens: it may send before it does."""
        self._starts.append(self.server.now)
        await self.service.start()

    async def up(self) -> None:
        """Start it, and wait until it listens."""
        await self.start()
        await self.come()

    async def kill(self) -> None:
        """End it at once."""
        await self.service.kill()
        await self.go()

    async def stop(self) -> float:
        """End it in peace; gives the seconds that it took."""
        took = await self.service.stop()
        await self.go()
        return took

    @abstractmethod
    async def come(self) -> None:
        """Wait until it listens, and note it."""

    def came(self) -> None:
        """Note that it listens; everybody who waited goes on."""
        self.times += 1
        self.here = True
        self.server.changed()

    @abstractmethod
    async def go(self) -> None:
        """Note that it has ended, and wait until its connections have."""

    def went(self) -> None:
        """Note that it has ended: nobody waits for it any more."""
        self.here = False
        self.server.changed()

    # --- People wait for it -------------------------------------------------------------------------------------

    async def wait(self) -> int:
        """Wait until it is there; gives which time it is."""
        await self.server.until(lambda: self.here, PATIENCE)
        return self.times

    async def ended(self, time: int) -> None:
        """Wait until it has ended that was there then."""
        await self.server.until(lambda: not self.here or self.times != time, PATIENCE)

    async def shows(self, condition: Callable[[], object]) -> bool:
        """Wait until something is on the screen, or the service has ended; true if it is."""
        time = self.times
        await self.server.until(lambda: condition() or not self.here or self.times != time, PATIENCE)
        return bool(condition())

    async def settled(self) -> None:
        """Wait until it has taken all that it was told, and sent all that it had to say."""
        await self.server.until(lambda: not self.untaken)
        await nothing_left(self.server, self.service)

    # --- What the platform knows --------------------------------------------------------------------------------

    @property
    def untaken(self) -> Sequence[object]:
        """What the platform gives again, since nobody has said that it is kept; none where it gives all once."""
        return ()

    @abstractmethod
    def figures(self) -> Mapping[str, int]:
        """Count what went over the wire, in the platform's own words."""

    @abstractmethod
    def arrived(self) -> Mapping[str, Arrived]:
        """Give every message of the service's by its reference, answers included."""

    def pushes(self) -> list[Push]:
        """Give every message that came as a push, its copies included, in the order of arrival.

        A row of the outbox knows the last message that it became; an earlier one is a message with the same words to
        the same person. Answers are none.
        """
        arrived = self.arrived()
        with self.service.look() as database:
            rows = database.execute("""
                SELECT ref, once FROM deliveries JOIN outbox ON outbox.id = outbox_id
                WHERE bundle IS NULL OR bundle = outbox.id
            """).fetchall()
        of_rows: dict[tuple[str, str], str] = {}
        for ref, once in rows:
            same = arrived[ref].to, arrived[ref].words
            assert same not in of_rows, f"{once} and {of_rows[same]} are the same words"
            of_rows[same] = once
        return [
            {
                "once": once,
                "to": one.to,
                "connection": self._process_at(one.at),
                "message": {"text": one.words},
            }
            for one in sorted(arrived.values(), key=lambda one: one.at)
            if (once := of_rows.get((one.to, one.words), ""))
        ]

    def _process_at(self, moment: float) -> int:
        """Count the processes that had been started by a moment: the last one is the one that was there."""
        return bisect.bisect_right(self._starts, moment)


async def nothing_left(server: WireServer, service: Service, rows: str = UNSETTLED) -> None:
    """Wait until all that is in the outbox is settled; looks again whenever something happens, or twice a second.

    `rows` are others that are waited for, as a table and a condition.
    """
    while service.count(rows):
        seen = len(server.calls) + sum(call.status is not None for call in server.calls)

        def more(seen: int = seen) -> bool:
            return len(server.calls) + sum(call.status is not None for call in server.calls) > seen

        with suppress(TimeoutError):
            await server.until(more, 0.5)
