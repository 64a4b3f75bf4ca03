"""Links that open the bot: each carries a code that works once, for an invitation or for a pair's room."""

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection

from bot.dialogs import help, signup
from bot.rooms import relay
from bot.turn import Replies, Turn, say
from core import tokens
from core.mentorships import Mentorship

ROOM = "room"
GOOD_FOR = timedelta(days=30)


def room_code(tx: Connection, pair: Mentorship, user_id: int, now: datetime, rng: Random) -> str:
    """Make the code of a link by which one of a pair comes straight into its room.

    `rng` must be unpredictable (`random.SystemRandom`) outside of tests; raises ValueError for anybody else.
    """
    if not pair.has(user_id):
        raise ValueError(user_id)
    return tokens.issue(tx, ROOM, user_id, now + GOOD_FOR, rng, pair.id)


def started(turn: Turn, code: str) -> Replies:
    """Open the bot by a link: the room it is for, the sign-up it invites to, or what the bot can do."""
    if turn.user is None:
        return signup.open_by_code(turn, code) or help.welcome(turn)
    if not code:
        return help.suggestions(turn)
    token = tokens.find(turn.tx, code, turn.now)
    # In another's hands a code is used up by nobody, and says nothing of whose it is.
    if token is not None and token.purpose == ROOM and token.user_id == turn.me.id:
        tokens.redeem(turn.tx, ROOM, code, turn.now)
        # Who comes by the link wants to write here, wherever else the pair may talk.
        return relay.talk(turn, f"{token.about}.here")
    invited = token is not None and token.purpose == signup.INVITATION
    return (say("help.link", name=turn.me.name if invited else ""), *help.suggestions(turn))
