"""A course as somebody wrote it, in a folder, a table or in chat, and what is wrong with it.

Every source is read into a `Raw`: plain values, and where each of them stands. `build` makes a `CourseDraft` of it, or
says at which file and line it is faulty, with the remedy. What is told is in English, for who writes courses.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from core.courses.lines import Path

Kind = Literal["one", "several", "text"]


@dataclass(frozen=True, slots=True)
class Check:
    """A question at the end of a lesson; `answer` are numbers of options from 1, or the texts that are accepted."""

    kind: Kind
    question: str
    options: tuple[str, ...]
    answer: tuple[int | str, ...]
    explanation: str


@dataclass(frozen=True, slots=True)
class LessonText:
    """A lesson in one language; the body is Markdown."""

    title: str
    minutes: int
    body: str
    check: Check | None


@dataclass(frozen=True, slots=True)
class LessonDraft:
    """A lesson in all languages; `module` counts from 0."""

    slug: str
    module: int
    texts: Mapping[str, LessonText]


@dataclass(frozen=True, slots=True)
class CourseText:
    """What is said of a course in one language."""

    title: str
    about: str
    outcomes: tuple[str, ...]
    modules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a course."""

    file: str
    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CourseDraft:
    """A sound course. `unknown` are topics that the catalogue lacks: slug and as typed."""

    slug: str
    texts: Mapping[str, CourseText]
    topics: Mapping[str, int]
    requires: tuple[str, ...]
    level: int
    lessons: tuple[LessonDraft, ...]
    pictures: tuple[Picture, ...] = ()
    starts: date | None = None
    ends: date | None = None
    capacity: int | None = None
    drip: int | None = None
    mentor: str | None = None
    meetings: tuple[datetime, ...] = ()
    withdrawn: bool = False
    unknown: tuple[tuple[str, str], ...] = ()
    file: str = ""
    line: int = 1

    @property
    def minutes(self) -> int:
        """How long it takes, in the first language."""
        return sum(next(iter(lesson.texts.values())).minutes for lesson in self.lessons)

    @property
    def digest(self) -> str:
        """What tells whether anything in it has changed."""
        data = asdict(self)
        for key in ("file", "line", "unknown"):
            del data[key]
        data["pictures"] = sorted(
            [each.file, hashlib.sha256(each.data).hexdigest()] for each in self.pictures
        )
        return digest(data)


def digest(data: object) -> str:
    """Make a short text that differs where the data does."""
    text = json.dumps(data, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a course is not taken, with the remedy."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        """Say it as compilers do."""
        return f"{self.file}:{self.line}: {self.why}"


Where = Callable[[Path], tuple[str, int]]
"""Says in which file and line a part stands."""


@dataclass(frozen=True, slots=True)
class RawLesson:
    """A lesson as it was found: the values above its body, the body, and where the body begins."""

    front: Any
    body: str
    where: Where
    body_file: str
    body_line: int


@dataclass(frozen=True, slots=True)
class Raw:
    """A course as it was found: plain values, lessons by language and slug, pictures by file."""

    slug: str
    course: Any
    where: Where
    lessons: Mapping[tuple[str, str], RawLesson]
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def check_of(data: Mapping[str, Any] | None) -> Check | None:
    """Read a check as the store keeps it."""
    if data is None:
        return None
    return Check(
        data["kind"], data["question"], tuple(data["options"]), tuple(data["answer"]), data["explanation"]
    )


def lesson_text_of(data: Mapping[str, Any]) -> LessonText:
    """Read a lesson's text as the store keeps it."""
    return LessonText(data["title"], data["minutes"], data["body"], check_of(data["check"]))


def course_text_of(data: Mapping[str, Any]) -> CourseText:
    """Read a course's text as the store keeps it."""
    return CourseText(data["title"], data["about"], tuple(data["outcomes"]), tuple(data["modules"]))
