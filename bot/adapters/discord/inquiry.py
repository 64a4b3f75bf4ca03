"""A question to Discord that changes nothing, and what it told; whatever a network does, it never raises."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.clocks import sent_at
from bot.adapters.discord.payload import text_in
from bot.richtext import name as harmless

HELLO = 10
"""What the gateway says first, before anybody has said who they are."""
AGENT = "DiscordBot (mentorbot, 1)"
"""Discord turns away whoever does not say so of themselves."""
ODD = "Discord did not answer as it should"


@dataclass(frozen=True, slots=True)
class Told:
    """What Discord answered: a body, or why there is none; and the time it is there."""

    body: Any = None
    date: datetime | None = None
    why: str = ""
    code: int = 0
    """Discord's number of the error."""
    unknown: bool = False
    """Discord does not know the token."""
    reached: bool = False
    """It was Discord who answered."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """As whom something is asked, where, and how long an answer may take, in seconds."""

    token: str
    api_url: str
    session: aiohttp.ClientSession
    patience: float
    note_time: Callable[[datetime], None]

    @property
    def unreachable(self) -> str:
        """What to do where Discord is not reached."""
        return (
            f"See whether this machine reaches {_host(self.api_url)}: the network, a proxy, discord.api_url."
        )

    async def ask(self, path: str, shape: type[dict[str, Any]] | type[list[Any]] = dict) -> Told:
        """Ask for something, which is an object unless a list is expected."""
        headers = {"Authorization": f"Bot {self.token}", "User-Agent": AGENT}
        try:
            async with (
                asyncio.timeout(self.patience),
                self.session.get(f"{self.api_url}{path}", headers=headers, allow_redirects=False) as answer,
            ):
                date, status = sent_at(answer.headers.get("Date", "")), answer.status
                body = await answer.json(content_type=None)
        except TimeoutError:
            return Told(why=self._late)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Told(why=f"Discord did not answer ({type(error).__name__})")
        told = _read(body, status, date, shape)
        if told.reached and date is not None:
            self.note_time(date)
        return told

    async def greeting(self, gateway_url: str) -> str:
        """Open the gateway, wait for its first word and close it: no session begins. Tells why not, or nothing."""
        try:
            async with (
                asyncio.timeout(self.patience),
                self.session.ws_connect(f"{gateway_url}/?v=10&encoding=json") as socket,
            ):
                frame = await socket.receive_json()
        except TimeoutError:
            return self._late
        except (aiohttp.ClientError, OSError, ValueError, TypeError) as error:
            # The last one is what aiohttp raises where the connection is closed instead.
            return f"Discord did not answer ({type(error).__name__})"
        return "" if isinstance(frame, dict) and frame.get("op") == HELLO else ODD

    @property
    def _late(self) -> str:
        return f"Discord did not answer within {self.patience:g} seconds"


def _host(url: str) -> str:
    return f"https://{harmless(urlsplit(url).hostname or '?')}"


def _read(
    body: object, status: int, date: datetime | None, shape: type[dict[str, Any]] | type[list[Any]]
) -> Told:
    if status == 200 and isinstance(body, shape):
        return Told(body, date, reached=True)
    if status == 429:
        # A proxy in front of Discord says so as well, in words of its own.
        return Told(None, date, "Discord asks to wait; too many calls were made", reached=True)
    code = body.get("code") if isinstance(body, dict) else None
    if status < 400 or status >= 500 or not isinstance(body, dict) or not isinstance(code, int):
        return Told(None, date, f"{ODD} (status {status})")
    if status == 401:
        return Told(None, date, "Discord does not know it", code, unknown=True, reached=True)
    said = harmless(text_in(body.get("message"))) or str(code)
    return Told(None, date, f"Discord answers: {said}", code, reached=True)
