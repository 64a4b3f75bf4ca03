import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.kills.lines import Line
from tests.kills.people import Ledger, Person, form_of, words
from tests.kills.process import PATIENCE, Service

PEOPLE = 6
"""Who answer at once: one their third question, the last one the eighth, with which the sign-up is done."""
ENOUGH = 3
"""How many of these questions, met at that moment, are enough."""
TRIES = 8
CROWD = 250
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


async def test_after_a_kill_between_commit_and_reply_the_next_input_shows_what_is_pending(
    folder: Path,
) -> None:
    line, eaten, attempts = Line(), set[int](), 0
    async with Service(folder) as service, asyncio.timeout(3 * PATIENCE):
        # The moment cannot be chosen, only tried for.
        while len(eaten) < ENOUGH and attempts < TRIES:
            attempts += 1
            await start(service, line)
            people = [
                Person(f"robin-{attempts}-{number}", line, Ledger(), Random(0)) for number in range(PEOPLE)
            ]
            events = await asyncio.gather(*(begin(one, 2 + number) for number, one in enumerate(people)))
            answers = await kill_at_commit(service, line, events)
            kept = [stored(service, one.name) for one in people]
            await start(service, line)
            for number, answer in enumerate(answers):
                if answer is None:
                    eaten.add(number)
                    await go_on(service, people[number], events[number], kept[number], 2 + number)
            await service.stop()
            await line.ended()
    assert len(eaten) >= ENOUGH


async def start(service: Service, line: Line) -> None:
    await service.start()
    await service.listening()
    await line.connect(service.socket)


async def begin(person: Person, steps: int) -> Mapping[str, Any]:
    """Answer so many questions, and make the event with the next answer, which is not sent yet."""
    answer = await person.surely(say="/signup")
    for key, text in SAID[:steps]:
        assert asked(answer) == key
        answer = await person.surely(say=text)
    return person.event(say=SAID[steps][1])


async def kill_at_commit(
    service: Service, line: Line, events: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any] | None]:
    """Send all events at once and kill the process the moment the database holds all; give what was answered."""
    # The answers to a crowd are in front of theirs on the way out, which leaves time for the kill.
    crowd = [
        {"id": f"{events[0]['id']}.{number}", "who": f"{number}", "say": "/help"} for number in range(CROWD)
    ]
    others = [asyncio.create_task(line.once(event)) for event in crowd]
    answers = [asyncio.create_task(line.once(event)) for event in events]
    await asyncio.sleep(0)
    kill_when_seen(service, [event["id"] for event in events])
    await service.kill()
    await asyncio.gather(*others)
    return list(await asyncio.gather(*answers))


def kill_when_seen(service: Service, ids: Sequence[str]) -> None:
    end, wanted = time.monotonic() + PATIENCE, [json.dumps(ids)]
    query = "SELECT count(*) FROM seen_events WHERE id IN (SELECT value FROM json_each(?))"
    with service.look() as database:
        seen = 0
        while seen < len(ids):
            assert time.monotonic() < end
            seen = database.execute(query, wanted).fetchone()[0]
        os.kill(service.pid, signal.SIGKILL)


def stored(service: Service, who: str) -> tuple[list[Any], list[Any]]:
    """Give the forms of somebody with their answers, and their user."""
    with service.look() as database:
        forms = database.execute("SELECT id, dialog, answers FROM runs WHERE address = ?", [who]).fetchall()
        user = database.execute("SELECT user_id FROM addresses WHERE id = ?", [who]).fetchall()
        return forms, user


async def go_on(
    service: Service, person: Person, event: Mapping[str, Any], kept: tuple[list[Any], list[Any]], step: int
) -> None:
    """Do the next thing, then deliver the event again: both show what is pending, and it has no second effect."""
    pending = SAID[step + 1][0] if step + 1 < len(SAID) else None
    given = json.loads(kept[0][0][2]) if pending else []
    assert [key for key, _ in given] == [key for key, _ in SAID[: step + 1]] * (pending is not None)
    assert asked(await again(person, event, kept, step)) == pending
    assert stored(service, person.name) == kept
    assert asked(await person.deliver(event)) == pending
    assert stored(service, person.name) == kept
    assert service.count("seen_events WHERE id = ?", event["id"]) == 1
    for _, text in SAID[step + 1 :]:
        await person.surely(say=text)
    assert "signed up" in words(await person.surely(say="/signup"))
    with service.look() as database:
        own = "SELECT count(*) FROM users JOIN addresses ON user_id = users.id WHERE addresses.id = ?"
        assert database.execute(own, [person.name]).fetchone() == (1,)
        users = database.execute("SELECT count(*), count(DISTINCT user_id) FROM addresses WHERE user_id > 0")
        assert users.fetchone() == (service.count("users"),) * 2


async def again(
    person: Person, event: Mapping[str, Any], kept: tuple[list[Any], list[Any]], step: int
) -> Mapping[str, Any]:
    """What people do when nothing comes back: the command, the same page, the same words, or the same event."""
    match step:
        case 2 | 6:
            return await person.surely(say="/signup")
        case 3 | 5:
            return await person.surely(say=event["say"])
        case 4:
            return await person.surely(run=kept[0][0][0], values={SAID[step][0]: SAID[step][1]})
        case _:
            return await person.deliver(event)


def asked(answer: Mapping[str, Any]) -> str | None:
    """Give the question that an answer asks."""
    form = form_of(answer)
    return form["fields"][0]["key"] if form else None
