"""What people take next: item cosine, RP3beta, EASE and what came after what, blended into one table."""

from dataclasses import dataclass

import numpy as np

from core.recommendations import ease
from core.recommendations.arrays import Bools, Places, Singles
from core.recommendations.decay import LASTING, Decay
from core.recommendations.interactions import Interactions
from core.recommendations.items import ItemModel
from core.recommendations.together import onward, per_user, similar, together


@dataclass(frozen=True, slots=True)
class Near:
    """A table of what is taken together: `damping` of who takes much, powers of the takers of both items."""

    damping: float
    source: float
    target: float


COSINE = Near(0.0, 0.5, 0.5)
RP3BETA = Near(1.0, 1.0, 0.4)


@dataclass(frozen=True, slots=True)
class Ridge:
    """EASE: `ridge`, and the `dropout` that makes it grow with an item's takers."""

    ridge: float
    dropout: float = 0.0


@dataclass(frozen=True, slots=True)
class Onward:
    """A table of what comes after what: within `reach` steps, `fading` with them, and powers of the takers.

    What came before counts as well, by `back`: 1 makes it a table of what is taken at about the same time.
    """

    reach: int
    fading: float
    source: float
    target: float
    back: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What is blended, and how much of each; a part with share 0 is not made.

    `popular` is the share of the logarithm of the takers: a little of it orders what nothing else does.
    """

    near: Near = Near(0.5, 0.7, 0.4)
    ridge: Ridge = Ridge(100.0, 0.25)
    onward: Onward = Onward(10, 0.5, 1.0, 0.3)
    near_share: float = 0.5
    ridge_share: float = 1.0
    onward_share: float = 0.0
    popular: float = 1e-6
    decay: Decay = LASTING
    aside: int = 0


DEFAULT = Settings()


def scaled(table: Singles, takers: Places) -> Singles:
    """A table so that what a usual interaction adds is of length 1: tables of all kinds can then be added."""
    squares = np.einsum("ij,ij->i", table, table, dtype=np.float64)
    length = np.sqrt(squares @ takers / max(int(takers.sum()), 1))
    if length > 0:
        table /= np.float32(length)
    return table


def looked_at(interactions: Interactions, aside: int) -> Interactions:
    """All but the newest things of everybody, of whom one is left at least."""
    if not aside:
        return interactions
    age = interactions.age
    oldest: Bools = age == np.repeat(interactions.counts, interactions.counts) - 1
    return interactions.kept((age >= aside) | oldest)


def near(interactions: Interactions, both: Singles, settings: Near) -> Singles:
    """Weights by what is taken together; `both` is `together(interactions)`."""
    own = together(interactions, per_user(interactions, settings.damping)) if settings.damping else None
    table = both if own is None else own
    return similar(table, interactions.takers, settings.source, settings.target, own)


def after(interactions: Interactions, settings: Onward) -> Singles:
    """Weights by what comes after what."""
    table = onward(interactions, settings.reach, settings.fading)
    if settings.back:
        table = table + table.T * np.float32(settings.back)
    return similar(table, interactions.takers, settings.source, settings.target, table)


def fit(interactions: Interactions, settings: Settings = DEFAULT) -> ItemModel:
    """Make the tables and add them up; without a share of `onward` the order counts for nothing."""
    seen = looked_at(interactions, settings.aside)
    takers, both = seen.takers, together(seen)
    weights = np.zeros_like(both)
    # One table at a time, scaled in its place: with thousands of items each takes a hundred megabytes.
    if settings.ridge_share:
        table = scaled(ease.regress(both, settings.ridge.ridge, settings.ridge.dropout), takers)
        weights += np.multiply(table, np.float32(settings.ridge_share), out=table)
        del table
    if settings.near_share:
        table = scaled(near(seen, both, settings.near), takers)
        weights += np.multiply(table, np.float32(settings.near_share), out=table)
        del table
    steps = None
    if settings.onward_share:
        table = scaled(after(seen, settings.onward), takers)
        weights += np.multiply(table, np.float32(settings.onward_share), out=table)
        del table
        steps = onward(seen, settings.onward.reach)
    prior = np.log1p(takers).astype(np.float32) * np.float32(settings.popular)
    return ItemModel(weights, prior, both, steps, settings.decay, settings.aside)


def alone(near: Near | None = None, ridge: Ridge | None = None, after: Onward | None = None) -> Settings:
    """The settings of one part by itself."""
    return Settings(
        near=near or DEFAULT.near,
        ridge=ridge or DEFAULT.ridge,
        onward=after or DEFAULT.onward,
        near_share=float(near is not None),
        ridge_share=float(ridge is not None),
        onward_share=float(after is not None),
    )
