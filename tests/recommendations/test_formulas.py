"""Each formula by hand on a community one can check on paper, and against a plain dense reference."""

from math import log2, sqrt

import numpy as np
import pytest
from hypothesis import given, settings

from core.recommendations import blend, ease, taste
from core.recommendations.arrays import Floats
from core.recommendations.blend import COSINE, RP3BETA, Onward
from core.recommendations.decay import Decay, all_weights, weights
from core.recommendations.evaluation.ranking import discounts
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import baselines, factors, kernel, neighbours
from core.recommendations.together import onward, together
from tests.recommendations.communities import communities, dense, rated, stars, taken, tasteful


def test_the_cosine_formula_worked_by_hand() -> None:
    # Ana is interested in Lee's taste by 1 and in Mei's by 2; Tom in nobody's but Lee's, by 3.
    interest = [[1, 2], [3, 0]]
    # Lee rated the first course 4 and the second 3; Mei rated the second 5; nobody rated the third.
    ratings = [[4, 3, 0], [0, 5, 0]]
    found = taste.predicted(interest, ratings)
    # Ana, first: (1*4 + 2*0) / sqrt((1 + 4) * (16 + 0)) = 4 / sqrt(80).
    assert found[0, 0] == pytest.approx(4 / sqrt(80))
    # Ana, second: (1*3 + 2*5) / sqrt((1 + 4) * (9 + 25)) = 13 / sqrt(170).
    assert found[0, 1] == pytest.approx(13 / sqrt(170))
    # Tom: 12 / sqrt(9 * 16) = 1, and 9 / sqrt(9 * 34).
    assert found[1].tolist() == pytest.approx([1, 9 / sqrt(306), 0])
    assert found[:, 2].tolist() == [0, 0]


@given(stars)
def test_the_model_of_tastes_is_that_formula_with_cosines_as_interest(community: Interactions) -> None:
    table = dense(community)
    lengths = np.linalg.norm(table, axis=1)
    product = np.outer(lengths, lengths)
    interest = np.divide(table @ table.T, product, out=np.zeros_like(product), where=product > 0)
    model = taste.fit(community)
    assert np.allclose(model.table(community), taste.predicted(interest, table), atol=1e-6)


@given(communities)
def test_tables_of_items_are_those_of_a_dense_reference(community: Interactions) -> None:
    table = (dense(community) > 0).astype(float)
    takers, sizes = table.sum(axis=0), table.sum(axis=1)
    counted = table.T @ table
    assert np.allclose(together(community), counted)

    lengths = np.sqrt(np.outer(takers, takers))
    cosine = np.divide(counted, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    np.fill_diagonal(cosine, 0)
    assert np.allclose(blend.near(community, together(community), COSINE), cosine, atol=1e-6)

    # From an item to one of its takers, each as likely; from there to one of what they took.
    walk = (table / np.maximum(takers, 1)).T @ (table / np.maximum(sizes, 1)[:, None])
    walk /= np.maximum(takers, 1) ** RP3BETA.target
    np.fill_diagonal(walk, 0)
    assert np.allclose(blend.near(community, together(community), RP3BETA), walk, atol=1e-6)


@given(communities)
def test_ease_is_the_ridge_regression_of_each_item_on_all_others(community: Interactions) -> None:
    table = (dense(community) > 0).astype(float)
    found = ease.regress(together(community), 2.0)
    for item in np.flatnonzero(table.sum(axis=0)):
        others = np.delete(np.arange(table.shape[1]), item)
        left = table[:, others]
        plain = np.linalg.solve(left.T @ left + 2 * np.eye(len(others)), left.T @ table[:, item])
        assert np.allclose(found[others, item], plain, atol=1e-4)
        assert found[item, item] == 0


def test_what_comes_after_what_counts_by_the_steps_between() -> None:
    community = taken((0, 1, 2), (1, 0))
    assert onward(community, 1).tolist()[0][:3] == [0, 1, 0]
    assert onward(community, 1).tolist()[1][:3] == [1, 0, 1]
    far = onward(community, 5, fading=1.0)
    assert far[0, 2] == 0.5
    assert far[2].sum() == 0


@given(communities)
def test_without_fading_what_comes_after_counts_every_pair_in_its_order(community: Interactions) -> None:
    counted = np.zeros((community.items, community.items))
    for history in community.histories():
        for at, first in enumerate(history.item):
            for then in history.item[at + 1 :]:
                counted[first, then] += 1
    assert np.array_equal(onward(community, community.items), counted)


def test_the_past_fades_by_steps_and_by_days_and_what_was_liked_says_more() -> None:
    history = History.of([4, 5, 6], day=[0, 20, 30])
    assert weights(history, Decay()).tolist() == [1, 1, 1]
    assert weights(history, Decay(steps=2)).tolist() == pytest.approx([1 / 2, 2 / 3, 1])
    assert weights(history, Decay(days=10)).tolist() == pytest.approx([1 / 8, 1 / 2, 1])
    stars_ = History.of([4, 5, 6], [1, 2, 3])
    assert weights(stars_, Decay(liking=2)).tolist() == pytest.approx([1, 4, 9])
    assert weights(stars_, Decay(steps=1, liking=1)).tolist() == pytest.approx([1 / 3, 1, 3])
    both = Interactions.of([0, 0, 0, 1], [4, 5, 6, 4], day=[0, 20, 30, 99])
    assert all_weights(both, Decay(steps=2, days=10)).tolist() == pytest.approx([1 / 16, 1 / 3, 1, 1])


def test_the_blend_is_the_sum_of_its_scaled_tables() -> None:
    community = taken((0, 1, 2), (1, 2, 3), (0, 2), (3, 4, 5), (4, 5, 6))
    settings_ = blend.Settings(
        onward=Onward(2, 1.0, 1.0, 0.0), near_share=0.5, ridge_share=2.0, onward_share=1.5
    )
    both, takers = together(community), community.takers
    parts = (
        2.0 * blend.scaled(ease.regress(both, settings_.ridge.ridge, settings_.ridge.dropout), takers)
        + 0.5 * blend.scaled(blend.near(community, both, settings_.near), takers)
        + 1.5 * blend.scaled(blend.after(community, settings_.onward), takers)
    )
    assert np.allclose(blend.fit(community, settings_).weights, parts, atol=1e-6)


def test_baselines_by_hand() -> None:
    # One round: the mean is 3; items first, then users, each sum divided by 5 + the number of ratings.
    model = baselines.fit(rated([[5, 3], [1, 0]]), rounds=1)
    assert model.mean == 3
    assert model.item.tolist() == pytest.approx([0, 0])
    lee = History.of([0, 1], [5, 3])
    assert model.user(lee) == pytest.approx(2 / 7)
    assert model.predict(lee, np.array([1], np.int32)).tolist() == pytest.approx([3 + 2 / 7])
    assert model.predict(History.of([0], [1]), np.array([1], np.int32)).tolist() == pytest.approx([3 - 2 / 6])


@settings(max_examples=25)
@given(stars)
def test_neighbours_are_those_of_a_slow_reference(community: Interactions) -> None:
    model = neighbours.fit(community, nearest=2, shrink=1.0)
    table, left = dense(community), np.zeros((community.users, community.items))
    left[community.user, community.item] = model.base.all_residuals(community)

    def similarity(one: int, other: int) -> float:
        both = (table[:, one] > 0) & (table[:, other] > 0)
        a, b = left[both, one], left[both, other]
        length = float(np.sqrt((a**2).sum() * (b**2).sum()))
        return max(float(a @ b) / length * both.sum() / (both.sum() + 1), 0) if length > 1e-9 else 0.0

    for user, history in enumerate(community.histories()):
        base = model.base.plain(history, np.arange(community.items, dtype=np.int32))
        for item in np.flatnonzero(table[user] == 0):
            near = sorted(
                ((similarity(int(each), int(item)), int(each)) for each in history.item), reverse=True
            )
            if len(near) > 2 and near[1][0] - near[2][0] < 1e-5:
                continue  # which of two equally near ones counts is not said
            total = sum(weight * left[user, each] for weight, each in near[:2])
            plain = base[item] + total / (sum(weight for weight, _ in near[:2]) + neighbours.DAMPING)
            found = model.predict(history, np.array([item], np.int32))[0]
            assert found == pytest.approx(model.base.within(np.array([plain]))[0], abs=1e-4)


@settings(max_examples=25)
@given(stars)
def test_kernel_ridge_is_the_best_smooth_function_of_the_kernel(community: Interactions) -> None:
    model = kernel.fit(community, ridge=0.5, shrink=1.0)
    assert np.linalg.eigvalsh(model.kernel.astype(float)).min() > -1e-4
    for history in community.histories():
        if len(history):
            item, weight = model.weights(history)
            gram = model.kernel[np.ix_(item, item)].astype(float)
            left = model.base.residuals(history)
            # At the least of |e - K w|^2 + ridge w'Kw the gradient is 0: K ((K + ridge) w - e).
            assert np.allclose(gram @ (gram @ weight + 0.5 * weight - left), 0, atol=1e-6)


def test_a_user_of_the_factors_is_the_mean_of_their_posterior() -> None:
    community = tasteful()
    model = factors.fit(community, factors=3, rounds=8)
    history = community.history(0)
    known = np.concatenate((model.item.mean[:, :-1], np.ones((community.items, 1))), axis=1)[history.item]
    gram, pull = np.diag(model.precision), model.precision * _expected(model, history)
    for at, item in enumerate(history.item):
        spread = model.item.spread[item].copy()
        lost = np.append(spread[:-1, -1], 0)
        spread[-1], spread[:, -1] = 0, 0
        gram = gram + (np.outer(known[at], known[at]) + spread) / model.noise
        left = float(history.value[at]) - model.base.mean - model.item.mean[item, -1]
        pull = pull + (known[at] * left - lost) / model.noise
    assert np.allclose(model.user(history), np.linalg.solve(gram, pull))


def _expected(model: factors.Factors, history: History) -> Floats:
    assert model.lean is not None
    return np.asarray(model.lean[history.item].sum(axis=0) / np.sqrt(len(history)))


def test_discounts_are_one_over_the_logarithm_of_the_place() -> None:
    assert discounts(3).tolist() == pytest.approx([1, 1 / log2(3), 1 / 2])
