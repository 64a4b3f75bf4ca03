"""`mentorbot demo` on a page: one community after another, served on this machine, until somebody has seen enough.

All is in one folder, which names the play that goes on; a program that is killed goes on with it.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from bot.adapters.web.events import at
from bot.adapters.web.guard import body_of, reply
from bot.http import serving
from bot.ports import HttpRequest, HttpResponse, HttpStream, Route
from bot.stage import community, shelf
from bot.stage.demo import BEGIN, START_BEFORE, settings
from bot.stage.playground import Playground
from bot.stage.script import Script
from bot.stage.steps import Step, check, event_of, unpack

LOOPBACK = "127.0.0.1"
PORT = 8765
SCENE = "scene.json"
MOST_SEEDS = 10**6
NOBODY_YET = HttpResponse(503, b"One moment.\n", headers={"Retry-After": "1"})


class Show:
    """What is served: the play that goes on now; `folder` is where plays are."""

    def __init__(self, folder: Path, kill: Callable[[], None]) -> None:
        """`kill` ends the program at once and begins it again."""
        self._folder = folder
        self._kill = kill
        self._changing = asyncio.Lock()
        self._playground: Playground | None = None
        self._play = 0

    async def open(self, seed: int) -> None:
        """Go on with the play in the folder, or begin one."""
        scene = self._folder / SCENE
        known = json.loads(scene.read_text()) if scene.exists() else {"seed": seed, "play": 1}
        await self._begin(known["seed"], known["play"], ())

    async def close(self) -> None:
        """End the play."""
        if self._playground is not None:
            await self._playground.close()

    async def _begin(self, seed: int, play: int, steps: Sequence[Step]) -> None:
        """Open a play; one that was not begun to its curtain is begun anew."""
        folder = self._folder / f"play-{play}"
        playground = self._playground_in(folder, seed)
        await playground.open()
        if playground.curtain is None and playground.web.transcript.last:
            await playground.close()
            shutil.rmtree(folder)
            playground = self._playground_in(folder, seed)
            await playground.open()
        if playground.curtain is None:
            await prepare(playground)
        for step in steps:
            if "until" in step:
                await playground.until(datetime.fromisoformat(str(step["until"])))
            else:
                await playground.web.act(event_of(playground.web.transcript, step))
        part = self._folder / f"{SCENE}.part"
        part.write_text(json.dumps({"seed": seed, "play": play}))
        part.replace(self._folder / SCENE)
        self._playground, self._play = playground, play

    def _playground_in(self, folder: Path, seed: int) -> Playground:
        folder.mkdir(parents=True, exist_ok=True)
        cast = community.community(seed)
        tools = {("POST", "reset"): self._reset, ("POST", "kill"): self._killed}
        chosen = settings(folder, Script((), None, {}, ()), cast, at)
        names = community.names(cast)
        return Playground(chosen, BEGIN - START_BEFORE, names, folder, cast, seed, tools=tools)

    @property
    def routes(self) -> Sequence[Route]:
        """The routes of a play, each served by the one that goes on."""
        assert self._playground is not None
        return [
            Route(each.method, each.path, partial(self._serve, each.method, each.path))
            for each in self._playground.web.routes
        ]

    async def _serve(self, method: str, path: str, request: HttpRequest) -> HttpResponse | HttpStream:
        if self._playground is None:
            return NOBODY_YET
        routes = self._playground.web.routes
        return await next(each for each in routes if (each.method, each.path) == (method, path)).serve(
            request
        )

    async def _reset(self, request: HttpRequest) -> HttpResponse:
        """Begin another play: the same people or others, up to where a link leads."""
        wanted = body_of(request)
        seed, packed = wanted.get("seed"), wanted.get("steps", "")
        if not isinstance(seed, int) or not 0 <= seed < MOST_SEEDS or not isinstance(packed, str):
            raise ValueError(f"a play has a seed from 0 to {MOST_SEEDS - 1}, and steps that are a text")
        steps = unpack(packed) if packed else ()
        for step in steps:
            check(step)
        async with self._changing:
            if self._playground is not None:
                old, self._playground = self._playground, None
                await old.close()
            try:
                await self._begin(seed, self._play + 1, steps)
            except (ValueError, TypeError, KeyError):
                # Steps that lead nowhere leave a play that begins as any other.
                await self._begin(seed, self._play + 2, ())
                raise
        return reply({"seed": seed})

    async def _killed(self, request: HttpRequest) -> HttpResponse:
        """End this program at once, as a power cut would, and begin it again."""
        del request
        self._kill()
        return reply({})


async def prepare(playground: Playground) -> None:
    """Seat the people, let half a story happen, and raise the curtain."""
    app, cast = playground.app, playground.cast
    await community.seat(app, cast, playground.clock.now, at)
    await shelf.stock(app)
    await shelf.take(app, cast, playground.clock.now, playground.seed, at)
    await community.tell_half_a_story(playground, cast, playground.seed)
    await playground.advance(max(timedelta(0), BEGIN - playground.clock.now))
    playground.raise_curtain()


def _free(port: int) -> int:
    """Give the port, or 0 for any where somebody else has it."""
    with socket.socket() as probe:
        # As the server does: a port that was just given back is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return 0
    return port


async def _well() -> tuple[bool, dict[str, bool]]:
    return True, {"ready": True}


async def show(
    folder: Path, seed: int, port: int | None, ready: Callable[[str], None], stop: asyncio.Event
) -> int:
    """Serve the page until `stop`; `ready` is told its address. Gives the exit code.

    Without a `port` it takes the usual one, or any where that is taken. Raises OSError where it cannot have the port.
    """

    def kill() -> None:
        sys.stdout.flush()
        again = [sys.executable, "-m", "bot", "demo", "--resume", str(folder), "--port", str(served[1])]
        os.execv(sys.executable, [*again, "--no-browser"])  # noqa: S606  the same program, by its own path

    served = (LOOPBACK, _free(PORT) if port is None else port)
    on_stage = Show(folder, kill)
    async with AsyncExitStack() as stack:
        await on_stage.open(seed)
        stack.push_async_callback(on_stage.close)
        served = await stack.enter_async_context(serving(served, on_stage.routes, _well))
        ready(f"http://{served[0]}:{served[1]}/")
        with contextlib.suppress(asyncio.CancelledError):
            await stop.wait()
    return 0
