"""The syntax of scripted conversations: who is there, what they do, what everybody gets, how time passes.

    cast ana mentee Europe/Madrid en "Ana Ruiz" · lee mentor python,sql · olga organiser
    at 2026-03-02 09:00 Europe/Madrid
    courses tests/shelf        the folder of the courses there are
    ana> /find python          what a person types; [Label] presses a button
    bot> Lee knows python …    what the one who acted gets; … stands for anything
    bot -> lee> Ana would …    what goes to somebody unprompted; `bot -> lee (edited)>` replaces an earlier message
    --- in 24 hours            time passes
    --- kill                   the program is killed and started again

A line that begins with white space goes on with the line before. `#` begins a comment.
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

ROLES = ("mentee", "mentor", "both", "organiser", "stranger")
SAYS = re.compile(r"^([\w.-]+)>\s?(.*)$")
GETS = re.compile(r"^bot\s*->\s*([\w.-]+)\s*(\(edited\))?\s*>\s?(.*)$")
PASSES = re.compile(r"^---\s*in\s+(\d+)\s+(minute|hour|day|week)s?\s*$")
UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


class ScriptError(Exception):
    """A line that is no script; says which."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the cast."""

    handle: str
    role: str
    name: str
    zone: str | None = None
    locale: str | None = None
    topics: tuple[str, ...] = ()
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Says:
    """Somebody types a line or presses a [button]."""

    who: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Gets:
    """What is expected: an answer to the one who acted (`to` is None), or something unprompted."""

    text: str
    line: int
    to: str | None = None
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Passes:
    """Time passes."""

    time: timedelta
    line: int


@dataclass(frozen=True, slots=True)
class Kill:
    """The program is killed and started again."""

    line: int


Step = Says | Gets | Passes | Kill


@dataclass(frozen=True, slots=True)
class Script:
    """A conversation: its cast, when it begins, settings of its own, its steps."""

    cast: tuple[Person, ...]
    at: datetime | None
    settings: dict[str, str]
    steps: tuple[Step, ...]
    courses: str | None = None

    @property
    def expects(self) -> bool:
        """Whether it says what should come, or is just played."""
        return any(isinstance(step, Gets) for step in self.steps)


def parse(lines: Iterable[str]) -> Script:
    """Read a script; raises `ScriptError` with the line's number."""
    cast: list[Person] = []
    at: datetime | None = None
    settings: dict[str, str] = {}
    steps: list[Step] = []
    courses: str | None = None
    for number, line in _joined(lines):
        if line.startswith("cast "):
            cast.extend(_person(entry, number) for entry in line[5:].split("·"))
        elif line.startswith("at "):
            at = _at(line[3:], number)
        elif line.startswith("courses "):
            courses = line[8:].strip()
        elif line.startswith("set "):
            key, _, value = line[4:].strip().partition(" ")
            settings[key] = value.strip()
        else:
            steps.append(step(line, number))
    return Script(tuple(cast), at, settings, tuple(steps), courses)


def _joined(lines: Iterable[str]) -> list[tuple[int, str]]:
    """Drop comments and empty lines; join continuations."""
    joined: list[tuple[int, str]] = []
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip()
        if not line or line.startswith("#"):
            continue
        if line[0].isspace() and joined:
            joined[-1] = (joined[-1][0], f"{joined[-1][1]}\n{line.strip()}")
        else:
            joined.append((number, line))
    return joined


def step(line: str, number: int = 0) -> Step:
    """Read one line of the conversation."""
    if got := GETS.match(line.partition("\n")[0]):
        rest = line.partition("\n")[2]
        return Gets(f"{got[3]}\n{rest}" if rest else got[3], number, got[1], edited=got[2] is not None)
    if passed := PASSES.match(line):
        return Passes(int(passed[1]) * UNITS[passed[2]], number)
    if line.strip() == "--- kill":
        return Kill(number)
    said = SAYS.match(line.partition("\n")[0])
    if said is None:
        msg = f"line {number}: cannot read {line[:60]!r}"
        raise ScriptError(msg)
    text = said[2] + ("\n" + line.partition("\n")[2] if "\n" in line else "")
    return Gets(text, number) if said[1] == "bot" else Says(said[1], text, number)


def _person(entry: str, number: int) -> Person:
    tokens = shlex.split(entry)
    if len(tokens) < 2 or tokens[1] not in ROLES:
        msg = f"line {number}: a cast needs a name and one of {', '.join(ROLES)}: {entry.strip()!r}"
        raise ScriptError(msg)
    handle, role = tokens[0], tokens[1]
    zone = locale = None
    name = handle.capitalize()
    topics: tuple[str, ...] = ()
    more: dict[str, str] = {}
    for word in tokens[2:]:
        if "=" in word:
            key, _, value = word.partition("=")
            more[key] = value
        elif "/" in word or word == "UTC":
            zone = word
        elif word in ("en", "zh"):
            locale = word
        elif " " in word or word[0].isupper() or not word.isascii():
            name = word
        else:
            topics = tuple(word.split(","))
    return Person(handle, role, name, zone, locale, topics, more)


def _at(text: str, number: int) -> datetime:
    try:
        day, clock, zone = text.split()
        return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(zone))
    except (ValueError, KeyError) as error:
        msg = f"line {number}: write `at 2026-03-02 09:00 Europe/Madrid`"
        raise ScriptError(msg) from error


def matches(expected: str, actual: str) -> bool:
    """Compare words, white space folded; `…` stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in " ".join(expected.split()).split("…"))
    return re.fullmatch(pattern, " ".join(actual.split()), re.DOTALL) is not None
