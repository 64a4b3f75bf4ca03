"""Libraries of recommendations: `implicit` for what is taken next, `scikit-surprise` for ratings.

What they leave to choose is chosen as ours is: on a cut of the training data, by NDCG@10.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from core.recommendations.arrays import Floats, Ints, Places
from core.recommendations.evaluation.splits import Split
from core.recommendations.interactions import Interactions

LIMIT = 10
THREADS = 0
"""As many as there are cores."""
SEED = 1

Settings = Mapping[str, float]
GRID: Mapping[str, tuple[Settings, ...]] = {
    "implicit cosine": tuple({"K": k} for k in (20, 50, 100, 200)),
    "implicit BM25": tuple(
        {"K": k, "K1": k1, "B": b} for k in (50, 200) for k1, b in ((1.2, 0.75), (0.2, 0.5), (5.0, 0.9))
    ),
    "implicit ALS": tuple(
        {"factors": factors, "regularization": ridge, "alpha": alpha, "iterations": 15}
        for factors in (16, 64, 128)
        for ridge, alpha in ((0.05, 1.0), (1.0, 5.0), (10.0, 20.0))
    ),
    "implicit BPR": tuple(
        {"factors": 64, "learning_rate": rate, "regularization": ridge, "iterations": 60}
        for rate, ridge in ((0.05, 0.01), (0.05, 0.001), (0.01, 0.01))
    ),
}


def installed(library: str) -> bool:
    """Whether a library is here; says how it comes where it is not, and ours are judged without it."""
    if find_spec(library) is not None:
        return True
    told = f"{library} is not installed, so its models are left out: `make .venv/.bench-is-ready` installs it"
    print(told, file=sys.stderr)
    return False


@dataclass(frozen=True, slots=True)
class Taken:
    """A fitted model of `implicit`, with the matrix it asks for at every recommendation."""

    model: Any
    rows: Any

    def lists(self, users: Places, limit: int = LIMIT) -> Ints:
        """The best of what each of some users did not take."""
        ids, _ = self.model.recommend(users, self.rows[users], N=limit, filter_already_liked_items=True)
        return np.asarray(ids, dtype=np.int32)

    def one(self, user: int) -> None:
        """The same for one."""
        self.model.recommend(user, self.rows[user], N=LIMIT, filter_already_liked_items=True)


def fit_taken(name: str, interactions: Interactions, settings: Settings) -> Taken:
    """Fit a model of `implicit`."""
    from implicit.als import AlternatingLeastSquares  # noqa: PLC0415  only benchmarks have it
    from implicit.bpr import BayesianPersonalizedRanking  # noqa: PLC0415  the same
    from implicit.nearest_neighbours import BM25Recommender, CosineRecommender  # noqa: PLC0415  the same
    from threadpoolctl import threadpool_limits  # noqa: PLC0415  the same

    makers: dict[str, Callable[..., Any]] = {
        "implicit cosine": CosineRecommender,
        "implicit BM25": BM25Recommender,
        "implicit ALS": AlternatingLeastSquares,
        "implicit BPR": BayesianPersonalizedRanking,
    }
    seeded = {"random_state": SEED} if name in {"implicit ALS", "implicit BPR"} else {}
    model = makers[name](
        **{key: _whole(each) for key, each in settings.items()}, **seeded, num_threads=THREADS
    )
    rows = interactions.matrix()
    # As it asks for: its own threads, not those of the linear algebra below.
    with threadpool_limits(1, "blas"):
        model.fit(rows, show_progress=False)
    return Taken(model, rows)


def _whole(value: float) -> float | int:
    return int(value) if float(value).is_integer() and value > 1 else value


RATED = (
    "surprise BaselineOnly",
    "surprise SVD",
    "surprise KNNBaseline",
    "surprise item Pearson",
    "surprise SVD++",
)


def fit_rated(name: str, interactions: Interactions) -> Any:  # noqa: ANN401  it ships no types
    """Fit a model of `surprise` with the settings of its own benchmarks."""
    import surprise  # noqa: PLC0415  only benchmarks have it

    item_based = {"name": "pearson_baseline", "user_based": False}
    makers: dict[str, Callable[[], Any]] = {
        "surprise BaselineOnly": lambda: surprise.BaselineOnly(verbose=False),
        "surprise SVD": lambda: surprise.SVD(random_state=SEED),
        "surprise KNNBaseline": lambda: surprise.KNNBaseline(verbose=False),
        "surprise item Pearson": lambda: surprise.KNNBaseline(sim_options=item_based, verbose=False),
        "surprise SVD++": lambda: surprise.SVDpp(random_state=SEED),
    }
    lines = zip(
        interactions.user.tolist(), interactions.item.tolist(), interactions.value.tolist(), strict=True
    )
    low, high = float(interactions.value.min()), float(interactions.value.max())
    data = surprise.Dataset(surprise.Reader(rating_scale=(low, high)))
    model = makers[name]()
    model.fit(data.construct_trainset([(user, item, rating, None) for user, item, rating in lines]))
    return model


def predicted(model: Any, split: Split) -> Floats:  # noqa: ANN401  it ships no types
    """A prediction for each held-out line."""
    pairs = zip(split.test.user.tolist(), split.test.item.tolist(), strict=True)
    return np.array([model.predict(user, item).est for user, item in pairs])
