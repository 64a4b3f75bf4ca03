"""Slack, Telegram and Discord in one process, for hours of traffic while calls go wrong: nothing lost, nothing twice.

What a thousand people do in four hours is done as fast as the platforms let it be done: every local server holds to
its platform's limits. What they are asked meanwhile, because time has come for it, comes within these minutes.
"""

import asyncio
import logging
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from random import Random

import pytest

from tests.kills import checks, seed
from tests.kills.crowd import Member, unmistakable
from tests.kills.lines import Line
from tests.kills.people import Person as Organiser
from tests.kills.presence import UNSETTLED, nothing_left
from tests.kills.three_platforms import GENTLE, ROUGH, Came, ThreePlatforms, three_platforms
from tests.platforms.discord_server import CALLBACK
from tests.platforms.kit import Call, Hang, Refuse429, Reset, Status

log = logging.getLogger(__name__)

ORGANISER_SECONDS, LONGEST = 5.0, 3600.0
ASKED = "waits WHERE kind = 'session.after'"
NEXT_TO = (("discord", "slack"), ("slack", "slack"), ("slack", "discord"), ("discord", "discord"))
WITH_TELEGRAM = (
    ("telegram", "slack"),
    ("discord", "telegram"),
    ("slack", "telegram"),
    ("telegram", "discord"),
    ("telegram", "telegram"),
)
REFUSED = (
    (0.01, Refuse429(1)),
    (0.005, Status(503)),
    (0.005, Status(500, before=False)),
    (0.005, Reset()),
    (0.005, Reset(before=False)),
)
SILENT = ((0.005, Hang()), (0.005, Hang(before=False)))


@dataclass(frozen=True)
class Size:
    """How many pairs there are, how many of them sign up meanwhile, and what they write."""

    pairs: int
    newcomers: int
    lines: int
    at_once: int
    breaks: tuple[str, ...]
    """Ways in which connections break, one after so many lines."""
    every: int
    silent: bool
    """Calls are left without an answer as well."""
    patience: float
    minutes: float
    """In which those who have met are asked about it."""
    growth: float
    """Of the service's memory, from half of the traffic to its end: until then it meets new people."""


FEW = Size(9, 2, 2, at_once=10, breaks=GENTLE, every=8, silent=False, patience=4.0, minutes=0.05, growth=1.2)
MANY = Size(
    500,
    350,
    6,
    at_once=50,
    breaks=4 * ROUGH,
    every=150,
    silent=True,
    patience=20.0,
    minutes=4,
    growth=1.05,
)


@dataclass(frozen=True)
class Pair:
    """Two people, each on a platform; their topic is nobody else's."""

    number: int
    mentee_on: str
    mentor_on: str
    topic: str
    newcomers: bool

    @property
    def mentee(self) -> str:
        """What the mentee is called."""
        return f"mentee-{self.number:04}"

    @property
    def mentor(self) -> str:
        """What the mentor is called."""
        return f"mentor-{self.number:04}"


@dataclass
class Traffic:
    """All pairs, some at a time."""

    there: ThreePlatforms
    pairs: list[Pair]
    size: Size
    people: dict[str, Member] = field(default_factory=dict)
    done: int = 0
    memory: list[int] = field(default_factory=list)
    """Of the service, in KiB, whenever a quarter of the pairs is done."""

    def __post_init__(self) -> None:
        """Let everybody sit down."""
        for pair in self.pairs:
            there, number = self.there, 2 * pair.number
            self.people[pair.mentee] = there.member(pair.mentee_on, number, pair.mentee)
            self.people[pair.mentor] = there.member(pair.mentor_on, number + 1, pair.mentor)

    async def flow(self) -> None:
        """Let every pair live its story."""
        waiting = iter(self.pairs)
        async with asyncio.TaskGroup() as crowd:
            for _ in range(self.size.at_once):
                crowd.create_task(self._one_after_another(waiting))

    async def _one_after_another(self, waiting: Iterator[Pair]) -> None:
        for pair in waiting:
            try:
                await self._live(pair)
            except Exception as wrong:
                wrong.add_note(f"it was {pair}")
                raise
            self.done += 1
            if self.done * 4 % len(self.pairs) < 4:
                self.memory.append(resident(self.there.service.pid))

    async def _live(self, pair: Pair) -> None:
        """Sign up, ask and accept, or have done so long ago; then talk."""
        mentee, mentor = self.people[pair.mentee], self.people[pair.mentor]
        if pair.newcomers:
            await asyncio.gather(mentee.sign_up("mentee", pair.topic), mentor.sign_up("mentor", pair.topic))
            await mentee.ask(pair.topic)
            await mentor.accept(pair.mentee)
        lines = self.size.lines
        await asyncio.gather(mentee.talk(pair.mentor, lines), mentor.talk(pair.mentee, lines))


def resident(pid: int) -> int:
    """Give the memory of a process in KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def paired(size: Size) -> list[Pair]:
    """Put people together, across platforms and on one; the first of them sign up meanwhile."""
    topics = unmistakable()
    without = list(islice(cycle(NEXT_TO), size.pairs))
    every = list(islice(cycle((*NEXT_TO, *WITH_TELEGRAM)), size.pairs))
    # A chat of Telegram's takes a message a second: to sign up there takes long.
    ways = without[: size.newcomers] + every[size.newcomers :] if size is FEW else every
    return [
        Pair(number, *way, topics[number], newcomers=number < size.newcomers)
        for number, way in enumerate(ways)
    ]


async def prepare(there: ThreePlatforms, pairs: list[Pair], minutes: float) -> None:
    """Let some have met yesterday: whether they did is asked meanwhile."""
    veterans = [pair for pair in pairs if not pair.newcomers]
    addresses = {
        name: there.address(platform, number)
        for pair in pairs
        for name, platform, number in (
            (pair.mentee, pair.mentee_on, 2 * pair.number),
            (pair.mentor, pair.mentor_on, 2 * pair.number + 1),
        )
    }
    names = [(pair.mentee, pair.mentor) for pair in veterans]
    await seed.pairs(there.service.url, there.key, names, met=1, where=addresses.__getitem__)
    with closing(sqlite3.connect(there.service.database)) as database, database:
        for number, (subject,) in enumerate(
            database.execute("SELECT subject FROM waits ORDER BY 1").fetchall()
        ):
            due = datetime.now(UTC) + timedelta(minutes=minutes) * number / len(names)
            database.execute(
                "UPDATE waits SET due_at = ? WHERE subject = ?", (f"{due:%Y-%m-%d %H:%M:%S.%f}", subject)
            )


@pytest.mark.parametrize(
    "size", [pytest.param(FEW, id="few"), pytest.param(MANY, id="many", marks=pytest.mark.soak)]
)
async def test_for_hours_on_three_platforms_at_once_nothing_is_lost_or_done_twice(
    folder: Path, size: Size
) -> None:
    pairs = paired(size)
    async with three_platforms(folder, size.patience) as there, asyncio.timeout(60 + 3 * size.pairs):
        await prepare(there, pairs, size.minutes)
        traffic = Traffic(there, pairs, size)
        await there.begin()
        there.storm((*REFUSED, *SILENT) if size.silent else REFUSED, REFUSED)
        began = there.slack.now
        line = Line()
        await line.connect(there.service.socket)
        olga = Organiser("olga", line, there.ledger, Random(0))
        over = asyncio.Event()
        async with asyncio.TaskGroup() as beside:
            weather = beside.create_task(disturb(there, size))
            beside.create_task(organise(olga, over))
            await traffic.flow()
            weather.cancel()
            over.set()
        took = there.slack.now - began
        there.calm()
        await finish(there, olga)
        await line.close()
        traffic.memory.append(resident(there.service.pid))
        await there.service.stop()
        look_back(there, traffic, took)


async def disturb(there: ThreePlatforms, size: Size) -> None:
    """Break connections, one way after the other."""
    for number, way in enumerate(size.breaks, 1):

        def is_time(lines: int = number * size.every) -> bool:
            return len(there.ledger.said) >= lines

        await there.slack.until(is_time, LONGEST)
        await there.disturb(way)


async def organise(olga: Organiser, over: asyncio.Event) -> None:
    """Send again what is listed, every few seconds until it is over: what was in doubt twice waits for that."""
    while not over.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), ORGANISER_SECONDS)
        await olga.requeue()


async def finish(there: ThreePlatforms, olga: Organiser) -> None:
    """Wait until everything is settled, and send again what is listed."""
    await there.telegram.confirmed(timeout=60)
    for rows in (ASKED, UNSETTLED):
        await nothing_left(there.slack, there.service, rows)
    while await olga.requeue():
        await nothing_left(there.slack, there.service)


def look_back(there: ThreePlatforms, traffic: Traffic, took: float) -> None:
    """See that all that was promised is there, that it arrived, and how often."""
    ledger, came = there.ledger, there.came()
    with there.service.look() as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        checks.people(database, ledger)
        checks.stories(database, ledger)
        states = dict(database.execute("SELECT state, count(*) FROM outbox GROUP BY 1").fetchall())
        doubts = dict(database.execute("SELECT id, doubts FROM outbox").fetchall())
        sent = database.execute(
            "SELECT outbox_id, deliveries.platform, deliveries.address, ref FROM deliveries"
        ).fetchall()
    assert set(states) <= {"sent", "cancelled", "expired"}, states
    copies = doubled(there, came, sent, doubts)
    written(there, came)
    # Where Discord took an answer and did not say so, the library asks again by itself.
    asked_again = [call for call in there.discord.calls_of(CALLBACK) if call.done and call.fault]
    forgiven = [each for each in there.discord.violations if "a second answer" in each]
    assert len(forgiven) <= len(asked_again)
    violations = [each for server in there.servers for each in server.violations if each not in forgiven]
    assert not violations, violations[:5]
    _, half, *_, last = traffic.memory
    assert last <= half * traffic.size.growth, traffic.memory
    figures = {
        "people": 2 * len(traffic.pairs),
        "seconds": round(took),
        "calls": [len(server.calls) for server in there.servers],
        "faults": [sum(call.fault is not None for call in server.calls) for server in there.servers],
        "lines": len(ledger.said),
        "outbox": states,
        "doubts": sum(doubts.values()),
        "sent again": len(ledger.requeued),
        "copies": dict(copies),
        "too fast": [sum(map(is_too_fast, server.calls)) for server in there.servers],
        "memory": [round(each / 1024) for each in traffic.memory],
    }
    log.info("%s", ", ".join(f"{name}: {value}" for name, value in figures.items()))


def is_too_fast(call: Call) -> bool:
    """Whether a call was refused because there were too many, and not because a storm wanted it so."""
    return call.status == 429 and call.fault is None


def doubled(
    there: ThreePlatforms,
    came: dict[tuple[str, str, str], Came],
    sent: list[tuple[int, str, str, str]],
    doubts: dict[int, int],
) -> Counter[str]:
    """What was sent is on a screen; a copy follows a send in doubt, and on Discord none does. Counts copies."""
    rows: dict[Came, set[int]] = defaultdict(set)
    refs: dict[Came, set[str]] = defaultdict(set)
    for row, platform, who, ref in sent:
        told = came[platform, who, ref]
        rows[told].add(row)
        refs[told].add(ref)
    found, every = Counter(came.values()), Counter[str]()
    for told, ids in rows.items():
        copies = found[told] - len(refs[told])
        # What was listed had been sent in doubt twice.
        again = 2 * len(ids & there.ledger.requeued)
        allowed = again if told.platform == "discord" else again + sum(doubts[row] for row in ids)
        assert 0 <= copies <= allowed, (told, copies, allowed)
        every[told.platform] += copies
    return every


def written(there: ThreePlatforms, came: dict[tuple[str, str, str], Came]) -> None:
    """Every line that was kept has arrived."""
    words = {(one.words.partition(":")[0], one.words.partition(": ")[2]) for one in came.values()}
    for said in there.ledger.said:
        assert not said.kept or (said.author, said.text) in words, said
