"""Pairs who meet and talk on a platform while its service is killed, and chances that can be had again."""

import asyncio
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from random import Random, SystemRandom
from typing import Protocol

from core import topics
from tests.kills.lines import Line
from tests.kills.people import Ledger
from tests.kills.people import Person as Organiser
from tests.kills.presence import Presence, nothing_left
from tests.kills.process import Service

MOST_CALLS, LONGEST_LIFE = 80, 2.0
"""What a process does before it is killed, and the seconds that it has for it."""


class Member(Protocol):
    """Somebody on one of the platforms."""

    name: str

    async def sign_up(self, role: str, topic: str) -> None:
        """Sign up."""
        ...

    async def ask(self, topic: str) -> None:
        """Search, and ask the one mentor."""
        ...

    async def accept(self, mentee: str) -> None:
        """Wait for the offer and accept it."""
        ...

    async def talk(self, partner: str, times: int) -> None:
        """Open the room and write into it."""
        ...


class Crowd(ABC):
    """Pairs who meet and talk, so many at the same time, until it is enough, and an organiser."""

    slots = 6
    lines = 1

    def __init__(self, rng: Random) -> None:
        """Nobody is there yet."""
        self.ledger = Ledger()
        self.line = Line()
        self.olga = Organiser("olga", self.line, self.ledger, Random(0))
        self.enough = asyncio.Event()
        self.rng = rng
        self._topics = iter(unmistakable())
        self._number = 0

    @abstractmethod
    def member(self, role: str, number: int) -> Member:
        """Let the mentee or mentor of a pair come to the platform."""

    def work(self) -> Sequence[Coroutine[None, None, None]]:
        """What goes on at the same time."""
        return [self._pairs() for _ in range(self.slots)]

    async def live(self) -> None:
        """Go on until it is enough, then until everybody has done what they began."""
        async with asyncio.TaskGroup() as group:
            work = [group.create_task(each) for each in self.work()]
            organiser = group.create_task(self._organise())
            await asyncio.wait(work)
            organiser.cancel()

    async def _organise(self) -> None:
        """Send again what is listed: what was in doubt twice waits for that, and somebody for it."""
        while True:
            await self.olga.requeue()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await self.line.ended()

    async def _pairs(self) -> None:
        """Pair after pair: sign up, ask, accept, talk."""
        while not self.enough.is_set():
            self._number += 1
            number, topic = self._number, next(self._topics)
            mentee, mentor = self.member("mentee", number), self.member("mentor", number)
            await asyncio.gather(mentee.sign_up("mentee", topic), mentor.sign_up("mentor", topic))
            await mentee.ask(topic)
            await mentor.accept(mentee.name)
            await asyncio.gather(mentee.talk(mentor.name, self.lines), mentor.talk(mentee.name, self.lines))


def unmistakable() -> list[str]:
    """Topics whose name is a few plain words that mean that topic alone."""
    known, plain = topics.load(), re.compile(r"(?!.* and )[A-Za-z. -]{3,}", re.IGNORECASE)
    names = ((slug, known.name(slug, "en")) for slug in sorted(known.rows))
    return [name for slug, name in names if plain.fullmatch(name) and known.scan(name).slugs == (slug,)]


@contextmanager
def chances() -> Iterator[Random]:
    """Give chances; a failure says how to have the same again."""
    number = int(os.environ.get("KILLS_SEED") or SystemRandom().randrange(10**6))
    try:
        yield Random(number)
    except BaseException as wrong:
        wrong.add_note(f"again with KILLS_SEED={number}")
        raise


async def run_and_kill(
    service: Service, presence: Presence, crowd: Crowd, living: asyncio.Task[None], rng: Random
) -> None:
    """Start the service and kill it at a random moment: once in seven times before it listens, else after some calls.

    Seconds alone would not do: on a machine that is busy, a process could end again and again before it has done much.
    """
    server = presence.server
    await presence.start(service)
    if rng.random() < 1 / 7:
        await asyncio.wait({living}, timeout=rng.uniform(0, 1.5))
    else:
        await presence.come()
        await crowd.line.connect(service.socket)
        enough = len(server.calls) + rng.randint(0, MOST_CALLS)
        with suppress(TimeoutError):
            await server.until(lambda: living.done() or len(server.calls) >= enough, LONGEST_LIFE)
    await service.kill()
    await presence.go()
    await crowd.line.ended()


async def run_and_finish(
    service: Service, presence: Presence, crowd: Crowd, living: asyncio.Task[None]
) -> None:
    """Let everybody finish what they began, send again what is listed, wait until nothing is left, stop in peace."""
    await presence.start(service)
    await presence.come()
    crowd.enough.set()
    await service.listening()
    await crowd.line.connect(service.socket)
    await living
    await presence.taken()
    await nothing_left(presence.server, service)
    while await crowd.olga.requeue():
        await nothing_left(presence.server, service)
    await service.stop()
    await crowd.line.close()
    await presence.go()
