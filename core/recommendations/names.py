"""The models by name: those of what people take next, and those of ratings. Every one is `answers.Fitted`."""

from collections.abc import Callable, Mapping

from core.recommendations import blend, popularity, taste
from core.recommendations.answers import Fitted
from core.recommendations.blend import COSINE, RP3BETA, Onward, Ridge, alone
from core.recommendations.interactions import Interactions
from core.recommendations.ratings import baselines, factors, kernel, neighbours
from core.recommendations.ratings import blend as rating_blend
from core.recommendations.ratings.rated import RatedPredictor

TAKEN: Mapping[str, Callable[[Interactions], Fitted]] = {
    "popularity": popularity.fit,
    "taste cosine": taste.fit,
    "item cosine": lambda taken: blend.fit(taken, alone(near=COSINE)),
    "RP3beta": lambda taken: blend.fit(taken, alone(near=RP3BETA)),
    "EASE": lambda taken: blend.fit(taken, alone(ridge=Ridge(300.0))),
    "onward": lambda taken: blend.fit(taken, alone(after=Onward(10, 0.5, 1.0, 0.3))),
    "blend": blend.fit,
}
"""With plain settings; the blend's own are found by `choosing.choose`."""

RATED: Mapping[str, Callable[[Interactions], RatedPredictor]] = {
    "baselines": baselines.fit,
    "item neighbours": neighbours.fit,
    "factors": factors.fit,
    "kernel ridge": kernel.fit,
    "rating blend": rating_blend.fit,
}
