"""The words people type, by what they mean: `words.yaml`, and patterns made of it."""

import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib import resources
from typing import Any


@cache
def data() -> dict[str, Any]:
    """Give the tables of `words.yaml`, read once; the caller changes nothing in them."""
    import yaml  # noqa: PLC0415 — not before somebody has typed something

    text = resources.files("core.reading").joinpath("words.yaml").read_text("utf-8")
    # The safe loader, in C where it is there: ten times as fast.
    loaded: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return loaded


@cache
def meanings(table: str) -> dict[str, Any]:
    """Turn a table of meaning → words into word → meaning; a list of lists means its positions."""
    rows = data()[table]
    pairs: Iterable[tuple[Any, list[str]]] = rows.items() if isinstance(rows, dict) else enumerate(rows)
    return {word: meaning for meaning, words in pairs for word in words}


def any_of(words: Iterable[str]) -> str:
    """Write a pattern for any of these words, the longest first; Latin ones only as whole words."""

    def one(word: str) -> str:
        start = "(?<![a-z])" if word[0].isascii() else ""
        end = r"(?![a-z]|\.[a-z])" if word[-1].isascii() else ""
        return start + re.escape(word).replace(r"\ ", r"\s+") + end

    return "(?:" + "|".join(one(word) for word in sorted(words, key=lambda word: (-len(word), word))) + ")"


@cache
def pattern(build: Callable[[], str]) -> re.Pattern[str]:
    """Compile the pattern a function writes, once and when it is needed."""
    return re.compile(build())
