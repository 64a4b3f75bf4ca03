"""Keeps an adapter running: what goes wrong with one platform is told in words, tried again, and stops no other."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Literal

from bot.leases import Leases
from bot.ports import (
    Adapter,
    Answer,
    HttpRequest,
    HttpResponse,
    HttpStream,
    Incoming,
    Misconfigured,
    Outage,
    Program,
    Route,
)

log = logging.getLogger(__name__)

LEAST, MOST = 1.0, 300.0
WELL = 60.0
STEADY = 5.0
ELSEWHERE = "another process has it"
UNAVAILABLE = HttpResponse(503, b"this platform is not connected at the moment; send it again\n")

State = Literal["starting", "running", "waiting", "stopped"]


@dataclass(frozen=True, slots=True)
class Health:
    """How an adapter is, since when it has heard nothing, and why it waits; never anybody's words."""

    name: str
    state: State
    why: str = ""
    event_age: float | None = None
    """Seconds since its last event; None before the first."""
    stands_by: bool = False
    """Another process runs it, and this one takes over when that ends."""


class Supervisor:
    """Runs one adapter for ever, with waits from a second to five minutes between failures."""

    def __init__(
        self,
        adapter: Adapter,
        rng: Random,
        clock: Callable[[], float] = time.monotonic,
        leases: Leases | None = None,
    ) -> None:
        """`rng` spreads the waits, so that many do not come back at once; `clock` counts seconds.

        Without `leases` it is taken for granted that no other process runs this adapter.
        """
        self.name = adapter.name
        self._adapter = adapter
        self._rng = rng
        self._clock = clock
        self._routes = tuple(adapter.routes)
        self._leases = leases
        self._needed = tuple(adapter.leases) if leases is not None else ()
        # An adapter that knows when it has connected has an event of this name.
        listening = getattr(adapter, "listening", None)
        self._listening: asyncio.Event | None = listening if isinstance(listening, asyncio.Event) else None
        self._state: State = "stopped"
        self._stands_by = False
        self._why = ""
        self._began = 0.0
        self._last_event: float | None = None
        self._heard = False
        self._failed_as: type[BaseException] | None = None
        self._tries = 0

    @property
    def health(self) -> Health:
        """How it is now."""
        age = None if self._last_event is None else self._clock() - self._last_event
        state: State = "running" if self._state == "starting" and self._is_up() else self._state
        return Health(self.name, state, "" if state == "running" else self._why, age, self._stands_by)

    @property
    def routes(self) -> Sequence[Route]:
        """The adapter's routes; while it does not run, they ask to be called again."""
        return [replace(route, serve=partial(self._serve, route)) for route in self._routes]

    async def run(self, program: Program) -> None:
        """Run the adapter until cancelled; then wait until it has stopped."""
        watched = replace(program, handle=partial(self._handle, program))
        try:
            while True:
                wait = await self._alone(watched)
                await asyncio.sleep(wait)
        finally:
            self._state, self._why, self._stands_by = "stopped", "", False

    async def _alone(self, program: Program) -> float:
        """Run it while no other process does; gives the seconds to wait."""
        if self._leases is None or not self._needed:
            return await self._once(program)
        self._began = self._clock()
        try:
            taken = await self._leases.take(self._needed)
            if taken is not None:
                return self._stand_by(taken, self._leases.look_again)
            self._stands_by = False
            return await self._once(program)
        except Exception as error:  # noqa: BLE001  the database is away; what goes wrong with the adapter ends before this
            return self._failed(error)
        finally:
            if not self._stands_by:
                await self._leases.release(self._needed)

    def _stand_by(self, taken: str, seconds: float) -> float:
        if not self._stands_by:
            log.info("%s: %s (%s); this one takes over when that ends", self.name, ELSEWHERE, taken)
        self._state, self._why, self._stands_by = "waiting", ELSEWHERE, True
        return seconds

    async def _once(self, program: Program) -> float:
        """Run it until it fails or is another's; gives the seconds to wait."""
        if self._listening is not None:
            self._listening.clear()
        self._state, self._heard, self._began = "starting", False, self._clock()
        task = asyncio.create_task(self._adapter.run(program), name=f"adapter {self.name}")
        lost = asyncio.create_task(self._lost(), name=f"leases of {self.name}")
        try:
            # Not awaited itself: what cancels parts of the adapter from within must not look like a stop.
            await asyncio.wait({task, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await self._stop(task)
                return self._failed(Outage(ELSEWHERE))
        except asyncio.CancelledError:
            await self._stop(task)
            raise
        finally:
            lost.cancel()
            await asyncio.wait({lost})
        return self._failed(None if task.cancelled() else task.exception())

    async def _lost(self) -> None:
        if self._leases is None or not self._needed:
            await asyncio.Event().wait()
        else:
            await self._leases.lost(self._needed)

    async def _stop(self, task: asyncio.Task[None]) -> None:
        """Stop the adapter, and wait until it has."""
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s: stopping went wrong", self.name, exc_info=error)

    def _failed(self, error: BaseException | None) -> float:
        """Write down how it ended; gives the seconds to wait."""
        if self._clock() - self._began >= WELL:
            self._tries, self._failed_as = 0, None
        wait = min(MOST, LEAST * 2.0 ** min(self._tries, 20))
        # Between half of it and all of it, but never less than the least.
        wait = max(LEAST, wait * self._rng.uniform(0.5, 1.0))
        self._tries += 1
        self._state = "waiting"
        self._tell(error, wait)
        return wait

    def _tell(self, error: BaseException | None, wait: float) -> None:
        match error:
            case Misconfigured() | Outage():
                self._why = str(error)
                log.error("%s: %s It is tried again in %.0f s.", self.name, _sentence(self._why), wait)
            case None:
                self._why = "it ended by itself"
                log.error("%s: it ended by itself; it is run again in %.0f s", self.name, wait)
            case _:
                # Only the kind of it: the words of an exception may hold somebody's own.
                self._why = type(error).__name__
                trace = error if type(error) is not self._failed_as else None
                log.error("%s: %s; it is run again in %.0f s", self.name, self._why, wait, exc_info=trace)
        self._failed_as = None if error is None else type(error)

    def _is_up(self) -> bool:
        if self._listening is not None:
            return self._listening.is_set()
        return self._heard or self._clock() - self._began >= STEADY

    async def _handle(self, program: Program, incoming: Incoming) -> Answer:
        self._last_event, self._heard = self._clock(), True
        return await program.handle(incoming)

    async def _serve(self, route: Route, request: HttpRequest) -> HttpResponse | HttpStream:
        return await route.serve(request) if self._state == "starting" else UNAVAILABLE


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."
