"""People as a file describes them: what it says of each, line by line, and what is wrong with it.

Every sound line is a draft of a person; a line with a fault gives none, and does not keep the others out. What
is told is in English, for the command line.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from core import reading
from core.availability import Span
from core.policy import FORMATS, Policy
from core.reading.names import babel_names
from core.reading.texts import fold, shown
from core.reading.words import data as words
from core.spreadsheet import Row, parse, plain
from core.topics import Topics
from core.users import Levels

T = TypeVar("T")

TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ref": ("ref", "reference", "id", "编号"),
        "topics": ("topics", "topic", "skills", "话题", "技能"),
        "name": ("name", "fullname", "姓名", "名字"),
        "country": ("country", "国家"),
        "zone": ("timezone", "zone", "tz", "时区"),
        "languages": ("languages", "language", "语言"),
        "free": ("free", "freetime", "availability", "available", "空闲时间", "空闲"),
        "formats": ("formats", "format", "形式", "方式"),
        "hours": ("hours", "budget", "hourspermonth", "小时", "每月小时"),
    }
)
"""The columns, and what their titles are called; ref and topics must be there."""

FORMAT_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "question": ("question", "提问", "问题"),
        "call": ("call", "通话"),
        "ongoing": ("ongoing", "mentorship", "长期"),
        "review": ("review", "评审"),
        "interview": ("interview", "面试"),
    }
)
REF_LIMIT = 80
LEAST_HOURS, MOST_HOURS = 0.5, 40
DEFAULTS = Policy()

_SEPARATORS = re.compile(r"[;；,，、|\n]+")
_LEVEL = re.compile(r"(.*[^\s:：=(（])[\s:：=(（]+([1-5]) ?[)）]?")


@dataclass(frozen=True, slots=True)
class Draft:
    """A person as a sound line of the file has them; `put` leaves alone what the file has no column for."""

    line: int
    ref: str
    name: str | None
    topics: Levels
    country: str | None
    zone: str | None
    languages: tuple[str, ...]
    free: tuple[Span, ...]
    formats: tuple[str, ...]
    hours: float | None
    unknown: tuple[tuple[str, str], ...]  # topics that the catalogue lacks: slug and as typed
    columns: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line is not imported, with the remedy; `column` is row where no cell alone is to blame."""

    line: int
    ref: str
    column: str
    why: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was understood, or assumed, in a line that is imported; one for a line."""

    line: int
    ref: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file holds; a line with faults has no draft. `columns` is title → column; `ignored` are titles."""

    drafts: tuple[Draft, ...]
    faults: tuple[Fault, ...]
    notes: tuple[Note, ...]
    columns: Mapping[str, str]
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Cell(Generic[T]):
    """What a cell means, or why it cannot be read, or what is to be said about it."""

    value: T
    wrong: str = ""
    notes: tuple[str, ...] = ()


def read(data: bytes, topics: Topics, policy: Policy = DEFAULTS) -> Sheet:
    """Read the bytes of a CSV file; raises `UnreadableError` where it is no such file, with the remedy."""
    table = parse(data, TITLES, ("ref", "topics"))
    columns = frozenset(table.columns.values())
    drafts: list[Draft] = []
    faults: list[Fault] = []
    notes: list[Note] = []
    lines: dict[str, int] = {}
    for row in table.rows:
        ref = plain(row.cells.get("ref", ""))
        wrong = [("row", row.wrong)] if row.wrong else []
        if not wrong:
            wrong += [("ref", why) for why in _ref(ref, lines)]
            draft, more, said = _draft(row, ref, columns, topics, policy)
            wrong += more
        lines.setdefault(ref, row.line)
        faults += [Fault(row.line, ref[:REF_LIMIT], column, why) for column, why in wrong]
        if not wrong:
            drafts.append(draft)
            if said:
                notes.append(Note(row.line, ref, "; ".join(said)))
    return Sheet(tuple(drafts), tuple(faults), tuple(notes), table.columns, table.ignored)


def _ref(ref: str, lines: Mapping[str, int]) -> Iterator[str]:
    if not ref:
        yield "it is empty: give everybody a ref of their own, such as a number, which stays the same"
    elif len(ref) > REF_LIMIT:
        yield f"it is longer than {REF_LIMIT} characters: shorten it"
    elif ref in lines:
        yield f"line {lines[ref]} has the same one: keep one of the two lines, or give this one its own"


def _draft(
    row: Row, ref: str, columns: frozenset[str], topics: Topics, policy: Policy
) -> tuple[Draft, list[tuple[str, str]], list[str]]:
    """Read the cells of a line: the draft, what is wrong by column, and what is to be said."""
    cells: dict[str, _Cell[Any]] = {
        "topics": _topics(row.cells.get("topics", ""), topics, policy.topics_limit)
    }
    cells |= {name: reads(row.cells.get(name, "")) for name, reads in READERS.items()}
    slugs, unknown = cells["topics"].value
    draft = Draft(
        line=row.line,
        ref=ref,
        name=plain(row.cells.get("name", "")) or None,
        topics=slugs,
        **{name: cells[name].value for name in READERS},
        unknown=unknown,
        columns=columns,
    )
    wrong = [(column, cell.wrong) for column, cell in cells.items() if cell.wrong]
    said = [note for column, cell in cells.items() if column in columns for note in cell.notes]
    return draft, wrong, said


def _topics(text: str, topics: Topics, most: int) -> _Cell[tuple[Levels, tuple[tuple[str, str], ...]]]:
    levels: dict[str, int | None] = {}
    unknown: dict[str, str] = {}
    notes: list[str] = []
    for piece in map(plain, _SEPARATORS.split(text)):
        if any(sign.isalnum() for sign in piece):
            slug, level, typed, note = _topic(piece, topics)
            levels[slug] = levels.get(slug) or level
            notes += [note] if note else []
            if typed:
                unknown.setdefault(slug, typed)
    wrong = ""
    if not levels:
        wrong = "it is empty, so there is nothing to match by: name one topic at least, several parted by ;"
    elif len(levels) > most:
        wrong = f"{len(levels)} topics are too many: keep the {most} that matter most"
    return _Cell((tuple(levels.items()), tuple(unknown.items())), wrong, tuple(notes))


@lru_cache(4096)
def _topic(piece: str, topics: Topics) -> tuple[str, int | None, str, str]:
    """Give a topic's slug, its level, how it was typed where the catalogue lacks it, and what to say."""
    found, level = topics.resolve(piece), None
    if found.slug is None and (split := _LEVEL.fullmatch(piece)):
        found, level = topics.resolve(split[1]), int(split[2])
    typed = found.typed
    if found.slug is not None:
        note = f'"{shown(typed)}" is read as {topics.name(found.slug, "en")}' if found.corrected else ""
        return found.slug, level, "", note
    near = _near(topics.name(slug, "en") for slug in found.near)
    return topics.unknown(typed), level, typed, f'the topic "{shown(typed)}" is new and kept as it is{near}'


@lru_cache(4096)
def _country(text: str) -> _Cell[str | None]:
    code = _countries().get(fold(text))
    odd = () if code or not text else (f'no country is called "{shown(text)}", so none is kept',)
    return _Cell(code, "", odd)


@cache
def _countries() -> Mapping[str, str]:
    """Map the codes of countries, and their names in English and Chinese, to their codes."""
    tables = [babel_names(tongue, "territories") for tongue in ("en", "zh")]
    codes = [code for code in tables[0] if len(code) == 2 and code.isalpha() and code != "ZZ"]
    names = {fold(table.get(code, code)): code for table in tables for code in codes}
    return {**names, **{code.lower(): code for code in codes}, **words()["countries"]}


@lru_cache(4096)
def _zone(text: str) -> _Cell[str | None]:
    if not text:
        return _Cell(None, "", ("no time zone, so the community's is assumed",))
    found = reading.zone(text)
    if isinstance(found, str):
        return _Cell(found)
    if found.key == "error.zone.several":
        return _Cell(
            None, f'"{shown(text)}" can be several zones: write one, such as {found.params["near"][0]}'
        )
    near = _near(found.params["near"])
    return _Cell(
        None,
        f'no time zone is called "{shown(text)}"{near}: write one such as Europe/Berlin, or leave it empty',
    )


@lru_cache(4096)
def _languages(text: str) -> _Cell[tuple[str, ...]]:
    found = reading.languages(text)
    if isinstance(found, tuple):
        return _Cell(found)
    near = _near(found.params.get("near", ()))
    typed = found.params["text"]
    return _Cell((), f'no language is called "{typed}"{near}: write names or codes, such as en; Spanish')


@lru_cache(4096)
def _free(text: str) -> _Cell[tuple[Span, ...]]:
    found = reading.week(text) if text else ()
    if isinstance(found, tuple):
        return _Cell(found)
    typed = found.params["text"]
    return _Cell((), f'"{typed}" is not understood as free time: write it like mon 18-20; weekends')


@lru_cache(4096)
def _formats(text: str) -> _Cell[tuple[str, ...]]:
    found: dict[str, None] = {}
    for piece in filter(None, map(plain, _SEPARATORS.split(text))):
        typed = fold(piece)
        meant = [format_ for format_ in FORMATS if any(word in typed for word in FORMAT_WORDS[format_])]
        if not meant:
            return _Cell((), f'no format is called "{shown(piece)}": write some of {"; ".join(FORMATS)}')
        found[meant[0]] = None
    return _Cell(tuple(found))


@lru_cache(4096)
def _hours(text: str) -> _Cell[float | None]:
    if not text:
        return _Cell(None)
    found = reading.number(text, LEAST_HOURS, MOST_HOURS, whole=False)
    if isinstance(found, int | float):
        return _Cell(float(found))
    return _Cell(
        None, f'"{shown(text)}" is no number of hours a month from {LEAST_HOURS} to {MOST_HOURS}: write one'
    )


def _near(names: Iterable[str]) -> str:
    told = ", ".join(names)
    return f" (did you mean {told}?)" if told else ""


READERS: Mapping[str, Callable[[str], _Cell[Any]]] = MappingProxyType(
    {
        "country": _country,
        "zone": _zone,
        "languages": _languages,
        "free": _free,
        "formats": _formats,
        "hours": _hours,
    }
)
"""How the cells are read that need no more than their text."""
