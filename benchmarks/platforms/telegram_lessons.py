"""Two thousand lessons, due in the same minute, leave through one bot of a local Telegram while people talk to it.

The server holds the bot to thirty messages a second, of which those that nobody waits for may use four fifths: all of
them take about eighty-three seconds.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, insert, select

from benchmarks.platforms.process import running
from benchmarks.platforms.telegram_crowd import ANNOUNCEMENTS, RATE, WHOLE_SECONDS, Crowd
from benchmarks.platforms.telegram_wire import listening, seed, settings
from bot.app import open_app
from bot.config import load
from core import topics
from core.courses import catalogue, importing
from core.courses.drafts import CourseDraft, CourseText, LessonDraft, LessonText
from core.courses.enrolments import ACTIVE
from core.policy import Policy
from core.store.tables import addresses, enrolments, progress, waits
from core.store.types import new_key
from tests.platforms.telegram_server import TelegramServer

__all__ = ["ANNOUNCEMENTS", "RATE", "WHOLE_SECONDS", "crowd"]

BODY = "\n\n".join(
    [
        "A branch is **a name** that points at one commit; making one costs nothing.",
        "```bash\ngit switch -c idea\ngit log --oneline --graph --all\n```",
        "- it moves when you commit\n- it can be deleted, and no commit is lost",
    ]
    * 4
)


def course() -> CourseDraft:
    """Make a course of two lessons, one a day."""
    text = CourseText("Git without fear", "What Git keeps.", ("Undo any mistake",), ("All",))
    lessons = tuple(
        LessonDraft(slug, 0, {"en": LessonText(slug.title(), 5, BODY, None)}) for slug in ("first", "second")
    )
    return CourseDraft("git", {"en": text}, {"git": 2}, (), 1, lessons, drip=1)


def enrol(tx: Connection, people: list[int], now: datetime) -> None:
    """Let everybody have finished the first lesson, with the second due now."""
    (outcome,) = importing.put(tx, [course()], topics.load(), Policy(), now)
    first = catalogue.lessons_of(tx, outcome.course_id)[0]
    places = [
        {
            "id": number, "course_id": outcome.course_id, "user_id": user_id, "state": ACTIVE, "drip": True,
            "lesson_id": None, "version": 0, "block": 0, "enrolled_at": now, "touched_at": now,
        }
        for number, user_id in enumerate(people, 1)
    ]  # fmt: skip
    behind = [
        {
            "enrolment_id": each["id"],
            "lesson_id": first.id,
            "opened_at": now,
            "passed": True,
            "finished_at": now,
        }
        for each in places
    ]
    due = [
        {"kind": kind, "subject": str(each["id"]), "due_at": at}
        for each in places
        for kind, at in (("course.lesson", now), ("course.idle", now + timedelta(days=7)))
    ]
    for table, rows in ((enrolments, places), (progress, behind), (waits, due)):
        tx.execute(insert(table), rows)


@asynccontextmanager
async def crowd(folder: Path) -> AsyncIterator[Crowd]:
    """Start the local Telegram, and the program with all lessons due."""
    async with TelegramServer(seed=1) as server:
        telegram, key = Crowd(server), new_key()
        await seed(folder, key, [*telegram.persons, *telegram.told])
        wanted = {f"{person.bot.id}/{person.id}" for person in telegram.told}

        def teach(tx: Connection) -> None:
            rows = tx.execute(select(addresses.c.id, addresses.c.user_id)).all()
            enrol(tx, [row.user_id for row in rows if row.id in wanted], datetime.now(UTC))

        loaded = load(None, {"MENTORBOT_HOME": str(folder)}, {"encryption.keys": key}, folder)
        async with open_app(loaded, []) as app:
            await app.database.write(teach)
        awake = {"messages.quiet_from": "00:00", "messages.quiet_to": "00:00"}
        async with running(folder, settings(telegram, key) | awake, listening(telegram)):
            yield telegram
