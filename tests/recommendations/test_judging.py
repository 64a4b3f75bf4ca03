"""Figures by hand and against a plain reference, intervals, and settings chosen on a cut."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recommendations import blend, choosing, cuts, names
from core.recommendations.decay import LASTING
from core.recommendations.evaluation import errors, ranking, splits
from core.recommendations.evaluation.intervals import interval, share
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions
from tests.recommendations.communities import communities, rated, taken, tasteful, two_camps


def test_figures_worked_by_hand() -> None:
    # Three users were shown three items each; two, one and none of them were held out.
    split = Split(taken((0,), (0,), (1,), ()), taken((3, 5), (4,), (6,), ()))
    lists = np.array([[1, 3, 5], [4, 2, 1], [2, 3, 4]], np.int32)
    found = ranking.figures(lists, split, np.array([0, 1, 2]))
    ideal = 1 + 1 / log2(3)
    assert found.ndcg.tolist() == pytest.approx([(1 / log2(3) + 1 / 2) / ideal, 1, 0])
    assert found.hit.tolist() == [1, 1, 0]
    assert found.recall.tolist() == [1, 1, 0]
    assert found.coverage == pytest.approx(5 / 7)
    # All shown but item 1, twice, were taken by nobody: they count as taken by one of four.
    assert found.novelty == pytest.approx(2)


@given(communities, st.integers(1, 9))
def test_lists_are_those_of_a_plain_sort(community: Interactions, limit: int) -> None:
    rng = np.random.default_rng(1)
    score = rng.integers(0, 4, (community.users, community.items)).astype(np.float32)
    found = ranking.ordered(ranking.unseen(score.copy(), community), limit)
    for user, history in enumerate(community.histories()):
        left = [item for item in range(community.items) if item not in history.item]
        plain = sorted(left, key=lambda item: (-score[user, item], item))[:limit]
        assert [item for item in found[user].tolist() if item != ranking.NOTHING] == plain


def test_errors_by_hand() -> None:
    found = errors.Errors(np.array([1.0, -1, 2, 0]))
    assert found.rmse == pytest.approx(np.sqrt(6 / 4))
    assert found.mae == 1


def test_an_interval_is_as_wide_as_the_normal_one_for_many_figures() -> None:
    figures = np.random.default_rng(1).choice((0.0, 0.4, 1.0), 4000, p=(0.7, 0.2, 0.1))
    low, high = interval(figures, 1)
    error = figures.std() / np.sqrt(len(figures))
    assert low == pytest.approx(figures.mean() - 1.96 * error, abs=error / 4)
    assert high == pytest.approx(figures.mean() + 1.96 * error, abs=error / 4)
    assert interval(figures, 1) == (low, high)
    assert interval(np.ones(5), 1) == (1, 1)
    assert np.isnan(interval(np.empty(0), 1)).all()


def test_the_last_of_everybody_who_has_two_is_held_out() -> None:
    split = splits.last(taken((3, 1, 2), (4,), (), (5, 6)))
    assert [history.item.tolist() for history in split.test.histories()] == [[2], [], [], [6]]
    earlier = splits.last(taken((3, 1, 2), (4,), (), (5, 6)), aside=1)
    assert [history.item.tolist() for history in earlier.test.histories()] == [[1], [], [], []]


def test_a_fifth_is_held_out_at_random_and_the_same_for_a_seed() -> None:
    community = two_camps(50)
    one, again, other = (splits.at_random(community, seed) for seed in (1, 1, 2))
    assert len(one.test) == len(community) // 5
    assert np.array_equal(one.test.item, again.test.item)
    assert not np.array_equal(one.test.item, other.test.item)


def ladder(users: int = 300, seed: int = 2) -> Interactions:
    """People who climb: after what they took last, mostly the next rung follows."""
    rng = np.random.default_rng(seed)
    rungs = rng.permutation(40)
    rows = []
    for _ in range(users):
        steps = np.cumsum(rng.choice((1, 2), 8, p=(0.8, 0.2)))
        rows.append(rungs[(int(rng.integers(0, 40)) + steps) % 40].tolist())
    return taken(*rows, items=60)


def test_where_one_follows_the_other_the_order_is_found_to_count() -> None:
    community = ladder()
    found = choosing.choose(community, "last", sample=300)
    assert found.settings.decay != LASTING
    assert found.settings.onward_share > 0
    assert found.settings.aside == 0
    unordered = choosing.choose(community, "last", sample=300, ordered=False)
    assert unordered.settings.decay == LASTING
    assert unordered.settings.onward_share == 0
    split = splits.last(community)
    judged = [
        ranking.judge(blend.fit(split.train, each.settings), split).ndcg.mean() for each in (found, unordered)
    ]
    assert judged[0] > judged[1]


def test_a_newest_thing_that_tells_nothing_is_set_aside() -> None:
    community, rng = ladder(), np.random.default_rng(4)
    odd = [[*history.item.tolist(), int(rng.integers(40, 60))] for history in community.histories()]
    assert cuts.set_aside(community, 300, 1) == 0
    assert cuts.set_aside(taken(*odd, items=60), 300, 1) == 1


def test_lines_sorted_by_item_have_no_order() -> None:
    community = ladder()
    ordered = np.lexsort((community.item, community.user))
    sorted_ = Interactions.of(community.user[ordered], community.item[ordered], users=300, items=60)
    assert cuts.has_order(community)
    assert not cuts.has_order(sorted_)
    assert choosing.choose(sorted_, "last", sample=100).settings.decay == LASTING
    assert not cuts.has_order(taken((0,), (1,)))


def test_with_too_little_to_judge_by_settings_are_the_plain_ones() -> None:
    for community in (taken((0,), (1,)), taken(()), taken((), items=0)):
        assert choosing.choose(community).settings == blend.DEFAULT


def test_chosen_settings_are_the_best_of_what_was_tried() -> None:
    found = choosing.choose(two_camps(), "random", sample=100)
    assert found.ndcg == pytest.approx(max(found.tried.values()), abs=1e-5)


def test_models_of_ratings_beat_the_baselines_where_there_is_taste() -> None:
    split = splits.at_random(tasteful(), 1)
    reached = {name: errors.judge(fit(split.train).predict, split).rmse for name, fit in names.RATED.items()}
    plain = reached.pop("baselines")
    assert max(reached.values()) < 0.8 * plain
    assert reached["rating blend"] <= min(reached.values()) + 0.02


def test_all_ratings_equal_are_predicted_exactly() -> None:
    split = splits.at_random(rated([[3, 3, 3], [3, 3, 0], [0, 3, 3]]), 1)
    for fit in names.RATED.values():
        assert errors.judge(fit(split.train).predict, split).rmse == pytest.approx(0, abs=1e-3)


def test_a_share_of_few_is_unsure_and_of_many_sure() -> None:
    # Wilson's interval for 1 of 5, as published tables have it.
    assert share(1, 5) == pytest.approx((0.0362, 0.6245), abs=1e-4)
    assert share(0, 1) == pytest.approx((0, 0.7935), abs=1e-4)
    assert share(0, 0) == (0, 1)
    low, high = share(2000, 10_000)
    assert 0.19 < low < 0.2 < high < 0.21
