"""How Slack brings events to the app: envelopes over websockets, or signed requests; and what it does unanswered."""

# ruff: noqa: ASYNC109  (the timeout is Slack's)

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import WSMsgType, web

from tests.platforms.slack_core import SlackCore
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_world import APP

CONNECTIONS = 10
ACK_SECONDS = 3.0


@dataclass(slots=True, eq=False)
class Event:
    """Something on its way to the app: `kind` is events_api, interactive or slash_commands."""

    kind: str
    payload: Json
    accepts: bool = False
    """Whether the acknowledgement may carry an answer."""
    attempts: int = 0
    acknowledged: bool = False
    late: bool = False
    """An acknowledgement came when nobody waited for it any more."""


@dataclass(frozen=True, slots=True)
class Ack:
    """How a delivery went: acknowledged or why not, with what answer, after how many seconds."""

    ok: bool
    payload: Any
    seconds: float
    why: str
    event: Event


@dataclass(slots=True, eq=False)
class Connection:
    """A websocket of the app; a `dead` one looks open, swallows everything and answers no ping."""

    ws: web.WebSocketResponse
    number: int
    dead: bool = False
    ponged: int = 0
    sent: list[Event] = field(default_factory=list)


class Delivering(SlackCore):
    """Delivers events: over Socket Mode, or to `request_url` where it is set."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.request_url: str | None = None
        self.retries: Sequence[float] = ()
        """Seconds to wait before each automatic retry of an event, as Slack's are 0, 60 and 300; none by default."""
        self.held = False
        """Nothing is delivered: events gather in `unacknowledged`, for `redeliver` in any order."""
        self.connections: list[Connection] = []
        self.link_disabled = False
        self.events: list[Event] = []
        self._envelopes: dict[str, tuple[Event, asyncio.Future[Json]]] = {}
        self._tickets: set[str] = set()
        self._session: aiohttp.ClientSession | None = None
        self.web.router.add_get("/link/", self._link)
        self.web.on_shutdown.append(self._shut)

    # Waiting, and misbehaviour

    async def connected(self, count: int = 1, timeout: float = 10) -> None:
        """Wait until so many websockets are open (and not dead)."""
        await self.until(lambda: len(self.alive) >= count, timeout)

    @property
    def alive(self) -> list[Connection]:
        """The open websockets that are not dead."""
        return [connection for connection in self.connections if not connection.dead]

    @property
    def unacknowledged(self) -> list[Event]:
        """Events (not commands, presses, forms) that Slack has no acknowledgement for, oldest first."""
        return [event for event in self.events if event.kind == "events_api" and not event.acknowledged]

    async def disconnect(
        self, reason: str = "refresh_requested", connection: Connection | None = None
    ) -> None:
        """Tell one or all connections to go: warning, refresh_requested, link_disabled."""
        if reason == "link_disabled":
            self.link_disabled = True
        frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}}
        for one in [connection] if connection else self.alive:
            await one.ws.send_json(frame)

    def kill(self, connection: Connection) -> None:
        """Let a connection look open and be dead."""
        connection.dead = True

    async def drop(self, connection: Connection) -> None:
        """Close a connection without a word beforehand."""
        await connection.ws.close()

    def abandon(self) -> None:
        """Stop waiting for acknowledgements: whoever was asked is no more."""
        for _, future in self._envelopes.values():
            if not future.done():
                future.set_exception(ConnectionError("abandoned"))

    # Delivering

    async def deliver(
        self,
        event: Event,
        timeout: float = ACK_SECONDS,
        attempt: int = 0,
        reason: str = "",
    ) -> Ack:
        """Deliver an event and wait for its acknowledgement; what fails may be retried, as `retries` says."""
        if not event.attempts:
            self.events.append(event)
        event.attempts += 1
        start = self.now
        if self.held:
            return Ack(False, None, 0.0, "held", event)
        send = self._to_socket if self.request_url is None else self._to_url
        payload, why = await send(event, timeout, attempt, reason)
        if not why:
            event.acknowledged = True
            if payload and not event.accepts:
                kind = event.payload.get("type")
                self.violate(f"an acknowledgement of {kind} carries an answer, which Slack ignores")
        elif event.kind == "events_api" and attempt < len(self.retries) and why != "no_retry":
            self.background(self._retry(event, attempt, why))
        self.changed()
        return Ack(not why, payload, self.now - start, why, event)

    async def _retry(self, event: Event, attempt: int, why: str) -> None:
        await asyncio.sleep(self.retries[attempt])
        await self.deliver(event, ACK_SECONDS, attempt + 1, why)

    async def redeliver(
        self, *events: Event, times: int = 1, attempt: int | None = None, reason: str = "timeout",
        timeout: float = ACK_SECONDS,
    ) -> list[Ack]:  # fmt: skip
        """Deliver events again, all at once, in this order; without any, all that are unacknowledged, one by one."""
        self.held = False
        if not events:
            every = self.unacknowledged
            return [
                await self.deliver(e, timeout, e.attempts if attempt is None else attempt, reason)
                for e in every
            ]
        tries = [event for event in events for _ in range(times)]
        numbers = [event.attempts + n if attempt is None else attempt for n, event in enumerate(tries)]
        sends = (self.deliver(e, timeout, number, reason) for e, number in zip(tries, numbers, strict=True))
        return list(await asyncio.gather(*sends))

    async def _to_socket(self, event: Event, timeout: float, attempt: int, reason: str) -> tuple[Any, str]:
        if not self.connections:
            return None, "connection_failed"
        connection = self.rng.choice(self.connections)
        connection.sent.append(event)
        name = str(uuid.UUID(bytes=self.rng.randbytes(16)))
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._envelopes[name] = (event, future)
        frame = {
            "envelope_id": name,
            "type": event.kind,
            "payload": event.payload,
            "accepts_response_payload": event.accepts,
        }
        if event.kind == "events_api":
            frame |= {"retry_attempt": attempt, "retry_reason": reason}
        if not connection.dead:
            try:
                await connection.ws.send_json(frame)
            except ConnectionError:
                future.cancel()
                return None, "connection_failed"
        try:
            async with asyncio.timeout(timeout):
                answer = await future
        except TimeoutError:
            return None, "timeout"
        except ConnectionError:
            return None, "abandoned"
        return answer.get("payload"), ""

    def ticket(self) -> str:
        """The address of a websocket, good once."""
        ticket = self.letters(32)
        self._tickets.add(ticket)
        return f"ws{self.url.removeprefix('http')}/link/?ticket={ticket}&app_id={APP}"

    async def _link(self, request: web.Request) -> web.StreamResponse:
        """Take up a websocket; its ticket, from apps.connections.open, is good once."""

        async def act() -> web.StreamResponse:
            ticket = request.query.get("ticket", "")
            if ticket not in self._tickets:
                return web.Response(status=403)
            self._tickets.remove(ticket)
            ws = web.WebSocketResponse(autoping=False)
            await ws.prepare(request)
            return ws

        response = await self.serve(request, "link", {}, act)
        if isinstance(response, web.WebSocketResponse):
            await self._talk(Connection(response, self.number()))
        return response

    async def _talk(self, connection: Connection) -> None:
        ws = connection.ws
        if len(self.connections) >= CONNECTIONS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await ws.close()
            return
        hello = {
            "type": "hello", "num_connections": len(self.connections) + 1, "connection_info": {"app_id": APP},
            "debug_info": {"host": "applink-local", "build_number": 1, "approximate_connection_time": 18060},
        }  # fmt: skip
        await ws.send_json(hello)
        await ws.ping(b"Ping from applink-local")
        self.connections.append(connection)
        self.changed()
        try:
            async for message in ws:
                if connection.dead:
                    continue
                match message.type:
                    case WSMsgType.TEXT:
                        self._acknowledged(message.data)
                    case WSMsgType.PING:
                        await ws.pong(message.data)
                    case WSMsgType.PONG:
                        connection.ponged += 1
                    case _:
                        pass
        finally:
            self.connections.remove(connection)
            self.changed()

    def _acknowledged(self, text: str) -> None:
        try:
            answer = json.loads(text)
            event, future = self._envelopes[answer["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            self.violate(f"not an acknowledgement of anything: {text[:200]}")
            return
        if answer.get("payload"):
            self.log(f"ack.{event.payload.get('type', event.kind)}", answer["payload"])
        if future.done():
            event.late = True
        else:
            future.set_result(answer)
        self.changed()

    # Signed requests

    def signed(self, body: str, at: float | str | None = None, secret: str | None = None) -> dict[str, str]:
        """The headers that say a body is Slack's."""
        stamp = str(int(time.time()) if at is None else at)
        key = (secret or self.signing_secret).encode()
        mark = hmac.new(key, f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={mark}"}

    def written(self, event: Event) -> tuple[str, str]:
        """The body of a request and its content type."""
        form = "application/x-www-form-urlencoded"
        match event.kind:
            case "slash_commands":
                return urlencode(event.payload), form
            case "interactive":
                return urlencode({"payload": json.dumps(event.payload)}), form
            case _:
                return json.dumps(event.payload), "application/json"

    async def send(self, body: str, headers: Mapping[str, str]) -> tuple[int, str, Mapping[str, str]]:
        """POST something to `request_url`; gives status, text and headers."""
        assert self.request_url is not None, "slack.request_url says where"
        self._session = self._session or aiohttp.ClientSession()
        agent = {"User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
        async with self._session.post(
            self.request_url, data=body.encode(), headers={**agent, **headers}
        ) as response:
            return response.status, await response.text(), response.headers

    async def challenge(self) -> bool:
        """Verify `request_url`, as is done once when it is entered; the app gives back what it is sent."""
        word = self.letters(30)
        body = json.dumps({"type": "url_verification", "token": "verification", "challenge": word})
        status, text, _ = await self.send(body, {"Content-Type": "application/json", **self.signed(body)})
        return status == 200 and word in text

    async def _to_url(self, event: Event, timeout: float, attempt: int, reason: str) -> tuple[Any, str]:
        body, kind = self.written(event)
        headers = {"Content-Type": kind, **self.signed(body)}
        if attempt:
            headers |= {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason or "http_timeout"}
        try:
            async with asyncio.timeout(timeout):
                status, text, answered = await self.send(body, headers)
        except TimeoutError:
            return None, "http_timeout"
        except aiohttp.ClientError:
            return None, "connection_failed"
        if status != 200:
            return None, "no_retry" if answered.get("X-Slack-No-Retry") == "1" else "http_error"
        if not text:
            return None, ""
        payload = (
            json.loads(text)
            if answered.get("Content-Type", "").startswith("application/json")
            else {"text": text}
        )
        self.log(f"ack.{event.payload.get('type', event.kind)}", payload)
        return payload, ""

    async def _shut(self, app: web.Application) -> None:
        del app
        self.abandon()
        for connection in list(self.connections):
            await connection.ws.close()
        if self._session is not None:
            await self._session.close()
