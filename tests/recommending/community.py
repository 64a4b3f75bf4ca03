"""A community that learns: courses brought in, and people who took them, for the tests of recommending."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, update

from bot.ports import Answer, Pressed, ShownItem
from bot.recommending import nightly
from bot.richtext import plain
from core import work
from core.courses import catalogue, enrolments, reviews
from core.store.tables import courses
from tests.courses.shelf import course, drafts
from tests.courses.shelf import put as bring
from tests.world import World

LONG_AGO = timedelta(days=200)


async def stock(world: World, home: Path, *given: tuple[str, str], old: bool = True, **more: object) -> None:
    """Bring courses in, as (slug, topics with levels); `old` ones are not new here any more.

    `more` is what `tests.courses.shelf.course` takes.
    """
    found = drafts(home, *((slug, course(slug, topics=topics, **more)) for slug, topics in given))  # type: ignore[arg-type]
    now, policy = world.clock.now, world.app.settings.policy

    def put(tx: Connection) -> None:
        bring(tx, *found, now=now, policy=policy)
        if old:
            tx.execute(update(courses).values(created_at=now - LONG_AGO))

    await world.write(put)


async def learnt(
    world: World, who: str, *slugs: str, stars: int | None = None, ago: int = 30, done: bool = True
) -> None:
    """Let somebody have taken courses, one a day, and finished them unless told otherwise."""
    user = await world.user(who)

    def take(tx: Connection) -> None:
        for day, slug in enumerate(slugs):
            at = world.clock.now - timedelta(days=ago - day)
            found = catalogue.by_slug(tx, [slug])[slug]
            enrolment, _ = enrolments.enrol(tx, catalogue.lock(tx, found.id), user, at, drip=False)
            if done:
                enrolments.finish(tx, enrolment, at + timedelta(hours=1))
            if stars is not None:
                reviews.rate(tx, found.id, user, stars, None, at + timedelta(hours=2), shared=False)

    await world.write(take)


async def night(world: World) -> None:
    """Let the night's fit be done, and used."""
    await world.write(lambda tx: work.put(tx, nightly.KIND, "all", world.clock.now))
    assert await world.app.worker.drain()


def titles(answer: Answer, message: int = 0) -> list[str]:
    """The courses or mentors of a list, in their order."""
    return [words(item).partition(" (")[0].partition(" knows")[0] for item in items(answer, message)]


def items(answer: Answer, message: int = 0) -> Sequence[ShownItem]:
    """The lines of a list."""
    return answer.messages[message].items if len(answer.messages) > message else ()


def words(item: ShownItem) -> str:
    """What a line says."""
    return plain(item.body)


def press(answer: Answer, label: str, about: str = "") -> str:
    """The id of the first button with a label, of the line about something; nothing where there is none."""
    lines = [button for message in answer.messages for item in message.items for button in item.buttons]
    own = [button for message in answer.messages for button in message.buttons]
    return next((each.id for each in (*lines, *own) if each.label == label and about in each.about), "")


async def change(world: World, slug: str, **values: object) -> None:
    """Let a course have changed since."""
    values["changed_at"] = world.clock()
    await world.write(lambda tx: tx.execute(update(courses).where(courses.c.slug == slug).values(**values)))


async def course_id(world: World, slug: str) -> int:
    """Give a course's id."""
    return await world.read(lambda tx: catalogue.by_slug(tx, [slug])[slug].id)


async def begin(world: World, who: str, slug: str) -> str:
    """Let somebody begin a course, and give what they read."""
    return await world.pushes(who, f"enrol:{await course_id(world, slug)}")


async def place(world: World, who: str, slug: str) -> int:
    """Give the id of somebody's place in a course."""
    user, course = await world.user(who), await course_id(world, slug)
    found = await world.read(lambda tx: enrolments.find(tx, course, user))
    assert found is not None
    return found.id


async def pressed(world: World, who: str, button: str) -> Answer:
    """Let somebody press a button by its id."""
    action, _, arg = button.partition(":")
    return await world.does(who, Pressed(action, arg))
