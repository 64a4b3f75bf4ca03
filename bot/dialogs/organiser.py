"""What the organiser sees: who waits for a mentor, and what could not be delivered."""

from bot.dialogs import approvals, requests
from bot.outbox import box
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Turn, say
from core import users

SHOWN = 20


def show(turn: Turn, words: str) -> Replies:
    """Show what needs a person's attention."""
    del words
    troubles = box.troubles(turn.tx)
    people = users.many(turn.tx, [row.user_id for row in troubles if row.user_id is not None])
    undelivered = [
        Item(
            "organiser.trouble",
            {
                # Kind, person and time; the words of a message are not for organisers.
                "kind": row.kind,
                "name": people[row.user_id].name
                if row.user_id in people
                else f"{row.platform}:{row.address}",
                "at": row.due_at.isoformat(),
                "state": row.state,
            },
            (Action(button_id("requeue", row.id), "organiser.button.requeue"),),
        )
        for row in troubles[:SHOWN]
    ]
    waiting = requests.waiting(turn)
    mentors = approvals.waiting(turn)
    counts = {"waiting": len(waiting), "mentors": len(mentors), "troubles": len(troubles)}
    return (
        Say((Message("organiser.desk", counts, items=(*waiting[:SHOWN], *mentors[:SHOWN], *undelivered)),)),
    )


def requeue(turn: Turn, arg: str) -> Replies:
    """Send an undelivered message again."""
    done = arg.isdecimal() and box.requeue(turn.tx, int(arg), turn.now)
    return (say("organiser.requeued" if done else "organiser.gone"),)
