"""What is logged: a text or a JSON object a line, to standard error, and never a secret."""

import json
import logging
import re
import sys
from collections.abc import Callable, Iterable
from types import TracebackType
from urllib.parse import unquote, urlsplit

from bot.config import Settings

LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
# They log addresses with secrets in them, or the bodies of requests that they did not trust.
QUIET = (
    *("httpx", "httpcore", "apscheduler", "aiosqlite", "aiohttp", "slack_bolt", "slack_sdk", "telegram"),
    *("discord", "alembic.runtime.plugins"),
)
SHORTEST = 6

_SECRETS = (
    # Slack's tokens, what a press may be answered with, where a file goes, and the key to a socket.
    (re.compile(r"(xox[a-z]|xapp)([-.])[\w.%-]+"), r"\1\2***"),
    (re.compile(r"(hooks\.slack(?:-gov)?\.com)/[^\s\"'<>)\\]+"), r"\1/***"),
    (re.compile(r"(files\.slack\.com/upload)/[^\s\"'<>)\\]+"), r"\1/***"),
    (re.compile(r"\b(ticket=)[^\s&\"'<>)\\]+"), r"\1***"),
    # Telegram's token, which is a part of every address it is called at.
    (re.compile(r"\b(bot)?\d{5,20}(:|%3A)[\w-]{20,}"), r"\1***"),
    # Discord's tokens: of a bot, and of an interaction, with which it is answered for a quarter of an hour.
    (re.compile(r"[\w-]{23,40}\.[\w-]{6,8}\.[\w-]{27,}"), "***"),
    (re.compile(r"\b((?:interactions|webhooks)/\d{5,20})/[\w.~%-]+"), r"\1/***"),
    (re.compile(r"aW50ZXJhY3Rpb246[\w-]+"), "***"),
)

Mask = Callable[[str], str]


def mask(text: str, known: Iterable[str] = ()) -> str:
    """Give the text without what looks like a secret, and without those that are `known`."""
    for secret in known:
        text = text.replace(secret, "***")
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """The secrets of these settings, the longest first: one may be a part of another."""
    slack, telegram, discord = settings.slack, settings.telegram, settings.discord
    password = unquote(urlsplit(settings.database.url).password or "")
    found = {
        *slack.bot_tokens,
        slack.app_token or "",
        slack.signing_secret or "",
        *telegram.tokens,
        telegram.webhook_secret or "",
        discord.token or "",
        *settings.encryption.keys,
        password,
    }
    return tuple(sorted((one for one in found if len(one) >= SHORTEST), key=len, reverse=True))


class TextLines(logging.Formatter):
    """A line of text, and below it the trace where there is one."""

    def __init__(self, masked: Mask) -> None:
        """`masked` takes out the secrets."""
        super().__init__(LINE)
        self._masked = masked

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        return self._masked(super().format(record))


class JsonLines(logging.Formatter):
    """A JSON object a line, for programs that collect logs."""

    def __init__(self, masked: Mask) -> None:
        """`masked` takes out the secrets."""
        super().__init__()
        self._masked = masked

    def format(self, record: logging.LogRecord) -> str:
        """Write one record; no message of anybody's is ever in it."""
        data = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._masked(record.getMessage()),
        }
        if record.exc_info:
            data["trace"] = self._masked(self.formatException(record.exc_info))
        if record.stack_info:
            data["stack"] = self._masked(record.stack_info)
        return json.dumps(data, ensure_ascii=False)


def set_up(settings: Settings) -> None:
    """Log to standard error as the settings say; what ends the program is told there too, without its secrets."""
    known = secrets_of(settings)

    def masked(text: str) -> str:
        return mask(text, known)

    handler = logging.StreamHandler()
    handler.setFormatter((JsonLines if settings.log.format == "json" else TextLines)(masked))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log.level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _ended


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell what ended the program through the log, since Python itself would print it as it is."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        logging.getLogger("mentorbot").critical("the program ended", exc_info=(kind, error, trace))
