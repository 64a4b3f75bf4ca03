"""Rating a session: one to five stars, and words in one's own language; and what else there is to rate."""

from collections.abc import Mapping

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Choice, Field, Option, Text
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import mentorships, ratings, sessions, users
from core.courses import reviews
from core.sessions import MET
from core.store.types import Json

STARS = tuple(Option(str(stars)) for stars in range(5, 0, -1))


def rate(turn: Turn, arg: str) -> Replies:
    """Rate a session: the one named, or one that is not rated yet."""
    if arg.isdecimal():
        return (Start("rate", {"session": int(arg)}),)
    items = tuple(
        Item(
            "rate.item",
            {
                "partner": users.known(turn.tx, pair.partner(turn.me.id)).name,
                "at": session.starts_at.isoformat(),
            },
            (Action(button_id("rate", session.id), "rate.button.rate", "primary"),),
        )
        for session, pair in _unrated(turn)
        if session.starts_at is not None
    )
    items += _courses(turn)
    if not items:
        return (say("rate.none"),)
    return (Say((Message("rate.which", items=items),)),)


def _courses(turn: Turn) -> tuple[Item, ...]:
    """List the courses that one has finished and not rated."""
    return tuple(
        Item(
            "review.item",
            {"title": course.text(turn.locale).title},
            (Action(button_id("rate_course", course.id), "rate.button.rate", "primary"),),
        )
        for course in reviews.unrated(turn.tx, turn.me.id)
    )


def _unrated(turn: Turn) -> list[tuple[sessions.Session, mentorships.Mentorship]]:
    pairs = {pair.id: pair for pair in mentorships.of_user(turn.tx, turn.me.id, active=False)}
    return [
        (session, pairs[session.mentorship_id])
        for session in sessions.unrated(turn.tx, turn.me.id, list(pairs))
    ]


def begin(turn: Turn, args: Args) -> Refused | None:
    """Refuse what is not theirs, did not happen, or is rated already."""
    found = _session(turn, args)
    if found is None:
        return Refused("session.gone")
    if ratings.rated(turn.tx, found[0].id, turn.me.id):
        return Refused("rate.already")
    return None


def _session(turn: Turn, args: Args) -> tuple[sessions.Session, mentorships.Mentorship] | None:
    session = sessions.get(turn.tx, int(str(args["session"])))
    if session is None or session.state != MET:
        return None
    pair = mentorships.known(turn.tx, session.mentorship_id)
    return (session, pair) if pair.has(turn.me.id) else None


def fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    """Ask for stars and words."""
    del args, answers
    return (
        Choice(key="stars", options=STARS),
        Text(key="words", required=False, limit=turn.policy.text_limit, lines=True),
    )


def params(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Give the partner's name."""
    found = _session(turn, args)
    return {"partner": users.known(turn.tx, found[1].partner(turn.me.id)).name if found else ""}


def finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Keep the rating; one star opens every way out in the same step."""
    found = _session(turn, args)
    if found is None:
        return Refused("session.gone")
    session, pair = found
    stars, words = int(str(answers["stars"])), answers.get("words")
    partner = pair.partner(turn.me.id)
    kept = ratings.rate(
        turn.tx, session.id, turn.me.id, partner, stars, str(words) if words else None, turn.now
    )
    if not kept:
        return Refused("rate.already")
    users.touch(turn.tx, [partner], turn.now)
    name = users.known(turn.tx, partner).name
    if stars == 1:
        ways = (
            Action("find", "rate.button.another", "primary"),
            Action(button_id("report", partner), "safety.button.report"),
            Action(button_id("block", partner), "safety.button.block", "danger"),
        )
        return (say("rate.sorry", *ways, partner=name),)
    again = Action(button_id("schedule", pair.id), "session.button.schedule", "primary")
    return (say("rate.done", again, partner=name, stars=stars),)


RATE = Dialog("rate", fields, finish, begin, params=params)
