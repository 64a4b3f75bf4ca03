"""Why courses are recommended, in words: only what is true, and nothing that would tell what one person did."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.turn import Turn
from core.courses import catalogue
from core.courses.advice import FEW, Advice, Learner
from core.courses.catalogue import Course
from core.courses.shelf import Shelf
from core.recommendations.answers import Because
from core.recommendations.showing import NEW
from core.store.types import Json

WISHED = {"goal", "topic", "opens"}
TAKEN = {"after", "together", "further", "builds"}
"""Kinds of reasons by which a course is what somebody wants, or goes on from what they did."""


def reasons(
    turn: Turn, shelf: Shelf, learner: Learner, page: Sequence[tuple[Advice, str]]
) -> list[list[dict[str, Json]]]:
    """Write all that speaks for each course of a page, the strongest first, as messages carry it.

    A course comes with why it is there; there is always something to say.
    """
    places = [shelf.places[one.course.id] for one, _ in page]
    told = shelf.guide.reasons(learner.history, learner.wishes, places)
    named = {each.of for because in told for each in because if each.kind == "item"}
    named |= {place for one, _ in page for place in _behind(shelf, learner, one.course)}
    named |= {one.opens for one, _ in page if one.opens is not None}
    ids = {shelf.ids[place]: place for place in named}
    titles = {
        ids[one]: course.text(turn.locale).title for one, course in catalogue.many(turn.tx, list(ids)).items()
    }
    writer = _Writer(turn, shelf, learner, titles)
    return [writer.reasons(one, why, because) for (one, why), because in zip(page, told, strict=True)]


def kinds(told: Sequence[Mapping[str, Json]]) -> set[str]:
    """Give the kinds of some reasons."""
    return {str(reason["key"]).rpartition(".")[2] for reason in told}


def _behind(shelf: Shelf, learner: Learner, course: Course) -> Iterator[int]:
    """List what a course builds on that is done, by place."""
    for slug in course.requires:
        place = shelf.slugs.get(slug)
        if place is not None and place in learner.done:
            yield place


@dataclass(frozen=True)
class _Writer:
    """Who reads, before which shelf, and the titles of the courses that are named, by place."""

    turn: Turn
    shelf: Shelf
    learner: Learner
    titles: Mapping[int, str]

    def reasons(self, one: Advice, why: str, because: Sequence[Because]) -> list[dict[str, Json]]:
        course = one.course
        told = [reason for each in because for reason in self._scored(each)]
        if one.opens is not None:
            # It comes first where the course itself is not what they want.
            first = len(told) if kinds(told) & WISHED else 0
            told.insert(first, _reason("opens", title=self.titles[one.opens]))
        told += [
            _reason("builds", title=self.titles[place]) for place in _behind(self.shelf, self.learner, course)
        ]
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

    def _scored(self, each: Because) -> Iterator[dict[str, Json]]:
        """Write a part of the score."""
        least = self.turn.policy.least_people
        match each.kind:
            case "item" if each.after >= least:
                yield _reason("after", people=each.after, title=self.titles[each.of])
            case "item" if each.people >= least:
                yield _reason("together", people=each.people, title=self.titles[each.of])
            case "topic":
                yield self._wished(self.shelf.named[each.of], each.level)
            case _:  # how many took a course is said of all
                pass

    def _wished(self, topic: str, level: int) -> dict[str, Json]:
        if topic in self.learner.goals:
            return _reason("goal", topic=topic, level=level)
        if topic in self.learner.wanted:
            return _reason("topic", topic=topic, level=level)
        return _reason("further", topic=topic, level=level, known=self.learner.known.get(topic, 0))


def _reason(kind: str, **params: Json) -> dict[str, Json]:
    return {"key": f"recommend.reason.{kind}", "params": params}
