"""Plays people on the web page with a plain client: its routes, its stream of events, and no browser.

The program is that of the demo, with the contract's forms where a test wants them; only the clock is simulated.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp

from bot.adapters.console import to_json
from bot.adapters.web.encoding import decode
from bot.adapters.web.events import at
from bot.app import App, SimulatedClock, open_app
from bot.config import Settings
from bot.http import serving
from bot.ports import Address
from bot.stage.driver import Opened, Screens, Shown, Told, stands_for
from bot.stage.playground import Playground
from tests.contract.socket_driver import PATIENCE

LOOPBACK = "127.0.0.1"


async def _well() -> tuple[bool, Mapping[str, bool]]:
    return True, {"ready": True}


class WebDriver:
    """Plays people on the page; what was shown there survives a restart, as it does in the demo's folder."""

    def __init__(self, settings: Settings, now: datetime, names: Told, opened: Opened = open_app) -> None:
        """Prepare a program for these people, at a moment of simulated time."""
        self._settings = settings
        self._opened = opened
        self._names = dict(names)
        self._stack = AsyncExitStack()
        self._outside = AsyncExitStack()
        self._folder = Path(self._outside.enter_context(TemporaryDirectory(prefix="mentorbot-page-")))
        self._client: aiohttp.ClientSession
        self._url = ""
        self._seen = 0
        self._heard = asyncio.Condition()
        self._last: dict[str, Mapping[str, Any]] = {}
        self._places: dict[int, int] = {}
        """Where on the screens the message of an entry stands, counted from 1."""
        self.screens = Screens()
        self.sources: list[int] = []
        """The entries of the messages on the screens."""
        self._replaced: list[tuple[Shown, int]] = []
        """What answers stand in the place of."""
        self.events = 0
        self.playground = Playground(settings, now, names, self._folder, opened=opened)
        self.clock: SimulatedClock = self.playground.clock

    @staticmethod
    def at(who: str) -> Address:
        """Say where somebody is reached."""
        return at(who)

    @property
    def app(self) -> App:
        """The running program."""
        return self.playground.app

    @property
    def shown(self) -> Sequence[Shown]:
        """Everything everybody was shown."""
        return self.screens.shown

    async def open(self) -> None:
        """Start the program and its server, and listen to all that is shown."""
        await self.playground.open()
        self._stack.push_async_callback(self.playground.close)
        host, port = await self._stack.enter_async_context(
            serving((LOOPBACK, 0), self.playground.web.routes, _well)
        )
        self._url = f"http://{host}:{port}"
        self._client = await self._stack.enter_async_context(
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))
        )
        listening = asyncio.create_task(self._listen())
        self._stack.push_async_callback(_ended, listening)

    async def close(self) -> None:
        """Stop it."""
        await self._stack.aclose()
        await self._outside.aclose()

    async def restart(self) -> None:
        """Stop the program and start it again: what it knows now comes from the database and the transcript."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        self.playground = Playground(
            self._settings, self.clock.now, self._names, self._folder, opened=self._opened
        )
        clock = self.playground.clock
        self.clock.now = clock.now
        self.playground.clock = self.clock
        await self.open()

    def know(self, who: str, **told: str) -> None:
        """Change what the page tells about somebody."""
        self._names[who] = {**self._names.get(who, {}), **told}

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use a command."""
        await self._act(who, {"say": f"/{name} {words}".strip()})

    async def say(self, who: str, text: str) -> None:
        """Write to the bot."""
        await self._act(who, {"say": text})

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label.

        Where its message has just been replaced by an answer, somebody presses it whose page is a moment behind.
        """
        form_is_open = True
        for shown, n in zip(reversed(self.shown), reversed(self.sources), strict=True):
            if shown.who != who:
                continue
            if meant := stands_for(shown.message, label, form_is_open=form_is_open):
                await self._act(who, {**meant, "message": n})
                return
            # Whatever was answered since has put another question in the place of this one, or none.
            form_is_open = form_is_open and shown.kind != "answer"
        for shown, n in reversed(self._replaced):
            if shown.who == who and (meant := stands_for(shown.message, label)):
                await self._act(who, {**meant, "message": n})
                return
        msg = f"{who} has no button [{label}]"
        raise LookupError(msg)

    async def fill(self, who: str, values: Mapping[str, Any]) -> None:
        """Answer fields of the form in front."""
        await self._act(who, {"run": self._form(who)["run"], "values": dict(values)})

    async def again(self, who: str) -> None:
        """Post somebody's last event once more."""
        await self._post(self._last[who])

    async def options(self, who: str, key: str, typed: str) -> Sequence[str]:
        """Give what is offered while somebody types."""
        source = next(str(asked["search"]) for asked in self._form(who)["fields"] if asked["key"] == key)
        query = {"who": who, "source": source, "typed": typed}
        async with self._client.get(f"{self._url}/api/options", params=query) as answer:
            return [label for _, label in await answer.json()]

    def screen(self, who: str) -> Sequence[Shown]:
        """Everything somebody was shown, oldest first."""
        return [shown for shown in self.shown if shown.who == who]

    async def settle(self) -> None:
        """Do and deliver everything that is due now."""
        await self.playground.settle()
        await self._until(self.playground.web.transcript.last)

    async def advance(self, time: timedelta) -> None:
        """Let time pass, by the clock on the page."""
        async with self._client.post(
            f"{self._url}/api/demo/clock", json={"seconds": int(time.total_seconds())}
        ) as answer:
            assert answer.status == 200, await answer.text()
            await self._until((await answer.json())["last"])

    def _form(self, who: str) -> Mapping[str, Any]:
        forms = (shown.message.get("form") for shown in reversed(self.screen(who)))
        form: Mapping[str, Any] = next(form for form in forms if form)
        return form

    async def _act(self, who: str, event: Mapping[str, Any]) -> None:
        self.events += 1
        self._last[who] = {"id": f"e{self.events}", "who": who, **self._names.get(who, {}), **event}
        await self._post(self._last[who])

    async def _post(self, event: Mapping[str, Any]) -> None:
        async with self._client.post(f"{self._url}/api/act", json=event) as answer:
            assert answer.status == 200, await answer.text()
            await self._until((await answer.json())["last"])

    # --- What comes ---------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        endless = aiohttp.ClientTimeout(total=None)
        query = {"after": str(self._seen), "who": "*"}
        async with self._client.get(f"{self._url}/api/events", params=query, timeout=endless) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            async for line in _lines(answer.content):
                if line.startswith(b"data: "):
                    self._take(json.loads(line.removeprefix(b"data: ")))
                    async with self._heard:
                        self._heard.notify_all()

    def _take(self, entry: Mapping[str, Any]) -> None:
        assert entry["n"] == self._seen + 1
        self._seen = entry["n"]
        if "message" not in entry:
            return
        message = to_json(decode(entry["message"]))
        place = self._places.get(entry.get("edits", 0))
        if entry["kind"] == "edited":
            if place and self.shown[place - 1].kind == "edited":
                self._replaced.append((self.shown[place - 1], self.sources[place - 1]))
            self.screens.replace(str(place or 0), entry["who"], message)
        else:
            if place:
                old = self.screens.shown[place - 1]
                self._replaced.append((old, self.sources[place - 1]))
                bare = {**old.message, "buttons": [], "items": [], "form": None}
                self.screens.shown[place - 1] = Shown(old.who, old.kind, bare)
            self.screens.show(entry["who"], entry["kind"], message)
        self.sources.append(entry["n"])
        self._places[entry.get("edits", entry["n"])] = len(self.sources)

    async def _until(self, n: int) -> None:
        """Wait until what is kept up to there was heard."""
        async with asyncio.timeout(PATIENCE), self._heard:
            await self._heard.wait_for(lambda: self._seen >= n)


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Give the lines of a stream, however long they are."""
    rest = b""
    async for part in content.iter_any():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line


async def _ended(listening: "asyncio.Task[None]") -> None:
    listening.cancel()
    with suppress(asyncio.CancelledError, aiohttp.ClientError):
        await listening
