"""Telegram: updates fetched or brought, each confirmed after what it changes is on disk; any number of bots."""

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any

from telegram.error import InvalidToken, TelegramError

from bot.adapters import presses
from bot.adapters.pacing import Pacing
from bot.adapters.showing import Showing
from bot.adapters.telegram import listing, send
from bot.adapters.telegram.answers import Answers
from bot.adapters.telegram.calls import Api, Calls, Failed, api, call, course
from bot.adapters.telegram.once import Once
from bot.adapters.telegram.parse import parse
from bot.adapters.telegram.polling import ALLOWED, REMEDY, Polling
from bot.adapters.telegram.surface import Heard, Moved, Turned
from bot.adapters.telegram.times import Times
from bot.ports import (
    Address,
    Answer,
    Delivery,
    File,
    HttpRequest,
    HttpResponse,
    Later,
    Misconfigured,
    Outage,
    Place,
    Program,
    Ref,
    Refused,
    Rendered,
    Route,
    Submitted,
)

log = logging.getLogger(__name__)

NAME = "telegram"
SECRET = "x-telegram-bot-api-secret-token"  # noqa: S105  the name of a header
FINISH_SECONDS = 6.0
AWAY_SECONDS = 2.0
TRIES = 3
LONGEST_SECONDS = 60.0
TIMES = Times()


class Telegram:
    """Telegram as an adapter."""

    name = NAME
    screen = 3800

    def __init__(
        self,
        tokens: Sequence[str],
        mode: str,
        api_url: str,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        *,
        pacing: Pacing | None = None,
        times: Times = TIMES,
    ) -> None:
        """`mode` is polling, or webhook, which needs the public address of the web server and a secret."""
        self._tokens = tuple(tokens)
        self._mode = mode
        self._api_url = api_url
        self._webhook_url = (webhook_url or "").rstrip("/")
        self._secret = webhook_secret or ""
        self._times = times
        self._calls = Calls(pacing or Pacing(course))
        self._showing = Showing()
        self._answers = Answers(self._calls, self._showing)
        self._program: Program | None = None
        self._tries: dict[str, int] = {}
        self._once = Once()
        self.listening = asyncio.Event()
        # Telegram gives each message to one who fetches; what it brings, any number of processes may take.
        self.leases: Sequence[str] = (
            tuple(f"{NAME}:{_number(token)}" for token in self._tokens) if mode == "polling" else ()
        )
        self.routes: Sequence[Route] = (
            tuple(
                Route("POST", f"/telegram/{_number(token)}", partial(self._serve, int(_number(token))))
                for token in self._tokens
            )
            if mode == "webhook"
            else ()
        )

    # --- What comes in ------------------------------------------------------------------------------------------

    async def run(self, program: Program) -> None:
        """Receive updates until cancelled, then finish what has begun."""
        async with AsyncExitStack() as stack:
            self._calls.bots = bots = await self._sign_in(stack)
            self._program = program
            take, look = self._take_until_done, self._times.look
            polls = [Polling(bot, partial(take, number), look) for number, bot in bots.items()]
            try:
                for number, bot in bots.items():
                    await self._prepare(number, bot, program)
                    log.info("telegram: @%s is connected", bot.username)
                self.listening.set()
                if self._mode == "webhook":
                    await asyncio.Event().wait()
                async with asyncio.TaskGroup() as polling:
                    for number, poll in zip(bots, polls, strict=True):
                        polling.create_task(self._poll(number, poll))
            except ExceptionGroup as group:
                raise group.exceptions[0] from None
            finally:
                await self._finish(polls if self._mode == "polling" else ())
                self._program = None
                self._calls.bots = {}

    async def _sign_in(self, stack: AsyncExitStack) -> dict[int, Api]:
        """Ask Telegram whose tokens these are; one that is not good leaves the others alone."""
        bots: dict[int, Api] = {}
        refused: list[str] = []
        for token in self._tokens:
            bot = api(token, self._api_url, self._times.call)
            stack.push_async_callback(bot.shutdown)
            try:
                await bot.initialize()
            except InvalidToken:
                refused.append(f"Telegram does not take the token of bot {_number(token)}. {REMEDY}")
            except TelegramError as error:
                raise Outage(f"Telegram cannot be reached ({type(error).__name__})") from error
            else:
                bots[bot.id] = bot
        if not bots:
            raise Misconfigured(" ".join(refused))
        for why in refused:
            log.error("%s The other bots go on.", why)
        return bots

    async def _prepare(self, number: int, bot: Api, program: Program) -> None:
        """Say how updates are to come, and what the commands are."""
        if self._mode == "webhook":
            hook = {
                "url": f"{self._webhook_url}/telegram/{number}",
                "secret_token": self._secret,
                "allowed_updates": ALLOWED,
                "max_connections": 40,
            }
            told = await call(bot, "setWebhook", hook)
            if isinstance(told, Failed):
                raise Misconfigured(f"Telegram does not take telegram.webhook_url: {told.error}.")
        else:
            told = await call(bot, "deleteWebhook", {"drop_pending_updates": False})
            if isinstance(told, Failed):
                raise Outage(f"Telegram did not end the webhook: {told.error}")
        if failed := await listing.publish(bot, number, program):
            log.warning("the commands of bot %d are not listed: %s", number, failed)

    async def _poll(self, number: int, poll: Polling) -> None:
        """Fetch the updates of one bot; what goes wrong with it is told in words, and the others go on."""
        least, loop = self._times.again, asyncio.get_running_loop()
        wait = least
        while True:
            began = loop.time()
            trouble = await _trouble(poll)
            if self._calls.bots.keys() == {number}:
                raise trouble
            if isinstance(trouble, Misconfigured):
                del self._calls.bots[number]
                log.error("bot %d: %s The other bots go on.", number, trouble)
                return
            wait = least if loop.time() - began > LONGEST_SECONDS else wait
            log.error("bot %d: %s; it is tried again in %.0f s, the other bots go on", number, trouble, wait)
            await asyncio.sleep(wait)
            wait = min(LONGEST_SECONDS, 2 * wait)

    async def _finish(self, polls: Sequence[Polling]) -> None:
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                ended = await asyncio.gather(*(poll.finish() for poll in polls), return_exceptions=True)
                await self.quiet()
        except TimeoutError:
            log.warning("stopped before everything was answered and confirmed")
            return
        if any(isinstance(end, BaseException) for end in ended):
            log.warning("stopped before everything was confirmed: some of it comes again")

    async def quiet(self) -> None:
        """Wait until every answer that was begun is shown."""
        await self._showing.quiet()

    async def _serve(self, number: int, request: HttpRequest) -> HttpResponse:
        """Take an update that Telegram brings; it brings it again for anything but 200."""
        given = request.headers.get(SECRET, "").encode(errors="replace")
        if not self._secret or not hmac.compare_digest(given, self._secret.encode()):
            return HttpResponse(401)
        try:
            update = json.loads(request.body)
        except (ValueError, RecursionError):
            return HttpResponse(400)
        if not isinstance(update, dict):
            return HttpResponse(400)
        if self._program is None:
            return HttpResponse(503)
        event = f"{number}:{update.get('update_id')}"
        tried = self._tries.pop(event, 0) + 1
        if await self._take(number, update, last=tried >= TRIES):
            return HttpResponse()
        # In memory alone: at worst it is tried some times more after a restart.
        self._tries[event] = tried
        return HttpResponse(500)

    async def _take_until_done(self, number: int, update: Mapping[str, Any]) -> None:
        """Take an update that was fetched, a few times if it must be; then it is put aside."""
        tried = 1
        while not await self._take(number, update, last=tried >= TRIES) and self._program is not None:
            await asyncio.sleep(min(LONGEST_SECONDS, self._times.again * tried))
            tried += 1

    async def _take(self, number: int, update: Mapping[str, Any], *, last: bool) -> bool:
        """Take one update; false where it left no trace and is to be taken again."""
        program = self._program
        if program is None:
            return False
        match parse(self._answers.newest(number, update), number):
            case None:
                return True
            case Turned() as turned:
                self._answers.turn(turned)
                return True
            case Moved(bot, old, new):
                self._calls.moved[bot, old] = new
                return True
            case Heard() as heard:
                return await self._once.do(heard.incoming.id, partial(self._do, program, heard, last=last))

    async def _do(self, program: Program, heard: Heard, *, last: bool) -> bool:
        self._answers.begin(heard)
        answer = await self._answered(program, heard)
        if not (answer.saved or answer.dropped):
            if not last:
                return False
            try:
                await program.bury(heard.incoming)
            except Exception:  # what cannot even be put aside is kept by Telegram, and tried again
                log.exception("the update %s cannot be put aside", heard.incoming.id)
                return False
        self._answers.show(heard, answer)
        return True

    async def _answered(self, program: Program, heard: Heard) -> Answer:
        """Have it handled; as long as that takes, show signs of life."""
        handling = asyncio.create_task(self._handle(program, heard))
        wait = self._times.alive
        while heard.surface.kind != "event":
            done, _ = await asyncio.wait({handling}, timeout=wait)
            if done:
                break
            self._answers.alive(heard)
            wait = self._times.typing
        return await handling

    async def _handle(self, program: Program, heard: Heard) -> Answer:
        pick = heard.surface.pick
        if pick is None:
            return await program.handle(heard.incoming)
        # What the button could not hold is found in the question that is in front, if that is still the same.
        answer = await program.handle(replace(heard.incoming, id=f"{heard.incoming.id}:ask"))
        form = next((message.form for message in reversed(answer.messages) if message.form), None)
        values = presses.picked(form, pick) if form is not None else None
        if values is None:
            return answer
        chosen = Submitted(pick.run, values)
        return await program.handle(replace(heard.incoming, event=chosen))

    # --- What goes out ------------------------------------------------------------------------------------------

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Give the seconds until a message could leave, where they are many."""
        where = self._where(to.id)
        return 0.0 if isinstance(where, Later | Refused) else self._calls.ahead(*where, urgent=urgent)

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message to a person or a group; Telegram takes no key, so `once` is not sent."""
        del once
        where = self._where(to.id)
        if isinstance(where, Later | Refused):
            return where
        with self._showing.sending():
            return await send.push(self._calls, *where, message)

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        where = self._where(ref.chat)
        if isinstance(where, Later | Refused):
            return where
        if not ref.id.isdecimal():
            return Refused("no message of Telegram's")
        with self._showing.sending():
            return await send.edit(self._calls, *where, int(ref.id), message)

    def _where(self, address: str) -> tuple[int, int] | Later | Refused:
        bot, _, chat = address.partition("/")
        if not self._calls.bots:
            return Later(AWAY_SECONDS)
        try:
            number, to = int(bot), int(chat)
        except ValueError:
            return Refused("no address of Telegram's")
        if number not in self._calls.bots:
            return Refused("this bot is not configured", again=True)
        return number, self._calls.moved.get((number, to), to)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """A bot can open no shared room on Telegram."""
        del people, title
        return None

    async def open(self, file: File) -> AsyncIterator[bytes]:
        """Read a file that somebody sent."""
        async for part in send.read(self._calls, file):
            yield part


async def _trouble(poll: Polling) -> Misconfigured | Outage:
    """Fetch until that goes wrong."""
    try:
        await poll.run()
    except (Misconfigured, Outage) as error:
        return error


def _number(token: str) -> str:
    """Give the bot's id, which is the part of its token that is no secret."""
    return token.partition(":")[0]
