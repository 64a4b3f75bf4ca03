"""The program with people and a clock of its own, behind the web page: what `mentorbot demo` serves.

Everything is in one folder: the database, the key, the transcript of the page. Who is killed and opened again on it
goes on where it was.
"""

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from bot.adapters.console import to_json
from bot.adapters.web.adapter import Stage, Tool, Web
from bot.adapters.web.encoding import decode
from bot.adapters.web.events import NAME, at
from bot.adapters.web.guard import body_of, number, reply
from bot.adapters.web.transcript import ANSWER, EDITED, PUSH, TIME, Entry
from bot.app import App, SimulatedClock, open_app
from bot.config import Settings
from bot.outbox import claim
from bot.ports import Address, HttpRequest, HttpResponse, Ref
from bot.program import program
from bot.stage import peek
from bot.stage.driver import Opened, Shown, Told, stands_for
from bot.stage.script import Person
from bot.stage.steps import pack, steps
from core import waits as waiting

CURTAIN, AGAIN = "curtain", "again"
"""Entries of the transcript: from here on somebody plays; the program was stopped and goes on."""
LONGEST_JUMP = timedelta(days=60)
UNSEEN = ("tidy", "recommendations")
"""Kinds of waits of which nobody notices anything."""
LATELY, NEWEST = 12, 3
"""Entries of a chat in which buttons are looked for, and the messages of it that a story goes by."""
SHOWN_KINDS = {ANSWER, PUSH, EDITED}


class Playground:
    """A program on a page; `settings` name its database, `folder` is where its transcript is."""

    def __init__(
        self,
        settings: Settings,
        now: datetime,
        names: Told,
        folder: Path,
        cast: Sequence[Person] = (),
        seed: int = 0,
        opened: Opened = open_app,
        tools: Mapping[tuple[str, str], Tool] = MappingProxyType({}),
    ) -> None:
        """Prepare a program for these people, at a moment of simulated time; `tools` come to its own."""
        self._settings = settings
        self._opened = opened
        self._stack = AsyncExitStack()
        self._app: App | None = None
        self._moving = asyncio.Lock()
        self.cast = cast
        self.names = {who: dict(told) for who, told in names.items()}
        self.seed = seed
        self.clock = SimulatedClock(now)
        stage = Stage(
            [_shown(person, self._settings.policy.zone) for person in cast],
            self.names,
            self._world,
            self.settle,
            {**self._tools(), **tools},
        )
        self.web = Web(folder, lambda: self.clock.now, stage)

    @staticmethod
    def at(who: str) -> Address:
        """Say where somebody is reached: the page calls people by their handles."""
        return at(who)

    @property
    def app(self) -> App:
        """The running program."""
        assert self._app is not None
        return self._app

    async def open(self) -> None:
        """Start the program; the clock goes on where the transcript ends."""
        transcript = self.web.transcript
        self._app = await self._stack.enter_async_context(
            self._opened(self._settings, [self.web], self.clock, "demo", say=lambda _: None)
        )
        transcript.file.parent.mkdir(parents=True, exist_ok=True)
        transcript.open()
        if transcript.last:
            self.clock.now = max(self.clock.now, transcript.entries[-1].at)
            transcript.add(AGAIN)
        await self._app.outbox.recover(self.clock.now, alone=True)
        running = asyncio.create_task(self.web.run(program(self._app.router, self._app.world)))
        self._stack.push_async_callback(_stopped, running)
        listening = asyncio.create_task(self.web.listening.wait())
        await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            listening.cancel()
            running.result()

    async def close(self) -> None:
        """Stop it."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()

    # --- Playing from within ------------------------------------------------------------------------------------

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use a command."""
        await self._act(who, {"say": f"/{name} {words}".strip()})

    async def say(self, who: str, text: str) -> None:
        """Write to the bot."""
        await self._act(who, {"say": text})

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label."""
        for entry in reversed(self._shown_to(who)):
            if meant := stands_for(to_json(decode(entry.data["message"])), label):
                await self._act(who, {**meant, "message": entry.n})
                return
        msg = f"{who} has no button [{label}]"
        raise LookupError(msg)

    def screen(self, who: str) -> Sequence[Shown]:
        """Everything somebody was shown lately, oldest first."""
        newest = self._shown_to(who)[-NEWEST:]
        return [Shown(who, entry.kind, to_json(decode(entry.data["message"]))) for entry in newest]

    def _shown_to(self, who: str) -> Sequence[Entry]:
        entries, _ = self.web.transcript.chat(who, self.web.transcript.last + 1, LATELY)
        return [entry for entry in entries if entry.kind in SHOWN_KINDS]

    async def _act(self, who: str, event: Mapping[str, Any]) -> None:
        await self.web.act({"id": f"story-{self.web.transcript.last}", "who": who, **event})

    async def settle(self) -> None:
        """Do and deliver everything that is due now."""
        await self.app.settle()

    async def advance(self, time: timedelta) -> None:
        """Let time pass, and with it what becomes due."""
        await self.until(self.clock.now + time)

    async def until(self, moment: datetime) -> None:
        """Let time pass up to a moment."""
        async with self._moving:
            await self.app.advance(self.clock, moment)
            self.web.transcript.add(TIME)

    def raise_curtain(self) -> None:
        """Everything before this is what has happened already."""
        self.web.transcript.add(CURTAIN, seed=self.seed, epoch=secrets.token_hex(4))

    @property
    def curtain(self) -> Entry | None:
        """Where the play began; None before."""
        return next((entry for entry in self.web.transcript.entries if entry.kind == CURTAIN), None)

    # --- What the page can do besides ---------------------------------------------------------------------------

    def _tools(self) -> Mapping[tuple[str, str], Tool]:
        return {
            ("POST", "clock"): self._clock,
            ("GET", "ahead"): self._ahead,
            ("GET", "looks"): self._looks,
            ("GET", "match"): self._match,
            ("GET", "why"): self._why,
            ("GET", "link"): self._link,
        }

    async def _world(self) -> Mapping[str, Any]:
        curtain = self.curtain
        return {
            "community": self._settings.policy.community,
            "seed": self.seed,
            "epoch": curtain.data["epoch"] if curtain else "",
            "curtain": curtain.n if curtain else 0,
            "next": await self._next(),
        }

    async def _next(self) -> str | None:
        moment = await self.app.database.read(_next_to_see)
        return moment.isoformat() if moment is not None else None

    async def _clock(self, request: HttpRequest) -> HttpResponse:
        """Let time pass: so many `seconds`, or up to the `next` thing that happens."""
        wanted = body_of(request)
        now = self.clock.now
        match wanted:
            case {"next": True}:
                moment = await self.app.database.read(_next_to_see)
                await self.until(max(now, moment) if moment is not None else now + timedelta(days=1))
            case {"seconds": int(seconds)} if 0 < seconds <= LONGEST_JUMP.total_seconds():
                await self.until(now + timedelta(seconds=seconds))
            case _:
                raise ValueError("time passes by seconds, or up to what is next")
        return reply(
            {"now": self.clock.now.isoformat(), "next": await self._next(), "last": self.web.transcript.last}
        )

    async def _ahead(self, request: HttpRequest) -> HttpResponse:
        """Tell what waits, the next first."""
        limit = min(number(request.query.get("limit"), 8), 50)
        found = await self.app.database.read(lambda tx: waiting.soonest(tx, limit, UNSEEN))
        return reply([{"kind": kind, "due": due.isoformat()} for kind, due in found])

    async def _looks(self, request: HttpRequest) -> HttpResponse:
        """Give a message as the other platforms get it."""
        # Here, since only who looks at other platforms needs their renderers.
        from bot.stage.looks import looks

        entry = self._entry(request)
        locale = str(self.names.get(entry.who, {}).get("locale", self._settings.policy.locale))
        words = program(self.app.router, self.app.world).words(locale)
        return reply(looks(decode(entry.data["message"]), words))

    async def _match(self, request: HttpRequest) -> HttpResponse:
        """Tell how those whom a message is about were ranked."""
        entry = self._entry(request)
        message = decode(entry.data["message"])
        return reply(
            await self.app.database.read(lambda tx: peek.match(tx, self.app, at(entry.who), message))
        )

    async def _why(self, request: HttpRequest) -> HttpResponse:
        """Tell why somebody got a message; null where they asked for it themselves."""
        entry = self._entry(request)
        ref = Ref(NAME, entry.who, str(entry.n))
        return reply(await self.app.database.read(lambda tx: peek.why(tx, ref)))

    async def _link(self, request: HttpRequest) -> HttpResponse:
        """Give what brings another machine to where this one is."""
        del request
        curtain = self.curtain
        done = steps(self.web.transcript, curtain.n if curtain else 0)
        return reply({"seed": self.seed, "steps": pack(done)})

    def _entry(self, request: HttpRequest) -> Entry:
        entry = self.web.transcript.message(number(request.query.get("n"), 0))
        if entry is None:
            raise ValueError("there is no such message")
        return entry


def _next_to_see(tx: Connection) -> datetime | None:
    """Say when something is next due that anybody may notice."""
    moments = [*(due for _, due in waiting.soonest(tx, 1, UNSEEN)), claim.next_due(tx)]
    return min((moment for moment in moments if moment is not None), default=None)


def _shown(person: Person, zone: str) -> Mapping[str, Any]:
    """Describe somebody for the page."""
    return {
        "who": person.handle,
        "name": person.name,
        "role": person.role,
        "zone": person.zone or zone,
        "locale": person.locale or "en",
        "topics": [topic.partition(":")[0] for topic in person.topics],
    }


async def _stopped(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.wait({running})
