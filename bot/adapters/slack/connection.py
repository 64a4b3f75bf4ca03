"""Signing in to Slack, and the two sockets that events come through.

Slack renews a connection every few hours, and the SDK closes the old one before it opens the new one: with two of them
there is always one that listens.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack.calls import REMEDY, TOKEN, Failed, Workspace, call, client
from bot.ports import Misconfigured, Outage

log = logging.getLogger(__name__)

# It tells of every try to connect anew with a trace; `watch` says the same once, in words.
quiet = logging.getLogger("mentorbot.slack.sockets")
quiet.setLevel(logging.CRITICAL)

SOCKETS = 2
PING_SECONDS = 5.0
CONNECT_SECONDS = 15.0
LOST_PINGS = 6
"""For so many pings without a connection, a socket is made anew; without any, everything is, tokens included."""


async def sign_in(
    tokens: Sequence[str], api_url: str, session: aiohttp.ClientSession
) -> dict[str, Workspace]:
    """Ask Slack whose tokens these are; raises `Misconfigured` where none is good, `Outage` to try again."""
    found: dict[str, Workspace] = {}
    refused: list[str] = []
    for number, token in enumerate(tokens, 1):
        ours = client(token, api_url, session)
        told = await call(ours, "auth.test", {})
        if not isinstance(told, Failed):
            team = str(told["team_id"])
            found[team] = Workspace(
                team,
                str(told.get("team", team)),
                str(told.get("user_id", "")),
                str(told.get("bot_id", "")),
                str(told.get("enterprise_id") or ""),
                ours,
            )
            continue
        if told.error not in TOKEN:
            raise Outage(f"Slack did not say whose token number {number} is: {told.error}")
        refused.append(f"Slack does not take token number {number} of slack.bot_tokens ({told.error})")
    if not found:
        raise Misconfigured(f"{'; '.join(refused)}. {REMEDY}")
    for why in refused:
        log.error("%s; the other workspaces go on. %s", why, REMEDY)
    return found


class Sockets:
    """The connections of Socket Mode, open between `async with` and its end."""

    def __init__(
        self,
        app: AsyncApp,
        app_token: str,
        api_url: str,
        session: aiohttp.ClientSession,
        ping: float = PING_SECONDS,
    ) -> None:
        """`app` takes what comes; every `ping` seconds each socket asks whether the other end is there."""
        self._app = app
        self._token = app_token
        self._web: AsyncWebClient = client("", api_url, session)
        self._ping = ping
        self._handlers: list[AsyncSocketModeHandler] = []

    async def __aenter__(self) -> Self:
        """Connect; raises `Misconfigured` for a token that does not open sockets."""
        # The SDK tries for ever with a token that is not good, so that is found out first.
        probe = client(self._token, self._web.base_url, self._web.session or aiohttp.ClientSession())
        told = await call(probe, "apps.connections.open", {"app_token": self._token})
        if isinstance(told, Failed):
            if told.error in {*TOKEN, "missing_scope", "forbidden_team", "socket_mode_not_enabled"}:
                raise Misconfigured(
                    f"Slack opens no socket for slack.app_token ({told.error}). Make an app-level token (xapp-…) with "
                    "the scope connections:write under Basic Information, and switch Socket Mode on."
                )
            raise Outage(f"Slack opened no socket: {told.error}")
        try:
            for _ in range(SOCKETS):
                await self._open()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        await self._close()

    async def watch(self, enough: asyncio.Event) -> None:
        """Return when it is enough; raise `Outage` when no socket has been open for a while."""
        loop = asyncio.get_running_loop()
        last: dict[AsyncSocketModeHandler, float] = {}
        told = False
        while not enough.is_set():
            # One after the other, since each looks at a clock of its own.
            up = [handler for handler in self._handlers if await handler.client.is_connected()]
            now = loop.time()
            last = {handler: now if handler in up else last.get(handler, now) for handler in self._handlers}
            lost = [handler for handler in self._handlers if now - last[handler] > LOST_PINGS * self._ping]
            if len(lost) == len(self._handlers):
                raise Outage("Slack's sockets cannot be opened")
            for handler in lost:
                # The SDK tries for ever an address that was good for half a minute.
                self._handlers.remove(handler)
                await _hang_up(handler)
                with contextlib.suppress(Outage):
                    await self._open()
            if not up and not told:
                log.warning("no connection to Slack; it is being opened again")
            told = not up
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._ping / 2):
                    await enough.wait()

    async def _open(self) -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(
            self._app, self._token, logger=quiet, web_client=self._web, ping_interval=self._ping
        )
        self._handlers.append(handler)
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await handler.client.connect()  # type: ignore[no-untyped-call]  # the SDK says no types
        except TimeoutError as error:
            raise Outage("Slack's sockets cannot be opened") from error
        return handler

    async def _close(self) -> None:
        for handler in self._handlers:
            await _hang_up(handler)
        self._handlers.clear()


async def _hang_up(handler: AsyncSocketModeHandler) -> None:
    sockets = handler.client
    tasks = [
        task
        for task in (sockets.message_processor, sockets.current_session_monitor, sockets.message_receiver)
        if task is not None
    ]
    with contextlib.suppress(Exception):
        await sockets.close()  # type: ignore[no-untyped-call]  # the same
    # The SDK cancels its tasks and leaves them.
    await asyncio.gather(*tasks, return_exceptions=True)
