"""Slack, wired to slack-bolt: one global middleware does the durable work and returns the acknowledgement.

There are no listeners, since Bolt acknowledges before it runs them. What an event changes is committed before it is
acknowledged; where that takes longer than Slack waits, an event is left unacknowledged, so that Slack delivers it
again, and whoever pressed or typed something gets a holding answer that promises nothing.
"""

import asyncio
import json
import logging
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.adapters.pacing import Pacing
from bot.adapters.showing import Showing
from bot.adapters.slack import send, suggestions
from bot.adapters.slack.answers import Answers
from bot.adapters.slack.calls import REMEDY, Body, Calls, course, session
from bot.adapters.slack.connection import PING_SECONDS, Sockets, sign_in
from bot.adapters.slack.home import Homes
from bot.adapters.slack.manifest import PATH
from bot.adapters.slack.parse import parse
from bot.adapters.slack.people import People
from bot.adapters.slack.surface import Changed, Heard, Left, Looked
from bot.ports import (
    Address,
    Answer,
    Delivery,
    File,
    HttpRequest,
    HttpResponse,
    Incoming,
    Later,
    Misconfigured,
    Opened,
    Place,
    Program,
    Reachable,
    Ref,
    Rendered,
    Route,
)

log = logging.getLogger(__name__)

NAME = "slack"
SECONDS = re.compile(r"[0-9]{1,12}")
PATIENCE = 2.5
"""Seconds after which something is said without the answer: Slack waits for three."""
MOST = 10_000
"""Answered events that are remembered: Slack delivers one again within six minutes, or not at all."""
FINISH_SECONDS = 6.0
AWAY_SECONDS = 2.0


class Slack:
    """Slack as an adapter, for one app in any number of workspaces."""

    name = NAME
    screen = 2900

    def __init__(
        self,
        bot_tokens: Sequence[str],
        app_token: str | None,
        signing_secret: str | None,
        mode: str,
        api_url: str,
        *,
        pacing: Pacing | None = None,
        patience: float = PATIENCE,
        ping: float = PING_SECONDS,
    ) -> None:
        """`mode` is socket, which needs the app's token, or http, which needs its signing secret.

        `patience` is how many seconds a commit may take until something is said without the answer; every `ping`
        seconds a socket is asked whether it is still there.
        """
        self._tokens = tuple(bot_tokens)
        self._app_token = app_token or ""
        self._mode = mode
        self._api_url = api_url
        self._patience = patience
        self._ping = ping
        self._calls = Calls(pacing or Pacing(course))
        self._people = People(self._calls)
        self._showing = Showing()
        self._answers = Answers(self._calls, self._showing)
        self._homes = Homes(self._calls, self._desk)
        self._program: Program | None = None
        self.listening = asyncio.Event()
        # Slack deals what comes to the sockets of an app; its id is a part of the token. Requests may go anywhere.
        self.leases: Sequence[str] = (
            (f"{NAME}:{(*self._app_token.split('-'), '', '')[2]}",) if mode == "socket" else ()
        )
        self._begun: dict[str, asyncio.Task[Answer]] = {}
        self._answered: OrderedDict[str, None] = OrderedDict()
        self._nobody = asyncio.Event()

        # Bolt looks at the names of the arguments, and would take `self` for one of them.
        async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
            return self._authorized(team_id, enterprise_id)

        async def take(req: AsyncBoltRequest) -> BoltResponse:
            return await self._take(req)

        self._app = AsyncApp(
            # Without a name it reads the source of all that called it, to take that of a file.
            name=NAME,
            signing_secret=signing_secret or "",
            authorize=authorize,
            logger=logging.getLogger("slack_bolt"),
            # It would be answered before anybody looks at the signature.
            ssl_check_enabled=False,
        )
        self._app.middleware(take)
        self.routes: Sequence[Route] = (Route("POST", PATH, self._serve),) if mode == "http" else ()

    # --- What comes in ------------------------------------------------------------------------------------------

    async def run(self, program: Program) -> None:
        """Receive events until cancelled, then finish what has begun."""
        async with session() as connections:
            self._calls.session = connections
            self._calls.workspaces = await sign_in(self._tokens, self._api_url, connections)
            self._program = program
            self._nobody.clear()
            try:
                if self._mode == "socket":
                    async with Sockets(
                        self._app, self._app_token, self._api_url, connections, self._ping
                    ) as sockets:
                        self.listening.set()
                        await sockets.watch(self._nobody)
                else:
                    self.listening.set()
                    await self._nobody.wait()
                raise Misconfigured(f"no workspace has the app any more. {REMEDY}")
            finally:
                # Nothing new is taken; what was taken is answered while the connections are still there.
                self._program = None
                await self._finish()
                self._calls.workspaces = {}

    async def _finish(self) -> None:
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                if self._begun:
                    await asyncio.wait(set(self._begun.values()))
                await self.quiet()
        except TimeoutError:
            log.warning("stopped before everything was answered")

    async def quiet(self) -> None:
        """Wait until every answer that was begun is shown."""
        await self._showing.quiet()
        await self._homes.quiet()

    def _authorized(self, team: str | None, enterprise: str | None) -> AuthorizeResult:
        """Say for Bolt who we are in a workspace, so that it asks nobody; in one that we do not know, nobody."""
        workspace = self._calls.workspaces.get(team or "") or self._calls.workspaces.get(enterprise or "")
        return AuthorizeResult(
            enterprise_id=enterprise,
            team_id=team,
            bot_user_id=workspace.bot if workspace else None,
            bot_id=workspace.bot_id if workspace else None,
            bot_token=workspace.client.token if workspace else "",
        )

    async def _serve(self, request: HttpRequest) -> HttpResponse:
        """Take a signed request; Bolt checks the signature over the body as it came."""
        stamp = request.headers.get("x-slack-request-timestamp", "")
        mark = request.headers.get("x-slack-signature", "")
        # Bolt fails on a time stamp that is no number of seconds, and on a signature that is not ASCII.
        if not SECONDS.fullmatch(stamp) or not mark.isascii():
            return HttpResponse(401)
        try:
            body = request.body.decode()
        except UnicodeDecodeError:
            return HttpResponse(401)
        headers: dict[str, str | Sequence[str]] = dict(request.headers)
        answered = await self._app.async_dispatch(AsyncBoltRequest(body=body, headers=headers))
        kind = answered.first_headers().get("content-type", "text/plain")
        return HttpResponse(answered.status, (answered.body or "").encode(), kind)

    async def _take(self, request: AsyncBoltRequest) -> BoltResponse:
        """Take one request: what it changes is on disk before this returns an acknowledgement."""
        program = self._program
        if program is None:
            return BoltResponse(status=503)
        match parse(request.body, request.headers):
            case None:
                return BoltResponse(status=200)
            case Looked() as looked:
                return _ack(await suggestions.options(looked, program.suggest))
            case Changed(team, user, gone):
                self._people.forget(team, user)
                if gone:
                    return await self._gone(program, request, Address(NAME, f"{team}/{user}"))
                return BoltResponse(status=200)
            case Left(team, why):
                log.error("the workspace %s has removed the app (%s): nobody in it can be reached", team, why)
                self._calls.workspaces.pop(team, None)
                if not self._calls.workspaces:
                    self._nobody.set()
                return BoltResponse(status=200)
            case Heard() as heard if heard.team in self._calls.workspaces:
                return await self._heard(program, heard)
            case Heard(team):
                log.error("an event from the workspace %s, for which slack.bot_tokens has no token", team)
                return BoltResponse(status=200)

    async def _gone(self, program: Program, request: AsyncBoltRequest, who: Address) -> BoltResponse:
        answer = await program.handle(Incoming(str(request.body.get("event_id")), who, Reachable(yes=False)))
        return BoltResponse(status=200 if answer.saved else 503)

    async def _heard(self, program: Program, heard: Heard) -> BoltResponse:
        if isinstance(heard.incoming.event, Opened):
            self._homes.opened(heard.team, heard.user)
            return BoltResponse(status=200)
        # What was answered is not answered again because its acknowledgement came late, or twice.
        if heard.incoming.id in self._answered:
            return BoltResponse(status=200)
        # What Slack delivers again while it is still being done waits for the same end.
        again = self._begun.get(heard.incoming.id)
        doing = again or asyncio.create_task(self._handle(program, heard))
        if again is None:
            self._begun[heard.incoming.id] = doing
            doing.add_done_callback(lambda done: self._ended(heard, done))
        done, _ = await asyncio.wait({doing}, timeout=self._patience)
        words = self._words(program, heard)
        if again is not None:
            return BoltResponse(status=200 if done and doing.result().saved else 503)
        if not done:
            doing.add_done_callback(lambda late: self._late(heard, late.result(), program))
            held = self._answers.hold(heard, words)
            return BoltResponse(status=503) if held is None else _ack(held)
        answer = doing.result()
        if not answer.saved and self._comes_again(heard):
            if not heard.again:
                self._answers.follow(heard, answer, words)
            return BoltResponse(status=503)
        return _ack(self._answers.acknowledge(heard, answer, words))

    def _ended(self, heard: Heard, doing: asyncio.Task[Answer]) -> None:
        del self._begun[heard.incoming.id]
        if (
            self._comes_again(heard)
            and not doing.cancelled()
            and not doing.exception()
            and doing.result().saved
        ):
            self._answered[heard.incoming.id] = None
            if len(self._answered) > MOST:
                self._answered.popitem(last=False)

    def _late(self, heard: Heard, answer: Answer, program: Program) -> None:
        self._answers.follow(heard, answer, self._words(program, heard))

    def _words(self, program: Program, heard: Heard) -> Mapping[str, str]:
        return program.words(self._people.known(heard.team, heard.user).locale)

    def _comes_again(self, heard: Heard) -> bool:
        """Whether Slack delivers it again without an acknowledgement: events, and nothing that people press."""
        surface = heard.surface
        return not (surface.trigger or surface.respond or surface.view)

    async def _handle(self, program: Program, heard: Heard) -> Answer:
        profile = await self._people.profile(heard.team, heard.user)
        incoming = replace(
            heard.incoming,
            name=profile.name or heard.incoming.name,
            locale=profile.locale or heard.incoming.locale,
            zone=profile.zone,
        )
        answer = await program.handle(incoming)
        self._homes.stir(heard.team, heard.user)
        return answer

    async def _desk(self, team: str, user: str) -> Answer:
        """Ask what is on somebody's desk; that only reads, so its id is of no importance."""
        program = self._program
        if program is None:
            return Answer()
        profile = await self._people.profile(team, user)
        who = Address(NAME, f"{team}/{user}")
        desk = Incoming(
            f"home:{who.id}", who, Opened("home"), name=profile.name, locale=profile.locale, zone=profile.zone
        )
        return await program.handle(desk)

    # --- What goes out ------------------------------------------------------------------------------------------

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Give the seconds until a message could leave, where they are many."""
        return self._calls.ahead(to.id, urgent=urgent)

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message to a person or a channel; Slack takes no key, so `once` is not sent."""
        del once
        team, _, channel = to.id.partition("/")
        if not self._calls.workspaces:
            return Later(AWAY_SECONDS)
        with self._showing.sending():
            delivery = await send.push(self._calls, team, channel, message)
        self._homes.stir(team, channel)
        return delivery

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        team, _, user = ref.chat.partition("/")
        if not self._calls.workspaces:
            return Later(AWAY_SECONDS)
        with self._showing.sending():
            delivery = await send.edit(self._calls, team, ref.id, message)
        self._homes.stir(team, user)
        return delivery

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """Open a group conversation; Slack names it after its people, so there is no `title`."""
        del title
        teams = {address.id.partition("/")[0] for address in people}
        if len(teams) != 1:
            return None
        team = teams.pop()
        return await send.gather(self._calls, team, [address.id.partition("/")[2] for address in people])

    async def open(self, file: File) -> AsyncIterator[bytes]:
        """Read a file that somebody sent."""
        async for part in send.read(self._calls, self._api_url, file):
            yield part


def _ack(body: Body) -> BoltResponse:
    headers: dict[str, str | Sequence[str]] = {"content-type": "application/json"}
    return BoltResponse(status=200, body=json.dumps(body) if body else "", headers=headers if body else {})
