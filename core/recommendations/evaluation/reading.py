"""A file of `user,item[,rating[,time]]` as interactions, or what is wrong with it, line by line."""

import gzip
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.recommendations.interactions import Interactions

LOWEST, HIGHEST = 1.0, 5.0
SEPARATORS = ("\t", "::", ";", ",")
SHOWN = 5
"""Faults told of one file; the rest are counted."""
DAY = 86_400
HEADER = "user"
PACKED = b"\x1f\x8b"


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """The interactions of a file, with the names of users and items by their numbers.

    `rated` and `timed` say which columns there were, `repeated` how many lines an equal later one replaced.
    """

    interactions: Interactions
    users: tuple[str, ...]
    items: tuple[str, ...]
    rated: bool
    timed: bool
    repeated: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in words; `line` is 0 for the file as a whole."""

    line: int
    what: str


def text(path: Path) -> str:
    """The text of a file, unpacked where it is packed by gzip; raises OSError or UnicodeDecodeError."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if raw.startswith(PACKED) else raw).decode("utf-8-sig")


def read(
    lines: Iterable[str],
    users: dict[str, int] | None = None,
    items: dict[str, int] | None = None,
) -> Table | tuple[Fault, ...]:
    """The table, or its faults; `users` and `items` are numbers that names have already, and get the new ones."""
    users, items = users if users is not None else {}, items if items is not None else {}
    who, what = list[int](), list[int]()
    ratings, days, faults = list[float](), list[float](), list[Fault]()
    separator, width = ",", 0
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line:
            continue
        if not width:
            separator = next((each for each in SEPARATORS if each in line), ",")
            width = len(line.split(separator))
            if line.split(separator)[0].strip().strip('"').lower().startswith(HEADER):
                continue
        fields = [each.strip().strip('"') for each in line.split(separator)]
        fault = _fault(fields, width)
        rating, day = 1.0, 0.0
        if fault is None and len(fields) > 2:
            rating, fault = _rating(fields[2])
        if fault is None and len(fields) > 3:
            day, fault = _day(fields[3])
        if fault is not None:
            faults.append(Fault(number, fault))
            continue
        who.append(users.setdefault(fields[0], len(users)))
        what.append(items.setdefault(fields[1], len(items)))
        ratings.append(rating)
        days.append(day)
    if faults:
        return tuple(faults)
    if not who:
        return (Fault(0, "holds no line of data; a line is user,item[,rating[,time]]"),)
    interactions = Interactions.of(
        who, what, ratings, days if width > 3 else None, users=len(users), items=len(items)
    )
    repeated = len(who) - len(interactions)
    return Table(interactions, tuple(users), tuple(items), width > 2, width > 3, repeated)


def _fault(fields: list[str], width: int) -> str | None:
    if not 2 <= width <= 4:
        return f"has {len(fields)} columns; a line is user,item[,rating[,time]]"
    if len(fields) != width:
        return f"has {len(fields)} columns, where the first line has {width}"
    if not fields[0] or not fields[1]:
        return "has no user" if not fields[0] else "has no item"
    return None


def _rating(field: str) -> tuple[float, str | None]:
    try:
        rating = float(field)
    except ValueError:
        return 0.0, f"the rating {field!r} is not a number"
    if math.isnan(rating):
        return 0.0, "the rating is not a number (NaN)"
    if not LOWEST <= rating <= HIGHEST:
        return 0.0, f"the rating {field} is not between {LOWEST:g} and {HIGHEST:g}"
    return rating, None


def _day(field: str) -> tuple[float, str | None]:
    """Seconds since 1970, or a date as 2026-03-02T09:00:00, in days."""
    try:
        seconds = float(field)
    except ValueError:
        try:
            moment = datetime.fromisoformat(field)
        except ValueError:
            return 0.0, f"the time {field!r} is neither seconds since 1970 nor a date like 2026-03-02T09:00"
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(seconds):
        return 0.0, f"the time {field!r} is neither seconds since 1970 nor a date like 2026-03-02T09:00"
    return seconds / DAY, None


def told(path: str, faults: tuple[Fault, ...]) -> list[str]:
    """The faults as sentences, the first few of them."""
    said = [
        f"{path}, line {each.line}: {each.what}." if each.line else f"{path} {each.what}." for each in faults
    ]
    more = len(said) - SHOWN
    return said if more <= 0 else [*said[:SHOWN], f"{path}: {more} more lines are faulty."]
