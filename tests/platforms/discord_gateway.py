"""Discord's gateway: sessions over websockets, what is told to them, replay, and every way it breaks."""

# ruff: noqa: ASYNC109  (the timeout is a test's patience)

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.platforms.discord_core import GATEWAY, DiscordCore
from tests.platforms.discord_world import DM_CHANNEL, Channel, Json, Message

GUILDS, MEMBERS, PRESENCES, GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT = (1 << n for n in (0, 1, 8, 9, 12, 15))
"""Intents; MEMBERS, PRESENCES and CONTENT are privileged."""
REPLAYED = 2_000
"""How many events a session keeps for a resume."""


@dataclass(slots=True, eq=False)
class Event:
    """Something told to the bot; `intent` is what it must have asked for, 0 for what everybody is told."""

    kind: str
    data: Json
    guild: str = ""
    intent: int = 0
    given: int = 0
    """How many open connections got it."""


@dataclass(slots=True, eq=False)
class Session:
    """A bot's session, which outlives its connection."""

    id: str
    shard: tuple[int, int]
    intents: int
    ws: web.WebSocketResponse | None
    seq: int = 0
    sent: deque[tuple[int, str, Json]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    ready: bool = False

    def hears(self, event: Event) -> bool:
        """Whether this shard is told, and has asked for it."""
        mine = (int(event.guild) >> 22) % self.shard[1] if event.guild else 0
        return mine == self.shard[0] and (not event.intent or bool(self.intents & event.intent))


class Gateway(DiscordCore):
    """Tells the bot what happens."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.sessions: list[Session] = []
        self.identifies: list[Json] = []
        """What every new session said about itself, without the token."""
        self.resumes = 0
        self.events: deque[Event] = deque(maxlen=10_000)
        """The newest events, oldest first."""
        self.held = False
        """Nothing is told: events gather in `pending`, for `release` in any order."""
        self.pending: list[Event] = []
        self.privileged = 0
        """Privileged intents that are granted."""
        self.echoes = True
        """The bot is told of its own messages, as it is."""
        self.silent = False
        """Connections look open and are dead: nothing is answered any more."""
        self.deaf = False
        """Nobody says good-bye to who closes a connection."""
        self.heartbeat_ms = 41_250
        self.shards = 1
        """How many sessions Discord advises."""
        self.least_shards = 1
        """Whoever begins with fewer is closed with 4011."""
        self._sockets: set[web.WebSocketResponse] = set()
        self.web.router.add_get("/gateway", self._link)
        self.web.router.add_get("/gateway/", self._link)
        self.web.on_shutdown.append(self._shut)

    # What is seen and done from outside

    @property
    def intents(self) -> int:
        """What the newest session asked for."""
        return int(self.identifies[-1]["intents"]) if self.identifies else 0

    @property
    def alive(self) -> list[Session]:
        """The sessions with a connection."""
        return [session for session in self.sessions if session.ready and session.ws is not None]

    async def connected(self, count: int = 1, timeout: float = 10) -> None:
        """Wait until so many sessions are ready and have a connection."""
        await self.until(lambda: len(self.alive) >= count, timeout)

    async def drop(self, *only: Session, resume: bool = True, code: int = 4000) -> None:
        """Close all connections, or those of these sessions; without `resume` the sessions are forgotten."""
        dropped = list(only or self.sessions)
        open_now = [session.ws for session in only if session.ws] if only else list(self._sockets)
        for session in dropped:
            session.ws = None
            if not resume:
                self.sessions.remove(session)
        for socket in open_now:
            await socket.close(code=code)

    async def reconnect(self) -> None:
        """Ask every session to connect again (op 7)."""
        for session in self.alive:
            await _send(session, {"op": 7, "d": None})

    async def invalidate(self, *, resumable: bool = False) -> None:
        """Tell every session that it is not valid (op 9)."""
        told = self.alive
        if not resumable:
            self.sessions.clear()
        for session in told:
            await _send(session, {"op": 9, "d": resumable})

    # Events

    async def tell(self, event: Event) -> Event:
        """Tell every session that is to hear of something, or keep it where events are held."""
        self.events.append(event)
        if self.held:
            self.pending.append(event)
        else:
            await self._give(event)
        self.changed()
        return event

    async def release(self, *events: Event) -> None:
        """Tell what was held, in this order; without any, all of it, and hold no more."""
        if not events:
            self.held = False
        for event in events or tuple(self.pending):
            self.pending.remove(event)
            await self._give(event)
        self.changed()

    async def redeliver(self, event: Event, times: int = 1) -> None:
        """Tell something again, under a new number, as after a lost connection."""
        for _ in range(times):
            await self._give(event)

    async def _give(self, event: Event) -> None:
        for session in self.sessions:
            if session.ready and session.hears(event):
                event.given += await self._dispatch(session, event.kind, event.data)

    async def told(self, kind: str, channel: Channel, data: Json) -> Event:
        """Tell of something in a channel, to those who asked for its kind."""
        if channel.kind == DM_CHANNEL:
            return await self.tell(Event(kind, data, intent=DIRECT_MESSAGES))
        assert channel.guild is not None
        return await self.tell(
            Event(kind, {**data, "guild_id": channel.guild.id}, channel.guild.id, GUILD_MESSAGES)
        )

    async def told_message(self, kind: str, message: Message) -> Event:
        """Tell of a message; in a guild without what it says, unless the bot wrote it or may read all."""
        channel = message.channel
        readable = channel.kind == DM_CHANNEL or message.author is self.bot or bool(self.intents & CONTENT)
        data = message.json(told=readable)
        if channel.guild is not None:
            member = channel.guild.member(message.author)
            data["member"] = {
                key: value for key, value in member.items() if key not in {"user", "permissions"}
            }
        return await self.told(kind, channel, data)

    async def _dispatch(self, session: Session, kind: str, data: Json) -> int:
        session.seq += 1
        session.sent.append((session.seq, kind, data))
        return await _send(session, {"op": 0, "t": kind, "s": session.seq, "d": data})

    # Connections

    async def _link(self, request: web.Request) -> web.StreamResponse:
        async def act() -> web.StreamResponse:
            return web.Response(status=204)

        answer = await self.serve(request, GATEWAY, dict(request.query), act)
        if answer.status != 204:
            return answer
        socket = web.WebSocketResponse(max_msg_size=4096, autoclose=False)
        await socket.prepare(request)
        self._sockets.add(socket)
        session: Session | None = None
        try:
            await socket.send_json(
                {"op": 10, "d": {"heartbeat_interval": self.heartbeat_ms}, "s": None, "t": None}
            )
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                try:
                    frame = json.loads(message.data)
                except ValueError:
                    await self._closed(socket, 4002, "a frame that is not JSON")
                    break
                session = await self._frame(socket, session, frame)
                self.changed()
            if self.deaf:
                await self._stopping.wait()
            await socket.close()
        finally:
            self._sockets.discard(socket)
            if session is not None and session.ws is socket:
                session.ws = None
                if socket.close_code in {1000, 1001} and session in self.sessions:
                    self.sessions.remove(session)
            self.changed()
        return socket

    async def _frame(
        self, socket: web.WebSocketResponse, session: Session | None, frame: Json
    ) -> Session | None:
        """Do what a frame asks; gives the session of the connection."""
        if self.silent:
            return session
        match frame.get("op"), frame.get("d"):
            case 1, _:
                await socket.send_json({"op": 11})
            case ((2 | 6), _) if session is not None:
                await self._closed(socket, 4005, "identified twice")
            case 2, dict(data):
                return await self._identify(socket, data)
            case 6, dict(data):
                return await self._resume(socket, data)
            case ((3 | 4 | 8), _) if session is not None:
                pass
            case ((3 | 4 | 8), _):
                await self._closed(socket, 4003, "a frame before the session")
            case op, _:
                await self._closed(socket, 4001, f"a frame of op {op}")
        return session

    async def _identify(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        said = {key: value for key, value in data.items() if key != "token"}
        self.identifies.append(said)
        intents, shard = data.get("intents"), tuple(data.get("shard") or (0, 1))
        if data.get("token") != self.token:
            await self._closed(socket, 4004, "")
        elif not isinstance(intents, int) or intents < 0 or intents >= 1 << 26:
            await self._closed(socket, 4013, f"intents {intents}")
        elif intents & (MEMBERS | PRESENCES | CONTENT) & ~self.privileged:
            await self._closed(socket, 4014, f"privileged intents {intents:b}")
        elif len(shard) != 2 or not 0 <= shard[0] < shard[1]:
            await self._closed(socket, 4010, f"shard {shard}")
        elif shard[1] < self.least_shards:
            await self._closed(socket, 4011, "")
        else:
            # A new process has taken the place of one that is no more.
            self.sessions = [each for each in self.sessions if each.ws is not None or each.shard != shard]
            session = Session(self.letters(32), (shard[0], shard[1]), intents, socket, ready=True)
            self.sessions.append(session)
            await self._greet(session)
            return session
        return None

    async def _greet(self, session: Session) -> None:
        mine = [each for each in self.guilds.values() if session.hears(Event("", {}, each.id))]
        ready: Json = {
            "v": 10, "user": self.bot.json(), "session_id": session.id, "resume_gateway_url": self.gateway_url,
            "guilds": [{"id": each.id, "unavailable": True} for each in mine], "shard": list(session.shard),
            "application": {"id": self.app_id, "flags": 0},
        }  # fmt: skip
        await self._dispatch(session, "READY", ready)
        if session.intents & GUILDS:
            for guild in mine:
                await self._dispatch(session, "GUILD_CREATE", guild.json(self.bot))

    async def _resume(self, socket: web.WebSocketResponse, data: Json) -> Session | None:
        self.resumes += 1
        if data.get("token") != self.token:
            await self._closed(socket, 4004, "")
            return None
        session = next((each for each in self.sessions if each.id == data.get("session_id")), None)
        since = data.get("seq")
        if session is None or not isinstance(since, int):
            await socket.send_json({"op": 9, "d": False})
            return None
        if since > session.seq:
            await self._closed(socket, 4007, f"a sequence of {since}")
            return None
        if session.sent and since < session.sent[0][0] - 1:
            self.sessions.remove(session)
            await socket.send_json({"op": 9, "d": False})
            return None
        session.ws = socket
        for seq, kind, told in list(session.sent):
            if seq > since:
                await _send(session, {"op": 0, "t": kind, "s": seq, "d": told})
        await self._dispatch(session, "RESUMED", {})
        return session

    async def _closed(self, socket: web.WebSocketResponse, code: int, violation: str) -> None:
        if violation:
            self.violate(f"gateway: {code}, {violation}")
        await socket.close(code=code)

    async def _shut(self, _: Any) -> None:
        for socket in list(self._sockets):
            await socket.close(code=1001)


async def _send(session: Session, frame: Json) -> int:
    """Send a frame, where somebody is there; gives how many got it."""
    if session.ws is None or session.ws.closed:
        return 0
    try:
        await session.ws.send_json(frame)
    except ConnectionError:
        return 0
    return 1
