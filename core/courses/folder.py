"""Courses as folders: `course.yaml`, a folder of lessons in Markdown for each language, and pictures."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from core.courses.building import build
from core.courses.drafts import Check, CourseDraft, Fault, LessonText, Raw, RawLesson
from core.courses.lines import Located, UnreadableError, load
from core.courses.lines import Path as Within
from core.topics import Topics

COURSE = "course.yaml"
MOST_BYTES = 1_000_000
PICTURES = (".png", ".jpg", ".jpeg")
_FRONT = re.compile(r"---[ \t]*\n(.*?\n)?---[ \t]*(?:\n|\Z)", re.DOTALL)


def read(folder: Path, topics: Topics) -> tuple[tuple[CourseDraft, ...], tuple[Fault, ...]]:
    """Read a course, or every course of a folder; a faulty one gives no draft.

    Raises OSError where there is nothing to read.
    """
    if not folder.is_dir():
        raise NotADirectoryError(20, "this is no folder", str(folder))
    homes = (
        [folder]
        if (folder / COURSE).exists()
        else sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    )
    drafts: list[CourseDraft] = []
    faults: list[Fault] = []
    for home in homes:
        draft, wrong = read_one(home, topics)
        faults += wrong
        if draft is not None:
            drafts.append(draft)
    if not homes:
        faults.append(Fault(str(folder), 1, f"there is no course in it: each is a folder with a {COURSE}"))
    return tuple(drafts), tuple(faults)


def read_one(home: Path, topics: Topics) -> tuple[CourseDraft | None, tuple[Fault, ...]]:
    """Read the folder of one course."""
    main = home / COURSE
    if not main.exists():
        return None, (Fault(str(main), 1, f"{COURSE} is missing: write what the course is"),)
    faults: list[Fault] = []
    text = _text(main, faults)
    course = _yaml(str(main), text, faults) if text is not None else None
    lessons: dict[tuple[str, str], RawLesson] = {}
    for path in sorted(home.glob("*/*.md")):
        lesson = _lesson(path, faults)
        if lesson is not None:
            lessons[path.parent.name, path.stem] = lesson
    if course is None or faults:
        return None, tuple(faults)
    pictures = {
        path.name: path.read_bytes() for path in sorted(home.iterdir()) if path.suffix.lower() in PICTURES
    }
    raw = Raw(home.resolve().name, course.value, _in(str(main), course), lessons, pictures)
    return build(raw, topics)


def _in(file: str, located: Located) -> Any:  # noqa: ANN401  a Where
    def where(path: Within) -> tuple[str, int]:
        return file, located.line(path)

    return where


def _text(path: Path, faults: list[Fault]) -> str | None:
    if path.stat().st_size > MOST_BYTES:
        faults.append(Fault(str(path), 1, "the file is over 1 MB: make it smaller"))
        return None
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        faults.append(Fault(str(path), line, "the file is not UTF-8 text: save it again as UTF-8"))
        return None


def _yaml(file: str, text: str, faults: list[Fault], first: int = 1) -> Located | None:
    try:
        return load(text, first)
    except UnreadableError as error:
        faults.append(Fault(file, error.line, error.why))
        return None


def _lesson(path: Path, faults: list[Fault]) -> RawLesson | None:
    text = _text(path, faults)
    if text is None:
        return None
    front = _FRONT.match(text)
    if front is None:
        why = "a lesson begins with --- on a line, title and minutes, and --- on a line: write that above it"
        faults.append(Fault(str(path), 1, why))
        return None
    located = _yaml(str(path), front[1] or "", faults, 2)
    if located is None:
        return None
    line = text.count("\n", 0, front.end()) + 1
    return RawLesson(located.value, text[front.end() :], _in(str(path), located), str(path), line)


# --- Writing ----------------------------------------------------------------------------------------------------


def files(draft: CourseDraft) -> Iterator[tuple[str, bytes]]:
    """Write a course as the files of its folder, by their names in it; `read_one` gives the same course back."""
    yield COURSE, _dump(course_data(draft)).encode()
    for lesson in draft.lessons:
        for language, text in lesson.texts.items():
            yield f"{language}/{lesson.slug}.md", f"---\n{_dump(front_data(text))}---\n{text.body}\n".encode()
    for picture in draft.pictures:
        yield picture.file, picture.data


def write(folder: Path, draft: CourseDraft) -> None:
    """Write the folder of a course; raises FileExistsError where it has files already."""
    home = folder / draft.slug
    if home.exists() and any(home.iterdir()):
        raise FileExistsError(17, "there is a course in it already", str(home))
    for name, data in files(draft):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data)


def _dump(data: Mapping[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def course_data(draft: CourseDraft) -> dict[str, Any]:
    """Give what `course.yaml` says."""
    texts = draft.texts
    modules = len(next(iter(texts.values())).modules)
    data: dict[str, Any] = {
        "title": {language: text.title for language, text in texts.items()},
        "about": {language: text.about for language, text in texts.items()},
        "outcomes": [
            {language: text.outcomes[at] for language, text in texts.items()}
            for at in range(len(next(iter(texts.values())).outcomes))
        ],
        "topics": dict(draft.topics),
        "requires": list(draft.requires),
        "level": draft.level,
        "modules": [
            {
                "title": {language: text.modules[at] for language, text in texts.items()},
                "lessons": [lesson.slug for lesson in draft.lessons if lesson.module == at],
            }
            for at in range(modules)
        ],
    }
    more = {
        "starts": draft.starts,
        "ends": draft.ends,
        "capacity": draft.capacity,
        "drip": draft.drip,
        "mentor": draft.mentor,
        "meetings": [at.isoformat() for at in draft.meetings],
        "withdrawn": draft.withdrawn,
    }
    return data | {key: value for key, value in more.items() if value}


def front_data(text: LessonText) -> dict[str, Any]:
    """Give what stands above the body of a lesson."""
    data: dict[str, Any] = {"title": text.title, "minutes": text.minutes}
    return data | ({"check": _check_data(text.check)} if text.check else {})


def _check_data(check: Check) -> dict[str, Any]:
    options = {"options": list(check.options)} if check.kind != "text" else {}
    return {
        "kind": check.kind,
        "question": check.question,
        **options,
        "answer": list(check.answer),
        "explanation": check.explanation,
    }
