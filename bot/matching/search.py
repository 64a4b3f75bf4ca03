"""A search for mentors: what is wished for as the ranking wants it, and what was found, kept for its buttons."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot import views
from bot.turn import Turn
from core import requests, users
from core.levels import levels_of
from core.matching.features import Candidate, Query
from core.store.types import Json


def wish(turn: Turn, topics: Sequence[tuple[str, int | None]]) -> dict[str, Json]:
    """Give a wish for help with topics, of which nothing else was said."""
    return {
        "topics": [list(each) for each in topics],
        "languages": [],
        "free": [],
        "goal": turn.me.goal,
        "format": "ongoing",
        "urgency": "month",
    }


def query(turn: Turn, wish: Mapping[str, Json]) -> Query:
    """Put a wish as the ranking wants it."""
    free = wish["free"]
    invited = frozenset({turn.me.id}) | requests.earlier_partners(turn.tx, turn.me.id)
    return Query(
        topics=levels_of(wish["topics"]),
        zone=turn.me.zone,
        free=tuple(tuple(span) for span in free) if isinstance(free, list) and free else turn.me.free,
        languages=turn.me.languages,
        wanted_languages=tuple(str(each) for each in wish["languages"])
        if isinstance(wish["languages"], list)
        else (),
        format=str(wish["format"]),
        excluded=invited | users.kept_apart(turn.tx, turn.me.id),
        week=(turn.now - timedelta(days=turn.now.weekday())).date(),
    )


def keep(turn: Turn, wish: Mapping[str, Json], ranked: Sequence[Candidate]) -> int:
    """Keep what was found; returns the id that buttons carry."""
    mentors = [[one.user_id, reasons(one)] for one in ranked]
    return views.keep(turn, "find", {"wish": dict(wish), "mentors": mentors})


def reasons(one: Candidate) -> list[dict[str, Json]]:
    """Write why somebody was found, as messages carry it."""
    return [{"key": reason.key, "params": dict(reason.params)} for reason in one.reasons]


def kept(turn: Turn, view: str) -> Mapping[str, Json] | None:
    """Find what a search found; only the one who searched can."""
    return views.find(turn, "find", view)
