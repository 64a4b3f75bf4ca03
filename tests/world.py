"""What the tests of the running program share: the program on a database with a simulated clock, and its people.

`open_world` seats a cast, written as in a scripted conversation, on a database that has our tables.
"""

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, create_engine, select

from bot.adapters.console import NAME, answer_json
from bot.app import wire
from bot.config import Settings, load
from bot.ports import (
    Adapter,
    Address,
    Answer,
    Command,
    Delivery,
    Event,
    Incoming,
    Place,
    Pressed,
    Program,
    Ref,
    Rendered,
    Route,
    Said,
    Sent,
    Submitted,
)
from bot.stage.community import names, seat
from bot.stage.driver import ConsoleDriver, Shown
from bot.stage.script import Person, parse
from core.store.database import Database, open_database
from core.store.tables import addresses, metadata, outbox
from core.store.types import Keyring
from tests.conftest import memory

T = TypeVar("T")

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""A Monday in winter, outside everybody's quiet hours from Los Angeles to Kolkata."""
STORY = 'ana mentee UTC en "Ana Ruiz" · lee mentor UTC en python,sql "Lee Chan" · olga organiser'


def settings(url: str, **more: str) -> Settings:
    """The settings of a test: nothing sealed, Olga the organiser, `a__b` for the key `a.b`."""
    given = {"database.url": url, "encryption.mode": "off", "organisers": f"{NAME}:olga"}
    given |= {key.replace("__", "."): value for key, value in more.items()}
    return load(None, {"MENTORBOT_HOME": "unused"}, given, Path.cwd())


def at(handle: str) -> Address:
    """Where somebody of the cast is reached."""
    return Address(NAME, handle)


class World(ConsoleDriver):
    """The program, and its people on the console; on tables that are there already."""

    def __init__(
        self, chosen: Settings, cast: Sequence[Person], now: datetime, database: Database | None = None
    ) -> None:
        """Use `open_world`; a `database` that is given is shared with another program, and stays open."""
        super().__init__(chosen, now, names(cast))
        self._shared = database
        self.adapters: list[Adapter] = [self.screens]
        self.tag = "w"

    async def open(self) -> None:
        """Start the program, without the migrations."""
        database = self._shared or open_database(self._settings.database.url, Keyring(()), "tests")
        if self._shared is None:
            self._stack.push_async_callback(database.close)
        self._app = app = wire(self._settings, database, self.adapters, self.clock)
        await database.read(lambda tx: app.world.mentors.refresh(tx, self.clock()))

    async def restart_with(self, **more: str) -> None:
        """Start the program again with other settings."""
        self._settings = settings(self._settings.database.url, **more)
        await self.restart()

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Change the database."""
        return await self.app.database.write(fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Look into the database."""
        return await self.app.database.read(fn)

    async def rows(self, table: Table) -> list[Any]:
        """Give all rows of a table, in the order of their keys."""
        return await self.read(lambda tx: list(tx.execute(select(table).order_by(*table.primary_key)).all()))

    async def user(self, handle: str) -> int:
        """Give somebody's id."""
        query = select(addresses.c.user_id).where(addresses.c.id == handle)
        return int(await self.read(lambda tx: tx.execute(query).scalar_one()))

    async def messages(self, state: str = "sent") -> list[Any]:
        """Give the rows of the outbox in a state."""
        return [row for row in await self.rows(outbox) if row.state == state]

    def incoming(self, handle: str, event: Event, id_: str = "", **more: Any) -> Incoming:
        """Make an event; without an id it has one of its own."""
        self.events += 1
        return Incoming(
            id_ or f"{self.tag}{self.events}",
            at(handle),
            event,
            **{"name": handle, **self._names.get(handle, {}), **more},
        )

    async def does(self, handle: str, event: Event, id_: str = "", **more: Any) -> Answer:
        """Let somebody act; nothing is delivered yet."""
        return await self.app.router.handle(self.incoming(handle, event, id_, **more))

    async def types(self, handle: str, text: str) -> str:
        """Let somebody write a line, a command with its slash, and give what they read."""
        name, _, words = text[1:].partition(" ")
        return read(await self.does(handle, Command(name, words) if text.startswith("/") else Said(text)))

    async def pushes(self, handle: str, button: str) -> str:
        """Let somebody press a button by its id, and give what they read."""
        action, _, arg = button.partition(":")
        return read(await self.does(handle, Pressed(action, arg)))

    async def answers(self, handle: str, run: int, **values: Any) -> Answer:
        """Let somebody fill in fields of a form."""
        return await self.does(handle, Submitted(run, values))

    def got(self, handle: str, *kinds: str) -> list[Shown]:
        """Give what reached somebody: pushes, unless other kinds are named."""
        return [shown for shown in self.screen(handle) if shown.kind in (kinds or ("push",))]

    async def settle(self) -> None:
        """Do and deliver all that is due now."""
        await self.app.settle()


def read(answer: Answer) -> str:
    """Give the words of an answer as the console shows them."""
    return "\n".join(str(message["text"]) for message in answer_json("", answer)["messages"])


def run_of(answer: Answer) -> int:
    """Give the form that an answer asks."""
    runs = [message.form.run for message in answer.messages if message.form]
    assert runs, read(answer)
    return runs[0]


def asked(answer: Answer) -> list[str]:
    """Give the keys of the fields that an answer asks for."""
    return [field.field.key for message in answer.messages if message.form for field in message.form.fields]


def cast_of(text: str) -> tuple[Person, ...]:
    """Read a cast as the scripted conversations write it."""
    return parse([f"cast {text}"]).cast


@asynccontextmanager
async def open_world(
    url: str, cast: str = STORY, now: datetime = MONDAY, adapters: Sequence[Adapter] = (), **more: str
) -> AsyncIterator[World]:
    """Start the program with these people; `more` are settings, `a__b` for the key `a.b`.

    Without adapters of its own it has the console, whose messages land on screens.
    """
    people = cast_of(cast)
    world = World(settings(url, **more), people, now)
    world.adapters = list(adapters) or world.adapters
    await world.open()
    try:
        await seat(world.app, people, now)
        yield world
    finally:
        await world.close()


@asynccontextmanager
async def twin(world: World, cast: str = STORY) -> AsyncIterator[World]:
    """Start the program a second time on the same database and clock.

    On PostgreSQL it has connections of its own, as another process would; an SQLite file lets no second writer in,
    so that there the two share the database.
    """
    shared = world.app.database if world._settings.database.url.startswith("sqlite") else None
    other = World(world._settings, cast_of(cast), world.clock.now, shared)
    other.clock, other.tag = world.clock, "t"
    other.screens, other.adapters = world.screens, world.adapters
    await other.open()
    try:
        yield other
    finally:
        await other.close()


async def match(world: World, mentee: str = "ana", mentor: str = "lee", words: str = "python") -> None:
    """Make a pair as people do: one asks, the other accepts."""
    await world.command(mentee, "find", words)
    await world.press(mentee, "Ask the first available")
    await world.press(mentor, "Accept")


@dataclass(slots=True)
class Told:
    """A platform that answers a send as it was told to, of every message or of one; by default it takes all."""

    name: str = NAME
    routes: Sequence[Route] = ()
    leases: Sequence[str] = ()
    outcomes: list[Delivery] = field(default_factory=list)
    about: str = ""
    far: float = 0.0
    """The seconds until anything could leave."""
    pushed: list[tuple[str, str, Rendered]] = field(default_factory=list)
    edited: list[tuple[str, str, Rendered]] = field(default_factory=list)

    async def run(self, program: Program) -> None:
        """Nothing comes in by itself."""
        del program

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Everything is as far from its turn."""
        del to, urgent
        return self.far

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Take a message."""
        self.pushed.append((to.id, once, message))
        told = self.outcomes and self.about in ("", once)
        return self.outcomes.pop(0) if told else Sent(f"{self.name}-{len(self.pushed)}")

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Take the new words of a message."""
        self.edited.append((ref.chat, ref.id, message))
        return self.outcomes.pop(0) if self.outcomes else Sent(ref.id)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """It has no shared rooms."""
        del people, title
        return None

    def open(self, file: object) -> AsyncIterator[bytes]:
        """Nobody sends files here."""
        raise NotImplementedError(file)


@contextmanager
def temporary_store() -> Iterator[str]:
    """Give the URL of an SQLite file with our tables, for an example of many; it is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        engine = create_engine(url)
        metadata.create_all(engine)
        engine.dispose()
        yield url
