"""Asking one mentor: out of a list that was shown, or somebody whom a person pointed at where they meet.

Whoever was pointed at is asked for by a small form, since nothing is known of the wish yet.
"""

from collections.abc import Mapping

from bot.dialogs import find
from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Field
from bot.matching import fitting
from bot.ports import button_id
from bot.turn import Action, Replies, Start, Turn, say
from core import mentorships, requests, users
from core.address import Address
from core.requests import WANTED
from core.store.types import Json
from core.users import User


def ask(turn: Turn, arg: str) -> Replies:
    """Ask a mentor of a search, or the author of what was acted on."""
    quoted = turn.origin.quoted
    if arg or quoted is None or quoted.author is None:
        return find.ask(turn, arg)
    person = _at(turn, quoted.author)
    if person is None:
        return _nobody()
    return _no(turn, person) or (Start("ask", {"mentor": person.id}),)


def _at(turn: Turn, where: Address) -> User | None:
    account = users.account_at(turn.tx, where)
    if account is None or account.user_id is None:
        return None
    return users.get(turn.tx, account.user_id)


def _mentor(turn: Turn, args: Args) -> User | None:
    mentor = args.get("mentor")
    return users.get(turn.tx, mentor) if isinstance(mentor, int) else None


def _no(turn: Turn, person: User) -> Replies:
    """Say kindly why somebody cannot be asked, or nothing; a block is not told from a pause."""
    if person.id == turn.me.id:
        return (say("ask.yourself", _search()),)
    if not person.mentor or person.state != "active":
        return _nobody()
    away = person.stopped or users.paused(person, turn.now)
    if away or person.id in users.kept_apart(turn.tx, turn.me.id):
        return (say("find.unavailable", _search()),)
    for pair in mentorships.of_user(turn.tx, turn.me.id):
        if pair.mentor_id == person.id:
            talk = Action(button_id("talk", pair.id), "room.button.talk", "primary")
            return (say("ask.paired", talk, name=person.name),)
    open_ = requests.open_of(turn.tx, turn.me.id)
    if any(request.step == WANTED and request.wanted_id == person.id for request in open_):
        return (say("ask.asked", Action("requests", "request.button.see", "primary"), name=person.name),)
    if len(open_) >= turn.policy.open_requests:
        see = Action("requests", "request.button.see", "primary")
        return (say("request.full", see, limit=turn.policy.open_requests),)
    if not any(fitting.has_room(turn, person.id, each) for each in turn.policy.hours_of_format):
        return (say("find.full", _search(), name=person.name),)
    return ()


def _nobody() -> Replies:
    return (say("ask.nobody", _search()),)


def _search() -> Action:
    return Action("find", "request.button.find", "primary")


# --- The form ---------------------------------------------------------------------------------------------------


def _initial(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Prefill as a search does, but of the topics only those that the mentor helps with."""
    mentor = _mentor(turn, args)
    helps = dict(users.topics_of(turn.tx, mentor.id, users.HELPS)) if mentor else {}
    wants = users.topics_of(turn.tx, turn.me.id, users.WANTS)
    return {
        **find.initial(turn, args),
        "topics": [[topic, level] for topic, level in wants if topic in helps],
    }


def _about(turn: Turn, args: Args) -> Mapping[str, Json]:
    mentor = _mentor(turn, args)
    helps = users.topics_of(turn.tx, mentor.id, users.HELPS) if mentor else ()
    return {"name": mentor.name if mentor else "", "topics": [topic for topic, _ in helps]}


def _fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    return find.fields(turn, args, answers)


def _finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Look again whether they can be asked, and ask."""
    mentor = _mentor(turn, args)
    if mentor is None:
        return _nobody()
    if no := _no(turn, mentor):
        return no
    wish = find.wish_of(turn, answers)
    if not fitting.has_room(turn, mentor.id, str(wish["format"])):
        return Refused("ask.shorter", {"name": mentor.name}, "format")
    return find.send(turn, wish, WANTED, mentor.id)


ASK = Dialog("ask", _fields, _finish, initial=_initial, params=_about)
