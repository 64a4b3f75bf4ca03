"""Times of a day, and a day with its time as an instant."""

import re
import zoneinfo
from datetime import datetime, timedelta

from core.availability import DAY, exists, local
from core.reading.days import is_weekday, read_day
from core.reading.numbers import FIGURE, amount
from core.reading.problem import Problem, unreadable
from core.reading.texts import fold
from core.reading.words import any_of, data, meanings, pattern


def clock_time() -> str:
    """Write the pattern of a time of the day; `minute_of` says which, `is_marked` whether it is one."""
    clock = meanings("clock")
    english = any_of(word for word in clock if word.isascii())
    return rf"""(?x)(?<![\d.:])
        (?:(?P<part>{any_of(clock)})\s*)? (?P<at>(?<![a-z])at\s+|@\s*)?
        (?: (?P<exactly>{any_of(meanings("exactly"))})
          | (?P<hour>{FIGURE})
            (?: [:.h](?P<minute>\d{{2}})(?::\d{{2}})?(?!\d)
              | \s?(?P<mark>点钟?|时(?!间)|o['’]?\s?clock|uhr|h(?![a-z]))
                \s?(?: (?P<quarter>[一三])刻 | (?P<half>半) | (?P<past>{FIGURE})(?!\s?[点时:])分? )?
            )?
            (?: \s?(?P<half_day>[ap])\.?\s?m(?![a-z])\.? )?
            (?: \s(?P<after>{english}) )?
        )"""


def minute_of(found: re.Match[str], part: str | None = None) -> int | None:
    """Give the minute of the day that a match of `clock_time` names; `part` may be said elsewhere."""
    if found["exactly"]:
        return int(meanings("exactly")[found["exactly"]])
    hour = amount(found["hour"])
    minute = int(found["minute"]) if found["minute"] else amount(found["past"]) if found["past"] else 0
    if found["half"] or found["quarter"]:
        minute = 30 if found["half"] else {"一": 15, "三": 45}[found["quarter"]]
    match part_of(found) or part:
        case "a" | "p" as half:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half == "p" else 0)
        case "early":
            hour %= 12 if hour == 12 else 24
        case "noon":
            hour += 12 if hour <= 3 else 0
        case "afternoon":
            hour += 12 if hour < 12 else 0
        case "evening":
            # At night, one to four are the small hours.
            hour += 12 if 5 <= hour <= 12 else 0
        case _:
            pass
    total = hour * 60 + minute
    return total if minute < 60 and total <= DAY else None


def part_of(found: re.Match[str]) -> str | None:
    """Give the part of the day said with a time: a key of the table `clock`, or *a* or *p* before *m*."""
    said = found["part"] or found["after"]
    meaning: str | None = found["half_day"]
    return meaning or (meanings("clock")[" ".join(said.split())] if said else None)


def is_marked(found: re.Match[str]) -> bool:
    """Tell a time from a mere number."""
    return any(found[name] for name in ("part", "at", "exactly", "minute", "mark", "half_day", "after"))


def _spelled(typed: str) -> str:
    """Write *tonight* as *today evening* and the like."""
    words: dict[str, str] = data()["spelled_out"]
    for word, meant in words.items():
        typed = typed.replace(word, meant)
    return typed


def moment(text: str, now: datetime, zone: str, locale: str = "en") -> datetime | Problem:
    """Read a day and a time in `zone` as an instant in UTC; a time alone, or with a weekday, is the next one.

    Keys: `error.moment.unreadable` {text}, `error.moment.time` {day} for a day without a time,
    `error.time.missing` {time, next} for a time that summer time skips, `error.moment.past` {moment}.
    """
    typed = _spelled(re.sub(r"(?<=\d)t(?=\d)", " ", fold(text)))
    today = now.astimezone(zoneinfo.ZoneInfo(zone)).date()
    for found in reversed(list(pattern(clock_time).finditer(typed))):
        minute = minute_of(found) if is_marked(found) else None
        if minute is None:
            continue
        words = f"{typed[: found.start()]} {typed[found.end() :]}".replace(",", " ").split()
        rest = (
            " ".join(word for word in words if word not in {"at", "on", "@"}).removesuffix("的").strip(" .")
        )
        first = read_day(rest, today, locale) if rest else today
        if first is None:
            continue
        again = 1 if not rest else 7 if is_weekday(rest) else 0
        at = local(first, minute, zone)
        if at <= now and again:
            first += timedelta(days=again)
            at = local(first, minute, zone)
        if not exists(first, minute, zone):
            there = at.astimezone(zoneinfo.ZoneInfo(zone))
            return Problem("error.time.missing", {"time": _hours(minute), "next": f"{there:%H:%M}"})
        return at if at > now else Problem("error.moment.past", {"moment": at.isoformat()})
    alone = read_day(typed, today, locale)
    return Problem("error.moment.time", {"day": alone.isoformat()}) if alone else unreadable("moment", text)


def _hours(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
