"""Plays people on Slack against the real program with the real adapter; only Slack is local, and the clock simulated.

People do here what they would do there: they use the slash command, press, fill in modals, close them, and write. What
Slack would hold them to (a required field that is empty is not sent) is kept by its client, not by its protocol: here
a page is sent with whatever there is, since a page may be answered bit by bit.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar

from bot.adapters.pacing import FREE, Course, Pacing
from bot.adapters.slack.adapter import Slack
from bot.app import open_app
from bot.config import Settings
from bot.ports import Address, Delivery, Place, Ref, Rendered, Sent
from bot.stage.driver import Opened, Shown, Told, stands_for
from tests.contract.socket_driver import PATIENCE, SocketDriver
from tests.platforms import slack_inputs, slack_screen
from tests.platforms.slack_core import Hook
from tests.platforms.slack_delivery import Ack, Event
from tests.platforms.slack_entries import entered
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_people import Person
from tests.platforms.slack_screen import Seen
from tests.platforms.slack_server import SlackServer, Workspace
from tests.platforms.slack_world import Posted, View, typed

TEAM = "T1"
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
"""Slack names a language with its country."""


def at_once(name: str) -> Course:
    """Let everything pass: what is tested here is not the pace, and real seconds are few."""
    del name
    return Course(FREE, "all", FREE)


class Noted(Slack):
    """Slack as it is; it notes which messages came unprompted, which nothing on the wire says."""

    def __init__(self, server: SlackServer) -> None:
        """Prepare it for all workspaces of a server."""
        super().__init__(
            [team.bot_token for team in server.workspaces.values()],
            server.app_token,
            None,
            "socket",
            server.api_url,
            pacing=Pacing(at_once),
        )
        self.pushed: set[str] = set()
        self.edited: list[str] = []

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Send a message."""
        delivery = await super().push(to, message, once)
        if isinstance(delivery, Sent):
            self.pushed.add(delivery.ref)
        return delivery

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Put a message in the place of one that was sent."""
        delivery = await super().edit(ref, message)
        if isinstance(delivery, Sent):
            self.edited.append(ref.id)
        return delivery


@dataclass(frozen=True, slots=True)
class Source:
    """Where something is shown: a version of a message or of a modal, and what was read there."""

    where: Posted | View
    version: int
    blocks: Sequence[Json]
    seen: Seen


class SlackDriver(SocketDriver):
    """Plays the people of a workspace, or of several.

    On the screens is what each has in the messages with the app and in modals; Home and conversations with others are
    looked at with `person`.
    """

    elsewhere: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """The workspaces of those who are not in the first."""

    def __init__(self, settings: Settings, now: datetime, names: Told, opened: Opened = open_app) -> None:
        """Prepare a program for these people, at a moment of simulated time."""
        super().__init__(settings, now, {}, opened)
        self.server = SlackServer(seed=1)
        self.slack: Noted
        self._outside = AsyncExitStack()
        self._serving = False
        self._handles: list[str] = []
        self._told: dict[str, dict[str, Any]] = {}
        """What has changed about people and was not told yet."""
        self._acting: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._done: dict[str, tuple[Event, View | None]] = {}
        self._sources: list[Source] = []
        """Where each message on the screens is from."""
        self._versions: dict[str, int] = {}
        self._places: dict[str, int] = {}
        """Where on the screens a message came first."""
        for who, told in names.items():
            self.know(who, **told)

    @classmethod
    def at(cls, who: str) -> Address:
        """Say where somebody is reached."""
        return Address("slack", f"{cls.elsewhere.get(who, TEAM)}/{user(who)}")

    def team(self, who: str) -> Workspace:
        """Give somebody's workspace."""
        return self.server.team(self.elsewhere.get(who, TEAM))

    def person(self, who: str) -> Person:
        """Give the one at the client."""
        return self.team(who).person(user(who))

    # --- The program --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start the program, and wait until it listens."""
        if not self._serving:
            await self._outside.enter_async_context(self.server)
            self._serving = True
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            await self._outside.aclose()
            raise

    async def _start(self) -> None:
        self.slack = Noted(self.server)
        self._app = await self._stack.enter_async_context(
            self._opened(self._settings, [self.slack], self.clock, "run", say=lambda _: None)
        )
        stop = asyncio.Event()
        running = asyncio.create_task(self._app.run(stop))
        self._stack.push_async_callback(self._stopped, running, stop)
        listening = asyncio.create_task(self.server.connected(2))
        await asyncio.wait({running, listening}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        assert listening.done(), running

    async def _stopped(self, running: asyncio.Task[None], stop: asyncio.Event) -> None:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await running

    async def close(self) -> None:
        """Stop it; nothing that it sent was against Slack's rules, and nothing called or linked anybody."""
        await self._stack.aclose()
        await self._outside.aclose()
        assert self.server.violations == []
        assert self.server.fired == []
        assert [trouble for who in self._handles for trouble in self.person(who).errors] == []

    async def restart(self) -> None:
        """Stop the program and start it again; Slack and what is on people's screens go on."""
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        await self.open()

    # --- What people do -----------------------------------------------------------------------------------------

    def know(self, who: str, **told: str) -> None:
        """Change somebody's profile, which the program is told before anybody acts again."""
        if user(who) in self.team(who).people:
            self._told.setdefault(who, {}).update(profile(told))
        else:
            self._handles.append(who)
            self.team(who).person(user(who), **{"name": who, "tz": "", **profile(told)})

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use the slash command; a modal that is open is closed for it."""

        async def deed(person: Person) -> Ack:
            await leave(person)
            return await person.command("/mentor", typed(f"{name} {words}".strip())[0])

        await self.act(who, deed)

    async def say(self, who: str, text: str) -> None:
        """Write to the bot; a modal that is open is closed for it."""

        async def deed(person: Person) -> Ack:
            await leave(person)
            return await person.say(text)

        await self.act(who, deed)

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label, or choose an option of what is asked.

        Where it has just been replaced by an answer, somebody presses it whose screen is a moment behind.
        """
        every = list(zip(reversed(self.shown), reversed(self._sources), strict=True))
        mine = [(shown, source) for shown, source in every if shown.who == who]
        live = [pair for pair in mine if self._is_live(who, pair[1])]
        behind = [pair for pair in mine if isinstance(pair[1].where, Posted)]
        for shown, source in (*live, *behind):
            if meant := stands_for(shown.message, label):
                await self._press(who, label, source, meant)
                return
        msg = f"{who} has no button [{label}]"
        raise LookupError(msg)

    async def _press(self, who: str, label: str, source: Source, meant: Mapping[str, Any]) -> None:
        where = source.where
        if isinstance(where, View) and "run" in meant:
            await self._choose(who, label, source, meant["values"])
            return
        wanted = control(source.blocks, label)

        async def deed(person: Person) -> Ack:
            if isinstance(where, Posted):
                await leave(person)
            if wanted[1]["type"] == "button":
                return await person.press(where, wanted)
            ack = await person.pick(where, wanted, label)
            assert ack is not None
            return ack

        await self.act(who, deed)

    async def _choose(self, who: str, label: str, source: Source, values: Mapping[str, Any]) -> None:
        """Send a modal with one answer; where that would leave out other questions, close it and say the answer."""
        assert isinstance(source.where, View)
        assert source.seen.form is not None
        asked, *others = source.seen.form["fields"]
        ((_, value),) = values.items()
        # An empty page leaves out all that may be left out; one that lacks something leaves out nothing.
        open_ = any(other["required"] for other in others)
        sayable = value == "no" and len(control_options(source.where, asked["key"])) == 1
        if sayable or (others and not open_) or (value is None and others):
            await self.say(who, label)
        else:
            await self._submit(who, source.where, values)

    async def fill(self, who: str, values: Mapping[str, Any]) -> None:
        """Fill in the modal in front with these values, all else empty, and send it; from a question, open it first."""
        await self._submit(who, await self._modal(who), values)

    async def _modal(self, who: str) -> View:
        view = self.person(who).view
        if view is not None and str(view.source.get("callback_id")).startswith("form:"):
            return view
        asking = (
            source.where
            for shown, source in zip(reversed(self.shown), reversed(self._sources), strict=True)
            if shown.who == who and source.seen.form is not None and self._is_live(who, source)
        )
        question = next(asking)
        opening = slack_inputs.find(question.blocks, "form")
        await self.act(who, lambda person: person.press(question, opening))
        return self.person(who).front

    async def _submit(self, who: str, view: View, values: Mapping[str, Any]) -> None:
        inputs = [pair for pair in slack_inputs.controls(view.blocks) if pair[0]["type"] == "input"]
        for block, element in inputs:
            key = block["block_id"]
            view.values[key, element["action_id"]] = entered(element, values.get(key))

        async def deed(person: Person) -> Ack:
            ack = await person.submit(view=view, strict=False)
            # What was emptied to answer the rest alone is as it was.
            for block, element in inputs:
                if block["block_id"] not in values:
                    view.values.pop((block["block_id"], element["action_id"]), None)
            return ack

        await self.act(who, deed, view)

    async def again(self, who: str) -> None:
        """Deliver somebody's last event once more, with the ids it had; what Slack would not do for a press."""
        event, view = self._done[who]

        async def deed(person: Person) -> Ack:
            (ack,) = await self.server.redeliver(event)
            if event.kind == "slash_commands" and ack.payload:
                self.server.respond(Hook(person.team.id, person.id, person.dm.id, None, 0.0), ack.payload)
            elif view is not None:
                person.answered(view, ack.payload or {})
            return ack

        await self.act(who, deed, view)

    async def options(self, who: str, key: str, typed: str) -> Sequence[str]:
        """Give what is offered while somebody types."""
        view = await self._modal(who)
        found = await self.person(who).suggest(slack_inputs.find(view.blocks, key), typed, view)
        return [option["text"]["text"] for option in found]

    async def act(self, who: str, deed: Callable[[Person], Awaitable[Ack]], view: View | None = None) -> None:
        """Do something, one thing after another for each person, and wait for all that comes of it."""
        self._acting[who] += 1
        try:
            async with self._turns[who]:
                while self._told:
                    changed, told = self._told.popitem()
                    await self.person(changed).change(**told)
                ack = await deed(self.person(who))
                self._done[who] = ack.event, view
                if view is not None and view.errors:
                    self._show_view(who, view)
            await self.settle()
        finally:
            self._acting[who] -= 1

    # --- What people see ----------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until everything is answered and delivered, and look at it."""
        await self.slack.quiet()
        await super().settle()
        await self.slack.quiet()
        self._look()

    def _look(self) -> None:
        """Put on the screens what has come since: first what answers somebody, then what came unprompted."""
        came: list[tuple[str, str, Posted]] = []
        for who in self._handles:
            for message in self.person(who).dm.messages:
                version = len(message.versions) + 1
                before = self._versions.get(message.ref, 0)
                if message.user == user(who) or message.deleted or version == before:
                    continue
                self._versions[message.ref] = version
                came.append((self._kind(who, message, new=not before), who, message))
        for kind, who, message in came:
            if kind == "answer":
                self._show_message(kind, who, message)
        for who in self._handles:
            for view in self.person(who).views:
                if self._versions.get(view.id) != view.versions:
                    self._show_view(who, view)
        for kind, who, message in came:
            if kind != "answer":
                self._show_message(kind, who, message)

    def _kind(self, who: str, message: Posted, *, new: bool) -> str:
        """Tell what answers somebody from what came unprompted."""
        if message.files and not message.blocks:
            return "file"
        if not new and message.ref in self.slack.edited:
            self.slack.edited.remove(message.ref)
            return "edited"
        pushed = new and message.ref in self.slack.pushed
        return "push" if pushed or not self._acting[who] else "answer"

    def _show_message(self, kind: str, who: str, message: Posted) -> None:
        if kind == "file":
            self._add_file(who, message)
            return
        seen = slack_screen.of_message(message)
        if kind == "edited":
            self.screens.replace(str(self._places[message.ref] + 1), who, seen.json())
        else:
            self.screens.show(who, kind, seen.json())
        self._sources.append(Source(message, len(message.versions) + 1, message.blocks, seen))
        self._places.setdefault(message.ref, len(self._sources) - 1)

    def _add_file(self, who: str, message: Posted) -> None:
        """Show a file with the words that it belongs to: those before it in the chat."""
        before = [one for one in self.person(who).messages if one.ts < message.ts and one.ref in self._places]
        place = self._places[before[-1].ref]
        source = self._sources[place]
        seen = replace(source.seen, file=message.files[0])
        self._sources[place] = replace(source, seen=seen)
        self.screens.shown[place] = Shown(who, self.shown[place].kind, seen.json())

    def _show_view(self, who: str, view: View) -> None:
        self._versions[view.id] = view.versions
        for seen in slack_screen.of_view(view, self.person(who).profile.tz):
            self.screens.show(who, "answer", seen.json())
            self._sources.append(Source(view, view.versions, view.blocks, seen))

    def _is_live(self, who: str, source: Source) -> bool:
        """Whether it still stands there as it was shown."""
        where = source.where
        if isinstance(where, View):
            return where in self.person(who).views and where.versions == source.version
        return not where.deleted and len(where.versions) + 1 == source.version


def user(who: str) -> str:
    """Name somebody as Slack does."""
    return f"U{who.upper()}"


def profile(told: Mapping[str, str]) -> dict[str, Any]:
    """Write what is told about somebody as Slack's profile has it."""
    names = {"name": "name", "zone": "tz", "locale": "locale"}
    return {names[key]: LANGUAGES.get(value, value) for key, value in told.items()}


async def leave(person: Person) -> None:
    """Close whatever is open."""
    while person.views:
        await person.close()


def control(blocks: Sequence[Json], label: str) -> tuple[Json, Json]:
    """Find what a label stands on; `Edit #2` is the second, and so on."""
    wanted, _, number = label.partition(" #")
    every = list(slack_inputs.controls(blocks))
    same = [pair for pair in every if slack_inputs.label(pair[1]) == wanted]
    if same:
        return same[min(int(number or 1), len(same)) - 1]
    return next(pair for pair in every if pair[1]["type"] == "static_select")


def control_options(view: View, key: str) -> Sequence[Json]:
    """Give the options of a field."""
    return slack_inputs.options(slack_inputs.find(view.blocks, key)[1])
