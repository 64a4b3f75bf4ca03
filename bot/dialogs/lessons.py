"""What is asked while somebody learns: the check at a lesson's end, a note, what a course was like; getting help."""

from collections.abc import Mapping
from typing import Any

from bot.dialogs import find
from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.dialogs.rate import STARS
from bot.fields import Choice, Confirm, Field, Option, Text, When
from bot.learning import lessons, pace
from bot.matching import search
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say, swap
from core import levels
from core.courses import answers as given
from core.courses import catalogue, enrolments, reviews
from core.courses.catalogue import Course
from core.courses.drafts import Check, LessonText
from core.courses.enrolments import ACTIVE, DONE, Enrolment
from core.store.types import Json

LABEL_LIMIT = 60
"""A longer option stands in the question, and its button has the number alone."""
NOTES = 20
TOLD = 5
"""How many wrong answers a mentor is shown."""


# --- The check --------------------------------------------------------------------------------------------------


def _asked(turn: Turn, args: Args) -> tuple[Enrolment, LessonText, Check] | None:
    """Find the check that a form is about, in the version that the learner read; None where it is no longer theirs."""
    enrolment = lessons.mine(turn, str(args["enrolment"]))
    if enrolment is None or (enrolment.lesson_id, enrolment.version) != (args["lesson"], args["version"]):
        return None
    _, text = catalogue.text_of(turn.tx, int(str(args["lesson"])), int(str(args["version"])), turn.locale)
    return (enrolment, text, text.check) if text.check else None


def _begin(turn: Turn, args: Args) -> Refused | None:
    return None if _asked(turn, args) else Refused("lesson.gone")


def _question(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del answers
    found = _asked(turn, args)
    check = found[2] if found else None
    if check is None or check.kind == "text":
        words = check.question if check else ""
        return (Text(key="answer", question=words, limit=turn.policy.text_limit),)
    return (
        Choice(
            key="answer",
            question=question_of(check),
            many=check.kind == "several",
            options=options_of(check),
        ),
    )


def question_of(check: Check) -> str:
    """Write the question; with its options where these are too long for buttons."""
    if all(len(option) <= LABEL_LIMIT for option in check.options):
        return check.question
    listed = (f"{number}. {option}" for number, option in enumerate(check.options, 1))
    return "\n".join((check.question, *listed))


def options_of(check: Check) -> tuple[Option, ...]:
    """Give the options as they are chosen."""
    short = all(len(option) <= LABEL_LIMIT for option in check.options)
    return tuple(
        Option(str(number), option if short else str(number))
        for number, option in enumerate(check.options, 1)
    )


def _checked(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    found = _asked(turn, args)
    if found is None:
        return Refused("lesson.gone")
    enrolment, text, check = found
    assert enrolment.lesson_id is not None
    answer = answers["answer"]
    passed = given.right(check, answer)
    failed = given.answer(
        turn.tx, enrolment, enrolment.lesson_id, enrolment.version, answer, turn.now, passed=passed
    )
    pace.touched(turn, enrolment)
    if passed:
        told = Message("lesson.right", {"explanation": check.explanation})
        return (Say((told,)), *_then(turn, enrolment))
    here = f"{enrolment.id}.{enrolment.lesson_id}"
    actions = [
        Action(button_id("check", here), "lesson.button.again", "primary"),
        Action(button_id("read", f"{here}.0"), "lesson.button.reread"),
    ]
    stuck = failed >= turn.policy.failed_checks
    if stuck:
        actions.append(Action(button_id("stuck", enrolment.id), "lesson.button.mentor"))
        actions.append(Action(button_id("reveal", here), "lesson.button.reveal"))
    return (say("lesson.wrong", *actions, title=text.title, stuck=stuck),)


def _then(turn: Turn, enrolment: Enrolment) -> Replies:
    """Put the lesson behind somebody, and offer the next one, or the end of the course."""
    assert enrolment.lesson_id is not None
    enrolments.finish_lesson(turn.tx, enrolment, enrolment.lesson_id, turn.now)
    return lessons.after(turn, enrolments.lock(turn.tx, enrolment.id))


def reveal(turn: Turn, arg: str) -> Replies:
    """Show the answer to somebody who is stuck, and go on: `enrolment.lesson`."""
    which, _, number = arg.partition(".")
    enrolment = lessons.mine(turn, which)
    if enrolment is None:
        return lessons.gone()
    if str(enrolment.lesson_id) != number or enrolment.lesson_id is None:
        return lessons.go_on(turn, enrolment)
    _, text = catalogue.text_of(turn.tx, enrolment.lesson_id, enrolment.version, turn.locale)
    tried = given.failed(turn.tx, enrolment.id, enrolment.lesson_id)
    if text.check is None or tried < turn.policy.failed_checks:
        return lessons.check(turn, arg)
    right: Json = [
        str(each) if text.check.kind == "text" else text.check.options[int(each) - 1]
        for each in text.check.answer[: 1 if text.check.kind == "text" else None]
    ]
    told = Message("lesson.revealed", {"answers": right, "explanation": text.check.explanation})
    return (Say((told,)), *_then(turn, enrolment))


CHECK = Dialog("check", _question, _checked, _begin)


# --- Stuck ------------------------------------------------------------------------------------------------------


def stuck(turn: Turn, arg: str) -> Replies:
    """Look for a mentor who knows the topic; the lesson, its question and the attempts go into the request."""
    enrolment = lessons.mine(turn, arg)
    if enrolment is None:
        return lessons.gone()
    course = catalogue.known(turn.tx, enrolment.course_id)
    known = levels.of(turn.tx, turn.me.id)
    wish: dict[str, Json] = {
        **search.wish(turn, [(topic, known.get(topic) or None) for topic in course.topics]),
        "goal": None,
        "format": "question",
        "urgency": "week",
        "stuck": _where(turn, enrolment, course),
    }
    if course.mentor_id is not None and course.mentor_id != turn.me.id:
        wish["mentor"] = course.mentor_id
    return find.results(turn, wish)


def _where(turn: Turn, enrolment: Enrolment, course: Course) -> dict[str, Json]:
    """Say where somebody does not get on."""
    where: dict[str, Json] = {
        "course": course.text(turn.locale).title,
        "lesson": None,
        "question": None,
        "attempts": [],
    }
    if enrolment.lesson_id is None:
        return where
    _, text = catalogue.text_of(turn.tx, enrolment.lesson_id, enrolment.version, turn.locale)
    tried = given.attempts_at(turn.tx, enrolment.id, enrolment.lesson_id)[-TOLD:]
    return {
        **where,
        "lesson": text.title,
        "question": text.check.question if text.check else None,
        "attempts": [_as_said(text.check, attempt.answer) for attempt in tried] if text.check else [],
    }


def _as_said(check: Check, answer: Any) -> str:  # noqa: ANN401  whatever an answer may be
    """Write an answer as the learner saw it."""
    if check.kind == "text":
        return str(answer)
    numbers = answer if isinstance(answer, list) else [answer]
    chosen = [int(str(each)) for each in numbers]
    return " · ".join(check.options[each - 1] for each in chosen if 1 <= each <= len(check.options))


# --- Notes ------------------------------------------------------------------------------------------------------


def note(turn: Turn, arg: str) -> Replies:
    """Write a note on a lesson: `enrolment.lesson`."""
    which, _, number = arg.partition(".")
    enrolment = lessons.mine(turn, which, ACTIVE, DONE)
    if enrolment is None:
        return lessons.gone()
    lesson = catalogue.lesson(turn.tx, int(number)) if number.isdecimal() else None
    about = lesson.id if lesson and lesson.course_id == enrolment.course_id else None
    return (Start("note", {"enrolment": enrolment.id, "lesson": about}),)


def _note(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del args, answers
    return (Text(key="words", limit=turn.policy.text_limit, lines=True),)


def _noted(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    enrolment = lessons.mine(turn, str(args["enrolment"]), ACTIVE, DONE)
    if enrolment is None:
        return Refused("lesson.gone")
    lesson_id = args["lesson"]
    given.note(
        turn.tx,
        enrolment,
        lesson_id if isinstance(lesson_id, int) else None,
        str(answers["words"]),
        turn.now,
    )
    actions = [Action(button_id("notes", enrolment.id), "lesson.button.notes")]
    if enrolment.state == ACTIVE:
        actions.insert(0, Action(button_id("lesson", enrolment.id), "course.button.go_on", "primary"))
    return (say("note.kept", *actions),)


def notes(turn: Turn, arg: str) -> Replies:
    """List one's notes on a course."""
    enrolment = lessons.mine(turn, arg, ACTIVE, DONE)
    if enrolment is None:
        return lessons.gone()
    titles = {
        lesson.id: title for lesson, title in catalogue.titles(turn.tx, enrolment.course_id, turn.locale)
    }
    items = tuple(
        Item(
            "note.item",
            {"title": titles.get(lesson_id or 0), "words": words},
            (Action(button_id("drop_note", note_id), "note.button.drop"),),
        )
        for note_id, lesson_id, words in given.notes(turn.tx, enrolment.id)[-NOTES:]
    )
    title = catalogue.known(turn.tx, enrolment.course_id).text(turn.locale).title
    write = Action(button_id("note", f"{enrolment.id}.{enrolment.lesson_id or 0}"), "lesson.button.note")
    params: dict[str, Json] = {"title": title, "count": len(items)}
    return (Say((Message("note.list", params, (write,), items),)),)


def drop_note(turn: Turn, arg: str) -> Replies:
    """Throw a note away."""
    done = arg.isdecimal() and given.drop_note(turn.tx, turn.me.id, int(arg))
    return (say("note.dropped" if done else "note.gone"),)


NOTE = Dialog("note", _note, _noted)


# --- What a course was like -------------------------------------------------------------------------------------


def rate_course(turn: Turn, arg: str) -> Replies:
    """Rate a course that one has finished."""
    del turn
    return (Start("review", {"course": int(arg)}),) if arg.isdecimal() else (say("review.none"),)


def _reviewed(turn: Turn, args: Args) -> Course | None:
    course = catalogue.get(turn.tx, int(str(args["course"])))
    mine = enrolments.find(turn.tx, course.id, turn.me.id) if course else None
    return course if mine is not None and mine.state == DONE else None


def _may(turn: Turn, args: Args) -> Refused | None:
    course = _reviewed(turn, args)
    if course is None:
        return Refused("review.none")
    return Refused("review.already") if reviews.rated(turn.tx, course.id, turn.me.id) else None


def _title(turn: Turn, args: Args) -> Mapping[str, Json]:
    course = catalogue.get(turn.tx, int(str(args["course"])))
    return {"title": course.text(turn.locale).title if course else ""}


def _review(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del args
    said = answers.get("words")
    return (
        Choice(key="stars", options=STARS),
        Text(key="words", required=False, limit=turn.policy.text_limit, lines=True),
        Confirm(key="shared", when=When("words", (said,) if said else ("\x00",))),
    )


def _rated(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    course = _reviewed(turn, args)
    if course is None:
        return Refused("review.none")
    words = answers.get("words")
    kept = reviews.rate(
        turn.tx,
        course.id,
        turn.me.id,
        int(str(answers["stars"])),
        str(words) if words else None,
        turn.now,
        shared=answers.get("shared") is True,
    )
    if not kept:
        return Refused("review.already")
    more = Action("courses", "course.button.all", "primary")
    return (swap("review.done", more, title=course.text(turn.locale).title),)


REVIEW = Dialog("review", _review, _rated, _may, params=_title)
