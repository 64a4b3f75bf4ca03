"""Drivers play people on a platform; this one is the console's, in one process with the program."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.adapters.console import NAME, answer_json, from_json, to_json
from bot.app import App, SimulatedClock, open_app
from bot.config import Settings
from bot.ports import Address, Delivery, File, Handle, Place, Ref, Rendered, Sent, Suggest


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
    """Plays people on a platform, so that a conversation can be played on each of them."""

    async def command(self, who: str, name: str, words: str) -> None:
        """Use a command."""
        ...

    async def say(self, who: str, text: str) -> None:
        """Write to the bot."""
        ...

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label; raises LookupError where there is none."""
        ...

    async def fill(self, who: str, values: Mapping[str, Any]) -> None:
        """Answer fields of the form in front, by their keys."""
        ...

    def screen(self, who: str) -> Sequence[Shown]:
        """Everything somebody was shown, oldest first."""
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

    async def run(self, handle: Handle, suggest: Suggest) -> None:
        """Nothing to receive: the driver hands events in itself."""
        del handle, suggest

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Show a message."""
        del once
        self.shown.append(Shown(to.id, "push", to_json(message)))
        return Sent(str(len(self.shown)))

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Show the new words of a message; its old buttons are gone."""
        if ref.id.isdecimal() and 0 < int(ref.id) <= len(self.shown):
            old = self.shown[int(ref.id) - 1]
            bare = {**old.message, "buttons": [], "items": [], "form": None}
            self.shown[int(ref.id) - 1] = Shown(old.who, old.kind, bare)
        self.shown.append(Shown(ref.chat, "edited", to_json(message)))
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

    def __init__(self, settings: Settings, now: datetime, names: Mapping[str, Mapping[str, str]]) -> None:
        """`names` gives for each person what the platform tells about them: name, locale, zone."""
        self._settings = settings
        self._names = names
        self._stack = AsyncExitStack()
        self._app: App | None = None
        self.clock = SimulatedClock(now)
        self.screens = Screens()
        self.events = 0

    @property
    def app(self) -> App:
        """The running program."""
        assert self._app is not None
        return self._app

    async def open(self) -> None:
        """Start the program."""
        self._app = await self._stack.enter_async_context(
            open_app(self._settings, [self.screens], self.clock, "demo", say=lambda _: None)
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

    async def command(self, who: str, name: str, words: str) -> None:
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
        form = next(
            shown.message["form"] for shown in reversed(self.screen(who)) if shown.message.get("form")
        )
        await self._act(who, {"run": form["run"], "values": dict(values)})

    def screen(self, who: str) -> Sequence[Shown]:
        """Everything somebody was shown."""
        return [shown for shown in self.screens.shown if shown.who == who]

    async def _act(self, who: str, event: Mapping[str, Any]) -> None:
        self.events += 1
        line = {"id": f"e{self.events}", "who": who, **self._names.get(who, {}), **event}
        incoming = from_json(json.dumps(line).encode())
        answer = answer_json(incoming.id, await self.app.router.handle(incoming))
        self.screens.shown.extend(Shown(who, "answer", message) for message in answer["messages"])
        await self.app.settle()

    async def advance(self, time: timedelta) -> None:
        """Let time pass."""
        await self.app.advance(self.clock, self.clock.now + time)
