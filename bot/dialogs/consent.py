"""Consent by version: when its words have changed, nothing goes on before somebody has agreed to the new ones."""

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Confirm, Field
from bot.turn import Replies, Turn, say
from core import users


def _fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Confirm(key="consent", must=True),)


def _agreed(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    del args, answers
    users.consent(turn.tx, turn.me.id, turn.policy.consent_version, turn.now)
    return (say("consent.thanks"),)


CONSENT = Dialog("consent", _fields, _agreed)


def missing(turn: Turn) -> bool:
    """Tell whether somebody has to agree before going on."""
    return turn.user is not None and turn.user.consent_version < turn.policy.consent_version
