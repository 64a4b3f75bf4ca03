"""My requests and the offers I got; the small forms that belong to an offer: why not, a question, its answer."""

from collections.abc import Mapping

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.fields import Choice, Field, Option, Text
from bot.matching import fitting, offers, waterfall
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import requests, users
from core.matching.features import Query
from core.requests import OFFERED, OPEN, ORGANISER, Request
from core.store.types import Json

REASONS = ("time", "topic", "fit", "later", "apart")
ASSIGNABLE = 20


def show(turn: Turn, words: str) -> Replies:
    """Show where everything stands."""
    del words
    items = (*mine(turn), *offered(turn))
    if not items:
        return (say("request.none", Action("find", "request.button.find", "primary")),)
    return (Say((Message("request.list", {"count": len(items)}, items=items),)),)


def mine(turn: Turn) -> tuple[Item, ...]:
    """List one's open requests, and where they stand."""
    open_ = requests.open_of(turn.tx, turn.me.id)
    wait = requests.expected_wait(turn.tx, turn.policy).total_seconds() if open_ else 0.0
    return tuple(_request(turn, request, wait) for request in open_)


def offered(turn: Turn) -> tuple[Item, ...]:
    """List the offers that wait for one's answer."""
    items = []
    for offer in requests.offers_to(turn.tx, turn.me.id):
        request = requests.get(turn.tx, offer.request_id)
        if request is not None and offer.delivered_at is not None:
            mentee = users.known(turn.tx, request.mentee_id).name
            until = offer.expires_at.isoformat() if offer.expires_at else None
            params = {"mentee": mentee, "until": until, **waterfall.about(request)}
            items.append(Item("request.offer", params, waterfall.buttons(offer.id, mentee)))
    return tuple(items)


def _request(turn: Turn, request: Request, wait: float) -> Item:
    asked = [offer.mentor_id for offer in requests.offers_of(turn.tx, request.id) if offer.state == OFFERED]
    names = [user.name for user in users.many(turn.tx, asked).values()]
    what = ", ".join(turn.topics.name(slug, turn.locale) for slug in request.slugs)
    actions = [Action(button_id("withdraw", request.id), "request.button.withdraw", about=what)]
    if request.step == requests.ASKING:
        others = Action(button_id("others", request.id), "request.button.others", "primary", about=what)
        actions.insert(0, others)
    params = {
        "step": request.step,
        "mentors": names,
        "wait": wait,
        "since": request.created_at.isoformat(),
        "organisers": bool(turn.organisers),
        **waterfall.about(request),
    }
    return Item("request.item", params, tuple(actions))


def params(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Give the names that the small forms speak of."""
    offer_id = args.get("offer")
    offer = requests.offer(turn.tx, offer_id) if isinstance(offer_id, int) else None
    request = requests.get(turn.tx, offer.request_id) if offer else None
    if offer is None or request is None:
        return {}
    return {
        "mentee": users.known(turn.tx, request.mentee_id).name,
        "mentor": users.known(turn.tx, offer.mentor_id).name,
        **waterfall.about(request),
    }


def _why(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Choice(key="why", required=False, options=tuple(Option(each) for each in REASONS)),)


def _declined(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    why = answers.get("why")
    return offers.declined(turn, _offer_id(args), str(why) if why else None)


def _question(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Text(key="question", limit=1000, lines=True),)


def _questioned(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    return offers.questioned(turn, _offer_id(args), str(answers["question"]))


def _reply(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, args, answers
    return (Text(key="answer", limit=1000, lines=True),)


def _replied(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    return offers.replied(turn, _offer_id(args), str(answers["answer"]))


def _offer_id(args: Args) -> int:
    offer_id = args["offer"]
    assert isinstance(offer_id, int)
    return offer_id


DECLINE = Dialog("decline", _why, _declined, params=params)
MORE = Dialog("more", _question, _questioned, params=params)
REPLY = Dialog("reply", _reply, _replied, params=params)


# --- The organiser assigns --------------------------------------------------------------------------------------


def assign(turn: Turn, arg: str) -> Replies:
    """Choose a mentor for a request that found none by itself."""
    request = requests.get(turn.tx, int(arg)) if arg.isdecimal() else None
    if request is None or request.state != OPEN:
        return (say("request.closed"),)
    mentors = _assignable(turn, request)
    if not mentors:
        return (say("assign.nobody"),)
    return (Start("assign", {"request": request.id, "mentors": [list(each) for each in mentors]}),)


def _assignable(turn: Turn, request: Request) -> list[tuple[str, str]]:
    """List who could take it: those who fit first, then anybody with hours left; never who was kept apart."""
    mentee = users.known(turn.tx, request.mentee_id)
    apart = frozenset({mentee.id}) | users.kept_apart(turn.tx, mentee.id)
    index = turn.mentors.snapshot(turn.tx, turn.now)
    fit = fitting.query(turn, request, mentee, apart)
    anybody = Query((), fit.zone, fit.free, fit.languages, fit.week, excluded=apart)
    ids = dict.fromkeys(one.user_id for query in (fit, anybody) for one in index.rank(query, ASSIGNABLE))
    people = users.many(turn.tx, list(ids))
    return [(str(user_id), people[user_id].name) for user_id in ids][:ASSIGNABLE]


def _whom(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    del turn, answers
    mentors = args["mentors"]
    assert isinstance(mentors, list)
    return (Choice(key="mentor", options=tuple(Option(str(value), str(label)) for value, label in mentors)),)


def _assigned(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    request_id = args["request"]
    assert isinstance(request_id, int)
    if not turn.is_organiser:
        return Refused("error.forbidden")
    request = requests.lock(turn.tx, request_id)
    if request.state != OPEN:
        return Refused("request.closed")
    mentor = users.lock(turn.tx, int(str(answers["mentor"])))
    if mentor.stopped or mentor.state != "active" or not fitting.has_room(turn, mentor.id, request.format):
        return Refused("assign.full", {"mentor": mentor.name}, "mentor")
    waterfall.pair(turn, request, mentor)
    return (say("assign.done", mentor=mentor.name, mentee=users.known(turn.tx, request.mentee_id).name),)


def _about(turn: Turn, args: Args) -> Mapping[str, Json]:
    request = requests.get(turn.tx, int(str(args["request"])))
    if request is None:
        return {}
    return {"mentee": users.known(turn.tx, request.mentee_id).name, **waterfall.about(request)}


ASSIGN = Dialog("assign", _whom, _assigned, params=_about)


def waiting(turn: Turn) -> list[Item]:
    """List the requests that wait for an organiser."""
    return [
        Item(
            "organiser.request",
            {"mentee": name, "since": request.created_at.isoformat(), **waterfall.about(request)},
            (Action(button_id("assign", request.id), "request.button.assign", "primary"),),
        )
        for request, name in requests.waiting(turn.tx)
        if request.step == ORGANISER
    ]
