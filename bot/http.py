"""The one web server: `/livez`, `/readyz` and the routes of the adapters. Plain HTTP: TLS is a proxy's work."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from bot.ports import HttpRequest, HttpResponse, Route
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
    for route in routes:
        app.router.add_route(route.method, route.path, _handler(route))
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


def _handler(route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(READ_SECONDS):
                body = await request.read()
        except TimeoutError:
            return web.Response(status=408)
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            answer = await route.serve(HttpRequest(headers, dict(request.query), body))
        except Exception:  # the platform hears that it failed, and sends it again where it does such a thing
            log.exception("%s %s failed", route.method, route.path)
            answer = HttpResponse(500)
        return web.Response(
            status=answer.status, body=answer.body, headers={"Content-Type": answer.content_type}
        )

    return serve


async def _no_banner(request: web.BaseRequest, response: web.StreamResponse) -> None:
    """Strangers need not know what this is built with."""
    del request
    response.headers.pop("Server", None)
