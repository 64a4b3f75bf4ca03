"""The claim channel: one message to all mentors at once, where a request that nobody has taken may be claimed."""

from bot.outbox import box
from bot.outbox.box import Letter
from bot.ports import button_id
from bot.turn import Action, Message, Turn
from core import waits
from core.address import Address
from core.requests import Request
from core.store.types import Json


def there_is(turn: Turn) -> bool:
    """Tell whether the community has one."""
    return bool(turn.policy.claim_channel)


def ask(turn: Turn, request: Request) -> None:
    """Put the request into the channel, without a name and without the goal, which may be personal."""
    where = Address.parse(str(turn.policy.claim_channel))
    help_ = Action(button_id("claim", request.id), "claim.button.help", "primary")
    message = Message("claim.new", _about(request), (help_,), locale=turn.policy.locale)
    subject = _subject(request)
    box.put(turn.tx, turn.now, Letter("claim", where, message, subject, subject))
    waits.put(turn.tx, "request.claim", request.id, turn.now + turn.policy.claim_wait)


def close(turn: Turn, request: Request) -> None:
    """Say in the channel that the request is taken care of; a message that is still on its way is taken back."""
    waits.cancel(turn.tx, "request.claim", request.id)
    subject = _subject(request)
    box.cancel(turn.tx, subject, turn.now)
    shown = box.delivered(turn.tx, subject, "claim")
    if shown is not None and (where := box.sent_to(turn.tx, shown)) is not None:
        note = Message("claim.closed", _about(request), locale=turn.policy.locale)
        letter = Letter("claim.closed", where, note, f"claim.closed:{request.id}", subject, edits=shown)
        box.put(turn.tx, turn.now, letter)


def asked(turn: Turn, request: Request) -> bool:
    """Tell whether the request was put into the channel: nothing else can be claimed."""
    return box.delivered(turn.tx, _subject(request), "claim") is not None


def _subject(request: Request) -> str:
    return f"claim:{request.id}"


def _about(request: Request) -> dict[str, Json]:
    return {"topics": request.slugs, "format": request.format, "urgency": request.urgency}
