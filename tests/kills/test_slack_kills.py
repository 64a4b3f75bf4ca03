"""The service on Slack, in a process of its own, killed and stopped while people sign up, ask, accept and talk."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from core.store.types import new_key
from tests.kills import checks, seed
from tests.kills.crowd import Crowd as Pairs
from tests.kills.crowd import chances, run_and_finish, run_and_kill
from tests.kills.people import Ledger
from tests.kills.presence import nothing_left
from tests.kills.process import Service, sending
from tests.kills.slack_people import Member, Presence, pushes
from tests.platforms.kit import Hang
from tests.platforms.slack_program import at
from tests.platforms.slack_server import SlackServer

log = logging.getLogger(__name__)

TEAMS = ("T1", "T2", "T3", "T4")
"""Workspaces: a pair is of two of them."""
LONGEST = 10.0


@asynccontextmanager
async def slack_and_service(folder: Path, key: str) -> AsyncIterator[tuple[SlackServer, Service, Presence]]:
    """Make a Slack with some workspaces, and a service for them that has not begun."""
    async with SlackServer(seed=1) as slack:
        tokens = ",".join(slack.team(team).bot_token for team in TEAMS)
        secrets = {"MENTORBOT_SLACK__BOT_TOKENS": tokens, "MENTORBOT_SLACK__APP_TOKEN": slack.app_token}
        service = Service(folder, f"slack.api_url={slack.api_url}", key=key, environment=secrets)
        async with service:
            yield slack, service, Presence(slack)
        assert not slack.violations, slack.violations


class Crowd(Pairs):
    """Pairs, each of two workspaces."""

    lines = 2

    def __init__(self, slack: SlackServer, presence: Presence, rng: Random) -> None:
        super().__init__(rng)
        self._slack = slack
        self._presence = presence

    def member(self, role: str, number: int) -> Member:
        """Let somebody come to a workspace, their partner to the next."""
        team, name = TEAMS[(number + (role == "mentor")) % len(TEAMS)], f"{role}-{number:04}"
        person = self._slack.team(team).person(f"U{name.upper()}", name=name)
        return Member(person, self._presence, self.ledger, Random(self.rng.random()))


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="three"), pytest.param(50, id="many", marks=pytest.mark.soak)]
)
async def test_on_slack_nothing_is_lost_or_done_twice_however_often_the_process_is_killed(
    folder: Path, kills: int
) -> None:
    with chances() as rng:
        async with asyncio.timeout(90 + 6 * kills):
            await kill_and_check(folder, kills, rng)


async def kill_and_check(folder: Path, kills: int, rng: Random) -> None:
    interrupted = Counter[int]()
    async with slack_and_service(folder, key := new_key()) as (slack, service, presence):
        await seed.pairs(service.url, key, [])
        crowd = Crowd(slack, presence, rng)
        living = asyncio.create_task(crowd.live())
        try:
            for _ in range(kills):
                await run_and_kill(service, presence, crowd, living, rng)
                interrupted.update(sending(service))
                assert not living.done(), living.exception()
            await run_and_finish(service, presence, crowd, living)
        finally:
            living.cancel()
            await asyncio.wait({living})
        arrived = pushes(slack, presence, service)
        checks.check(service, crowd.ledger, arrived, interrupted)
        events = [event for event in slack.events if event.kind == "events_api"]
        answered = sum(event.acknowledged for event in slack.events)
        delivered = sum(event.attempts for event in slack.events)
    assert all(event.acknowledged for event in events)
    assert service.count("outbox WHERE state = 'sending'") == 0
    copies = sum(count - 1 for count in Counter(push["once"] for push in arrived).values())
    figures = {
        "kills": kills,
        "things done": len(slack.events),
        "deliveries": delivered,
        "acknowledged": answered,
        "users": len(crowd.ledger.roles),
        "requests": len(crowd.ledger.asked),
        "pairs": len(crowd.ledger.paired),
        "room messages": len(crowd.ledger.said),
        "pushes arrived": len(arrived),
        "copies": copies,
        "interrupted sends": interrupted.total(),
        "requeued": len(crowd.ledger.requeued),
    }
    log.info("%s", ", ".join(f"{name}: {value}" for name, value in figures.items()))


@pytest.mark.parametrize(
    "stops", [pytest.param(2, id="two"), pytest.param(100, id="many", marks=pytest.mark.soak)]
)
async def test_on_slack_a_stop_under_load_takes_seconds_and_makes_no_copies(folder: Path, stops: int) -> None:
    names = [(f"T1/ULEARNER-{number}", f"T2/UTEACHER-{number}") for number in range(12)]
    rng, took, enough = Random(stops), list[float](), asyncio.Event()
    async with (
        slack_and_service(folder, key := new_key()) as (slack, service, presence),
        asyncio.timeout(60 + 8 * stops),
    ):
        await seed.pairs(service.url, key, names, where=at)
        ledger = Ledger()
        members = []
        for pair in names:
            for one, other in (pair, pair[::-1]):
                team, _, user = one.partition("/")
                person = slack.team(team).person(user, name=one)
                members.append((Member(person, presence, ledger, rng), other))

        async def write(member: Member, partner: str) -> None:
            while not enough.is_set():
                await member.talk(partner, 1)

        async def more(lines: int) -> None:
            enough_lines = len(ledger.said) + lines
            await slack.until(lambda: len(ledger.said) > enough_lines, 30)

        writing = [asyncio.create_task(write(member, partner)) for member, partner in members]
        try:
            for _ in range(stops):
                await presence.start(service)
                await presence.come()
                await more(len(names))
                took.append(await service.stop())
                await presence.go()
            enough.set()
            await presence.start(service)
            await presence.come()
            await asyncio.gather(*writing)
            await slack.until(lambda: not slack.unacknowledged)
            await nothing_left(slack, service)
            await service.stop()
            await presence.go()
        finally:
            for task in writing:
                task.cancel()
        arrived = pushes(slack, presence, service)
        rows = checks.check(service, ledger, arrived)
    log.info("%d stops, %.2f s at most; %d messages", stops, max(took), len(ledger.said))
    assert max(took) < LONGEST
    assert {row.state for row in rows} == {"sent"}
    assert service.count("outbox WHERE doubts > 0") == 0
    assert len(arrived) == len({push["once"] for push in arrived}) == len(rows)


@pytest.mark.parametrize(
    ("before", "copies"), [pytest.param(True, 1, id="not arrived"), pytest.param(False, 2, id="arrived")]
)
async def test_what_was_being_sent_at_a_kill_comes_once_more_and_no_oftener(
    folder: Path, before: bool, copies: int
) -> None:
    async with slack_and_service(folder, key := new_key()) as (slack, service, presence), asyncio.timeout(60):
        await seed.pairs(service.url, key, [("T1/UANN", "T2/UBEN")], where=at)
        ann = slack.team("T1").person("UANN", name="Ann")
        ben = slack.team("T2").person("UBEN", name="Ben")
        slack.fault("chat.postMessage", Hang(before=before), times=2)
        await presence.start(service)
        await presence.come()
        await ann.command("/mentor", "talk")
        assert (await ann.say("hello")).ok
        # The message to Ben hangs, and the answer to Ann.
        await slack.called("chat.postMessage", 2)
        await slack.until(lambda: all(call.done for call in slack.calls_of("chat.postMessage")) is not before)
        assert len(sending(service)) == 1
        await service.kill()
        await presence.go()
        await presence.start(service)
        await presence.come()
        await slack.until(lambda: len(ben.messages) >= copies)
        await ann.say("and")
        await slack.until(lambda: len(ben.messages) >= copies + 1)
        await nothing_left(slack, service)
        await service.stop()
        await presence.go()
        with service.look() as database:
            states = database.execute("SELECT state, doubts FROM outbox ORDER BY id").fetchall()
        assert states == [("sent", 1), ("sent", 0)]
        lines = ["T1/UANN: hello"] * copies + ["T1/UANN: and"]
        assert [message.text for message in ben.messages] == lines
