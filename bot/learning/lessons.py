"""Taking a lesson at a time: the next one, its pages, its pictures, the end of it."""

from dataclasses import replace

from bot.learning import endings, pace, pages, paths
from bot.ports import button_id
from bot.turn import Action, Replies, Say, Start, Turn, say
from core.courses import catalogue, enrolments
from core.courses.enrolments import ACTIVE, Enrolment
from core.store.types import Json

OTHERS = 5
NOTHING = (Action("recommend", "recommend.button.again", "primary"), Action("courses", "course.button.all"))


def mine(turn: Turn, arg: str, *states: str) -> Enrolment | None:
    """Find an enrolment of the one who acts, and take its row."""
    found = enrolments.get(turn.tx, int(arg)) if arg.isdecimal() and turn.user is not None else None
    if found is None or found.user_id != turn.me.id:
        return None
    held = enrolments.lock(turn.tx, found.id)
    return held if held.state in (states or (ACTIVE,)) else None


def gone() -> Replies:
    """Say that a button is about a course one is not in."""
    return (say("lesson.gone", Action("courses", "course.button.all", "primary")),)


def lesson(turn: Turn, arg: str) -> Replies:
    """Go on with a course where it was left."""
    enrolment = mine(turn, arg)
    return go_on(turn, enrolment) if enrolment else gone()


def now(turn: Turn, arg: str) -> Replies:
    """Take the next lesson without waiting for its day."""
    enrolment = mine(turn, arg)
    if enrolment is None:
        return gone()
    pace.come(turn, enrolment)
    return go_on(turn, enrolment)


def go_on(turn: Turn, enrolment: Enrolment) -> Replies:
    """Show the lesson in hand, or open the next one, or end the course."""
    course = catalogue.known(turn.tx, enrolment.course_id)
    if course.starts_at is not None and course.starts_at > turn.now:
        return (say("course.soon", at=course.starts_at.isoformat(), title=course.text(turn.locale).title),)
    if enrolment.lesson_id is None:
        following = enrolments.next_lesson(turn.tx, enrolment)
        if following is None:
            return endings.finished(turn, enrolment, course)
        if due := pace.waits_until(turn, enrolment):
            at_once = Action(button_id("lesson_now", enrolment.id), "lesson.button.now", "primary")
            return (say("lesson.later", at_once, at=due.isoformat(), title=course.text(turn.locale).title),)
        enrolment = enrolments.open_lesson(turn.tx, enrolment, following, turn.now)
        pace.opened(turn, enrolment, course)
    pace.touched(turn, enrolment)
    return (Say((pages.shown(turn, enrolment, course),)),)


def learn(turn: Turn, words: str) -> Replies:
    """Go on with what one learned last, other courses a press away; with a topic, plan a way to it."""
    if words:
        return paths.show(turn, words)
    taken = enrolments.of_user(turn.tx, turn.me.id, (ACTIVE,))
    if not taken:
        return paths.newest(turn) or (say("learn.none", *NOTHING),)
    first, *others = taken
    shown = go_on(turn, enrolments.lock(turn.tx, first.id))
    if not others:
        return shown
    courses = catalogue.many(turn.tx, [each.course_id for each in others[:OTHERS]])
    actions = tuple(
        Action(
            button_id("lesson", each.id),
            "course.button.first",
            params={"title": courses[each.course_id].text(turn.locale).title},
        )
        for each in others[:OTHERS]
    )
    return (*shown, say("learn.others", *actions, count=len(others)))


def after(turn: Turn, enrolment: Enrolment) -> Replies:
    """Say how far somebody is after a lesson, and offer the next one, or end the course."""
    following = enrolments.next_lesson(turn.tx, enrolment)
    if following is None or pace.waits_until(turn, enrolment):
        return go_on(turn, enrolment)
    _, text = catalogue.text_of(turn.tx, following.id, following.version, turn.locale)
    behind, every = enrolments.steps(turn.tx, enrolment)
    on = Action(button_id("lesson", enrolment.id), "lesson.button.next", "primary")
    params: dict[str, Json] = {
        "behind": behind,
        "count": every,
        "bar": pages.bar(behind, every),
        "title": text.title,
        "minutes": text.minutes,
    }
    return (say("lesson.next", on, **params),)


def read(turn: Turn, arg: str) -> Replies:
    """Turn to a page of the lesson in hand: `enrolment.lesson.block`."""
    which, _, rest = arg.partition(".")
    number, _, block = rest.partition(".")
    enrolment = mine(turn, which)
    if enrolment is None:
        return gone()
    if str(enrolment.lesson_id) == number and block.isdecimal():
        enrolments.change(turn.tx, enrolment.id, block=int(block[:6]), touched_at=turn.now)
        enrolment = replace(enrolment, block=int(block[:6]))
    return go_on(turn, enrolment)


def done(turn: Turn, arg: str) -> Replies:
    """Finish a lesson without a check: `enrolment.lesson`."""
    which, _, number = arg.partition(".")
    enrolment = mine(turn, which)
    if enrolment is None:
        return gone()
    if str(enrolment.lesson_id) != number:
        return go_on(turn, enrolment)
    assert enrolment.lesson_id is not None
    _, text = catalogue.text_of(turn.tx, enrolment.lesson_id, enrolment.version, turn.locale)
    if text.check is not None:
        return check(turn, arg)
    return finish(turn, enrolment)


def finish(turn: Turn, enrolment: Enrolment) -> Replies:
    """Put the lesson in hand behind somebody, and go on at their pace."""
    assert enrolment.lesson_id is not None
    enrolments.finish_lesson(turn.tx, enrolment, enrolment.lesson_id, turn.now)
    return go_on(turn, enrolments.lock(turn.tx, enrolment.id))


def check(turn: Turn, arg: str) -> Replies:
    """Ask the question at the end of the lesson in hand: `enrolment.lesson`."""
    which, _, number = arg.partition(".")
    enrolment = mine(turn, which)
    if enrolment is None:
        return gone()
    if str(enrolment.lesson_id) != number:
        return go_on(turn, enrolment)
    about: dict[str, Json] = {
        "enrolment": enrolment.id,
        "lesson": enrolment.lesson_id,
        "version": enrolment.version,
    }
    return (Start("check", about),)
