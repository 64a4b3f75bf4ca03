"""Enrolment, edits and progress against a model, on both databases: whatever happens in whatever order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, NullPool, create_engine

from core import users
from core.courses import answers, catalogue, enrolments, importing
from core.courses.drafts import Check, CourseDraft, CourseText, LessonDraft, LessonText
from core.courses.enrolments import ACTIVE, DONE, LEFT, WAITING
from core.policy import Policy
from tests.courses.shelf import NOW, TOPICS

PEOPLE = 4
LESSONS = ("a", "b", "c", "d")
NUMBERS = count(1)


@dataclass
class Learner:
    """What the model knows of somebody: their state, what is behind them, what they hold and how it read."""

    state: str = ""
    behind: set[str] = field(default_factory=set)
    held: tuple[str, str] | None = None
    wrong: int = 0
    tried: int = 0


def draft(slug: str, plan: list[tuple[str, str]], capacity: int | None) -> CourseDraft:
    """A course whose lessons have these texts."""
    lessons = tuple(
        LessonDraft(name, 0, {"en": LessonText(name, 5, body, Check("text", "What?", (), (body,), "So."))})
        for name, body in plan
    )
    text = CourseText(slug, "Short.", ("Do it",), ("All",))
    return CourseDraft(slug, {"en": text}, {"git": 1}, (), 1, lessons, capacity=capacity)


class Machine(RuleBasedStateMachine):
    """The store and the model, side by side."""

    tx: Connection

    @initialize(capacity=st.sampled_from([None, 1, 2]))
    def begin(self, capacity: int | None) -> None:
        self.slug = f"course-{next(NUMBERS)}"
        self.capacity = capacity
        self.plan = [(name, f"{name}-1") for name in LESSONS[:2]]
        self.moment = NOW
        self.queue: list[int] = []
        self.put()
        self.course = catalogue.by_slug(self.tx, [self.slug])[self.slug].id
        policy = Policy()
        self.people = [users.create(self.tx, NOW, policy, name=f"u{n}") for n in range(PEOPLE)]
        self.model = [Learner() for _ in range(PEOPLE)]

    def put(self) -> None:
        self.later()
        found = draft(self.slug, self.plan, self.capacity)
        importing.put(self.tx, [found], TOPICS, Policy(), self.moment)

    def later(self) -> None:
        self.moment += timedelta(minutes=1)

    def of(self, who: int) -> enrolments.Enrolment | None:
        return enrolments.find(self.tx, self.course, self.people[who])

    def full(self) -> bool:
        taken = sum(each.state in (ACTIVE, DONE) for each in self.model)
        return self.capacity is not None and taken >= self.capacity

    def promote(self) -> None:
        if self.queue and not self.full():
            self.model[self.queue.pop(0)].state = ACTIVE

    @rule(who=st.integers(0, PEOPLE - 1))
    def enrol(self, who: int) -> None:
        self.later()
        course = catalogue.lock(self.tx, self.course)
        found, new = enrolments.enrol(self.tx, course, self.people[who], self.moment, drip=False)
        person = self.model[who]
        assert new == (person.state in ("", LEFT))
        if new:
            person.state = WAITING if self.full() else ACTIVE
            if person.state == WAITING:
                self.queue.append(who)
        assert found.state == person.state

    @rule(who=st.integers(0, PEOPLE - 1))
    def leave(self, who: int) -> None:
        found, person = self.of(who), self.model[who]
        if found is None or person.state not in (ACTIVE, WAITING):
            return
        self.later()
        enrolments.leave(self.tx, catalogue.lock(self.tx, self.course), found, self.moment)
        if person.state == WAITING:
            self.queue.remove(who)
        person.state = LEFT
        self.promote()

    @rule(who=st.integers(0, PEOPLE - 1))
    def open(self, who: int) -> None:
        found, person = self.of(who), self.model[who]
        if found is None or person.state != ACTIVE or person.held:
            return
        self.later()
        following = enrolments.next_lesson(self.tx, found)
        expected = next(((name, body) for name, body in self.plan if name not in person.behind), None)
        assert (following.slug if following else None) == (expected[0] if expected else None)
        if following is None:
            code = enrolments.finish(self.tx, found, self.moment)
            assert len(code) == enrolments.CODE
            person.state = DONE
            return
        enrolments.open_lesson(self.tx, found, following, self.moment)
        person.held, person.wrong = expected, 0

    @rule(who=st.integers(0, PEOPLE - 1), right=st.booleans())
    def answer(self, who: int, *, right: bool) -> None:
        found, person = self.of(who), self.model[who]
        if found is None or person.state != ACTIVE or person.held is None or found.lesson_id is None:
            return
        self.later()
        _, text = catalogue.text_of(self.tx, found.lesson_id, found.version, "en")
        assert text.check is not None
        # The lesson in hand is as it was when it was begun, whatever became of it.
        assert (text.title, text.body) == person.held
        given = person.held[1] if right else "no"
        assert answers.right(text.check, given) == right
        failed = answers.answer(
            self.tx, found, found.lesson_id, found.version, given, self.moment, passed=right
        )
        person.tried += 1
        if right:
            enrolments.finish_lesson(self.tx, found, found.lesson_id, self.moment)
            person.behind.add(person.held[0])
            person.held, person.wrong = None, 0
        else:
            assert failed >= 1

    @rule(name=st.sampled_from(LESSONS))
    def edit(self, name: str) -> None:
        """Change a lesson, or add it."""
        known = dict(self.plan)
        number = int(known[name].rpartition("-")[2]) + 1 if name in known else next(NUMBERS)
        if name in known:
            self.plan = [(each, f"{name}-{number}" if each == name else body) for each, body in self.plan]
        else:
            self.plan.append((name, f"{name}-{number}"))
        self.put()

    @rule(name=st.sampled_from(LESSONS))
    def remove(self, name: str) -> None:
        if len(self.plan) > 1:
            self.plan = [each for each in self.plan if each[0] != name] or self.plan
            self.put()

    @rule()
    def turn_round(self) -> None:
        self.plan.reverse()
        self.put()

    @rule(capacity=st.sampled_from([None, 1, 2, 3]))
    def resize(self, capacity: int | None) -> None:
        self.capacity = capacity
        self.put()
        self.later()
        while enrolments.fill(self.tx, catalogue.lock(self.tx, self.course), self.moment) is not None:
            self.promote()

    @rule()
    def bring_in_again(self) -> None:
        version = catalogue.known(self.tx, self.course).version
        self.put()
        assert catalogue.known(self.tx, self.course).version == version

    @invariant()
    def they_agree(self) -> None:
        if not hasattr(self, "model"):
            return
        course = catalogue.known(self.tx, self.course)
        assert course.enrolled == sum(each.state in (ACTIVE, DONE) for each in self.model)
        assert course.lessons == len(self.plan)
        waiting = [each.user_id for each in enrolments.of_course(self.tx, self.course, (WAITING,))]
        assert waiting == [self.people[who] for who in self.queue]
        for who, person in enumerate(self.model):
            found = self.of(who)
            assert (found.state if found else "") == person.state
            if found is None:
                continue
            now = {name for name, _ in self.plan}
            assert enrolments.steps(self.tx, found) == (len(person.behind & now), len(now))
            assert (found.lesson_id is not None) == (person.held is not None)
            assert (found.code is not None) == (person.state == DONE)


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as tx:
        yield tx


def explore(url: str, examples: int, steps: int) -> None:
    with transaction(url) as tx:
        machine = type("OnThisDatabase", (Machine,), {"tx": tx})
        run_state_machine_as_test(
            machine, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None)
        )


def test_a_learner_loses_nothing_whatever_is_edited(store_url: str) -> None:
    explore(store_url, 25, 30)


@pytest.mark.soak
def test_a_learner_loses_nothing_in_long_stories(store_url: str) -> None:
    explore(store_url, 500, 50)
