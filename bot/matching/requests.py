"""What a mentee presses on a request: ask others, withdraw; and what they are told."""

from collections.abc import Sequence

from bot.matching import waterfall
from bot.ports import button_id
from bot.turn import Action, Message, Replies, Say, Turn, say, swap
from core import requests, users
from core.requests import ASKING, CLAIM, FIRST, OPEN, Request


def others(turn: Turn, arg: str) -> Replies:
    """Let a request that one mentor was asked for go to others."""
    request = own(turn, arg)
    if request is None or request.step != ASKING:
        return (say("request.closed"),)
    names = waterfall.reach(turn, request, FIRST)
    return (told(turn, request.id, names),)


def own(turn: Turn, arg: str) -> Request | None:
    """Find an open request of the one who acts, and lock it."""
    if not arg.isdecimal() or turn.user is None or requests.get(turn.tx, int(arg)) is None:
        return None
    request = requests.lock(turn.tx, int(arg))
    return request if request.mentee_id == turn.me.id and request.state == OPEN else None


def told(turn: Turn, request_id: int, names: Sequence[str]) -> Say:
    """Say who is asked now, and how long it usually takes."""
    request = requests.get(turn.tx, request_id)
    assert request is not None
    if request.step == CLAIM and not names:
        key = "request.sent.channel"
    else:
        key = "request.sent" if names else f"request.sent.{'organiser' if turn.organisers else 'nobody'}"
    wait = requests.expected_wait(turn.tx, turn.policy).total_seconds()
    withdraw_it = Action(button_id("withdraw", request_id), "request.button.withdraw")
    return say(key, withdraw_it, mentors=list(names), wait=wait, **waterfall.about(request))


def withdraw(turn: Turn, arg: str) -> Replies:
    """Take a request back; the mentors get a friendly note."""
    request = own(turn, arg)
    if request is None:
        return (say("request.closed"),)
    requests.close(turn.tx, request.id, requests.WITHDRAWN, turn.now)
    closed = waterfall.end_offers(
        turn, request, Message("offer.withdrawn", {"mentee": turn.me.name, **waterfall.about(request)}), None
    )
    users.touch(turn.tx, closed, turn.now)
    return (swap("request.withdrawn", **waterfall.about(request)),)
