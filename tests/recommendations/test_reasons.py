"""Reasons that are true: who is named really took it, and what is named really adds to the score."""

import numpy as np
import pytest
from hypothesis import given, settings

from core.recommendations import blend, names, taste
from core.recommendations.blend import Onward
from core.recommendations.content import Content
from core.recommendations.decay import Decay
from core.recommendations.interactions import History, Interactions
from core.recommendations.ratings import factors, kernel, neighbours
from tests.recommendations.communities import communities, dense, stars, taken, tasteful, two_camps

FADING = blend.Settings(onward=Onward(3, 0.5, 1.0, 0.2), onward_share=1.0, decay=Decay(steps=2.0))


def steps(community: Interactions, first: int, then: int, reach: int) -> int:
    """How many took one item within so many steps after another."""
    count = 0
    for history in community.histories():
        row = history.item.tolist()
        count += first in row and then in row and 0 < row.index(then) - row.index(first) <= reach
    return count


@settings(max_examples=40)
@given(communities)
def test_an_item_named_was_taken_and_so_many_really_took_both(community: Interactions) -> None:
    model = blend.fit(community, FADING)
    table = dense(community) > 0
    for history in community.histories():
        for told in model.recommend(history):
            assert told.because or not table[:, told.item].any()
            for each in told.because:
                if each.kind == "popular":
                    assert each.people == table[:, told.item].sum() > 0
                    continue
                assert each.of in history.item
                assert each.share > 0
                assert each.people == (table[:, each.of] & table[:, told.item]).sum() > 0
                assert each.after == steps(community, each.of, told.item, 3) <= each.people


@settings(max_examples=40)
@given(communities)
def test_what_is_named_adds_up_to_the_score(community: Interactions) -> None:
    model = blend.fit(community, FADING)
    for history in community.histories():
        score = model.scores(history)
        for item in range(community.items):
            shares = model.shares(history, item)
            assert shares.sum() + model.prior[item] == pytest.approx(score[item], abs=1e-5)
            told = {each.of: each.share for each in model.explain(history, item, 99) if each.kind == "item"}
            of_item = dict(zip(history.item.tolist(), shares.tolist(), strict=True))
            assert all(share == pytest.approx(of_item[of], abs=1e-6) for of, share in told.items())


@settings(max_examples=40)
@given(stars)
def test_a_user_named_rated_the_item_and_shares_a_taste(community: Interactions) -> None:
    model, table = taste.fit(community), dense(community)
    for history in community.histories():
        score = model.scores(history)
        for told in model.recommend(history, 3):
            for each in told.because:
                assert each.kind == "user"
                assert table[each.of, told.item] > 0
                assert set(np.flatnonzero(table[each.of])) & set(history.item.tolist())
            every = model.explain(history, told.item, 99)
            assert sum(each.share for each in every) == pytest.approx(float(score[told.item]), abs=1e-5)


@pytest.mark.parametrize(
    "fit", [neighbours.fit, kernel.fit, factors.fit], ids=["neighbours", "kernel", "factors"]
)
def test_what_a_rating_adds_is_what_is_lost_without_its_star(fit: object) -> None:
    community = tasteful(80, 30)
    model = fit(community)  # type: ignore[operator]  # one of three functions with other defaults
    history = community.history(0)
    item = next(each for each in range(30) if each not in history.item)
    parts = model.shares(history, item)
    # Predictions are linear in the stars: all parts together are what the prediction says beyond the mean.
    at = np.array([item], np.int32)
    named = sum(each.share for each in parts)
    if fit is not factors.fit:
        within = model.base.within(np.array([named + model.base.mean]))
        assert model.predict(history, at) == pytest.approx(within, abs=1e-6)
    for each in parts:
        assert each.kind != "item" or each.of in history.item


def test_a_camp_is_told_of_its_own() -> None:
    community = two_camps()
    for name in ("item cosine", "RP3beta", "EASE", "blend"):
        model = names.TAKEN[name](community)
        for user in range(6):
            for told in model.recommend(community.history(user), 3):
                assert told.item // 10 == user % 2
                assert all(each.of // 10 == user % 2 for each in told.because)


def test_an_item_nobody_took_is_last_and_has_no_reason() -> None:
    model = blend.fit(taken((0, 1), (1, 2), (0, 2), items=4))
    told = model.recommend(History.of([0]))
    assert told[-1].item == 3
    assert told[-1].because == ()


def test_a_wish_named_is_a_topic_of_the_item_at_its_level() -> None:
    # Topic 0 is common, topic 1 rare; courses at levels 2, 3, 2, and one of no known level.
    content = Content.of([{0: 2, 1: 2}, {0: 3}, {0: 2}, {}], 2)
    score = content.scores({0: 1, 1: 1})
    assert score.tolist() == pytest.approx([1, score[1], score[2], 0])
    assert score[2] > score[1] > 0
    assert [each.of for each in content.explain({0: 1, 1: 1}, 0)] == [1, 0]
    (told,) = content.explain({0: 1}, 1)
    assert (told.kind, told.of, told.level) == ("topic", 0, 3)
    assert told.share == pytest.approx(0.7)
    assert content.explain({1: 1}, 2) == ()
    assert content.scores({}).tolist() == [0, 0, 0, 0]
