"""What must hold for every community: names and order of users do not matter, nobody is sent what they have."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.recommendations import blend, names, taste
from core.recommendations.allowed import Prerequisites
from core.recommendations.answers import Fitted, best
from core.recommendations.blend import Onward
from core.recommendations.decay import Decay
from core.recommendations.interactions import History, Interactions
from tests.recommendations.communities import ITEMS, USERS, communities, rated, stars, taken

FADING = blend.Settings(onward=Onward(3, 0.5, 1.0, 0.2), onward_share=1.0, decay=Decay(steps=2.0))
MODELS: dict[str, Callable[[Interactions], Fitted]] = {
    **names.TAKEN,
    **names.RATED,
    "fading": lambda taken_: blend.fit(taken_, FADING),
}
every_model = pytest.mark.parametrize("fit", MODELS.values(), ids=MODELS)


# The blend of ratings holds some out by chance, and those are others when users come in another order.
@pytest.mark.parametrize("fit", [fit for name, fit in MODELS.items() if name != "rating blend"])
@settings(max_examples=8, deadline=None)
@given(community=stars, shuffled=st.permutations(range(USERS)))
def test_it_does_not_matter_who_comes_first(
    fit: Callable[[Interactions], Fitted], community: Interactions, shuffled: list[int]
) -> None:
    model, other = fit(community), fit(community.only(np.array(shuffled)))
    for user in range(USERS):
        history = community.history(user)
        assert np.allclose(model.scores(history), other.scores(history), atol=5e-4)


@settings(max_examples=20)
@given(community=communities, numbers=st.permutations(range(ITEMS)))
def test_names_of_items_do_not_matter(community: Interactions, numbers: list[int]) -> None:
    renamed = np.array(numbers)
    other = Interactions.of(community.user, renamed[community.item], users=USERS, items=ITEMS)
    for fit in (lambda each: blend.fit(each, FADING), taste.fit):
        one, two = fit(community).table(community), fit(other).table(other)
        assert np.allclose(one, two[:, renamed], atol=1e-4)


@given(stars, st.floats(0.1, 10))
def test_cosines_do_not_change_with_the_scale_of_ratings(community: Interactions, scale: float) -> None:
    larger = Interactions(
        community.items, community.start, community.item, community.value * np.float32(scale)
    )
    assert np.allclose(taste.fit(community).table(community), taste.fit(larger).table(larger), atol=1e-5)


@every_model
def test_nobody_is_sent_what_they_took_nor_what_they_may_not(fit: Callable[[Interactions], Fitted]) -> None:
    community = rated(
        [[5, 4, 0, 1, 0, 0, 0], [4, 5, 5, 0, 0, 2, 0], [1, 0, 5, 5, 4, 0, 0], [0, 2, 4, 5, 0, 1, 0]]
    )
    model = fit(community)
    wants = Prerequisites.of({2: [0], 4: [2, 3], 5: [6]}, community.items)
    for history in community.histories():
        told = model.recommend(history, 10, wants.met(history))
        items = [each.item for each in told]
        assert not set(items) & set(history.item.tolist())
        assert [each.score for each in told] == sorted((each.score for each in told), reverse=True)
        assert 5 not in items
        for item, first in ((2, {0}), (4, {2, 3})):
            assert item not in items or first <= set(history.item.tolist())
        assert len(model.recommend(history, 2)) == min(2, community.items - len(history))


@every_model
def test_one_and_many_get_the_same(fit: Callable[[Interactions], Fitted]) -> None:
    community = rated([[5, 4, 0, 1, 0, 0, 0], [4, 5, 5, 0, 0, 2, 0], [1, 0, 5, 5, 4, 0, 0], [0] * 7])
    model = fit(community)
    table = model.table(community)
    assert table.shape == (4, 7)
    for user, history in enumerate(community.histories()):
        assert np.allclose(table[user], model.scores(history), atol=1e-5)


@every_model
def test_every_model_answers_whoever_comes(fit: Callable[[Interactions], Fitted]) -> None:
    everybody_alike = rated([[3, 3, 0], [3, 3, 3]])
    for community in (everybody_alike, rated([[4, 0, 5]]), taken((), (0, 1), items=4), taken((), items=3)):
        model = fit(community)
        for history in (History.of([]), History.of([0]), *community.histories()):
            assert np.isfinite(model.scores(history)).all()
            assert len(model.recommend(history)) == community.items - len(history)


def test_a_newcomer_gets_what_most_people_take_and_hears_so() -> None:
    model = blend.fit(taken((0, 1), (1, 2), (1, 0), (1,)))
    told = model.recommend(History.of([]), 2)
    assert [each.item for each in told] == [1, 0]
    assert [(each.kind, each.people) for one in told for each in one.because] == [
        ("popular", 4),
        ("popular", 2),
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 5), st.integers(0, 9))))
def test_of_repeated_lines_the_latest_counts(lines: list[tuple[int, int, int, int]]) -> None:
    latest: dict[tuple[int, int], tuple[int, int]] = {}
    for user, item, value, day in lines:
        if (user, item) not in latest or latest[user, item][1] <= day:
            latest[user, item] = (value, day)
    who, what, stars_, days = np.array(lines, dtype=float).reshape(-1, 4).T
    found = Interactions.of(who.astype(int), what.astype(int), stars_, days, users=4, items=4)
    assert found.day is not None
    told = zip(
        found.user.tolist(), found.item.tolist(), found.value.tolist(), found.day.tolist(), strict=True
    )
    assert {(user, item): (value, day) for user, item, value, day in told} == latest
    for history in found.histories():
        assert history.day is not None
        assert history.day.tolist() == sorted(history.day.tolist())


def test_the_best_come_first_and_ties_by_number() -> None:
    assert best(np.array([1.0, 3, 2, 3, -np.inf]), 3).tolist() == [1, 3, 2]
    assert best(np.array([1.0, 1, 1, 1]), 2).tolist() == [0, 1]
    assert best(np.array([-np.inf, 2]), 5).tolist() == [1]
    assert best(np.array([1.0]), 0).tolist() == []
