"""What a mentor presses on an offer: accept, decline, ask for more; and how a silent mentor goes on."""

from bot.matching import deadlines, waterfall
from bot.matching import fitting as fit
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Replies, Start, Turn, say, swap
from core import requests, users, waits
from core.requests import OPEN, Offer, Request


def mine(turn: Turn, arg: str) -> tuple[Offer, Request] | None:
    """Find an offer made to the one who acts."""
    found = waterfall.locked(turn, int(arg)) if arg.isdecimal() and turn.user is not None else None
    return found if found and found[0].mentor_id == turn.me.id else None


def accept(turn: Turn, arg: str) -> Replies:
    """Accept an offer: one pair, whoever pressed first; a late yes counts while nobody else has said it."""
    found = mine(turn, arg)
    if found is None:
        return (say("offer.gone"),)
    offer, request = found
    closed = _closed(turn, offer, request)
    if closed:
        return closed
    if offer.state != requests.OFFERED and not fit.has_room(turn, offer.mentor_id, request.format):
        return (say("offer.full"),)
    # The hours this offer holds were counted when it was made; the row is taken all the same, for those who count now.
    mentor = users.lock(turn.tx, offer.mentor_id)
    waterfall.pair(turn, request, mentor)
    mentee = users.known(turn.tx, request.mentee_id)
    return (swap("offer.accepted", mentee=mentee.name, **waterfall.about(request)),)


def _closed(turn: Turn, offer: Offer, request: Request) -> Replies:
    """Say kindly why an offer cannot be answered any more."""
    mentee = waterfall.name_of(turn, request.mentee_id)
    if offer.state == requests.ACCEPTED:
        return (say("offer.again", mentee=mentee),)
    if request.state != OPEN:
        key = "offer.withdrawn" if request.state == requests.WITHDRAWN else "offer.taken"
        return (swap(key, mentee=mentee, **waterfall.about(request)),)
    if offer.state == requests.DECLINED:
        return (say("offer.declined.before", mentee=mentee),)
    # Who was blocked is not told so: it looks as if somebody had been faster.
    if request.mentee_id in users.kept_apart(turn.tx, turn.me.id):
        return (swap("offer.taken", mentee=mentee, **waterfall.about(request)),)
    return ()


def decline(turn: Turn, arg: str) -> Replies:
    """Ask why, in one optional question."""
    found = mine(turn, arg)
    if found is None:
        return (say("offer.gone"),)
    closed = _closed(turn, *found)
    return closed or (Start("decline", {"offer": found[0].id}),)


def declined(turn: Turn, offer_id: int, why: str | None) -> Replies:
    """Move on at once; the mentee is not told why."""
    found = mine(turn, str(offer_id))
    if found is None:
        return (say("offer.gone"),)
    offer, request = found
    closed = _closed(turn, offer, request)
    if closed:
        return closed
    requests.answer(turn.tx, offer.id, requests.DECLINED, turn.now, why)
    waits.cancel(turn.tx, "offer.expiry", offer.id)
    waits.cancel(turn.tx, "offer.reminder", offer.id)
    box.cancel(turn.tx, f"offer:{offer.id}", turn.now)
    users.touch(turn.tx, [offer.mentor_id], turn.now)
    if why == "apart":
        users.block(turn.tx, offer.mentor_id, request.mentee_id, turn.now)
    waterfall.go_on(turn, request)
    return (say("offer.declined", mentee=waterfall.name_of(turn, request.mentee_id)),)


def more(turn: Turn, arg: str) -> Replies:
    """Let the mentor ask a question before answering."""
    found = mine(turn, arg)
    if found is None:
        return (say("offer.gone"),)
    closed = _closed(turn, *found)
    return closed or (Start("more", {"offer": found[0].id}),)


def questioned(turn: Turn, offer_id: int, question: str) -> Replies:
    """Pass a mentor's question on to the mentee; the offer's time starts anew."""
    found = mine(turn, str(offer_id))
    if found is None or _closed(turn, *found):
        return (say("offer.gone"),) if found is None else _closed(turn, *found)
    offer, request = found
    ends = deadlines.ends_awake(turn.me, turn.now + waterfall.window(turn, offer.step))
    waits.put(turn.tx, "offer.expiry", offer.id, ends)
    waits.cancel(turn.tx, "offer.reminder", offer.id)
    message = Message(
        "offer.question",
        {"mentor": turn.me.name, "question": question, **waterfall.about(request)},
        (
            Action(button_id("reply", offer.id), "offer.button.reply", "primary"),
            Action(button_id("report", turn.me.id), "safety.button.report"),
        ),
    )
    once = f"offer.question:{offer.id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter("question", request.mentee_id, message, once, f"offer:{offer.id}"))
    return (say("offer.questioned", mentee=waterfall.name_of(turn, request.mentee_id)),)


def reply(turn: Turn, arg: str) -> Replies:
    """Let the mentee answer a mentor's question."""
    found = waterfall.locked(turn, int(arg)) if arg.isdecimal() and turn.user is not None else None
    if found is None or found[1].mentee_id != turn.me.id:
        return (say("offer.gone"),)
    if found[0].state != requests.OFFERED or found[1].state != OPEN:
        return (say("request.closed"),)
    return (Start("reply", {"offer": found[0].id}),)


def replied(turn: Turn, offer_id: int, text: str) -> Replies:
    """Pass the mentee's answer back, with the three answers to the offer."""
    found = waterfall.locked(turn, offer_id)
    if found is None or found[1].mentee_id != turn.me.id:
        return (say("offer.gone"),)
    offer, request = found
    if offer.state != requests.OFFERED or request.state != OPEN:
        return (say("request.closed"),)
    message = Message(
        "offer.reply",
        {"mentee": turn.me.name, "answer": text, **waterfall.about(request)},
        waterfall.buttons(offer.id, turn.me.name),
    )
    once = f"offer.reply:{offer.id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter("offer", offer.mentor_id, message, once, f"offer:{offer.id}"))
    return (say("offer.replied", mentor=waterfall.name_of(turn, offer.mentor_id)),)


def stay(turn: Turn, arg: str) -> Replies:
    """A silent mentor goes on."""
    del turn, arg
    return (swap("offer.stayed"),)


def stop(turn: Turn, arg: str) -> Replies:
    """A silent mentor stops being offered requests."""
    del arg
    users.change(turn.tx, turn.me.id, turn.now, stopped=True)
    return (swap("offer.stopped", Action("resume", "offer.button.resume")),)
