"""Help, the welcome, and what to say to words that nobody asked for."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Turn, say
from core import mentorships

CLOSE = 70
TOPIC_LIMIT = 50
"""What the id of a button has room for."""


def help_(turn: Turn, names: Sequence[str]) -> Replies:
    """List only what this person can do now."""
    items = tuple(Item("help.command", {"name": name}) for name in names)
    return (Say((Message("help.list", {"signed_up": turn.user is not None}, items=items),)),)


def unknown(typed: str, names: Sequence[str]) -> Replies:
    """Guess which command was meant."""
    found = process.extractOne(typed[:40].lower(), names, scorer=fuzz.ratio, score_cutoff=CLOSE)
    if found is None:
        return (say("help.unknown", Action("help", "help.button.help", "primary"), typed=typed[:40]),)
    guess = Action(str(found[0]), "help.button.guess", "primary", {"name": str(found[0])})
    return (say("help.did_you_mean", guess, typed=typed[:40], name=str(found[0])),)


def welcome(turn: Turn, *more: Action) -> Replies:
    """Greet somebody who is not signed up."""
    signup = Action("signup", "signup.button.signup", "primary")
    return (say("help.welcome", signup, Action("help", "help.button.help"), *more, name=turn.name),)


def suggestions(turn: Turn, text: str = "") -> Replies:
    """Say what can be done with words that belong to nothing; a topic in them is offered to search for."""
    if turn.user is None:
        return welcome(turn)
    if turn.origin.files:
        return _files(turn)
    slugs = turn.topics.scan(text).slugs
    if slugs and len(slugs[0]) < TOPIC_LIMIT:
        name = turn.topics.name(slugs[0], turn.locale)
        search = Action(button_id("about", slugs[0]), "help.button.search", "primary", {"topic": name})
        return (say("help.search", search, Action("help", "help.button.help"), topic=name),)
    talk = Action("talk", "room.button.talk", "primary")
    find = Action(
        "find", "request.button.find", "plain" if mentorships.of_user(turn.tx, turn.me.id) else "primary"
    )
    actions = (talk, find) if mentorships.of_user(turn.tx, turn.me.id) else (find,)
    return (say("help.suggestions", *actions, Action("help", "help.button.help")),)


def _files(turn: Turn) -> Replies:
    """Say what files are for."""
    paired = bool(mentorships.of_user(turn.tx, turn.me.id))
    talk = (Action("talk", "room.button.talk", "primary"),) if paired else ()
    return (say("help.files", *talk, Action("help", "help.button.help"), paired=paired),)
