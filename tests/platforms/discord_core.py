"""Discord's books, how it reads requests and writes refusals, and what it lets happen how often."""

import base64
import json
import mimetypes
import os
import re
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiohttp import web

from tests.platforms.discord_markup import Fired
from tests.platforms.discord_world import DM_CHANNEL, EPOCH, Channel, File, Json, Message, Place, User
from tests.platforms.kit import Reply, WireServer

API = "/api/v10"
MESSAGE = "post /channels/#/messages"
EDIT = "patch /channels/#/messages/#"
DELETE = "delete /channels/#/messages/#"
DM = "post /users/@me/channels"
CALLBACK = "post /interactions/#/#/callback"
FOLLOWUP = "post /webhooks/#/#"
ORIGINAL = "patch /webhooks/#/#/messages/#"
COMMANDS = "put /applications/#/commands"
THREAD = "post /channels/#/threads"
MEMBER = "put /channels/#/thread-members/#"
GATEWAY = "gateway"
REAL_LIMITS = {MESSAGE: (5, 5.0), EDIT: (5, 5.0), DELETE: (5, 1.0), FOLLOWUP: (5, 2.0), ORIGINAL: (5, 2.0)}
"""Calls in so many seconds, per channel or token, as bots have observed them; Discord publishes none."""
FREE = (10_000, 1.0)
ROUTE = web.RequestKey("route", tuple[str, str])
"""Which route a request is of, and what its limit is counted by."""

SAID: dict[int, tuple[int, str]] = {
    0: (404, "404: Not Found"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    40003: (403, "You are opening direct messages too fast"),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
}
"""What its codes mean, and the HTTP status they come with."""


class Refusal(Exception):
    """What Discord answers instead of doing it."""

    def __init__(self, code: int, **more: Any) -> None:
        """Keep code and words."""
        self.status, words = SAID[code]
        self.body = {"message": words, "code": code, **more}
        super().__init__(words)


def refusal(code: int) -> Reply:
    """Write a fault: Discord refuses with this code, and nothing is done."""
    status, words = SAID[code]
    return Reply({"message": words, "code": code}, status)


def limited(seconds: float, *, everywhere: bool = False) -> tuple[Json, dict[str, str]]:
    """Write a 429: body and headers."""
    scope = "global" if everywhere else "user"
    headers = {"Via": "1.1 google", "Retry-After": str(int(seconds) + 1), "X-RateLimit-Scope": scope}
    if everywhere:
        headers["X-RateLimit-Global"] = "true"
    return {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}, headers


def global_limit(seconds: float) -> Reply:
    """Write a fault: every call is to wait, since the bot made too many in all."""
    body, headers = limited(seconds, everywhere=True)
    return Reply(body, 429, headers)


def cloudflare() -> Reply:
    """Write a fault: the address is banned in front of Discord, which says so without `Via`."""
    return Reply({"error": 1015}, 429, {"Retry-After": "600"})


@dataclass(slots=True)
class Ask:
    """A request: `ids` are those of its path; `files` are by the number of their attachment."""

    verb: str
    path: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    body: Any
    files: dict[int, tuple[str, str, bytes]] = field(default_factory=dict)
    """Name, mime, bytes."""

    @property
    def where(self) -> str:
        """How it is named in violations."""
        return f"{self.verb} {self.path}"


Handler = Callable[[Ask], Awaitable[web.Response]]


class DiscordCore(WireServer):
    """The books of a local Discord with one bot."""

    platform = "discord"

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self._last = 0
        self.passed = timedelta()
        """How much time has passed here beside what really has."""
        self.app_id = self.snowflake()
        named = base64.urlsafe_b64encode(self.app_id.encode()).decode().rstrip("=")
        self.token = f"{named}.{self.letters(6)}.{self.letters(27)}"
        self.bot = User(self.app_id, "mentoring", is_bot=True)
        self.users: dict[str, User] = {self.app_id: self.bot}
        self.guilds: dict[str, Place] = {}
        self.channels: dict[str, Channel] = {}
        self._dms: dict[str, Channel] = {}
        self.files: dict[str, File] = {}
        self.fired: list[Fired] = []
        self.limits: dict[str, tuple[int, float]] = {}
        """Calls in so many seconds for a route, per channel or token; none by default."""
        self.limit_all: tuple[int, float] | None = None
        """The same for all routes together but those of interactions, as Discord's (50, 1.0)."""
        self.closed: set[str] = set()
        """Who takes no direct messages from the bot."""
        self._spent: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.web.on_response_prepare.append(self._prepare)
        self.web.router.add_get("/attachments/{file}/{name}", self._file)

    # Names

    def snowflake(self) -> str:
        """A new id, later than all before it."""
        milliseconds = int((time.time() + self.passed.total_seconds()) * 1000)
        self._last = max(self._last + 1, (milliseconds - EPOCH) << 22)
        return str(self._last)

    def letters(self, count: int) -> str:
        """Some letters and digits, as in Discord's tokens."""
        return "".join(
            self.rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789", k=count)
        )

    @property
    def api_url(self) -> str:
        """What stands for https://discord.com/api/v10."""
        return f"{self.url}{API}"

    @property
    def gateway_url(self) -> str:
        """What stands for wss://gateway.discord.gg."""
        return f"ws{self.url[4:]}/gateway"

    def violate(self, what: str) -> None:
        """Note what Discord would not forgive."""
        self.violations.append(what)

    # Requests

    def route(self, verb: str, path: str, handler: Handler, *, auth: bool = True) -> None:
        """Serve a path of the API."""
        method = f"{verb} {re.sub(r'{[^}]*}', '#', path)}"

        async def serve(request: web.Request) -> web.StreamResponse:
            ask = await self._read(request, path)
            self._line(ask)
            body = ask.body if isinstance(ask.body, dict) else {"list": ask.body}
            request[ROUTE] = (method, ask.ids.get("channel") or ask.ids.get("token") or "")

            async def act() -> web.StreamResponse:
                try:
                    if auth and request.headers.get("Authorization") != f"Bot {self.token}":
                        return web.json_response({"message": "401: Unauthorized", "code": 0}, status=401)
                    if wait := self._overdrawn(method, ask):
                        return wait
                    return await handler(ask)
                except Refusal as refused:
                    return web.json_response(refused.body, status=refused.status)

            return await self.serve(request, method, body, act)

        self.web.router.add_route(verb, f"{API}{path}", serve)

    def unknown(self) -> None:
        """Serve everything else: there is none. To be called behind all routes."""

        async def serve(request: web.Request) -> web.StreamResponse:
            where = f"{request.method.lower()} {request.path.removeprefix(API)}"
            self.violate(f"{where}: no such route")
            return await self.serve(request, where, {}, self._nothing)

        self.web.router.add_route("*", "/api/{path:.*}", serve)

    @staticmethod
    async def _nothing() -> web.Response:
        return web.json_response({"message": "404: Not Found", "code": 0}, status=404)

    async def _read(self, request: web.Request, path: str) -> Ask:
        ids = dict(request.match_info)
        # The query is no part of the log's path: what it says is in the body, where there is none.
        ask = Ask(request.method.lower(), path.format(**ids), ids, dict(request.query), dict(request.query))
        if request.content_type == "application/json":
            ask.body = await self._json(ask, await request.text())
        elif request.content_type == "multipart/form-data":
            form = await request.post()
            said = form.get("payload_json") or "{}"
            # A part that says that it is JSON comes as bytes.
            ask.body = await self._json(ask, said if isinstance(said, str) else bytes(said).decode())  # type: ignore[arg-type]  # no file
            for key, value in form.items():
                if isinstance(value, web.FileField) and (number := re.fullmatch(r"files\[(\d+)\]", key)):
                    mime = mimetypes.guess_type(value.filename)[0] or value.content_type
                    ask.files[int(number[1])] = (value.filename, mime, value.file.read())
                elif key != "payload_json":
                    self.violate(f"{ask.where}: a form field {key!r}")
        return ask

    async def _json(self, ask: Ask, text: str) -> Any:
        try:
            return json.loads(text or "{}")
        except ValueError:
            self.violate(f"{ask.where}: a body that is not JSON")
            return {}

    def log(self, method: str, body: Mapping[str, Any]) -> None:
        """Write nothing: `_line` has written verb and path."""

    def _line(self, ask: Ask) -> None:
        if target := os.environ.get("WIRE_LOG"):
            body = ask.body
            if ask.files:
                files = [
                    {"name": name, "mime": mime, "size": len(data)} for name, mime, data in ask.files.values()
                ]
                body = {**body, "_files": files}
            line = json.dumps(
                {"platform": "discord", "verb": ask.verb, "path": ask.path, "body": body}, default=str
            )
            handle = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, f"{line}\n".encode())
            finally:
                os.close(handle)

    async def _prepare(self, request: web.Request, response: web.StreamResponse) -> None:
        """Write headers as Discord does: discord.py reads JSON only where the type is exactly this one."""
        if isinstance(response, web.WebSocketResponse):
            return
        if response.content_type == "application/json":
            response.headers["Content-Type"] = "application/json"
        if ROUTE in request and response.status != 429:
            response.headers.update(self._bucket(*request[ROUTE]))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        return web.Response(body=file.data, content_type=file.mime)

    # How often

    def too_many(self, seconds: int) -> web.Response:
        """Answer 429 as Discord does."""
        body, headers = limited(float(seconds))
        return web.json_response(body, status=429, headers=headers)

    def _overdrawn(self, method: str, ask: Ask) -> web.Response | None:
        """Count a call against the limits; gives the answer where they are overdrawn."""
        major = ask.ids.get("channel") or ask.ids.get("token") or ""
        checks = [((method, major), self.limits.get(method), False)]
        if ask.path.split("/")[1] not in {"interactions", "webhooks"}:
            checks.append((("", ""), self.limit_all, True))
        for key, limit, everywhere in checks:
            if limit is None:
                continue
            spent = self._spent[key]
            while spent and spent[0] <= self.now - limit[1]:
                spent.popleft()
            if len(spent) >= limit[0]:
                body, headers = limited(round(limit[1] - (self.now - spent[0]), 3), everywhere=everywhere)
                return web.json_response(body, status=429, headers=headers)
        for key, limit, _ in checks:
            if limit is not None:
                self._spent[key].append(self.now)
        return None

    def _bucket(self, method: str, major: str) -> dict[str, str]:
        """Write the headers that say what is left of a route's limit."""
        limit, seconds = self.limits.get(method, FREE)
        spent = self._spent.get((method, major)) or [self.now]
        left = max(0, limit - len(spent))
        after = max(0.0, seconds - (self.now - spent[0]))
        return {
            "X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": f"{time.time() + after:.3f}", "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": re.sub(r"\W+", "", method),
        }  # fmt: skip

    @property
    def invalid(self) -> int:
        """Answers of 401, 403 and 429, of which Discord bears 10,000 in ten minutes."""
        return sum(call.status in {401, 403, 429} for call in self.calls)

    # Files and mentions

    def keep_file(self, name: str, data: bytes, mime: str = "", description: str = "") -> File:
        """Put a file on Discord."""
        mime = mime or mimetypes.guess_type(name)[0] or "application/octet-stream"
        number = self.snowflake()
        file = File(number, name, data, mime, f"{self.url}/attachments/{number}/{name}", description)
        self.files[number] = file
        return file

    def dm_of(self, user: User) -> Channel:
        """The bot's conversation with somebody."""
        if user.id not in self._dms:
            made = Channel(self.snowflake(), DM_CHANNEL, members={user.id: user})
            self.channels[made.id] = self._dms[user.id] = made
        return self._dms[user.id]

    def message_of(self, ids: Mapping[str, str]) -> tuple[Channel, Message]:
        """Find the message a path names."""
        channel = self.channels.get(ids["channel"])
        if channel is None:
            raise Refusal(10003)
        message = channel.find(ids["message"])
        if message is None:
            raise Refusal(10008)
        return channel, message
