"""Numbers in figures and in words, and yes and no."""

import re

from core.reading.problem import Problem, unreadable
from core.reading.texts import fold
from core.reading.words import any_of, data, pattern

_NUMERAL = "零〇一二两三四五六七八九十"

FIGURE = rf"(?:\d{{1,2}}(?!\d)|[{_NUMERAL}]{{1,3}})"
"""A small number in figures or Chinese: an hour, a day, a month."""


def numeral() -> str:
    """Write the pattern of a whole number in figures, Chinese or English."""
    english = (word for word in data()["numerals"] if word.isascii())
    return rf"(?:\d{{1,4}}|[{_NUMERAL}百千]{{1,8}}|{any_of(english)})"


def amount(text: str) -> int:
    """Give the number that a match of `numeral` names; odd Chinese ones are read as far as they go."""
    if text.isdecimal():
        return int(text)
    known: dict[str, int] = data()["numerals"]
    if text in known:
        return known[text]
    total, digit = 0, -1
    for sign in text:
        if sign in "十百千":
            total += (digit if digit >= 0 else 1) * {"十": 10, "百": 100, "千": 1000}[sign]
            digit = -1
        else:
            digit = known.get(sign, 0) if digit < 0 else digit * 10 + known.get(sign, 0)
    return total + max(digit, 0)


def _counted() -> str:
    return rf"\s*{any_of(data()['counted'])}$"


def number(text: str, low: float, high: float, *, whole: bool = True) -> int | float | Problem:
    """Read a number from `low` to `high`, in figures or in words; an int if `whole`.

    Keys: `error.number.unreadable` {text}, `error.number.whole` and `error.number.range` {low, high}.
    """
    typed = pattern(_counted).sub("", fold(text))
    if re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d{1,6})?", typed):
        typed = typed.replace(",", "")
    if re.fullmatch(r"[+-]?\d{1,12}(?:[.,]\d{1,6})?", typed):
        value = float(typed.replace(",", "."))
    elif typed == "半":
        value = 0.5
    elif pattern(numeral).fullmatch(typed):
        value = float(amount(typed))
    else:
        return unreadable("number", text)
    if whole and value != int(value):
        return Problem("error.number.whole", {"low": low, "high": high})
    if not low <= value <= high:
        return Problem("error.number.range", {"low": low, "high": high})
    return int(value) if whole else value


def yes(text: str) -> bool | Problem:
    """Read yes or no; key: `error.yes.unreadable` {text}."""
    typed = fold(text)
    if typed in data()["yes"]:
        return True
    return False if typed in data()["no"] else unreadable("yes", text)
