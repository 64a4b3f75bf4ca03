"""The hand-over from topics to what others did: measured, and never back again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recommendations import blend, handover
from core.recommendations.arrays import Singles
from core.recommendations.evaluation import splits
from core.recommendations.evaluation.curve import cold_start
from core.recommendations.evaluation.splits import Split
from core.recommendations.handover import CAUTIOUS, Handover, measure, mixed, rising, shortened
from tests.recommendations.communities import taken, two_camps


def wishes(split: Split, loud: float, seed: int = 1) -> Singles:
    """What topics say of twenty items to users of two camps: right by `loud`, besides noise."""
    rng = np.random.default_rng(seed)
    camp = np.arange(split.train.users)[:, None] % 2
    right = (np.arange(20)[None] // 10 == camp).astype(float)
    return np.asarray(loud * right + rng.normal(size=right.shape), dtype=np.float32)


def test_topics_speak_first_and_others_later() -> None:
    split = splits.one_each(two_camps(400), 1)
    model = blend.fit(split.train)
    found = measure(model, split, wishes(split, loud=3.0))
    assert found.taken[:4] == (0, 1, 2, 3)
    assert found.share[0] <= 0.5 < found.share[-1]
    assert list(found.share) == sorted(found.share)
    assert found.at(0) == found.share[0]
    assert found.at(1000) == found.share[-1]


def test_where_topics_say_nothing_others_take_over_at_once() -> None:
    split = splits.one_each(two_camps(400), 1)
    model = blend.fit(split.train)
    empty = np.zeros((split.train.users, 20), np.float32)
    loud = measure(model, split, wishes(split, loud=9.0))
    silent = measure(model, split, wishes(split, loud=0.0))
    assert silent.at(1) > 0.5
    assert silent.at(1) >= loud.at(1)
    assert measure(model, split, empty).taken == loud.taken


def test_with_too_few_to_measure_it_is_cautious() -> None:
    split = splits.last(taken((0, 1), (1, 2), (0, 2)))
    found = measure(blend.fit(split.train), split, np.zeros((3, 7), np.float32))
    assert found == CAUTIOUS
    assert found.at(0) == 0


def test_between_two_measured_numbers_it_goes_in_proportion() -> None:
    curve = Handover((0, 2, 10), (0.0, 0.4, 0.8))
    assert [curve.at(taken_) for taken_ in (0, 1, 2, 6, 10, 99)] == pytest.approx(
        [0, 0.2, 0.4, 0.6, 0.8, 0.8]
    )


def test_both_are_brought_to_one_measure_before_they_are_mixed() -> None:
    topics, others = np.array([0, 1, 0.5], np.float32), np.array([300, 100, 200], np.float32)
    assert mixed(topics, others, 0.0).argmax() == 1
    assert mixed(topics, others, 1.0).argmax() == 0
    assert mixed(topics, others, 0.5).tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert mixed(np.zeros(3, np.float32), others, 0.3).argmax() == 0


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), min_size=1, max_size=8))
def test_the_rising_curve_is_the_nearest_one(points: list[tuple[float, int]]) -> None:
    values, weight = (np.array(each, dtype=float) for each in zip(*points, strict=True))
    found = np.array(rising(values.tolist(), weight.tolist()))
    assert (np.diff(found) >= -1e-12).all()
    assert found @ weight == pytest.approx(values @ weight)
    distance = weight @ (found - values) ** 2
    for level in np.linspace(0, 1, 5):
        assert distance <= weight @ (np.maximum(found, level) - values) ** 2 + 1e-9
        assert distance <= weight @ (level - values) ** 2 + 1e-9


def test_a_shortened_history_is_its_beginning() -> None:
    community = taken((3, 1, 2), (4,), ())
    short = shortened(community, 2)
    assert [history.item.tolist() for history in short.histories()] == [[3, 1], [4], []]
    assert len(shortened(community, 0)) == 0


def test_the_cold_start_curve_rises_with_what_is_known() -> None:
    split = splits.one_each(two_camps(200), 1)
    points = cold_start(blend.fit(split.train), split)
    assert [point.taken for point in points] == [each for each in handover.TAKEN if each <= 6]
    assert points[0].users == 200
    assert points[-1].ndcg > 1.5 * points[0].ndcg
