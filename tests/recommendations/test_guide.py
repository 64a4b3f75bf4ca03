"""Newcomers and old hands in one answer, with reasons of both kinds that are true."""

import numpy as np
import pytest

from core.recommendations import blend
from core.recommendations.allowed import Prerequisites
from core.recommendations.content import Content
from core.recommendations.guide import Guide
from core.recommendations.handover import Handover
from core.recommendations.interactions import History
from tests.recommendations.communities import two_camps

CURVE = Handover((0, 4), (0.0, 1.0))
TOPICS = [{item // 5: 1 + item % 5} for item in range(20)]
"""Four topics of five items each, at the levels 1 to 5: two of each camp."""


def guide() -> Guide:
    return Guide(blend.fit(two_camps()), Content.of(TOPICS, 4), CURVE, np.zeros(20, np.float32))


def test_a_newcomer_gets_what_they_wish_for_at_the_next_level() -> None:
    told = guide().recommend(History.of([]), {2: 1}, 3)
    # Topic 2 is items 10 to 14, at levels 1 to 5: one above level 1 is item 11.
    assert told[0].item == 11
    assert {each.item // 5 for each in told} == {2}
    assert all(each.kind == "topic" and each.of == 2 for one in told for each in one.because)


def test_with_evidence_others_take_over_and_in_between_both_speak() -> None:
    both = guide()
    known = both.recommend(History.of([0, 1, 2, 3]), {2: 1}, 3)
    assert {each.item // 10 for each in known} == {0}
    assert {each.kind for one in known for each in one.because} == {"item"}
    (between,) = both.reasons(History.of([10, 12]), {2: 1}, [11])
    assert {each.kind for each in between} == {"item", "topic"}
    assert sum(each.share for each in between) == pytest.approx(1)
    assert both.share(History.of([0, 1]), {2: 1}) == 0.5


def test_without_wishes_the_model_speaks_alone() -> None:
    both = guide()
    one = [each.item for each in both.recommend(History.of([0, 1]), {}, 5)]
    assert one == [each.item for each in both.model.recommend(History.of([0, 1]), 5)]
    assert both.reasons(History.of([]), {}, [3])[0][0].kind == "popular"


def test_neither_what_was_taken_nor_what_may_not_be_is_told() -> None:
    both, history = guide(), History.of([11])
    may = Prerequisites.of({12: [10], 13: [11]}, 20).met(history)
    items = [each.item for each in both.recommend(history, {2: 1}, 20, may)]
    assert 11 not in items
    assert 12 not in items
    assert 13 in items
    assert len(items) == 18
    known = np.zeros(20, np.bool_)
    known[10] = True
    assert Prerequisites.of({12: [10]}, 20).met(history, known).all()
