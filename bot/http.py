"""The one web server: `/livez`, `/readyz` and the routes of the adapters. Plain HTTP: TLS is a proxy's work."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from bot.ports import HttpRequest, HttpResponse, HttpStream, Route
from core.store.types import Json

log = logging.getLogger(__name__)

LARGEST = 2 * 1024 * 1024
READ_SECONDS = 10.0
STOP_SECONDS = 2.0

Ready = Callable[[], Awaitable[tuple[bool, Json]]]


@asynccontextmanager
async def serving(
    listen: tuple[str, int], routes: Sequence[Route], ready: Ready
) -> AsyncIterator[tuple[str, int]]:
    """Serve until the end of the block, and then finish what has begun; gives where, for a port that was 0.

    Raises OSError where it cannot listen.
    """
    app = web.Application(client_max_size=LARGEST, logger=log)
    app.router.add_get("/livez", _alive)
    app.router.add_get("/readyz", _readiness(ready))
    streams = set[asyncio.Task[None]]()
    for route in routes:
        app.router.add_route(route.method, route.path, _handler(route, streams))
    app.on_shutdown.append(lambda _: _hang_up(streams))
    app.on_response_prepare.append(_no_banner)
    runner = web.AppRunner(app, access_log=None, logger=log, shutdown_timeout=STOP_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, *listen).start()
        host, port = runner.addresses[0][:2]
        log.info("the web server listens at %s, port %d", host, port)
        yield host, port
    finally:
        # Somebody who never sends the rest of a request would be waited for twice.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS + 0.5):
                await runner.cleanup()


async def _alive(request: web.Request) -> web.Response:
    """Whoever gets this answer knows that the event loop goes on."""
    del request
    return web.Response(text="ok\n")


def _readiness(ready: Ready) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        del request
        able, parts = await ready()
        return web.json_response(parts, status=200 if able else 503)

    return serve


def _handler(
    route: Route, streams: set[asyncio.Task[None]]
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def serve(request: web.Request) -> web.StreamResponse:
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        headers = {name.lower(): value for name, value in request.headers.items()}
        remote = request.remote or ""
        answer: HttpResponse | HttpStream
        try:
            answer = await route.serve(HttpRequest(headers, dict(request.query), body, request.path, remote))
        except Exception:  # the platform hears that it failed, and sends it again where it does such a thing
            log.exception("%s %s failed", route.method, route.path)
            answer = HttpResponse(500)
        told = {**answer.headers, "Content-Type": answer.content_type}
        if isinstance(answer, HttpStream):
            response = web.StreamResponse(headers=told)
            await response.prepare(request)
            going_on = asyncio.create_task(_go_on(response, answer))
            streams.add(going_on)
            going_on.add_done_callback(streams.discard)
            await asyncio.wait({going_on})
            return response
        return web.Response(status=answer.status, body=answer.body, headers=told)

    return serve


async def _go_on(response: web.StreamResponse, stream: HttpStream) -> None:
    """Pass on what comes, until whoever asked has hung up."""
    try:
        async with contextlib.aclosing(stream.parts) as parts:
            async for part in parts:
                await response.write(part)
    except ConnectionError:
        log.debug("a stream's reader has gone")
    except Exception:  # whoever reads asks again
        log.exception("a stream failed")


async def _hang_up(streams: set[asyncio.Task[None]]) -> None:
    """End what would go on for ever."""
    for stream in [*streams]:
        stream.cancel()
    if streams:
        await asyncio.wait(streams)


async def _no_banner(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Strangers need not know what this is built with."""
    del request
    response.headers.pop("Server", None)
