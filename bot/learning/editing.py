"""Courses written in chat: a draft of what is stored, changed and brought in again as any other.

What is said of a course is changed in the language that the organiser reads it in.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from bot.turn import Turn
from core.courses import bodies, catalogue, folder, importing
from core.courses.building import SLUG_LIMIT, build
from core.courses.catalogue import Course, Lesson
from core.courses.drafts import (
    Check,
    CourseDraft,
    CourseText,
    Fault,
    Kind,
    LessonDraft,
    LessonText,
    Raw,
    RawLesson,
)
from core.courses.lines import Path
from core.reading import Problem


def slug_of(text: str, taken: set[str], otherwise: str) -> str:
    """Make a slug of a title, which no other has."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall("[a-z0-9]+", plain))[: SLUG_LIMIT - 4].strip("-") or otherwise
    return next(
        name for name in (slug, *(f"{slug}-{number}" for number in range(2, 10_000))) if name not in taken
    )


def stored(turn: Turn, course: Course) -> CourseDraft:
    """Give a course as a draft."""
    return importing.stored(turn.tx, course, turn.policy)


def apply(turn: Turn, draft: CourseDraft) -> Problem | None:
    """Bring a draft in; gives what is wrong with it, and then nothing is changed."""
    sound, wrong = build(_raw(draft), turn.topics)
    if sound is None:
        return _problem(wrong[0])
    together = importing.faults(turn.tx, [sound])
    if together:
        return _problem(together[0])
    importing.put(turn.tx, [sound], turn.topics, turn.policy, turn.now)
    return None


def _problem(fault: Fault) -> Problem:
    """Say in the organiser's language what is wrong; what no form lets through is told as for files."""
    known = {
        "circle": "manage.wrong.circle",
        "differs between": "manage.wrong.shape",
        "is missing: put": "manage.wrong.picture",
    }
    key = next((key for part, key in known.items() if part in fault.why), "manage.wrong.other")
    return Problem(key, {"why": fault.why})


def _raw(draft: CourseDraft) -> Raw:
    """Write a draft as what it would be read from."""

    def where(path: Path) -> tuple[str, int]:
        return ".".join(map(str, path)), 1

    lessons = {
        (language, lesson.slug): RawLesson(folder.front_data(text), text.body, where, lesson.slug, 1)
        for lesson in draft.lessons
        for language, text in lesson.texts.items()
    }
    pictures = {picture.file: picture.data for picture in draft.pictures}
    return Raw(draft.slug, folder.course_data(draft), where, lessons, pictures)


# --- What is said of a course -----------------------------------------------------------------------------------


def with_text(draft: CourseDraft, language: str, **changes: Any) -> CourseDraft:  # noqa: ANN401
    """Change what is said in one language; a list that grows or shrinks does so in all."""
    texts = dict(draft.texts)
    texts[language] = replace(texts[language], **changes)
    outcomes = changes.get("outcomes")
    if outcomes is not None:
        for other, text in texts.items():
            if other != language:
                kept = (*text.outcomes, *outcomes[len(text.outcomes) :])[: len(outcomes)]
                texts[other] = replace(text, outcomes=kept)
    return replace(draft, texts=texts)


def new(turn: Turn, language: str, said: Mapping[str, Any], lesson: LessonText, module: str) -> CourseDraft:
    """Make a course with its first lesson."""
    taken = {course.slug for course in catalogue.every(turn.tx, withdrawn=True)}
    slug = slug_of(said["title"], taken, f"course-{len(taken) + 1}")
    text = CourseText(said["title"], said["about"], tuple(said["outcomes"]), (module,))
    first = LessonDraft(slug_of(lesson.title, set(), "lesson-1"), 0, {language: lesson})
    return CourseDraft(slug, {language: text}, dict(said["topics"]), (), said["level"], (first,))


# --- Lessons ----------------------------------------------------------------------------------------------------


def with_lesson(draft: CourseDraft, slug: str, language: str, text: LessonText) -> CourseDraft:
    """Change a lesson in one language."""
    lessons = tuple(
        replace(lesson, texts={**lesson.texts, language: text}) if lesson.slug == slug else lesson
        for lesson in draft.lessons
    )
    return replace(draft, lessons=lessons)


def added(draft: CourseDraft, language: str, text: LessonText, module: str) -> CourseDraft:
    """Add a lesson at the end of a module, which may be a new one; other languages have its text until then."""
    modules = draft.texts[language].modules
    texts = draft.texts
    if module and module not in modules:
        texts = {code: replace(each, modules=(*each.modules, module)) for code, each in texts.items()}
        modules = texts[language].modules
    place = modules.index(module) if module else len(modules) - 1
    slug = slug_of(text.title, {each.slug for each in draft.lessons}, f"lesson-{len(draft.lessons) + 1}")
    lesson = LessonDraft(slug, place, dict.fromkeys(texts, text))
    lessons = sorted((*draft.lessons, lesson), key=lambda each: each.module)
    return replace(draft, texts=texts, lessons=tuple(lessons))


def without(draft: CourseDraft, slug: str) -> CourseDraft:
    """Take a lesson out, and its module where nothing is left in it."""
    lessons = [lesson for lesson in draft.lessons if lesson.slug != slug]
    used = sorted({lesson.module for lesson in lessons})
    place = {module: at for at, module in enumerate(used)}
    texts = {
        code: replace(text, modules=tuple(text.modules[module] for module in used))
        for code, text in draft.texts.items()
    }
    moved = tuple(replace(lesson, module=place[lesson.module]) for lesson in lessons)
    return replace(draft, texts=texts, lessons=moved)


def raised(draft: CourseDraft, slug: str) -> CourseDraft:
    """Put a lesson before the one above it; at the top of a module, at the end of the one before."""
    lessons = list(draft.lessons)
    at = next(at for at, lesson in enumerate(lessons) if lesson.slug == slug)
    if at == 0:
        return draft
    above = lessons[at - 1]
    if above.module != lessons[at].module:
        if sum(lesson.module == lessons[at].module for lesson in lessons) == 1:
            return draft
        lessons[at] = replace(lessons[at], module=above.module)
    else:
        lessons[at - 1], lessons[at] = lessons[at], above
    return replace(draft, lessons=tuple(lessons))


def unfit(body: str) -> Problem | None:
    """Say what of a lesson's text does not fit a chat."""
    for block in bodies.blocks(body):
        if len(block.text) > bodies.BLOCK_LIMIT:
            return Problem(
                "manage.wrong.block",
                {"length": len(block.text), "limit": bodies.BLOCK_LIMIT, "begins": block.text[:40]},
            )
    return None


def check_from(answers: Mapping[str, Any]) -> Check | Problem | None:
    """Read a check out of a form: options a line each, the right ones by their numbers or as they are written."""
    kind = answers.get("kind") or "none"
    if kind == "none":
        return None
    options = tuple(lines(answers.get("options"))) if kind != "text" else ()
    if kind != "text" and not 2 <= len(options) <= 10:
        return Problem("manage.wrong.options")
    if len(set(options)) < len(options):
        return Problem("manage.wrong.twice")
    given = (
        lines(str(answers.get("answer") or "").replace(",", "\n").replace("，", "\n"))
        if options
        else lines(answers.get("answer"))
    )
    right: list[int | str] = []
    for each in given:
        number = int(each) if each.isdecimal() else 1 + options.index(each) if each in options else 0
        if options and not 1 <= number <= len(options):
            return Problem("manage.wrong.answer", {"typed": each[:60], "count": len(options)})
        right.append(number if options else each)
    if not right or (kind == "one" and len(right) > 1):
        return Problem("manage.wrong.answers", {"several": bool(right)})
    return Check(
        cast("Kind", kind),
        str(answers["question"]),
        options,
        tuple(dict.fromkeys(right)),
        str(answers["explanation"]),
    )


def lines(text: object) -> list[str]:
    """Give the lines of a text that say anything; of a single line, its parts between semicolons."""
    found = str(text or "").strip().splitlines()
    parts = re.split("[;；|]", found[0]) if len(found) == 1 else found
    return [part.strip(" -•") for part in parts if part.strip(" -•")]


def lesson_of(turn: Turn, arg: str) -> tuple[Course, Lesson] | None:
    """Find a lesson that is part of a course now, and take the course's row."""
    lesson = catalogue.lesson(turn.tx, int(arg)) if arg.isdecimal() else None
    if lesson is None or lesson.retired:
        return None
    return catalogue.lock(turn.tx, lesson.course_id), lesson
