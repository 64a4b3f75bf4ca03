"""Small courses for the tests: their files, and how they come into a database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from core import topics
from core.courses import folder, importing
from core.courses.drafts import CourseDraft
from core.policy import Policy

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TOPICS = topics.load()
COURSE = """\
title: {en: Git without fear, zh: 不再害怕 Git}
about:
  en: What Git keeps, and how to undo.
  zh: Git 存了什么，怎么撤销。
outcomes:
  - {en: Undo any mistake, zh: 撤销任何错误}
topics: {git: 2}
requires: []
level: 1
modules:
  - title: {en: Snapshots, zh: 快照}
    lessons: [commits, undo]
"""
COMMITS = """\
---
title: Commits are snapshots
minutes: 6
check:
  kind: one
  question: What does a commit hold?
  options: [The lines that changed, A snapshot of all files]
  answer: [2]
  explanation: Git keeps whole snapshots.
---
A commit is a **snapshot**.

![A row of commits](row.png)

```bash
git log --oneline
```
"""
UNDO = """\
---
title: Undo
minutes: 4
check:
  kind: text
  question: Which command takes the last commit back, and keeps the files?
  answer: [git reset --soft HEAD~1, git reset HEAD~1]
  explanation: reset moves the branch.
---
Nothing that was committed is lost.
"""
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(40)
FILES: Mapping[str, str | bytes] = {
    "course.yaml": COURSE,
    "en/commits.md": COMMITS,
    "en/undo.md": UNDO,
    "zh/commits.md": COMMITS.replace("Commits are snapshots", "提交就是快照"),
    "zh/undo.md": UNDO.replace("title: Undo", "title: 撤销"),
    "row.png": PICTURE,
}


def write(home: Path, files: Mapping[str, str | bytes] = FILES) -> Path:
    """Write the files of a course."""
    for name, data in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return home


def course(
    slug: str,
    *,
    title: str = "",
    about: str = "Short.",
    topics: str = "git: 2",
    requires: Sequence[str] = (),
    level: int = 1,
    lessons: Mapping[str, str] | None = None,
    more: str = "",
    language: str = "en",
) -> Mapping[str, str]:
    """Give the files of a course in one language; lessons are by slug, each with what stands below its title."""
    said = {"one": "minutes: 5\n---\nRead this."} if lessons is None else lessons
    main = (
        f"title: {{{language}: {title or slug}}}\nabout: {{{language}: {about}}}\n"
        f"outcomes: [{{{language}: Do it}}]\ntopics: {{{topics}}}\nrequires: [{', '.join(requires)}]\n"
        f"level: {level}\nmodules: [{{title: {{{language}: All}}, lessons: [{', '.join(said)}]}}]\n{more}"
    )
    files = {f"{language}/{name}.md": f"---\ntitle: {name}\n{text}\n" for name, text in said.items()}
    return {"course.yaml": main, **files}


def drafts(home: Path, *courses: tuple[str, Mapping[str, str | bytes]]) -> tuple[CourseDraft, ...]:
    """Write courses below a folder and read them again; none of them is faulty."""
    for slug, files in courses:
        write(home / slug, files)
    found, faults = folder.read(home, TOPICS)
    assert faults == (), list(map(str, faults))
    return found


def put(
    tx: Connection, *found: CourseDraft, policy: Policy | None = None, now: datetime = NOW
) -> tuple[importing.Outcome, ...]:
    """Bring courses into a database."""
    return importing.put(tx, found, TOPICS, policy or Policy(), now)
