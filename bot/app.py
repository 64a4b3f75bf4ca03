"""The composition root: settings become a database, adapters, delivery and ticks. The only place that reads a clock."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection

from bot.commands import DIALOGS
from bot.config import Settings
from bot.dialogs.engine import Engine
from bot.health import Readiness
from bot.http import serving
from bot.keys import keyring
from bot.learning import endings, pages, paths
from bot.leases import Leases
from bot.matching import deadlines, introductions, waterfall
from bot.mentorships import sessions
from bot.messages import Catalogue
from bot.outbox.claim import Parcel
from bot.outbox.deliver import Hooks, Outbox
from bot.ports import Adapter, Misconfigured
from bot.program import program
from bot.recommending import nightly
from bot.reminders import schedule, waits
from bot.render import Renderer
from bot.rooms import relay
from bot.router import Router
from bot.supervisor import Supervisor
from bot.turn import SCREEN, Turn
from bot.work import Bench, Kind, Worker
from bot.world import World
from core import topics
from core import waits as waiting
from core.address import Address
from core.courses.shelf import Shelves
from core.mentors import Mentors
from core.store.database import Database, open_database, sqlite_path
from core.store.migrate import migrate

log = logging.getLogger(__name__)

CLOCK_ADDRESS = Address("mentorbot", "clock")
STOP_SECONDS = 6.5  # after those of the web server; together with them, well under ten


def system_clock() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


class SimulatedClock:
    """Time for the demo, the tests and the simulator: it stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        """Begin at an aware moment."""
        self.now = now

    def __call__(self) -> datetime:
        """Read it. Two readings differ by a microsecond, as with a real clock: changes have an order."""
        self.now += timedelta(microseconds=1)
        return self.now


def locales() -> Path:
    """Find the words: beside the package in a wheel, at the top of a checkout."""
    here = Path(__file__).parent
    inside = here / "locales"
    return inside if inside.is_dir() else here.parent / "locales"


@dataclass(frozen=True, slots=True)
class App:
    """The parts of a running program."""

    settings: Settings
    database: Database
    world: World
    router: Router
    outbox: Outbox
    adapters: dict[str, Adapter]
    clock: Callable[[], datetime]
    leases: Leases
    worker: Worker

    def turn(self, tx: Connection, now: datetime, event: str) -> Turn:
        """Make a turn in which nobody acts but time."""
        return self.world.turn(tx, now, event, CLOCK_ADDRESS)

    async def tick(self) -> None:
        """Do what is due now and wake the delivery."""
        now = self.clock()
        while kinds := await self.database.read(lambda tx: waiting.due_kinds(tx, now)):
            for kind in kinds:
                await self._do(kind, now)
            self.outbox.wake.set()
            self.worker.wake.set()

    async def _do(self, kind: str, now: datetime) -> None:
        """Do a batch of one kind of wait; where one of them fails, each alone, and that one later again."""
        event = f"{kind}:{now.isoformat()}"
        try:
            await self.database.write(lambda tx: waits.due(self.turn(tx, now, event), kind))
        except Exception:  # one wait that fails must not stop the others
            log.exception("a batch of %s failed; now each of them alone", kind)
            subjects = await self.database.read(lambda tx: waiting.due_subjects(tx, kind, now, waits.BATCH))
            for subject in subjects:
                await self._do_alone(kind, subject, now)

    async def _do_alone(self, kind: str, subject: str, now: datetime) -> None:
        event = f"{kind}:{subject}:{now.isoformat()}"
        try:
            await self.database.write(lambda tx: waits.due_alone(self.turn(tx, now, event), kind, subject))
        except Exception:  # the same
            log.exception("the wait %s of %s failed; it is tried again later", kind, subject)
            await self.database.write(lambda tx: waits.put_off(tx, kind, subject, now))

    async def settle(self) -> None:
        """Do and deliver everything that is due now, long work included."""
        await self.tick()
        while await self.worker.drain() or await self.outbox.drain(self.clock):
            await self.tick()

    async def run(self, stop: asyncio.Event) -> None:
        """Run adapters, delivery, ticks and the web server until `stop`; then finish what has begun.

        Raises `Misconfigured` where the web server cannot listen.
        """
        alone = sqlite_path(self.settings.database.url) is not None
        await self.outbox.recover(self.clock(), alone=alone)
        if alone:
            # A process that was killed has given nothing back, and no other can hold anything now.
            await self.leases.clear()
        due = asyncio.Event()
        scheduler = schedule.start(due.set)
        offered = program(self.router, self.world)
        platforms = [
            Supervisor(adapter, Random(f"{os.getpid()}:{name}"), leases=self.leases)
            for name, adapter in self.adapters.items()
        ]

        def rests() -> bool:
            # What is to be sent goes through the process that has the platforms.
            return bool(platforms) and all(platform.health.stands_by for platform in platforms)

        tasks = [
            asyncio.create_task(self.outbox.run(self.clock, rests=rests), name="delivery"),
            asyncio.create_task(self._tick_when(due), name="waits"),
            asyncio.create_task(self.worker.run(), name="work"),
        ]
        tasks += [asyncio.create_task(platform.run(offered), name=platform.name) for platform in platforms]
        stopping = asyncio.create_task(stop.wait())
        try:
            # The first to stop is what strangers send: what they have sent is answered while all else still runs.
            async with self._serving(platforms):
                done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
        finally:
            scheduler.shutdown(wait=False)
            # Platforms take nothing more, delivery claims nothing more; both finish what they have begun.
            for task in (stopping, *tasks):
                task.cancel()
            await asyncio.wait({stopping, *tasks}, timeout=STOP_SECONDS)

    @asynccontextmanager
    async def _serving(self, platforms: Sequence[Supervisor]) -> AsyncIterator[None]:
        if self.settings.http.listen is None:
            yield
            return
        routes = [route for platform in platforms for route in platform.routes]
        ready = Readiness(self.database, lambda: [platform.health for platform in platforms])
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(serving(self.settings.http.listen, routes, ready))
            except OSError as error:
                raise Misconfigured(
                    f"http.listen: the web server cannot listen there: {error.strerror}."
                ) from error
            yield

    async def _tick_when(self, due: asyncio.Event) -> None:
        while True:
            await due.wait()
            due.clear()
            try:
                await self.tick()
            except Exception:  # a database that is away for a moment must not end the waits
                log.exception("a tick failed; the next one does its work")

    async def advance(self, clock: SimulatedClock, until: datetime) -> None:
        """Let simulated time pass, from one thing that is due to the next."""
        await self.settle()
        while (moment := await self.database.read(waits.next_due)) is not None and moment <= until:
            clock.now = max(clock.now, moment)
            await self.settle()
        clock.now = max(clock.now, until)
        await self.settle()


@asynccontextmanager
async def open_app(
    settings: Settings,
    adapters: Sequence[Adapter],
    clock: Callable[[], datetime] = system_clock,
    command: str = "run",
    say: Callable[[str], None] = log.warning,
) -> AsyncIterator[App]:
    """Open everything; raises `Locked` when another process writes the same SQLite file."""
    keys, told = keyring(settings)
    if told:
        say(told)
    await asyncio.to_thread(migrate, settings.database.url, keys, system_clock())
    database = open_database(settings.database.url, keys, command)
    try:
        app = wire(settings, database, adapters, clock)
        now = clock()
        await database.read(lambda tx: app.world.mentors.refresh(tx, now))
        await app.worker.renew()
        await database.write(lambda tx: _first_waits(tx, now))
        yield app
    finally:
        await database.close()


def wire(
    settings: Settings, database: Database, adapters: Sequence[Adapter], clock: Callable[[], datetime]
) -> App:
    """Put the parts together."""
    policy = settings.policy
    known = topics.load()
    words = Catalogue.load(locales(), label=known.name, default=policy.locale)
    # Most adapters say how much they show in one message; the others get what the tightest platform shows.
    screens = {adapter.name: int(getattr(adapter, "screen", SCREEN)) for adapter in adapters}
    mentors, shelves = Mentors(policy, known.wider), Shelves(known.wider)
    world = World(policy, mentors, shelves, known, words, frozenset(settings.organisers), screens)
    renderer = Renderer(words, policy)
    by_name = {adapter.name: adapter for adapter in adapters}
    owner = f"{os.getpid()}:{os.urandom(4).hex()}"

    def turn(tx: Connection, now: datetime, event: str) -> Turn:
        return world.turn(tx, now, event, CLOCK_ADDRESS)

    outbox = Outbox(database, by_name, policy, HOOKS, turn, renderer.message, owner, system_clock)
    router = Router(database, world, Engine(DIALOGS), renderer, clock, outbox.wake.set)
    leases = Leases(database, owner, system_clock)
    worker = Worker(WORK, Bench(database, settings.database.url, world), leases, clock, turn, outbox.wake.set)
    return App(settings, database, world, router, outbox, by_name, clock, leases, worker)


def _first_waits(tx: Connection, now: datetime) -> None:
    """Begin what goes on by itself for ever."""
    firsts = (("tidy", timedelta(days=1)), ("course.averages", waits.WEEK), (nightly.KIND, timedelta(0)))
    for kind, first in firsts:
        if not waiting.exists(tx, kind, "all"):
            waiting.put(tx, kind, "all", now + first)


def _offer_sent(turn: Turn, parcel: Parcel) -> None:
    deadlines.delivered(turn, int(parcel.subject.removeprefix("offer:")))


def _offer_lost(turn: Turn, parcel: Parcel) -> None:
    deadlines.undeliverable(turn, int(parcel.subject.removeprefix("offer:")))


def _claim_lost(turn: Turn, parcel: Parcel) -> None:
    waterfall.unheard(turn, int(parcel.subject.removeprefix("claim:")))


HOOKS = Hooks(
    sent={
        "offer": _offer_sent,
        "gather": introductions.gathered,
        "introduction.place": introductions.introduced,
    },
    given_up={
        "offer": _offer_lost,
        "claim": _claim_lost,
        "gather": introductions.apart,
        "introduction.place": introductions.apart,
        "room": relay.undelivered,
    },
    attach={
        "calendar": sessions.calendar_file,
        "picture": pages.picture,
        "path": paths.drawn,
        "certificate.png": endings.as_picture,
        "certificate.pdf": endings.as_document,
    },
    gather={"gather": introductions.ways},
)


WORK = {nightly.KIND: Kind(nightly.fit, nightly.tidy, nightly.renew)}


async def until_signal(stop: asyncio.Event) -> None:
    """Set `stop` at SIGINT or SIGTERM."""
    import signal

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
