"""How a request is handed on. It never dies.

wanted (one mentor was asked by name) → asking (may others be asked?) → first (the best) → next (two together)
→ claim (the claim channel, where there is one, or every fitting mentor) → organiser.
"""

from collections.abc import Sequence
from datetime import timedelta

from bot.matching import channel, introductions, search
from bot.matching import fitting as fit
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Turn
from core import mentorships, requests, users, waits
from core.requests import ASKING, CLAIM, FIRST, NEXT, OPEN, ORGANISER, WANTED, Offer, Request
from core.store.types import Json
from core.users import User

EVERY = 50
RETRY = timedelta(hours=24)


def begin(turn: Turn, request: Request) -> list[str]:
    """Make the first offers of a new request; returns the names of the mentors who are asked."""
    if request.step == WANTED and request.wanted_id is not None:
        _offer(turn, request, WANTED, [(request.wanted_id, ())])
        return [users.known(turn.tx, request.wanted_id).name]
    return reach(turn, request, FIRST)


def reach(turn: Turn, request: Request, step: str, *, in_channel: bool = True) -> list[str]:
    """Go to a step, or on to the first one at which there is somebody to ask; returns whom, or nobody by name."""
    places = {FIRST: 1, NEXT: turn.policy.next_mentors, CLAIM: EVERY}
    order = (FIRST, NEXT, CLAIM)
    for each in order[order.index(step) :] if step in order else ():
        if each == CLAIM and in_channel and channel.there_is(turn):
            requests.move(turn.tx, request.id, each, turn.now)
            channel.ask(turn, request)
            return []
        found = fit.fitting(turn, request, places[each])
        if found:
            requests.move(turn.tx, request.id, each, turn.now)
            _offer(turn, request, each, [(one.user_id, search.reasons(one)) for one in found])
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


def hand_on(turn: Turn, request: Request) -> None:
    """Take a request to its next step and tell the mentee where it stands; its row is locked."""
    if request.step in (WANTED, ASKING):
        requests.move(turn.tx, request.id, ASKING, turn.now)
        _tell(
            turn,
            request,
            Message(
                "request.others",
                {"mentor": name_of(turn, request.wanted_id), **about(request)},
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
    _go(turn, request, following)


def _go(turn: Turn, request: Request, step: str, *, in_channel: bool = True) -> None:
    """Go to a step, or on from there, and tell the mentee."""
    names = reach(turn, request, step, in_channel=in_channel)
    where = requests.get(turn.tx, request.id)
    assert where is not None
    wait = requests.expected_wait(turn.tx, turn.policy).total_seconds()
    key = f"request.moved.{where.step}"
    if where.step == ORGANISER and not turn.organisers:
        key = "request.moved.nobody"
    elif where.step == CLAIM and not names:
        key = "request.moved.channel"
    _tell(
        turn,
        where,
        Message(
            key,
            {"mentors": names, "wait": wait, **about(request)},
            (Action(button_id("withdraw", request.id), "request.button.withdraw"),),
        ),
    )


def go_on(turn: Turn, request: Request) -> None:
    """Hand a request on when nobody is left who may still answer."""
    left = [offer for offer in requests.offers_of(turn.tx, request.id) if offer.state == requests.OFFERED]
    if not left and request.step != ASKING and not waits.exists(turn.tx, "request.claim", request.id):
        hand_on(turn, request)


def unclaimed(turn: Turn, request_id: int) -> None:
    """Hand a request on that nobody has claimed in the channel in time; there it can still be claimed."""
    if requests.get(turn.tx, request_id) is None:
        return
    request = requests.lock(turn.tx, request_id)
    if request.state == OPEN and request.step == CLAIM:
        hand_on(turn, request)


def unheard(turn: Turn, request_id: int) -> None:
    """Ask every fitting mentor in private where the channel cannot be reached."""
    if requests.get(turn.tx, request_id) is None:
        return
    request = requests.lock(turn.tx, request_id)
    if waits.exists(turn.tx, "request.claim", request_id):
        waits.cancel(turn.tx, "request.claim", request_id)
        _go(turn, request, CLAIM, in_channel=False)


def retry(turn: Turn, request_id: int) -> None:
    """Look once a day whether somebody fits a request that has reached the organiser."""
    request = requests.lock(turn.tx, request_id)
    if request.state != OPEN or request.step != ORGANISER:
        return
    found = fit.fitting(turn, request, EVERY)
    if found:
        requests.move(turn.tx, request.id, CLAIM, turn.now)
        _offer(turn, request, CLAIM, [(one.user_id, search.reasons(one)) for one in found])
    else:
        waits.put(turn.tx, "request.retry", request_id, turn.now + RETRY)


def _tell(turn: Turn, request: Request, message: Message) -> None:
    once = f"request:{request.id}:{request.step}:{turn.now.isoformat()}"
    # What was said of an earlier step and is still held back no longer holds.
    box.cancel(turn.tx, f"request.where:{request.id}", turn.now)
    box.put(
        turn.tx, turn.now, Letter("request", request.mentee_id, message, once, f"request.where:{request.id}")
    )


def name_of(turn: Turn, user_id: int | None) -> str:
    """Give somebody's name, if they are still here."""
    user = users.get(turn.tx, user_id) if user_id is not None else None
    return user.name if user else ""


def about(request: Request) -> dict[str, Json]:
    """Give what every message about a request says of it."""
    return {
        "topics": request.slugs,
        "goal": request.goal,
        "stuck": dict(request.stuck) if request.stuck else None,
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
            "offer.new",
            {"mentee": mentee.name, "step": step, **about(request)},
            buttons(offer_id, mentee.name),
        )
        box.put(
            turn.tx, turn.now, Letter("offer", mentor_id, message, f"offer:{offer_id}", f"offer:{offer_id}")
        )
        # An offer that cannot be delivered must not hold the request up: this wait is moved on delivery.
        waits.put(turn.tx, "offer.expiry", offer_id, turn.now + 2 * window(turn, step))
    users.touch(turn.tx, [mentor_id for mentor_id, _ in mentors], turn.now)


def buttons(offer_id: int, mentee: str) -> tuple[Action, ...]:
    """Give the three answers to an offer; who asks is named for those who hear the buttons only."""
    return (
        Action(button_id("accept", offer_id), "offer.button.accept", "primary", about=mentee),
        Action(button_id("decline", offer_id), "offer.button.decline", about=mentee),
        Action(button_id("more", offer_id), "offer.button.more", about=mentee),
    )


def window(turn: Turn, step: str) -> timedelta:
    """Say how long mentors have at a step."""
    if step in (FIRST, WANTED):
        return turn.policy.first_wait
    return turn.policy.next_wait if step == NEXT else turn.policy.claim_wait


def end_offers(turn: Turn, request: Request, note: Message, accepted_by: int | None) -> list[int]:
    """End all offers of a request; returns the mentors whose offers were closed."""
    waits.cancel(turn.tx, "request.retry", request.id)
    box.cancel(turn.tx, f"request.where:{request.id}", turn.now)
    box.cancel(turn.tx, f"request:{request.id}", turn.now)
    channel.close(turn, request)
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
            replace_offer(turn, offer, note)
    return closed


def replace_offer(turn: Turn, offer: Offer, note: Message) -> None:
    """Put a note in the place of an offer on the mentor's screen; one that is still on its way is taken back."""
    subject = f"offer:{offer.id}"
    box.cancel(turn.tx, subject, turn.now)
    shown = box.delivered(turn.tx, subject, "offer")
    if shown is not None:
        once = f"offer.closed:{offer.id}:{note.key}"
        box.put(turn.tx, turn.now, Letter("offer.closed", offer.mentor_id, note, once, subject, edits=shown))


def pair(turn: Turn, request: Request, mentor: User) -> None:
    """Make the pair, close the other offers with a friendly note, introduce both."""
    made = mentorships.create(turn.tx, request, mentor.id, turn.policy, turn.now)
    requests.close(turn.tx, request.id, requests.MATCHED, turn.now)
    mentee = users.known(turn.tx, request.mentee_id)
    others = end_offers(
        turn, request, Message("offer.taken", {"mentee": mentee.name, **about(request)}), mentor.id
    )
    users.touch(turn.tx, [mentor.id, *others], turn.now)
    introductions.introduce(turn, made, request, mentee, mentor)


def locked(turn: Turn, offer_id: int) -> tuple[Offer, Request] | None:
    """Lock an offer's request, then read the offer as it is now."""
    offer = requests.offer(turn.tx, offer_id)
    if offer is None:
        return None
    request = requests.lock(turn.tx, offer.request_id)
    now = requests.offer(turn.tx, offer_id)
    return (now, request) if now else None
