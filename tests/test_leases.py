"""What one process alone may do: who has it, who waits, and who takes over. Two programs on PostgreSQL."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Connection

from bot.adapters.slack.adapter import Slack
from bot.adapters.telegram.adapter import Telegram
from bot.health import Readiness
from bot.leases import SPAN, Leases
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import Address, Delivery, Incoming, Later, Place, Program, Rendered, Said
from bot.supervisor import ELSEWHERE, Supervisor
from bot.turn import Message
from core import leases
from core.store.database import Database, open_database
from core.store.types import Keyring
from tests.test_concurrency import at_once
from tests.world import MONDAY, Told, World, open_world, twin

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOTS = ("telegram:1", "telegram:2")
SHORT = timedelta(seconds=2)
LETTERS = 5


def in_seconds(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def takes(owner: str, at: float = 0, *names: str) -> Callable[[Connection], str | None]:
    """Take for thirty seconds."""
    return lambda tx: leases.take(tx, names or BOTS, owner, in_seconds(at), in_seconds(at + 30))


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = open_database(url, Keyring(()), "tests")
    try:
        yield database
    finally:
        await database.close()


# --- The rules --------------------------------------------------------------------------------------------------


async def test_one_takes_another_waits_until_it_has_run_out(store_url: str) -> None:
    async with opened(store_url) as database:
        assert await database.write(takes("a")) is None
        assert await database.write(takes("b", 29)) == "telegram:1"
        assert await database.read(lambda tx: leases.holders(tx, in_seconds(29))) == dict.fromkeys(BOTS, "a")
        assert await database.read(lambda tx: leases.holders(tx, in_seconds(30))) == {}
        assert await database.write(takes("b", 30)) is None
        assert await database.write(takes("a", 31)) == "telegram:1"


async def test_who_has_it_takes_it_again_and_renews_it(store_url: str) -> None:
    async with opened(store_url) as database:
        assert await database.write(takes("a")) is None
        assert await database.write(takes("a", 20)) is None
        assert await database.write(takes("b", 49)) == "telegram:1"
        assert await database.write(lambda tx: leases.renew(tx, BOTS, "a", in_seconds(90)))
        assert await database.write(takes("b", 89)) == "telegram:1"
        assert not await database.write(lambda tx: leases.renew(tx, BOTS, "b", in_seconds(90)))


async def test_all_are_taken_or_none(store_url: str) -> None:
    async with opened(store_url) as database:
        assert await database.write(takes("b", 0, "telegram:2")) is None
        assert await database.write(takes("a")) == "telegram:2"
        assert await database.read(lambda tx: leases.holders(tx, NOW)) == {"telegram:2": "b"}


async def test_what_was_given_back_is_free_and_no_other_can_give_it_back(store_url: str) -> None:
    async with opened(store_url) as database:
        assert await database.write(takes("a")) is None
        await database.write(lambda tx: leases.release(tx, BOTS, "b"))
        assert await database.write(takes("b", 1)) == "telegram:1"
        await database.write(lambda tx: leases.release(tx, BOTS, "a"))
        assert await database.write(takes("b", 1)) is None
        assert not await database.write(lambda tx: leases.renew(tx, BOTS, "a", in_seconds(90)))
        await database.write(leases.clear)
        assert await database.read(lambda tx: leases.holders(tx, NOW)) == {}


@pytest.mark.parametrize("run_out", [False, True])
async def test_of_many_at_once_one_has_it(postgres_store_url: str, *, run_out: bool) -> None:
    async with opened(postgres_store_url) as database, opened(postgres_store_url) as other:
        if run_out:
            await database.write(takes("before", -60))
        both = (BOTS, BOTS[::-1])
        told = await at_once(
            (database, other)[number % 2].write(takes(f"p{number}", 0, *both[number % 2]))
            for number in range(12)
        )
        assert told.count(None) == 1
        held = await database.read(lambda tx: leases.holders(tx, NOW))
        assert held == dict.fromkeys(BOTS, f"p{told.index(None)}")


# --- Two programs -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Bot(Told):
    """A platform that one process alone may run; it notes who does, and takes events while it runs."""

    who: str = ""
    log: list[str] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    program: Program | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    full: asyncio.Event = field(default_factory=asyncio.Event)

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Take a message while it runs, as a platform does, and say so when there are some."""
        if self.who not in self.running:
            return Later(0.0)
        sent = await super(Bot, self).push(to, message, once)
        if len(self.pushed) == LETTERS:
            self.full.set()
        return sent

    async def run(self, program: Program) -> None:
        """Run until cancelled."""
        self.program = program
        self.running.append(self.who)
        self.log.append(f"{self.who} runs")
        assert len(self.running) == 1, "two at a time"
        self.changed.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.program = None
            self.running.remove(self.who)
            self.log.append(f"{self.who} stops")


@dataclass(slots=True)
class Running:
    """A program that runs, and how it is stopped or cut off."""

    world: World
    bot: Bot
    stop: asyncio.Event
    task: asyncio.Task[None]

    async def end(self) -> None:
        self.stop.set()
        await self.task


def start(world: World, first: Bot | None = None) -> Running:
    """Run a program whose one platform needs a lease; two of them share what they note."""
    bot = Bot("telegram", who=world.tag, leases=("telegram:1",))
    if first is not None:
        bot.log, bot.running = first.log, first.running
    app = world.app
    app.adapters.clear()
    app.adapters["telegram"] = bot
    lease = Leases(app.database, world.tag, lambda: datetime.now(UTC), SHORT)
    stop = asyncio.Event()
    return Running(world, bot, stop, asyncio.create_task(replace(app, leases=lease).run(stop)))


@asynccontextmanager
async def two(url: str) -> AsyncIterator[tuple[Running, Running]]:
    """One program that runs its platform, and a second that stands by."""
    async with open_world(url) as world, twin(world) as other:
        one = start(world)
        async with asyncio.timeout(10):
            await one.bot.changed.wait()
        second = start(other, one.bot)
        try:
            yield one, second
        finally:
            for each in (one, second):
                await each.end()


class Waits(logging.Handler):
    """Notices that a program says that it stands by."""

    def __init__(self) -> None:
        super().__init__()
        self.said = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if ELSEWHERE in record.getMessage():
            self.said.set()


@pytest.fixture
async def waits(caplog: pytest.LogCaptureFixture) -> AsyncIterator[asyncio.Event]:
    """Set when a program says that it stands by."""
    caplog.set_level(logging.INFO, "bot.supervisor")
    handler = Waits()
    logging.getLogger("bot.supervisor").addHandler(handler)
    yield handler.said
    logging.getLogger("bot.supervisor").removeHandler(handler)


async def test_one_runs_and_the_other_takes_over_when_it_stops(
    postgres_store_url: str, waits: asyncio.Event
) -> None:
    async with two(postgres_store_url) as (one, second), asyncio.timeout(20):
        await waits.wait()
        assert one.bot.log == ["w runs"]
        await one.end()
        await second.bot.changed.wait()
        assert one.bot.log == ["w runs", "w stops", "t runs"]
        assert second.bot.program is not None
        answer = await second.bot.program.handle(Incoming("e1", Address("telegram", "1/7"), Said("hello")))
        assert answer.saved
    assert one.bot.log[-1] == "t stops"


async def test_what_a_process_had_that_died_is_taken_over_when_its_lease_ends(
    postgres_store_url: str,
) -> None:
    async with open_world(postgres_store_url) as world, asyncio.timeout(20):
        until = datetime.now(UTC) + SHORT
        await world.write(lambda tx: leases.take(tx, ("telegram:1",), "dead", datetime.now(UTC), until))
        one = start(world)
        await one.bot.changed.wait()
        assert until <= datetime.now(UTC) < until + timedelta(seconds=5)
        await one.end()
        assert await world.read(lambda tx: leases.holders(tx, datetime.now(UTC))) == {}


async def test_who_has_lost_it_stops_before_it_goes_on(
    postgres_store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_world(postgres_store_url) as world, asyncio.timeout(20):
        one = start(world)
        await one.bot.changed.wait()
        one.bot.changed.clear()
        until = datetime.now(UTC) + SHORT

        def rob(tx: Connection) -> None:
            leases.clear(tx)
            leases.take(tx, ("telegram:1",), "another", datetime.now(UTC), until)

        await world.write(rob)
        await one.bot.changed.wait()
        assert datetime.now(UTC) >= until
        assert one.bot.log == ["w runs", "w stops", "w runs"]
        assert f"telegram: {ELSEWHERE}." in caplog.text
        await one.end()


async def test_what_is_to_be_sent_goes_through_the_process_that_runs_the_platform(
    postgres_store_url: str, waits: asyncio.Event
) -> None:
    async with two(postgres_store_url) as (one, second), asyncio.timeout(20):
        await waits.wait()
        message, now = Message("room.undelivered", {"partner": "Lee"}), one.world.clock()
        letters = [
            Letter("room.trouble", Address("telegram", "1/7"), message, f"o{n}") for n in range(LETTERS)
        ]
        await second.world.write(lambda tx: box.put(tx, now, *letters))
        second.world.app.outbox.wake.set()
        await one.bot.full.wait()
        assert second.bot.pushed == []


async def test_standing_by_is_ready_and_says_why(store_url: str, waits: asyncio.Event) -> None:
    async with open_world(store_url) as world, asyncio.timeout(20):
        database = world.app.database
        far = datetime.now(UTC) + timedelta(hours=1)
        await database.write(lambda tx: leases.take(tx, ("telegram:1",), "another", MONDAY, far))
        bot = Bot("telegram", who="w", leases=("telegram:1",))
        own = Leases(database, "w", lambda: datetime.now(UTC), SHORT)
        supervisor = Supervisor(bot, Random(1), leases=own)
        task = asyncio.create_task(supervisor.run(Program(world.app.router.handle, _nothing, lambda _: {})))
        await waits.wait()
        assert (supervisor.health.state, supervisor.health.why) == ("waiting", ELSEWHERE)
        ready, parts = await Readiness(database, lambda: [supervisor.health])()
        assert ready
        assert isinstance(parts, dict)
        assert parts["adapters"]["telegram"]["why"] == ELSEWHERE
        task.cancel()
        await asyncio.wait({task})
        assert bot.log == []
        assert (await database.read(lambda tx: leases.holders(tx, MONDAY))) == {"telegram:1": "another"}


async def _nothing(search: object) -> tuple[()]:
    del search
    return ()


# --- Which platforms need one -----------------------------------------------------------------------------------


def test_fetching_needs_a_lease_a_bot_and_a_socket_one_an_app() -> None:
    tokens = ("123:AAverysecretverysecret", "456:AAverysecretverysecret")
    assert Telegram(tokens, "polling", "https://api.telegram.org").leases == ("telegram:123", "telegram:456")
    assert Telegram(tokens, "webhook", "https://api.telegram.org", "https://a.example", "x").leases == ()
    api = "https://slack.com/api/"
    assert Slack(("xoxb-1",), "xapp-1-A111-222-verysecret", None, "socket", api).leases == ("slack:A111",)
    assert Slack(("xoxb-1",), None, "verysecret", "http", api).leases == ()
    assert timedelta(seconds=30) == SPAN
