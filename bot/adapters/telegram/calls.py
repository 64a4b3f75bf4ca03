"""Calls of Telegram's Bot API through python-telegram-bot, as plain objects, and what became of them.

The library is transport: requests, pools, time-outs and errors are its own; what goes in and comes out stays as
Telegram says it, so that a field the library does not know yet is neither lost nor in the way.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import httpx
from telegram import Bot, InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from bot.adapters.pacing import Course, Pacing, Rate
from bot.ports import Delivery, Gone, Later, Refused, Sent, Unknown

# Otherwise the library warns, at every refusal, that this will be the only way one day.
os.environ.setdefault("PTB_TIMEDELTA", "1")

log = logging.getLogger(__name__)

# It tells of every answer that is no JSON, as a gateway's, with a trace and all its words.
logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)

Body = Mapping[str, Any]

POOL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
POLL_SECONDS = 30
UPLOAD_SECONDS = 60.0

DONE = ("message is not modified", "query is too old", "query id is invalid", "message to delete not found")
"""What Telegram refuses because it is done already, or of no use any more."""
NOBODY = ("chat not found", "user not found", "peer_id_invalid", "chat_id is empty")
UNREADABLE = "can't parse entities"
NOT_THERE = ("message to edit not found", "message_id_invalid")
NO_WORDS = "there is no text in the message to edit"
TOO_LARGE = "request entity too large"
UNREACHABLE = "unreachable"
PAUSES = (0.5, 1.0, 2.0)
"""Seconds between tries of an answer that has certainly not arrived."""
SENT: Body = {}


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that did not work: Telegram's words for it, and what that means for what was to be delivered."""

    error: str
    means: Delivery
    moved: int = 0
    """The id that a group has now."""

    @property
    def unreadable(self) -> bool:
        """Whether Telegram did not take the markup: the same goes as plain text."""
        return UNREADABLE in self.error

    @property
    def not_there(self) -> bool:
        """Whether the message that was to be edited is not there any more."""
        return any(each in self.error.lower() for each in NOT_THERE)

    @property
    def of_file(self) -> bool:
        """Whether the message that was to be edited is a file, whose words are no text."""
        return NO_WORDS in self.error.lower()


class Api(Bot):
    """One bot, spoken to in Telegram's own words."""

    async def call(self, method: str, arguments: Body, *, read_seconds: float | None = None) -> Any:  # noqa: ANN401  what Telegram gives
        """Make a call; gives its result as JSON, raises the library's errors."""
        timing: dict[str, Any] = {} if read_seconds is None else {"read_timeout": read_seconds}
        return await self._post(method, dict(arguments), **timing)


@cache
def trusted() -> ssl.SSLContext:
    """Give the certificates that are trusted: a megabyte, and a while to read, so all connections share them."""
    return httpx.create_ssl_context()


def api(token: str, api_url: str, seconds: float) -> Api:
    """Make a bot; its connections open with `initialize`, which asks whose token this is.

    An answer is waited for so many seconds.
    """
    url = api_url.rstrip("/")
    more = {"verify": trusted()}
    sends = HTTPXRequest(
        httpx_kwargs=more,
        connection_pool_size=64,
        pool_timeout=POOL_SECONDS,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=seconds,
        write_timeout=POOL_SECONDS,
        media_write_timeout=UPLOAD_SECONDS,
    )
    # A half-dead connection must not hold up all that comes in.
    fetches = HTTPXRequest(
        httpx_kwargs=more,
        connection_pool_size=4,
        pool_timeout=POOL_SECONDS,
        connect_timeout=CONNECT_SECONDS,
    )
    return Api(
        token,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=sends,
        get_updates_request=fetches,
    )


async def call(bot: Api, method: str, arguments: Body) -> Any | Failed:  # noqa: ANN401  what Telegram gives
    """Make one call; never raises for what a network or a server can do."""
    try:
        return await bot.call(method, arguments)
    except TelegramError as error:
        return meant(error)


def meant(error: TelegramError) -> Failed:
    """Say what an error means for what was to be delivered."""
    words = error.message
    match error:
        case RetryAfter():
            wait = error.retry_after
            seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
            return Failed("too many requests", Later(max(1.0, seconds)))
        case Forbidden():
            return Failed(words, Gone(words))
        case ChatMigrated():
            return Failed(words, Refused(words, again=True), moved=error.new_chat_id)
        case InvalidToken() | Conflict():
            return Failed(words, Refused(words, again=True))
        case BadRequest():
            low = words.lower()
            if any(each in low for each in DONE):
                return Failed(low, Sent(""))
            return Failed(low, Gone(words) if any(each in low for each in NOBODY) else Refused(words))
        case TimedOut() if isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout):
            return Failed(UNREACHABLE, Refused("Telegram cannot be reached", again=True))
        case NetworkError() if isinstance(error.__cause__, httpx.ConnectError):
            return Failed(UNREACHABLE, Refused("Telegram cannot be reached", again=True))
        case _ if TOO_LARGE in words.lower():
            return Failed(words, Refused(words))
        case _:
            return Failed(words, Unknown(type(error).__name__))


def course(bucket: str) -> Course:
    """Say how fast a bucket may be: `bot/chat` is paced by the chat, a group slower, and by the whole bot."""
    bot, _, chat = bucket.partition("/")
    of_chat = Rate(20, 60, 3) if chat.startswith("-") else Rate(1, 1, 3)
    return Course(of_chat, bot, Rate(30, 1, 15))


class Calls:
    """The bots by their ids, and calls to them in the pace that Telegram wants."""

    def __init__(self, pacing: Pacing) -> None:
        """Begin with no bot: signing in adds them."""
        self.bots: dict[int, Api] = {}
        self.moved: dict[tuple[int, int], int] = {}
        """Groups that have another id now."""
        self._pacing = pacing

    async def reply(self, bot: int, method: str, arguments: Body) -> Any | Failed:  # noqa: ANN401  the same
        """Make a call that somebody waits for: while Telegram asks to wait, or cannot be reached for a moment, wait."""
        bucket, pauses = _bucket(bot, arguments["chat_id"]), iter(PAUSES)
        while True:
            known = self.bots.get(bot)
            if known is None:
                return Failed("away", Refused("this bot is not connected", again=True))
            if not await self._pacing.ready(bucket):
                return Failed("too many requests", Later(1.0))
            answer = self._noted(bot, arguments, await call(known, method, arguments))
            if not isinstance(answer, Failed):
                return answer
            if not isinstance(answer.means, Sent):
                log.warning("%s: %s", method, answer.error)
            if answer.error == UNREACHABLE and (pause := next(pauses, None)):
                await asyncio.sleep(pause)
            elif not isinstance(answer.means, Later):
                return answer

    def ahead(self, bot: int, chat: int, *, urgent: bool) -> float:
        """Give the seconds until a message could be pushed, where they are many."""
        return self._pacing.ahead(_bucket(bot, chat), urgent=urgent)

    async def push(self, bot: int, method: str, arguments: Body, *, urgent: bool = False) -> Any | Failed:  # noqa: ANN401  the same
        """Make a call for a message that is delivered again where this one says so; `urgent` goes before others."""
        known = self.bots.get(bot)
        if known is None:
            return Failed("away", Refused("this bot is not configured", again=True))
        wait = await self._pacing.turn(_bucket(bot, arguments["chat_id"]), urgent=urgent)
        if wait:
            return Failed("paced", Later(wait))
        return self._noted(bot, arguments, await call(known, method, arguments))

    def _noted(self, bot: int, arguments: Body, answer: Any | Failed) -> Any | Failed:  # noqa: ANN401  the same
        """Note what an answer says of a chat: it is to be left alone for a while, or has another id now."""
        if isinstance(answer, Failed) and isinstance(answer.means, Later):
            self._pacing.blocked(_bucket(bot, arguments["chat_id"]), answer.means.seconds)
        if isinstance(answer, Failed) and answer.moved:
            self.moved[bot, arguments["chat_id"]] = answer.moved
        return answer

    async def at_once(self, bot: int, method: str, arguments: Body) -> None:
        """Make a call that counts for no limit and whose end is of no importance: a press answered, a sign of life."""
        known = self.bots.get(bot)
        if known is not None:
            answer = await call(known, method, arguments)
            if isinstance(answer, Failed) and not isinstance(answer.means, Sent):
                log.info("%s: %s", method, answer.error)


def _bucket(bot: int, chat: int) -> str:
    return f"{bot}/{chat}"


def upload(data: bytes, name: str) -> InputFile:
    """Write a file for a call."""
    return InputFile(data, filename=name)
