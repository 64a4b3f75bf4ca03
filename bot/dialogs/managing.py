"""What organisers press to look after courses: the list, a course's parts, its lessons."""

from collections.abc import Sequence
from dataclasses import replace

from bot.learning import editing
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core.courses import catalogue
from core.courses.catalogue import OPEN, WITHDRAWN, Course
from core.store.types import Json

PARTS = ("title", "about", "outcomes", "topics", "level", "requires", "starts", "ends", "capacity", "drip")
LESSON_PARTS = ("heading", "body", "check")
PAGE = 10


def manage(turn: Turn, arg: str) -> Replies:
    """List all courses, the withdrawn ones too; `arg` is where the page begins."""
    start = int(arg[:6]) if arg.isdecimal() else 0
    every = catalogue.every(turn.tx, withdrawn=True)
    items = tuple(
        Item(
            "manage.item",
            {
                "title": course.text(turn.locale).title,
                "enrolled": course.enrolled,
                "withdrawn": course.state != OPEN,
            },
            (Action(button_id("edit_course", course.id), "manage.button.edit"),),
        )
        for course in every[start : start + PAGE]
    )
    actions = [Action("new_course", "manage.button.new", "primary")]
    if start + PAGE < len(every):
        actions.append(Action(button_id("manage", start + PAGE), "course.button.more"))
    return (Say((Message("manage.list", {"count": len(every)}, tuple(actions), items),)),)


def new_course(turn: Turn, arg: str) -> Replies:
    """Write a new course."""
    del turn, arg
    return (Start("new_course"),)


def edit_course(turn: Turn, arg: str) -> Replies:
    """Show a course with all that can be changed."""
    course = catalogue.get(turn.tx, int(arg)) if arg.isdecimal() else None
    return (shown(turn, course),) if course else _gone()


def shown(turn: Turn, course: Course) -> Say:
    """Show a course's parts and lessons, each with its button."""
    draft = editing.stored(turn, course)
    text = course.text(turn.locale)
    values: dict[str, Json] = {
        "title": text.title,
        "about": text.about,
        "outcomes": " · ".join(text.outcomes),
        "topics": [[topic, level] for topic, level in draft.topics.items()],
        "level": draft.level,
        "requires": ", ".join(titles_of(turn, draft.requires)) or None,
        "starts": draft.starts.isoformat() if draft.starts else None,
        "ends": draft.ends.isoformat() if draft.ends else None,
        "capacity": draft.capacity,
        "drip": draft.drip,
    }
    parts = tuple(
        Item(
            f"manage.part.{part}",
            {"value": values[part]},
            (Action(button_id("course_part", f"{course.id}.{part}"), "manage.button.change"),),
        )
        for part in PARTS
    )
    lessons = tuple(
        Item(
            "manage.lesson",
            {"number": number, "title": title, "module": text.modules[lesson.module]},
            (Action(button_id("edit_lesson", lesson.id), "manage.button.edit"),),
        )
        for number, (lesson, title) in enumerate(catalogue.titles(turn.tx, course.id, turn.locale), 1)
    )
    offered = course.state == OPEN
    actions = (
        Action(button_id("add_lesson", course.id), "manage.button.add", "primary"),
        Action(
            button_id("withdraw_course" if offered else "offer_course", course.id),
            "manage.button.withdraw" if offered else "manage.button.offer",
            "danger" if offered else "plain",
        ),
        Action("manage", "manage.button.all"),
    )
    params: dict[str, Json] = {
        "title": text.title,
        "language": course.language(turn.locale),
        "languages": list(course.texts),
        "enrolled": course.enrolled,
        "withdrawn": not offered,
    }
    return Say((Message("manage.course", params, actions, (*parts, *lessons)),))


def titles_of(turn: Turn, slugs: Sequence[str]) -> list[str]:
    """Give the titles of courses."""
    known = catalogue.by_slug(turn.tx, slugs)
    return [known[slug].text(turn.locale).title for slug in slugs if slug in known]


def _gone() -> Replies:
    return (say("course.gone", Action("manage", "manage.button.all")),)


def course_part(turn: Turn, arg: str) -> Replies:
    """Change a part of a course: `7.title`."""
    number, _, part = arg.partition(".")
    course = catalogue.get(turn.tx, int(number)) if number.isdecimal() else None
    if course is None or part not in PARTS:
        return _gone()
    return (Start("course_part", {"course": course.id, "part": part}),)


def add_lesson(turn: Turn, arg: str) -> Replies:
    """Write another lesson."""
    course = catalogue.get(turn.tx, int(arg)) if arg.isdecimal() else None
    return (Start("course_lesson", {"course": course.id}),) if course else _gone()


def edit_lesson(turn: Turn, arg: str) -> Replies:
    """Show a lesson with what can be done to it."""
    found = editing.lesson_of(turn, arg)
    if found is None:
        return _gone()
    course, lesson = found
    _, text = catalogue.text_of(turn.tx, lesson.id, lesson.version, turn.locale)
    actions = (
        *(
            Action(button_id("lesson_part", f"{lesson.id}.{part}"), f"manage.button.{part}")
            for part in LESSON_PARTS
        ),
        Action(button_id("raise_lesson", lesson.id), "manage.button.up"),
        Action(button_id("drop_lesson", lesson.id), "manage.button.drop", "danger"),
        Action(button_id("edit_course", course.id), "manage.button.course"),
    )
    params: dict[str, Json] = {
        "title": text.title,
        "minutes": text.minutes,
        "body": text.body[:1000],
        "cut": len(text.body) > 1000,
        "question": text.check.question if text.check else None,
    }
    return (say("manage.lesson.shown", *actions, **params),)


def lesson_part(turn: Turn, arg: str) -> Replies:
    """Change a part of a lesson: `12.body`."""
    number, _, part = arg.partition(".")
    found = editing.lesson_of(turn, number)
    if found is None or part not in LESSON_PARTS:
        return _gone()
    return (Start("lesson_part", {"lesson": found[1].id, "part": part}),)


def raise_lesson(turn: Turn, arg: str) -> Replies:
    """Put a lesson one place up."""
    found = editing.lesson_of(turn, arg)
    if found is None:
        return _gone()
    course, lesson = found
    editing.apply(turn, editing.raised(editing.stored(turn, course), lesson.slug))
    return (shown(turn, catalogue.known(turn.tx, course.id)),)


def drop_lesson(turn: Turn, arg: str) -> Replies:
    """Take a lesson out; who is in it reads it to its end."""
    found = editing.lesson_of(turn, arg)
    if found is None:
        return _gone()
    course, lesson = found
    if course.lessons == 1:
        return (say("manage.last", Action(button_id("edit_course", course.id), "manage.button.course")),)
    editing.apply(turn, editing.without(editing.stored(turn, course), lesson.slug))
    return (say("manage.dropped"), shown(turn, catalogue.known(turn.tx, course.id)))


def withdraw_course(turn: Turn, arg: str) -> Replies:
    """Offer a course no more; who is in it may finish it."""
    return _set(turn, arg, WITHDRAWN)


def offer_course(turn: Turn, arg: str) -> Replies:
    """Offer a course again."""
    return _set(turn, arg, OPEN)


def _set(turn: Turn, arg: str, state: str) -> Replies:
    course = catalogue.get(turn.tx, int(arg)) if arg.isdecimal() else None
    if course is None:
        return _gone()
    draft = editing.stored(turn, catalogue.lock(turn.tx, course.id))
    editing.apply(turn, replace(draft, withdrawn=state == WITHDRAWN))
    return (shown(turn, catalogue.known(turn.tx, course.id)),)
