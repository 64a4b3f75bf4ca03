"""The keys of the settings: every name that `config.yaml` knows, and what each may hold.

A key that core decides by carries the name of its field in `core.policy.Policy`. The limits keep a programme
usable; `config.example.yaml` explains each key to the host.
"""

import base64
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from core.address import Address
from core.policy import FORMATS, Weights


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key may hold: in words, from a text (`ValueError` when it does not fit) and back to a text."""

    says: str
    read: Callable[[str], Any]
    show: Callable[[Any], str] = str
    many: bool = False
    secret: bool = False


def _whole(low: int, high: int) -> Kind:
    return Kind(
        f"a whole number from {low} to {high}", lambda text: _within(low, int(_match(r"\d{1,9}", text)), high)
    )


def _number(low: float, high: float) -> Kind:
    says = f"a number from {low:g} to {high:g}"
    return Kind(says, lambda text: _within(low, float(_match(r"\d{1,6}(\.\d{1,9})?", text)), high), repr)


def _text(limit: int) -> Kind:
    return Kind(f"a text of 1 to {limit} characters", lambda text: _match(rf"[^\n]{{1,{limit}}}", text))


def _one_of(*names: str) -> Kind:
    return Kind(" or ".join(names), lambda text: _match("|".join(names), text.lower()))


def _span(low: str, high: str) -> Kind:
    says = f"a duration from {low} to {high}, such as 24h, 15m, 12w or 30 days"
    return Kind(says, lambda text: _within(_duration(low), _duration(text), _duration(high)), _show_duration)


def _match(pattern: str, text: str) -> str:
    if not re.fullmatch(pattern, text, re.ASCII):
        raise ValueError(text)
    return text


def _within(low: Any, value: Any, high: Any) -> Any:  # noqa: ANN401 - whatever can be compared
    if not low <= value <= high:
        raise ValueError(value)
    return value


def _duration(text: str) -> timedelta:
    found = re.fullmatch(
        r"(\d{1,7}) ?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)", text, re.ASCII
    )
    if not found:
        raise ValueError(text)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[found[2][0]]
    return timedelta(seconds=int(found[1]) * seconds)


def _show_duration(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in ((" days", 86_400), ("h", 3600), ("m", 60)):
        if seconds % size == 0 and seconds > size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _wall(text: str) -> int:
    hour, minute = _match(r"([01]?\d|2[0-3]):[0-5]\d", text).split(":")
    return int(hour) * 60 + int(minute)


def _code(text: str) -> str:
    return _match(r"[A-Za-z0-9-]{0,40}", text)


def _flag(text: str) -> bool:
    return _match("true|yes|on|false|no|off", text.lower()) in {"true", "yes", "on"}


def _question(text: str) -> str:
    return _match(r"[^\n]{3,200}", text.strip())


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as wrong:
        near = difflib.get_close_matches(text, available_timezones(), 1)
        raise ValueError(f"did you mean {near[0]}?" if near else "") from wrong


def _link(text: str) -> str:
    parts = urlsplit(_match(r"https://[^\s{}]+/[^\s{}]*\{room\}[^\s{}]*", text))
    if not parts.hostname or parts.username is not None:
        raise ValueError(text)
    return text


def _database(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    if scheme in {"sqlite", "sqlite+pysqlite"} and re.fullmatch(r"/(?!:memory:)[^?]*[^?/]", rest):
        return f"sqlite://{rest}"
    if scheme in {"postgresql", "postgresql+psycopg", "postgres"} and separator:
        parts = urlsplit(f"postgresql://{rest}")
        if parts.path.strip("/") and parts.port != 0:
            return f"postgresql+psycopg://{rest}"
    raise ValueError


def _hide_password(url: str) -> str:
    return re.sub(r"(?<=password=)[^&]+", "***", re.sub(r"(?<=://)([^:/@]*):.*@", r"\1:***@", url))


def _address(text: str) -> Address:
    return Address.parse(_match(r"[a-z]+:\S+", text))


def _claim_channel(text: str) -> str:
    return str(Address.parse(_match(r"discord:#[0-9]{15,20}|(?!discord:)[a-z]+:[^\s/]+/[^\s/]+", text)))


def _api_url(text: str) -> str:
    parts = urlsplit(_match(r"https?://[^\s?#]+", text))
    if not parts.hostname or parts.username is not None or parts.port == 0:
        raise ValueError(text)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError(text)
    return text if text.endswith("/") else f"{text}/"


def _api_root(text: str) -> str:
    return _api_url(text).rstrip("/")


def _gateway_url(text: str) -> str:
    parts = urlsplit(_match(r"wss?://[^\s?#]+", text))
    if not parts.hostname or parts.username is not None or parts.port == 0:
        raise ValueError(text)
    if parts.scheme == "ws" and parts.hostname not in LOOPBACK:
        raise ValueError(text)
    return text.rstrip("/")


def _webhook_url(text: str) -> str:
    parts = urlsplit(_match(r"https://[^\s?#]+", text))
    if not parts.hostname or parts.username is not None:
        raise ValueError(text)
    if (parts.port or 443) not in WEBHOOK_PORTS:
        raise ValueError(text)
    return text.rstrip("/")


def _listen(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(\d{1,5})", text, re.ASCII)
    if not found:
        raise ValueError(text)
    return found[1].strip("[]"), _within(1, int(found[2]), 65_535)


def _fernet_key(text: str) -> str:
    if len(base64.urlsafe_b64decode(_match(r"[A-Za-z0-9_-]{43}=", text))) != 32:
        raise ValueError
    return text


def _socket(text: str) -> tuple[str, int] | Path:
    if found := re.fullmatch(r"(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})", text, re.ASCII):
        return found[1].strip("[]"), _within(1, int(found[2]), 65_535)
    return Path(_match(r"~?[^:\n]*/[^:\n]+", text)).expanduser()


def _show_socket(place: tuple[str, int] | Path) -> str:
    if isinstance(place, Path):
        return str(place)
    return f"[{place[0]}]:{place[1]}" if ":" in place[0] else f"{place[0]}:{place[1]}"


def _token(says: str, pattern: str, *, many: bool = False) -> Kind:
    return Kind(says, lambda text: _match(pattern, text), lambda _: "***", many=many, secret=True)


_WALL = Kind(
    "a time of the day, such as 21:00", _wall, lambda minutes: f"{minutes // 60:02}:{minutes % 60:02}"
)
_LOOPBACK = (
    "a port of this machine, such as 127.0.0.1:8600, or the path of a socket, such as /run/mentorbot/console"
)
_KEY_SAYS = "Fernet keys: 32 random bytes each, in URL-safe base64"

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
"""Names of this machine, to which nothing need be encrypted."""
WEBHOOK_PORTS = {443, 80, 88, 8443}
"""Telegram brings updates to no others."""

KINDS: Mapping[str, Kind] = {
    "database.url": Kind(
        "sqlite:///a/file.db or postgresql://user:password@host/database",
        _database,
        _hide_password,
        secret=True,
    ),
    "encryption.mode": _one_of("on", "off"),
    "encryption.keys": Kind(_KEY_SAYS, _fernet_key, lambda _: "***", many=True, secret=True),
    "organisers": Kind("addresses such as console:olga", _address, many=True),
    "console.socket": Kind(_LOOPBACK, _socket, _show_socket),
    "slack.bot_tokens": _token("bot tokens: xoxb-…", r"xoxb-[\w-]{1,250}", many=True),
    "slack.app_token": _token("an app-level token: xapp-…", r"xapp-[\w-]{1,250}"),
    "slack.signing_secret": _token("the Signing Secret of the app's page", r"[\w-]{8,128}"),
    "slack.mode": _one_of("socket", "http"),
    "slack.api_url": Kind("https://…, or http:// to this machine", _api_url),
    "telegram.tokens": _token("bot tokens from BotFather: 123456:ABC…", r"\d{1,20}:[\w-]{20,100}", many=True),
    "telegram.mode": _one_of("polling", "webhook"),
    "telegram.webhook_url": Kind(
        "https:// and a name that Telegram reaches, on port 443, 80, 88 or 8443", _webhook_url
    ),
    "telegram.webhook_secret": _token("1 to 256 letters, digits, _ and -", r"[A-Za-z0-9_-]{1,256}"),
    "telegram.api_url": Kind("https://…, or http:// to this machine", _api_root),
    "discord.token": _token(
        "the token of a bot, three parts with dots between them", r"[\w-]{2,60}\.[\w-]{4,20}\.[\w-]{20,120}"
    ),
    "discord.shards": _whole(0, 1000),
    "discord.room_channels": Kind(
        "ids of text channels, such as 1234567890123456789",
        lambda text: _match(r"[0-9]{15,20}", text),
        many=True,
    ),
    "discord.api_url": Kind("https://…, or http:// to this machine", _api_root),
    "discord.gateway_url": Kind("wss://…, or ws:// to this machine", _gateway_url),
    "http.listen": Kind("a host and port, such as 0.0.0.0:8080 or 127.0.0.1:8080", _listen, _show_socket),
    "http.page": Kind("true or false", _flag, lambda on: "true" if on else "false"),
    "log.level": _one_of("debug", "info", "warning", "error"),
    "log.format": _one_of("text", "json"),
    "community.name": _text(80),
    "community.locale": Kind(
        "a language such as en or zh", lambda text: _match(r"[a-z]{2,3}(-\w{2,8})*", text)
    ),
    "community.zone": Kind("a time zone such as Europe/Madrid", _zone),
    "community.seed": _text(80),
    "community.consent_version": _whole(1, 10_000),
    "signup.invite_code": Kind("a word of up to 40 letters and digits, or nothing", _code),
    "signup.approve_mentors": Kind("true or false", _flag, lambda on: "true" if on else "false"),
    "signup.questions": Kind("questions of up to 200 characters each", _question, many=True),
    "requests.open_requests": _whole(1, 20),
    "requests.first_wait": _span("1m", "30 days"),
    "requests.next_wait": _span("1m", "30 days"),
    "requests.next_mentors": _whole(1, 10),
    "requests.claim_wait": _span("1m", "30 days"),
    "requests.silent_offers": _whole(1, 20),
    "requests.shown_mentors": _whole(1, 10),
    "requests.budget_hours": _whole(1, 80),
    "requests.expected_wait": _span("1m", "60 days"),
    "requests.claim_channel": Kind(
        "a channel such as slack:T024BE7LD/C024BE91L or discord:#1234567890123456789", _claim_channel
    ),
    **{f"requests.hours_of_format.{name}": _number(0, 40) for name in FORMATS},
    **{f"ranking.weights.{part.name}": _number(0, 1) for part in fields(Weights)},
    "ranking.prior_stars": _number(1, 5),
    "ranking.prior_ratings": _whole(0, 100),
    "sessions.mentorship_length": _span("1w", "104w"),
    "sessions.session_minutes": _whole(10, 240),
    "sessions.proposed_times": _whole(1, 5),
    "sessions.late_change": _span("1m", "7 days"),
    "sessions.meeting_link": Kind("https:// with {room} in its path, which differs for each session", _link),
    "sessions.meeting_hosts": Kind(
        "names of hosts, such as meet.jit.si",
        lambda text: _match(r"[a-z0-9-]+(\.[a-z0-9-]+)*", text),
        many=True,
    ),
    "mentorships.native_rooms": Kind("on or off", _flag, lambda on: "on" if on else "off"),
    "courses.shown_courses": _whole(1, 10),
    "courses.failed_checks": _whole(1, 10),
    "courses.idle_wait": _span("1d", "90 days"),
    "courses.drip_days": _whole(1, 60),
    "recommendations.new_share": _number(0, 0.5),
    "recommendations.new_course": _span("1d", "365 days"),
    "recommendations.least_people": _whole(2, 50),
    "messages.quiet_from": _WALL,
    "messages.quiet_to": _WALL,
    "messages.daily_cap": _whole(1, 50),
    "messages.flood_events": _whole(5, 1000),
    "messages.flood_seconds": _whole(1, 600),
    "sizes.text_limit": _whole(100, 10_000),
    "sizes.name_limit": _whole(10, 200),
    "sizes.topics_limit": _whole(1, 50),
    "sizes.room_limit": _whole(500, 4000),
    "sizes.file_limit": _whole(1_000_000, 50_000_000),
    "retention.keep_runs": _span("1d", "365 days"),
    "retention.keep_events": _span("2 days", "365 days"),
    "retention.keep_failed": _span("1d", "365 days"),
    "retention.keep_views": _span("1d", "365 days"),
    "retention.keep_showings": _span("8 days", "365 days"),
}
SECTIONS = {name[:dot] for name in KINDS for dot, letter in enumerate(name) if letter == "."}
