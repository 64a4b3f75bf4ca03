"""One way of writing for what is compared: NFKC in lower case, without what cannot be seen."""

import unicodedata

from core.reading.words import data

LIMIT = 200
"""Characters of a text that is one value; who writes more has not answered the question."""
LIST_LIMIT = 1000
"""Characters of a text that is a list: languages, free time."""


def written(text: str, limit: int) -> str:
    """Bring a text to one way of writing, without invisible characters, cut at the limit."""
    plain = unicodedata.normalize("NFKC", text[:limit])
    kinds = {"Cf": "", "Cc": " ", "Cs": " ", "Co": " ", "Cn": " "}
    plain = "".join(kinds.get(unicodedata.category(sign), sign) for sign in plain)[:limit]
    for variant, usual in data()["variants"].items():
        plain = plain.replace(variant, usual)
    return plain


def lower(text: str) -> str:
    """Lower the case and keep the length, so that places in one text are places in the other."""
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def fold(text: str, limit: int = LIMIT) -> str:
    """Give the text to compare with; empty if it is too long to be a value."""
    if len(text) > limit:
        return ""
    return " ".join(lower(written(text, limit)).split()).strip(" .,;!?。、！？")


def shown(text: str) -> str:
    """Give the beginning of a text, on one line, to tell it back."""
    return " ".join(written(text, 60).split())
