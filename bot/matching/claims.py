"""Claiming: a mentor takes a request from the claim channel; whoever presses first is paired."""

from bot.matching import channel, waterfall
from bot.matching import fitting as fit
from bot.turn import Action, Replies, Say, Turn, say
from core import requests, users
from core.requests import CLAIM, OPEN, Request
from core.users import User

# Every answer is said and none put in the place of the message, which all the others still need.


def claim(turn: Turn, arg: str) -> Replies:
    """Take a request from the channel, or say why not."""
    if turn.user is None:
        return (say("claim.stranger", Action("signup", "signup.button.signup", "primary")),)
    known = requests.get(turn.tx, int(arg)) if arg.isdecimal() else None
    if known is None or not channel.asked(turn, known):
        return (say("claim.taken"),)
    request = requests.lock(turn.tx, known.id)
    before = next(
        (one for one in requests.offers_of(turn.tx, request.id) if one.mentor_id == turn.me.id), None
    )
    if before is not None and before.state == requests.ACCEPTED:
        return (say("offer.again", mentee=waterfall.name_of(turn, request.mentee_id)),)
    if request.mentee_id == turn.me.id:
        return (say("claim.own"),)
    # Who was blocked is not told so: it looks as if somebody had been faster.
    if request.state != OPEN or request.mentee_id in users.kept_apart(turn.tx, turn.me.id):
        return (say("claim.taken"),)
    mentor = users.lock(turn.tx, turn.me.id)
    # The hours that an open offer of the same request holds are counted already.
    held = before is not None and before.state == requests.OFFERED
    unfit = _unfit(turn, mentor) or (None if held else _full(turn, mentor, request))
    if unfit is not None:
        return (unfit,)
    if before is None:
        requests.add_offer(turn.tx, request.id, mentor.id, CLAIM, (), turn.now)
    waterfall.pair(turn, request, mentor)
    return (say("offer.accepted", mentee=waterfall.name_of(turn, request.mentee_id)),)


def _unfit(turn: Turn, mentor: User) -> Say | None:
    """Say why somebody cannot take requests now, and what to do about it."""
    profile, back = (
        Action("profile", "signup.button.profile"),
        Action("resume", "offer.button.resume", "primary"),
    )
    if not mentor.mentor:
        return say("claim.no_mentor", profile)
    if mentor.state != "active":
        return say("claim.waiting")
    if mentor.stopped or users.paused(mentor, turn.now):
        return say("claim.paused", back)
    return None


def _full(turn: Turn, mentor: User, request: Request) -> Say | None:
    full = not fit.has_room(turn, mentor.id, request.format)
    return say("offer.full", Action("profile", "signup.button.profile")) if full else None
