"""How Telegram brings updates to a bot: long polling, or a webhook with a line for each chat; and for how long."""

# ruff: noqa: ASYNC109  (the timeout is a test's patience)

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from tests.platforms.telegram_core import POLLED_ELSEWHERE, Refusal, TelegramCore
from tests.platforms.telegram_markup import Json
from tests.platforms.telegram_world import Bot, Query, Update, Webhook

WEBHOOK_PATIENCE = 60.0
LONGEST_PAUSE = 60.0
LONGEST_POLL = 50
PORTS = {443, 80, 88, 8443}


class Updates(TelegramCore):
    """Keeps each bot's queue and empties it as the bot wishes."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.query_seconds = 150.0
        """How long a press waits in the queue, and for its answer."""
        self.update_seconds = 86_400.0
        self.conflicts = True
        """A poller ends the one before it."""
        self.held = False
        """Nothing is queued: updates gather in `gathered`, for `release` in any order."""
        self.gathered: list[tuple[Bot, Update]] = []
        self.webhook_retry = 1.0
        """The pause before the second retry of a webhook; the first is immediate, each later pause is doubled."""
        self.public: dict[str, str] = {}
        """Where webhooks really are: {"https://mentor.example": "http://127.0.0.1:8080"}."""
        self.brought: list[tuple[Update, int | None]] = []
        """Every delivery to a webhook with its status, None where there was no answer."""
        self._polls: dict[int, asyncio.Future[str]] = {}
        self._news: dict[int, asyncio.Event] = {}
        self._lines: dict[tuple[int, tuple[str, int]], asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None
        self.web.on_cleanup.append(self._closed)

    # Queueing

    def queue(
        self, bot: Bot, kind: str, content: Json, line: tuple[str, int], query: Query | None = None
    ) -> Update:
        """Put something on its way to a bot, if the bot wants to hear of it."""
        update = Update(kind, content, line, self.now, query=query)
        bot.updates.append(update)
        if not bot.allows(kind):
            update.lost = "not allowed"
        elif self.held:
            self.gathered.append((bot, update))
        else:
            self._number(bot, update)
        self.changed()
        return update

    def _number(self, bot: Bot, update: Update) -> None:
        update.id = bot.next_update
        bot.next_update += 1
        bot.pending.append(update)
        self._wake(bot)

    def release(self, *updates: Update) -> None:
        """Queue what was held, in this order, or all of it; nothing more is held."""
        self.held = False
        every = {id(update): (bot, update) for bot, update in self.gathered}
        for update in updates or [update for _, update in self.gathered]:
            self._number(*every.pop(id(update)))
        self.gathered = list(every.values())
        self.changed()

    def gap(self, by: int = 1000, bot: Bot | None = None) -> None:
        """Let the ids of updates jump."""
        for one in [bot] if bot else self.bots.values():
            one.next_update += by

    def owner(self, update: Update) -> Bot:
        """Find the bot an update is for."""
        return next(bot for bot in self.bots.values() if update in bot.updates)

    def redeliver(self, update: Update, times: int = 1) -> None:
        """Give a bot an update again, under its id, whatever it has confirmed."""
        bot = self.owner(update)
        update.forced, update.lost = times, ""
        if update not in bot.pending:
            bot.pending = sorted([*bot.pending, update], key=lambda one: one.id)
        update.confirmed = False
        self._wake(bot)

    def copy(self, update: Update) -> Update:
        """Give a bot the same again under a new id, as where somebody's client sent it twice."""
        return self.queue(self.owner(update), update.kind, update.content, update.queue, update.query)

    def age(self, update: Update, seconds: float) -> None:
        """Make an update, and its query, older than it is."""
        update.at -= seconds
        if update.query is not None:
            update.query.at -= seconds
        self._expire(self.owner(update))

    def _expire(self, bot: Bot) -> None:
        for update in list(bot.pending):
            life = self.query_seconds if update.kind == "callback_query" else self.update_seconds
            if self.now - update.at > life and not update.forced:
                update.lost = "expired"
                bot.pending.remove(update)
                self.changed()

    async def confirmed(self, *updates: Update, timeout: float = 10) -> None:
        """Wait until a bot has these for good, or every update it is to have; lost ones do not count."""

        def settled() -> bool:
            if not updates:
                return not self.gathered and not any(bot.pending for bot in self.bots.values())
            return all(update.confirmed or update.lost for update in updates)

        await self.until(settled, timeout)

    def _wake(self, bot: Bot) -> None:
        self._news.setdefault(bot.id, asyncio.Event()).set()
        if bot.webhook is not None:
            for update in bot.pending:
                key = (bot.id, update.queue)
                if key not in self._lines or self._lines[key].done():
                    self._lines[key] = asyncio.ensure_future(self._line(bot, update.queue))
                    self.background(self._lines[key])

    # Long polling

    async def poll(self, bot: Bot, body: Json) -> list[Json]:
        """Answer getUpdates: what is below the offset is confirmed, the rest given as soon as there is some."""
        if bot.webhook is not None:
            raise Refusal(
                409,
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
            )
        if (allowed := body.get("allowed_updates")) is not None:
            bot.allowed = tuple(allowed)
        self.supersede(bot, POLLED_ELSEWHERE)
        self._confirm(bot, int(body.get("offset") or 0))
        limit = min(100, int(body.get("limit") or 100))
        wait = min(LONGEST_POLL, int(body.get("timeout") or 0))
        ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._polls[bot.id] = ended
        self.changed()
        deadline = self.now + wait
        try:
            while True:
                news = self._news.setdefault(bot.id, asyncio.Event())
                news.clear()
                if given := self._given(bot, limit):
                    return given
                await self._something(ended, news, deadline)
                if ended.done():
                    raise Refusal(409, ended.result())
                if self.now >= deadline or self._stopping.is_set():
                    return self._given(bot, limit)
        finally:
            if self._polls.get(bot.id) is ended:
                del self._polls[bot.id]

    def supersede(self, bot: Bot, why: str) -> None:
        """End the poll that is waiting, if there is one."""
        if (before := self._polls.get(bot.id)) and not before.done() and self.conflicts:
            before.set_result(why)

    @property
    def polling(self) -> list[int]:
        """The bots that wait for updates."""
        return list(self._polls)

    async def _something(self, ended: asyncio.Future[str], news: asyncio.Event, deadline: float) -> None:
        waits: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(one.wait()) for one in (news, self._stopping)
        ]
        try:
            await asyncio.wait(
                [*waits, ended], timeout=max(0.0, deadline - self.now), return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()

    def _confirm(self, bot: Bot, offset: int) -> None:
        if offset < 0:
            # The last so many are wanted, and all before them forgotten.
            kept = [update.id for update in bot.pending][offset:]
            offset = kept[0] if kept else 0
        for update in [one for one in bot.pending if one.id < offset and not one.forced]:
            update.confirmed = True
            bot.pending.remove(update)
        self.changed()

    def _given(self, bot: Bot, limit: int) -> list[Json]:
        self._expire(bot)
        out: list[Json] = []
        for update in bot.pending[:limit]:
            update.given += 1
            update.forced = max(0, update.forced - 1)
            out.append(update.body)
        if out:
            self.changed()
        return out

    # Webhooks

    def set_webhook(self, bot: Bot, body: Json) -> bool:
        """Bring updates to an address from now on, or no more where it is empty."""
        url = str(body.get("url") or "")
        if body.get("drop_pending_updates"):
            for update in bot.pending:
                update.lost = "dropped"
            bot.pending.clear()
        if not url:
            bot.webhook = None
            self.changed()
            return True
        split = urlsplit(url)
        if split.scheme != "https":
            self.violate("setWebhook: an HTTPS URL must be provided")
            raise Refusal(400, "bad webhook: An HTTPS URL must be provided for webhook")
        if (split.port or 443) not in PORTS:
            self.violate(f"setWebhook: port {split.port}")
            raise Refusal(400, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
        if (allowed := body.get("allowed_updates")) is not None:
            bot.allowed = tuple(allowed)
        self.supersede(bot, "terminated by setWebhook request")
        bot.webhook = Webhook(url, body.get("secret_token") or "", int(body.get("max_connections") or 40))
        self._wake(bot)
        self.changed()
        return True

    async def _line(self, bot: Bot, line: tuple[str, int]) -> None:
        """Bring one chat's updates in their order: one that is not taken is tried until it is, or is too old."""
        pause = 0.0
        while bot.webhook is not None:
            self._expire(bot)
            update = next((one for one in bot.pending if one.queue == line), None)
            if update is None:
                return
            status, headers = await self._bring(bot, bot.webhook, update)
            if status is not None and 200 <= status < 300:
                update.forced = max(0, update.forced - 1)
                if update in bot.pending and not update.forced:
                    bot.pending.remove(update)
                    update.confirmed = True
                pause = 0.0
                self.changed()
                continue
            after = headers.get("Retry-After", "")
            await asyncio.sleep(float(after) if after.isdigit() else pause)
            pause = min(LONGEST_PAUSE, pause * 2 or self.webhook_retry)

    async def _bring(self, bot: Bot, hook: Webhook, update: Update) -> tuple[int | None, Mapping[str, str]]:
        update.given += 1
        status: int | None = None
        headers: Mapping[str, str] = {}
        try:
            async with asyncio.timeout(WEBHOOK_PATIENCE):
                status, headers, text = await self.send(hook, json.dumps(update.body))
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            hook.error, hook.at = f"Connection failed: {type(error).__name__}", self.date()
        else:
            if not 200 <= status < 300:
                hook.error, hook.at = f"Wrong response from the webhook: {status}", self.date()
            elif text:
                await self._asked_in_answer(bot, text)
        self.brought.append((update, status))
        self.changed()
        return status, headers

    async def send(
        self, hook: Webhook, body: str, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Mapping[str, str], str]:
        """POST something to a webhook as Telegram does; other headers may be given; status, headers and text."""
        base = next((base for base in self.public if hook.url.startswith(base)), None)
        if base is None:
            raise aiohttp.ClientConnectionError(f"nothing is at {hook.url}")
        self._session = self._session or aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=hook.connections)
        )
        if headers is None:
            headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
        async with self._session.post(
            self.public[base] + hook.url.removeprefix(base),
            data=body.encode(),
            headers={"Content-Type": "application/json", **headers},
        ) as answer:
            return answer.status, answer.headers, await answer.text()

    async def _asked_in_answer(self, bot: Bot, text: str) -> None:
        """Do what the answer to a webhook asks, whose result nobody learns."""
        try:
            body = json.loads(text)
        except ValueError:
            return
        if isinstance(body, dict) and (method := body.pop("method", None)):
            await self.asked(bot, str(method), body)

    async def asked(self, bot: Bot, method: str, body: Json) -> Any:
        """Do what a method says."""
        raise NotImplementedError

    def webhook_info(self, bot: Bot) -> Json:
        """Tell of a bot's webhook."""
        hook = bot.webhook or Webhook("")
        self._expire(bot)
        out: Json = {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(bot.pending),
        }
        if hook.url:
            out |= {"max_connections": hook.connections, "ip_address": "127.0.0.1"}
        if hook.error:
            out |= {"last_error_date": hook.at, "last_error_message": hook.error}
        return out | ({"allowed_updates": list(bot.allowed)} if bot.allowed else {})

    async def _closed(self, app: web.Application) -> None:
        del app
        if self._session is not None:
            await self._session.close()


def ids(updates: Sequence[Update]) -> list[int]:
    """The ids of updates."""
    return [update.id for update in updates]
