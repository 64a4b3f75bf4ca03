"""Calls of Discord's REST API through discord.py, as plain objects, and what became of them.

The library keeps the pace of each route by what Discord tells, and tries again where Discord has failed; what would
make it wait for long comes back at once, to be delivered later. Its own retries make no copies: an answer to an
interaction is taken once, and a message has a nonce.
"""

import hashlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.adapters.pacing import Course, Pacing, Rate
from bot.ports import Attached, Delivery, Gone, Later, Refused, Sent, Shut, Unknown

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

CALL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
LIMIT_SECONDS = 3.0
"""The library waits in its place for so long; longer waits are ours."""
BANNED_SECONDS = 600.0
"""Too many refusals have the address banned in front of Discord, which does not say for how long."""
TOO_FAST_SECONDS = 60.0
OPENING, IDENTIFYING = "opening", "identifying"
"""The pace in which conversations with people are opened: Discord publishes none, and blocks who is too fast.

And that of new sessions.
"""
ALL = "all"
NONCE_LIMIT = 25
_CHANNEL = re.compile(r"/channels/([0-9]+)/")

UNKNOWN_INTERACTION, ANSWERED, TOO_FAST = 10062, 40060, 40003
CLOSED = {50007, 50278}
"""They take no messages from the bot, or share no server with it: what they do next may tell them all the same."""
NOBODY = {10013}


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that did not work: Discord's code and words, and what that means for what was to be delivered."""

    code: int
    error: str
    means: Delivery


AWAY = Failed(0, "away", Later(2.0))


def course(bucket: str) -> Course:
    """Say how fast a bucket may be: a channel, or one of those above; all share what a bot may do."""
    rates = {OPENING: Rate(20, 60, 10), IDENTIFYING: Rate(1, 5)}
    # Ten at once and forty a second are never more than Discord's fifty in any second.
    return Course(rates.get(bucket, Rate(5, 5, 5)), ALL, Rate(40, 1, 10))


def asked_to_wait(path: str, headers: Mapping[str, str]) -> tuple[str, float]:
    """Say what is to wait after a 429, and for how many seconds: a channel, or all; an empty name for neither."""
    told = headers.get("Retry-After", "")
    seconds = float(told) if told.isdecimal() else 0.0
    if "Via" not in headers:
        return ALL, seconds or BANNED_SECONDS
    if headers.get("X-RateLimit-Scope") == "global":
        return ALL, seconds
    channel = _CHANNEL.search(path)
    return (channel[1] if channel else ""), seconds


def meant(error: Exception) -> Failed:
    """Say what an error means for what was to be delivered."""
    match error:
        case discord.RateLimited():
            return Failed(0, "too many requests", Later(max(1.0, error.retry_after)))
        case discord.DiscordServerError():
            return Failed(error.code, error.text, Unknown(f"Discord answered {error.status}"))
        case discord.HTTPException(status=429):
            _, seconds = asked_to_wait("", error.response.headers)
            return Failed(error.code, "too many refusals", Later(max(1.0, seconds)))
        case discord.HTTPException(code=code) if code in CLOSED:
            return Failed(code, error.text, Shut("takes no messages from the bot"))
        case discord.HTTPException(code=code) if code in NOBODY:
            return Failed(code, error.text, Gone("there is nobody with this id"))
        case discord.HTTPException(code=code) if code == TOO_FAST:
            return Failed(code, error.text, Later(TOO_FAST_SECONDS))
        case discord.HTTPException(code=code) if code == ANSWERED:
            return Failed(code, error.text, Sent(""))
        case discord.HTTPException():
            return Failed(error.code, error.text, Refused(error.text[:120], again=error.status == 401))
        case aiohttp.ClientConnectorError() | aiohttp.ConnectionTimeoutError():
            return Failed(0, "unreachable", Refused("Discord cannot be reached", again=True))
        case _:
            return Failed(0, type(error).__name__, Unknown(type(error).__name__))


def named(payload: Body, once: str) -> dict[str, Any]:
    """Give a message a name by which Discord knows it again for some minutes, so that no second copy appears.

    What it says is part of the name: where more has joined it meanwhile, that must not be lost.
    """
    told = f"{once}\0{json.dumps(payload, sort_keys=True)}".encode(errors="replace")
    return {**payload, "nonce": hashlib.sha256(told).hexdigest()[:NONCE_LIMIT], "enforce_nonce": True}


@dataclass(frozen=True, slots=True)
class Call:
    """A call: verb, path, the ids in it, what it says, and the file that it brings."""

    verb: str
    path: str
    ids: Mapping[str, str]
    body: Any = None
    file: Attached | None = None
    query: Mapping[str, str] | None = None


class Calls:
    """One bot, and calls to Discord in the pace that it wants."""

    def __init__(self, pacing: Pacing, seconds: float = CALL_SECONDS) -> None:
        """An answer is waited for so many seconds."""
        self.client: discord.Client | None = None
        self.id = ""
        """The application's, which is the bot's too."""
        self.pacing = pacing
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)

    async def ask(self, call: Call) -> Any | Failed:  # noqa: ANN401  what Discord gives
        """Make a call at once; never raises for what a network or a server can do."""
        client = self.client
        if client is None:
            return AWAY
        more: dict[str, Any] = {"timeout": self._timeout}
        if call.query is not None:
            more["params"] = dict(call.query)
        if call.file is not None:
            more["form"] = _form(call.body, call.file)
        elif call.body is not None:
            more["json"] = call.body
        try:
            return await client.http.request(Route(call.verb, call.path, **call.ids), **more)
        except RuntimeError:
            # While this waited for its turn, the connection was closed: nothing was sent.
            return AWAY
        except (discord.DiscordException, aiohttp.ClientError, OSError, ValueError, LookupError) as error:
            return meant(error)

    async def reply(self, bucket: str, call: Call) -> Any | Failed:  # noqa: ANN401  the same
        """Make a call that somebody waits for; while Discord asks to wait, wait."""
        while True:
            if not await self.pacing.ready(bucket):
                return Failed(0, "too many requests", Later(1.0))
            answer = await self.ask(call)
            if not isinstance(answer, Failed):
                return answer
            if not isinstance(answer.means, Sent):
                log.warning("%s %s: %s", call.verb, call.path, answer.error)
            if not isinstance(answer.means, Later) or answer is AWAY:
                return answer
            self.pacing.blocked(bucket, answer.means.seconds)

    async def push(self, bucket: str, call: Call) -> Any | Failed:  # noqa: ANN401  the same
        """Make a call for what is delivered again where this one says so."""
        if wait := await self.pacing.turn(bucket):
            return Failed(0, "paced", Later(wait))
        answer = await self.ask(call)
        if isinstance(answer, Failed) and isinstance(answer.means, Later):
            self.pacing.blocked(bucket, answer.means.seconds)
        return answer


def _form(body: Body, file: Attached) -> list[dict[str, Any]]:
    """Write a call that brings a file."""
    name = next((each["filename"] for each in _attachments(body)), file.name)
    return [
        {"name": "payload_json", "value": json.dumps(body), "content_type": "application/json"},
        {"name": "files[0]", "value": file.data, "filename": name, "content_type": file.mime},
    ]


def _attachments(body: Body) -> list[Body]:
    """Find what a body says of its files: a message's own, or those of the message that answers."""
    found: list[Body] = (body.get("data") or body).get("attachments") or []
    return found
