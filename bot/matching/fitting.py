"""Who may be asked for a request: ranked, not asked before, not kept apart, with hours left for it."""

from datetime import timedelta

from bot.turn import Turn
from core import requests, users
from core.matching.features import Candidate, Query
from core.requests import Request
from core.users import User


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
