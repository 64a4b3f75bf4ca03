"""Courses as a table: a line for each lesson in each language, saved from a spreadsheet as CSV.

What is said of a course stands in its first line in each language, and may be left out in the others. Several values
in one cell are parted by |, topics by ; with their levels: `git: 2; linux: 1`.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from core.courses.building import MOST_LESSONS, build
from core.courses.drafts import CourseDraft, Fault, LessonText, Raw, RawLesson
from core.courses.lines import Path
from core.spreadsheet import Row, parse, plain
from core.topics import Topics

TITLES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "course": ("course", "courseslug", "slug", "课程"),
        "language": ("language", "语言"),
        "title": ("title", "coursetitle", "课程标题", "标题"),
        "about": ("about", "description", "简介"),
        "outcomes": ("outcomes", "收获"),
        "topics": ("topics", "话题"),
        "level": ("level", "难度"),
        "requires": ("requires", "prerequisites", "先修"),
        "module": ("module", "模块"),
        "lesson": ("lesson", "lessonslug", "课"),
        "lesson_title": ("lessontitle", "课标题"),
        "minutes": ("minutes", "分钟"),
        "body": ("body", "text", "正文"),
        "kind": ("kind", "题型"),
        "question": ("question", "问题"),
        "options": ("options", "选项"),
        "answer": ("answer", "答案"),
        "explanation": ("explanation", "解释"),
        "starts": ("starts", "开始"),
        "ends": ("ends", "结束"),
        "capacity": ("capacity", "名额"),
        "drip": ("drip", "间隔"),
        "mentor": ("mentor", "导师"),
        "meetings": ("meetings", "会面"),
        "withdrawn": ("withdrawn", "下架"),
    }
)
NEEDED = ("course", "language", "lesson", "lesson_title", "body")
BODY_LIMIT = 50_000
"""Characters of a cell: a whole lesson stands in one."""
_NUMBER = re.compile(r"-?\d{1,9}", re.ASCII)


def read(data: bytes, topics: Topics, file: str) -> tuple[tuple[CourseDraft, ...], tuple[Fault, ...]]:
    """Read a table; a course with a faulty line gives no draft.

    Raises `UnreadableError` of `core.spreadsheet` where it is no such table.
    """
    table = parse(data, TITLES, NEEDED, BODY_LIMIT)
    faults: list[Fault] = []
    bad: set[str] = set()
    rows: dict[str, list[Row]] = {}
    for row in table.rows:
        slug = plain(row.cells.get("course", ""))
        why = row.wrong or (
            "" if slug else "the column course is empty: write the course's slug, such as git"
        )
        if why:
            faults.append(Fault(file, row.line, why))
            bad.add(slug)
        else:
            rows.setdefault(slug, []).append(row)
    drafts: list[CourseDraft] = []
    for slug, lines in rows.items():
        draft, wrong = _course(slug, lines, topics, file)
        faults += wrong
        if draft is not None and slug not in bad:
            drafts.append(draft)
    return tuple(drafts), tuple(sorted(faults, key=lambda fault: fault.line))


def _course(
    slug: str, rows: Sequence[Row], topics: Topics, file: str
) -> tuple[CourseDraft | None, tuple[Fault, ...]]:
    faults: list[Fault] = []
    heads: dict[str, Row] = {}
    lessons: dict[tuple[str, str], RawLesson] = {}
    order: dict[str, list[str]] = {}
    modules: dict[str, dict[str, str]] = {}
    module = ""
    for row in rows:
        language, lesson = plain(row.cells.get("language", "")), plain(row.cells.get("lesson", ""))
        heads.setdefault(language, row)
        if (language, lesson) in lessons:
            faults.append(
                Fault(file, row.line, f'the lesson "{lesson}" stands twice in {language}: keep one')
            )
            continue
        lessons[language, lesson] = _lesson(row, file)
        name = plain(row.cells.get("module", ""))
        placed = next((each for each, inside in order.items() if lesson in inside), None)
        if placed is None:
            module = name or module or slug
            order.setdefault(module, []).append(lesson)
            placed = module
        modules.setdefault(placed, {})[language] = name or modules.get(placed, {}).get(language) or placed
    first = rows[0]
    data: dict[str, Any] = {
        "title": {language: row.cells.get("title", "") for language, row in heads.items()},
        "about": {language: row.cells.get("about", "") for language, row in heads.items()},
        "outcomes": _side_by_side(heads),
        "topics": _topics(first.cells.get("topics", "")),
        "requires": _parts(first.cells.get("requires", "")),
        "modules": [
            {"title": names, "lessons": order[name][:MOST_LESSONS]} for name, names in modules.items()
        ],
        **{
            key: _value(first.cells[key])
            for key in ("level", "starts", "ends", "capacity", "drip", "mentor", "withdrawn")
            if first.cells.get(key)
        },
        **({"meetings": _parts(first.cells["meetings"])} if first.cells.get("meetings") else {}),
    }

    def where(path: Path) -> tuple[str, int]:
        row = heads.get(str(path[-1])) if path else None
        return file, (row or first).line

    draft, wrong = build(Raw(slug, data, where, lessons), topics)
    faults += wrong
    return (None if faults else draft), tuple(faults)


def _lesson(row: Row, file: str) -> RawLesson:
    cells = row.cells
    front: dict[str, Any] = {
        "title": cells.get("lesson_title", ""),
        "minutes": _value(cells.get("minutes", "")),
    }
    if front["minutes"] is None:
        del front["minutes"]
    if cells.get("question"):
        kind = plain(cells.get("kind", "")) or "one"
        answer = [each if kind == "text" else _value(each) for each in _parts(cells.get("answer", ""))]
        front["check"] = {
            "kind": kind,
            "question": cells["question"],
            **({"options": _parts(cells["options"])} if cells.get("options") else {}),
            "answer": answer,
            "explanation": cells.get("explanation", ""),
        }

    def where(path: Path) -> tuple[str, int]:
        del path
        return file, row.line

    return RawLesson(front, cells.get("body", ""), where, file, row.line)


def _side_by_side(heads: Mapping[str, Row]) -> list[dict[str, str]]:
    columns = {language: _parts(row.cells.get("outcomes", "")) for language, row in heads.items()}
    most = max((len(parts) for parts in columns.values()), default=0)
    return [
        {language: parts[at] for language, parts in columns.items() if at < len(parts)} for at in range(most)
    ]


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("|") if part.strip()]


def _topics(cell: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in re.split(r"[;；|]", cell))):
        name, _, level = part.replace("：", ":").rpartition(":")
        found[name.strip() or part] = _value(level) if name else None
    return found


def _value(cell: str) -> Any:  # noqa: ANN401  a number, yes or no, or the text as it is
    text = plain(cell)
    if _NUMBER.fullmatch(text):
        return int(text)
    return {"true": True, "false": False, "": None}.get(text.lower(), text)


# --- Writing ----------------------------------------------------------------------------------------------------


def write(drafts: Iterable[CourseDraft]) -> bytes:
    """Write courses as a table; `read` gives the same courses back, without their pictures."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*TITLES], lineterminator="\r\n")
    writer.writerow(
        {
            name: spellings[0] if name != "lesson_title" else "lesson title"
            for name, spellings in TITLES.items()
        }
    )
    for draft in drafts:
        for language, text in draft.texts.items():
            head: dict[str, Any] = {
                "title": text.title,
                "about": text.about,
                "outcomes": " | ".join(text.outcomes),
                **_of_course(draft),
            }
            for lesson in draft.lessons:
                said = {"course": draft.slug, "language": language, "module": text.modules[lesson.module]}
                row = {**said, "lesson": lesson.slug, **head, **_of_lesson(lesson.texts[language])}
                writer.writerow({name: _harmless(str(value)) for name, value in row.items()})
                head = {}
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _of_course(draft: CourseDraft) -> dict[str, Any]:
    more = {
        "starts": draft.starts,
        "ends": draft.ends,
        "capacity": draft.capacity,
        "drip": draft.drip,
        "mentor": draft.mentor,
        "meetings": " | ".join(at.isoformat() for at in draft.meetings),
        "withdrawn": "true" if draft.withdrawn else "",
    }
    return {
        "topics": "; ".join(f"{topic}: {level}" for topic, level in draft.topics.items()),
        "level": draft.level,
        "requires": " | ".join(draft.requires),
        **{key: value for key, value in more.items() if value},
    }


def _of_lesson(text: LessonText) -> dict[str, Any]:
    row: dict[str, Any] = {"lesson_title": text.title, "minutes": text.minutes, "body": text.body}
    if text.check is not None:
        row |= {
            "kind": text.check.kind,
            "question": text.check.question,
            "options": " | ".join(text.check.options),
            "answer": " | ".join(map(str, text.check.answer)),
            "explanation": text.check.explanation,
        }
    return row


def _harmless(cell: str) -> str:
    """Keep a spreadsheet from taking a text for a formula: a space before it, which `read` takes off."""
    return f" {cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
