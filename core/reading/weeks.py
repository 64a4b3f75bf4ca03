"""Free time in a week: *weekday evenings*, *mon tue 18-20*, 周一三五晚上."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.availability import DAY, PARTS, Span, merge
from core.reading.days import any_weekday
from core.reading.problem import Problem, unreadable
from core.reading.texts import LIST_LIMIT, fold
from core.reading.times import clock_time, is_marked, minute_of, part_of
from core.reading.words import any_of, data, meanings, pattern


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text about free time; `sure` if it can be nothing else, even within a sentence.

    Times are in words and a range in figures; a gap parts a list; what is around changes nothing.
    """

    kind: Literal["days", "times", "range", "gap", "around"]
    start: int
    end: int
    days: tuple[int, ...] = ()
    times: tuple[tuple[int, int], ...] = ()
    sure: bool = False


_WHOLE = (min(start for start, _ in PARTS.values()), max(end for _, end in PARTS.values()))
_DASH = r"\s*(?:-|–|—|~|(?:to|till|until|through|thru)(?![a-z])|到|至)\s*"
_AND = r"\s*and\s*"
_OPENING = re.compile(r"(?:(?P<between>between)|from)\s+|从\s*")
_BEFORE_CLOCK = re.compile(r"(after|from|since)\s+|(?:before|until|till)\s+")
_BEHIND_CLOCK = re.compile(r"\s?(?:(以后|之后|后|起|onwards?)|(?:以前|之前|前))")
_WEEK = "一二三四五六日"


def _several() -> str:
    weekday = any_weekday()
    return rf"(?P<word>{any_of(meanings('days'))})|(?P<first>{weekday})(?:{_DASH}(?P<last>{weekday}))?"


def _chinese_days() -> str:
    # 周一三五 and 周一、三; but in 周二十点 and 一周一次 the figure is no weekday.
    one = f"[{_WEEK}天](?![点时十次])"
    return rf"(?<![一两几])周(?P<first>{one}(?:[、,]?{one})*)(?:{_DASH}周?(?P<last>{one}))?"


def _times() -> str:
    return rf"(?P<part>{any_of(meanings('parts'))})|(?P<any>{any_of(data()['anytime'])})"


def _around() -> str:
    return rf"(?P<gap>[,;/、&+.。\n]|(?:and|or)(?![a-z])|和|或者?|及|与|还有)|{any_of(data()['around'])}|\s+"


def _from_to(first: int, last: int) -> tuple[int, ...]:
    return tuple((first + ahead) % 7 for ahead in range((last - first) % 7 + 1))


def _read_days(text: str, at: int) -> Token | None:
    if found := pattern(_chinese_days).match(text, at):
        days = [_WEEK.index(sign) for sign in re.sub("[、,]", "", found["first"]).replace("天", "日")]
        more = _from_to(days[-1], _WEEK.index(found["last"].replace("天", "日"))) if found["last"] else ()
        return Token("days", at, found.end(), days=(*days, *more), sure=True)
    if (found := pattern(_several).match(text, at)) is None:
        return None
    if found["word"]:
        several = {"workdays": (0, 4), "weekend": (5, 6), "all": (0, 6)}
        first, last = several[meanings("days")[" ".join(found["word"].split())]]
    else:
        first, last = (
            meanings("weekdays")[name] for name in (found["first"], found["last"] or found["first"])
        )
    return Token("days", at, found.end(), days=_from_to(first, last), sure=found[0] not in data()["doubtful"])


def _read_times(text: str, at: int) -> Token | None:
    if (found := pattern(_times).match(text, at)) is None:
        return None
    span = _WHOLE
    if found["part"]:
        part = meanings("parts")[" ".join(found["part"].split())]
        start, end = PARTS[part] if part in PARTS else data()["part_hours"].get(part, _WHOLE)
        span = (start, end)
    return Token("times", at, found.end(), times=(span,), sure=found[0] not in data()["doubtful"])


def _read_range(text: str, at: int) -> Token | None:
    """Read *18-20*, *from 6 to 8pm*, 晚上7点到9点."""
    clock, opening = pattern(clock_time), _OPENING.match(text, at)
    between = _AND if opening and opening["between"] else _DASH
    first = clock.match(text, opening.end() if opening else at)
    dash = re.compile(between).match(text, first.end()) if first else None
    last = clock.match(text, dash.end()) if dash else None
    if first is None or last is None:
        return None
    start, end = minute_of(first, None if is_marked(first) else part_of(last)), minute_of(last)
    if start is not None and end is not None and start >= end and not is_marked(first):
        start = minute_of(first)  # 10-2pm begins in the morning
    if start is None or end is None:
        return None
    if end == 0:  # until midnight, which is where the day ends
        end = DAY
    # The end of 9-5, and of 晚上7点到9点, is in the other half of the day.
    if not part_of(last) and (start < DAY // 2 or part_of(first)) and start >= end > start - DAY // 2:
        end += DAY // 2
    sure = is_marked(first) or is_marked(last)
    return Token("range", at, last.end(), times=((start, end),), sure=sure) if start != end else None


def _read_side(text: str, at: int) -> Token | None:
    """Read *after 18:00*, *before 10*, 6点以后."""
    before = _BEFORE_CLOCK.match(text, at)
    found = pattern(clock_time).match(text, before.end() if before else at)
    side = before or (_BEHIND_CLOCK.match(text, found.end()) if found else None)
    minute = minute_of(found) if found and side else None
    if found is None or side is None or minute is None:
        return None
    times = (minute, DAY) if side[1] else (0, minute)
    return Token("range", at, max(found.end(), side.end()), times=(times,), sure=is_marked(found))


def read_tokens(text: str, at: int) -> list[Token]:
    """Read on from a place for as long as it is about free time."""
    read: list[Token] = []
    while at < len(text):
        token = _read_days(text, at) or _read_range(text, at) or _read_side(text, at) or _read_times(text, at)
        if token is None:
            found = pattern(_around).match(text, at)
            if found is None:
                break
            token = Token("gap" if found["gap"] else "around", at, found.end())
        read.append(token)
        at = token.end
    return read


def spans_of(tokens: Iterable[Token]) -> tuple[Span, ...]:
    """Put days and times together: times hold for the days before, or right after them, or else for all."""
    spans: list[Span] = []
    days: tuple[int, ...] = ()
    times: tuple[tuple[int, int], ...] = ()
    last, apart = "", False
    for token in tokens:
        if token.kind in {"gap", "around"}:
            apart = apart or token.kind == "gap"
            continue
        if token.kind == "days":
            if last == "times" and (days or apart):
                spans += _spans(days, times)
                days, times = (), ()
            days += token.days
        else:
            # "Evenings 18-20" are not the whole evening.
            (one,) = token.times
            times = (*(other for other in times if not (other[0] <= one[0] < one[1] <= other[1])), one)
        last, apart = "days" if token.kind == "days" else "times", False
    return merge(spans + (_spans(days, times) if last else []))


def _spans(days: Sequence[int], times: Sequence[tuple[int, int]]) -> list[Span]:
    spans: list[Span] = []
    for weekday in days or range(7):
        for start, end in times or (_WHOLE,):
            over_midnight = start >= end
            spans.append((weekday, start, DAY if over_midnight else end))
            if over_midnight:
                spans.append(((weekday + 1) % 7, 0, end))
    return spans


def week(text: str) -> tuple[Span, ...] | Problem:
    """Read when somebody is free in a week, in local wall time; days alone are from morning to evening."""
    typed = fold(text, LIST_LIMIT)
    tokens = read_tokens(typed, 0)
    rest = typed[tokens[-1].end :] if tokens else typed
    spans = spans_of(tokens)
    return spans if spans and not rest else unreadable("week", rest or text)


def week_from_parts(values: Iterable[str]) -> tuple[Span, ...] | Problem:
    """Read ticked parts of a week, each as weekday and part: `0:evening` is Monday evening."""
    spans: list[Span] = []
    for value in values:
        weekday, _, part = value.partition(":")
        if weekday not in set("0123456") or part not in PARTS:
            return unreadable("week", value)
        spans.append((int(weekday), *PARTS[part]))
    return merge(spans)
