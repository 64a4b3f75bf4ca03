"""Stars and words, both ways, after a session."""

from datetime import datetime

from sqlalchemy import Connection, and_, select

from core.store.tables import ratings
from core.store.upsert import insert_or_ignore


def rate(
    tx: Connection,
    session_id: int,
    rater_id: int,
    ratee_id: int,
    stars: int,
    words: str | None,
    now: datetime,
) -> bool:
    """Keep a rating; false where this person has rated this session before."""
    values = {
        "session_id": session_id,
        "rater_id": rater_id,
        "ratee_id": ratee_id,
        "stars": stars,
        "words": words,
        "created_at": now,
    }
    return insert_or_ignore(tx, ratings, values) == 1


def rated(tx: Connection, session_id: int, rater_id: int) -> bool:
    """Tell whether somebody has rated a session."""
    where = and_(ratings.c.session_id == session_id, ratings.c.rater_id == rater_id)
    return tx.execute(select(ratings.c.stars).where(where)).first() is not None


def bayesian_mean(total: float, count: int, prior: float, weight: float) -> float:
    """Give the mean of `count` stars that sum to `total`, drawn towards `prior` by `weight` imagined ratings.

    (weight * prior + total) / (weight + count), the posterior mean under a conjugate normal prior.
    """
    return (weight * prior + total) / (weight + count)
