"""Courses that are recommended, each with its reasons: a page of a list, what comes next, why, and *not for me*."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import views
from bot.learning import browse
from bot.ports import button_id
from bot.recommending import reasons
from bot.turn import Action, Item, Turn
from core import showings
from core.courses import advice, taught
from core.courses.advice import Advice, Learner
from core.courses.catalogue import Course
from core.courses.shelf import Shelf
from core.recommendations.showing import FIT, Place, varied
from core.showings import Showing
from core.store.types import Json

VIEW = "recommend"
SHOWN = 2
"""Reasons beside a course in a list; *Why these?* has all."""


@dataclass(frozen=True)
class Found:
    """What was found for the one who acts: the shelf, them before it, courses by id, and the pages they stand on."""

    shelf: Shelf
    learner: Learner
    advice: Mapping[int, Advice]
    pages: Sequence[Sequence[Place]]

    def reasons(self, turn: Turn, page: Sequence[Place]) -> list[tuple[Course, list[dict[str, Json]]]]:
        """Give the courses of a page that are still there, each with all its reasons."""
        there = [(self.advice[place.item], place.why) for place in page if place.item in self.advice]
        told = reasons.reasons(turn, self.shelf, self.learner, there)
        return [(one.course, each) for (one, _), each in zip(there, told, strict=True)]


def search(
    turn: Turn, size: int, topics: Sequence[str] = (), *, new: bool = True, besides: Collection[int] = ()
) -> Found:
    """Look for courses for the one who acts, `besides` some; with `topics`, as if these alone were wanted.

    Unless `new`, nothing is there by chance.
    """
    shelf = turn.shelves.snapshot(turn.tx, turn.now)
    learner = advice.learner(turn.tx, shelf, turn.me.id, topics)
    fit, fresh = advice.advise(turn.tx, shelf, learner, turn.me, turn.policy, turn.now)
    if topics:
        wider = turn.topics.wider
        fit = [one for one in fit if set(topics) & taught.levels(one.course.topics, wider).keys()]
        fresh = []
    fit, fresh = ([one for one in each if one.course.id not in besides] for each in (fit, fresh))
    pages = advice.pages(fit, fresh if new else [], size, turn.policy.new_share, turn.rng)
    return Found(shelf, learner, {one.course.id: one for one in (*fit, *fresh)}, pages)


def items(turn: Turn, found: Found, page: Sequence[Place], view: int | None = None) -> tuple[Item, ...]:
    """Write a page, each course with its reasons; in a kept view, *not for me* beside it."""
    return tuple(item(turn, course, told, view) for course, told in found.reasons(turn, page))


def item(turn: Turn, course: Course, told: Sequence[Mapping[str, Json]], view: int | None = None) -> Item:
    """Write a course with its reasons."""
    title = course.text(turn.locale).title
    actions = [Action(button_id("course", course.id), "course.button.see", about=title)]
    if view is not None:
        away = button_id("not_for_me", f"{view}.{course.id}")
        actions.append(Action(away, "recommend.button.not_for_me", about=title))
    params = {**browse.brief(turn, course), "reasons": list(told[:SHOWN])}
    return Item("recommend.item", params, tuple(actions))


def log(turn: Turn, page: Sequence[Place], surface: str, first: int = 0) -> None:
    """Write down that courses were shown, the first of them at place `first`."""
    shown = [
        Showing(first + at, course_id=place.item, why=place.why, chance=place.chance)
        for at, place in enumerate(page)
    ]
    showings.put(turn.tx, turn.me.id, shown, surface, turn.now)


# --- Kept for the buttons of a list -----------------------------------------------------------------------------


def keep(turn: Turn, pages: Sequence[Sequence[Place]], topics: Sequence[str], page: int = 0) -> int:
    """Keep pages, of which one is shown; returns the id that buttons carry."""
    body: dict[str, Json] = {
        "pages": [[[place.item, place.why, place.chance] for place in each] for each in pages],
        "page": page,
        "topics": list(topics),
    }
    return views.keep(turn, VIEW, body)


@dataclass(frozen=True, slots=True)
class Kept:
    """Pages as they were kept, the one that is shown, and the topics that were asked for."""

    pages: list[list[Place]]
    page: int
    topics: tuple[str, ...]


def kept(turn: Turn, view: str) -> Kept | None:
    """Find what was kept; only whoever was shown it can."""
    body: Any = views.find(turn, VIEW, view)
    if body is None:
        return None
    pages = [
        [Place(int(item), str(why), float(chance)) for item, why, chance in each] for each in body["pages"]
    ]
    return Kept(pages, int(body["page"]), tuple(body["topics"]))


def without(found: Found, old: Kept, course_id: int, size: int) -> Kept:
    """Take a course out of the page that is shown; the best that fits in comes up from behind."""
    known = found.advice
    page = [place for place in old.pages[old.page] if place.item in known and place.item != course_id]
    behind = [
        place.item
        for each in old.pages[old.page + 1 :]
        for place in each
        if place.item in known and place.item != course_id
    ]
    topics = {one: list(each.course.topics) for one, each in known.items()}
    first, *rest = varied(behind, topics, size, [place.item for place in page]) or [[]]
    more = [Place(item, FIT) for item in first[len(page) :]]
    pages = [*old.pages[: old.page], [*page, *more], *([Place(item) for item in each] for each in rest)]
    return Kept(pages, old.page, old.topics)
