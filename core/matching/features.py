"""What ranking knows of a mentor and of a wish for help, and what it answers: values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

Free = tuple[tuple[int, int, int], ...]
"""Free parts of a week: (weekday, Monday = 0, from minute, to minute) in local time; () means unknown."""

Wider = Callable[[str], tuple[str, ...]]
"""The broader topics of a topic: `wider("react")` may be `("frontend",)`."""

LEVELS = 5
DIRECT = LEVELS


@dataclass(frozen=True, slots=True)
class MentorRow:
    """What ranking knows of one mentor; who may be asked at all (`available`) is the caller's decision."""

    user_id: int
    topics: tuple[tuple[str, int], ...]
    zone: str
    free: Free
    languages: tuple[str, ...]
    formats: tuple[str, ...]
    hours_left: float
    stars_sum: float
    stars_count: int
    offers_answered: int
    offers_sent: int
    available: bool


@dataclass(frozen=True, slots=True)
class Query:
    """What a mentee wishes for; `week` is the Monday of the week in which free time is compared.

    A topic comes with the mentee's own level or None. `languages` are the mentee's; `wanted_languages` were
    asked for in words: mentors who speak none of them are left out unless nobody would remain.
    """

    topics: tuple[tuple[str, int | None], ...]
    zone: str
    free: Free
    languages: tuple[str, ...]
    week: date
    wanted_languages: tuple[str, ...] = ()
    format: str | None = None
    excluded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Reason:
    """One true and telling thing about a candidate: a message key and its parameters."""

    key: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A ranked mentor: `score` and `parts` (named as in `Weights`) are 0 to 1; the best reason is first."""

    user_id: int
    score: float
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...]


def knowledge(topics: tuple[tuple[str, int], ...], wider: Wider) -> dict[str, int]:
    """Every topic a mentor can help with, the broader ones included, as a code from 1 to 10.

    1-5 is the level of a narrower topic (react, where frontend is asked for), 6-10 is `DIRECT` + the level of
    the topic itself; so a greater code never fits worse. 0 is kept for not knowing it.
    """
    codes: dict[str, int] = {}
    for topic, given in topics:
        level = min(max(given, 1), LEVELS)
        codes[topic] = max(codes.get(topic, 0), DIRECT + level)
        for broad in wider(topic):
            codes[broad] = max(codes.get(broad, 0), level)
    return codes
