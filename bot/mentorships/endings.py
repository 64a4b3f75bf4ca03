"""The end of a pair, in which neither side loses face."""

from bot.outbox import box
from bot.outbox.box import Letter
from bot.turn import Action, Message, Turn
from core import mentorships, sessions, users, waits
from core.mentorships import Mentorship


def end(turn: Turn, pair: Mentorship, reason: str) -> None:
    """End a pair; both get the same neutral words at the same time, and nobody is told who asked, nor why."""
    mentorships.end(turn.tx, pair.id, reason, turn.now)
    box.cancel(turn.tx, f"mentorship:{pair.id}", turn.now)
    for session in sessions.of_mentorship(turn.tx, pair.id):
        sessions.end(turn.tx, session, sessions.CANCELLED)
        box.cancel(turn.tx, f"session:{session.id}", turn.now)
        box.cancel(turn.tx, f"proposal:{session.id}", turn.now)
        for kind in ("session.day", "session.soon", "session.after"):
            waits.cancel(turn.tx, kind, session.id)
    people = users.many(turn.tx, [pair.mentee_id, pair.mentor_id])
    for reader in (pair.mentee_id, pair.mentor_id):
        actions = (Action("find", "mentorship.button.find", "primary"),) if reader == pair.mentee_id else ()
        message = Message("mentorship.ended", {"partner": people[pair.partner(reader)].name}, actions)
        letter = Letter("mentorship", reader, message, f"mentorship.ended:{pair.id}:{reader}")
        box.put(turn.tx, turn.now, letter)
    users.touch(turn.tx, [pair.mentor_id], turn.now)
