"""A lesson as somebody wrote it: its front, its body, its check question."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.courses import bodies
from core.courses.drafts import Check, Fault, LessonText, RawLesson
from core.courses.parts import Part
from core.reading.texts import shown

TITLE_LIMIT = 80
QUESTION_LIMIT, OPTION_LIMIT, EXPLANATION_LIMIT = 600, 300, 1000
BODY_LIMIT = 40_000
MOST_OPTIONS = 10
MOST_MINUTES = 600
FRONT = ("title", "minutes", "check")
CHECK = ("kind", "question", "options", "answer", "explanation")
KINDS = ("one", "several", "text")


def text_of(raw: RawLesson, pictures: Mapping[str, bytes], faults: list[Fault]) -> LessonText:
    """Read a lesson in one language; what is wrong with it is added to the faults."""
    front = Part(raw.front, raw.where, faults)
    sound = front.only(FRONT)
    title = front.at("title").text(TITLE_LIMIT) if sound else ""
    minutes = front.at("minutes").number(1, MOST_MINUTES) if sound else None
    if sound and front.at("minutes").data is None:
        front.wrong("minutes is missing: write how long the lesson takes", "minutes")
    check = _check(front.at("check")) if sound and front.at("check").data is not None else None
    body = raw.body.strip("\n")
    if len(body) > BODY_LIMIT:
        faults.append(
            Fault(
                raw.body_file,
                raw.body_line,
                f"the lesson has {len(body):,} characters, {BODY_LIMIT:,} at the most: make two of it",
            )
        )
    else:
        skipped = len(raw.body) - len(raw.body.lstrip("\n")) if body else 0
        missing = [
            bodies.Wrong(line, f'the picture "{file}" is missing: put it beside course.yaml')
            for file, line, _ in bodies.pictures(body)
            if bodies.FILE.fullmatch(file) and file not in pictures
        ]
        faults += [
            Fault(raw.body_file, raw.body_line + skipped + wrong.line, wrong.why)
            for wrong in (*bodies.wrong(body), *missing)
        ]
    return LessonText(title, minutes or 1, body, check)


def _check(part: Part) -> Check | None:
    if not part.only(CHECK):
        return None
    kind = part.at("kind").data
    if kind not in KINDS:
        part.wrong("check.kind is one of: one, several, text", "kind")
        return None
    question = part.at("question").text(QUESTION_LIMIT)
    explanation = part.at("explanation").text(EXPLANATION_LIMIT)
    answer = part.at("answer")
    options: tuple[str, ...] = ()
    if kind == "text":
        if part.at("options").data is not None:
            part.wrong("a check of the kind text has no options: leave them out", "options")
    else:
        options = tuple(each.text(OPTION_LIMIT) for each in part.at("options").several(MOST_OPTIONS, 2))
        if len(set(options)) < len(options):
            part.wrong("two options are the same: change one", "options")
    given = answer.data if isinstance(answer.data, list) else [] if answer.data is None else [answer.data]
    if not given:
        answer.wrong(
            "the check question has no answer: "
            + (
                "write the texts that are accepted"
                if kind == "text"
                else "write the number of the right option"
            )
        )
        return None
    right = _texts(answer, given) if kind == "text" else _numbers(answer, given, options)
    if kind == "one" and len(right) > 1:
        answer.wrong("a check of the kind one has one right option: keep one number, or make it several")
    return Check(kind, question, options, right, explanation)


def _numbers(part: Part, given: list[Any], options: Sequence[str]) -> tuple[int | str, ...]:
    found: list[int] = []
    for each in given:
        whole = isinstance(each, int) and not isinstance(each, bool)
        if not whole or not 1 <= each <= len(options):
            part.wrong(
                f'the answer "{shown(str(each))}" is no option: write a number from 1 to {len(options)}'
            )
        elif each not in found:
            found.append(each)
    return tuple(sorted(found))


def _texts(part: Part, given: list[Any]) -> tuple[int | str, ...]:
    found: list[str] = []
    for each in given:
        if isinstance(each, bool) or not isinstance(each, str | int | float) or not str(each).strip():
            part.wrong('an accepted answer has to be a text: put it in quotes, "…"')
        elif len(str(each)) > OPTION_LIMIT:
            part.wrong(f"an accepted answer is longer than {OPTION_LIMIT} characters: shorten it")
        else:
            found.append(str(each).strip())
    return tuple(found)


def shape(check: Check | None) -> tuple[object, ...]:
    """Give what has to be the same in all languages of a check."""
    if check is None:
        return ()
    return (check.kind, len(check.options), () if check.kind == "text" else check.answer)
