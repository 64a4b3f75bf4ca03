"""Approving mentors, where the organisers want to: accept, decline, ask for changes."""

from collections.abc import Mapping

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Field, Text
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Start, Turn, say, swap
from core import users
from core.store.types import Json
from core.users import HELPS, User

WAITING = "waiting"


def ask(turn: Turn, mentor: User) -> None:
    """Show a new mentor to the organisers."""
    message = Message("approval.new", _about(turn, mentor), _answers(mentor))
    for address in sorted(turn.organisers):
        once = f"approval:{mentor.id}:{turn.now.isoformat()}:{address}"
        box.put(turn.tx, turn.now, Letter("organiser", address, message, once, f"approval:{mentor.id}"))


def _about(turn: Turn, mentor: User) -> dict[str, Json]:
    levels = [list(each) for each in users.topics_of(turn.tx, mentor.id, HELPS)]
    return {
        "name": mentor.name,
        "levels": levels,
        "answers": [list(each) for each in mentor.own_answers.items()],
    }


def _answers(mentor: User) -> tuple[Action, ...]:
    return (
        Action(button_id("approve", mentor.id), "approval.button.approve", "primary", about=mentor.name),
        Action(button_id("changes", mentor.id), "approval.button.changes", about=mentor.name),
        Action(button_id("refuse", mentor.id), "approval.button.refuse", "danger", about=mentor.name),
    )


def waiting(turn: Turn) -> list[Item]:
    """List the mentors who wait for an organiser."""
    people = users.in_state(turn.tx, WAITING)
    return [Item("approval.new", _about(turn, person), _answers(person)) for person in people]


def _find(turn: Turn, arg: str) -> User | None:
    """Find a mentor who is still waiting; the row is taken, so that two organisers answer once."""
    person = users.get(turn.tx, int(arg)) if arg.isdecimal() else None
    person = users.lock(turn.tx, person.id) if person else None
    return person if person and person.state == WAITING else None


def approve(turn: Turn, arg: str) -> Replies:
    """Let a mentor in."""
    mentor = _find(turn, arg)
    if mentor is None:
        return (say("approval.gone"),)
    users.change(turn.tx, mentor.id, turn.now, state="active")
    _tell(turn, mentor, Message("approval.welcome"))
    return (swap("approval.approved", name=mentor.name),)


def refuse(turn: Turn, arg: str) -> Replies:
    """Decline a mentor; whoever also looks for help stays as a mentee."""
    mentor = _find(turn, arg)
    if mentor is None:
        return (say("approval.gone"),)
    users.change(turn.tx, mentor.id, turn.now, state="active", mentor=False, mentee=True)
    _tell(turn, mentor, Message("approval.declined"))
    return (swap("approval.refused", name=mentor.name),)


def changes(turn: Turn, arg: str) -> Replies:
    """Ask a mentor to change something."""
    mentor = _find(turn, arg)
    return (Start("changes", {"user": mentor.id}),) if mentor else (say("approval.gone"),)


def _tell(turn: Turn, mentor: User, message: Message) -> None:
    once = f"{message.key}:{mentor.id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter("approval", mentor.id, message, once, f"approval:{mentor.id}"))


def _fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del args, answers
    return (Text(key="words", limit=turn.policy.text_limit, lines=True),)


def _params(turn: Turn, args: Args) -> Mapping[str, Json]:
    user_id = args["user"]
    person = users.get(turn.tx, user_id) if isinstance(user_id, int) else None
    return {"name": person.name if person else ""}


def _asked(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    if not turn.is_organiser:
        return Refused("error.forbidden")
    mentor = _find(turn, str(args["user"]))
    if mentor is None:
        return Refused("approval.gone")
    actions = (
        Action("profile", "signup.button.profile"),
        Action("ready", "approval.button.ready", "primary"),
    )
    _tell(turn, mentor, Message("approval.change", {"words": answers["words"]}, actions))
    return (say("approval.asked", name=mentor.name),)


def ready(turn: Turn, arg: str) -> Replies:
    """Show a mentor to the organisers again, after the changes."""
    del arg
    if turn.me.state != WAITING:
        return (say("approval.gone"),)
    ask(turn, turn.me)
    return (say("approval.again"),)


CHANGES = Dialog("changes", _fields, _asked, params=_params)
