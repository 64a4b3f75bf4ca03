"""Plays people on Telegram against the real program with the real adapter; only Telegram is local, the clock simulated.

People do here what they would do there: they type commands, press what stands below a message, tick boxes and are done
with them, turn the pages of a calendar, and type what has no button. Everybody has pressed Start before the program
runs, and Telegram has told nobody of it: the chats are just there.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from typing import Any
from zlib import crc32

from bot.app import open_app
from bot.config import Settings
from bot.ports import Address
from bot.stage.driver import Opened, Shown, Told, stands_for
from tests.contract.socket_driver import PATIENCE, SocketDriver
from tests.platforms import telegram_entries, telegram_screen
from tests.platforms.telegram_entries import Send, Step, Tick, Type
from tests.platforms.telegram_noted import Dated, Noted
from tests.platforms.telegram_people import Person
from tests.platforms.telegram_screen import DONE, SKIP, Seen, attached
from tests.platforms.telegram_server import Account, TelegramServer
from tests.platforms.telegram_world import File, Message, Update

BOT = 7


@dataclass(slots=True)
class Source:
    """Where something is shown: a state of a message, and what was read there; `answered` is what was chosen in it."""

    message: Message
    version: int
    seen: Seen
    answered: str = ""

    @property
    def live(self) -> bool:
        """Whether it still stands there as it was shown, or with other boxes ticked."""
        return not self.message.deleted and self.version == len(self.message.versions)


@dataclass(slots=True)
class Waiting:
    """Values for fields that are not in front yet."""

    run: int
    values: dict[str, Any] = field(default_factory=dict)


class TelegramDriver(SocketDriver):
    """Plays the people before one bot.

    On the screens is what each has in the chat with it. A question whose answer was pressed is edited so that it says
    what was chosen: that is no message of a script, and stands in `Source.answered` alone. Neither is a keyboard that
    changes by itself.
    """

    def __init__(self, settings: Settings, now: datetime, names: Told, opened: Opened = open_app) -> None:
        """Prepare a program for these people, at a moment of simulated time."""
        super().__init__(settings, now, {}, opened)
        self.server: TelegramServer = Dated(lambda: self.clock.now)
        self.bot: Account = self.server.bot(BOT)
        self.telegram: Noted
        self._outside = AsyncExitStack()
        self._serving = False
        self._handles: list[str] = []
        self._zones: dict[str, str] = {}
        """Where people are, which they know and Telegram does not tell."""
        self._acting: Counter[str] = Counter()
        self._done: dict[str, Update] = {}
        self._waiting: dict[str, Waiting] = {}
        self.sources: list[Source] = []
        """Where each message on the screens is from."""
        self._versions: dict[Message, int] = {}
        self._places: dict[Message, int] = {}
        """Where on the screens a message stands now."""
        self._looked = 0
        """How many edits were looked at."""
        self._first: dict[Message, int] = {}
        """Where it came first."""
        for who, told in names.items():
            self.know(who, **told)

    @classmethod
    def at(cls, who: str) -> Address:
        """Say where somebody is reached."""
        return Address("telegram", f"{BOT}/{user(who)}")

    def person(self, who: str) -> Person:
        """Give the one at the client."""
        return self.bot.person(user(who))

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
        self.telegram = Noted([self.bot.token], self.server.url)
        self._app = await self._stack.enter_async_context(
            self._opened(self._settings, [self.telegram], self.clock, "run", say=lambda _: None)
        )
        stop = asyncio.Event()
        running = asyncio.create_task(self._app.run(stop))
        self._stack.push_async_callback(self._stopped, running, stop)
        listening = asyncio.create_task(self.telegram.listening.wait())
        await asyncio.wait({running, listening}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        assert listening.done(), running

    async def _stopped(self, running: asyncio.Task[None], stop: asyncio.Event) -> None:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await running

    async def close(self) -> None:
        """Stop it; nothing that it sent was against Telegram's rules, and nothing called or showed anybody."""
        await self._stack.aclose()
        await self._outside.aclose()
        assert self.server.violations == []
        # A name with @ that somebody wrote is found by Telegram itself; in a chat of two it calls nobody.
        assert [fired for fired in self.server.fired if fired.kind != "mention"] == []

    async def restart(self) -> None:
        """Stop the program and start it again; Telegram and what is on people's screens go on."""
        asked = self.telegram.asked
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        await self.open()
        self.telegram.asked = asked

    # --- What people do -----------------------------------------------------------------------------------------

    def know(self, who: str, **told: str) -> None:
        """Change what Telegram knows of somebody, and tells with all they do; a new one has pressed Start."""
        person = self.person(who)
        if who not in self._handles:
            self._handles.append(who)
            person.user.name, person.user.language, person.chat.open = who, "", True
        person.user.name = told.get("name", person.user.name)
        person.user.language = told.get("locale", person.user.language)
        self._zones[who] = told.get("zone", self._zones.get(who, "UTC"))

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use a command."""
        self._waiting.pop(who, None)
        await self.act(who, lambda person: person.command(f"{name} {words}".strip()))

    async def say(self, who: str, text: str) -> None:
        """Write to the bot."""
        await self.act(who, lambda person: person.say(text))
        await self._go_on(who)

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label; an option of several is ticked alone, and then one is done.

        Where it has just been replaced by an answer, somebody presses it whose screen is a moment behind.
        """
        mine = [pair for pair in zip(reversed(self.shown), reversed(self.sources), strict=True)
                if pair[0].who == who]  # fmt: skip
        live = [(shown, source, data) for shown, source in mine if source.live
                if (data := meant(shown, source, label))]  # fmt: skip
        behind = [(shown, source, data) for shown, source in mine if not source.live and not source.answered
                  if (data := meant(shown, source, label))]  # fmt: skip
        for _, source, data in (*live, *behind):
            await self._press(who, source, data)
            await self._go_on(who)
            return
        msg = f"{who} has no button [{label}]"
        raise LookupError(msg)

    async def _press(self, who: str, source: Source, data: str) -> None:
        message, asked = source.message, source.seen.asked
        if asked is not None and data in source.seen.choices.values() and data.startswith("~"):
            await self._tick(who, message, {data[2:]})
            return
        version = None if source.live else source.version
        await self.act(who, lambda person: person.press(message, data, version=version))

    async def _tick(self, who: str, message: Message, wanted: set[str]) -> None:
        """Have these boxes ticked and no others, and be done."""
        for data in [each["callback_data"] for each in message.buttons]:
            if data.startswith(("~+", "~-")) and (data[2:] in wanted) != data.startswith("~+"):
                await self.act(who, partial(_pressed, message=message, data=data))
        done = next(
            each["callback_data"] for each in message.buttons if DONE.fullmatch(each["callback_data"])
        )
        await self.act(who, partial(_pressed, message=message, data=done))

    async def fill(self, who: str, values: Mapping[str, Any]) -> None:
        """Answer the question in front, and those that follow it, as far as there are values for them.

        Values for what is not asked yet wait until it is.
        """
        front = self.front(who)
        assert front.seen.rendered.form is not None
        self._waiting[who] = Waiting(front.seen.rendered.form.run, dict(values))
        await self._go_on(who)

    def front(self, who: str) -> Source:
        """Give the question in front."""
        mine = zip(reversed(self.shown), reversed(self.sources), strict=True)
        return next(source for shown, source in mine if shown.who == who and source.seen.asked is not None)

    async def _go_on(self, who: str) -> None:
        while (waiting := self._waiting.get(who)) and waiting.values:
            front = self.front(who)
            asked, form = front.seen.asked, front.seen.rendered.form
            if (
                asked is None
                or form is None
                or form.run != waiting.run
                or asked.field.key not in waiting.values
            ):
                return
            if front.answered or front is not self._newest(who):
                return
            await self._answer(who, front, waiting.values.pop(asked.field.key))

    def _newest(self, who: str) -> Source:
        mine = zip(reversed(self.shown), reversed(self.sources), strict=True)
        return next(source for shown, source in mine if shown.who == who and shown.kind == "answer")

    async def _answer(self, who: str, front: Source, value: Any) -> None:
        """Answer a question as its keyboard allows."""
        step: Step | None = telegram_entries.first(front.seen, front.message, value, self._zones[who])
        while step is not None:
            await self._step(who, front.message, step)
            step = telegram_entries.then(step, front.message)

    async def _step(self, who: str, message: Message, step: Step) -> None:
        match step:
            case Type(text):
                await self.act(who, lambda person: person.say(text))
            case Tick(wanted):
                await self._tick(who, message, set(wanted))
            case Send(file):
                await self.act(who, partial(self._passed_on, file=file))
            case _:
                await self.act(who, partial(_pressed, message=message, data=step.data))

    async def _passed_on(self, person: Person, file: File) -> Update:
        """Send a file that Telegram has already, as one does who passes it on."""
        self.bot.files[file.id] = file
        message = self.server.keep(self.bot, person.chat, person.user, "", [], file=file)
        person.said.append(message)
        return self.server.queue(self.bot, "message", message.json(), ("chat", person.id))

    async def again(self, who: str) -> None:
        """Deliver somebody's last event once more."""

        async def deed(person: Person) -> Update:
            del person
            self.server.redeliver(self._done[who])
            return self._done[who]

        await self.act(who, deed)

    async def options(self, who: str, key: str, typed: str) -> Sequence[str]:
        """Telegram offers nothing while one types."""
        del who, key, typed
        return ()

    async def act(self, who: str, deed: Callable[[Person], Awaitable[Update]]) -> None:
        """Do something, and wait for all that comes of it."""
        self._acting[who] += 1
        try:
            self._done[who] = await deed(self.person(who))
            await self.settle()
        finally:
            self._acting[who] -= 1

    # --- What people see ----------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until everything is answered and delivered, and look at it."""
        await self.server.confirmed()
        await self.telegram.quiet()
        await super().settle()
        await self.telegram.quiet()
        self._look()

    def _look(self) -> None:
        """Put on the screens what has come since: first what answers somebody, then what came unprompted."""
        came: list[tuple[str, str, Message]] = []
        for who in self._handles:
            for message in self.person(who).chat.messages:
                if message.sender is not self.bot.user or message.deleted:
                    continue
                before = self._versions.get(message)
                self._versions[message] = len(message.versions)
                if before is None:
                    came.append((self._kind(who, message), who, message))
                elif self._says_more(message, before):
                    edited = (self.at(who).id, str(message.id)) in self.telegram.edited
                    came.append(("edited" if edited else self._kind(who, message), who, message))
        came += self._said_again()
        self.telegram.edited.clear()
        for kind, who, message in sorted(came, key=lambda each: each[0] != "answer"):
            self._show(kind, who, message)

    def _said_again(self) -> list[tuple[str, str, Message]]:
        """Find what was to stand in the place of a message, and stands there already: one reads it there."""
        calls = self.server.calls_of("editMessageText")
        again = [call.body for call in calls[self._looked :] if "message is not modified" in call.text]
        self._looked = len(calls)
        people = {user(who): who for who in self._handles}
        found = [(people[body["chat_id"]], self.bot.chats[body["chat_id"]].find(body["message_id"]))
                 for body in again if body["chat_id"] in people]  # fmt: skip
        edited = self.telegram.edited
        return [
            (
                "edited" if (self.at(who).id, str(message.id)) in edited else self._kind(who, message),
                who,
                message,
            )
            for who, message in found
            if message is not None
        ]

    def _kind(self, who: str, message: Message) -> str:
        """Tell what answers somebody from what came unprompted."""
        pushed = (self.at(who).id, str(message.id)) in self.telegram.pushed and not message.versions
        if message.file is not None and not message.text:
            return "file"
        return "push" if pushed or not self._acting[who] else "answer"

    def _says_more(self, message: Message, before: int) -> bool:
        """Whether new words came to a message, and not just other boxes, or what was chosen there."""
        states = [*message.versions[before:], message.state()]
        source = self.sources[self._places[message]]
        for was, now in pairwise(states):
            added = now["text"].removeprefix(was["text"])
            if now["text"] == was["text"] and now["entities"] == was["entities"]:
                source.version += 1
                continue
            if (
                not added.startswith(f"\n\n{telegram_screen.TICK}")
                or now["keyboard"]
                or source.seen.asked is None
            ):
                return True
            source.version += 1
            source.answered = added.removeprefix(f"\n\n{telegram_screen.TICK}")
            self._take_away(self._places[message])
        return False

    def _take_away(self, place: int) -> None:
        """Take the keyboard of a question from the screen."""
        old = self.screens.shown[place]
        self.screens.shown[place] = Shown(old.who, old.kind, {**old.message, "form": None})

    def _show(self, kind: str, who: str, message: Message) -> None:
        if kind == "file":
            self._add_file(who, message)
            return
        seen = telegram_screen.of_message(message, self.telegram.asked.get(self.at(who).id, ()))
        if kind == "edited":
            self.screens.replace(str(self._first[message] + 1), who, seen.json())
        else:
            self.screens.show(who, kind, seen.json())
        self.sources.append(Source(message, len(message.versions), seen))
        self._places[message] = len(self.sources) - 1
        self._first.setdefault(message, len(self.sources) - 1)

    def _add_file(self, who: str, message: Message) -> None:
        """Show a file without words with those that it belongs to, which stand before it in the chat."""
        before = [one for one in self.person(who).received if one.id < message.id and one in self._places]
        place = self._places[before[-1]]
        source = self.sources[place]
        assert message.file is not None
        rendered = replace(source.seen.rendered, attached=attached(message.file))
        source.seen = replace(source.seen, rendered=rendered)
        self.screens.shown[place] = Shown(who, self.shown[place].kind, source.seen.json())


def user(who: str) -> int:
    """Number somebody as Telegram does."""
    return 1_000_000_000 + crc32(who.encode())


def meant(shown: Shown, source: Source, label: str) -> str:
    """Give what a label on a message carries: a button of it, an option of the question, whatever stands below."""
    found = stands_for(shown.message, label)
    if found and "press" in found:
        return str(found["press"])
    if found and label in source.seen.choices:
        return source.seen.choices[label]
    if not source.live:
        return ""
    below = [each["callback_data"] for each in source.message.buttons if each["text"] == label]
    assert not found or SKIP.fullmatch(below[0])
    return below[0] if below else ""


async def _pressed(person: Person, message: Message, data: str) -> Update:
    return await person.press(message, data)
