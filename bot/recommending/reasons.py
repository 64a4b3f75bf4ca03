"""Why a course is recommended, in words: only what is true, and nothing that would tell what one person did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.turn import Turn
from core.courses import catalogue
from core.courses.advice import FEW, Advice, Learner
from core.courses.catalogue import Course
from core.courses.shelf import Shelf
from core.recommendations.showing import NEW
from core.store.types import Json

WISHED = {"goal", "topic"}
TAKEN = {"after", "together", "further", "builds"}
"""Kinds of reasons by which a course is what somebody wants, or goes on from what they did."""
SHOWN = 2
"""Reasons beside a course in a list; *Why these?* has all."""


@dataclass(frozen=True)
class Reasons:
    """What reasons speak of: who reads them, before which shelf, and the courses they name."""

    turn: Turn
    shelf: Shelf
    learner: Learner
    named: Mapping[int, Course]

    @classmethod
    def of(cls, turn: Turn, shelf: Shelf, learner: Learner, advice: Sequence[Advice]) -> "Reasons":
        """Look up the courses that are named."""
        places = {each.of for one in advice for each in one.because if each.kind == "item"}
        needed = {shelf.slugs[slug] for one in advice for slug in one.course.requires if slug in shelf.slugs}
        ids = [shelf.ids[place] for place in places | (needed & set(learner.done))]
        return cls(turn, shelf, learner, catalogue.many(turn.tx, ids))

    def __call__(self, one: Advice, why: str) -> list[dict[str, Json]]:
        """Write all that speaks for a course, the strongest first, as messages carry it; there is always something."""
        course = one.course
        told = [*self._scored(one), *self._builds(one)]
        if why == NEW:
            told.insert(0, _reason("new"))
        if course.shown_stars is not None:
            told.append(_reason("stars", stars=course.shown_stars))
        if course.enrolled >= self.turn.policy.least_people:
            told.append(_reason("popular", people=course.enrolled))
        if told:
            return told
        if course.enrolled < FEW and course.created_at > self.turn.now - self.turn.policy.new_course:
            return [_reason("new")]
        return [_reason("level", level=course.difficulty)]

    def _scored(self, one: Advice) -> Iterator[dict[str, Json]]:
        """Write the parts of the score."""
        least = self.turn.policy.least_people
        slugs = {number: slug for slug, number in self.shelf.numbers.items()}
        for each in one.because:
            match each.kind:
                case "item" if each.after >= least:
                    yield _reason("after", people=each.after, title=self._title(each.of))
                case "item" if each.people >= least:
                    yield _reason("together", people=each.people, title=self._title(each.of))
                case "topic":
                    yield self._wished(slugs[each.of], each.level)
                case _:
                    pass

    def _wished(self, topic: str, level: int) -> dict[str, Json]:
        if topic in self.learner.goals:
            return _reason("goal", topic=topic, level=level)
        if topic in self.learner.wanted:
            return _reason("topic", topic=topic, level=level)
        return _reason("further", topic=topic, level=level, known=self.learner.known.get(topic, 0))

    def _builds(self, one: Advice) -> Iterator[dict[str, Json]]:
        """Write what it builds on that is done."""
        for slug in one.course.requires:
            place = self.shelf.slugs.get(slug)
            if place is not None and place in self.learner.done:
                yield _reason("builds", title=self._title(place))

    def _title(self, place: int) -> str:
        return self.named[self.shelf.ids[place]].text(self.turn.locale).title


def _reason(kind: str, **params: Json) -> dict[str, Json]:
    return {"key": f"recommend.reason.{kind}", "params": params}
