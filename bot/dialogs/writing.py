"""The forms in which organisers write courses: a new one, a part of one, a lesson, a part of a lesson."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from bot.dialogs import managing
from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Choice, Day, Field, Number, Option, Text, When
from bot.learning import cohorts, editing
from bot.turn import Replies, Start, Turn, say
from core.courses import catalogue
from core.courses.building import ABOUT_LIMIT, MOST_OUTCOMES, MOST_TOPICS
from core.courses.catalogue import Course
from core.courses.drafts import CourseDraft, LessonText
from core.courses.lessons import (
    BODY_LIMIT,
    EXPLANATION_LIMIT,
    MOST_MINUTES,
    QUESTION_LIMIT,
    TITLE_LIMIT,
)
from core.reading import Problem
from core.store.types import Json

LISTS = 1500
"""Characters of outcomes or options, a line each."""
LEVELS = tuple(Option(str(level)) for level in range(1, 6))
KINDS = tuple(map(Option, ("none", "one", "several", "text")))


def _course(turn: Turn, args: Args) -> Course | None:
    number = args.get("course")
    return catalogue.get(turn.tx, number) if isinstance(number, int) else None


def _topics() -> Choice:
    return Choice(key="topics", search="topics", many=True, levels=5, free=True, most=MOST_TOPICS)


def levels_of(answer: Json) -> dict[str, int]:
    """Read topics with levels; who gave none means the first level."""
    pairs: Any = answer if isinstance(answer, list) else []
    return {str(topic): level or 1 for topic, level in pairs}


# --- A new course -----------------------------------------------------------------------------------------------


def _new_fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (
        Text(key="title", limit=TITLE_LIMIT),
        Text(key="about", limit=ABOUT_LIMIT, lines=True),
        Text(key="outcomes", limit=LISTS, lines=True),
        _topics(),
        Choice(key="level", options=LEVELS),
    )


def _new(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Go on to the first lesson: a course without one would be none."""
    del args
    if not turn.is_organiser:
        return Refused("error.forbidden")
    outcomes = editing.lines(answers["outcomes"])
    if not 1 <= len(outcomes) <= MOST_OUTCOMES:
        return Refused("manage.wrong.outcomes", {}, "outcomes")
    said: dict[str, Json] = {
        "title": answers["title"],
        "about": answers["about"],
        "outcomes": outcomes,
        "topics": levels_of(answers["topics"]),
        "level": int(str(answers["level"])),
    }
    return (say("new_course.first"), Start("course_lesson", {"new": said}))


NEW_COURSE = Dialog("new_course", _new_fields, _new)


# --- A lesson ---------------------------------------------------------------------------------------------------


def _check_fields() -> tuple[Field, ...]:
    asked = When("kind", ("one", "several", "text"))
    return (
        Choice(key="kind", options=KINDS),
        Text(key="question", limit=QUESTION_LIMIT, lines=True, when=asked),
        Text(key="options", limit=LISTS, lines=True, when=When("kind", ("one", "several"))),
        Text(key="answer", limit=LISTS, lines=True, when=asked),
        Text(key="explanation", limit=EXPLANATION_LIMIT, lines=True, when=asked),
    )


def _lesson_fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (
        Text(key="title", limit=TITLE_LIMIT),
        Number(key="minutes", low=1, high=MOST_MINUTES),
        Text(key="module", required=False, limit=TITLE_LIMIT),
        Text(key="body", limit=BODY_LIMIT, lines=True),
        *_check_fields(),
    )


def _written(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    if not turn.is_organiser:
        return Refused("error.forbidden")
    body = str(answers["body"])
    if wrong := editing.unfit(body):
        return Refused(wrong.key, wrong.params, "body")
    check = editing.check_from(answers)
    if isinstance(check, Problem):
        return _about_check(check)
    text = LessonText(str(answers["title"]), int(str(answers["minutes"])), body, check)
    module = str(answers.get("module") or "")
    said = args.get("new")
    if isinstance(said, dict):
        draft = editing.new(turn, turn.locale, said, text, module or str(said["title"]))
    else:
        course = _course(turn, args)
        if course is None:
            return Refused("course.gone")
        course = catalogue.lock(turn.tx, course.id)
        language = course.language(turn.locale)
        draft = editing.added(editing.stored(turn, course), language, text, module)
    problem = editing.apply(turn, draft)
    if problem:
        return Refused(problem.key, problem.params, "body")
    course = catalogue.by_slug(turn.tx, [draft.slug])[draft.slug]
    return (say("manage.kept"), managing.shown(turn, course))


def _about_check(problem: Problem) -> Refused:
    field = "options" if problem.key in ("manage.wrong.options", "manage.wrong.twice") else "answer"
    return Refused(problem.key, problem.params, field)


COURSE_LESSON = Dialog("course_lesson", _lesson_fields, _written)


# --- A part of a lesson -----------------------------------------------------------------------------------------


def _lesson_text(turn: Turn, args: Args) -> LessonText | None:
    found = editing.lesson_of(turn, str(args.get("lesson")))
    return catalogue.text_of(turn.tx, found[1].id, found[1].version, turn.locale)[1] if found else None


def _part_of_lesson(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, answers
    match args["part"]:
        case "heading":
            return (Text(key="title", limit=TITLE_LIMIT), Number(key="minutes", low=1, high=MOST_MINUTES))
        case "body":
            return (Text(key="body", limit=BODY_LIMIT, lines=True),)
        case _:
            return _check_fields()


def _lesson_now(turn: Turn, args: Args) -> Mapping[str, Json]:
    text = _lesson_text(turn, args)
    if text is None:
        return {}
    check = text.check
    now: dict[str, Json] = {"title": text.title, "minutes": text.minutes, "body": text.body}
    if check is None:
        return {**now, "kind": "none"}
    return {
        **now,
        "kind": check.kind,
        "question": check.question,
        "options": "\n".join(check.options),
        "answer": "\n".join(map(str, check.answer)),
        "explanation": check.explanation,
    }


def _lesson_changed(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    found = editing.lesson_of(turn, str(args["lesson"]))
    if not turn.is_organiser:
        return Refused("error.forbidden")
    if found is None:
        return Refused("course.gone")
    course, lesson = found
    language, text = catalogue.text_of(turn.tx, lesson.id, lesson.version, turn.locale)
    field = "body"
    match args["part"]:
        case "heading":
            text = replace(text, title=str(answers["title"]), minutes=int(str(answers["minutes"])))
            field = "title"
        case "body":
            if wrong := editing.unfit(str(answers["body"])):
                return Refused(wrong.key, wrong.params, "body")
            text = replace(text, body=str(answers["body"]))
        case _:
            check = editing.check_from(answers)
            if isinstance(check, Problem):
                return _about_check(check)
            text, field = replace(text, check=check), "kind"
    draft = editing.with_lesson(editing.stored(turn, course), lesson.slug, language, text)
    problem = editing.apply(turn, draft)
    if problem:
        return Refused(problem.key, problem.params, field)
    return (say("manage.kept"), *managing.edit_lesson(turn, str(lesson.id)))


LESSON_PART = Dialog("lesson_part", _part_of_lesson, _lesson_changed, initial=_lesson_now)


# --- A part of a course -----------------------------------------------------------------------------------------


def _part_fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, answers
    part = str(args["part"])
    fields: Mapping[str, Field] = {
        "title": Text(key="title", limit=TITLE_LIMIT),
        "about": Text(key="about", limit=ABOUT_LIMIT, lines=True),
        "outcomes": Text(key="outcomes", limit=LISTS, lines=True),
        "topics": _topics(),
        "level": Choice(key="level", options=LEVELS),
        "requires": Text(key="requires", required=False, limit=LISTS, lines=True),
        "starts": Day(key="starts", required=False),
        "ends": Day(key="ends", required=False),
        "capacity": Number(key="capacity", required=False, low=1, high=100_000),
        "drip": Number(key="drip", required=False, low=1, high=60),
    }
    return (fields[part],)


def _part_now(turn: Turn, args: Args) -> Mapping[str, Json]:
    course = _course(turn, args)
    if course is None:
        return {}
    draft = editing.stored(turn, course)
    text = course.text(turn.locale)
    return {
        "title": text.title,
        "about": text.about,
        "outcomes": "\n".join(text.outcomes),
        "topics": [[topic, level] for topic, level in draft.topics.items()],
        "level": str(draft.level),
        "requires": "\n".join(managing.titles_of(turn, draft.requires)) or None,
        "starts": draft.starts.isoformat() if draft.starts else None,
        "ends": draft.ends.isoformat() if draft.ends else None,
        "capacity": draft.capacity,
        "drip": draft.drip,
    }


def _part_changed(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    course = _course(turn, args)
    if not turn.is_organiser:
        return Refused("error.forbidden")
    if course is None:
        return Refused("course.gone")
    course = catalogue.lock(turn.tx, course.id)
    part = str(args["part"])
    draft = _changed(turn, course, part, answers.get(part))
    if isinstance(draft, Refused):
        return draft
    problem = editing.apply(turn, draft)
    if problem:
        return Refused(problem.key, problem.params, part)
    course = catalogue.known(turn.tx, course.id)
    if part == "capacity":
        cohorts.fill(turn, course)
    return (say("manage.kept"), managing.shown(turn, course))


def _changed(turn: Turn, course: Course, part: str, answer: Any) -> CourseDraft | Refused:  # noqa: ANN401  an answer
    """Change one part of a draft."""
    draft = editing.stored(turn, course)
    language = course.language(turn.locale)
    if part in ("title", "about"):
        return editing.with_text(draft, language, **{part: answer})
    if part == "outcomes":
        outcomes = editing.lines(answer)
        if not 1 <= len(outcomes) <= MOST_OUTCOMES:
            return Refused("manage.wrong.outcomes", {}, part)
        return editing.with_text(draft, language, outcomes=tuple(outcomes))
    if part == "requires":
        wanted = editing.lines(str(answer or "").replace(",", "\n").replace("，", "\n"))
        found, unknown = _named(turn, wanted)
        if unknown:
            return Refused("manage.wrong.unknown", {"typed": unknown[:60]}, part)
        if course.slug in found:
            return Refused("manage.wrong.itself", {}, part)
        return replace(draft, requires=tuple(found))
    values: Mapping[str, Any] = {
        "topics": lambda: levels_of(answer),
        "level": lambda: int(answer),
        "starts": lambda: date.fromisoformat(answer) if answer else None,
        "ends": lambda: date.fromisoformat(answer) if answer else None,
        "capacity": lambda: answer,
        "drip": lambda: answer,
    }
    changed = replace(draft, **{part: values[part]()})
    if changed.starts and changed.ends and changed.ends < changed.starts:
        return Refused("manage.wrong.ends", {}, part)
    return changed


def _named(turn: Turn, wanted: list[str]) -> tuple[list[str], str]:
    """Find courses by slug or title; gives their slugs, and the first name that none has."""
    every = catalogue.every(turn.tx, withdrawn=True)
    names = {text.title.casefold(): course.slug for course in every for text in course.texts.values()}
    names |= {course.slug: course.slug for course in every}
    found: list[str] = []
    for name in wanted:
        slug = names.get(name.casefold())
        if slug is None:
            return found, name
        if slug not in found:
            found.append(slug)
    return found, ""


COURSE_PART = Dialog("course_part", _part_fields, _part_changed, initial=_part_now)
