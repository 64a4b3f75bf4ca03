"""Plays people on Discord against the real program with the real adapter; only Discord is local, the clock simulated.

Everybody is in one guild with the bot and uses it in their conversation with it. People do here what they would do
there: they use slash commands, press, choose in selects, fill in modals, go on to the next page of a form, close
modals, and write. A modal is filled in where there is a value for each of its fields that it takes; else it is closed,
and the questions are answered in the conversation, one after the other.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from zlib import crc32

from sqlalchemy import Connection

from bot.app import open_app
from bot.config import Settings
from bot.ports import Address
from bot.stage.driver import Opened, Shown, Told, stands_for
from core import users
from tests.contract.socket_driver import PATIENCE, SocketDriver
from tests.platforms import discord_entries, discord_screen
from tests.platforms.discord_entries import Open, Pick, Step, Tap, Type
from tests.platforms.discord_noted import Naming, Noted
from tests.platforms.discord_rich import Moment
from tests.platforms.discord_server import Ack, ClientRefuses, Event, Form, Guild, Message, Person
from tests.platforms.discord_source import Source

GUILD = "5001"
LANGUAGES = {"en": "en-US", "zh": "zh-CN"}
"""Discord names a language with its country."""
LONGEST = 100_000
"""Letters of a message: of so many Discord's client makes a file, or several messages."""

Done = Ack | Message | Event
"""What comes of something that a person does."""
Deed = Callable[[Person], Awaitable[Done]]


@dataclass(slots=True)
class Waiting:
    """Values for fields that are not in front yet."""

    run: int
    values: dict[str, Any] = field(default_factory=dict)


class DiscordDriver(SocketDriver):
    """Plays the people of a guild.

    On the screens is what each has in the conversation with the bot, in modals, and what only they see elsewhere. A
    question whose answer was pressed is changed so that it says what was chosen: that is no message of a script, and
    stands in `Source.answered` alone. Neither is what leads to the next page of a form: people go on, and read that.
    """

    patience: ClassVar[float] = PATIENCE
    """Seconds after which the bot says something without the answer."""

    def __init__(self, settings: Settings, now: datetime, names: Told, opened: Opened = open_app) -> None:
        """Prepare a program for these people, at a moment of simulated time."""
        super().__init__(settings, now, {}, opened)
        self.server = Naming(seed=1)
        self.server.answer_seconds = self.server.people_seconds = PATIENCE
        self.guild: Guild = self.server.guild(GUILD, "Academy")
        self.discord: Noted
        self._outside = AsyncExitStack()
        self._serving = False
        self._handles: list[str] = []
        self._told: dict[str, dict[str, str]] = {}
        self._zones: dict[str, str] = {}
        """Where those are who told the program alone; Discord's client knows it all the same."""
        self._acting: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._done: dict[str, Event] = {}
        self._waiting: dict[str, Waiting] = {}
        self._leads: dict[str, Source] = {}
        """What leads people to the next page of a form."""
        self.sources: list[Source] = []
        """Where each message on the screens is from."""
        self._versions: dict[Message, int] = {}
        self._places: dict[Message, int] = {}
        """Where on the screens a message stands now."""
        self._first: dict[Message, int] = {}
        """Where it came first."""
        self._modals: set[Form] = set()
        for who, told in names.items():
            self.know(who, **told)

    @classmethod
    def at(cls, who: str) -> Address:
        """Say where somebody is reached."""
        return Address("discord", user(who))

    def person(self, who: str) -> Person:
        """Give the one at the client."""
        return self.server.person(user(who))

    # --- The program --------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start the program, and wait until it listens."""
        if not self._serving:
            await self._outside.enter_async_context(self.server)
            self._outside.enter_context(self.server.patched())
            self._serving = True
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            await self._outside.aclose()
            raise

    async def _start(self) -> None:
        self.discord = Noted(self.server, (self.guild.channel("general").id,), self.patience)
        self._app = await self._stack.enter_async_context(
            self._opened(self._settings, [self.discord], self.clock, "run", say=lambda _: None)
        )
        stop = asyncio.Event()
        running = asyncio.create_task(self._app.run(stop))
        self._stack.push_async_callback(self._stopped, running, stop)
        listening = asyncio.create_task(self.discord.listening.wait())
        await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
        assert listening.done(), running

    async def _stopped(self, running: asyncio.Task[None], stop: asyncio.Event) -> None:
        stop.set()
        async with asyncio.timeout(PATIENCE):
            await running

    async def close(self) -> None:
        """Stop it; nothing that it sent was against Discord's rules, nobody was called, and nobody left waiting."""
        await self._stack.aclose()
        await self._outside.aclose()
        assert not self.server.violations, self.server.violations
        assert not self.server.fired, self.server.fired
        assert [trouble for who in self._handles for trouble in self.person(who).errors] == []

    async def restart(self) -> None:
        """Stop the program and start it again; Discord and what is on people's screens go on."""
        answers = self.discord.answers
        await self._stack.aclose()
        self._stack = AsyncExitStack()
        await self.open()
        self.discord.answers = answers

    # --- What people do -----------------------------------------------------------------------------------------

    def know(self, who: str, **told: str) -> None:
        """Change what Discord knows of somebody, and tells with all they do; a new one joins the guild."""
        if who not in self._handles:
            self._handles.append(who)
            self.guild.person(user(who), name=who)
        self._told[who] = {**self._told.get(who, {}), **told}
        known, person = self._told[who], self.person(who).user
        person.name = known.get("name", who)
        language = known.get("locale", "en")
        person.locale = LANGUAGES.get(language, language)

    async def command(self, who: str, name: str, words: str = "") -> None:
        """Use a slash command where there is one that takes these words; else write it."""
        self._waiting.pop(who, None)
        if self._is_offered(name, words):
            given = {"words": words} if words else None
            await self._do(who, lambda person: person.slash(name, given, where=person.dm))
        else:
            await self._write(who, f"/{name} {words}".strip())

    def _is_offered(self, name: str, words: str) -> bool:
        (entry,) = [each for each in self.server.commands[""] if each["type"] == 1]
        for each in entry["options"]:
            if each["name"] == name:
                takes = [option["max_length"] for option in each.get("options", ())]
                return not words or (bool(takes) and len(words) <= takes[0])
        return False

    async def say(self, who: str, text: str) -> None:
        """Write to the bot."""
        await self._write(who, text)
        await self._go_on(who)

    async def _write(self, who: str, text: str) -> None:
        await self._do(who, lambda person: person.say(text, longest=LONGEST))

    async def press(self, who: str, label: str) -> None:
        """Press the newest button with this label, or choose an option of what is asked.

        Where it has just been replaced by an answer, somebody presses it whose screen is a moment behind.
        """
        every = zip(reversed(self.shown), reversed(self.sources), strict=True)
        mine = [(shown, source) for shown, source in every if shown.who == who]
        live = [pair for pair in mine if self._is_live(who, pair[1])]
        behind = [
            (shown, source)
            for shown, source in mine
            if isinstance(source.where, Message) and not source.answered and stands_for(shown.message, label)
        ]
        for shown, source in (*live, *behind):
            if isinstance(source.where, Form):
                meant = stands_for(shown.message, label)
                if meant and "run" in meant:
                    await self._choose(who, source.where, label, meant["values"])
                    break
            elif tap := source.tap(label):
                await self._tap(who, source, tap)
                break
        else:
            msg = f"{who} has no button [{label}]"
            raise LookupError(msg)
        await self._go_on(who)

    async def _choose(self, who: str, modal: Form, label: str, values: Mapping[str, Any]) -> None:
        """Send a modal with its one answer; one that asks more is closed, and the answer written."""
        if len(modal.fields) > 1:
            await self._write(who, label)
        else:
            sent = await self._submit(who, modal, values)
            assert sent, f"Discord's client takes no {label!r} in {modal}"

    async def _tap(self, who: str, source: Source, tap: Tap | Pick) -> None:
        message = source.where
        assert isinstance(message, Message)
        version = source.version if source.version < len(message.versions) else None
        if isinstance(tap, Tap) and tap.value is None:
            await self._do(
                who,
                lambda person: person.press(message, tap.custom_id, version=version),
            )
        else:
            values = (tap.value or "",) if isinstance(tap, Tap) else tap.values
            await self._do(who, lambda person: person.select(message, tap.custom_id, values))

    async def fill(self, who: str, values: Mapping[str, Any]) -> None:
        """Answer the form in front: its modal, or its questions one after the other.

        Values for what is not asked yet wait until it is.
        """
        form = self.front(who).seen.rendered.form
        assert form is not None
        self._waiting[who] = Waiting(form.run, dict(values))
        await self._go_on(who)

    def front(self, who: str) -> Source:
        """Give the form in front."""
        mine = zip(reversed(self.shown), reversed(self.sources), strict=True)
        return next(source for shown, source in mine if shown.who == who and source.seen.asked is not None)

    async def _go_on(self, who: str) -> None:
        while (waiting := self._waiting.get(who)) and waiting.values:
            front = self.front(who)
            asked, form = front.seen.asked, front.seen.rendered.form
            assert asked is not None
            assert form is not None
            if form.run != waiting.run or asked.field.key not in waiting.values:
                return
            if front.answered or front is not self._newest(who):
                return
            modal = self.person(who).modal
            if modal is None or modal is not front.where or not modal.fields.keys() <= waiting.values.keys():
                await self._answer(who, front, waiting)
            elif await self._submit(who, modal, waiting.values):
                for key in modal.fields:
                    del waiting.values[key]
            else:
                await self._answer(who, front, waiting)

    def _newest(self, who: str) -> Source:
        mine = zip(reversed(self.shown), reversed(self.sources), strict=True)
        return next(source for shown, source in mine if shown.who == who and shown.kind == "answer")

    async def _answer(self, who: str, front: Source, waiting: Waiting) -> None:
        """Answer a question in the conversation; one of a modal, which is closed, is answered in words."""
        asked = front.seen.asked
        assert asked is not None
        value = waiting.values[asked.field.key]
        if isinstance(front.where, Form):
            step: Step = Type(front.seen.skip_word if value is None else discord_entries.typed(value))
        else:
            step = discord_entries.step(asked, front.seen.taps, front.seen.skip, value)
        if isinstance(step, Open):
            await self._tap(who, front, front.opening)
            return
        del waiting.values[asked.field.key]
        if isinstance(step, Type):
            await self._write(who, step.text)
        else:
            await self._tap(who, front, step)

    async def _submit(self, who: str, modal: Form, values: Mapping[str, Any]) -> bool:
        """Fill in a modal and send it; whether Discord's client lets one do so."""
        entered = {}
        for key, component in modal.fields.items():
            value = values[key]
            entered[key] = discord_entries.entered(component, value)
            if isinstance(value, dict):
                self.server.file_ids[value["name"]] = value["id"]
        try:
            await self._do(who, lambda person: person.submit(entered), closes=False)
        except ClientRefuses:
            return False
        return True

    async def again(self, who: str) -> None:
        """Tell of what somebody did last once more, as after a lost connection."""

        async def deed(person: Person) -> Event:
            del person
            await self.server.redeliver(self._done[who])
            return self._done[who]

        await self.act(who, deed)

    async def options(self, who: str, key: str, typed: str) -> Sequence[str]:
        """Discord offers nothing while one fills in a form."""
        del who, key, typed
        return ()

    async def _do(self, who: str, deed: Deed, *, closes: bool = True) -> None:
        """Do something; whatever is open is closed for it, unless it is done there. Then go on to the next page."""

        def whole(person: Person) -> Awaitable[Done]:
            if closes:
                person.dismiss()
            return deed(person)

        self._leads.pop(who, None)
        await self.act(who, whole)
        while source := self._leads.pop(who, None):
            await self.act(who, partial(_go, source))

    async def act(self, who: str, deed: Deed) -> None:
        """Do something, one thing after another for each person, and wait for all that comes of it."""
        self._acting[who] += 1
        try:
            async with self._turns[who]:
                self._done[who] = self._event(await deed(self.person(who)))
            await self.settle()
        finally:
            self._acting[who] -= 1

    def _event(self, done: Done) -> Event:
        """Find what the bot was told of something."""
        if isinstance(done, Message):
            return next(event for event in reversed(self.server.events) if event.data.get("id") == done.id)
        return done.event if isinstance(done, Ack) else done

    # --- What people see ----------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until everything is answered and delivered, and look at it."""
        await self._heard()
        await self.discord.quiet()
        await super().settle()
        await self.discord.quiet()
        self._zones = await self.app.database.read(self._settled)
        self._look()

    async def advance(self, time: timedelta) -> None:
        """Let time pass on Discord as well."""
        self.server.passed += time
        await super().advance(time)

    async def _heard(self) -> None:
        """Wait until the bot has taken all that it was told."""
        await self.server.until(
            lambda: self.discord.heard >= sum(session.seq for session in self.server.alive), PATIENCE
        )

    def moment(self, who: str) -> Moment:
        """Say how somebody's client writes moments."""
        policy, told = self._settings.policy, self._told[who]
        zone = told.get("zone") or self._zones.get(who, policy.zone)
        return discord_screen.moments(told.get("locale", policy.locale), zone)

    def _settled(self, tx: Connection) -> dict[str, str]:
        accounts = {
            who: users.account_at(tx, self.at(who)) for who in self._handles if "zone" not in self._told[who]
        }
        return {
            who: users.known(tx, account.user_id).zone
            for who, account in accounts.items()
            if account is not None and account.user_id is not None
        }

    def _look(self) -> None:
        """Put on the screens what has come since: first what answers somebody, then what came unprompted."""
        came: list[tuple[str, str, Message]] = []
        for who in self._handles:
            person = self.person(who)
            every = [*person.received, *person.ephemerals]
            for message in sorted(every, key=lambda each: int(each.id)):
                before = self._versions.get(message)
                self._versions[message] = len(message.versions)
                if before is None or (before < len(message.versions) and self._says_more(message, before)):
                    came.append((self._kind(who, message, new=before is None), who, message))
        self.discord.edited.clear()
        for kind, who, message in came:
            if kind == "answer":
                self._show(kind, who, message)
        for who in self._handles:
            modal = self.person(who).modal
            if modal is not None and modal not in self._modals:
                self._modals.add(modal)
                for seen in discord_screen.of_modal(modal, self._answers(who), self.moment(who)):
                    self.screens.show(who, "answer", seen.json())
                    self.sources.append(Source(modal, 0, seen))
        for kind, who, message in came:
            if kind != "answer":
                self._show(kind, who, message)

    def _kind(self, who: str, message: Message, *, new: bool) -> str:
        """Tell what answers somebody from what came unprompted."""
        if not new and message.ref in self.discord.edited:
            return "edited"
        return "push" if (new and message.ref in self.discord.pushed) or not self._acting[who] else "answer"

    def _says_more(self, message: Message, before: int) -> bool:
        """Whether new words came to a message, and not just what was chosen there."""
        place = self._places.get(message)
        if place is None or self.sources[place].says_more(message, before):
            return True
        self._take_away(place)
        return False

    def _take_away(self, place: int) -> None:
        """Take what was to be chosen from the screen."""
        old = self.screens.shown[place]
        self.screens.shown[place] = Shown(old.who, old.kind, {**old.message, "form": None})

    def _show(self, kind: str, who: str, message: Message) -> None:
        seen = discord_screen.of_message(message, self._answers(who), self.moment(who))
        source = Source(message, len(message.versions), seen)
        if seen.onward:
            self._leads[who] = source
            return
        if kind == "edited":
            self.screens.replace(str(self._first[message] + 1), who, seen.json())
        else:
            self.screens.show(who, kind, seen.json())
        self.sources.append(source)
        self._places[message] = len(self.sources) - 1
        self._first.setdefault(message, len(self.sources) - 1)

    def _answers(self, who: str) -> Sequence[Any]:
        return self.discord.answers.get(self.at(who).id, ())

    def _is_live(self, who: str, source: Source) -> bool:
        """Whether it still stands there as it was shown."""
        where = source.where
        if isinstance(where, Form):
            return where is self.person(who).modal
        return not where.deleted and len(where.versions) == source.version


def user(who: str) -> str:
    """Number somebody as Discord does."""
    return str(10**17 + crc32(who.encode()))


async def _go(source: Source, person: Person) -> Ack:
    """Go on to the next page of a form."""
    assert isinstance(source.where, Message)
    return await person.press(source.where, source.opening.custom_id)
