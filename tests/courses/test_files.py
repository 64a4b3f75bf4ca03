"""Courses as files: a folder or a table; everything that can be wrong with one is told with its file and line."""

from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.courses import bodies, folder, sheet
from core.courses.building import PICTURE_LIMIT, cycle
from core.courses.drafts import CourseDraft
from core.courses.lines import UnreadableError, load
from core.spreadsheet import UnreadableError as NoTable
from tests.courses.shelf import COMMITS, COURSE, FILES, PICTURE, TOPICS, UNDO, course, drafts, write

Files = Mapping[str, str | bytes]


def one(home: Path, files: Files = FILES) -> CourseDraft:
    """The draft of a sound course."""
    draft, faults = folder.read_one(write(home / "git", files), TOPICS)
    assert faults == ()
    assert draft is not None
    return draft


def test_a_course_is_read_whole(tmp_path: Path) -> None:
    draft = one(tmp_path)
    assert draft.slug == "git"
    assert {language: text.title for language, text in draft.texts.items()} == {
        "en": "Git without fear",
        "zh": "不再害怕 Git",
    }
    assert draft.texts["zh"].outcomes == ("撤销任何错误",)
    assert draft.topics == {"git": 2}
    assert (draft.level, draft.minutes, draft.requires) == (1, 10, ())
    commits, undo = draft.lessons
    assert commits.texts["zh"].title == "提交就是快照"
    check = commits.texts["en"].check
    assert check is not None
    assert (check.kind, check.answer, len(check.options)) == ("one", (2,), 2)
    assert undo.texts["en"].check is not None
    assert undo.texts["en"].check.answer == ("git reset --soft HEAD~1", "git reset HEAD~1")
    assert [(each.file, each.mime) for each in draft.pictures] == [("row.png", "image/png")]


def test_what_may_be_left_out_may_be_given(tmp_path: Path) -> None:
    more = (
        "starts: 2026-04-01\nends: 2026-05-01\ncapacity: 12\ndrip: 2\nmentor: console:lee\nwithdrawn: true\n"
        "meetings: [2026-04-02T18:00+02:00, 2026-04-01T18:00+02:00]\n"
    )
    (draft,) = drafts(tmp_path, ("git", course("git", more=more)))
    assert str(draft.starts) == "2026-04-01"
    assert str(draft.ends) == "2026-05-01"
    assert (draft.capacity, draft.drip, draft.mentor, draft.withdrawn) == (12, 2, "console:lee", True)
    assert [each.day for each in draft.meetings] == [1, 2]


def changed(file: str, was: str, becomes: str) -> Callable[[], Files]:
    """The files with one of them changed."""
    text = FILES[file]
    assert isinstance(text, str)
    assert text.count(was) >= 1, was
    return lambda: {**FILES, file: text.replace(was, becomes, 1)}


def without(file: str) -> Callable[[], Files]:
    return lambda: {name: data for name, data in FILES.items() if name != file}


def and_(file: str, data: str | bytes) -> Callable[[], Files]:
    return lambda: {**FILES, file: data}


MISTAKES: Mapping[str, tuple[Callable[[], Files], str, int, str]] = {
    "no course.yaml": (without("course.yaml"), "course.yaml", 1, "course.yaml is missing"),
    "an empty one": (and_("course.yaml", ""), "course.yaml", 1, "needs keys with values"),
    "no YAML": (changed("course.yaml", "level: 1", "level: [1"), "course.yaml", 10, "this is no YAML"),
    "no mapping": (and_("course.yaml", "- a\n- b\n"), "course.yaml", 1, "needs keys with values"),
    "a wrong key": (changed("course.yaml", "level", "levle"), "course.yaml", 9, "did you mean level?"),
    "a key twice": (changed("course.yaml", "requires: []", "level: 2"), "course.yaml", 9, "stands twice"),
    "an alias": (
        changed("course.yaml", "requires: []", "requires: &a [*a]"),
        "course.yaml",
        8,
        "alias",
    ),
    "not UTF-8": (and_("course.yaml", COURSE.encode("utf-16")), "course.yaml", 1, "is not UTF-8"),
    "too large": (and_("en/undo.md", UNDO + "x" * 1_000_001), "en/undo.md", 1, "over 1 MB"),
    "no title": (
        changed("course.yaml", "title: {en: Git without fear, zh: 不再害怕 Git}\n", ""),
        "course.yaml",
        1,
        "title needs a line for each language",
    ),
    "a title in no language": (
        changed("course.yaml", "zh: 不再害怕 Git", "chinese: 不再害怕 Git"),
        "course.yaml",
        1,
        "is no language",
    ),
    "a title without a text": (changed("course.yaml", "Git without fear", '""'), "course.yaml", 1, "missing"),
    "a title of yes": (changed("course.yaml", "Git without fear", "yes"), "course.yaml", 1, "in quotes"),
    "a title too long": (changed("course.yaml", "fear", "fear" * 30), "course.yaml", 1, "80 at the most"),
    "about in one language": (
        changed("course.yaml", "  zh: Git 存了什么，怎么撤销。\n", ""),
        "course.yaml",
        2,
        "missing",
    ),
    "about in one more": (
        changed("course.yaml", "  zh: Git", "  es: Git\n  zh: Git"),
        "course.yaml",
        4,
        "which the title has not",
    ),
    "no outcomes": (
        changed("course.yaml", "  - {en: Undo any mistake, zh: 撤销任何错误}\n", ""),
        "course.yaml",
        5,
        "needs a list",
    ),
    "topics as a list": (
        changed("course.yaml", "{git: 2}", "[git]"),
        "course.yaml",
        7,
        "with the level they lead to",
    ),
    "a level of nine": (changed("course.yaml", "git: 2", "git: 9"), "course.yaml", 7, "from 1 to 5"),
    "a topic without level": (changed("course.yaml", "git: 2", "git"), "course.yaml", 7, "needs a level"),
    "a topic twice": (changed("course.yaml", "git: 2", "git: 2, Git: 3"), "course.yaml", 7, "stands twice"),
    "no level": (changed("course.yaml", "level: 1\n", ""), "course.yaml", 1, "level is missing"),
    "a level in words": (changed("course.yaml", "level: 1", "level: easy"), "course.yaml", 9, "whole number"),
    "itself required": (changed("course.yaml", "[]", "[git]"), "course.yaml", 8, "requires itself"),
    "required twice": (changed("course.yaml", "[]", "[sql, sql]"), "course.yaml", 8, "stands twice"),
    "no modules": (
        changed("course.yaml", COURSE[COURSE.index("modules") :], ""),
        "course.yaml",
        1,
        "modules needs a list",
    ),
    "a lesson nobody wrote": (
        changed("course.yaml", "[commits, undo]", "[commits, undo, more]"),
        "course.yaml",
        12,
        '"more" is missing in en',
    ),
    "a lesson twice": (
        changed("course.yaml", "[commits, undo]", "[commits, undo, undo]"),
        "course.yaml",
        12,
        "stands twice",
    ),
    "a lesson of no module": (and_("en/more.md", UNDO), "en/more.md", 2, "no module has this lesson"),
    "a lesson in another language": (and_("es/undo.md", UNDO), "es/undo.md", 2, 'the title has no "es"'),
    "a lesson in one language": (without("zh/undo.md"), "course.yaml", 12, '"undo" is missing in zh'),
    "a day that is none": (
        and_("course.yaml", f"{COURSE}starts: 2026-02-30\n"),
        "course.yaml",
        13,
        "write a day",
    ),
    "an end before the start": (
        and_("course.yaml", f"{COURSE}starts: 2026-04-02\nends: 2026-04-01\n"),
        "course.yaml",
        14,
        "ends is before starts",
    ),
    "no places": (and_("course.yaml", f"{COURSE}capacity: 0\n"), "course.yaml", 13, "from 1 to"),
    "a meeting without a zone": (
        and_("course.yaml", f"{COURSE}meetings: ['2026-04-02 18:00']\n"),
        "course.yaml",
        13,
        "offset",
    ),
    "withdrawn perhaps": (
        and_("course.yaml", f"{COURSE}withdrawn: perhaps\n"),
        "course.yaml",
        13,
        "true or false",
    ),
    "a lesson without front": (and_("en/undo.md", "Just text.\n"), "en/undo.md", 1, "begins with ---"),
    "a front that is no YAML": (
        changed("en/undo.md", "title: Undo", "title: [x"),
        "en/undo.md",
        3,
        "no YAML",
    ),
    "a wrong key in front": (changed("en/undo.md", "minutes", "minuts"), "en/undo.md", 3, "minutes?"),
    "no minutes": (changed("en/undo.md", "minutes: 4\n", ""), "en/undo.md", 2, "minutes is missing"),
    "an empty lesson": (
        changed("en/undo.md", "Nothing that was committed is lost.", ""),
        "en/undo.md",
        10,
        "is empty",
    ),
    "a lesson too long": (
        changed("en/undo.md", "Nothing", "Some words.\n\n" * 4000),
        "en/undo.md",
        10,
        "make two of it",
    ),
    "a code block too long": (
        changed("en/commits.md", "git log", "git log\n" * 300),
        "en/commits.md",
        15,
        "this code block has",
    ),
    "a paragraph too long": (
        changed("en/undo.md", "Nothing", "words " * 300),
        "en/undo.md",
        10,
        "this paragraph has",
    ),
    "a picture that is missing": (without("row.png"), "en/commits.md", 13, '"row.png" is missing'),
    "a picture from elsewhere": (
        changed("en/commits.md", "(row.png)", "(https://evil.example/row.png)"),
        "en/commits.md",
        13,
        "is no file of the course",
    ),
    "a picture above the folder": (
        changed("en/commits.md", "(row.png)", "(../row.png)"),
        "en/commits.md",
        13,
        "is no file of the course",
    ),
    "a picture that is none": (and_("row.png", b"GIF89a"), "row.png", 1, "neither a PNG nor a JPEG"),
    "a picture too large": (and_("row.png", PICTURE + bytes(PICTURE_LIMIT)), "row.png", 1, "over 2 MB"),
    "no answer": (changed("en/commits.md", "  answer: [2]\n", ""), "en/commits.md", 4, "has no answer"),
    "an answer out of range": (changed("en/commits.md", "[2]", "[3]"), "en/commits.md", 8, "from 1 to 2"),
    "an answer in words": (changed("en/commits.md", "[2]", "[both]"), "en/commits.md", 8, "is no option"),
    "two answers of one": (changed("en/commits.md", "[2]", "[1, 2]"), "en/commits.md", 8, "one right option"),
    "a kind of its own": (changed("en/commits.md", "kind: one", "kind: odd"), "en/commits.md", 5, "one of"),
    "no question": (
        changed("en/commits.md", "  question: What does a commit hold?\n", ""),
        "en/commits.md",
        4,
        "check.question is missing",
    ),
    "one option": (
        changed("en/commits.md", "[The lines that changed, A snapshot of all files]", "[All]"),
        "en/commits.md",
        7,
        "needs a list of 2 to 10",
    ),
    "an option twice": (
        changed("en/commits.md", "The lines that changed", "A snapshot of all files"),
        "en/commits.md",
        7,
        "the same",
    ),
    "options for a text": (
        changed("en/undo.md", "  answer:", "  options: [a, b]\n  answer:"),
        "en/undo.md",
        7,
        "has no options",
    ),
    "no explanation": (
        changed("en/undo.md", "  explanation: reset moves the branch.\n", ""),
        "en/undo.md",
        4,
        "check.explanation is missing",
    ),
    "another answer in Chinese": (
        changed("zh/commits.md", "[2]", "[1]"),
        "course.yaml",
        12,
        "differs between its languages",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_file_and_line(name: str, tmp_path: Path) -> None:
    files, file, line, why = MISTAKES[name]
    home = write(tmp_path / "git", files())
    draft, faults = folder.read_one(home, TOPICS)
    assert draft is None
    assert (str(home / file), line) in [(fault.file, fault.line) for fault in faults], list(map(str, faults))
    assert any(why in fault.why for fault in faults if fault.file == str(home / file)), list(map(str, faults))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    files = {
        **FILES,
        "course.yaml": COURSE.replace("level: 1", "level: 7"),
        "en/undo.md": UNDO.replace("4", "none", 1),
        "zh/commits.md": COMMITS.replace("[2]", "[9]"),
    }
    _, faults = folder.read_one(write(tmp_path / "git", files), TOPICS)
    assert {Path(fault.file).name for fault in faults} == {"course.yaml", "undo.md", "commits.md"}


def test_a_faulty_course_does_not_keep_the_others_out(tmp_path: Path) -> None:
    write(tmp_path / "git")
    write(tmp_path / "sql", course("sql", level=9))
    found, faults = folder.read(tmp_path, TOPICS)
    assert [draft.slug for draft in found] == ["git"]
    assert [Path(fault.file).parent.name for fault in faults] == ["sql"]


@pytest.mark.parametrize("slug", ["Git", "git_basics", "git--x", "g" * 61, "谷"])
def test_a_folder_has_to_be_named_as_a_course_can_be(slug: str, tmp_path: Path) -> None:
    draft, faults = folder.read_one(write(tmp_path / slug), TOPICS)
    assert draft is None
    assert "cannot name a course" in faults[0].why


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    found, (fault,) = folder.read(tmp_path, TOPICS)
    assert found == ()
    assert "there is no course in it" in fault.why


def test_windows_line_ends_and_a_mark_in_front_change_nothing(tmp_path: Path) -> None:
    odd = {
        name: b"\xef\xbb\xbf" + data.replace("\n", "\r\n").encode() if isinstance(data, str) else data
        for name, data in FILES.items()
    }
    assert one(tmp_path / "a").digest == one(tmp_path / "b", odd).digest


@pytest.mark.parametrize(
    ("requires", "circle"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["a"]}, {"a", "b", "c"}),
        ({"a": ["b"], "b": ["a"], "c": ["a"]}, {"a", "b"}),
        ({"a": ["b"], "b": ["c"], "d": ["c", "a"]}, set()),
        ({}, set()),
    ],
)
def test_a_circle_is_named_in_its_order(requires: dict[str, list[str]], circle: set[str]) -> None:
    found = cycle(requires)
    assert set(found) == circle
    assert all(after in requires[before] for before, after in pairwise(found))
    assert not found or found[0] == found[-1]


# --- Out again --------------------------------------------------------------------------------------------------


def test_what_is_written_as_a_folder_is_read_as_the_same(tmp_path: Path) -> None:
    draft = one(tmp_path)
    folder.write(tmp_path / "out", draft)
    (again,), faults = folder.read(tmp_path / "out", TOPICS)
    assert faults == ()
    assert again.digest == draft.digest
    with pytest.raises(FileExistsError):
        folder.write(tmp_path / "out", draft)


def test_what_is_written_as_a_table_is_read_as_the_same(tmp_path: Path) -> None:
    files = {name: data for name, data in FILES.items() if name != "row.png"}
    files["en/commits.md"] = COMMITS.replace("![A row of commits](row.png)\n", "=1+1 | a; b\n")
    files["zh/commits.md"] = COMMITS.replace("![A row of commits](row.png)\n", '"quoted"\n')
    more = "starts: 2026-04-01\ncapacity: 3\nmeetings: ['2026-04-02T18:00:00+02:00']\n"
    write(tmp_path / "all" / "sql", course("sql", topics="sql: 3, python: 1", requires=["git"], more=more))
    write(tmp_path / "all" / "git", files)
    found, _ = folder.read(tmp_path / "all", TOPICS)
    again, faults = sheet.read(sheet.write(found), TOPICS, "courses.csv")
    assert faults == ()
    assert [draft.digest for draft in again] == [draft.digest for draft in found]


ROW = "git,en,Git,About git,Undo,git: 2,1,,Basics,commits,Commits,5,Read this."
HEAD = "course,language,title,about,outcomes,topics,level,requires,module,lesson,lesson title,minutes,body"


@pytest.mark.parametrize(
    ("lines", "line", "why"),
    [
        ([ROW.replace("git,en", ",en", 1)], 2, "the column course is empty"),
        ([ROW, ROW], 3, "stands twice in en"),
        ([ROW.replace("git: 2", "git")], 2, "needs a level"),
        ([ROW, ROW.replace("en", "zh", 1)], 2, "there is no key"),
        ([ROW.replace(",5,", ",soon,")], 2, "whole number"),
        ([ROW, ROW.replace("git", "sql", 1).replace(",1,,", ",7,,")], 3, "from 1 to 5"),
        ([ROW.replace("Read this.", "")], 2, "is empty"),
        ([f"{ROW},too,many,cells"], 2, "16 cells under 13 titles"),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_line(lines: list[str], line: int, why: str) -> None:
    if why == "there is no key":  # two languages side by side are no mistake
        found, faults = sheet.read("\n".join([HEAD, *lines]).encode(), TOPICS, "courses.csv")
        assert faults == ()
        assert list(found[0].texts) == ["en", "zh"]
        return
    _, faults = sheet.read("\n".join([HEAD, *lines]).encode(), TOPICS, "courses.csv")
    assert any(fault.line == line and why in fault.why for fault in faults), list(map(str, faults))


def test_a_faulty_line_costs_its_course_alone() -> None:
    rows = [ROW, ROW.replace("git", "sql", 1).replace(",5,", ",soon,")]
    found, faults = sheet.read("\n".join([HEAD, *rows]).encode(), TOPICS, "courses.csv")
    assert [draft.slug for draft in found] == ["git"]
    assert [fault.line for fault in faults] == [3]


def test_what_is_no_table_says_so() -> None:
    with pytest.raises(NoTable):
        sheet.read(b"hello", TOPICS, "courses.csv")


# --- YAML and Markdown ------------------------------------------------------------------------------------------


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_line(text: str) -> None:
    try:
        line = load(text).line(())
    except UnreadableError as error:
        line = error.line
    assert 1 <= line <= len(text.splitlines()) + 2


PARTS = st.lists(
    st.sampled_from(
        [
            "A paragraph of some words.",
            "## A heading",
            "- one\n- two\n  with more\n- three",
            "1. first\n2. second",
            "```python\nprint(1)\n\nprint(2)\n```",
            "> a quote",
            "Words with `code` and **weight**.",
        ]
    ),
    min_size=1,
    max_size=12,
)


@given(PARTS, st.integers(20, 400))
def test_pages_hold_every_block_once_and_whole(parts: list[str], limit: int) -> None:
    body = "\n\n".join(parts)
    every = bodies.blocks(body)
    numbered = bodies.pages(body, limit)
    shown = "\n".join(text for _, text in numbered)
    assert [line for line in shown.splitlines() if line.strip()] == [
        line for line in body.splitlines() if line.strip()
    ]
    for _, text in numbered:
        assert text.count("```") % 2 == 0
        assert len(text) <= limit or len(bodies.blocks(text)) == 1 or text.lstrip().startswith("#")
    for at in range(len(every)):
        page = bodies.page_of(numbered, at)
        assert numbered[page][0] <= at
        assert page == len(numbered) - 1 or at < numbered[page + 1][0]
    heads = [text for _, text in numbered[:-1] if text.splitlines()[-1].startswith("#")]
    assert all(set(map(str.strip, text.split("\n\n"))) == {"## A heading"} for text in heads)


def test_a_link_defined_below_holds_on_every_page() -> None:
    body = "See [the book][b].\n\nSee [it][b] again.\n\n[b]: https://example.org/book"
    assert all("https://example.org/book" in text for _, text in bodies.pages(body, 60))
