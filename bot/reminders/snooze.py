"""Remind me later: a reminder comes again in three hours, if it still holds."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.learning import lessons, pace
from bot.matching import deadlines, offers
from bot.mentorships import sessions as meetings
from bot.turn import Replies, Turn, say
from core import sessions, waits

LATER = timedelta(hours=3)
THEIRS: Mapping[str, Callable[[Turn, str], object]] = {
    "session": meetings.mine,
    "after": meetings.mine,
    "offer": offers.mine,
    "course": lessons.mine,
}
"""What can be put off, and how one finds what is one's own."""


def snooze(turn: Turn, arg: str) -> Replies:
    """Put a reminder off; `arg` is what it was about: `session.42`, `after.42`, `offer.7` or `course.3`."""
    what, _, number = arg.partition(".")
    if what not in THEIRS or not number.isdecimal():
        return (say("error.stale"),)
    if THEIRS[what](turn, number) is None:
        return (say("error.stale"),)
    at = deadlines.ends_awake(turn.me, turn.now + LATER)
    waits.put(turn.tx, "snooze", f"{arg}.{turn.me.id}", at)
    return (say("snooze.done", at=at.isoformat()),)


def again(turn: Turn, subject: str) -> None:
    """Send it again to the one who put it off."""
    what, number, reader = subject.split(".")
    if what == "offer":
        deadlines.remind_again(turn, int(number))
        return
    if what == "course":
        pace.again(turn, int(number))
        return
    session = sessions.get(turn.tx, int(number))
    if session is None or session.state != sessions.CONFIRMED or session.starts_at is None:
        return
    if what == "after" or session.starts_at > turn.now:
        meetings.remind_one(turn, session, int(reader), "session.after" if what == "after" else "session.day")
