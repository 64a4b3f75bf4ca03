"""What every turn is made of, fixed while the program runs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from sqlalchemy import Connection

from bot.messages import Catalogue
from bot.turn import Origin, Turn
from core import users
from core.address import Address
from core.courses.shelf import Shelves
from core.mentors import Mentors
from core.policy import Policy
from core.topics import Topics


@dataclass(frozen=True, slots=True)
class World:
    """The rules, the mentors, the courses, the topics, the words, and who runs the programme."""

    policy: Policy
    mentors: Mentors
    shelves: Shelves
    topics: Topics
    words: Catalogue
    organisers: frozenset[Address]
    screens: Mapping[str, int] = field(default_factory=dict)

    def turn(
        self, tx: Connection, now: datetime, event: str, who: Address, user: users.User | None = None
    ) -> Turn:
        """Make a turn; chance is drawn from the event's id, so that a retry draws the same."""
        rng = Random(f"{self.policy.seed}:{event}")
        return Turn(
            tx=tx,
            who=who,
            user=user,
            now=now,
            rng=rng,
            policy=self.policy,
            mentors=self.mentors,
            shelves=self.shelves,
            topics=self.topics,
            words=self.words,
            organisers=self.organisers,
            origin=Origin(event),
            locale=user.locale if user else self.policy.locale,
            zone=user.zone if user else self.policy.zone,
            screens=self.screens,
        )
