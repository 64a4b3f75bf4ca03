"""People on a platform who meet and talk while its service is killed, and chances that can be had again."""

import asyncio
import os
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from random import Random, SystemRandom
from typing import Generic, TypeVar

from core import topics
from tests.kills.lines import Line
from tests.kills.people import Ledger
from tests.kills.people import Person as Organiser
from tests.kills.presence import Presence


class Member(ABC):
    """Somebody on one of the platforms, who answers what is asked and presses what is shown."""

    def __init__(self, name: str, ledger: Ledger, rng: Random) -> None:
        """Sit down at a client."""
        self.name = name
        self._ledger = ledger
        self._rng = rng

    @abstractmethod
    async def sign_up(self, role: str, topic: str) -> None:
        """Answer all that is asked, until it is said that one is signed up."""

    @abstractmethod
    async def ask(self, topic: str) -> None:
        """Search, and ask the one mentor."""

    @abstractmethod
    async def accept(self, mentee: str) -> None:
        """Wait for the offer and accept it."""

    @abstractmethod
    async def enter(self) -> None:
        """Open the room."""

    @abstractmethod
    async def write(self, partner: str) -> None:
        """Write a line into the room, and wait for what answers it."""

    async def talk(self, partner: str, times: int) -> None:
        """Open the room and write into it."""
        await self.enter()
        for _ in range(times):
            await self.write(partner)

    async def talk_on(self, partner: str, enough: asyncio.Event) -> None:
        """Open the room and write into it until it is enough."""
        await self.enter()
        while not enough.is_set():
            await self.write(partner)


There = TypeVar("There", bound=Presence)
Who = TypeVar("Who", bound=Member)


class Crowd(ABC, Generic[There, Who]):
    """Pairs who meet and talk, so many at the same time, until it is enough; some who have met; and an organiser."""

    slots = 6
    lines = 2
    veterans: Sequence[tuple[str, str]] = ()
    """Pairs who have met, and talk all the time."""

    def __init__(self, there: There, rng: Random) -> None:
        """Nobody is there yet."""
        self.there = there
        self.ledger = Ledger()
        self.line = Line()
        self.olga = Organiser("olga", self.line, self.ledger, Random(0))
        self.enough = asyncio.Event()
        self.interrupted = Counter[int]()
        """How often a kill fell into the sending of each row."""
        self.rng = rng
        self._topics = iter(unmistakable())
        self._number = 0

    @abstractmethod
    def newcomer(self, role: str, number: int) -> Who:
        """Let the mentee or mentor of a pair come to the platform."""

    @abstractmethod
    def veteran(self, who: str) -> Who:
        """Find somebody who was in the database before the first start, where they are called what they are here."""

    @property
    def copies(self) -> Mapping[int, int]:
        """How many copies may have come of each row: one for each time that a kill fell into its sending."""
        return self.interrupted

    async def live(self) -> None:
        """Go on until it is enough, then until everybody has done what they began."""
        async with asyncio.TaskGroup() as group:
            work = [group.create_task(each) for each in self._work()]
            organiser = group.create_task(self._organise())
            await asyncio.wait(work)
            organiser.cancel()

    def _work(self) -> Sequence[Coroutine[None, None, None]]:
        """What goes on at the same time."""
        both = [*self.veterans, *(pair[::-1] for pair in self.veterans)]
        talk = [self.veteran(one).talk_on(other, self.enough) for one, other in both]
        return [*talk, *(self._pairs() for _ in range(self.slots))]

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
            mentee, mentor = self.newcomer("mentee", number), self.newcomer("mentor", number)
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
