"""My pairs: talk, plan a session, end."""

from collections.abc import Mapping
from dataclasses import replace

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Choice, Field, Option
from bot.mentorships import endings
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import mentorships, users
from core.mentorships import Mentorship
from core.store.types import Json

REASONS = ("done", "time", "fit", "other")


def show(turn: Turn, words: str) -> Replies:
    """List the pairs one is in."""
    del words
    items = tuple(
        replace(item, actions=(*item.actions, _end(pair, str(item.params["partner"]))))
        for pair, item in mine(turn)
    )
    if not items:
        return (say("room.none"),)
    return (Say((Message("mentorship.list", {"count": len(items)}, items=items),)),)


def _end(pair: Mentorship, partner: str) -> Action:
    return Action(button_id("end", pair.id), "mentorship.button.end", about=partner)


def mine(turn: Turn) -> list[tuple[Mentorship, Item]]:
    """List one's pairs, each as it is shown."""
    pairs = mentorships.of_user(turn.tx, turn.me.id)
    names = users.names(turn.tx, [pair.partner(turn.me.id) for pair in pairs])
    return [
        (
            pair,
            Item(
                "mentorship.item",
                {
                    "partner": names[partner],
                    "mentor": pair.mentor_id == turn.me.id,
                    "since": pair.started_at.isoformat(),
                    "until": pair.ends_at.isoformat(),
                },
                (
                    Action(button_id("talk", pair.id), "room.button.talk", "primary", about=names[partner]),
                    Action(button_id("schedule", pair.id), "session.button.schedule", about=names[partner]),
                ),
            ),
        )
        for pair in pairs
        for partner in (pair.partner(turn.me.id),)
    ]


def end(turn: Turn, arg: str) -> Replies:
    """Ask why, in one optional question."""
    pair = mentorships.get(turn.tx, int(arg)) if arg.isdecimal() else None
    if pair is None or not pair.has(turn.me.id) or pair.state != mentorships.ACTIVE:
        return (say("mentorship.gone"),)
    return (Start("end", {"mentorship": pair.id}),)


def _why(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Choice(key="why", options=tuple(Option(reason) for reason in REASONS)),)


def _params(turn: Turn, args: Args) -> Mapping[str, Json]:
    pair = mentorships.get(turn.tx, int(str(args["mentorship"])))
    partner = users.get(turn.tx, pair.partner(turn.me.id)) if pair and pair.has(turn.me.id) else None
    return {"partner": partner.name if partner else ""}


def _ended(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    pair = mentorships.lock(turn.tx, int(str(args["mentorship"])))
    if not pair.has(turn.me.id) or pair.state != mentorships.ACTIVE:
        return Refused("mentorship.gone")
    endings.end(turn, pair, str(answers["why"]))
    return (say("mentorship.ending"),)


END = Dialog("end", _why, _ended, params=_params)
