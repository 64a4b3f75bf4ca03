"""Languages, by name or code; the module is not called `languages`, which is a function of the package."""

import re
from functools import cache

from core.reading.names import babel_names, unknown, without_accents
from core.reading.problem import Problem, unreadable
from core.reading.texts import LIMIT, LIST_LIMIT, fold, lower, written
from core.reading.words import data


@cache
def _languages() -> dict[str, str]:
    """Map the names of languages, in English, in Chinese and in the language itself, to their codes."""
    own: dict[str, str] = data()["own_names"]
    english, chinese = babel_names("en", "languages"), babel_names("zh", "languages")
    names = {lower(name): code for name, code in data()["more_names"].items()}
    for table in (english, own, chinese):
        for code in sorted({code for code in english if len(code) == 2} | set(own)):
            name = lower(written(table.get(code, ""), LIMIT))
            chinese_form = name.removesuffix("语") + "文" if name.endswith("语") else name
            for form in filter(None, (name, without_accents(name), chinese_form)):
                names.setdefault(form, data()["old_codes"].get(code, code))
    return names


@cache
def _codes() -> dict[str, str]:
    from babel.core import get_global  # noqa: PLC0415 — slow, as in names.py

    codes = {code: code for code in _languages().values()}
    aliases = {
        old: new for old, new in get_global("language_aliases").items() if new in codes and len(old) <= 3
    }
    return {**aliases, **codes, **data()["old_codes"]}


def named_language(typed: str) -> str | None:
    """Give the code of a language by its name; a code is no name, since go, is, no and to are words."""
    return _languages().get(typed) or _languages().get(without_accents(typed))


def language(text: str) -> str | Problem:
    """Read one language, by name or code, as its code (`es`, `zh`, `yue`).

    Key: `error.language.unknown` {text, near}, where `near` holds the codes of languages spelled almost so.
    """
    typed = fold(text)
    code = re.fullmatch(r"([a-z]{2,3})(?:[-_][a-z0-9]{2,8})*", typed)
    found = named_language(typed) or (_codes().get(code[1]) if code else None)
    return found or unknown("language", text, typed, _languages())


def languages(text: str) -> tuple[str, ...] | Problem:
    """Read a list of languages, each once, in the order typed; the first unknown one is the problem."""
    if len(text) > LIST_LIMIT:
        return unreadable("language", text)
    found: list[str] = []
    for part in re.split(r"[,;/|&+、\n]|\band\b|和|及", lower(written(text, LIST_LIMIT))):
        whole = language(part)
        # "en de" are two with no sign between them.
        several = [language(word) for word in part.split()] if isinstance(whole, Problem) else [whole]
        codes = [code for code in several if isinstance(code, str)]
        if part.strip() and len(codes) < max(len(several), 1):
            return whole if isinstance(whole, Problem) else unreadable("language", text)
        found += codes
    return tuple(dict.fromkeys(found))
