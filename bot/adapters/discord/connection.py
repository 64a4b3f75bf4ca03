"""The connection with Discord's gateway, through discord.py: who we are, and every frame as it came.

No view, no modal and no command of the library's is used: it keeps those in memory, where a restart forgets them.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, KeepAliveHandler
from discord.http import Route
from yarl import URL

from bot.adapters.discord import windows
from bot.adapters.discord.calls import IDENTIFYING, LIMIT_SECONDS, asked_to_wait
from bot.adapters.discord.payload import Body, body_of, number_in
from bot.adapters.pacing import Pacing
from bot.ports import Misconfigured, Outage

log = logging.getLogger(__name__)

SILENT = 4.0
"""So many times as long as a call may take, a connection may be silent: Discord says something every 41 seconds."""
CLOSE_SECONDS = 0.4
"""How long Discord may take to say good-bye."""
REMEDY = "Copy the token from the page Bot of the application into discord.token."
DISPATCH = 0
KEPT = {"READY", "RESUMED"}
BAD_TOKEN, BAD_SHARD, MORE_SHARDS = 4004, 4010, 4011
FAULTS = (discord.HTTPException, discord.GatewayNotFound, aiohttp.ClientError, OSError)

Hear = Callable[[Body], Awaitable[None]]


class Gateway:
    """What both kinds of client do alike: hand on every frame, and know whether all shards are there."""

    def __init__(self, *, hear: Hear, up: asyncio.Event, shards: int, pacing: Pacing, **options: Any) -> None:  # noqa: ANN401  the library's own
        """`hear` is told every frame; `up` is set while every shard has a session."""
        super().__init__(**options)
        self._hear = hear
        self._all_up = up
        self._shards = max(1, shards)
        self._there: set[int] = set()
        self._pacing = pacing

    async def on_frame(self, frame: Body) -> None:
        """Take a frame."""
        if frame["t"] == "READY":
            self._came(_shard_of(frame))
        await self._hear(frame)

    async def on_disconnect(self) -> None:
        """Note that the only shard is away; where there are several, each says so itself."""
        if self._shards == 1:
            self._went(0)

    async def on_resumed(self) -> None:
        """Note that the only shard is there again."""
        if self._shards == 1:
            self._came(0)

    async def on_shard_disconnect(self, shard: int) -> None:
        """Note that a shard is away."""
        self._went(shard)

    async def on_shard_resumed(self, shard: int) -> None:
        """Note that a shard is there again."""
        self._came(shard)

    async def before_identify_hook(self, shard: int | None, *, initial: bool = False) -> None:
        """Wait until Discord takes another session."""
        del shard, initial
        await self._pacing.ready(IDENTIFYING)

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        """Log that a frame could not be taken, without its words."""
        del args, kwargs
        log.exception("%s failed", event_method)  # noqa: LOG004  the library calls this where it has caught it

    def _came(self, shard: int) -> None:
        self._there.add(shard)
        if len(self._there) >= self._shards:
            self._all_up.set()

    def _went(self, shard: int) -> None:
        self._there.discard(shard)
        self._all_up.clear()


class Frames(dict[str, Callable[[Any], Any]]):
    """What becomes of the frames of each kind: all are handed on as they came.

    What only the library needs, it reads too: that a session has begun. All else it would make objects of, with every
    server and channel there is, and nobody looks at them.
    """

    def __init__(self, client: discord.Client, its: dict[str, Callable[[Any], Any]]) -> None:
        """Take the place of the library's own."""
        super().__init__()
        self._client = client
        self._its = its

    def __missing__(self, kind: str) -> Callable[[Any], Any]:
        self[kind] = partial(self._take, kind)
        return self[kind]

    def _take(self, kind: str, data: object) -> None:
        if kind in KEPT:
            self._its[kind](data)
        self._client.dispatch("frame", {"op": DISPATCH, "t": kind, "d": data})


class Single(Gateway, discord.Client):
    """One connection for all servers."""


class Sharded(Gateway, discord.AutoShardedClient):
    """A connection for every part of the servers."""


def make(shards: int, hear: Hear, up: asyncio.Event, pacing: Pacing, seconds: float) -> discord.Client:
    """Make a client that remembers neither messages nor members; without privileged intents.

    A connection that is not made after so many seconds is given up, and one made anew after some times as many of
    silence.
    """
    trace = aiohttp.TraceConfig()

    async def ended(session: object, context: object, end: aiohttp.TraceRequestEndParams) -> None:
        del session, context
        if end.response.status == 429:
            # The library waits with this call alone, in its place or not.
            bucket, seconds = asked_to_wait(end.url.path, end.response.headers)
            if bucket:
                pacing.blocked(bucket, seconds)

    trace.on_request_end.append(ended)
    # It would warn everybody that it cannot speak.
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    options: dict[str, Any] = {
        "intents": discord.Intents(guilds=True, dm_messages=True),
        "allowed_mentions": discord.AllowedMentions.none(),
        "max_messages": None,
        "member_cache_flags": discord.MemberCacheFlags.none(),
        "chunk_guilds_at_startup": False,
        "guild_ready_timeout": 0.0,
        "heartbeat_timeout": SILENT * seconds,
        "http_trace": trace,
    }
    parts: dict[str, Any] = {"hear": hear, "up": up, "shards": shards, "pacing": pacing}
    client = Sharded(**parts, **options, shard_count=shards) if shards else Single(**parts, **options)
    client.http.max_ratelimit_timeout = LIMIT_SECONDS
    open_one = client.http.ws_connect

    async def ws_connect(url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
        # By itself the library waits for minutes.
        async with asyncio.timeout(seconds):
            return await open_one(url, compress=compress)

    client.http.ws_connect = ws_connect  # type: ignore[method-assign]  # it has no other place for it
    state = client._connection  # noqa: SLF001  frames are told as text only by the library's own way, and parsed twice
    state.parsers = Frames(client, state.parsers)
    return client


def point(api_url: str, gateway_url: str) -> None:
    """Say where Discord is; the library knows it in one place for the whole process."""
    Route.BASE = api_url.rstrip("/")
    DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
    windows.install()


async def sign_in(client: discord.Client, token: str, seconds: float) -> str:
    """Ask Discord whose token this is, for so many seconds; gives the application's id."""
    try:
        async with asyncio.timeout(seconds):
            await client.login(token)
    except discord.LoginFailure as error:
        raise Misconfigured(f"Discord does not take the token. {REMEDY}") from error
    except FAULTS as error:
        raise Outage(f"Discord cannot be reached ({type(error).__name__})") from error
    known = client.application
    assert known is not None
    if known.interactions_endpoint_url:
        raise Misconfigured(
            "the application has an Interactions Endpoint URL, to which Discord sends everything instead: remove it "
            "on the application's page General Information"
        )
    return str(known.id)


async def listen(client: discord.Client) -> None:
    """Receive frames until cancelled; a lost connection is resumed, else this raises `Outage` in words."""
    try:
        # What cannot be resumed is connected anew by whoever runs us, with waits that are known.
        await client.connect(reconnect=False)
    except discord.PrivilegedIntentsRequired as error:
        raise Misconfigured("Discord wants an intent switched on that is not needed") from error
    except discord.ConnectionClosed as error:
        if error.code == BAD_TOKEN:
            raise Misconfigured(f"Discord does not take the token any more. {REMEDY}") from error
        if error.code in (BAD_SHARD, MORE_SHARDS):
            raise Misconfigured(
                "the bot is in too many servers for this many connections: raise discord.shards"
            ) from error
        raise Outage(f"Discord closed the connection ({error.code})") from error
    except FAULTS as error:
        raise Outage(f"Discord cannot be reached ({type(error).__name__})") from error
    finally:
        await _close(client)
    raise Outage("Discord closed the connection")


async def _close(client: discord.Client) -> None:
    """Close every connection, also one that is being made, which the library does not know yet, or one that is dead."""
    beating = [thread for thread in threading.enumerate() if isinstance(thread, KeepAliveHandler)]
    closing = [thread.ws.close(1000) for thread in beating if thread.ws.token == client.http.token]
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await asyncio.gather(*closing, return_exceptions=True)


def _shard_of(frame: Body) -> int:
    shard = body_of(frame.get("d")).get("shard")
    return number_in(shard[0]) if isinstance(shard, list) and shard else 0
