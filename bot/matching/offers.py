"""The conversation about a request with its mentors: the offer, the press, the hand-on. A request never dies.

wanted (one mentor was asked by name) → asking (may others be asked?) → first (the best) → next (two together)
→ claim (every fitting mentor) → organiser.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.matching import introductions
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Replies, Say, Start, Turn, say, swap
from core import mentorships, requests, users, waits
from core.availability import quiet_until
from core.matching.features import Candidate, Query
from core.requests import ASKING, CLAIM, FIRST, NEXT, OPEN, ORGANISER, WANTED, Offer, Request
from core.store.types import Json
from core.users import User

EVERY = 50
RETRY = timedelta(hours=24)


# --- Who fits ---------------------------------------------------------------------------------------------------


def query(turn: Turn, request: Request, mentee: User, excluded: frozenset[int]) -> Query:
    """Put a request as the ranking wants it."""
    monday = (turn.now - timedelta(days=turn.now.weekday())).date()
    return Query(
        topics=request.topics,
        zone=mentee.zone,
        free=request.free or mentee.free,
        languages=mentee.languages,
        wanted_languages=request.languages,
        format=request.format,
        excluded=excluded,
        week=monday,
    )


def fitting(turn: Turn, request: Request, limit: int) -> list[Candidate]:
    """Rank the mentors who may be asked now: not asked before, not kept apart, with hours left for it."""
    mentee = users.known(turn.tx, request.mentee_id)
    asked = {offer.mentor_id for offer in requests.offers_of(turn.tx, request.id)}
    excluded = (
        frozenset({mentee.id} | asked)
        | requests.earlier_partners(turn.tx, mentee.id)
        | users.kept_apart(turn.tx, mentee.id)
    )
    ranked = turn.mentors.snapshot(turn.tx, turn.now).rank(
        query(turn, request, mentee, excluded), limit * 3 + 10
    )
    return [candidate for candidate in ranked if has_room(turn, candidate.user_id, request.format)][:limit]


def has_room(turn: Turn, mentor_id: int, format_: str) -> bool:
    """Tell whether what a mentor has left this month holds one more of this format; takes the mentor's row."""
    mentor = users.lock(turn.tx, mentor_id)
    left = requests.hours_left(turn.tx, mentor_id, mentor.budget_hours, turn.policy, turn.now)
    return left >= turn.policy.hours_of_format.get(format_, 1.0)


# --- Handing on -------------------------------------------------------------------------------------------------


def begin(turn: Turn, request: Request) -> list[str]:
    """Make the first offers of a new request; returns the names of the mentors who are asked."""
    if request.step == WANTED and request.wanted_id is not None:
        _offer(turn, request, WANTED, [(request.wanted_id, ())])
        return [users.known(turn.tx, request.wanted_id).name]
    return _reach(turn, request, FIRST)


def _reach(turn: Turn, request: Request, step: str) -> list[str]:
    """Go to a step, or on to the first one at which there is somebody to ask; returns whom."""
    places = {FIRST: 1, NEXT: turn.policy.next_mentors, CLAIM: EVERY}
    order = (FIRST, NEXT, CLAIM)
    for each in order[order.index(step) :] if step in order else ():
        found = fitting(turn, request, places[each])
        if found:
            requests.move(turn.tx, request.id, each, turn.now)
            _offer(turn, request, each, [(one.user_id, _reasons(one)) for one in found])
            names = users.many(turn.tx, [one.user_id for one in found])
            return [names[one.user_id].name for one in found]
    requests.move(turn.tx, request.id, ORGANISER, turn.now)
    waits.put(turn.tx, "request.retry", request.id, turn.now + RETRY)
    mentee = users.known(turn.tx, request.mentee_id)
    message = Message(
        "request.stuck",
        {"mentee": mentee.name, **about(request)},
        (Action(button_id("assign", request.id), "request.button.assign", "primary"),),
    )
    for address in sorted(turn.organisers):
        box.put(
            turn.tx,
            turn.now,
            Letter(
                "organiser",
                address,
                message,
                f"request.stuck:{request.id}:{address}",
                f"request:{request.id}",
            ),
        )
    return []


def _reasons(candidate: Candidate) -> list[dict[str, Json]]:
    return [{"key": reason.key, "params": dict(reason.params)} for reason in candidate.reasons]


def hand_on(turn: Turn, request: Request) -> None:
    """Take a request to its next step and tell the mentee where it stands; its row is locked."""
    if request.step in (WANTED, ASKING):
        requests.move(turn.tx, request.id, ASKING, turn.now)
        _tell(
            turn,
            request,
            Message(
                "request.others",
                {"mentor": _name(turn, request.wanted_id), **about(request)},
                (
                    Action(button_id("others", request.id), "request.button.others", "primary"),
                    Action(button_id("withdraw", request.id), "request.button.withdraw"),
                ),
            ),
        )
        return
    following = {FIRST: NEXT, NEXT: CLAIM}.get(request.step, ORGANISER)
    if request.step == ORGANISER:
        waits.put(turn.tx, "request.retry", request.id, turn.now + RETRY)
        return
    names = _reach(turn, request, following)
    where = requests.get(turn.tx, request.id)
    assert where is not None
    wait = requests.expected_wait(turn.tx, turn.policy).total_seconds()
    key = (
        f"request.moved.{where.step}"
        if where.step != ORGANISER or turn.organisers
        else "request.moved.nobody"
    )
    _tell(
        turn,
        where,
        Message(
            key,
            {"mentors": names, "wait": wait, **about(request)},
            (Action(button_id("withdraw", request.id), "request.button.withdraw"),),
        ),
    )


def _tell(turn: Turn, request: Request, message: Message) -> None:
    once = f"request:{request.id}:{request.step}:{turn.now.isoformat()}"
    # What was said of an earlier step and is still held back no longer holds.
    box.cancel(turn.tx, f"request.where:{request.id}", turn.now)
    box.put(
        turn.tx, turn.now, Letter("request", request.mentee_id, message, once, f"request.where:{request.id}")
    )


def _name(turn: Turn, user_id: int | None) -> str:
    user = users.get(turn.tx, user_id) if user_id is not None else None
    return user.name if user else ""


def about(request: Request) -> dict[str, Json]:
    """Give what every message about a request says of it."""
    return {
        "topics": request.slugs,
        "goal": request.goal,
        "format": request.format,
        "urgency": request.urgency,
    }


def _offer(
    turn: Turn, request: Request, step: str, mentors: Sequence[tuple[int, Sequence[dict[str, Json]]]]
) -> None:
    mentee = users.known(turn.tx, request.mentee_id)
    for mentor_id, reasons in mentors:
        offer_id = requests.add_offer(turn.tx, request.id, mentor_id, step, reasons, turn.now)
        message = Message(
            "offer.new", {"mentee": mentee.name, "step": step, **about(request)}, buttons(offer_id)
        )
        box.put(
            turn.tx, turn.now, Letter("offer", mentor_id, message, f"offer:{offer_id}", f"offer:{offer_id}")
        )
        # An offer that cannot be delivered must not hold the request up: this wait is moved on delivery.
        waits.put(turn.tx, "offer.expiry", offer_id, turn.now + 2 * window(turn, step))
    users.touch(turn.tx, [mentor_id for mentor_id, _ in mentors], turn.now)


def buttons(offer_id: int) -> tuple[Action, ...]:
    """Give the three answers to an offer."""
    return (
        Action(button_id("accept", offer_id), "offer.button.accept", "primary"),
        Action(button_id("decline", offer_id), "offer.button.decline"),
        Action(button_id("more", offer_id), "offer.button.more"),
    )


def window(turn: Turn, step: str) -> timedelta:
    """Say how long mentors have at a step."""
    if step in (FIRST, WANTED):
        return turn.policy.first_wait
    return turn.policy.next_wait if step == NEXT else turn.policy.claim_wait


# --- What time does ---------------------------------------------------------------------------------------------


def delivered(turn: Turn, offer_id: int) -> None:
    """Start an offer's time; it ends no earlier than the mentor's quiet hours do."""
    offer = requests.offer(turn.tx, offer_id)
    if offer is None or offer.state != requests.OFFERED:
        return
    mentor = users.known(turn.tx, offer.mentor_id)
    ends = ends_awake(mentor, turn.now + window(turn, offer.step))
    requests.delivered(turn.tx, offer_id, turn.now, ends)
    waits.put(turn.tx, "offer.expiry", offer_id, ends)
    waits.put(turn.tx, "offer.reminder", offer_id, turn.now + (ends - turn.now) / 2)


def ends_awake(mentor: User, at: datetime) -> datetime:
    """Move a moment out of somebody's quiet hours."""
    return quiet_until(at, mentor.zone, mentor.quiet_from, mentor.quiet_to) or at


def undeliverable(turn: Turn, offer_id: int) -> None:
    """Hand a request on at once when a mentor cannot be reached."""
    waits.put(turn.tx, "offer.expiry", offer_id, turn.now)


def expire(turn: Turn, offer_id: int) -> None:
    """End an offer that nobody answered; the request goes on when no other offer of the step is open."""
    found = _locked(turn, offer_id)
    if found is None:
        return
    offer, request = found
    if offer.state != requests.OFFERED or request.state != OPEN:
        return
    requests.answer(turn.tx, offer_id, requests.EXPIRED, turn.now)
    users.touch(turn.tx, [offer.mentor_id], turn.now)
    mentee = users.known(turn.tx, request.mentee_id)
    late = Action(button_id("accept", offer_id), "offer.button.late")
    _replace(turn, offer, Message("offer.expired", {"mentee": mentee.name, **about(request)}, (late,)))
    silent = requests.silent_in_a_row(turn.tx, offer.mentor_id)
    if silent and silent % turn.policy.silent_offers == 0:
        ask_silent(turn, offer.mentor_id)
    go_on(turn, request)


def go_on(turn: Turn, request: Request) -> None:
    """Hand a request on when nobody is left who may still answer."""
    left = [offer for offer in requests.offers_of(turn.tx, request.id) if offer.state == requests.OFFERED]
    if not left and request.step != ASKING:
        hand_on(turn, request)


def ask_silent(turn: Turn, mentor_id: int) -> None:
    """Ask a mentor who has not answered for a while: stay, pause, stop."""
    message = Message(
        "offer.silent",
        {"count": turn.policy.silent_offers},
        (
            Action("stay", "offer.button.stay", "primary"),
            Action("pause", "offer.button.pause"),
            Action("stop", "offer.button.stop"),
        ),
    )
    once = f"offer.silent:{mentor_id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter("offer.silent", mentor_id, message, once, f"silent:{mentor_id}"))


def remind(turn: Turn, offer_id: int) -> None:
    """Remind once of an offer; all that wait for a mentor go into one message a day."""
    offer = requests.offer(turn.tx, offer_id)
    if offer is None or offer.state != requests.OFFERED:
        return
    mentor = users.known(turn.tx, offer.mentor_id)
    _remind(turn, offer, f"offer.reminder:{mentor.id}:{introductions.local_day(turn.now, mentor.zone)}")


def remind_again(turn: Turn, offer_id: int) -> None:
    """Remind of an offer after a snooze."""
    offer = requests.offer(turn.tx, offer_id)
    if offer is not None and offer.state == requests.OFFERED:
        _remind(turn, offer, f"offer.reminder:{offer.mentor_id}:{turn.now.isoformat()}")


def _remind(turn: Turn, offer: Offer, once: str) -> None:
    mine = [one for one in requests.offers_to(turn.tx, offer.mentor_id) if one.delivered_at is not None]
    actions = (
        Action("requests", "offer.button.see", "primary"),
        Action(button_id("snooze", f"offer.{offer.id}"), "snooze.button"),
    )
    message = Message("offer.reminder", {"count": len(mine)}, actions)
    box.put(turn.tx, turn.now, Letter("offer.reminder", offer.mentor_id, message, once, f"offer:{offer.id}"))


def retry(turn: Turn, request_id: int) -> None:
    """Look once a day whether somebody fits a request that has reached the organiser."""
    request = requests.lock(turn.tx, request_id)
    if request.state != OPEN or request.step != ORGANISER:
        return
    found = fitting(turn, request, EVERY)
    if found:
        requests.move(turn.tx, request.id, CLAIM, turn.now)
        _offer(turn, request, CLAIM, [(one.user_id, _reasons(one)) for one in found])
    else:
        waits.put(turn.tx, "request.retry", request_id, turn.now + RETRY)


# --- What people press ------------------------------------------------------------------------------------------


def _locked(turn: Turn, offer_id: int) -> tuple[Offer, Request] | None:
    """Lock an offer's request, then read the offer as it is now."""
    offer = requests.offer(turn.tx, offer_id)
    if offer is None:
        return None
    request = requests.lock(turn.tx, offer.request_id)
    now = requests.offer(turn.tx, offer_id)
    return (now, request) if now else None


def mine(turn: Turn, arg: str) -> tuple[Offer, Request] | None:
    """Find an offer made to the one who acts."""
    found = _locked(turn, int(arg)) if arg.isdecimal() and turn.user is not None else None
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
    if offer.state != requests.OFFERED and not has_room(turn, offer.mentor_id, request.format):
        return (say("offer.full"),)
    # The hours this offer holds were counted when it was made; the row is taken all the same, for those who count now.
    mentor = users.lock(turn.tx, offer.mentor_id)
    pair(turn, request, mentor)
    mentee = users.known(turn.tx, request.mentee_id)
    return (swap("offer.accepted", mentee=mentee.name, **about(request)),)


def _closed(turn: Turn, offer: Offer, request: Request) -> Replies:
    """Say kindly why an offer cannot be answered any more."""
    mentee = _name(turn, request.mentee_id)
    if offer.state == requests.ACCEPTED:
        return (say("offer.again", mentee=mentee),)
    if request.state != OPEN:
        key = "offer.withdrawn" if request.state == requests.WITHDRAWN else "offer.taken"
        return (swap(key, mentee=mentee, **about(request)),)
    if offer.state == requests.DECLINED:
        return (say("offer.declined.before", mentee=mentee),)
    return ()


def pair(turn: Turn, request: Request, mentor: User) -> None:
    """Make the pair, close the other offers with a friendly note, introduce both."""
    made = mentorships.create(turn.tx, request, mentor.id, turn.policy, turn.now)
    requests.close(turn.tx, request.id, requests.MATCHED, turn.now)
    mentee = users.known(turn.tx, request.mentee_id)
    others = _end_offers(
        turn, request, Message("offer.taken", {"mentee": mentee.name, **about(request)}), mentor.id
    )
    users.touch(turn.tx, [mentor.id, *others], turn.now)
    introductions.introduce(turn, made, request, mentee, mentor)


def _end_offers(turn: Turn, request: Request, note: Message, accepted_by: int | None) -> list[int]:
    """End all offers of a request; returns the mentors whose offers were closed."""
    waits.cancel(turn.tx, "request.retry", request.id)
    box.cancel(turn.tx, f"request.where:{request.id}", turn.now)
    box.cancel(turn.tx, f"request:{request.id}", turn.now)
    closed = []
    for offer in requests.offers_of(turn.tx, request.id):
        waits.cancel(turn.tx, "offer.expiry", offer.id)
        waits.cancel(turn.tx, "offer.reminder", offer.id)
        if offer.mentor_id == accepted_by:
            requests.answer(turn.tx, offer.id, requests.ACCEPTED, turn.now)
            box.cancel(turn.tx, f"offer:{offer.id}", turn.now)
        elif offer.state in (requests.OFFERED, requests.EXPIRED):
            if offer.state == requests.OFFERED:
                requests.answer(turn.tx, offer.id, requests.CLOSED, turn.now)
                closed.append(offer.mentor_id)
            _replace(turn, offer, note)
    return closed


def _replace(turn: Turn, offer: Offer, note: Message) -> None:
    """Put a note in the place of an offer on the mentor's screen; one that is still on its way is taken back."""
    subject = f"offer:{offer.id}"
    box.cancel(turn.tx, subject, turn.now)
    shown = box.delivered(turn.tx, subject, "offer")
    if shown is not None:
        once = f"offer.closed:{offer.id}:{note.key}"
        box.put(turn.tx, turn.now, Letter("offer.closed", offer.mentor_id, note, once, subject, edits=shown))


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
    go_on(turn, request)
    return (say("offer.declined", mentee=_name(turn, request.mentee_id)),)


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
    ends = ends_awake(turn.me, turn.now + window(turn, offer.step))
    waits.put(turn.tx, "offer.expiry", offer.id, ends)
    waits.cancel(turn.tx, "offer.reminder", offer.id)
    message = Message(
        "offer.question",
        {"mentor": turn.me.name, "question": question, **about(request)},
        (
            Action(button_id("reply", offer.id), "offer.button.reply", "primary"),
            Action(button_id("report", turn.me.id), "safety.button.report"),
        ),
    )
    once = f"offer.question:{offer.id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter("question", request.mentee_id, message, once, f"offer:{offer.id}"))
    return (say("offer.questioned", mentee=_name(turn, request.mentee_id)),)


def reply(turn: Turn, arg: str) -> Replies:
    """Let the mentee answer a mentor's question."""
    found = _locked(turn, int(arg)) if arg.isdecimal() and turn.user is not None else None
    if found is None or found[1].mentee_id != turn.me.id:
        return (say("offer.gone"),)
    if found[0].state != requests.OFFERED or found[1].state != OPEN:
        return (say("request.closed"),)
    return (Start("reply", {"offer": found[0].id}),)


def replied(turn: Turn, offer_id: int, text: str) -> Replies:
    """Pass the mentee's answer back, with the three answers to the offer."""
    found = _locked(turn, offer_id)
    if found is None or found[1].mentee_id != turn.me.id:
        return (say("offer.gone"),)
    offer, request = found
    if offer.state != requests.OFFERED or request.state != OPEN:
        return (say("request.closed"),)
    message = Message(
        "offer.reply", {"mentee": turn.me.name, "answer": text, **about(request)}, buttons(offer.id)
    )
    once = f"offer.reply:{offer.id}:{turn.now.isoformat()}"
    box.put(turn.tx, turn.now, Letter("offer", offer.mentor_id, message, once, f"offer:{offer.id}"))
    return (say("offer.replied", mentor=_name(turn, offer.mentor_id)),)


def others(turn: Turn, arg: str) -> Replies:
    """Let a request that one mentor was asked for go to others."""
    request = own(turn, arg)
    if request is None or request.step != ASKING:
        return (say("request.closed"),)
    names = _reach(turn, request, FIRST)
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
    key = "request.sent" if names else "request.sent.organiser" if turn.organisers else "request.sent.nobody"
    wait = requests.expected_wait(turn.tx, turn.policy).total_seconds()
    withdraw_it = Action(button_id("withdraw", request_id), "request.button.withdraw")
    return say(key, withdraw_it, mentors=list(names), wait=wait, **about(request))


def withdraw(turn: Turn, arg: str) -> Replies:
    """Take a request back; the mentors get a friendly note."""
    request = own(turn, arg)
    if request is None:
        return (say("request.closed"),)
    requests.close(turn.tx, request.id, requests.WITHDRAWN, turn.now)
    closed = _end_offers(
        turn, request, Message("offer.withdrawn", {"mentee": turn.me.name, **about(request)}), None
    )
    users.touch(turn.tx, closed, turn.now)
    return (swap("request.withdrawn", **about(request)),)


def stay(turn: Turn, arg: str) -> Replies:
    """A silent mentor goes on."""
    del arg
    return (swap("offer.stayed"),)


def stop(turn: Turn, arg: str) -> Replies:
    """A silent mentor stops being offered requests."""
    del arg
    users.change(turn.tx, turn.me.id, turn.now, stopped=True)
    return (swap("offer.stopped", Action("resume", "offer.button.resume")),)
