"""At which pace somebody learns: their own, or a lesson every few days; and what happens when they stop."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update

from bot.learning import pages
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Turn
from core import users, waits
from core.courses import catalogue, enrolments
from core.courses.catalogue import OPEN, Course, Lesson
from core.courses.drafts import LessonText
from core.courses.enrolments import ACTIVE, Enrolment
from core.store.tables import enrolments as table
from core.store.tables import waits as waiting
from core.store.types import Json

NEXT, IDLE = "course.lesson", "course.idle"


def touched(turn: Turn, enrolment: Enrolment) -> None:
    """Somebody learns: they are not idle before another while is over."""
    waits.put(turn.tx, IDLE, enrolment.id, turn.now + turn.policy.idle_wait)


def opened(turn: Turn, enrolment: Enrolment, course: Course) -> None:
    """A lesson was opened: in a drip, the next one comes some days from now."""
    if enrolment.drip:
        waits.put(turn.tx, NEXT, enrolment.id, turn.now + days(turn, course))


def days(turn: Turn, course: Course) -> timedelta:
    """Say how long there is between two lessons of a drip."""
    return timedelta(days=course.drip_days or turn.policy.drip_days)


def come(turn: Turn, enrolment: Enrolment) -> None:
    """Let the next lesson come at once."""
    waits.cancel(turn.tx, NEXT, enrolment.id)


def waits_until(turn: Turn, enrolment: Enrolment) -> datetime | None:
    """Say when the next lesson of a drip comes; None where it may come now."""
    if not enrolment.drip:
        return None
    where = (waiting.c.kind == NEXT, waiting.c.subject == str(enrolment.id))
    due: datetime | None = turn.tx.execute(select(waiting.c.due_at).where(*where)).scalar()
    return due if due is not None and due > turn.now else None


def stop(turn: Turn, enrolment: Enrolment) -> None:
    """Nothing comes by itself any more."""
    for kind in (NEXT, IDLE):
        waits.cancel(turn.tx, kind, enrolment.id)
    box.cancel(turn.tx, f"enrolment:{enrolment.id}", turn.now)


# --- What time does ---------------------------------------------------------------------------------------------


def due(turn: Turn, ids: Sequence[int]) -> None:
    """Send the next lesson to all for whom it is due; who has one in hand gets the next when that is finished."""
    rows = turn.tx.execute(
        select(*enrolments.COLUMNS)
        .where(table.c.id.in_(list(ids)), table.c.state == ACTIVE, table.c.lesson_id.is_(None))
        .order_by(table.c.id)
        .with_for_update()
    )
    ready = [Enrolment(*row) for row in rows]
    courses = catalogue.many(turn.tx, sorted({each.course_id for each in ready}))
    people = users.many(turn.tx, sorted({each.user_id for each in ready}))
    platforms = users.platforms(turn.tx, list(people))
    opening: list[tuple[Enrolment, Lesson]] = []
    steps: dict[int, tuple[int, int]] = {}
    behind = enrolments.finished_by(turn.tx, [each.id for each in ready])
    plans = {one: catalogue.lessons_of(turn.tx, one) for one in courses}
    for each in ready:
        plan, finished = plans[each.course_id], behind.get(each.id, frozenset())
        steps[each.id] = (sum(lesson.id in finished for lesson in plan), len(plan))
        following = next((lesson for lesson in plan if lesson.id not in finished), None)
        if following is not None and courses[each.course_id].state == OPEN:
            opening.append((each, following))
    if opening:
        enrolments.open_lessons(turn.tx, opening, turn.now)
    letters: list[Letter] = []
    texts: dict[tuple[int, int, str], tuple[str, LessonText]] = {}
    for enrolment, lesson in opening:
        course, reader = courses[enrolment.course_id], people[enrolment.user_id]
        key = (lesson.id, lesson.version, reader.locale)
        if key not in texts:
            texts[key] = catalogue.text_of(turn.tx, *key)
        held = replace(enrolment, lesson_id=lesson.id, version=lesson.version, block=0)
        room = turn.screen(platforms.get(reader.id, "")) - pages.SPARE
        message, page = pages.page_of(held, course, texts[key][1], steps[held.id], reader.locale, room)
        once = f"lesson:{held.id}:{lesson.id}:{turn.now.isoformat()}"
        letters.append(Letter("lesson", reader.id, message, once, f"enrolment:{held.id}"))
        pages.send_pictures(turn, held, course, page)
    box.put_all(turn.tx, turn.now, letters)
    _wait_all(turn, opening, courses)


def _wait_all(turn: Turn, opening: Sequence[tuple[Enrolment, Lesson]], courses: Mapping[int, Course]) -> None:
    """Let the lessons after these come in their time, with few statements however many they are."""
    following = [
        {"kind": NEXT, "subject": str(each.id), "due_at": turn.now + days(turn, courses[each.course_id])}
        for each, _ in opening
    ]
    waits.put_all(turn.tx, following)
    idle = [{"subject_": str(each.id), "due": turn.now + turn.policy.idle_wait} for each, _ in opening]
    if idle:
        turn.tx.execute(
            update(waiting)
            .where(waiting.c.kind == IDLE, waiting.c.subject == bindparam("subject_"))
            .values(due_at=bindparam("due")),
            idle,
        )


def idle(turn: Turn, enrolment_id: int) -> None:
    """Offer help to somebody who has not learned for a while."""
    enrolment = enrolments.get(turn.tx, enrolment_id)
    if enrolment is None or enrolment.state != ACTIVE:
        return
    if enrolment.touched_at + turn.policy.idle_wait > turn.now:
        waits.put(turn.tx, IDLE, enrolment_id, enrolment.touched_at + turn.policy.idle_wait)
        return
    remind(turn, enrolment)


def again(turn: Turn, enrolment_id: int) -> None:
    """Remind of a course again, after a snooze, if nothing was learnt meanwhile."""
    enrolment = enrolments.get(turn.tx, enrolment_id)
    if enrolment is None or enrolment.state != ACTIVE:
        return
    if enrolment.touched_at + turn.policy.idle_wait <= turn.now:
        remind(turn, enrolment)


def remind(turn: Turn, enrolment: Enrolment) -> None:
    """Say where somebody stands in a course, and what they can do."""
    course = catalogue.known(turn.tx, enrolment.course_id)
    reader = users.known(turn.tx, enrolment.user_id)
    behind, every = enrolments.steps(turn.tx, enrolment)
    params: dict[str, Json] = {
        "title": course.text(reader.locale).title,
        "behind": behind,
        "count": every,
        "bar": pages.bar(behind, every),
    }
    actions = (
        Action(button_id("lesson", enrolment.id), "course.button.go_on", "primary"),
        Action(button_id("stuck", enrolment.id), "lesson.button.mentor"),
        Action(button_id("snooze", f"course.{enrolment.id}"), "snooze.button"),
        Action(button_id("leave_course", enrolment.id), "course.button.leave"),
    )
    message = Message("course.idle", params, actions)
    once = f"{IDLE}:{enrolment.id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter(IDLE, reader.id, message, once, f"enrolment:{enrolment.id}"))
