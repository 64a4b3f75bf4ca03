"""Learning paths: which courses lead from what somebody knows to a goal, in an order that respects what they build on.

Plain functions on plain values. A course that one needs is left out where it is done, or where all that it teaches is
known already; so the plan changes by itself as levels change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

SHORT, GENTLE = "short", "gentle"
WAYS = (SHORT, GENTLE)
STEP = 1000
"""What a level too many at once costs, in minutes: a gentle way goes round it."""


@dataclass(frozen=True, slots=True)
class Course:
    """What planning knows of a course."""

    slug: str
    topics: Mapping[str, int]
    requires: tuple[str, ...]
    difficulty: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Courses in the order to take them; `level` is what they lead to in the topic, which may be less than wished."""

    topic: str
    level: int
    known: int
    courses: tuple[str, ...]
    minutes: int


@dataclass(frozen=True, slots=True)
class Knows:
    """What somebody knows: levels by topic, and the courses that they have done."""

    levels: Mapping[str, int] = field(default_factory=dict)
    done: frozenset[str] = frozenset()

    def has(self, course: Course) -> bool:
        """Tell whether a course has nothing new for them."""
        known = all(self.levels.get(topic, 0) >= level for topic, level in course.topics.items())
        return course.slug in self.done or known


def highest(courses: Iterable[Course], topic: str) -> int:
    """Give the highest level of a topic that any course leads to; 0 where nobody teaches it."""
    return max((course.topics.get(topic, 0) for course in courses), default=0)


def plan(
    courses: Mapping[str, Course], knows: Knows, topic: str, level: int | None = None, way: str = SHORT
) -> Plan | None:
    """Plan a way to a level of a topic, or to the highest that is taught; None where nobody teaches the topic."""
    most = highest(courses.values(), topic)
    if most == 0:
        return None
    target = min(level or most, most)
    known = knows.levels.get(topic, 0)
    if known >= target:
        return Plan(topic, target, known, (), 0)
    chosen = (
        _shortest(courses, knows, topic, target) if way == SHORT else _gentlest(courses, knows, topic, target)
    )
    if chosen is None:
        return None
    ordered = order(courses, chosen)
    return Plan(topic, target, known, ordered, sum(courses[slug].minutes for slug in ordered))


def needed(courses: Mapping[str, Course], knows: Knows, slug: str) -> frozenset[str] | None:
    """Give a course with all that somebody lacks before it; None where something that it needs is not offered."""
    found: set[str] = set()
    queue = [slug]
    for each in queue:
        if each in found:
            continue
        course = courses.get(each)
        if course is None:
            if each in knows.done:
                continue
            return None
        if each != slug and knows.has(course):
            continue
        found.add(each)
        queue += course.requires
    return frozenset(found)


def _minutes(courses: Mapping[str, Course], slugs: Iterable[str]) -> int:
    return sum(courses[slug].minutes for slug in slugs)


def _shortest(courses: Mapping[str, Course], knows: Knows, topic: str, target: int) -> frozenset[str] | None:
    """Take the least minutes. Some course has to lead to the goal, so the best of these, with all it needs, is it."""
    ways = [
        found
        for slug, course in courses.items()
        if course.topics.get(topic, 0) >= target and (found := needed(courses, knows, slug)) is not None
    ]
    return min(ways, key=lambda found: (_minutes(courses, found), len(found), sorted(found)), default=None)


def _gentlest(courses: Mapping[str, Course], knows: Knows, topic: str, target: int) -> frozenset[str] | None:
    """Climb from level to level by the cheapest way (Dijkstra), where more than a level at once costs its square."""
    start = knows.levels.get(topic, 0)

    def reach(course: Course) -> int:
        return course.topics.get(topic, 0)

    queue: list[tuple[int, int, tuple[str, ...]]] = [(0, start, ())]
    seen: set[int] = set()
    while queue:
        cost, level, taken = heappop(queue)
        if level >= target:
            return frozenset(taken)
        if level in seen:
            continue
        seen.add(level)
        for slug in sorted(courses):
            course = courses[slug]
            if reach(course) > level and (found := needed(courses, knows, slug)) is not None:
                jump = (reach(course) - level - 1) ** 2 + max(0, course.difficulty - level - 1) ** 2
                step = STEP * jump + _minutes(courses, found.difference(taken))
                together = tuple(sorted(found.union(taken)))
                heappush(queue, (cost + step, min(reach(course), target), together))
    return None


def order(courses: Mapping[str, Course], chosen: Iterable[str]) -> tuple[str, ...]:
    """Put courses in an order in which each comes after what it needs; of those that may come, the easiest first."""
    wanted = set(chosen)
    left = {slug: {each for each in courses[slug].requires if each in wanted} for slug in sorted(wanted)}
    found: list[str] = []
    while left:
        free = [slug for slug, before in left.items() if not before - set(found)]
        first = min(free, key=lambda slug: (courses[slug].difficulty, courses[slug].minutes, slug))
        found.append(first)
        del left[first]
    return tuple(found)


def edges(courses: Mapping[str, Course], ordered: Sequence[str]) -> list[tuple[int, int]]:
    """Give who builds on whom, by place in the order."""
    place = {slug: at for at, slug in enumerate(ordered)}
    return [
        (place[before], place[slug])
        for slug in ordered
        for before in courses[slug].requires
        if before in place
    ]
