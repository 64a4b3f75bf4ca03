"""The kinds of wait. A new one is a function and a line here; whoever begins to wait calls `core.waits.put`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.learning import cohorts, pace
from bot.matching import deadlines, waterfall
from bot.mentorships import sessions
from bot.outbox import box, claim
from bot.outbox.box import Letter
from bot.recommending import nightly
from bot.reminders import snooze
from bot.turn import Message, Turn
from core import users, waits
from core.courses import reviews
from core.store import retention

BATCH = 1000
SMALL: Mapping[str, int] = {"course.lesson": 50}
"""Kinds of which fewer are done at once, since each of them takes longer: whoever writes meanwhile must not wait."""
WEEK = timedelta(weeks=1)
AGAIN = timedelta(hours=1)

Due = Callable[[Turn, Sequence[str]], None]


def each(fn: Callable[[Turn, int], None]) -> Due:
    """Do something for each subject by its number."""

    def run(turn: Turn, subjects: Sequence[str]) -> None:
        for subject in subjects:
            fn(turn, int(subject))

    return run


def together(fn: Callable[[Turn, Sequence[int]], None]) -> Due:
    """Do something for all subjects at once."""
    return lambda turn, subjects: fn(turn, [int(subject) for subject in subjects])


def _snoozed(turn: Turn, subjects: Sequence[str]) -> None:
    for subject in subjects:
        snooze.again(turn, subject)


def _pause_over(turn: Turn, user_id: int) -> None:
    """A pause ends: the person counts as available again, and is told."""
    user = users.get(turn.tx, user_id)
    if user is None or user.paused_until is None or user.paused_until > turn.now:
        return
    users.change(turn.tx, user_id, turn.now, paused_until=None)
    once = f"pause.over:{user_id}:{turn.now.date().isoformat()}"
    box.put(turn.tx, turn.now, Letter("pause", user_id, Message("pause.over"), once))


def _tidy(turn: Turn, subjects: Sequence[str]) -> None:
    """Delete what is kept no longer, once a day."""
    retention.tidy(turn.tx, turn.now, turn.policy)
    for subject in subjects:
        waits.put(turn.tx, "tidy", subject, turn.now + retention.EVERY)


def _averages(turn: Turn, subjects: Sequence[str]) -> None:
    """Show the ratings of courses as they are now, once a week."""
    reviews.show_averages(turn.tx)
    for subject in subjects:
        waits.put(turn.tx, "course.averages", subject, turn.now + WEEK)


KINDS: Mapping[str, Due] = {
    "offer.expiry": each(deadlines.expire),
    "offer.reminder": each(deadlines.remind),
    "request.retry": each(waterfall.retry),
    "request.claim": each(waterfall.unclaimed),
    "session.day": together(sessions.remind_day),
    "session.soon": together(sessions.remind_soon),
    "session.after": together(sessions.ask_after),
    "course.lesson": together(pace.due),
    "course.idle": each(pace.idle),
    "course.start": each(cohorts.start),
    "course.meeting": each(cohorts.meeting),
    "course.averages": _averages,
    "pause.end": each(_pause_over),
    nightly.KIND: nightly.due,
    "snooze": _snoozed,
    "tidy": _tidy,
}


def due(turn: Turn, kind: str) -> int:
    """Do what is due of a kind, a batch of it; returns how many waits were done."""
    subjects = waits.take_due(turn.tx, kind, turn.now, SMALL.get(kind, BATCH))
    if subjects:
        KINDS[kind](turn, subjects)
    return len(subjects)


def due_alone(turn: Turn, kind: str, subject: str) -> None:
    """Do one wait by itself."""
    if waits.take(turn.tx, kind, subject):
        KINDS[kind](turn, [subject])


def put_off(tx: Connection, kind: str, subject: str, now: datetime) -> None:
    """Try a wait that failed again later; it must not stop the others."""
    waits.put(tx, kind, subject, now + AGAIN)


def next_due(tx: Connection) -> datetime | None:
    """Say when something is next due: a wait, or a message that is held back."""
    moments = [moment for moment in (waits.next_due(tx), claim.next_due(tx)) if moment is not None]
    return min(moments, default=None)
