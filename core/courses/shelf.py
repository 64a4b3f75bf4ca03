"""The courses of the community as recommendations see them: a snapshot in memory of the catalogue and the fitted model.

The model is switched when a new one has been published; what has changed in the catalogue since is read when it is
asked for. What a person did is read for every answer, so that it counts at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

import numpy as np
from sqlalchemy import Connection, bindparam, select

from core import models
from core.courses import taught
from core.courses.catalogue import OPEN
from core.courses.taught import Wider
from core.recommendations.allowed import Prerequisites
from core.recommendations.arrays import Bools, Floats, Places
from core.recommendations.content import Content
from core.recommendations.guide import Guide
from core.recommendations.packing import OtherVersionError, unpacked
from core.recommendations.trained import Trained, empty
from core.store.tables import courses

Listed = tuple[int, str, str, Mapping[str, int], Sequence[str], datetime]
"""A course as (id, slug, state, topics, requires, created_at)."""
MODEL = "courses"
"""The name of the model among `core.models`."""
LATE = timedelta(seconds=60)
"""A change may commit this long after the moment it carries."""
LISTED = select(
    *(courses.c.id, courses.c.slug, courses.c.state, courses.c.topics, courses.c.requires),
    *(courses.c.created_at, courses.c.changed_at),
).order_by(courses.c.id)
CHANGED = select(courses.c.id, courses.c.changed_at).where(courses.c.changed_at >= bindparam("since"))


@dataclass(frozen=True, eq=False)
class Shelf:
    """A snapshot. `places` are the courses' places in every array, the model's first.

    `requires` has the places of what a course builds on. `numbers` are those of the topics, `named` in that order.
    `teaches`, shape (3, n), has a line for each topic of each course: the course, the topic, the level it leads to.
    """

    ids: Sequence[int]
    places: Mapping[int, int]
    slugs: Mapping[str, int]
    topics: Sequence[Mapping[str, int]]
    numbers: Mapping[str, int]
    named: Sequence[str]
    guide: Guide
    prerequisites: Prerequisites
    requires: Mapping[int, Sequence[int]]
    teaches: Places
    open: Bools
    made_at: Floats
    """When each was made, in seconds since 1970."""

    @classmethod
    def of(cls, rows: Sequence[Listed], trained: Trained, wider: Wider) -> "Shelf":
        """Put courses beside a model."""
        by_id = {row[0]: row for row in rows}
        # A course of the model is always there: none is ever deleted.
        first = [one for one in trained.ids.tolist() if one in by_id]
        if len(first) != len(trained.ids):
            trained, first = empty(), []
        ids = [*first, *sorted(by_id.keys() - set(first))]
        ordered = [by_id[one] for one in ids]
        slugs = {row[1]: place for place, row in enumerate(ordered)}
        levels, numbers = taught.numbered([taught.levels(row[3], wider) for row in ordered])
        wants = {
            place: [slugs[slug] for slug in row[4] if slug in slugs]
            for place, row in enumerate(ordered)
            if row[4]
        }
        standing = np.zeros(len(ids), np.float32)
        standing[: len(first)] = trained.standing
        return cls(
            ids=ids,
            places={one: place for place, one in enumerate(ids)},
            slugs=slugs,
            topics=[row[3] for row in ordered],
            numbers=numbers,
            named=list(numbers),
            guide=Guide(trained.model, Content.of(levels, len(numbers)), trained.handover, standing),
            prerequisites=Prerequisites.of(wants, len(ids)),
            requires=wants,
            teaches=np.array(
                [
                    (place, numbers[topic], level)
                    for place, row in enumerate(ordered)
                    for topic, level in row[3].items()
                ],
                dtype=np.int64,
            )
            .reshape(-1, 3)
            .T,
            open=np.array([row[2] == OPEN for row in ordered], np.bool_),
            made_at=np.array([row[5].timestamp() for row in ordered]),
        )

    def mastered(self, known: Mapping[str, int]) -> Bools:
        """Which courses teach nothing new to who has these levels, shape (courses,)."""
        level = np.zeros(len(self.numbers), np.int64)
        for topic, own in known.items():
            if topic in self.numbers:
                level[self.numbers[topic]] = own
        course, topic_, leads_to = self.teaches
        lacking = np.bincount(course[level[topic_] < leads_to], minlength=len(self.ids))
        return np.asarray((lacking == 0) & (np.bincount(course, minlength=len(self.ids)) > 0))


class Shelves:
    """The newest snapshot, kept in memory."""

    def __init__(self, wider: Wider) -> None:
        """Start without a model; `take` brings one."""
        self._wider = wider
        self._trained = empty()
        self._version = 0
        self._shelf: Shelf | None = None
        self._seen: Mapping[int, datetime] = {}
        self._read_at: datetime | None = None
        self._lock = Lock()

    @property
    def version(self) -> int:
        """The version of the model that is in use; 0 for none."""
        return self._version

    def snapshot(self, tx: Connection, now: datetime) -> Shelf:
        """Give the shelf with everything that this transaction can see."""
        with self._lock:
            shelf, read_at, seen = self._shelf, self._read_at, self._seen
        if shelf is not None and read_at is not None:
            changed = dict(_changes(tx, read_at))
            if all(seen.get(one) == at for one, at in changed.items()):
                return shelf
        rows = tx.execute(LISTED).all()
        trained = self._trained
        shelf = Shelf.of([tuple(row[:-1]) for row in rows], trained, self._wider)
        with self._lock:
            if trained is self._trained:
                self._shelf, self._read_at = shelf, now
                self._seen = {row.id: row.changed_at for row in rows}
        return shelf

    def take(self, version: int, raw: bytes) -> bool:
        """Use another model from now on; false where it is of another program's version, and nothing changes."""
        try:
            trained = unpacked(raw)
        except OtherVersionError:
            return False
        with self._lock:
            self._trained, self._version, self._shelf = trained, version, None
        return True

    def behind(self, tx: Connection) -> bool:
        """Tell whether another version counts than the one in use."""
        found = models.current(tx, MODEL)
        return found is not None and found.version != self._version


def _changes(tx: Connection, since: datetime) -> list[tuple[int, datetime]]:
    return [(one, at) for one, at in tx.execute(CHANGED, {"since": since - LATE})]
