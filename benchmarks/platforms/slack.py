"""Sign-ups on Slack: through the program, with and without Bolt's dispatch before it, and through Bolt alone."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy import Connection, func, select

from benchmarks.peers.bolt import Bolt, authorize, dispatched
from benchmarks.peers.slack import Body, View, signed_up
from benchmarks.platforms import OURS, Contender
from bot.adapters.slack.answers import payloads
from bot.adapters.slack.forms import form_view
from bot.adapters.slack.parse import parse
from bot.adapters.slack.surface import Heard
from bot.app import App, open_app
from bot.config import load
from bot.program import program as offered
from core.store.tables import runs, users
from core.store.types import new_key

THROUGH = "through_bolt"
DURABILITY = "SQLite, synchronous=FULL: fsync before the answer; answers sealed; an event has its effect once"
LOCALE = "en-GB"
VIEW = "view"


@dataclass(slots=True)
class Ours:
    """The program, spoken to as its adapter does: profiles are known, and nothing is sent."""

    app: App
    words: Mapping[str, str]
    durability: str = DURABILITY
    finished: int = 0

    async def answer(self, payload: Body) -> tuple[str, View | None]:
        """Take a payload to the JSON that would be sent for it, and the view in it."""
        heard = parse(payload, {})
        assert isinstance(heard, Heard)
        incoming = replace(heard.incoming, name="Ana Ruiz", locale=LOCALE, zone="Europe/Madrid")
        answer = await self.app.router.handle(incoming)
        assert answer.saved
        form = answer.form
        if form is None or not heard.surface.trigger:
            return json.dumps(payloads(answer.messages)), None
        view = form_view(form, answer.besides, self.words)
        return json.dumps(view), view

    async def take(self, payload: Body) -> View | None:
        """Take a payload."""
        _, view = await self.answer(payload)
        return view

    async def sign_up(self, user: int) -> int:
        """Sign somebody up."""
        events = await signed_up(self.take, "T1", user)
        self.finished += 1
        return events


class ThroughBolt:
    """The program behind Bolt's dispatch, in a global middleware as in the adapter."""

    def __init__(self, program: Ours) -> None:
        """Take the same program: other people sign up."""
        self.durability = program.durability
        self.finished = 0
        self._app = AsyncApp(signing_secret="", authorize=authorize)

        async def take(req: AsyncBoltRequest) -> BoltResponse:
            body, req.context[VIEW] = await program.answer(req.body)
            return BoltResponse(status=200, body=body, headers={"content-type": "application/json"})

        self._app.middleware(take)

    async def take(self, payload: Body) -> View | None:
        """Dispatch a payload; gives the view that the middleware answered with."""
        request = await dispatched(self._app, payload)
        view: View | None = request.context[VIEW]
        return view

    async def sign_up(self, user: int) -> int:
        """Sign somebody up in another workspace."""
        events = await signed_up(self.take, "T3", user)
        self.finished += 1
        return events


@asynccontextmanager
async def contenders(folder: Path) -> AsyncIterator[dict[str, Contender]]:
    """Open all on a fresh database, and see at the end that everybody who began is signed up."""
    given = {"encryption.keys": new_key()}
    settings = load(None, {"MENTORBOT_HOME": str(folder)}, given, folder)
    async with open_app(settings, []) as app:
        program = Ours(app, offered(app.router, app.world).words(LOCALE))
        through = ThroughBolt(program)
        pages: list[View] = []

        async def keep(payload: Body) -> View | None:
            view = await program.take(payload)
            pages.extend([] if view is None else [view])
            return view

        # Bolt, which answers with nothing, is given the pages that somebody was shown.
        await signed_up(keep, "T0", 0)
        assert len(pages) == 2
        yield {OURS: program, THROUGH: through, "bolt": Bolt(pages)}
        finished = 1 + program.finished + through.finished
        assert await app.database.read(_counted) == (finished, 0)


def _counted(tx: Connection) -> tuple[int, int]:
    """Count the users there are and the forms that are open."""
    people, forms = (
        tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (users, runs)
    )
    return people, forms
