"""What the organiser sees: who waits for a mentor, what could not be delivered, and what could not be handled."""

from collections.abc import Mapping
from typing import Any

from bot.dialogs import approvals, requests
from bot.outbox import box
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Turn, say
from core import dead_events, users

SHOWN = 20


def show(turn: Turn, words: str) -> Replies:
    """Show what needs a person's attention, and what came too late to be sent."""
    del words
    troubles = box.troubles(turn.tx)
    # Nobody can do anything about these; as long as failed messages are kept, an organiser sees that there were some.
    late = box.troubles(turn.tx, (box.EXPIRED,), turn.now - turn.policy.keep_failed)[::-1]
    rows = (*troubles[:SHOWN], *late[:SHOWN])
    people = users.names(turn.tx, [row.user_id for row in rows if row.user_id is not None])
    undelivered = [_undelivered(row, people) for row in rows]
    waiting = requests.waiting(turn)
    mentors = approvals.waiting(turn)
    counts = {
        "waiting": len(waiting),
        "mentors": len(mentors),
        "troubles": len(troubles),
        "late": len(late),
        "dead": dead_events.count(turn.tx, turn.now - turn.policy.keep_failed),
    }
    rows_ = (*waiting[:SHOWN], *mentors[:SHOWN], *undelivered)
    courses = Action("manage", "organiser.button.courses")
    return (Say((Message("organiser.desk", counts, (courses,), rows_),)),)


def _undelivered(row: Any, people: Mapping[int, str]) -> Item:  # noqa: ANN401  a row of the outbox
    """Say of a message its kind, person and time; the words of a message are not for organisers."""
    again = Action(button_id("requeue", row.id), "organiser.button.requeue")
    return Item(
        "organiser.trouble",
        {
            "kind": row.kind,
            "name": people.get(row.user_id) or f"{row.platform}:{row.address}",
            "at": row.due_at.isoformat(),
            "state": row.state,
        },
        () if row.state == box.EXPIRED else (again,),
    )


def requeue(turn: Turn, arg: str) -> Replies:
    """Send an undelivered message again."""
    done = arg.isdecimal() and box.requeue(turn.tx, int(arg), turn.now)
    return (say("organiser.requeued" if done else "organiser.gone"),)
