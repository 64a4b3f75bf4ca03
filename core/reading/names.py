"""Names of languages and places: what Babel calls them, without accents, and what is spelled almost so."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from core.reading.problem import Problem
from core.reading.texts import shown

NEAR = 3
"""How many of what is spelled almost so are offered."""


def babel_names(tongue: str, table: str) -> dict[str, Any]:
    """Give a table of names by code, as Babel has it in a language."""
    from babel import Locale  # noqa: PLC0415 — too slow for a start that reads neither a language nor a zone

    return {str(code): told for code, told in getattr(Locale(tongue), table).items()}


def without_accents(text: str) -> str:
    """Take the accents off Latin letters."""
    parts = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(sign for sign in parts if not "\u0300" <= sign <= "\u036f"))


def unknown(kind: str, text: str, typed: str, names: Mapping[str, str]) -> Problem:
    """Say that nothing is called so, and in `near` what is almost."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 — only for who mistypes

    near: list[str] = []
    if len(typed) >= 2:
        close = process.extract(typed[:60], list(names), scorer=fuzz.ratio, limit=3 * NEAR, score_cutoff=70)
        near = list(dict.fromkeys(names[name] for name, _, _ in close))[:NEAR]
    return Problem(f"error.{kind}.unknown", {"text": shown(text), "near": near})
