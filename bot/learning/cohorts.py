"""Places in courses: enrolling, the waiting list, the day a cohort begins, and its meetings."""

from datetime import datetime, timedelta

from bot.learning import lessons, pace
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Replies, Turn, say, swap
from core import levels, users, waits
from core.courses import catalogue, enrolments
from core.courses.catalogue import OPEN, Course
from core.courses.enrolments import ACTIVE, DONE, LEFT, WAITING, Enrolment
from core.store.types import Json

DAY_BEFORE, SOON = timedelta(hours=24), timedelta(minutes=15)
START, MEETING = "course.start", "course.meeting"


def enrol(turn: Turn, arg: str) -> Replies:
    """Take a course at one's own pace; `7.yes` though something it builds on is missing."""
    return _enrol(turn, arg, drip=False)


def drip(turn: Turn, arg: str) -> Replies:
    """Take a course a lesson every few days."""
    return _enrol(turn, arg, drip=True)


def _enrol(turn: Turn, arg: str, *, drip: bool) -> Replies:
    number, _, sure = arg.partition(".")
    course = catalogue.get(turn.tx, int(number)) if number.isdecimal() else None
    if course is None:
        return (say("course.gone", Action("courses", "course.button.all", "primary")),)
    course = catalogue.lock(turn.tx, course.id)
    title = course.text(turn.locale).title
    before = enrolments.find(turn.tx, course.id, turn.me.id)
    if before is not None and before.state != LEFT:
        return _already(turn, before, course)
    if course.state != OPEN:
        return (say("course.withdrawn", Action("courses", "course.button.all", "primary"), title=title),)
    if course.ends_at is not None and course.ends_at <= turn.now:
        return (say("course.over", Action("courses", "course.button.all", "primary"), title=title),)
    lacking = _lacking(turn, course)
    if lacking and sure != "yes":
        verb = "drip" if drip else "enrol"
        actions = [
            Action(
                button_id("course", each.id),
                "course.button.first",
                params={"title": each.text(turn.locale).title},
            )
            for each in lacking
        ]
        anyway = Action(button_id(verb, f"{course.id}.yes"), "course.button.anyway")
        names: Json = [each.text(turn.locale).title for each in lacking]
        return (say("course.lacking", *actions[:3], anyway, title=title, names=names),)
    enrolment, _ = enrolments.enrol(turn.tx, course, turn.me.id, turn.now, drip=drip)
    if enrolment.state == WAITING:
        ahead = len(enrolments.of_course(turn.tx, course.id, (WAITING,)))
        out = Action(button_id("leave_course", enrolment.id), "course.button.leave")
        return (say("course.waiting", out, title=title, count=ahead),)
    follow(turn, course)
    days = pace.days(turn, course).days if drip else None
    return (say("course.enrolled", title=title, days=days), *lessons.go_on(turn, enrolment))


def _lacking(turn: Turn, course: Course) -> list[Course]:
    """List what a course builds on and somebody has neither done here nor knows otherwise."""
    done = enrolments.done_slugs(turn.tx, turn.me.id)
    known = levels.of(turn.tx, turn.me.id)
    needed = catalogue.by_slug(turn.tx, [slug for slug in course.requires if slug not in done])
    return [
        each
        for each in needed.values()
        if each.state == OPEN and any(known.get(topic, 0) < level for topic, level in each.topics.items())
    ]


def _already(turn: Turn, mine: Enrolment, course: Course) -> Replies:
    title = course.text(turn.locale).title
    if mine.state == WAITING:
        out = Action(button_id("leave_course", mine.id), "course.button.leave")
        return (say("course.already.waiting", out, title=title),)
    if mine.state == DONE:
        get = Action(button_id("certificate", mine.id), "certificate.button.get")
        return (say("course.already.done", get, title=title),)
    assert mine.state == ACTIVE
    on = Action(button_id("lesson", mine.id), "course.button.go_on", "primary")
    return (say("course.already.active", on, title=title),)


def fill(turn: Turn, course: Course) -> None:
    """Give the places that a course has now to those who wait for one."""
    while (promoted := enrolments.fill(turn.tx, course, turn.now)) is not None:
        let_in(turn, course, promoted)


def let_in(turn: Turn, course: Course, enrolment: Enrolment) -> None:
    """Tell somebody on the waiting list that there is a place for them now."""
    reader = users.known(turn.tx, enrolment.user_id)
    on = Action(button_id("lesson", enrolment.id), "course.button.begin", "primary")
    out = Action(button_id("leave_course", enrolment.id), "course.button.leave")
    message = Message("course.let_in", {"title": course.text(reader.locale).title}, (on, out))
    once = f"course.let_in:{enrolment.id}:{enrolment.enrolled_at.isoformat()}"
    box.put(turn.tx, turn.now, Letter("course", reader.id, message, once, f"enrolment:{enrolment.id}"))
    pace.touched(turn, enrolment)


def leave(turn: Turn, arg: str) -> Replies:
    """Leave a course, or its waiting list; what was done stays, should they come back."""
    enrolment = enrolments.get(turn.tx, int(arg)) if arg.isdecimal() else None
    if enrolment is None or enrolment.user_id != turn.me.id:
        return (say("lesson.gone", Action("courses", "course.button.all", "primary")),)
    course = catalogue.lock(turn.tx, enrolment.course_id)
    held = enrolments.lock(turn.tx, enrolment.id)
    if held.state not in (ACTIVE, WAITING):
        return (say("lesson.gone", Action("courses", "course.button.all", "primary")),)
    pace.stop(turn, held)
    promoted = enrolments.leave(turn.tx, course, held, turn.now)
    if promoted is not None:
        let_in(turn, course, promoted)
    back = Action(button_id("course", course.id), "course.button.see")
    return (swap("course.left", back, title=course.text(turn.locale).title, waiting=held.state == WAITING),)


# --- What time does ---------------------------------------------------------------------------------------------


def follow(turn: Turn, course: Course) -> None:
    """Wait for the day a cohort begins and for its meetings; done whenever somebody comes in or it is changed."""
    if course.starts_at is not None and course.starts_at > turn.now:
        waits.put(turn.tx, START, course.id, course.starts_at)
    following = next_meeting(turn, course)
    if following is not None:
        waits.put(turn.tx, MEETING, course.id, following[1])


def next_meeting(turn: Turn, course: Course) -> tuple[datetime, datetime] | None:
    """Give the next reminder of a meeting that is still to come: the meeting, and when to remind of it."""
    times = [
        (at, at - before) for at in course.meetings for before in (DAY_BEFORE, SOON) if at - before > turn.now
    ]
    return min(times, key=lambda each: each[1], default=None)


def start(turn: Turn, course_id: int) -> None:
    """A cohort begins: everybody in it is told, its mentor too."""
    course = catalogue.get(turn.tx, course_id)
    if course is None or course.starts_at is None:
        return
    if course.starts_at > turn.now:
        follow(turn, course)
        return
    learners = enrolments.of_course(turn.tx, course_id, (ACTIVE,))
    for each in learners:
        reader = users.known(turn.tx, each.user_id)
        on = Action(button_id("lesson", each.id), "course.button.begin", "primary")
        message = Message("course.begins", {"title": course.text(reader.locale).title}, (on,))
        once = f"course.begins:{each.id}:{course.starts_at.isoformat()}"
        box.put(turn.tx, turn.now, Letter("course", reader.id, message, once, f"enrolment:{each.id}"))
        pace.touched(turn, each)
    mentor = users.get(turn.tx, course.mentor_id) if course.mentor_id else None
    if mentor is not None:
        names: Json = list(users.names(turn.tx, [each.user_id for each in learners]).values())
        message = Message("course.begins.mentor", {"title": course.text(mentor.locale).title, "names": names})
        once = f"course.begins:{course_id}:mentor:{course.starts_at.isoformat()}"
        box.put(turn.tx, turn.now, Letter("course", mentor.id, message, once, f"course:{course_id}"))


def meeting(turn: Turn, course_id: int) -> None:
    """Remind everybody in a cohort of its meeting, a day and a quarter of an hour before."""
    course = catalogue.get(turn.tx, course_id)
    if course is None:
        return
    soon = [
        (at, "course.meeting.soon" if at - SOON <= turn.now else "course.meeting.day")
        for at in course.meetings
        if at - DAY_BEFORE <= turn.now < at
    ]
    people = [each.user_id for each in enrolments.of_course(turn.tx, course_id, (ACTIVE, DONE))]
    readers = users.many(turn.tx, [*people, *([course.mentor_id] if course.mentor_id else [])])
    for at, kind in soon:
        link = turn.policy.meeting_link.format(room=f"mentoring-{course.room}")
        for reader in readers.values():
            params: dict[str, Json] = {
                "title": course.text(reader.locale).title, "at": at.isoformat(), "link": link,
            }  # fmt: skip
            once = f"{kind}:{course_id}:{at.isoformat()}:{reader.id}"
            letter = Letter(
                kind, reader.id, Message(kind, params), once, f"course:{course_id}", expires_at=at + SOON
            )
            box.put(turn.tx, turn.now, letter)
    follow(turn, course)
