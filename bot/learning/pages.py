"""A page of a lesson: as much as a platform shows in one message, what can be pressed below it, and its pictures."""

from bot.outbox import box
from bot.outbox.box import Letter
from bot.outbox.claim import Parcel
from bot.ports import Attached, button_id
from bot.turn import Action, Attachment, Message, Turn
from core.courses import bodies, catalogue, enrolments
from core.courses.catalogue import Course
from core.courses.drafts import LessonText
from core.courses.enrolments import Enrolment
from core.store.types import Json

SPARE = 250
"""Characters that a page leaves for what stands above and below it."""
BAR = 10


def shown(turn: Turn, enrolment: Enrolment, course: Course) -> Message:
    """Write the page in hand; its pictures follow it, the first time."""
    assert enrolment.lesson_id is not None
    _, text = catalogue.text_of(turn.tx, enrolment.lesson_id, enrolment.version, turn.locale)
    behind, every = enrolments.steps(turn.tx, enrolment)
    size = turn.screen(turn.who.platform) - SPARE
    message, page = page_of(enrolment, course, text, (behind, every), turn.locale, size)
    send_pictures(turn, enrolment, course, page)
    return message


def page_of(
    enrolment: Enrolment, course: Course, text: LessonText, steps: tuple[int, int], locale: str, size: int
) -> tuple[Message, str]:
    """Write a page of a lesson; gives the message and the Markdown on it."""
    numbered = bodies.pages(text.body, size)
    at = bodies.page_of(numbered, enrolment.block)
    here = f"{enrolment.id}.{enrolment.lesson_id}"
    actions: list[Action] = []
    if at + 1 < len(numbered):
        following = button_id("read", f"{here}.{numbered[at + 1][0]}")
        actions.append(Action(following, "lesson.button.on", "primary"))
    elif text.check is not None:
        actions.append(Action(button_id("check", here), "lesson.button.check", "primary"))
    else:
        actions.append(Action(button_id("lesson_done", here), "lesson.button.done", "primary"))
    if at > 0:
        actions.append(Action(button_id("read", f"{here}.{numbered[at - 1][0]}"), "lesson.button.back"))
    actions.append(Action(button_id("note", here), "lesson.button.note"))
    params: dict[str, Json] = {
        "course": course.text(locale).title,
        "title": text.title,
        "minutes": text.minutes,
        "page": at + 1,
        "pages": len(numbered),
        "number": min(steps[0] + 1, steps[1]),
        "count": steps[1],
        "bar": bar(*steps),
        "body": numbered[at][1],
    }
    return Message("lesson.page", params, tuple(actions)), numbered[at][1]


def bar(behind: int, every: int) -> str:
    """Draw how far somebody is."""
    full = BAR * behind // every if every else BAR
    return "▰" * full + "▱" * (BAR - full)


def send_pictures(turn: Turn, enrolment: Enrolment, course: Course, page: str) -> None:
    """Send the pictures of a page after it, each once in a version of a lesson."""
    for file, _, alt in bodies.pictures(page):
        message = Message(
            "lesson.picture", {"alt": alt, "file": file}, attachment=Attachment("picture", course.id)
        )
        once = f"picture:{enrolment.id}:{enrolment.lesson_id}:{enrolment.version}:{file}"
        box.put(
            turn.tx,
            turn.now,
            Letter("picture", enrolment.user_id, message, once, f"enrolment:{enrolment.id}"),
        )


def picture(turn: Turn, wanted: Attachment, parcel: Parcel) -> Attached | None:
    """Give a picture of a course."""
    params = parcel.messages[0].params
    found = catalogue.picture(turn.tx, wanted.id, str(params["file"]))
    return Attached(str(params["file"]), found[0], found[1], str(params["alt"])) if found else None
