"""Meeting: propose up to five times, or one's own; cancel; the list of sessions."""

from collections.abc import Mapping
from datetime import datetime

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.dialogs.values import values_of
from bot.fields import Choice, Confirm, Field, Moment, Option, When
from bot.mentorships import sessions as talk
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import mentorships, sessions, users
from core.mentorships import Mentorship
from core.sessions import CONFIRMED, PROPOSED
from core.store.types import Json


def schedule(turn: Turn, arg: str) -> Replies:
    """Propose times for a session with a partner."""
    pairs = mentorships.of_user(turn.tx, turn.me.id)
    chosen = [pair for pair in pairs if str(pair.id) == arg] if arg.isdecimal() else pairs
    if not chosen:
        return (say("room.none" if not pairs else "session.gone"),)
    if len(chosen) > 1:
        items = tuple(
            Item(
                "room.item",
                {"partner": _partner(turn, pair)},
                (Action(button_id("schedule", pair.id), "session.button.schedule", "primary"),),
            )
            for pair in chosen
        )
        return (Say((Message("session.which", items=items),)),)
    pair = chosen[0]
    waiting = [one for one in sessions.of_mentorship(turn.tx, pair.id) if one.state == PROPOSED]
    return _open(turn, pair, waiting[0].id if waiting else None)


def _open(turn: Turn, pair: Mentorship, session_id: int | None) -> Replies:
    args: dict[str, Json] = {"mentorship": pair.id, "session": session_id}
    if turn.me.zone_assumed:
        # Times in the wrong zone are worse than one more question.
        return (Start("zone", args),)
    times = [time.isoformat() for time in talk.suggested(turn, pair, session_id)]
    return (Start("schedule", {**args, "times": times}),)


def propose(turn: Turn, arg: str) -> Replies:
    """Propose other times for a session."""
    found = talk.mine(turn, arg)
    if found is None or found[0].state not in (PROPOSED, CONFIRMED):
        return (say("session.gone"),)
    return _open(turn, found[1], found[0].id)


def _partner(turn: Turn, pair: Mentorship) -> str:
    return users.known(turn.tx, pair.partner(turn.me.id)).name


def params(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Give the partner's name and the time that is moved."""
    pair = _pair(turn, args)
    session_id = args.get("session")
    session = sessions.get(turn.tx, session_id) if isinstance(session_id, int) else None
    at = session.starts_at.isoformat() if session and session.starts_at else None
    return {"partner": _partner(turn, pair) if pair else "", "at": at}


def _pair(turn: Turn, args: Args) -> Mentorship | None:
    pair_id = args.get("mentorship")
    pair = mentorships.get(turn.tx, pair_id) if isinstance(pair_id, int) else None
    return pair if pair and pair.has(turn.me.id) and pair.state == mentorships.ACTIVE else None


def fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    """Offer the times that suit both; whoever takes none of them names one."""
    del answers
    times = args.get("times")
    if not isinstance(times, list) or not times:
        return (Moment(key="other"),)
    options = tuple(
        Option(str(time), turn.words.text("session.button.time", {"at": time}, turn.locale, turn.zone))
        for time in times
    )
    return (
        Choice(key="times", required=False, many=True, options=options, search="moments", most=len(options)),
        Moment(key="other", when=When("times", (None,))),
    )


def finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Propose them to the partner."""
    pair = _pair(turn, args)
    if pair is None:
        return Refused("session.gone")
    picked = values_of(answers.get("times")) or (answers["other"],)
    times = sorted(datetime.fromisoformat(str(time)) for time in picked)
    if times[0] <= turn.now:
        return Refused("error.moment.past", {}, "other" if answers.get("other") else "times")
    session_id = args.get("session")
    return talk.proposed(turn, pair, times, session_id if isinstance(session_id, int) else None)


SCHEDULE = Dialog("schedule", fields, finish, params=params)


def _zone(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Choice(key="zone", search="zones"),)


def _zoned(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Keep the zone, then go on with the times."""
    zone = str(answers["zone"])
    users.change(turn.tx, turn.me.id, turn.now, zone=zone, zone_assumed=False)
    pair = _pair(turn, args)
    if pair is None:
        return (say("profile.changed"),)
    times: list[Json] = [time.isoformat() for time in talk.suggested(turn, pair)]
    return (Start("schedule", {**args, "times": times}),)


ZONE = Dialog("zone", _zone, _zoned, params=params)


def _sure(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Confirm(key="sure"),)


def _called_off(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    found = talk.mine(turn, str(args["session"]))
    if found is None or found[0].state not in (PROPOSED, CONFIRMED):
        return Refused("session.gone")
    if not answers["sure"]:
        return (say("session.kept"),)
    return talk.cancelled(turn, *found)


def _session(turn: Turn, args: Args) -> Mapping[str, Json]:
    found = talk.mine(turn, str(args["session"]))
    if found is None:
        return {"partner": "", "at": None}
    session, pair = found
    return {
        "partner": _partner(turn, pair),
        "at": session.starts_at.isoformat() if session.starts_at else None,
    }


CALL_OFF = Dialog("call_off", _sure, _called_off, params=_session)


def show(turn: Turn, words: str) -> Replies:
    """List what is proposed and what is to come."""
    del words
    items = mine(turn)
    if not items:
        return (say("session.none", Action("schedule", "session.button.schedule", "primary")),)
    return (Say((Message("session.list", {"count": len(items)}, items=items),)),)


def mine(turn: Turn) -> tuple[Item, ...]:
    """List one's sessions, each as it is shown."""
    items = []
    for session in sessions.of_user(turn.tx, turn.me.id, turn.now):
        pair = mentorships.known(turn.tx, session.mentorship_id)
        partner = _partner(turn, pair)
        actions = (
            Action(button_id("move", session.id), "session.button.move", about=partner),
            Action(button_id("call_off", session.id), "session.button.cancel", about=partner),
        )
        at = session.starts_at.isoformat() if session.starts_at else None
        own = session.proposed_by == turn.me.id
        details = {"partner": partner, "at": at, "link": session.link, "mine": own}
        items.append(Item("session.item", details, actions))
    return tuple(items)
