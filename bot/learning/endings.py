"""The end of a course: what was learnt, and the certificate."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from bot.learning import pace, pages, paths
from bot.outbox import box
from bot.outbox.box import Letter
from bot.outbox.claim import Parcel
from bot.outbox.deliver import Making
from bot.ports import Attached, button_id
from bot.recommending import onward
from bot.turn import Action, Attachment, Message, Replies, Turn, say
from core import levels, users
from core.courses import catalogue, enrolments, reviews
from core.courses.catalogue import Course
from core.courses.enrolments import DONE, Enrolment
from core.store.types import Json

if TYPE_CHECKING:
    from core.courses.certificates import Certificate


def finished(turn: Turn, enrolment: Enrolment, course: Course) -> Replies:
    """End a course whose lessons are all behind somebody; they know now what it teaches."""
    pace.stop(turn, enrolment)
    code = enrolments.finish(turn.tx, enrolment, turn.now)
    before = levels.of(turn.tx, turn.me.id)
    for topic, level in course.topics.items():
        levels.reach(turn.tx, turn.me.id, topic, level)
    if turn.me.mentor:
        users.touch(turn.tx, [turn.me.id], turn.now)
    raised: Json = [
        [topic, max(level, before.get(topic, 0))] for topic, level in sorted(course.topics.items())
    ]
    actions = [
        Action(button_id("certificate", enrolment.id), "certificate.button.get"),
        Action("learn", "course.button.learn"),
    ]
    if not reviews.rated(turn.tx, course.id, turn.me.id):
        actions.insert(0, Action(button_id("rate_course", course.id), "course.button.rate", "primary"))
    params: dict[str, Json] = {
        "title": course.text(turn.locale).title,
        "levels": raised,
        "code": code,
        "bar": pages.bar(1, 1),
    }
    ways, told = paths.onward(turn)
    return (say("course.finished", *actions, **params), *ways, *onward.show(turn, told))


def certificate(turn: Turn, arg: str) -> Replies:
    """Send a certificate, as a picture and to be printed."""
    enrolment = enrolments.get(turn.tx, int(arg)) if arg.isdecimal() else None
    if enrolment is None or enrolment.user_id != turn.me.id or enrolment.state != DONE:
        return (say("lesson.gone", Action("courses", "course.button.all", "primary")),)
    title = catalogue.known(turn.tx, enrolment.course_id).text(turn.locale).title
    for kind in ("png", "pdf"):
        message = Message(
            f"certificate.{kind}",
            {"title": title, "code": enrolment.code},
            attachment=Attachment(f"certificate.{kind}", enrolment.id),
        )
        once = f"certificate.{kind}:{enrolment.id}:{turn.origin.event}"
        box.put(
            turn.tx, turn.now, Letter("certificate", turn.me.id, message, once, f"certificate:{enrolment.id}")
        )
    return (say("certificate.coming", title=title),)


def _said(turn: Turn, enrolment_id: int, parcel: Parcel) -> "Certificate | None":
    """Give what a certificate says to its reader."""
    from core.courses.certificates import Certificate  # noqa: PLC0415  fonts and drawing take long to load

    enrolment = enrolments.get(turn.tx, enrolment_id)
    if enrolment is None or enrolment.code is None or enrolment.finished_at is None:
        return None
    learner = users.known(turn.tx, enrolment.user_id)
    text = catalogue.known(turn.tx, enrolment.course_id).text(parcel.locale)

    def words(part: str, **params: Json) -> str:
        given = {"community": turn.policy.community, **params}
        return turn.words.text(f"certificate.{part}", given, parcel.locale, parcel.zone)

    return Certificate(
        community=turn.policy.community,
        heading=words("heading"),
        name=learner.name,
        about=words("has"),
        course=text.title,
        outcomes=text.outcomes,
        date=words("date", at=enrolment.finished_at.isoformat()),
        code=words("code", code=enrolment.code),
        at=enrolment.finished_at,
    )


def as_picture(turn: Turn, wanted: Attachment, parcel: Parcel) -> Making | None:
    """Draw a certificate for the chat."""
    return _made(turn, wanted, parcel, "image/png")


def as_document(turn: Turn, wanted: Attachment, parcel: Parcel) -> Making | None:
    """Write a certificate to be printed."""
    return _made(turn, wanted, parcel, "application/pdf")


def _made(turn: Turn, wanted: Attachment, parcel: Parcel, mime: str) -> Making | None:
    from core.courses import certificates  # noqa: PLC0415  the same

    said = _said(turn, wanted.id, parcel)
    if said is None:
        return None
    draw, ending = (certificates.png, "png") if mime == "image/png" else (certificates.pdf, "pdf")
    alt = turn.words.text(
        "certificate.alt", {"name": said.name, "title": said.course}, parcel.locale, parcel.zone
    )
    return lambda: Attached(f"certificate-{wanted.id}.{ending}", mime, draw(said), alt)


def verify(turn: Turn, words: str) -> Replies:
    """Confirm a certificate by its code."""
    if not words:
        return (say("certificate.which"),)
    found = confirmed(turn.tx, words)
    if found is None:
        return (say("certificate.unknown", code=words[:40]),)
    name, course, at = found
    return (say("certificate.confirmed", name=name, title=course.text(turn.locale).title, at=at.isoformat()),)


def confirmed(tx: Connection, typed: str) -> tuple[str, Course, datetime] | None:
    """Find who finished what, and when, by the code on a certificate."""
    code = "".join(sign for sign in typed.upper() if sign.isalnum())
    enrolment = enrolments.by_code(tx, code) if len(code) == enrolments.CODE else None
    if enrolment is None or enrolment.finished_at is None:
        return None
    learner = users.known(tx, enrolment.user_id)
    return learner.name, catalogue.known(tx, enrolment.course_id), enrolment.finished_at
