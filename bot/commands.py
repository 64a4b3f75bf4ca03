"""The commands and the buttons, listed once; each adapter registers the commands natively."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.dialogs import (
    approvals,
    ask,
    consent,
    filters,
    find,
    help,
    managing,
    mentorships,
    organiser,
    profile,
    rate,
    recommend,
    safety,
    schedule,
    settings,
    signup,
    writing,
)
from bot.dialogs import lessons as studying
from bot.dialogs import requests as asking
from bot.dialogs.form import Dialog
from bot.learning import browse, cohorts, endings, lessons, paths
from bot.matching import claims, offers
from bot.matching import requests as wishes
from bot.mentorships import sessions as meetings
from bot.reminders import snooze
from bot.rooms import relay
from bot.turn import Replies, Start, Turn
from core import mentorships as pairs
from core import requests, sessions

Handler = Callable[[Turn, str], Replies]
Who = Literal["anybody", "new", "user", "organiser"]


@dataclass(frozen=True, slots=True)
class Row:
    """A command or a button: what it runs, who may use it, and whether it only reads."""

    run: Handler
    who: Who = "user"
    reads: bool = False


def _signup(turn: Turn, words: str) -> Replies:
    opened = signup.open_by_code(turn, words.strip())
    return opened or (Start("signup"),)


def _help(turn: Turn, words: str) -> Replies:
    del words
    return help.help_(turn, [name for name, row in COMMANDS.items() if allowed(turn, row)])


def allowed(turn: Turn, row: Row) -> bool:
    """Tell whether the one who acts may use a command or press a button, now."""
    match row.who:
        case "anybody":
            return True
        case "new":
            return turn.user is None
        case "user":
            return turn.user is not None
        case "organiser":
            return turn.is_organiser


COMMANDS: Mapping[str, Row] = {
    "signup": Row(_signup, "new"),
    "find": Row(find.find),
    "requests": Row(asking.show, reads=True),
    "mentorships": Row(mentorships.show, reads=True),
    "talk": Row(relay.talk),
    "leave": Row(relay.leave),
    "schedule": Row(schedule.schedule),
    "sessions": Row(schedule.show, reads=True),
    "rate": Row(rate.rate),
    "courses": Row(browse.courses),
    "learn": Row(lessons.learn),
    "recommend": Row(recommend.recommend),
    "profile": Row(profile.show, reads=True),
    "settings": Row(settings.show, reads=True),
    "pause": Row(settings.pause),
    "resume": Row(settings.resume),
    "block": Row(safety.block),
    "report": Row(safety.report),
    "verify": Row(endings.verify, "anybody"),
    "organiser": Row(organiser.show, "organiser", reads=True),
    "help": Row(_help, "anybody", reads=True),
}

BUTTONS: Mapping[str, Row] = {
    # A request and its offers
    "about": Row(find.about),
    "ask": Row(ask.ask),
    "first": Row(find.first),
    "more_mentors": Row(find.more_mentors),
    "others": Row(wishes.others),
    "withdraw": Row(wishes.withdraw),
    "accept": Row(offers.accept),
    "decline": Row(offers.decline),
    "more": Row(offers.more),
    "reply": Row(offers.reply),
    "stay": Row(offers.stay),
    "stop": Row(offers.stop),
    "claim": Row(claims.claim, "anybody"),
    "assign": Row(asking.assign, "organiser"),
    "requeue": Row(organiser.requeue, "organiser"),
    "approve": Row(approvals.approve, "organiser"),
    "refuse": Row(approvals.refuse, "organiser"),
    "changes": Row(approvals.changes, "organiser"),
    "ready": Row(approvals.ready),
    # A pair and its sessions
    "end": Row(mentorships.end),
    "confirm": Row(meetings.confirm),
    "propose": Row(schedule.propose),
    "move": Row(meetings.move),
    "call_off": Row(meetings.call_off),
    "met": Row(meetings.met),
    "missed": Row(meetings.missed),
    "snooze": Row(snooze.snooze),
    # Courses
    "filter": Row(browse.filters),
    "more_courses": Row(browse.more),
    "course": Row(browse.card),
    "enrol": Row(cohorts.enrol),
    "drip": Row(cohorts.drip),
    "leave_course": Row(cohorts.leave),
    "lesson": Row(lessons.lesson),
    "lesson_now": Row(lessons.now),
    "lesson_done": Row(lessons.done),
    "read": Row(lessons.read),
    "check": Row(lessons.check),
    "reveal": Row(studying.reveal),
    "stuck": Row(studying.stuck),
    "note": Row(studying.note),
    "notes": Row(studying.notes),
    "drop_note": Row(studying.drop_note),
    "rate_course": Row(studying.rate_course),
    "certificate": Row(endings.certificate),
    "manage": Row(managing.manage, "organiser"),
    "new_course": Row(managing.new_course, "organiser"),
    "edit_course": Row(managing.edit_course, "organiser"),
    "course_part": Row(managing.course_part, "organiser"),
    "add_lesson": Row(managing.add_lesson, "organiser"),
    "edit_lesson": Row(managing.edit_lesson, "organiser"),
    "lesson_part": Row(managing.lesson_part, "organiser"),
    "raise_lesson": Row(managing.raise_lesson, "organiser"),
    "drop_lesson": Row(managing.drop_lesson, "organiser"),
    "withdraw_course": Row(managing.withdraw_course, "organiser"),
    "offer_course": Row(managing.offer_course, "organiser"),
    "path": Row(paths.go),
    "path_picture": Row(paths.picture),
    "path_drop": Row(paths.drop),
    # Recommendations
    "more_for_me": Row(recommend.more),
    "why_these": Row(recommend.why),
    "not_for_me": Row(recommend.not_for_me),
    "not_this_mentor": Row(recommend.not_this_mentor),
    "for_me": Row(recommend.for_me),
    "ask_shown": Row(recommend.ask),
    # Oneself
    "edit": Row(profile.edit),
    "setting": Row(settings.change),
}

DIALOGS: Mapping[str, Dialog] = {
    dialog.name: dialog
    for dialog in (
        signup.SIGNUP,
        approvals.CHANGES,
        consent.CONSENT,
        profile.PROFILE,
        find.FIND,
        ask.ASK,
        asking.DECLINE,
        asking.MORE,
        asking.REPLY,
        asking.ASSIGN,
        schedule.SCHEDULE,
        schedule.ZONE,
        schedule.CALL_OFF,
        rate.RATE,
        filters.FILTER,
        studying.CHECK,
        studying.NOTE,
        studying.REVIEW,
        writing.NEW_COURSE,
        writing.COURSE_LESSON,
        writing.LESSON_PART,
        writing.COURSE_PART,
        mentorships.END,
        settings.SETTINGS,
        settings.PAUSE,
        safety.REPORT,
        safety.BLOCK,
    )
}


def sole(turn: Turn, button: str) -> str | None:
    """Find what a button typed as a command must be about, where it can be about one thing only."""
    if turn.user is None:
        return None
    me = turn.me.id
    if button in ("accept", "decline", "more"):
        found = [offer.id for offer in requests.offers_to(turn.tx, me)]
    elif button in ("withdraw", "others"):
        found = [request.id for request in requests.open_of(turn.tx, me)]
    elif button == "end":
        found = [pair.id for pair in pairs.of_user(turn.tx, me)]
    elif button in ("move", "call_off", "propose"):
        found = [session.id for session in sessions.of_user(turn.tx, me, turn.now)]
    elif button in ("met", "missed"):
        mine = [pair.id for pair in pairs.of_user(turn.tx, me)]
        found = [
            one.id
            for one in sessions.over(turn.tx, mine, turn.now)
            if me not in sessions.answers(turn.tx, one.id)
        ]
    else:
        return None
    return str(found[0]) if len(found) == 1 else None


INSTEAD: Mapping[str, str] = {
    "accept": "requests",
    "decline": "requests",
    "more": "requests",
    "withdraw": "requests",
    "others": "requests",
    "end": "mentorships",
    "move": "sessions",
    "call_off": "sessions",
    "propose": "sessions",
    "met": "rate",
    "missed": "sessions",
}
"""The list to show where a button is typed without saying what it is about, and it could be about several things."""
