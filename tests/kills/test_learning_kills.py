"""Killed again and again while people learn: no answer is lost or counted twice, and everybody finishes."""

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from core import users
from core.courses import folder as shelf
from core.courses import importing
from core.courses.building import MOST_LESSONS
from core.store.database import open_database
from core.store.migrate import migrate
from core.store.types import Keyring
from tests.courses.shelf import PICTURE, TOPICS, course, write
from tests.kills.crowd import chances
from tests.kills.lines import Line, Receiver
from tests.kills.process import Service
from tests.kills.seed import AWAKE, POLICY, on_console
from tests.kills.test_kills import nothing_left

log = logging.getLogger(__name__)

LEARNERS = 4
CHECKED = (
    "minutes: 5\ncheck: {kind: text, question: What is it, answer: [this], explanation: So.}\n---\nRead this."
)
PLAIN = "minutes: 5\n---\nRead that.\n\n![A row](row.png)"


async def stock(service: Service, home: Path, lessons: int) -> None:
    """Make a database with people and a course: each lesson has a check or a picture."""
    plan = {f"l{number}": CHECKED if number % 2 else PLAIN for number in range(lessons)}
    write(home / "long", {**course("long", lessons=plan), "row.png": PICTURE})
    drafts, faults = shelf.read(home, TOPICS)
    assert faults == ()
    keys, now = Keyring(()), datetime.now(UTC)
    migrate(service.url, keys, now)
    database = open_database(service.url, keys, "seed")

    def seat(tx: Connection) -> None:
        importing.put(tx, drafts, TOPICS, POLICY, now)
        for number in range(LEARNERS):
            who = on_console(f"learner-{number}")
            user_id = users.create(tx, now, POLICY, name=who.id, mentee=True, **AWAKE)
            users.meet(tx, who, now, who.id, "en", "UTC", alone=True)
            users.claim(tx, who, user_id)

    try:
        await database.write(seat)
    finally:
        await database.close()


class Class:
    """Learners who go through the course, each at the speed of the service."""

    def __init__(self, line: Line, rng: Random, lessons: int) -> None:
        self.line = line
        self.rng = rng
        self.lessons = lessons
        self.answers: Counter[str] = Counter()
        self.done = 0
        self._number = 0
        self._more = asyncio.Condition()

    async def after(self, answers: int) -> None:
        """Wait until so many more events were answered, or all have finished."""
        goal = self.line.answered + answers
        async with self._more:
            await self._more.wait_for(lambda: self.line.answered >= goal or self.done == LEARNERS)

    async def send(self, who: str, **event: Any) -> list[dict[str, Any]]:
        self._number += 1
        kept = await self.line.until_saved({"id": f"{who}-{self._number}", "who": who, **event})
        async with self._more:
            self._more.notify_all()
        messages: list[dict[str, Any]] = kept["messages"]
        return messages

    async def learn(self, who: str) -> None:
        """Enrol, then do what the service shows, until the course is finished."""
        shown = await self.send(who, press="enrol:1")
        while True:
            form = next((message["form"] for message in reversed(shown) if message.get("form")), None)
            buttons = [button["id"] for message in shown for button in message["buttons"]]
            if form is not None:
                answer = self.rng.choice(["this", "that"])
                self.answers[who] += 1
                shown = await self.send(who, run=form["run"], values={"answer": answer})
            elif any(each.startswith("certificate") for each in buttons):
                break
            else:
                wanted = ("lesson_done:", "check:", "lesson:")
                press = next((each for verb in wanted for each in buttons if each.startswith(verb)), None)
                # What the kill ate is shown again.
                shown = await self.send(who, press=press) if press else await self.send(who, say="/learn")
                if any("in no course" in message["text"] for message in shown):
                    break
        self.done += 1
        async with self._more:
            self._more.notify_all()


@pytest.mark.parametrize(
    "kills", [pytest.param(3, id="three"), pytest.param(50, id="fifty", marks=pytest.mark.soak)]
)
async def test_nobody_loses_a_lesson_however_often_the_process_is_killed(folder: Path, kills: int) -> None:
    with chances() as rng:
        async with asyncio.timeout(60 + 8 * kills):
            await kill_and_check(folder, kills, rng)


async def kill_and_check(folder: Path, kills: int, rng: Random) -> None:
    lessons = min(10 * kills, MOST_LESSONS)
    service = Service(folder)
    await stock(service, folder / "shelf", lessons)
    line = Line()
    pupils = Class(line, rng, lessons)
    async with service, Receiver(folder / "log") as receiver, asyncio.TaskGroup() as group:
        for number in range(LEARNERS):
            group.create_task(pupils.learn(f"learner-{number}"))
        killed = 0
        while pupils.done < LEARNERS:
            await service.start()
            await service.listening()
            await receiver.connect(service.socket)
            await receiver.here()
            await line.connect(service.socket)
            if killed < kills:
                await pupils.after(rng.randint(3, 30))
                await service.kill()
                killed += 1
                await line.ended()
                await receiver.gone()
            else:
                await pupils.after(10**9)
                await nothing_left(service, receiver)
                await service.stop()
                await line.ended()
        assert killed == kills
        assert "Traceback" not in "".join(service.said)
    check(service, pupils, receiver)


def check(service: Service, pupils: Class, receiver: Receiver) -> None:
    """Everything was done once: lessons, answers, courses; and every picture that was due has left."""
    assert service.count("enrolments WHERE state = ?", "done") == LEARNERS
    assert service.count("enrolments WHERE code IS NULL") == 0
    assert service.count("progress WHERE finished_at IS NOT NULL") == LEARNERS * pupils.lessons
    assert service.count("progress WHERE passed") == LEARNERS * (pupils.lessons // 2)
    assert service.count("attempts WHERE passed") == LEARNERS * (pupils.lessons // 2)
    assert service.count("attempts") == pupils.answers.total()
    plain = pupils.lessons - pupils.lessons // 2
    assert service.count("outbox WHERE kind = ?", "picture") == LEARNERS * plain
    # What was on its way when the process ended is sent again, or listed.
    sent = service.count("outbox WHERE kind = ? AND state = 'sent'", "picture")
    listed = service.count("outbox WHERE kind = ? AND state = 'unknown'", "picture")
    assert sent + listed == LEARNERS * plain
    arrived = {push["once"] for push in receiver.logged() if push.get("once", "").startswith("picture:")}
    assert len(arrived) >= sent
    log.info("%s answers, %s pictures, %s listed", pupils.answers.total(), len(arrived), listed)
