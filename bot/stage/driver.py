"""Drivers play people on a platform; this one is the console's, in one process with the program.

A driver brings what it sees on its platform into the shape of the console's JSON (`bot.adapters.console.to_json`):
text, markup, buttons, items with buttons, the form, the file. Handles (`ana`) are how scripts and tests call people;
`at` says what the platform calls them.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.adapters.console import NAME, answer_json, from_json, to_json
from bot.app import App, SimulatedClock, open_app
from bot.config import Settings
from bot.ports import Address, Delivery, File, Place, Program, Ref, Rendered, Route, Search, Sent

Told = Mapping[str, Mapping[str, str]]
"""What the platform tells about people, by handle: name, locale, zone."""
Opened = Callable[..., AbstractAsyncContextManager[App]]
"""Opens a program for (settings, adapters, clock, command, say), as `open_app` does."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A message on somebody's screen, as JSON; `kind` is answer, push or edited."""

    who: str
    kind: str
    message: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The words with the buttons in square brackets."""
        return str(self.message["text"])


class Driver(Protocol):
    """Plays people on a platform, so that a conversation can be played on each of them.

    Whoever acts through it is answered, and what is due by then is delivered, before a method returns.
    """

    clock: SimulatedClock

    def __init__(self, settings: Settings, now: datetime, names: Told, opened: Opened = open_app) -> None:
        """Prepare a program for these people, at a moment of simulated time."""
        ...

    @staticmethod
    def at(who: str) -> Address:
        """Say where somebody is reached."""
        ...

    @property
    def app(self) -> App:
        """The running program."""
        ...

    @property
    def shown(self) -> Sequence[Shown]:
        """Everything everybody was shown, oldest first; grows at its end."""
        ...

    async def open(self) -> None:
        """Start the program."""
        ...

    async def close(self) -> None:
        """Stop it."""
        ...

    async def restart(self) -> None:
        """Stop the program and start it again: what it knows now comes from the database."""
        ...

    def know(self, who: str, **told: str) -> None:
        """Change what the platform tells about somebody, or let somebody new come along."""
        ...

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use a command."""
        ...

    async def say(self, who: str, text: str) -> None:
        """Write to the bot; what is written before another call begins arrives before it."""
        ...

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label; raises LookupError where there is none.

        `Edit #2` is the second with this label on the same message.
        """
        ...

    async def fill(self, who: str, values: Mapping[str, Any]) -> None:
        """Answer fields of the form in front, by their keys, in as many steps as the platform needs."""
        ...

    async def again(self, who: str) -> None:
        """Deliver somebody's last event once more, as platforms do that saw no answer."""
        ...

    async def options(self, who: str, key: str, typed: str) -> Sequence[str]:
        """Give the labels that are offered while somebody types into a field that searches."""
        ...

    def screen(self, who: str) -> Sequence[Shown]:
        """Everything somebody was shown, oldest first."""
        ...

    async def settle(self) -> None:
        """Do and deliver everything that is due now."""
        ...

    async def advance(self, time: timedelta) -> None:
        """Let time pass, and with it what becomes due."""
        ...


def stands_for(message: Mapping[str, Any], label: str, *, form_is_open: bool = True) -> dict[str, Any] | None:
    """Find what a label on a message means: a button, an option of the question, its skip."""
    wanted, _, number = label.partition(" #")
    buttons = [*(one for item in message["items"] for one in item["buttons"]), *message["buttons"]]
    same = [button for button in buttons if button["label"] == wanted]
    if same:
        return {"press": same[min(int(number or 1), len(same)) - 1]["id"]}
    form = message.get("form")
    if not form_is_open or not form or not form["fields"]:
        return None
    asked = form["fields"][0]
    for option in asked["options"]:
        if option["label"] == label:
            value = [option["value"]] if asked["many"] else option["value"]
            return {"run": form["run"], "values": {asked["key"]: value}}
    if label == form["skip"] and not asked["required"]:
        return {"run": form["run"], "values": {asked["key"]: None}}
    return None


@dataclass(slots=True)
class Screens:
    """The console as an adapter within the process: what is sent lands on screens."""

    shown: list[Shown] = field(default_factory=list)
    name: str = NAME
    routes: Sequence[Route] = ()
    leases: Sequence[str] = ()

    def show(self, who: str, kind: str, message: Mapping[str, Any]) -> str:
        """Put a message on somebody's screen; gives its name, by which it can be edited."""
        self.shown.append(Shown(who, kind, message))
        return str(len(self.shown))

    def replace(self, ref: str, who: str, message: Mapping[str, Any]) -> None:
        """Show the new words of a message; its old buttons are gone."""
        if ref.isdecimal() and 0 < int(ref) <= len(self.shown):
            old = self.shown[int(ref) - 1]
            bare = {**old.message, "buttons": [], "items": [], "form": None}
            self.shown[int(ref) - 1] = Shown(old.who, old.kind, bare)
        self.shown.append(Shown(who, "edited", message))

    async def run(self, program: Program) -> None:
        """Nothing to receive: the driver hands events in itself."""
        del program
        await asyncio.Event().wait()

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Everything leaves at once."""
        del to, urgent
        return 0.0

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Show a message."""
        del once
        return Sent(self.show(to.id, "push", to_json(message)))

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Show the new words of a message."""
        self.replace(ref.id, ref.chat, to_json(message))
        return Sent(ref.id)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """No shared rooms."""
        del people, title
        return None

    async def open(self, file: File) -> AsyncIterator[bytes]:
        """Nobody sends files here, so there is nothing to read."""
        for part in (b"" for _ in range(file.size if file.id else 0)):
            yield part


class ConsoleDriver:
    """Plays people on the console against a program with simulated time."""

    def __init__(self, settings: Settings, now: datetime, names: Told, opened: Opened = open_app) -> None:
        """Prepare a program for these people, at a moment of simulated time."""
        self._settings = settings
        self._names = dict(names)
        self._opened = opened
        self._last: dict[str, Mapping[str, Any]] = {}
        self._stack = AsyncExitStack()
        self._app: App | None = None
        self.clock = SimulatedClock(now)
        self.screens = Screens()
        self.events = 0

    @staticmethod
    def at(who: str) -> Address:
        """Say where somebody is reached: the console calls people by their handles."""
        return Address(NAME, who)

    @property
    def shown(self) -> Sequence[Shown]:
        """Everything everybody was shown."""
        return self.screens.shown

    @property
    def app(self) -> App:
        """The running program."""
        assert self._app is not None
        return self._app

    async def open(self) -> None:
        """Start the program."""
        self._app = await self._stack.enter_async_context(
            self._opened(self._settings, [self.screens], self.clock, "demo", say=lambda _: None)
        )
        await self._app.outbox.recover(self.clock.now, alone=True)

    async def close(self) -> None:
        """Stop it."""
        await self._stack.aclose()

    async def restart(self) -> None:
        """Stop the program and start it again: what it knows now comes from the database."""
        await self.close()
        self._stack = AsyncExitStack()
        await self.open()

    def know(self, who: str, **told: str) -> None:
        """Change what the platform tells about somebody."""
        self._names[who] = {**self._names.get(who, {}), **told}

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use a command."""
        await self._act(who, {"say": f"/{name} {words}".strip()})

    async def say(self, who: str, text: str) -> None:
        """Write to the bot."""
        await self._act(who, {"say": text})

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label."""
        form_is_open = True
        for shown in reversed(self.screen(who)):
            if meant := stands_for(shown.message, label, form_is_open=form_is_open):
                await self._act(who, meant)
                return
            # Whatever was answered since has put another question in the place of this one, or none.
            form_is_open = form_is_open and shown.kind != "answer"
        msg = f"{who} has no button [{label}]"
        raise LookupError(msg)

    async def fill(self, who: str, values: Mapping[str, Any]) -> None:
        """Answer fields of the form in front."""
        await self._act(who, {"run": self._form(who)["run"], "values": dict(values)})

    async def again(self, who: str) -> None:
        """Deliver somebody's last event once more."""
        await self._deliver(self._last[who])

    async def options(self, who: str, key: str, typed: str) -> Sequence[str]:
        """Give what is offered while somebody types."""
        found = await self.app.router.suggest(Search(self.at(who), self._source(who, key), typed))
        return [one.label for one in found]

    def screen(self, who: str) -> Sequence[Shown]:
        """Everything somebody was shown."""
        return [shown for shown in self.screens.shown if shown.who == who]

    async def settle(self) -> None:
        """Do and deliver everything that is due now."""
        await self.app.settle()

    async def advance(self, time: timedelta) -> None:
        """Let time pass."""
        await self.app.advance(self.clock, self.clock.now + time)

    def _form(self, who: str) -> Mapping[str, Any]:
        forms = (shown.message.get("form") for shown in reversed(self.screen(who)))
        form: Mapping[str, Any] = next(form for form in forms if form)
        return form

    def _source(self, who: str, key: str) -> str:
        return next(str(asked["search"]) for asked in self._form(who)["fields"] if asked["key"] == key)

    async def _act(self, who: str, event: Mapping[str, Any]) -> None:
        self.events += 1
        self._last[who] = {"id": f"e{self.events}", "who": who, **self._names.get(who, {}), **event}
        await self._deliver(self._last[who])

    async def _deliver(self, event: Mapping[str, Any]) -> None:
        """Hand an event in, show its answer, and deliver what came of it."""
        answer = await self._answered(event)
        for message in answer["messages"]:
            self.screens.show(event["who"], "answer", message)
        await self.settle()

    async def _answered(self, event: Mapping[str, Any]) -> Mapping[str, Any]:
        incoming = from_json(json.dumps(event).encode())
        return answer_json(incoming.id, await self.app.router.handle(incoming))
