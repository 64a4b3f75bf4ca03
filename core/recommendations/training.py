"""From all that a community did to all that is needed to recommend: what a nightly fit does.

Settings are chosen, the model fitted, the hand-over measured and the standing of every item reckoned.
"""

from dataclasses import replace

import numpy as np

from core.recommendations import blend, choosing, handover
from core.recommendations.arrays import Singles
from core.recommendations.content import Content, Wishes
from core.recommendations.evaluation import splits
from core.recommendations.evidence import Evidence
from core.recommendations.handover import CAUTIOUS, Handover
from core.recommendations.together import onward
from core.recommendations.trained import Trained

ENOUGH = 30
"""People with two things or more from whom on settings are chosen and the hand-over is measured."""
SAMPLE = 2000
REACH = 30
"""Steps within which somebody went on from one thing to another."""
A_STAR = 0.5
"""What a star above or below the usual adds to a score; scores of all items have spread 1."""


def train(evidence: Evidence, prior_stars: float, prior_ratings: int, seed: int = 1) -> Trained:
    """Learn from a community; with too little to choose by, settings and hand-over are the cautious ones."""
    taken = evidence.taken
    enough = np.count_nonzero(taken.counts >= 2) >= ENOUGH
    settings = blend.DEFAULT
    if enough:
        settings = choosing.choose(taken, "last", seed, SAMPLE, whole=True).settings
    # One model at a time: with thousands of items each takes hundreds of megabytes.
    shares = measured(evidence, settings, seed) if enough else CAUTIOUS
    # Who is said to have gone on from something had finished it.
    model = replace(blend.fit(taken, settings), onward=onward(taken, REACH, ended=evidence.ended))
    return Trained(evidence.ids, model, shares, standing(evidence, prior_stars, prior_ratings))


def standing(evidence: Evidence, prior_stars: float, prior_ratings: int) -> Singles:
    """What people made of each item, against the usual, shape (items,): the Bayesian mean of the values.

    Those who gave up count as well; one person neither makes nor breaks an item.
    """
    taken = evidence.taken
    total = np.bincount(taken.item, taken.value, minlength=taken.items) + evidence.dropped_sum
    count = taken.takers + evidence.dropped
    # The posterior mean, as in `core.ratings`, less what it is drawn to; with no prior, nobody's is nothing.
    weight = np.maximum(prior_ratings + count, 1)
    return np.asarray(A_STAR * (total - prior_stars * count) / weight, dtype=np.float32)


def measured(evidence: Evidence, settings: blend.Settings, seed: int) -> Handover:
    """The hand-over, on everybody's newest thing, with some people drawn by the seed."""
    split = splits.last(evidence.taken)
    able = np.flatnonzero(split.test.counts > 0)
    drawn = np.sort(np.random.default_rng(seed).permutation(able)[:SAMPLE])
    sample = splits.Split(split.train.only(drawn), split.test.only(drawn))
    model = blend.fit(split.train, settings)
    del split
    content = Content.of(evidence.topics, evidence.named)
    said = np.zeros((len(drawn), content.items), np.float32)
    for row, user in enumerate(drawn.tolist()):
        said[row] = content.scores(before(evidence, user))
    return handover.measure(model, sample, said)


def before(evidence: Evidence, user: int) -> Wishes:
    """Somebody's wishes with the levels they had at first: below all that what they took here teaches.

    Finishing a course raises one's level; with the raised one, no course would look as if it had been wished for.
    """
    own = dict(evidence.wishes(user))
    for item in evidence.taken.history(user).item.tolist():
        for topic, level in evidence.topics[item].items():
            if topic in own:
                own[topic] = max(0, min(own[topic], level - 1))
    return own
