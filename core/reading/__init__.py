"""Reading what people type, in English and Chinese: days, moments, free time, numbers, languages, zones.

Every function gives the value, or a `Problem` that names a message and its parameters; none raises, whatever
the text holds. The words themselves are data, in `words.yaml`; the modules hold the shapes they come in.
Texts are compared as NFKC in lower case, so full-width figures and signs are the same as others.
"""

from core.reading.days import day, until
from core.reading.numbers import number, yes
from core.reading.problem import Problem
from core.reading.search import Hints, in_words
from core.reading.times import moment
from core.reading.tongues import language, languages
from core.reading.weeks import week, week_from_parts
from core.reading.zones import zone

__all__ = [
    "Hints",
    "Problem",
    "day",
    "in_words",
    "language",
    "languages",
    "moment",
    "number",
    "until",
    "week",
    "week_from_parts",
    "yes",
    "zone",
]
