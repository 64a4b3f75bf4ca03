"""What time does to an offer: it begins to run on delivery, is reminded of once, and runs out."""

from datetime import datetime

from bot.matching import introductions, waterfall
from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Turn
from core import requests, users, waits
from core.availability import quiet_until
from core.requests import OPEN, Offer
from core.users import User


def delivered(turn: Turn, offer_id: int) -> None:
    """Start an offer's time; it ends no earlier than the mentor's quiet hours do."""
    offer = requests.offer(turn.tx, offer_id)
    if offer is None or offer.state != requests.OFFERED:
        return
    mentor = users.known(turn.tx, offer.mentor_id)
    ends = ends_awake(mentor, turn.now + waterfall.window(turn, offer.step))
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
    found = waterfall.locked(turn, offer_id)
    if found is None:
        return
    offer, request = found
    if offer.state != requests.OFFERED or request.state != OPEN:
        return
    requests.answer(turn.tx, offer_id, requests.EXPIRED, turn.now)
    users.touch(turn.tx, [offer.mentor_id], turn.now)
    mentee = users.known(turn.tx, request.mentee_id)
    late = Action(button_id("accept", offer_id), "offer.button.late")
    waterfall.replace_offer(
        turn, offer, Message("offer.expired", {"mentee": mentee.name, **waterfall.about(request)}, (late,))
    )
    silent = requests.silent_in_a_row(turn.tx, offer.mentor_id)
    if silent and silent % turn.policy.silent_offers == 0:
        ask_silent(turn, offer.mentor_id)
    waterfall.go_on(turn, request)


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
