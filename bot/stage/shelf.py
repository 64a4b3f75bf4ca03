"""The courses that come with the program: what the demo's community, and a scripted conversation, can learn."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Connection, insert, select, update

from bot.app import App
from bot.recommending import nightly
from bot.stage.driver import ConsoleDriver
from bot.stage.script import Person
from core import levels, users, work
from core.address import Address
from core.courses import catalogue, enrolments, folder, importing, reviews
from core.courses.catalogue import Course, Lesson
from core.courses.drafts import CourseDraft
from core.store.tables import courses, progress

AGO = timedelta(days=40)
"""When the first of the demo's people began to learn."""
LONG_AGO, OLD = timedelta(days=100), 10
"""When so many of the courses were made; the others are new."""
LEARNERS = 6, 14
"""The fewest and the most who take a course."""
SAYS = {
    "en": (
        "Short lessons that fit into a coffee break.",
        "I finally understood what I had been copying for years.",
        "The questions made me think twice. Good.",
        "Clear, with examples that work. I would have liked a few more exercises.",
    ),
    "zh": (
        "每节都不长，通勤路上就能学完。",
        "例子能直接跑，讲得很清楚。",
        "小测验很有意思，做错了也知道为什么。",
    ),
}


def home() -> Path:
    """Find them: beside the package in a wheel, at the top of a checkout."""
    here = Path(__file__).parents[1]
    inside = here / "courses"
    return inside if inside.is_dir() else here.parent / "courses"


async def stock(app: App, places: Path | None = None, only: tuple[str, ...] = ()) -> list[str]:
    """Bring in the courses of a folder, or some of them; returns their slugs. A faulty one is left out."""
    place = places or home()
    drafts = folder.read(place, app.world.topics)[0] if place.is_dir() else ()
    wanted = [draft for draft in drafts if not only or draft.slug in only]

    def put(tx: Connection, drafts: list[CourseDraft] = wanted) -> list[str]:
        left, _ = importing.sound(tx, drafts)
        now = app.clock()
        return [each.slug for each in importing.put(tx, left, app.world.topics, app.settings.policy, now)]

    return await app.database.write(put)


async def take(
    app: App,
    cast: Sequence[Person],
    now: datetime,
    seed: int,
    at: Callable[[str], Address] = ConsoleDriver.at,
) -> None:
    """Let an invented community have learned: some are in a course, some have finished it and rated it.

    What is recommended is learnt from it at once, as it is every night.
    """
    await app.database.write(lambda tx: _take(tx, cast, now, Random(seed), at))
    await app.database.write(lambda tx: work.put(tx, nightly.KIND, "demo", now))
    await app.worker.drain()


def _take(
    tx: Connection, cast: Sequence[Person], now: datetime, rng: Random, at: Callable[[str], Address]
) -> None:
    learners: list[tuple[int, str]] = []
    for person in cast[1:]:  # the first is whoever plays
        account = users.account_at(tx, at(person.handle))
        if account is not None and account.user_id is not None:
            learners.append((account.user_id, person.locale or "en"))
    for each in catalogue.every(tx):
        course = catalogue.lock(tx, each.id)
        few, many = min(LEARNERS[0], len(learners)), min(LEARNERS[1], len(learners))
        plan = catalogue.lessons_of(tx, course.id)
        for user_id, locale in rng.sample(learners, rng.randint(few, many)):
            _learn(tx, course, plan, user_id, locale, now - rng.random() * AGO, rng)
    reviews.show_averages(tx)
    old = select(courses.c.id).order_by(courses.c.id).limit(OLD)
    tx.execute(update(courses).where(courses.c.id.in_(old)).values(created_at=now - LONG_AGO))


def _learn(
    tx: Connection,
    course: Course,
    plan: Sequence[Lesson],
    user_id: int,
    locale: str,
    begun: datetime,
    rng: Random,
) -> None:
    enrolment, new = enrolments.enrol(tx, course, user_id, begun, drip=False)
    if not new or enrolment.state != enrolments.ACTIVE:
        return
    behind = rng.choice((len(plan), len(plan), rng.randint(0, len(plan))))
    done = [
        {
            "enrolment_id": enrolment.id,
            "lesson_id": lesson.id,
            "opened_at": begun,
            "passed": True,
            "finished_at": begun,
        }
        for lesson in plan[:behind]
    ]
    if done:
        tx.execute(insert(progress), done)
    if behind < len(plan):
        return
    enrolments.finish(tx, enrolment, begun)
    for topic, level in course.topics.items():
        levels.reach(tx, user_id, topic, level)
    if rng.random() < 0.8:
        stars = rng.choice((5, 5, 5, 4, 4, 4, 3))
        words = (
            rng.choice(SAYS["zh" if locale == "zh" else "en"]) if rng.random() < 0.3 and stars > 3 else None
        )
        reviews.rate(tx, course.id, user_id, stars, words, begun, shared=words is not None)
