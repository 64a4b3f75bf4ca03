"""The service on Discord, in a process of its own, killed and stopped while people sign up, ask, accept and talk."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from core.store.types import new_key
from tests.kills import checks, seed
from tests.kills.crowd import Crowd as Pairs
from tests.kills.crowd import chances, run_and_finish, run_and_kill
from tests.kills.discord_people import Member, Presence, pushes
from tests.kills.people import Ledger
from tests.kills.presence import nothing_left
from tests.kills.process import Service, sending
from tests.platforms.discord_program import GUILD, at, texts
from tests.platforms.discord_server import MESSAGE, DiscordServer, Person
from tests.platforms.kit import Hang
from tests.platforms.program import locked

log = logging.getLogger(__name__)

VETERANS = [(str(101 + number), str(201 + number)) for number in range(4)]
LONGEST = 10.0
STUCK = ((0.1, Hang()), (0.1, Hang(before=False)))
"""Of what is sent to people, so much has no answer until the kill: half of that has arrived."""
LATE = "Still saving. Press Continue in a moment to see the answer."
LEFT = "What you write here no longer goes to 201."


@asynccontextmanager
async def discord_and_service(
    folder: Path, key: str
) -> AsyncIterator[tuple[DiscordServer, Service, Presence]]:
    """Make a Discord with a server, and a service for it that has not begun."""
    async with DiscordServer(seed=1) as discord:
        discord.guild(GUILD, "Academy")
        secrets = {"MENTORBOT_DISCORD__TOKEN": discord.token}
        service = Service(
            folder,
            f"discord.api_url={discord.api_url}",
            f"discord.gateway_url={discord.gateway_url}",
            key=key,
            environment=secrets,
        )
        async with service:
            yield discord, service, Presence(discord)
        assert not discord.violations, discord.violations
        assert not discord.fired


class Crowd(Pairs):
    """Pairs who meet and talk, and some who have met and talk all the time."""

    slots = 4
    lines = 2

    def __init__(self, presence: Presence, rng: Random) -> None:
        super().__init__(rng)
        self._presence = presence

    def member(self, role: str, number: int) -> Member:
        """Let somebody come to the server."""
        return self._at({"mentee": 1000, "mentor": 5000}[role] + number, f"{role}-{number:04}")

    def _at(self, user: int, name: str) -> Member:
        made = self._presence.discord.guild(GUILD).person(str(user), name)
        return Member(made, self._presence, self.ledger, Random(self.rng.random()))

    def work(self) -> Sequence[Coroutine[None, None, None]]:
        """What goes on at the same time, those who talk all the time included."""
        both = (*VETERANS, *(pair[::-1] for pair in VETERANS))
        return [*super().work(), *(self._talk(one, other) for one, other in both)]

    async def _talk(self, who: str, partner: str) -> None:
        member = self._at(int(who), who)
        await member.talk(partner, 0)
        while not self.enough.is_set():
            await member.write(partner)


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="three"), pytest.param(50, id="many", marks=pytest.mark.soak)]
)
async def test_on_discord_nothing_is_lost_or_done_twice_however_often_the_process_is_killed(
    folder: Path, kills: int
) -> None:
    with chances() as rng:
        async with asyncio.timeout(90 + 6 * kills):
            await kill_and_check(folder, kills, rng)


async def kill_and_check(folder: Path, kills: int, rng: Random) -> None:
    interrupted = Counter[int]()
    async with discord_and_service(folder, key := new_key()) as (discord, service, presence):
        await seed.pairs(service.url, key, VETERANS, where=at)
        crowd = Crowd(presence, rng)
        discord.storm(MESSAGE, STUCK)
        living = asyncio.create_task(crowd.live())
        try:
            for _ in range(kills):
                await run_and_kill(service, presence, crowd, living, rng)
                interrupted.update(sending(service))
                assert not living.done(), living.exception()
            discord.calm()
            await run_and_finish(service, presence, crowd, living)
        finally:
            living.cancel()
            await asyncio.wait({living})
        arrived = pushes(discord, presence, service)
        # What the organiser has had sent again may be there for longer than Discord remembers; all else comes once.
        checks.check(service, crowd.ledger, arrived, dict.fromkeys(crowd.ledger.requeued, 1))
        acks = [ack for person in discord.people.values() for ack in person.acks]
        written = sum(len(person.said) for person in discord.people.values())
        calls, sessions = len(discord.calls), len(discord.identifies)
    assert service.count("outbox WHERE state = 'sending'") == 0
    copies = sum(count - 1 for count in Counter(push["once"] for push in arrived).values())
    assert copies <= len(crowd.ledger.requeued)
    said = crowd.ledger.said
    figures = {
        "kills": kills,
        "sessions": sessions,
        "interactions": len(acks),
        "answered": sum(ack.ok for ack in acks),
        "messages": written,
        "calls": calls,
        "users": len(crowd.ledger.roles),
        "requests": len(crowd.ledger.asked),
        "pairs": len(crowd.ledger.paired),
        "lines": len(said),
        "lines that were kept": sum(one.kept for one in said),
        "lines that were passed on": service.count("outbox WHERE kind = 'room' AND edits IS NULL"),
        "pushes arrived": len(arrived),
        "copies": copies,
        "interrupted sends": interrupted.total(),
        "requeued": len(crowd.ledger.requeued),
    }
    log.info("%s", ", ".join(f"{name}: {value}" for name, value in figures.items()))


@pytest.mark.parametrize(
    "stops", [pytest.param(2, id="two"), pytest.param(100, id="many", marks=pytest.mark.soak)]
)
async def test_on_discord_a_stop_under_load_takes_seconds_and_makes_no_copies(
    folder: Path, stops: int
) -> None:
    names = [(str(101 + number), str(201 + number)) for number in range(12)]
    rng, took, enough = Random(stops), list[float](), asyncio.Event()
    async with (
        discord_and_service(folder, key := new_key()) as (discord, service, presence),
        asyncio.timeout(60 + 8 * stops),
    ):
        await seed.pairs(service.url, key, names, where=at)
        ledger = Ledger()
        members = []
        for number, pair in enumerate(names):
            for user in pair:
                discord.guild(GUILD).person(user, user)
            writer, reader = pair if number % 2 else pair[::-1]
            members.append((Member(discord.person(writer), presence, ledger, rng), reader))

        async def write(member: Member, partner: str) -> None:
            await member.talk(partner, 0)
            while not enough.is_set():
                await member.write(partner)

        async def more(lines: int) -> None:
            enough_lines = len(ledger.said) + lines
            await discord.until(lambda: len(ledger.said) > enough_lines, 30)

        writing = [asyncio.create_task(write(member, partner)) for member, partner in members]
        try:
            for _ in range(stops):
                await presence.start(service)
                await presence.come()
                await more(len(names) // 2)
                took.append(await service.stop())
                await presence.go()
            enough.set()
            await presence.start(service)
            await presence.come()
            await asyncio.gather(*writing)
            await nothing_left(discord, service)
            await service.stop()
            await presence.go()
        finally:
            for task in writing:
                task.cancel()
        arrived = pushes(discord, presence, service)
        rows = checks.check(service, ledger, arrived)
    log.info("%d stops, %.2f s at most; %d messages", stops, max(took), len(ledger.said))
    assert max(took) < LONGEST
    assert {row.state for row in rows} == {"sent"}
    assert service.count("outbox WHERE doubts > 0") == 0
    assert len(arrived) == len({push["once"] for push in arrived}) == len(rows)


@asynccontextmanager
async def talking(
    folder: Path,
) -> AsyncIterator[tuple[DiscordServer, Service, Presence, Person, Person]]:
    """Let Ann write to Ben, who are a pair; the service is there."""
    async with (
        discord_and_service(folder, key := new_key()) as (discord, service, presence),
        asyncio.timeout(60),
    ):
        await seed.pairs(service.url, key, [("101", "201")], where=at)
        ann, ben = (discord.guild(GUILD).person(user, user) for user in ("101", "201"))
        await presence.start(service)
        await presence.come()
        await ann.say("/talk")
        await discord.until(lambda: ann.received)
        yield discord, service, presence, ann, ben
        await nothing_left(discord, service)
        await service.stop()
        await presence.go()


async def test_what_was_being_sent_at_a_kill_comes_once(folder: Path) -> None:
    async with talking(folder) as (discord, service, presence, ann, ben):
        await ben.say("/talk")
        await discord.until(lambda: ben.received)
        count = len(discord.calls_of(MESSAGE))
        # Of one the answer hangs, of the other one the message itself; and what those who wrote are told.
        for number, before in enumerate((True, False)):
            discord.fault(MESSAGE, Hang(before=before), times=2)
            await (ann, ben)[number].say("hello")
            await discord.called(MESSAGE, count + 2 * (number + 1))
        await discord.until(lambda: sum(call.done for call in discord.calls_of(MESSAGE)[count:]) == 2)
        assert len(sending(service)) == 2
        await service.kill()
        await presence.go()
        await presence.start(service)
        await presence.come()
        await nothing_left(discord, service)
        await ann.say("and")
        await discord.until(lambda: "101: and" in texts(ben.received))
        assert texts(ben.received).count("101: hello") == 1
        assert texts(ann.received).count("201: hello") == 1
    with service.look() as database:
        states = database.execute("SELECT state, doubts FROM outbox ORDER BY id").fetchall()
    assert states == [("sent", 1), ("sent", 1), ("sent", 0)]


async def test_what_was_not_saved_at_a_kill_is_taken_up_with_the_next_thing(folder: Path) -> None:
    async with talking(folder) as (discord, service, presence, ann, ben):
        with locked(service.url):
            await ann.say("hello")
            await discord.called("post /channels/#/typing")
            assert (await ann.slash("leave")).ok
            assert texts(ann.ephemerals) == [LATE]
            await service.kill()
            await presence.go()
        assert len(ann.received) == 1
        await presence.start(service)
        await presence.come()
        # Nothing was promised, and nothing was done; the button tells it.
        assert (await ann.press(ann.ephemerals[0], "Continue")).ok
        assert "Nothing is waiting for your answer." in ann.ephemerals[0].words
        assert (await ann.slash("leave", where=ann.dm)).ok
        await discord.until(lambda: ben.received and len(ann.received) == 3)
    assert texts(ben.received) == ["101: hello"]
    assert sorted(texts(ann.received[1:])) == ["Passed on to 201.", LEFT]
