"""Whether Telegram would work with these settings: asked of Telegram, told in words, with the remedy and no secret."""

import asyncio
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.clocks import compared, sent_at
from bot.ports import Finding
from bot.richtext import name as harmless

PATIENCE = 10
"""Seconds for one call."""
LISTEN = 3
"""Seconds in which another program that fetches is noticed: it comes back within two of being interrupted."""
RECENT = timedelta(hours=1)
MANY = 100

_TOKEN = re.compile(r"(\d{1,20}):[\w-]{20,100}", re.ASCII)
_USERNAME = re.compile(r"\w{4,32}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")

COPY = "In the chat with BotFather send /mybots, choose the bot, API Token, and copy it to telegram.tokens."
OWN_BOT = "Stop the other program, or give it a bot of its own."
ELSEWHERE = "by other getUpdates"


@dataclass(frozen=True, slots=True)
class Told:
    """What Telegram answered: its result, or why there is none; and the time it is there."""

    result: Mapping[str, object]
    date: datetime | None = None
    why: str = ""
    code: int = 0
    """Telegram's number of the error; 0 where it is none of Telegram's."""


async def check(
    tokens: Sequence[str],
    mode: str,
    webhook_url: str | None,
    webhook_secret: str | None,
    api_url: str,
    now: datetime,
    held: Collection[str] = (),
    listen: int = LISTEN,
) -> Sequence[Finding]:
    """Look at the tokens, how updates come, and the clock; `now` is aware, and the moment of this call.

    Nothing is sent to anybody, and no update is confirmed. Bots in `held` (their leases: `telegram:123456`) are
    fetched for by a process of ours, which is not disturbed; for the others, another program is listened for so
    many seconds.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    times: list[timedelta] = []

    def note_time(told: Told) -> None:
        if told.date is not None:
            times.append(now + timedelta(seconds=loop.time() - begun) - told.date)

    findings: list[Finding] = []
    if not tokens:
        findings.append(Finding("telegram tokens", "fault", "telegram.tokens is empty", COPY))
    if mode == "webhook":
        findings += _webhook_settings(webhook_url or "", webhook_secret or "")
    timeout = aiohttp.ClientTimeout(total=PATIENCE + listen)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
        numbers: dict[str, int] = {}
        looks = []
        for number, token in enumerate(tokens, 1):
            if wrong := _looks(number, token, numbers):
                findings.append(wrong)
            else:
                bot = _Bot(number, token, api_url.rstrip("/"), session, note_time)
                looks.append(_bot(bot, mode, webhook_url or "", now, held, listen))
        findings += chain.from_iterable(await asyncio.gather(*looks))
    if times:
        findings.append(compared("Telegram", min(times, key=abs)))
    return findings


async def usernames(tokens: Sequence[str], api_url: str) -> Sequence[str]:
    """Ask what the bots are called; one that Telegram does not tell is left out."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=PATIENCE), trust_env=True
    ) as session:
        bots = [_Bot(0, token, api_url, session, lambda _: None) for token in tokens]
        told = await asyncio.gather(*(bot.ask("getMe") for bot in bots))
    names = [str(each.result.get("username") or "") for each in told]
    return [name for name in names if _USERNAME.fullmatch(name)]


def _looks(number: int, token: str, numbers: dict[str, int]) -> Finding | None:
    """Say what is wrong with a token as it is written; nothing is asked of anybody."""
    name = f"telegram token {number}"
    found = _TOKEN.fullmatch(token)
    if found is None:
        kind = "a token of Slack's" if token.startswith(("xox", "xapp-")) else "no token of a bot"
        if token.isdecimal():
            kind = "the number of a bot alone, without what stands behind the colon"
        return Finding(name, "fault", f"number {number} of telegram.tokens is {kind}", COPY)
    if found[1] in numbers:
        seen = f"numbers {numbers[found[1]]} and {number} of telegram.tokens are both of the bot {found[1]}"
        return Finding(name, "fault", seen, "Leave one of them out.")
    numbers[found[1]] = number
    return None


def _webhook_settings(url: str, secret: str) -> list[Finding]:
    findings = []
    if urlsplit(url).scheme != "https":
        seen = "telegram.webhook_url is missing or not https, and telegram.mode is webhook"
        remedy = "Write the address under which Telegram reaches the web server."
        findings.append(Finding("telegram webhook address", "fault", seen, remedy))
    if not _SECRET.fullmatch(secret):
        seen = "telegram.webhook_secret is missing, or holds more than letters, digits, _ and -"
        remedy = "Make one up: python -c 'import secrets; print(secrets.token_urlsafe())'"
        findings.append(Finding("telegram webhook secret", "fault", seen, remedy))
    return findings


async def _bot(
    bot: "_Bot", mode: str, webhook_url: str, now: datetime, held: Collection[str], listen: int
) -> list[Finding]:
    """Look at one bot, whose token looks like one."""
    name = f"telegram token {bot.number}"
    me = await bot.ask("getMe")
    if me.why:
        remedy = COPY if me.code else bot.unreachable
        return [Finding(name, "fault", f"number {bot.number} of telegram.tokens: {me.why}", remedy)]
    who = harmless(f"@{me.result.get('username') or bot.id}")
    findings = [Finding(name, "ok", f"it is {who}, the bot {bot.id}")]
    if me.result.get("can_read_all_group_messages") is True:
        seen = f"{who} is given everything that is written in its groups, and needs none of it"
        remedy = "In the chat with BotFather send /setprivacy, choose the bot, and Enable."
        findings.append(Finding(f"telegram privacy, {who}", "warning", seen, remedy))
    info = await bot.ask("getWebhookInfo")
    if info.why:
        findings.append(Finding(f"telegram updates, {who}", "fault", info.why, bot.unreachable))
    elif mode == "webhook":
        findings.append(_brought(who, info.result, f"{webhook_url.rstrip('/')}/telegram/{bot.id}", now))
    else:
        findings.append(await _fetched(who, info.result, bot, held, listen))
    return findings


def _brought(who: str, info: Mapping[str, object], ours: str, now: datetime) -> Finding:
    """Say how Telegram brings updates."""
    name, url = f"telegram webhook, {who}", str(info.get("url") or "")
    if not url:
        return Finding(name, "ok", f"none is set; `mentorbot run` sets it to {harmless(_host(ours))}")
    if url != ours:
        seen = f"Telegram brings what people write to another address, at {harmless(_host(url))}"
        return Finding(name, "warning", seen, f"`mentorbot run` changes that. {OWN_BOT}")
    at = info.get("last_error_date")
    if isinstance(at, int) and now - datetime.fromtimestamp(at, UTC) < RECENT:
        seen = f"Telegram could not bring something: {harmless(str(info.get('last_error_message') or ''))}"
        remedy = (
            "See that the service runs, that the proxy passes /telegram/ on to http.listen, and that its certificate "
            "is good."
        )
        return Finding(name, "warning", f"{seen}{_waiting(info)}", remedy)
    if _pending(info) > MANY:
        seen = f"Telegram brings what people write{_waiting(info)}"
        return Finding(name, "warning", seen, "See that the service runs, and that the machine keeps up.")
    return Finding(name, "ok", f"Telegram brings what people write{_waiting(info)}")


async def _fetched(
    who: str, info: Mapping[str, object], bot: "_Bot", held: Collection[str], listen: int
) -> Finding:
    """Say whether updates can be fetched, and whether somebody else does."""
    name = f"telegram updates, {who}"
    if url := str(info.get("url") or ""):
        seen = f"a webhook is set, so that Telegram brings what people write to {harmless(_host(url))}"
        remedy = f"`mentorbot run` removes it. {OWN_BOT}"
        return Finding(name, "warning", seen, remedy)
    if f"telegram:{bot.id}" in held:
        return Finding(name, "ok", f"the service runs, and fetches them{_waiting(info)}")
    # Without an offset none is confirmed: what comes meanwhile is given again to who fetches next.
    found = await bot.ask("getUpdates", limit=1, timeout=listen)
    if found.code == 409 and ELSEWHERE in found.why:
        return Finding(name, "fault", "another program fetches this bot's messages", OWN_BOT)
    if found.why:
        return Finding(name, "fault", found.why, "Try again." if found.code else bot.unreachable)
    return Finding(name, "ok", f"nobody else fetches them{_waiting(info)}")


def _pending(info: Mapping[str, object]) -> int:
    count = info.get("pending_update_count")
    return count if isinstance(count, int) else 0


def _waiting(info: Mapping[str, object]) -> str:
    count = _pending(info)
    return f"; {count} {'waits' if count == 1 else 'wait'}" if count else ""


def _host(url: str) -> str:
    """Give the name in an address: what stands behind it may be somebody's secret."""
    return urlsplit(url).hostname or "?"


# --- Asking -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Bot:
    """One bot, and how it is asked."""

    number: int
    token: str
    api_url: str
    session: aiohttp.ClientSession
    note_time: Callable[[Told], None]

    @property
    def id(self) -> str:
        """The part of the token that is no secret."""
        return self.token.partition(":")[0]

    @property
    def unreachable(self) -> str:
        """What to do where Telegram is not reached."""
        host = harmless(_host(self.api_url))
        return f"See whether this machine reaches https://{host}: the network, a proxy, telegram.api_url."

    async def ask(self, method: str, **arguments: int) -> Told:
        """Make one call; never raises for what a network or a server can do."""
        try:
            async with self.session.post(
                f"{self.api_url}/bot{self.token}/{method}", data=arguments, allow_redirects=False
            ) as answer:
                date, status = sent_at(answer.headers.get("Date", "")), answer.status
                body = await answer.json(content_type=None)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # Its words would hold the address, and the token in it.
            return Told({}, why=f"Telegram did not answer ({type(error).__name__})")
        told = _read(body, status, date)
        self.note_time(told)
        return told


def _read(body: object, status: int, date: datetime | None) -> Told:
    if not isinstance(body, dict) or not isinstance(body.get("ok"), bool) or status >= 500:
        return Told({}, date, f"Telegram did not answer as it should (status {status})")
    if body["ok"]:
        result = body.get("result")
        return Told(result if isinstance(result, dict) else {}, date)
    code = body.get("error_code")
    match code:
        case 401 | 404:
            why = "Telegram does not know it"
        case 429:
            why = "Telegram asks to wait"
        case int():
            why = f"Telegram answers: {harmless(str(body.get('description') or code))}"
        case _:
            return Told({}, date, f"Telegram did not answer as it should (status {status})")
    return Told({}, date, why, code)
