import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.kills.lines import Line
from tests.kills.people import Ledger, Person, form_of, words
from tests.kills.process import PATIENCE, Service

PEOPLE = 6
TRIES = 12
SAID: Sequence[tuple[str, str]] = (
    ("consent", "yes"),
    ("name", "Robin"),
    ("role", "mentee"),
    ("wants", "rust"),
    ("languages", "English"),
    ("zone", "Madrid"),
    ("free", "Sat 10-12"),
    ("goal", "To write an emulator."),
)
"""What everybody answers when they sign up, in the order in which it is asked."""


async def test_after_a_kill_between_commit_and_reply_the_next_input_shows_what_is_pending(folder: Path) -> None:
    async with Service(folder) as service, asyncio.timeout(90):
        eaten = 0
        for attempt in range(TRIES):
            line = Line()
            people = [Person(f"robin-{attempt}-{number}", line, Ledger(), Random(0)) for number in range(PEOPLE)]
            await start(service, line)
            events = await asyncio.gather(*(begin(one, number + 2) for number, one in enumerate(people)))
            answers = await kill_at_commit(service, line, events)
            kept = {event["who"]: kept_of(service, event["who"]) for event in events}
            await start(service, line)
            for number, (person, event, answer) in enumerate(zip(people, events, answers, strict=True)):
                if answer is None:
                    eaten += 1
                    await go_on(service, person, event, number, kept[person.name])
            await service.stop()
            await line.ended()
            if eaten >= 2 * PEOPLE:
                break
        assert eaten >= PEOPLE


async def start(service: Service, line: Line) -> None:
    await service.start()
    await service.listening()
    await line.connect(service.socket)


async def begin(person: Person, steps: int) -> Mapping[str, Any]:
    """Answer so many questions, and make the event with the next answer, which is not sent yet."""
    await person.surely(say="/signup")
    for _, text in SAID[:steps]:
        await person.surely(say=text)
    return person.event(say=SAID[steps][1])


async def kill_at_commit(
    service: Service, line: Line, events: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any] | None]:
    """Send all events at once and kill the process the moment that the database holds all; give what was answered."""
    answers = [asyncio.create_task(line.once(event)) for event in events]
    await asyncio.sleep(0)
    await asyncio.to_thread(kill_when_seen, service, [event["id"] for event in events])
    await service.kill()
    return list(await asyncio.gather(*answers))


def kill_when_seen(service: Service, ids: Sequence[str]) -> None:
    marks = ", ".join("?" * len(ids))
    with service.look() as database:
        database.execute("PRAGMA query_only = on")
        seen = 0
        while seen < len(ids):
            seen = database.execute(f"SELECT count(*) FROM seen_events WHERE id IN ({marks})", ids).fetchone()[0]
        os.kill(service.pid, signal.SIGKILL)
