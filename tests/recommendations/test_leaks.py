"""No leak: what is held out has no part in its own prediction, and a model that peeps is found out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pytest

from core.recommendations import choosing, cuts, names
from core.recommendations.arrays import Floats, Ints
from core.recommendations.evaluation import errors, ranking, splits
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import History, Interactions
from core.recommendations.items import ItemModel
from core.recommendations.ratings.rated import RatedPredictor
from tests.recommendations.communities import tasteful, two_camps

Rate = Callable[[Interactions], RatedPredictor]


def tampered(part: Interactions, seed: int = 1) -> Interactions:
    """The same lines with other values, and in a random half of them another item."""
    rng = np.random.default_rng(seed)
    item = np.where(rng.random(len(part)) < 0.5, (part.item + 1) % part.items, part.item).astype(np.int32)
    return replace(part, value=(6 - part.value).astype(np.float32), item=item)


def every_split(community: Interactions) -> list[Split]:
    return [
        splits.last(community),
        splits.one_each(community, 1),
        splits.at_random(community, 1),
        *splits.folds(community, 1),
    ]


def predicted(fit: Callable[[Split], RatedPredictor], cut: Split, asked: Interactions) -> Floats:
    return errors.predictions(fit(cut).predict, Split(cut.train, asked))


def leaks(fit: Callable[[Split], RatedPredictor], cut: Split) -> bool:
    """Whether predictions for the same questions change with what the held-out ratings were."""
    changed = Split(cut.train, tampered(cut.test))
    return not np.array_equal(predicted(fit, cut, cut.test), predicted(fit, changed, cut.test))


@dataclass(frozen=True, eq=False, slots=True)
class Peeper:
    """Knows what was held out, and hides it well: a tenth of the truth, nine of the baseline."""

    honest: RatedPredictor
    known: Mapping[tuple[int, int], float]

    def predict(self, history: History, items: Ints) -> Floats:
        plain = self.honest.predict(history, items)
        truth = [
            self.known.get((len(history), int(item)), float(one))
            for item, one in zip(items, plain, strict=True)
        ]
        return 0.9 * plain + 0.1 * np.array(truth)


def peeping(cut: Split) -> Peeper:
    counts = cut.train.counts[cut.test.user].tolist()
    known = zip(counts, cut.test.item.tolist(), cut.test.value.tolist(), strict=True)
    return Peeper(names.RATED["baselines"](cut.train), {(count, item): value for count, item, value in known})


@pytest.mark.parametrize("fit", names.RATED.values(), ids=names.RATED)
def test_a_held_out_rating_has_no_part_in_its_prediction(fit: Rate) -> None:
    cut = splits.at_random(tasteful(60, 30), 1)
    assert not leaks(lambda part: fit(part.train), cut)


def test_a_model_that_peeps_is_found_out() -> None:
    cut = splits.at_random(tasteful(60, 30), 1)
    assert leaks(peeping, cut)  # type: ignore[arg-type]  # it predicts, and no more is asked of it


def test_no_line_is_on_both_sides_and_none_is_lost() -> None:
    community = two_camps(20)
    whole = set(zip(community.user.tolist(), community.item.tolist(), strict=True))
    for cut in every_split(community):
        train, test = (set(zip(p.user.tolist(), p.item.tolist(), strict=True)) for p in (cut.train, cut.test))
        assert train | test == whole
        assert train & test == set()
    held = [cut.test for cut in splits.folds(community, 1)]
    assert sum(len(part) for part in held) == len(community)


@pytest.mark.parametrize("name", names.TAKEN)
def test_lists_do_not_change_with_what_is_held_out(name: str) -> None:
    cut = splits.last(two_camps(30))
    users = np.flatnonzero(cut.test.counts > 0)
    one = ranking.listed(names.TAKEN[name](cut.train), cut, users)
    other = ranking.listed(names.TAKEN[name](cut.train), Split(cut.train, tampered(cut.test)), users)
    assert np.array_equal(one, other)


def test_a_thing_taken_never_speaks_for_itself() -> None:
    community = two_camps(40)
    for name in ("item cosine", "RP3beta", "EASE", "onward", "blend"):
        model = names.TAKEN[name](community)
        assert isinstance(model, ItemModel)
        assert np.diag(model.weights).tolist() == [0] * community.items


def test_settings_are_chosen_without_a_look_at_the_test() -> None:
    cut = splits.last(two_camps(80))
    before = choosing.choose(cut.train, "last", sample=50)
    spoilt = Split(cut.train, tampered(cut.test))
    assert choosing.choose(spoilt.train, "last", sample=50) == before
    # The cut is made of training data, and the models on it never saw what judges them.
    made = cuts.cut_like(cut.train, "last", 1)
    assert len(made.train) + len(made.test) == len(cut.train)
    assert np.array_equal(np.sort(made.test.user), np.unique(cut.train.user))


def test_the_blend_of_ratings_learns_its_weights_from_ratings_its_parts_did_not_see() -> None:
    # Pure noise: parts that saw what they are judged by would look good, be given weight, and do harm.
    rng = np.random.default_rng(1)
    user, item = np.nonzero(rng.random((80, 40)) < 0.5)
    noise = Interactions.of(user, item, rng.integers(1, 6, len(user)), users=80, items=40)
    cut = splits.at_random(noise, 1)
    plain, blended = (
        errors.judge(names.RATED[name](cut.train).predict, cut).rmse for name in ("baselines", "rating blend")
    )
    assert blended < 1.03 * plain
