"""Invented people who take courses in some order, or rate films: for those who have no data at hand.

Made after what is published of such data: few take much and few things are taken by many, tastes have few
directions, people take what they like, and stars are noisy. Every number is drawn with a seed.
"""

from dataclasses import dataclass

import numpy as np

from core.recommendations.arrays import Floats, Places
from core.recommendations.interactions import Interactions

DIRECTIONS = 12
GENRES = 18
MEAN_STARS = 3.53


@dataclass(frozen=True, slots=True)
class Size:
    """How much to invent."""

    users: int
    items: int
    interactions: int


FILMS = Size(943, 1682, 100_000)
COURSES = Size(40_000, 2_000, 480_000)


def ratings(size: Size, seed: int) -> Interactions:
    """Stars from 1 to 5, in the order in which they were given."""
    rng = np.random.default_rng(seed)
    likes, quality = _tastes(size, rng)
    appeal = _appeal(size.items, quality, rng) + 0.9 * likes + rng.gumbel(size=likes.shape)
    user, item = _taken(appeal, _activity(size, rng))
    kindness = 0.43 * rng.normal(size=size.users)
    stars = (
        kindness[user] + 0.55 * quality[item] + 0.62 * likes[user, item] + 0.84 * rng.normal(size=len(user))
    )
    stars = np.clip(np.rint(stars - stars.mean() + MEAN_STARS), 1, 5)
    return Interactions.of(user, item, stars, users=size.users, items=size.items)


def enrolments(size: Size, seed: int) -> Interactions:
    """Courses in the order in which they were taken: each of a topic one likes, or what mostly follows the last."""
    rng = np.random.default_rng(seed)
    topic = rng.permutation(np.arange(size.items) % (GENRES * 3))
    appeal = np.exp(_appeal(size.items, rng.normal(size=size.items), rng))
    by_topic = [np.flatnonzero(topic == each) for each in range(GENRES * 3)]
    chances = [np.cumsum(appeal[own]) / appeal[own].sum() for own in by_topic]
    follows = np.array([rng.choice(by_topic[topic[item]]) for item in range(size.items)])
    counts = np.minimum(_activity(size, rng, least=3), size.items // 4)
    user = np.repeat(np.arange(size.users), counts)
    favourite = rng.integers(0, GENRES * 3, (size.users, 3))
    own_topic = favourite[user, rng.choice(3, len(user), p=(0.6, 0.3, 0.1))]
    item = np.zeros(len(user), np.int64)
    for each, own in enumerate(by_topic):
        mine = np.flatnonzero(own_topic == each)
        item[mine] = own[np.minimum(np.searchsorted(chances[each], rng.random(len(mine))), len(own) - 1)]
    goes_on = np.flatnonzero((rng.random(len(user)) < 0.3) & (np.arange(len(user)) > 0))
    goes_on = goes_on[user[goes_on] == user[goes_on - 1]]
    item[goes_on] = follows[item[goes_on - 1]]
    return Interactions.of(user, item, users=size.users, items=size.items)


def _tastes(size: Size, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """How much each user likes each item beyond its quality, and the qualities."""
    genre = rng.normal(size=(GENRES, DIRECTIONS))
    own = rng.integers(0, GENRES, (size.items, 2))
    item = 0.6 * (genre[own[:, 0]] + 0.6 * genre[own[:, 1]]) + 0.6 * rng.normal(size=(size.items, DIRECTIONS))
    item *= np.arange(1, DIRECTIONS + 1) ** -0.8
    likes = rng.normal(size=(size.users, DIRECTIONS)) @ item.T
    likes = np.tanh(likes / likes.std())
    return likes / likes.std(), rng.normal(size=size.items)


def _appeal(items: int, quality: Floats, rng: np.random.Generator) -> Floats:
    """The logarithm of how often an item is met with."""
    return np.asarray(1.1 * rng.normal(size=items) + 0.7 * quality - 0.55 * np.log(np.arange(1, items + 1)))


def _activity(size: Size, rng: np.random.Generator, least: int = 20) -> Places:
    eager = np.exp(rng.normal(size=size.users))
    counts = np.maximum(eager / eager.sum() * size.interactions, least)
    return np.asarray(np.minimum(counts, size.items // 2), dtype=np.int64)


def _taken(appeal: Floats, counts: Places) -> tuple[Places, Places]:
    """The most appealing items of each user, in any order."""
    best = [np.argpartition(-row, count)[:count] for row, count in zip(appeal, counts, strict=True)]
    return np.repeat(np.arange(len(counts)), counts), np.concatenate(best)
