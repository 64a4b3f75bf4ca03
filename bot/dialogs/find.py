"""Finding a mentor: free words or a few questions, the best mentors with their reasons, a press to ask."""

import re
from collections.abc import Mapping, Sequence

from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.dialogs.signup import LEVELS
from bot.fields import Choice, Field, Option, Text
from bot.matching import fitting, search, waterfall
from bot.matching import requests as wishes
from bot.ports import button_id
from bot.turn import Action, Item, Message, Replies, Say, Start, Turn, say
from core import reading, requests, users
from core.levels import levels_of
from core.policy import FORMATS, URGENCIES
from core.requests import FIRST, WANTED
from core.store.types import Json

WORDS_LIMIT = 500
SHOWN = 30

FORMAT_WORDS = {
    "review": re.compile(r"code review|review my|pull request|代码评审|看看代码|代码审查", re.IGNORECASE),
    "interview": re.compile(r"mock interview|模拟面试", re.IGNORECASE),
    "question": re.compile(r"quick question|one question|single question|一个问题|小问题", re.IGNORECASE),
    "call": re.compile(r"\b(?:20.minute|short|quick) call\b|通话|电话", re.IGNORECASE),
}
WAYS = {"review": ("code-review",), "interview": ("interviews", "mock-interviews")}
"""Topics that, beside others, say how somebody would like to be helped rather than with what."""
URGENT_WORDS = re.compile(r"\burgent|\basap\b|this week|紧急|本周|这周|尽快", re.IGNORECASE)


def find(turn: Turn, words: str) -> Replies:
    """Search by free words, or ask."""
    if not words:
        return (Start("find"),)
    if len(words) > WORDS_LIMIT:
        return (say("error.text.long", limit=WORDS_LIMIT, length=len(words)),)
    hints = reading.in_words(words)
    found = turn.topics.scan(hints.rest)
    if not found.slugs:
        near = turn.topics.resolve(hints.rest).near
        if near:
            names = [turn.topics.name(slug, turn.locale) for slug in near]
            return (say("find.near", *_near(near, turn), typed=words[:80], near=names),)
        return (say("find.no_topic", Action("find", "find.button.ask", "primary"), typed=words[:80]),)
    format_ = next((name for name, pattern in FORMAT_WORDS.items() if pattern.search(words)), "ongoing")
    slugs = [slug for slug in found.slugs if slug not in WAYS.get(format_, ())] or list(found.slugs)
    mine = dict(users.topics_of(turn.tx, turn.me.id, users.WANTS))
    wish = {
        **search.wish(turn, [(slug, mine.get(slug)) for slug in slugs]),
        "languages": list(hints.languages),
        "free": [list(span) for span in hints.spans],
        "goal": words if len(found.rest.split()) > 1 else turn.me.goal,
        "format": format_,
        "urgency": "week" if URGENT_WORDS.search(words) else "month",
    }
    return results(turn, wish)


def _near(near: Sequence[str], turn: Turn) -> list[Action]:
    return [
        Action(
            button_id("about", slug),
            "find.button.topic",
            params={"topic": turn.topics.name(slug, turn.locale)},
        )
        for slug in near
        if len(slug) < 50
    ]


def about(turn: Turn, arg: str) -> Replies:
    """Search for a topic that was suggested."""
    return find(turn, turn.topics.name(arg, "en") if arg in turn.topics.rows else arg)


def results(turn: Turn, wish: Mapping[str, Json]) -> Replies:
    """Rank, keep what was found, show the first page."""
    ranked = turn.mentors.snapshot(turn.tx, turn.now).rank(search.query(turn, wish), SHOWN)
    cost = turn.policy.hours_of_format[str(wish["format"])]
    people = users.many(turn.tx, [one.user_id for one in ranked])
    used = requests.hours_used(turn.tx, turn.policy, turn.now, people)
    ranked = tuple(
        one for one in ranked if people[one.user_id].budget_hours - used.get(one.user_id, 0.0) >= cost
    )
    if "mentor" in wish:
        # Who mentors the course that somebody is stuck in comes first, if they fit at all.
        ranked = tuple(sorted(ranked, key=lambda one: one.user_id != wish["mentor"]))
    if not ranked:
        first = search.keep(turn, wish, ())
        keep = Action(button_id("first", first), "find.button.wait", "primary")
        return (say("find.nobody", keep, organisers=bool(turn.organisers), **_said(wish)),)
    return (page(turn, search.keep(turn, wish, ranked), 0),)


def _said(wish: Mapping[str, Json]) -> dict[str, Json]:
    return {"topics": [topic for topic, _ in levels_of(wish["topics"])], "languages": wish["languages"]}


def page(turn: Turn, view: int, start: int) -> Say:
    """Show some of what was found."""
    body = search.kept(turn, str(view))
    assert body is not None
    wish, mentors = body["wish"], body["mentors"]
    assert isinstance(wish, dict)
    assert isinstance(mentors, list)
    shown = mentors[start : start + turn.policy.shown_mentors]
    people = users.many(turn.tx, [user_id for user_id, _ in shown])
    items = tuple(
        Item(
            "find.mentor",
            {"name": people[user_id].name, "reasons": reasons},
            (
                Action(
                    button_id("ask", f"{view}.{user_id}"),
                    "find.button.this",
                    "primary" if number == 0 and start == 0 else "plain",
                    about=people[user_id].name,
                ),
            ),
        )
        for number, (user_id, reasons) in enumerate(shown)
    )
    actions = [Action(button_id("first", view), "find.button.first")]
    if start + len(shown) < len(mentors):
        actions.append(Action(button_id("more_mentors", f"{view}.{start + len(shown)}"), "find.button.more"))
    key = "find.found" if start == 0 else "find.further"
    return Say((Message(key, {"count": len(mentors), **_said(wish)}, tuple(actions), items),))


def more_mentors(turn: Turn, arg: str) -> Replies:
    """Show the next page."""
    view, _, start = arg.partition(".")
    if not start.isdecimal() or search.kept(turn, view) is None:
        return (say("find.gone", Action("find", "find.button.ask", "primary")),)
    return (page(turn, int(view), int(start[:4])),)


def ask(turn: Turn, arg: str) -> Replies:
    """Ask one mentor."""
    view, _, mentor = arg.partition(".")
    body = search.kept(turn, view)
    shown = body["mentors"] if body else None
    known = [each[0] for each in shown] if isinstance(shown, list) else []
    if body is None or not mentor.isdecimal() or int(mentor) not in known:
        return (say("find.gone", Action("find", "find.button.ask", "primary")),)
    wish = body["wish"]
    assert isinstance(wish, dict)
    return ask_one(turn, wish, int(mentor), Action(button_id("first", view), "find.button.first", "primary"))


def ask_one(turn: Turn, wish: Mapping[str, Json], mentor: int, instead: Action) -> Replies:
    """Ask a mentor, unless they can take nothing now; then offer what can be done `instead`."""
    wanted = users.get(turn.tx, mentor)
    gone = wanted is None or not wanted.mentor or wanted.stopped or users.paused(wanted, turn.now)
    if wanted is None or gone or mentor in users.kept_apart(turn.tx, turn.me.id):
        return (say("find.unavailable", instead),)
    if not fitting.has_room(turn, wanted.id, str(wish["format"])):
        return (say("find.full", instead, name=wanted.name),)
    return send(turn, wish, WANTED, wanted.id)


def first(turn: Turn, arg: str) -> Replies:
    """Ask whoever is available first."""
    body = search.kept(turn, arg)
    if body is None:
        return (say("find.gone", Action("find", "find.button.ask", "primary")),)
    wish = body["wish"]
    assert isinstance(wish, dict)
    return send(turn, wish, FIRST, None)


def send(turn: Turn, wish: Mapping[str, Json], step: str, wanted: int | None) -> Replies:
    """Make the request, unless there are too many open ones or the same one is open already."""
    users.lock(turn.tx, turn.me.id)
    open_ = requests.open_of(turn.tx, turn.me.id)
    topics = levels_of(wish["topics"])
    if any({topic for topic, _ in topics} == set(request.slugs) for request in open_):
        return (say("request.same", Action("requests", "request.button.see", "primary"), **_said(wish)),)
    if len(open_) >= turn.policy.open_requests:
        see = Action("requests", "request.button.see", "primary")
        return (say("request.full", see, limit=turn.policy.open_requests),)
    if not turn.me.mentee:
        users.change(turn.tx, turn.me.id, turn.now, mentee=True)
    request_id = requests.create(
        turn.tx,
        turn.now,
        turn.me.id,
        step,
        topics=[list(each) for each in topics],
        languages=wish["languages"],
        free=wish["free"],
        goal=wish["goal"],
        stuck=wish.get("stuck"),
        format=wish["format"],
        urgency=wish["urgency"],
        wanted_id=wanted,
    )
    request = requests.get(turn.tx, request_id)
    assert request is not None
    return (wishes.told(turn, request_id, waterfall.begin(turn, request)),)


# --- The form, for those who type /find alone -------------------------------------------------------------------


def fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    """Ask what a request carries."""
    del args, answers
    return (
        Choice(
            key="topics", search="topics", many=True, levels=LEVELS, free=True, most=turn.policy.topics_limit
        ),
        Text(key="goal", required=False, limit=500, lines=True),
        Choice(key="format", required=False, options=tuple(Option(each) for each in FORMATS)),
        Choice(key="urgency", required=False, options=tuple(Option(each) for each in URGENCIES)),
    )


def initial(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Prefill what somebody wanted help with when they signed up."""
    del args
    return {
        "topics": [list(each) for each in users.topics_of(turn.tx, turn.me.id, users.WANTS)],
        "goal": turn.me.goal,
        "format": "ongoing",
        "urgency": "month",
    }


def finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Show who was found."""
    del args
    return results(turn, wish_of(turn, answers))


def wish_of(turn: Turn, answers: Answers) -> dict[str, Json]:
    """Put the answers as a wish."""
    said = {key: answers[key] for key in ("goal", "format", "urgency") if answers.get(key)}
    return {**search.wish(turn, levels_of(answers["topics"])), **said}


FIND = Dialog("find", fields, finish, initial=initial)
