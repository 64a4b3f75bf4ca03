"""The desk: what a person has now, on one page, where a platform has a page for it."""

from bot.dialogs import consent, help, mentorships, requests, schedule
from bot.recommending import onward
from bot.turn import Action, Message, Replies, Say, Turn, say
from core.store.types import Json

SURFACE = "home"
SHOWN = 20
ORGANISER = Action("organiser", "desk.button.organiser")


def show(turn: Turn) -> Replies:
    """Show what waits for an answer, what was asked for, whom one works with, when one meets, and what may fit.

    It only reads.
    """
    more = (ORGANISER,) if turn.is_organiser else ()
    if turn.user is None:
        return help.welcome(turn, *more)
    if consent.missing(turn):
        return (say("desk.consent", Action("help", "desk.button.consent", "primary"), name=turn.me.name),)
    items = (
        *requests.offered(turn),
        *requests.mine(turn),
        *(item for _, item in mentorships.mine(turn)),
        *schedule.mine(turn),
    )
    advice = onward.at_home(turn)
    actions = (
        Action("find", "request.button.find", "plain" if items else "primary"),
        Action("recommend", "recommend.button.again"),
        Action("profile", "desk.button.profile"),
        Action("settings", "desk.button.settings"),
        Action("help", "help.button.help"),
        *more,
    )
    params: dict[str, Json] = {
        "name": turn.me.name,
        "count": len(items),
        "more": max(0, len(items) - SHOWN),
    }
    return (Say((Message("desk.home", params, actions, (*items[:SHOWN], *advice)),)),)
