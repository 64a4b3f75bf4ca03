"""Days as people write them, and until when: *next Friday*, *3/4*, 两周后."""

import re
from collections.abc import Callable
from datetime import date
from functools import cache

from core.reading.numbers import FIGURE, amount, numeral
from core.reading.problem import Problem, unreadable
from core.reading.texts import fold
from core.reading.words import any_of, meanings, pattern

YEARS = range(1900, 2201)


def any_weekday() -> str:
    """Write the pattern of the name of a weekday."""
    return any_of(meanings("weekdays"))


def _unit() -> str:
    return any_of(meanings("units"))


def _length() -> str:
    return rf"(?P<count>{numeral()})\s?(?P<unit>{_unit()})"


def _dated() -> str:
    """Write the pattern of a day after its weekday, or with it in brackets: *Friday, 6 March*."""
    weekday = any_weekday()
    return rf"(?:on )?(?P<before>{weekday})[, ]*(?P<rest>.+)|(?P<day>.+?)\s?\((?P<behind>{weekday})\)"


def _date(year: int, month: int, day_of_month: int) -> date | None:
    if year not in YEARS:
        return None
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return None


def _year(text: str | None, default: int) -> int:
    year = int(text) if text else default
    return year + 2000 if year < 100 else year


def _coming(today: date, month: int, day_of_month: int) -> date | None:
    """Give the next time this day of the year comes; today counts."""
    days = (_date(today.year + ahead, month, day_of_month) for ahead in range(9))
    return next((one for one in days if one and one >= today), None)


def _later(today: date, count: int, unit: str) -> date | None:
    """Go on by days, weeks, months or years; at the end of a shorter month, to its last day."""
    months = {"month": 1, "year": 12}.get(unit)
    if months is None:
        ordinal = today.toordinal() + count * {"day": 1, "week": 7}[unit]
        found = date.fromordinal(ordinal) if 0 < ordinal <= date.max.toordinal() else None
        return found if found and found.year in YEARS else None
    year, month = divmod(today.year * 12 + today.month - 1 + count * months, 12)
    tries = (_date(year, month + 1, day_of_month) for day_of_month in range(today.day, today.day - 4, -1))
    return next((one for one in tries if one), None)


def _iso(found: re.Match[str], _today: date, _locale: str) -> date | None:
    return _date(int(found[1]), amount(found[2]), amount(found[3]))


def _month_first(locale: str) -> bool:
    """Tell where 3/4 is in March; of English it is only the American."""
    tag = locale.replace("_", "-").casefold()
    return tag == "en-us" or tag.split("-")[0] == "zh"


def _figures(found: re.Match[str], today: date, locale: str) -> date | None:
    first, second = int(found[1]), int(found[3])
    # Where only one order names a day, it is meant: 3/25 is in March everywhere.
    if (found[2] == "/" and _month_first(locale) and first <= 12) or second > 12:
        first, second = second, first
    return _date(_year(found[4], 0), second, first) if found[4] else _coming(today, second, first)


def _named(found: re.Match[str], today: date, _locale: str) -> date | None:
    month = meanings("months")[found["month"]] + 1
    if found["year"]:
        return _date(int(found["year"]), month, int(found["day"]))
    return _coming(today, month, int(found["day"]))


def _chinese(found: re.Match[str], today: date, _locale: str) -> date | None:
    month, day_of_month = amount(found[2]), amount(found[3])
    if found[1]:
        return _date(today.year + {"今": 0, "明": 1, "后": 2}[found[1]], month, day_of_month)
    return _coming(today, month, day_of_month)


def _of_month(found: re.Match[str], today: date, _locale: str) -> date | None:
    day_of_month = amount(found["day"])
    if found["next"]:
        first = _later(today.replace(day=1), 1, "month")
        return _date(first.year, first.month, day_of_month) if first else None
    starts = (_later(today.replace(day=1), ahead, "month") for ahead in range(3))
    days = (_date(start.year, start.month, day_of_month) for start in starts if start)
    return next((one for one in days if one and one >= today), None)


def _ahead(found: re.Match[str], today: date, _locale: str) -> date | None:
    return _later(today, amount(found["count"]), meanings("units")[found["unit"]])


def _in_week(found: re.Match[str], today: date, _locale: str) -> date | None:
    weekday = meanings("weekdays")[found["weekday"]]
    which = found["which"]
    if not which or which == "coming":
        return _later(today, (weekday - today.weekday()) % 7, "day")
    weeks = {"this": 0, "这": 0, "本": 0, "next": 1, "下": 1, "下下": 2}[which]
    return _later(today, weekday - today.weekday() + 7 * weeks, "day")


_Reader = Callable[[re.Match[str], date, str], date | None]


@cache
def _days() -> tuple[tuple[re.Pattern[str], _Reader], ...]:
    figure, months, length = FIGURE, any_of(meanings("months")), _length()
    th = "(?:st|nd|rd|th)"
    shapes: tuple[tuple[str, _Reader], ...] = (
        (rf"(\d{{4}})\s?[-/.年]\s?({figure})\s?[-/.月]\s?({figure})\s?[日号]?", _iso),
        (r"(\d{1,2})([./])\s?(\d{1,2})(?:\2\s?(\d{4}|\d{2}))?", _figures),
        (rf"(?P<day>\d{{1,2}}){th}?\s?(?:of )?(?P<month>{months})\.?,?(?:\s?(?P<year>\d{{4}}))?", _named),
        (rf"(?P<month>{months})\.?\s?(?:the )?(?P<day>\d{{1,2}}){th}?,?(?:\s(?P<year>\d{{4}}))?", _named),
        (rf"(?:([今明后])年)?\s?({figure})\s?月\s?({figure})\s?[日号]?", _chinese),
        (rf"(?:这个?月|本月|(?P<next>下个?月))?(?P<day>{figure})(?:号|{th})", _of_month),
        (rf"in {length}(?: time)?", _ahead),
        (rf"{length}\s?(?:from now|later|之后|以后|后)", _ahead),
        (rf"(?P<which>this|next|coming|这|本|下下|下)?\s?个?(?P<weekday>{any_weekday()})", _in_week),
    )
    return tuple((re.compile(shape), reader) for shape, reader in shapes)


def read_day(typed: str, today: date, locale: str) -> date | None:
    """Read a folded text as a day, or as a weekday and a day that agree."""
    return _undated(typed, today, locale) or _with_weekday(typed, today, locale)


def _undated(typed: str, today: date, locale: str) -> date | None:
    typed = re.sub(r"^(?:on|by|the) ", "", typed)
    if typed in meanings("relative"):
        return _later(today, meanings("relative")[typed], "day")
    for shape, reader in _days():
        found = shape.fullmatch(typed)
        if found:
            return reader(found, today, locale)
    return None


def _with_weekday(typed: str, today: date, locale: str) -> date | None:
    # "Friday, 6 March": the weekday has to agree.
    dated = pattern(_dated).fullmatch(typed)
    if dated is None:
        return None
    weekday = dated["before"] or dated["behind"]
    read = _undated(dated["rest"] or dated["day"], today, locale)
    return read if read and read.weekday() == meanings("weekdays")[weekday] else None


def is_weekday(typed: str) -> bool:
    """Tell a mere weekday, which can also be the one a week later."""
    return re.sub(r"^(?:on|by|the) ", "", typed) in meanings("weekdays")


def day(text: str, today: date, locale: str = "en", *, future: bool = False) -> date | Problem:
    """Read a day; a day without a year is the next one, a weekday is the next one with today counted.

    *Next Friday* is the Friday of next week. Figures with dots or strokes are day and month, but 3/4 in en-US
    and in Chinese is month and day. Keys: `error.day.unreadable` {text}, `error.day.past` {day}.
    """
    found = read_day(fold(text), today, locale)
    if found is None:
        return unreadable("day", text)
    if future and found < today:
        return Problem("error.day.past", {"day": found.isoformat()})
    return found


def until(text: str, today: date, locale: str = "en") -> date | Problem:
    """Read until when: a length from today on (*2 weeks*, 两周) or a day, which is after today.

    Keys: `error.until.unreadable` {text}, `error.until.past` {day}.
    """
    typed = re.sub(
        r"^(?:(?:(?:until|till|til|for|to)\s|直到|到|至|暂停|停)\s?)+|(?:为止|止|吧)$", "", fold(text)
    )
    week = re.fullmatch(r"next week|下个?周", typed)
    month = re.fullmatch(r"next month|下个?月", typed)
    length = pattern(_length).fullmatch(typed)
    if week:
        found = _later(today, 7 - today.weekday(), "day")
    elif month:
        found = _later(today.replace(day=1), 1, "month")
    elif length:
        found = _ahead(length, today, locale)
    else:
        tomorrow = _later(today, 1, "day")
        found = read_day(typed, tomorrow if tomorrow and is_weekday(typed) else today, locale)
    if found is None:
        return unreadable("until", text)
    return found if found > today else Problem("error.until.past", {"day": found.isoformat()})
