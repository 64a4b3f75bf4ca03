import asyncio
from pathlib import Path
from random import Random

import pytest

from core.store.types import new_key
from tests.kills import checks, seed
from tests.kills.lines import Line, Receiver
from tests.kills.people import Ledger, Person
from tests.kills.process import PATIENCE, Service

PAIRS = 4
BEFORE = 10
"""Messages that a connection brings before the service is asked to end."""


@pytest.mark.parametrize(
    "stops", [pytest.param(5, id="five"), pytest.param(100, id="many", marks=pytest.mark.soak)]
)
async def test_a_stop_under_load_takes_seconds_and_makes_no_copies(folder: Path, stops: int) -> None:
    service, line, ledger = Service(folder, key=(key := new_key())), Line(), Ledger()
    names = [(f"learner-{pair}", f"teacher-{pair}") for pair in range(PAIRS)]
    await seed.pairs(service.url, key, names)
    people = [
        (Person(one, line, ledger, Random(1)), other) for pair in names for one, other in (pair, pair[::-1])
    ]
    enough, took = asyncio.Event(), list[float]()

    async def write(person: Person, partner: str) -> None:
        while not enough.is_set():
            await person.talk(partner, 3)

    async with service, Receiver(folder / "log") as receiver, asyncio.timeout(PATIENCE + 8 * stops):
        writing = [asyncio.create_task(write(person, partner)) for person, partner in people]
        try:
            for _ in range(stops):
                await up(service, line, receiver)
                number = len(receiver.pushes) + BEFORE
                while len(receiver.pushes) < number:
                    await receiver.next(PATIENCE)
                took.append(await service.stop())
                await line.ended()
                await receiver.gone()
            enough.set()
            await up(service, line, receiver)
            await asyncio.gather(*writing)
            while service.count("outbox WHERE state IN ('ready', 'sending')"):
                await receiver.next(0.2)
            await service.stop()
            await receiver.gone()
        finally:
            for task in writing:
                task.cancel()
        await line.close()
    checks.check_stops(service, ledger, receiver.logged(), took)


async def up(service: Service, line: Line, receiver: Receiver) -> None:
    await service.start()
    await service.listening()
    await receiver.connect(service.socket)
    await line.connect(service.socket)


async def test_a_receiver_that_never_confirms_does_not_hold_up_a_stop(folder: Path) -> None:
    service, line = Service(folder), Line()
    await seed.pairs(service.url, None, [("ann", "ben")])
    ann = Person("ann", line, Ledger(), Random(1))
    async with service, asyncio.timeout(2 * PATIENCE):
        await service.start()
        await service.listening()
        await line.connect(service.socket)
        reader, writer = await asyncio.open_unix_connection(service.socket)
        writer.write(b'{"hello": ["*"]}\n')
        await ann.talk("ben", 1)
        assert b'"push"' in await reader.readline()
        assert await service.stop() < checks.LONGEST_STOP
        writer.close()
        await line.close()
    # It may have arrived or not; this is known, and it will be sent once more.
    with service.look() as database:
        assert database.execute("SELECT state, doubts FROM outbox").fetchall() == [("ready", 1)]
