"""The pace of what is sent: a chat's own and the whole bot's, kept before the wire, so that a platform rarely refuses.

Who waits for an answer waits in line, chat by chat (`ready`). What nobody waits for (`turn`) takes a turn that is free
or soon is, or is told when to come again: many at once are told to come one after the other. It uses four fifths of
what a whole bot may send and never goes before an answer that waits.
"""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

MOST = 60.0
SOON = 1e-6  # seconds that are none: floating point leaves crumbs
SOON_ENOUGH = 0.3
"""Seconds in which a turn is waited for: to come again would cost more, and a kill rarely falls into so few."""
SHARE = 0.8
PROMISED = 0.9
"""What is left over is for those who miss their turn."""
KEPT = 256


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds, of which `burst` may come at once."""

    count: float
    seconds: float = 1.0
    burst: int = 1

    @property
    def interval(self) -> float:
        """The seconds from one to the next."""
        return self.seconds / self.count

    def share(self, part: float) -> "Rate":
        """A part of it."""
        return Rate(self.count * part, self.seconds, max(1, int(self.burst * part)))


FREE = Rate(math.inf)
"""No pace of its own; it can only be blocked."""


@dataclass(frozen=True, slots=True)
class Course:
    """What a message passes: its chat, and what all chats share, by name."""

    chat: Rate
    shared: str
    of_shared: Rate


class Bucket:
    """A rate, and how far it is used up: the moment at which it would be whole again (GCRA, as in ATM networks)."""

    def __init__(self, rate: Rate) -> None:
        """Begin with the whole burst."""
        self.interval = rate.interval
        self._early = (rate.burst - 1) * self.interval
        self.whole_at = -math.inf

    def wait(self, now: float) -> float:
        """Give the seconds until one may pass."""
        left = self.whole_at - self._early - now
        return left if left > SOON else 0.0

    def take(self, now: float) -> None:
        """Let one pass."""
        self.whole_at = max(self.whole_at, now) + self.interval

    def block(self, until: float) -> None:
        """Let nothing pass until then, and then one after the other: no burst on somebody who asked to wait."""
        self.whole_at = max(self.whole_at, until + self._early)


@dataclass(slots=True)
class Line:
    """Those who wait for the turn of a chat, or of what all share."""

    bucket: Bucket
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    promised: float = -math.inf
    """When something that nobody waits for was told to come again."""

    def wait(self, now: float) -> float:
        """Give the seconds until one may pass that is not in line."""
        return self.bucket.wait(now) + self.waiting * self.bucket.interval


@dataclass(slots=True)
class Shared:
    """What all chats pass: their line, and for what nobody waits for a bucket and an order of its own."""

    line: Line
    pushes: Bucket
    last: float = -math.inf
    """The last turn that was promised."""


class Pacing:
    """Gives turns to send."""

    def __init__(
        self,
        course: Callable[[str], Course],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`course` says what a chat's messages pass; `clock` counts seconds, as an event loop's own does."""
        self._course = course
        self._clock = clock
        self._chats: dict[str, Line] = {}
        self._shared: dict[str, Shared] = {}
        self._tidy_at = KEPT

    async def ready(self, chat: str, most: float = MOST) -> bool:
        """Wait for a turn, behind those who have come before; false as soon as `most` seconds cannot be enough."""
        line, all_ = self._lines(chat)
        shared = all_.line
        deadline = self._clock() + most
        line.waiting += 1
        try:
            async with line.turn:
                while await self._until(line.bucket, deadline):
                    shared.waiting += 1
                    try:
                        async with shared.turn:
                            if not await self._until(shared.bucket, deadline):
                                return False
                    finally:
                        shared.waiting -= 1
                    now = self._clock()
                    # Either may have been blocked, or used by another, since it was looked at.
                    if not line.bucket.wait(now) and not shared.bucket.wait(now):
                        line.bucket.take(now)
                        shared.bucket.take(now)
                        return True
                return False
        finally:
            line.waiting -= 1

    async def turn(self, chat: str, *, urgent: bool = False) -> float:
        """Take a turn for what nobody waits for, and give 0; or take none, and give the seconds until one may come.

        What is `urgent` does not wait for what was told to come again before it.
        """
        wait = self.wait(chat, urgent=urgent)
        while 0 < wait <= SOON_ENOUGH:
            await asyncio.sleep(wait)
            wait = self.wait(chat, urgent=urgent)
        return wait

    def ahead(self, chat: str, *, urgent: bool = False) -> float:
        """Tell what is far from its turn when that comes, in seconds; 0 says that it had better ask for it."""
        line, shared = self._lines(chat)
        ahead = self._ahead(line, shared, self._clock(), urgent=urgent)
        return ahead if ahead > SOON_ENOUGH else 0.0

    def wait(self, chat: str, *, urgent: bool = False) -> float:
        """Take a turn, or give the seconds until one may come, without waiting."""
        line, shared = self._lines(chat)
        now = self._clock()
        ahead = self._ahead(line, shared, now, urgent=urgent)
        if not ahead:
            for bucket in (line.bucket, shared.line.bucket, shared.pushes):
                bucket.take(now)
        return ahead

    def _ahead(self, line: Line, shared: Shared, now: float, *, urgent: bool) -> float:
        own, of_all = line.wait(now), shared.line.wait(now)
        if not urgent:
            of_all = max(of_all, shared.pushes.wait(now))
        ahead = max(own, of_all)
        if ahead <= SOON:
            return 0.0
        return ahead if urgent or ahead == own else self._promise(line, shared, now, ahead)

    def _promise(self, line: Line, shared: Shared, now: float, ahead: float) -> float:
        """Give each its own turn to come at, so that a thousand do not come again and again for the same one."""
        if line.promised < now - MOST:
            shared.last = line.promised = max(now + ahead, shared.last + shared.pushes.interval / PROMISED)
        return max(ahead, line.promised - now)

    def blocked(self, name: str, seconds: float) -> None:
        """Note that the platform asked to wait: with this chat, or with all that share what has this name."""
        until = self._clock() + seconds
        if name in self._shared:
            self._shared[name].line.bucket.block(until)
        else:
            self._lines(name)[0].bucket.block(until)

    async def _until(self, bucket: Bucket, deadline: float) -> bool:
        while wait := bucket.wait(now := self._clock()):
            if now + wait > deadline:
                return False
            await asyncio.sleep(wait)
        return True

    def _lines(self, chat: str) -> tuple[Line, Shared]:
        course = self._course(chat)
        if chat not in self._chats:
            self._tidy()
            self._chats[chat] = Line(Bucket(course.chat))
        if course.shared not in self._shared:
            rate = course.of_shared
            self._shared[course.shared] = Shared(Line(Bucket(rate)), Bucket(rate.share(SHARE)))
        return self._chats[chat], self._shared[course.shared]

    def _tidy(self) -> None:
        """Forget chats whose rate is whole again: a new line for one of them is the same."""
        if len(self._chats) < self._tidy_at:
            return
        now = self._clock()
        self._chats = {
            chat: line
            for chat, line in self._chats.items()
            if line.waiting or line.bucket.whole_at > now or line.promised > now - MOST
        }
        self._tidy_at = max(KEPT, 2 * len(self._chats))
