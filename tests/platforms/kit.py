"""What every local server that speaks a platform's wire format has: calls, faults, waiting without polling, WIRE_LOG.

    class SlackServer(WireServer): platform = "slack"; its routes in `self.web`, each answered through `self.serve(…)`
    call = await server.called("chat.postMessage", 2)      # the second request to this method has come
    await server.until(lambda: ana.home is not None)       # looked at again after whatever happens
    server.fault("chat.postMessage", Status(500, before=False), nth=3)      # the third from now on; or the next
    server.storm("chat.postMessage", ((0.3, Refuse429(1)), (0.05, Reset())))  # by the seed, until storm(method, ())

If the environment variable WIRE_LOG names a file, each request is a JSON line there: platform, method, body.
"""

# ruff: noqa: ASYNC109  (the timeout is a test's patience)

import asyncio
import json
import os
import random
import socket
import struct
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

Body = dict[str, Any]
Act = Callable[[], Awaitable[web.StreamResponse]]
ANY = "*"
"""Stands for every method in a fault."""


# --- What can go wrong --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refuse429:
    """Nothing is done: the caller is to wait this many seconds."""

    retry_after: int


@dataclass(frozen=True, slots=True)
class Status:
    """An HTTP status without a usable body; `before` says that nothing was done, otherwise it was."""

    code: int
    before: bool = True


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection breaks; `before` says that nothing was done, otherwise it was."""

    before: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Hang:
    """No answer until `until` is set, or the server ends and it breaks; `before`: what is asked is done only then."""

    until: asyncio.Event = field(default_factory=asyncio.Event)
    before: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Reply:
    """A scripted answer: nothing is done."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Fault = Refuse429 | Status | Reset | Hang | Reply


@dataclass(slots=True)
class Planned:
    """A fault in the queue: it strikes when `skip` calls more have passed, `times` times."""

    method: str
    fault: Fault
    skip: int
    times: int


# --- What was asked -----------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Call:
    """A request as it came in; `at` is loop time, `number` counts all calls and `nth` those of this method, from 1."""

    method: str
    body: Body
    headers: Mapping[str, str]
    at: float
    number: int
    nth: int
    fault: Fault | None = None
    status: int | None = None
    """The HTTP status of the answer, when it was given; 0 where the connection was broken instead."""
    text: str = ""
    """The answer."""
    done: bool = False
    """What was asked was looked at and, where it was allowed, done, whatever the caller came to know."""

    @property
    def answer(self) -> Any:
        """The answer, which is JSON."""
        return json.loads(self.text)


class WireServer:
    """A server on 127.0.0.1; `async with` starts and stops it."""

    platform = ""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        self.rng = random.Random(f"wire:{seed}")
        self.web = web.Application(client_max_size=32 * 2**20)
        self.calls: list[Call] = []
        self._by_method: dict[str, list[Call]] = defaultdict(list)
        self.violations: list[str] = []
        """What the platform would not forgive, or would forgive in silence; a suite asserts that there is none."""
        self.waiting = 0
        """Requests that have come and are not answered."""
        self._planned: list[Planned] = []
        self._storms: dict[str, tuple[tuple[float, Fault], ...]] = {}
        self._waiters: list[tuple[Callable[[], object], asyncio.Future[None]]] = []
        self._stopping = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._port = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    # Its life

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._runner = web.AppRunner(self.web, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await self.accept()
        return self

    async def __aexit__(self, *raised: object) -> None:
        """Break what hangs and stop."""
        self._stopping.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def now(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    async def refuse(self) -> None:
        """Break every connection and refuse new ones, until `accept`."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        for connection in list(
            self._runner.server.connections if self._runner and self._runner.server else ()
        ):
            if connection.transport is not None:
                connection.transport.abort()

    async def accept(self) -> None:
        """Listen, on the same port as before."""
        assert self._runner is not None, "the server is used in `async with`"
        if self._site is None:
            self._site = web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True)
            await self._site.start()
            self._port = self._runner.addresses[0][1]

    def background(self, work: Awaitable[Any]) -> None:
        """Run something until it ends or the server does."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Waiting

    def changed(self) -> None:
        """Something happened: look again at what is waited for."""
        for condition, future in list(self._waiters):
            try:
                if not future.done() and condition():
                    future.set_result(None)
            except Exception as error:  # noqa: BLE001  (it is the waiting test's mistake, not the server's)
                future.set_exception(error)

    async def until(self, condition: Callable[[], object], timeout: float = 10) -> None:
        """Wait until this holds; raises TimeoutError, saying what came last."""
        if condition():
            return
        entry = (condition, asyncio.get_running_loop().create_future())
        self._waiters.append(entry)
        try:
            await asyncio.wait_for(entry[1], timeout)
        except TimeoutError:
            last = [f"{call.method} {call.status} {call.body}"[:200] for call in self.calls[-5:]]
            raise TimeoutError("\n".join(["in vain; the last calls were", *last])) from None
        finally:
            self._waiters.remove(entry)

    def calls_of(self, method: str) -> list[Call]:
        """Every call of a method, oldest first."""
        return self._by_method[method]

    async def called(self, method: str, nth: int = 1, timeout: float = 10) -> Call:
        """Wait until the nth call of a method, from the start of the server, has come."""
        await self.until(lambda: len(self.calls_of(method)) >= nth, timeout)
        return self.calls_of(method)[nth - 1]

    async def answered(self, method: str, nth: int = 1, timeout: float = 10) -> Call:
        """Wait until the nth call of a method is over."""
        call = await self.called(method, nth, timeout)
        await self.until(lambda: call.status is not None, timeout)
        return call

    # Faults

    def fault(self, method: str, fault: Fault, *, nth: int = 1, times: int = 1) -> None:
        """Let the nth call from now on go wrong, and those behind it up to `times`; ANY means every method."""
        self._planned.append(Planned(method, fault, nth - 1, times))

    def storm(self, method: str, rates: Sequence[tuple[float, Fault]]) -> None:
        """Let calls go wrong at these rates (each of 1, together at most 1), by the seed, until called with ()."""
        self._storms[method] = tuple(rates)

    def calm(self) -> None:
        """Forget every fault that has not struck."""
        self._planned.clear()
        self._storms.clear()

    def _struck(self, method: str) -> Fault | None:
        for plan in list(self._planned):
            if plan.method not in {method, ANY}:
                continue
            if plan.skip:
                plan.skip -= 1
                continue
            plan.times -= 1
            if not plan.times:
                self._planned.remove(plan)
            return plan.fault
        drawn = self.rng.random() if (rates := self._storms.get(method, self._storms.get(ANY, ()))) else 1.0
        for rate, fault in rates:
            if drawn < rate:
                return fault
            drawn -= rate
        return None

    # Serving

    def log(self, method: str, body: Mapping[str, Any]) -> None:
        """Write a line of WIRE_LOG, in one piece, since several processes may share the file."""
        if path := os.environ.get("WIRE_LOG"):
            line = json.dumps({"platform": self.platform, "method": method, "body": body}, default=str)
            target = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(target, f"{line}\n".encode())
            finally:
                os.close(target)

    async def serve(self, request: web.Request, method: str, body: Body, act: Act) -> web.StreamResponse:
        """Record a request, let a planned fault strike, and otherwise do what is asked."""
        same = self._by_method[method]
        call = Call(method, body, dict(request.headers), self.now, len(self.calls) + 1, len(same) + 1)
        call.fault = self._struck(method)
        self.calls.append(call)
        same.append(call)
        self.log(method, body)
        self.waiting += 1
        self.changed()
        try:
            response = await self._answer(request, call, act)
            if call.status is None:
                call.status = response.status
                sent = response.body if isinstance(response, web.Response) else None
                call.text = sent.decode(errors="replace") if isinstance(sent, bytes) else ""
        except Exception as error:
            self.violations.append(f"{method}: the server itself broke: {error!r}")
            raise
        finally:
            self.waiting -= 1
            self.changed()
        return response

    async def _answer(self, request: web.Request, call: Call, act: Act) -> web.StreamResponse:
        async def done() -> web.StreamResponse:
            response = await act()
            call.done = True
            return response

        match call.fault:
            case None:
                return await done()
            case Refuse429(seconds):
                return self.too_many(seconds)
            case Reply(scripted, status, headers):
                return web.json_response(scripted, status=status, headers=headers)
            case Status(code, before):
                if not before:
                    await done()
                return web.Response(status=code, text="upstream error")
            case Reset(before):
                if not before:
                    await done()
                return self.broken(request, call)
            case Hang(until, before):
                response = None if before else await done()
                await self._released(until)
                if self._stopping.is_set():
                    return self.broken(request, call)
                return response or await done()

    def too_many(self, seconds: int) -> web.Response:
        """Answer 429 as the platform does."""
        return web.json_response({}, status=429, headers={"Retry-After": str(seconds)})

    def broken(self, request: web.Request, call: Call | None = None) -> web.Response:
        """Reset the connection, so that the caller reads an error instead of an answer."""
        if request.transport is not None:
            wire = request.transport.get_extra_info("socket")
            with suppress(OSError):
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            request.transport.abort()
        if call is not None:
            call.status = 0
        return web.Response(status=500)

    async def _released(self, until: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (until, self._stopping)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
