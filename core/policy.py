"""The frozen numbers of the product: every default of the programme that core and the dialogs decide by.

`bot/config.py` fills a `Policy` from the settings; nothing else changes it while the program runs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

FORMATS = ("question", "call", "ongoing", "review", "interview")
"""Ways to be helped: a single question, a 20-minute call, an ongoing mentorship, a code review, a mock interview."""

URGENCIES = ("week", "month", "whenever")


@dataclass(frozen=True)
class Weights:
    """How much each part of a match counts; each part is a number from 0 to 1."""

    topics: float = 0.40
    hours: float = 0.14
    languages: float = 0.10
    capacity: float = 0.08
    format: float = 0.06
    rating: float = 0.08
    answers: float = 0.08
    seniority: float = 0.06


@dataclass(frozen=True)
class Policy:
    """The numbers of one community."""

    community: str = "Mentoring"
    locale: str = "en"
    zone: str = "UTC"
    seed: str = "mentorbot"
    consent_version: int = 1

    # Sign-up
    invite_code: str = ""
    approve_mentors: bool = False
    questions: tuple[str, ...] = ()

    # Requests and offers
    open_requests: int = 3
    first_wait: timedelta = timedelta(hours=24)
    next_wait: timedelta = timedelta(hours=24)
    next_mentors: int = 2
    claim_wait: timedelta = timedelta(hours=48)
    silent_offers: int = 3
    shown_mentors: int = 3
    hours_of_format: Mapping[str, float] = field(
        default_factory=lambda: {
            "question": 0.5,
            "call": 0.5,
            "ongoing": 2.0,
            "review": 1.0,
            "interview": 1.0,
        }
    )
    budget_hours: int = 4
    expected_wait: timedelta = timedelta(hours=24)
    claim_channel: str | None = None

    # Ranking
    weights: Weights = Weights()
    prior_stars: float = 4.0
    prior_ratings: int = 5

    # Sessions and mentorships
    mentorship_length: timedelta = timedelta(weeks=12)
    session_minutes: int = 45
    proposed_times: int = 5
    late_change: timedelta = timedelta(hours=3)
    native_rooms: bool = True
    meeting_link: str = "https://meet.jit.si/{room}"
    meeting_hosts: tuple[str, ...] = ("meet.jit.si",)

    # Courses
    shown_courses: int = 5
    failed_checks: int = 2
    idle_wait: timedelta = timedelta(days=7)
    drip_days: int = 1

    # Recommendations
    new_share: float = 0.1
    new_course: timedelta = timedelta(days=60)
    least_people: int = 3

    # Messages
    quiet_from: int = 21 * 60
    quiet_to: int = 8 * 60
    daily_cap: int = 3
    flood_events: int = 30
    flood_seconds: int = 10

    # Sizes
    text_limit: int = 2000
    name_limit: int = 80
    topics_limit: int = 20
    room_limit: int = 3500
    file_limit: int = 10_000_000

    # Retention
    keep_runs: timedelta = timedelta(days=30)
    keep_events: timedelta = timedelta(days=3)
    keep_failed: timedelta = timedelta(days=14)
    keep_views: timedelta = timedelta(days=7)
    keep_showings: timedelta = timedelta(days=90)
