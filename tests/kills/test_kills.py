import asyncio
import logging
import statistics
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from core.store.types import new_key
from tests.kills import checks, seed
from tests.kills.crowd import chances, unmistakable
from tests.kills.lines import Line, Receiver
from tests.kills.people import Ledger, Person
from tests.kills.process import PATIENCE, Service, sending

log = logging.getLogger(__name__)

SLOTS = 4
"""Stories that go on at the same time."""
VETERANS = 2
"""Pairs who have met and rate their sessions."""
MESSAGES = 6
SLOWEST_START = 10.0


class Crowd:
    """Pairs who meet, talk and rate, and an organiser, until it is enough."""

    def __init__(self, line: Line, receiver: Receiver, veterans: list[seed.Pair], rng: Random) -> None:
        self.ledger = Ledger()
        self.enough = asyncio.Event()
        self._line = line
        self._receiver = receiver
        self._veterans = veterans
        self._rng = rng
        self._topics = iter(unmistakable())
        self.olga = self.person("olga")
        self._number = 0

    def person(self, name: str) -> Person:
        return Person(name, self._line, self.ledger, Random(self._rng.random()))

    async def live(self) -> None:
        """Go on until it is enough, then until everybody has done what they began."""
        async with asyncio.TaskGroup() as crowd:
            work = [crowd.create_task(self._pairs()) for _ in range(SLOTS)]
            work += [crowd.create_task(self._veteran(pair)) for pair in self._veterans]
            organiser = crowd.create_task(self._organiser())
            await asyncio.wait(work)
            organiser.cancel()

    async def _pairs(self) -> None:
        """Pair after pair: sign up, ask, accept, talk."""
        while not self.enough.is_set():
            self._number += 1
            topic = next(self._topics)
            mentee, mentor = (self.person(f"{role}-{self._number:04}") for role in ("mentee", "mentor"))
            await asyncio.gather(mentee.sign_up("mentee", topic), mentor.sign_up("mentor", topic))
            await mentee.ask(mentor.name, topic)
            await mentor.accept(mentee.name, self._receiver)
            await asyncio.gather(mentee.talk(mentor.name, MESSAGES), mentor.talk(mentee.name, MESSAGES))

    async def _veteran(self, pair: seed.Pair) -> None:
        """Rate, talk, rate, talk; both at once."""
        both = [
            (self.person(one), other)
            for one, other in ((pair.mentee, pair.mentor), (pair.mentor, pair.mentee))
        ]
        for session in pair.sessions:
            if self.enough.is_set():
                return
            await asyncio.gather(*(one.rate(session, self._rng.randint(2, 5)) for one, _ in both))
            await asyncio.gather(*(one.talk(other, MESSAGES) for one, other in both))

    async def _organiser(self) -> None:
        """Send again what is listed, whenever the service is back."""
        while True:
            await self.olga.requeue()
            await self._line.ended()


@pytest.mark.parametrize(
    "kills", [pytest.param(5, id="five"), pytest.param(100, id="many", marks=pytest.mark.soak)]
)
async def test_nothing_is_lost_or_done_twice_however_often_the_process_is_killed(
    folder: Path, kills: int
) -> None:
    with chances() as rng:
        async with asyncio.timeout(60 + 6 * kills):
            await kill_and_check(folder, kills, rng)


async def kill_and_check(folder: Path, kills: int, rng: Random) -> None:
    service = Service(folder, key=(key := new_key()))
    names = [(f"learner-{pair}", f"teacher-{pair}") for pair in range(VETERANS)]
    veterans = await seed.pairs(service.url, key, names, met=max(4, kills // 4))
    waited: list[tuple[float, float]] = []
    line, interrupted = Line(), Counter[int]()
    async with service, Receiver(folder / "log") as receiver:
        crowd = Crowd(line, receiver, veterans, rng)
        living = asyncio.create_task(crowd.live())
        try:
            for _ in range(kills):
                waited += await run_and_kill(service, line, receiver, living, rng)
                interrupted.update(sending(service))
                assert not living.done(), living.exception()
            waited += await run_and_finish(service, line, receiver, crowd, living)
        finally:
            living.cancel()
            await asyncio.wait({living})
    pushes = receiver.logged()
    checks.check(service, crowd.ledger, pushes, interrupted)
    figures = {
        "kills": kills,
        "events sent": line.sent,
        "answered": line.answered,
        **crowd.ledger.figures(),
        "pushes arrived": len(pushes),
        "copies": checks.copies(pushes),
        "interrupted sends": interrupted.total(),
        "restarts with something to send": len(waited),
        "seconds until it listens": median_and_most(listens for listens, _ in waited),
        "seconds until the first send": median_and_most(first for _, first in waited),
    }
    log.info("%s", ", ".join(f"{name}: {value}" for name, value in figures.items()))
    assert statistics.median(first for _, first in waited) < SLOWEST_START, figures


def median_and_most(seconds: Iterable[float]) -> str:
    values = sorted(seconds)
    return f"{statistics.median(values):.2f} (at most {values[-1]:.2f})"


async def run_and_kill(
    service: Service, line: Line, receiver: Receiver, living: asyncio.Task[None], rng: Random
) -> list[tuple[float, float]]:
    """Start the service and kill it at a random moment: once in seven times before it listens."""
    backlog = service.count("outbox WHERE state IN ('ready', 'sending')")
    await service.start()
    if rng.random() < 1 / 7:
        await asyncio.wait({living}, timeout=rng.uniform(0, 1))
        await service.kill()
        return []
    await service.listening()
    number = await receiver.connect(service.socket)
    await line.connect(service.socket)
    await asyncio.wait({living}, timeout=rng.uniform(0, 0.8))
    await service.kill()
    await line.ended()
    await receiver.gone()
    return first_send(service, receiver, number) if backlog else []


async def run_and_finish(
    service: Service, line: Line, receiver: Receiver, crowd: Crowd, living: asyncio.Task[None]
) -> list[tuple[float, float]]:
    """Let everybody finish what they began, wait until nothing is left to send, and stop in peace."""
    backlog = service.count("outbox WHERE state IN ('ready', 'sending')")
    await service.start()
    await service.listening()
    number = await receiver.connect(service.socket)
    await line.connect(service.socket)
    crowd.enough.set()
    await living
    await nothing_left(service, receiver)
    while await crowd.olga.requeue():
        await nothing_left(service, receiver)
    await service.stop()
    await receiver.gone()
    await line.close()
    return first_send(service, receiver, number) if backlog else []


def first_send(service: Service, receiver: Receiver, number: int) -> list[tuple[float, float]]:
    """Give the seconds from the start of the process until it listened, and until the first push arrived."""
    first = next((push["at"] for push in receiver.pushes if push["connection"] == number), None)
    return [(service.listened - service.started, first - service.started)] if first is not None else []


async def nothing_left(service: Service, receiver: Receiver) -> None:
    """Wait until all that is in the outbox is settled; looks again at each push, or a few times a second."""
    end = time.monotonic() + PATIENCE
    while service.count("outbox WHERE state IN ('ready', 'sending')"):
        assert time.monotonic() < end
        await receiver.next(0.2)


async def test_a_first_start_can_be_killed_at_any_moment(folder: Path) -> None:
    rng, line, ledger = Random(folder.name), Line(), Ledger()
    async with Service(folder, key="") as service, asyncio.timeout(2 * PATIENCE):
        for _ in range(5):
            await service.start()
            listening = asyncio.create_task(service.listening())
            await asyncio.wait({listening}, timeout=rng.uniform(0.2, 1.2))
            listening.cancel()
            await service.kill()
        await service.start()
        await service.listening()
        await line.connect(service.socket)
        await Person("ann", line, ledger, rng).sign_up("mentee", "rust")
        await service.stop()
        await line.close()
    checks.check(service, ledger, ())
