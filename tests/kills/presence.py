"""A service with a local platform on its other side: whether it is there, and what has come of what it had to send."""

import bisect
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from tests.kills.lines import Push
from tests.kills.process import Service
from tests.platforms.kit import WireServer

UNSETTLED = "outbox WHERE state IN ('ready', 'sending')"
PATIENCE = 120.0
"""Seconds in which something happens that other people do, kills included."""


class Presence:
    """Whether the service is there, and how often it has come."""

    def __init__(self, server: WireServer) -> None:
        """It has not come yet."""
        self.here = False
        self.times = 0
        self.server = server
        self._starts: list[float] = []

    async def start(self, service: Service) -> None:
        """Start it, without waiting until it listens: it may send before it does."""
        self._starts.append(self.server.now)
        await service.start()

    def came(self) -> None:
        """Note that it listens; everybody who waited goes on."""
        self.times += 1
        self.here = True
        self.server.changed()

    async def come(self) -> None:
        """Wait until it listens."""
        self.came()

    async def taken(self) -> None:
        """Wait until it has taken all that it was told."""

    async def go(self) -> None:
        """Wait until its connections have ended with it."""
        self.went()

    def went(self) -> None:
        """Note that it has ended: nobody waits for it any more."""
        self.here = False
        self.server.changed()

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

    def process_at(self, moment: float) -> int:
        """Count the processes that had been started by a moment: the last one is the one that was there."""
        return bisect.bisect_right(self._starts, moment)


def pushes(posted: Mapping[str, tuple[str, str, float]], presence: Presence, service: Service) -> list[Push]:
    """Give every message that came as a push, its copies included, in the order of arrival.

    `posted` is by reference: to whom, what it said when it came, and when that was. A row of the outbox knows the last
    message that it became; an earlier one is a message with the same words to the same person. Answers are none.
    """
    with service.look() as database:
        rows = database.execute("""
            SELECT ref, once FROM deliveries JOIN outbox ON outbox.id = outbox_id
            WHERE bundle IS NULL OR bundle = outbox.id
        """).fetchall()
    of_rows: dict[tuple[str, str], str] = {}
    for ref, once in rows:
        name, words, _ = posted[ref]
        assert (name, words) not in of_rows, f"{once} and {of_rows[name, words]} are the same words"
        of_rows[name, words] = once
    arrived: list[tuple[float, Push]] = []
    for name, words, at in posted.values():
        if once := of_rows.get((name, words), ""):
            push: dict[str, Any] = {
                "once": once,
                "to": name,
                "connection": presence.process_at(at),
                "message": {"text": words},
            }
            arrived.append((at, push))
    return [push for _, push in sorted(arrived, key=lambda one: one[0])]


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
