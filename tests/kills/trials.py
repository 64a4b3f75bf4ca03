"""What the service withstands on every platform: kills while people meet and talk, stops while they write."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest

from tests.kills import checks
from tests.kills.crowd import Crowd, There, Who
from tests.kills.process import sending, states
from tests.platforms.kit import Hang, WireServer

log = logging.getLogger(__name__)

KILLS = pytest.mark.parametrize(
    "kills", [pytest.param(3, id="three"), pytest.param(50, id="many", marks=pytest.mark.soak)]
)
STOPS = pytest.mark.parametrize(
    "stops", [pytest.param(2, id="two"), pytest.param(100, id="many", marks=pytest.mark.soak)]
)
SENDING = pytest.mark.parametrize(
    ("before", "copies"), [pytest.param(True, 1, id="not arrived"), pytest.param(False, 2, id="arrived")]
)
"""What was being sent at a kill, where it comes once more: the platform knows of no message that it is the same."""
MOST_CALLS, LONGEST_LIFE = 80, 2.0
"""What a process does before it is killed, and the seconds that it has for it."""


# --- Kills ------------------------------------------------------------------------------------------------------


async def kill_and_check(crowd: Crowd[There, Who], kills: int) -> None:
    """Let people meet and talk, kill the service so often, and see that nothing is lost or done twice."""
    there, ledger = crowd.there, crowd.ledger
    living = asyncio.create_task(crowd.live())
    try:
        for _ in range(kills):
            await run_and_kill(crowd, living)
            crowd.interrupted.update(sending(there.service))
            assert not living.done(), living.exception()
        there.server.calm()
        await run_and_finish(crowd, living)
    finally:
        living.cancel()
        await asyncio.wait({living})
    arrived = there.pushes()
    checks.check(there.service, ledger, arrived, crowd.copies)
    assert not there.untaken
    assert there.service.count("outbox WHERE state = 'sending'") == 0
    assert checks.copies(arrived) <= sum(crowd.copies.values())
    figures = {
        "kills": kills,
        **there.figures(),
        "calls": len(there.server.calls),
        **ledger.figures(),
        "lines that were passed on": there.service.count("outbox WHERE kind = 'room' AND edits IS NULL"),
        "pushes arrived": len(arrived),
        "copies": checks.copies(arrived),
        "interrupted sends": crowd.interrupted.total(),
    }
    log.info("%s", ", ".join(f"{name}: {value}" for name, value in figures.items()))


async def run_and_kill(crowd: Crowd[There, Who], living: asyncio.Task[None]) -> None:
    """Start the service and kill it at a random moment: once in seven times before it listens, else after some calls.

    Seconds alone would not do: on a machine that is busy, a process could end again and again before it has done much.
    """
    there, server = crowd.there, crowd.there.server
    await there.start()
    if crowd.rng.random() < 1 / 7:
        await asyncio.wait({living}, timeout=crowd.rng.uniform(0, 1.5))
    else:
        await there.come()
        await crowd.line.connect(there.service.socket)
        enough = len(server.calls) + crowd.rng.randint(0, MOST_CALLS)
        with suppress(TimeoutError):
            await server.until(lambda: living.done() or len(server.calls) >= enough, LONGEST_LIFE)
    await there.kill()
    await crowd.line.ended()


async def run_and_finish(crowd: Crowd[There, Who], living: asyncio.Task[None]) -> None:
    """Let everybody finish what they began, send again what is listed, wait until nothing is left, stop in peace."""
    there = crowd.there
    await there.up()
    crowd.enough.set()
    await there.service.listening()
    await crowd.line.connect(there.service.socket)
    await living
    await there.settled()
    while await crowd.olga.requeue():
        await there.settled()
    await there.stop()
    await crowd.line.close()


# --- One kill ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def talking(crowd: Crowd[There, Who], pair: tuple[str, str]) -> AsyncIterator[tuple[Who, Who]]:
    """Let the first of a pair have opened the room before a service that is there; at the end nothing is left to do."""
    one, other = (crowd.veteran(who) for who in pair)
    async with asyncio.timeout(60):
        await crowd.there.up()
        await one.enter()
        yield one, other
        await crowd.there.settled()
        await crowd.there.stop()


@asynccontextmanager
async def hanging(server: WireServer, method: str, *, before: bool) -> AsyncIterator[None]:
    """Let a line be written whose message to the partner has no answer, and what the writer is told as little.

    `before` says that they do not arrive either. Both are under way at the end of the block.
    """
    count = len(server.calls_of(method))
    server.fault(method, Hang(before=before), times=2)
    yield
    await server.called(method, count + 2)
    await server.until(lambda: all(call.done for call in server.calls_of(method)[count:]) is not before)


async def kill_while_sending(
    crowd: Crowd[There, Who], pair: tuple[str, str], method: str, before: bool, copies: int
) -> None:
    """Kill the service while it sends a line to a partner; see that this comes so often, and the next one once."""
    there, said = crowd.there, crowd.ledger.said
    async with talking(crowd, pair) as (one, other):

        def came() -> list[str]:
            every = sorted(there.arrived().values(), key=lambda each: each.at)
            return [each.words for each in every if each.to == other.name]

        async with hanging(there.server, method, before=before):
            writing = asyncio.create_task(one.write(other.name))
        await there.server.until(lambda: not there.untaken)
        assert len(sending(there.service)) == 1
        await there.kill()
        await writing
        await there.up()
        await there.server.until(lambda: len(came()) >= copies)
        await one.write(other.name)
    assert states(there.service) == [("sent", 1), ("sent", 0)]
    first, second = (f"{line.author}: {line.text}" for line in said)
    assert came() == [first] * copies + [second]


# --- Stops ------------------------------------------------------------------------------------------------------


async def stop_and_check(crowd: Crowd[There, Who], letters: Sequence[tuple[str, str]], stops: int) -> None:
    """Let people (who, to whom) write, stop the service so often, and see that it was quick and made no copies."""
    there, ledger, took = crowd.there, crowd.ledger, list[float]()
    pairs = [(crowd.veteran(who), crowd.veteran(partner)) for who, partner in letters]
    writing = [asyncio.create_task(one.talk_on(other.name, crowd.enough)) for one, other in pairs]
    try:
        for _ in range(stops):
            await there.up()
            lines = len(ledger.said) + len(writing) // 2

            def more(lines: int = lines) -> bool:
                return len(ledger.said) > lines

            await there.server.until(more, 30)
            took.append(await there.stop())
        crowd.enough.set()
        await there.up()
        await asyncio.gather(*writing)
        await there.settled()
        await there.stop()
    finally:
        for task in writing:
            task.cancel()
    checks.check_stops(there.service, ledger, there.pushes(), took)
