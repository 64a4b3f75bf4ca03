"""What a night's fit makes of a community: values, standing, who went on from what, and wishes as they stood."""

from dataclasses import replace

import numpy as np
import pytest

from core.recommendations import blend
from core.recommendations.arrays import Floats
from core.recommendations.evidence import Evidence
from core.recommendations.handover import CAUTIOUS
from core.recommendations.interactions import History, Interactions
from core.recommendations.together import onward
from core.recommendations.trained import empty
from core.recommendations.training import before, standing, train
from tests.recommendations.communities import two_camps

NEVER = np.nan


def evidence(taken: Interactions, **more: object) -> Evidence:
    """A community that gave nothing up, whose items have the numbers 100, 101, … and each a topic of its own."""
    nothing: Floats = np.full(len(taken), NEVER)
    made = Evidence(
        ids=np.arange(100, 100 + taken.items),
        taken=taken,
        ended=nothing,
        dropped=np.zeros(taken.items, np.int64),
        dropped_sum=np.zeros(taken.items),
        topics=[{item: 2} for item in range(taken.items)],
        named=taken.items,
        wishes=lambda _: {},
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_who_went_on_from_something_had_finished_it() -> None:
    # Three people take 0 and then 1; the first two had finished 0 by then, the third finishes it later.
    taken = Interactions.of([0, 0, 1, 1, 2, 2], [0, 1] * 3, day=[1, 5, 1, 5, 1, 5])
    ended = np.array([4, 9, 5, NEVER, 6, NEVER])
    assert onward(taken, 30)[0, 1] == 3
    assert onward(taken, 30, ended=ended)[0, 1] == 2
    model = train(evidence(taken, ended=ended), 4, 5).model
    assert model.onward is not None
    assert model.onward[0, 1] == 2
    (told,) = model.explain(History.of([0]), 1)
    assert (told.people, told.after) == (3, 2)


def test_standing_is_the_bayesian_mean_against_the_usual_and_who_gave_up_counts() -> None:
    taken = Interactions.of([0, 1, 2], [0, 0, 1], [5, 5, 4], users=3, items=3)
    given_up = {"dropped": np.array([0, 5, 0]), "dropped_sum": np.array([0.0, 5.0, 0.0])}
    found = standing(evidence(taken, **given_up), prior_stars=4, prior_ratings=5)
    # (5 * 4 + 10) / 7 - 4, half of it for each star; (5 * 4 + 4 + 5) / 11 - 4; nobody.
    assert found.tolist() == pytest.approx([0.5 * (30 / 7 - 4), 0.5 * (29 / 11 - 4), 0.0])
    assert standing(evidence(taken), 4, 0).tolist() == pytest.approx([0.5, 0.0, 0.0])


def test_wishes_stand_as_they_did_before_the_first_course_that_taught_them() -> None:
    taken = Interactions.of([0, 0, 1], [0, 1, 2], users=2, items=3)
    found = evidence(
        taken,
        topics=[{0: 3}, {0: 2, 1: 4}, {1: 1}],
        named=2,
        wishes=[{0: 3, 1: 4}, {0: 2}].__getitem__,
    )
    assert before(found, 0) == {0: 1, 1: 3}
    assert before(found, 1) == {0: 2}


def test_with_few_people_settings_and_hand_over_are_the_cautious_ones() -> None:
    few = train(evidence(two_camps(20)), 4, 5)
    assert few.handover == CAUTIOUS
    assert few.model.decay == blend.DEFAULT.decay
    many = train(evidence(two_camps(200)), 4, 5)
    assert many.handover != CAUTIOUS
    assert list(many.handover.share) == sorted(many.handover.share)


def test_what_somebody_did_last_is_never_set_aside() -> None:
    # Everybody's newest thing is drawn by chance: judged by figures alone, it would be left out.
    rng = np.random.default_rng(4)
    rows = [[*rng.permutation(10)[:6] + 10 * (user % 2), 20 + rng.integers(20)] for user in range(300)]
    user = np.repeat(np.arange(300), 7)
    taken = Interactions.of(user, np.array(rows).ravel(), day=np.tile(np.arange(7), 300), users=300, items=40)
    assert train(evidence(taken), 4, 5).model.aside == 0


def test_nothing_is_there_before_the_first_fit() -> None:
    none = empty()
    assert none.model.items == 0
    assert none.handover == CAUTIOUS
    assert none.model.scores(History.of([])).shape == (0,)
