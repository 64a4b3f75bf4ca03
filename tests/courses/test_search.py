"""Finding courses: the same on every database, in English and Chinese, by what somebody is and wants."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, NullPool, create_engine, update

from core.courses import catalogue, reviews
from core.courses.drafts import CourseDraft, CourseText, LessonDraft, LessonText
from core.courses.search import (
    FIT,
    NEW,
    POPULAR,
    RATING,
    SORTS,
    Facts,
    Found,
    Learner,
    Wish,
    fit,
    search,
    stars,
)
from core.courses.terms import terms
from core.policy import Policy
from core.store.tables import courses
from tests.courses.shelf import NOW, TOPICS, put

POLICY = Policy()
WORDS = "snapshot branch merge undo query join index table loop closure vector pipeline rollback".split()  # noqa: SIM905
SIGNS = ("数据库", "数据分析", "分支", "合并", "撤销", "快照", "查询", "部署")


def draft(
    slug: str,
    title: str,
    *,
    about: str = "Short.",
    body: str = "Read this.",
    topics: Mapping[str, int] | None = None,
    level: int = 1,
    languages: Sequence[str] = ("en",),
    requires: Sequence[str] = (),
) -> CourseDraft:
    """A course with one lesson."""
    text = CourseText(title, about, ("Do it",), ("All",))
    lesson = LessonDraft("one", 0, {code: LessonText("First", 5, body, None) for code in languages})
    return CourseDraft(
        slug, dict.fromkeys(languages, text), topics or {"git": 2}, tuple(requires), level, (lesson,)
    )


SHELF = (
    draft("git", "Git without fear", about="Undo any mistake.", body="Branches and commits, `rebase` too."),
    draft("git-zh", "不再害怕 Git", about="分支与撤销", languages=("zh",), body="提交就是快照，数据不会丢。"),
    draft("k8s", "Clusters in production", topics={"kubernetes": 3}, level=3, languages=("en", "zh")),
    draft("sql", "Questions to a database", topics={"sql": 2}, level=2, body="A query joins tables."),
    draft("sql-zh", "用 SQL 分析数据", topics={"sql": 2, "data-science": 1}, languages=("zh",)),
    draft("react", "React by example", topics={"react": 2}, level=2, requires=["git"]),
)


@contextmanager
def stocked(url: str, *found: CourseDraft) -> Iterator[Connection]:
    """An open transaction on a database with these courses, each made a day after the one before."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as tx:
        for day, one in enumerate(found):
            put(tx, one, now=NOW + timedelta(days=day))
        yield tx


@pytest.fixture
def tx(store_url: str) -> Iterator[Connection]:
    """The courses above."""
    with stocked(store_url, *SHELF) as connection:
        yield connection


def slugs(tx: Connection, found: Found) -> list[str]:
    known = catalogue.many(tx, found.ids)
    return [known[one].slug for one in found.ids]


def find(tx: Connection, words: str = "", learner: Learner | None = None, **more: object) -> list[str]:
    wish = Wish(words, **more)  # type: ignore[arg-type]
    return slugs(tx, search(tx, wish, learner or Learner(), TOPICS, POLICY))


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("git", ["git", "git-zh"]),
        ("undo", ["git"]),
        ("undoing mistakes", ["git"]),
        ("branch", ["git"]),
        ("rebase", ["git"]),
        ("数据", ["sql-zh", "git-zh"]),
        ("害怕", ["git-zh"]),
        ("快照", ["git-zh"]),
        ("撤", ["git-zh"]),
        ("分析数据", ["sql-zh"]),
        ("k8s", ["k8s"]),
        ("容器编排", []),
        ("Kubernetes clusters", ["k8s"]),
        ("js frameworks", []),
        ("REACT", ["react"]),
        ("ｇｉｔ", ["git", "git-zh"]),
        ("<b>undo</b> & '; DROP TABLE", []),
    ],
)
def test_words_find_what_has_them(tx: Connection, words: str, first: list[str]) -> None:
    found = find(tx, words)
    assert found[: len(first)] == first or set(found[: len(first)]) == set(first), found


def test_every_word_has_to_be_in_it_unless_no_course_has_all(tx: Connection) -> None:
    assert find(tx, "query tables") == ["sql"]
    found = search(tx, Wish("query gravity"), Learner(), TOPICS, POLICY)
    assert not found.exact
    assert slugs(tx, found)[0] == "sql"
    assert search(tx, Wish("gravity quantum"), Learner(), TOPICS, POLICY).ids == ()


def test_filters_narrow_it_down(tx: Connection) -> None:
    assert set(find(tx, topic="sql")) == {"sql", "sql-zh"}
    assert set(find(tx, language="zh")) == {"git-zh", "k8s", "sql-zh"}
    assert set(find(tx, levels=(3, 5))) == {"k8s"}
    assert find(tx, "git", language="zh") == ["git-zh"]
    assert find(tx, topic="frontend") == ["react"]
    assert find(tx, topic="sql", levels=(5, 5)) == []


def test_what_was_withdrawn_is_not_found(tx: Connection) -> None:
    (one,) = search(tx, Wish("rebase"), Learner(), TOPICS, POLICY).ids
    catalogue.set_state(tx, one, catalogue.WITHDRAWN, NOW)
    assert find(tx, "rebase") == []
    assert "git" not in find(tx)


def test_the_order_is_the_one_that_was_asked_for(tx: Connection) -> None:
    known = catalogue.by_slug(tx, [one.slug for one in SHELF])
    for slug, enrolled, total, count in (("react", 9, 0, 0), ("sql", 4, 50, 10), ("k8s", 2, 5, 1)):
        values = {"enrolled": enrolled, "stars_sum": total, "stars_count": count}
        tx.execute(update(courses).where(courses.c.id == known[slug].id).values(**values))
    assert find(tx, sort=POPULAR)[:3] == ["react", "sql", "k8s"]
    assert find(tx, sort=RATING)[:2] == ["sql", "k8s"]
    assert find(tx, sort=NEW)[0] == "react"
    assert find(tx, "git", sort=NEW) == ["git-zh", "git"]


def test_who_looks_decides_what_fits(tx: Connection) -> None:
    wants = Learner({"sql": 1}, frozenset({"sql"}), "zh")
    assert find(tx, learner=wants)[0] == "sql-zh"
    assert find(tx, learner=Learner(wanted=frozenset({"kubernetes"})))[0] == "k8s"
    known = catalogue.by_slug(tx, ["git"])["git"]
    assert find(tx, "git", learner=Learner(language="en"))[0] == "git"
    assert find(tx, "git", learner=Learner(language="en", taken=frozenset({known.id})))[-1] == "git"


def test_every_database_finds_the_same(sqlite_store_url: str, postgres_store_url: str) -> None:
    rng = Random(3)
    shelf = [
        draft(
            f"c{number}",
            " ".join(rng.sample(WORDS, 3)) + rng.choice(SIGNS),
            about=" ".join(rng.choices(WORDS, k=8)),
            body=" ".join(rng.choices([*WORDS, *SIGNS], k=40)),
            topics={topic: rng.randint(1, 5) for topic in rng.sample(["git", "sql", "react", "python"], 2)},
            level=rng.randint(1, 5),
            languages=rng.choice((("en",), ("zh",), ("en", "zh"))),
        )
        for number in range(60)
    ]
    with stocked(sqlite_store_url, *shelf) as here, stocked(postgres_store_url, *shelf) as there:
        for number in range(1, 61):
            values = {
                "enrolled": rng.randint(0, 9),
                "stars_sum": rng.randint(1, 40),
                "stars_count": rng.randint(1, 8),
            }
            for tx in (here, there):
                tx.execute(update(courses).where(courses.c.id == number).values(**values))
        asked = 0
        for _ in range(150):
            wish = Wish(
                " ".join(rng.sample([*WORDS, *SIGNS, "前", "python"], rng.randint(0, 3))),
                rng.choice([None, None, "sql", "frontend"]),
                rng.choice([None, None, (1, 2), (3, 3)]),
                rng.choice([None, None, "zh"]),
                rng.choice(SORTS),
            )
            learner = Learner(
                {"git": 2}, frozenset(rng.sample(["sql", "react"], 1)), rng.choice(["en", "zh"])
            )
            found = search(here, wish, learner, TOPICS, POLICY)
            assert found == search(there, wish, learner, TOPICS, POLICY), wish
            asked += bool(found.ids)
        assert asked > 100


# --- Plain functions --------------------------------------------------------------------------------------------


@given(st.text(max_size=80))
def test_terms_are_the_same_whatever_the_case_and_never_empty(text: str) -> None:
    found = list(terms(text))
    assert all(found)
    assert all(len(term) <= 40 for term in found)
    assert found == list(terms(text.casefold())) or not text.isascii()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("branches", "branch"),
        ("branching", "branched"),
        ("committed", "commits"),
        ("studies", "study"),
        ("résumé", "RESUME"),
        ("files", "file"),
        ("merging", "merge"),
    ],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert list(terms(one)) == list(terms(other))


def test_signs_are_not_lost_and_every_pair_is_a_term() -> None:
    assert list(terms("C++ and c#")) == ["c++", "c#"]
    assert list(terms("数据分析")) == ["数据", "据分", "分析"]
    assert list(terms("学 Git 吧")) == ["学", "git", "吧"]


def facts(**more: object) -> Facts:
    usual = {
        "id": 1, "difficulty": 1, "topics": {"git": 2}, "requires": (), "languages": ("en",),
        "stars_sum": 0, "stars_count": 0, "enrolled": 0, "text": 0.5,
    }  # fmt: skip
    return Facts(**{**usual, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("better", "worse", "learner"),
    [
        ({"text": 0.9}, {"text": 0.4}, Learner()),
        ({"topics": {"sql": 1}}, {"topics": {"git": 1}}, Learner(wanted=frozenset({"sql"}))),
        ({"topics": {"git": 2}}, {"topics": {"git": 1}}, Learner({"git": 1})),
        ({"topics": {"git": 2}}, {"topics": {"git": 5}}, Learner({"git": 1})),
        ({"languages": ("zh",)}, {"languages": ("en",)}, Learner(language="zh-TW")),
        ({"stars_sum": 50, "stars_count": 10}, {"stars_sum": 20, "stars_count": 10}, Learner()),
        ({"enrolled": 90}, {"enrolled": 3}, Learner()),
        ({}, {"requires": ("x",)}, Learner()),
        ({"id": 2}, {"id": 1}, Learner(taken=frozenset({1}))),
    ],
)
def test_more_of_what_counts_fits_better(
    better: Mapping[str, object], worse: Mapping[str, object], learner: Learner
) -> None:
    assert fit(facts(**better), learner, POLICY) > fit(facts(**worse), learner, POLICY)


def test_one_rating_neither_makes_nor_breaks_a_course() -> None:
    assert stars(1, 1, POLICY) > 3
    assert stars(5, 1, POLICY) < stars(48, 10, POLICY)


def test_an_average_is_shown_in_half_stars_from_five_raters_on() -> None:
    assert reviews.half_stars(20, 4) is None
    assert reviews.half_stars(22, 5) == 4.5
    assert reviews.half_stars(21, 5) == 4.0
    assert {FIT, RATING, POPULAR, NEW} == set(SORTS)
