"""What makes models of ratings fast changes nothing: each short way against the long one, and reasons that are true."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from core.recommendations import names
from core.recommendations.arrays import Floats
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import blend, factors, kernel, links
from core.recommendations.ratings.factors import Rows, Side, inverted, solved, unfolded
from core.recommendations.ratings.pairs import block, weighed
from tests.recommendations.communities import dense, stars, tasteful


def positive(count: int, width: int, rng: np.random.Generator) -> Floats:
    """Some symmetric positive matrices, shape (count, width, width)."""
    root = rng.normal(size=(count, width, 2 * width))
    return root @ root.transpose(0, 2, 1)


def side(count: int, width: int, rng: np.random.Generator) -> Side:
    """Factors of some rows, with what is not known of them."""
    return Side(rng.normal(size=(count, width)), 0.1 * positive(count, width, rng), np.ones(width))


def test_small_inverses_all_at_once_are_those_one_by_one() -> None:
    system = positive(40, 6, np.random.default_rng(1))
    found = inverted(system.transpose(1, 2, 0).copy()).transpose(2, 0, 1)
    assert np.allclose(found, np.linalg.inv(system))


def test_half_of_the_squares_tells_the_whole() -> None:
    own = side(5, 4, np.random.default_rng(1))
    whole = unfolded(own.squares)
    for at, (mean, spread) in enumerate(zip(own.known, own.spread, strict=True)):
        lone = np.outer(mean, mean)
        lone[:-1, :-1] += spread[:-1, :-1]
        assert np.allclose(whole[:, :, at], lone)


def test_what_is_left_is_the_expected_square_of_each_rating_less_its_prediction() -> None:
    rng, community = np.random.default_rng(2), tasteful(30, 20)
    rows = Rows.of(community.matrix(community.value - 3.0), None)
    item = side(20, 4, rng)
    user, lean, left = solved(rows, side(30, 4, rng), item, 0.7)
    assert lean is None
    total = 0.0
    for u, i, value in zip(community.user, community.item, community.value, strict=True):
        p, q = user.known[u], item.known[i]
        total += (value - 3 - user.mean[u, -1] - item.mean[i, -1] - p[:-1] @ q[:-1]) ** 2
        total += q @ user.spread[u] @ q + p @ item.spread[i] @ p
        total += (user.spread[u, :-1, :-1] * item.spread[i, :-1, :-1]).sum()
    assert left == pytest.approx(total)


def test_a_fit_that_begins_where_another_ended_goes_on() -> None:
    community = tasteful()
    whole = factors.fit(community, rounds=5, factors=3, ridge=None)
    half = factors.fit(community, rounds=3, factors=3, ridge=None)
    on = factors.fit(community, rounds=2, ridge=None, start=half)
    assert not np.allclose(half.item.mean, whole.item.mean)
    assert np.allclose(on.item.mean, whole.item.mean)
    assert on.noise == pytest.approx(whole.noise)


@pytest.mark.parametrize("shape", [(12, 7), (7, 12)])
def test_a_set_says_the_same_whichever_system_is_the_smaller(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    rated = sparse.csr_matrix((rng.random(shape) < 0.5).astype(float))
    known = rng.normal(size=(shape[0], 3))
    plain = np.asarray(rated.toarray() / np.sqrt(np.maximum(rated.sum(axis=1), 1)))
    by_rows = plain.T @ np.linalg.solve(plain @ plain.T + 2 * np.eye(shape[0]), known)
    assert np.allclose(links.link(rated, 2.0).lean(known), by_rows)


def test_sets_tell_something_while_one_side_is_small() -> None:
    many = factors.LINKED + 1
    for shape, tells in (((many, 3), True), ((3, many), True), ((many, many), False)):
        assert (Rows.of(sparse.csr_matrix(shape), 1.0).link is not None) == tells


@given(st.lists(st.integers(0, 8)), st.lists(st.integers(0, 8)))
def test_a_block_of_a_table_is_the_same_either_way(rows: list[int], columns: list[int]) -> None:
    table = np.add.outer(np.arange(9), np.arange(9)).astype(np.float32) ** 2
    some, others = np.array(rows, np.int32), np.array(columns, np.int32)
    weight = np.arange(len(others), dtype=float)
    assert np.array_equal(block(table, some, others), table[np.ix_(some, others)])
    assert np.allclose(weighed(table, some, others, weight), table[np.ix_(some, others)] @ weight)


@settings(max_examples=25)
@given(stars)
def test_the_kernel_is_that_of_a_slow_reference(community: Interactions) -> None:
    model = kernel.fit(community, shrink=1.0)
    left = dense(community)
    left[community.user, community.item] = model.base.all_residuals(community)
    for one in range(community.items):
        for other in range(community.items):
            a, b = left[:, one], left[:, other]
            cosine = 1.0 if one == other else a @ b / np.sqrt((a @ a + 1) * (b @ b + 1))
            assert model.kernel[one, other] == pytest.approx(np.exp(cosine - 1), abs=1e-5)


@pytest.mark.parametrize("name", names.RATED)
def test_what_is_recommended_has_the_reasons_that_are_explained(name: str) -> None:
    community = tasteful(60, 30)
    model, taken = names.RATED[name](community), dense(community) > 0
    for history in (History.of([]), *list(community.histories())[:9]):
        for told in model.recommend(history, 5):
            explained = model.explain(history, told.item)
            assert [(each.kind, each.of, each.people) for each in told.because] == [
                (each.kind, each.of, each.people) for each in explained
            ]
            parts = sorted((each.share for each in model.shares(history, told.item)), reverse=True)
            assert [each.share for each in told.because] == pytest.approx([p for p in parts if p > 0][:3])
            for each in told.because:
                if each.kind == "item":
                    both = int((taken[:, each.of] & taken[:, told.item]).sum())
                    assert each.of in history.item
                    # Factors alone do not count who rated both.
                    assert each.people == (0 if name == "factors" else both)
                    assert both > 0


def test_a_part_that_says_next_to_nothing_is_left_out() -> None:
    rng = np.random.default_rng(1)
    user, item = np.nonzero(rng.random((80, 40)) < 0.5)
    noise = Interactions.of(user, item, rng.integers(1, 6, len(user)), users=80, items=40)
    for community in (noise, tasteful()):
        model = blend.fit(community)
        assert model.parts.keys() == model.weights.keys()
        assert all(weight >= blend.LEAST for weight in model.weights.values())
    assert model.parts
