"""Ten best of a hundred thousand invented mentors, with reasons, against a plain reference and against SQL.

`python -m benchmarks.find [--json] [--mentors N] [--seed N]`. The tests compare with the same reference.
"""

import argparse
import json
import math
import random
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from zoneinfo import ZoneInfo

from core.matching import Free, MentorIndex, MentorRow, Query, Wider
from core.policy import FORMATS, Policy

WEEK = date(2026, 3, 2)
TOPICS = 400
BROAD = 40
LIMIT = 10
ZONES = (
    *(
        "Europe/Madrid",
        "Europe/Berlin",
        "Europe/London",
        "Europe/Kyiv",
        "America/New_York",
        "America/Chicago",
    ),
    *("America/Los_Angeles", "America/Sao_Paulo", "America/Bogota", "Africa/Lagos", "Africa/Nairobi"),
    *("Asia/Kolkata", "Asia/Kathmandu", "Asia/Shanghai", "Asia/Tokyo", "Asia/Singapore", "Asia/Tehran"),
    *("Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland"),
)
LANGUAGES = ("en", "zh", "es", "pt", "hi", "de", "fr", "ja", "ru", "ar", "uk", "sw")
PARTS_OF_DAY = ((6, 9), (9, 12), (12, 14), (14, 18), (18, 22))


def broader(topic: str) -> tuple[str, ...]:
    """The broader topic of an invented one: every topic but the first forty belongs to one of these."""
    rank = int(topic[1:])
    return (f"t{rank % BROAD}",) if rank >= BROAD else ()


def invented_free(rng: random.Random) -> Free:
    """One or two parts of the day on some days of the week; a tenth gave none."""
    if rng.random() < 0.1:
        return ()
    days = sorted(rng.sample(range(7), rng.randint(1, 6)))
    parts = sorted(rng.sample(PARTS_OF_DAY, rng.choice((1, 1, 2))))
    return tuple((day, begin * 60, end * 60) for day in days for begin, end in parts)


def invented(count: int, rng: random.Random) -> list[MentorRow]:
    """Mentors as they sign up: topics by Zipf's law over 400, 2 to 6 each."""
    slugs = [f"t{rank}" for rank in range(TOPICS)]
    popularity = [1 / (rank + 1) for rank in range(TOPICS)]
    rows = []
    for user in range(1, count + 1):
        topics = dict.fromkeys(rng.choices(slugs, popularity, k=rng.randint(2, 6)))
        sent, ratings = rng.randint(0, 12), rng.choice((0, 0, 1, 3, 8, 20))
        rows.append(
            MentorRow(
                user_id=user,
                topics=tuple((topic, rng.randint(1, 5)) for topic in topics),
                zone=rng.choice(ZONES),
                free=invented_free(rng),
                languages=tuple(dict.fromkeys(("en", *rng.choices(LANGUAGES, k=rng.randint(0, 2))))),
                formats=tuple(rng.sample(FORMATS, rng.randint(0, 3))),
                hours_left=rng.choice((0, 0.5, 1, 2, 3, 4, 6)),
                stars_sum=float(sum(rng.randint(2, 5) for _ in range(ratings))),
                stars_count=ratings,
                offers_answered=rng.randint(0, sent),
                offers_sent=sent,
                available=rng.random() < 0.95,
            )
        )
    return rows


def asked() -> dict[str, Query]:
    """The shapes of a request, by name; t0 is the most popular topic of all."""
    evenings = tuple((day, 18 * 60, 22 * 60) for day in range(5))
    plain = Query(
        topics=(("t0", 2),),
        zone="Europe/Madrid",
        free=evenings,
        languages=("en", "es"),
        week=WEEK,
        format="call",
    )
    return {
        "one popular topic": plain,
        "one rare topic": replace(plain, topics=(("t300", 1),)),
        "two topics": replace(plain, topics=(("t5", 2), ("t60", None))),
        "three topics": replace(plain, topics=(("t7", 1), ("t25", 3), ("t120", 2))),
        "three most popular": replace(plain, topics=(("t0", 1), ("t1", 2), ("t2", 3))),
        "in Spanish": replace(plain, topics=(("t0", 1), ("t1", None)), wanted_languages=("es",)),
        "any topic": replace(plain, topics=()),
    }


# The reference: the rules once more, in plain Python and one mentor at a time.


@lru_cache(maxsize=4096)
def utc_quarters(zone: str, week: date) -> dict[tuple[int, int], list[int]]:
    """Real instants of the UTC week, as quarters from its start, by local weekday and minute of the day."""
    start = datetime(week.year, week.month, week.day, tzinfo=UTC)
    found: dict[tuple[int, int], list[int]] = {}
    for quarter in range(7 * 96):
        local = (start + timedelta(minutes=15 * quarter)).astimezone(ZoneInfo(zone))
        found.setdefault((local.weekday(), local.hour * 60 + local.minute), []).append(quarter)
    return found


@lru_cache(maxsize=200_000)
def free_quarters(zone: str, free: Free, week: date) -> int:
    """The free quarters of a real UTC week as the bits of one number."""
    instants = utc_quarters(zone, week)
    bits = 0
    for day, begin, end in free:
        for minute in range(begin, end, 15):
            for quarter in instants.get((day, minute), ()):
                bits |= 1 << quarter
    return bits


def fit_of(row: MentorRow, topic: str, wider: Wider) -> tuple[float, int | None]:
    """How well a mentor knows a topic, and at which level; (0, None) for not at all."""
    direct = [level for own, level in row.topics if own == topic]
    if direct:
        return (max(direct) + 5) / 10, max(direct)
    narrower = [level for own, level in row.topics if topic in wider(own)]
    return (0.6 * (max(narrower) + 5) / 10, max(narrower)) if narrower else (0.0, None)


def reference_parts(
    row: MentorRow,
    query: Query,
    rarity: Mapping[str, float],
    languages: Sequence[str],
    *,
    policy: Policy,
    wider: Wider,
) -> dict[str, float]:
    """The parts of one match."""
    fits = {topic: fit_of(row, topic, wider) for topic in rarity}
    ahead = []
    for topic, (_, level) in fits.items():
        own = max((mine for name, mine in query.topics if name == topic and mine is not None), default=None)
        gap = None if own is None or level is None else level - own
        ahead.append(
            0.5 if gap is None else {-1: 0.25, 0: 0.5, 1: 1.0, 2: 1.0, 3: 1.0, 4: 0.75}.get(gap, 0.0)
        )
    hours = 0.5
    if query.free and row.free:
        mine, theirs = (free_quarters(who.zone, who.free, query.week) for who in (query, row))
        hours = min((mine & theirs).bit_count() / 4 / 6, 1.0)
    spoken = 0.5
    if languages and row.languages:
        spoken = len(set(languages) & set(row.languages)) / len(set(languages))
    stars = (policy.prior_stars * policy.prior_ratings + row.stars_sum) / (
        policy.prior_ratings + row.stars_count
    )
    return {
        "topics": sum(rarity[t] * fits[t][0] for t in rarity) / sum(rarity.values()) if rarity else 0.5,
        "hours": hours,
        "languages": spoken,
        "capacity": min(row.hours_left / policy.budget_hours, 1.0),
        "format": float(query.format in row.formats) if query.format and row.formats else 0.5,
        "rating": (stars - 1) / 4,
        "answers": (row.offers_answered + 1) / (row.offers_sent + 2),
        "seniority": statistics.fmean(ahead) if ahead else 0.5,
    }


def reference(
    rows: Sequence[MentorRow], query: Query, limit: int, policy: Policy, wider: Wider
) -> list[tuple[int, float]]:
    """User ids and scores of the best mentors, worked out one by one."""
    knowing = Counter(
        topic for row in rows for topic in {own for slug, _ in row.topics for own in (slug, *wider(slug))}
    )
    rarity = {topic: math.log(1 + len(rows) / (1 + knowing[topic])) for topic, _ in query.topics}
    fitting = [
        row
        for row in rows
        if row.available
        and row.hours_left > 0
        and row.user_id not in query.excluded
        and (not rarity or any(fit_of(row, topic, wider)[0] for topic in rarity))
    ]
    speaking = [row for row in fitting if set(row.languages) & set(query.wanted_languages)]
    languages = query.wanted_languages if speaking else query.languages
    weights = asdict(policy.weights)
    scores = []
    for row in speaking or fitting:
        parts = reference_parts(row, query, rarity, languages, policy=policy, wider=wider)
        score = sum(weights[name] * part for name, part in parts.items()) / sum(weights.values())
        scores.append((row.user_id, round(score, 9)))
    return sorted(scores, key=lambda pair: (-pair[1], pair[0]))[:limit]


# SQL with a link table has the lighter task: topics and what is fixed; no hours, languages, formats, reasons.

SQL = """
SELECT k.user_id, SUM(k.fit * w.share) * 0.4 + MAX(m.fixed) AS score
FROM wanted w CROSS JOIN knows k ON k.topic = w.topic CROSS JOIN mentors m ON m.user_id = k.user_id
WHERE m.open GROUP BY k.user_id ORDER BY score DESC, k.user_id LIMIT ?
"""


def database(rows: Iterable[MentorRow], wider: Wider) -> sqlite3.Connection:
    """The mentors in SQLite, in memory, with the link table indexed by topic."""
    db = sqlite3.connect(":memory:")
    db.executescript("""
        CREATE TABLE mentors (user_id INTEGER PRIMARY KEY, fixed REAL, open INTEGER);
        CREATE TABLE knows (
            topic TEXT, user_id INTEGER, fit REAL, PRIMARY KEY (topic, user_id)
        ) WITHOUT ROWID;
        CREATE TABLE wanted (topic TEXT PRIMARY KEY, share REAL);
    """)
    for row in rows:
        fixed = 0.08 * (
            row.hours_left / 4 + row.stars_sum / 100 + (row.offers_answered + 1) / (row.offers_sent + 2)
        )
        db.execute(
            "INSERT INTO mentors VALUES (?, ?, ?)", (row.user_id, fixed, row.available and row.hours_left > 0)
        )
        known = {topic for slug, _ in row.topics for topic in (slug, *wider(slug))}
        db.executemany(
            "INSERT INTO knows VALUES (?, ?, ?)", [(t, row.user_id, fit_of(row, t, wider)[0]) for t in known]
        )
    db.execute("ANALYZE")
    return db


def ask_sql(db: sqlite3.Connection, query: Query) -> None:
    """Ten best by topic from the link table."""
    db.execute("DELETE FROM wanted")
    db.executemany(
        "INSERT INTO wanted VALUES (?, ?)", [(topic, 1 / len(query.topics)) for topic, _ in query.topics]
    )
    db.execute(SQL, (LIMIT,)).fetchall()


def timed(run: Callable[[], object], times: int) -> list[float]:
    """How long each of some runs took, in milliseconds."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        took.append((time.perf_counter() - start) * 1000)
    return took


def measure(mentors: int, seed: int) -> dict[str, object]:
    """All figures; times in milliseconds unless the name says otherwise."""
    rng = random.Random(seed)
    rows, policy, queries = invented(mentors, rng), Policy(), asked()
    start = time.perf_counter()
    index = MentorIndex.build(rows, broader, policy)
    build_s = time.perf_counter() - start

    first_of_week_ms = timed(lambda: index.rank(queries["two topics"], LIMIT), 1)[0]
    runs = {name: timed(partial(index.rank, query, LIMIT), 60) for name, query in queries.items()}
    together = sorted(took for each in runs.values() for took in each)
    db = database(rows, broader)
    sql = {
        name: statistics.median(timed(partial(ask_sql, db, query), 5))
        for name, query in queries.items()
        if query.topics
    }
    db.close()

    exact = all(
        [(one.user_id, one.score) for one in index.rank(query, LIMIT)]
        == reference(rows, query, LIMIT, policy, broader)
        for query in queries.values()
    )
    some = [
        replace(row, hours_left=1.5, topics=row.topics[1:]) for row in rng.sample(rows, min(100, mentors))
    ]
    medians = {name: statistics.median(took) for name, took in runs.items()}
    return {
        "mentors": mentors,
        "median_ms": round(statistics.median(together), 3),
        "p99_ms": round(together[int(len(together) * 0.99)], 3),
        "slowest_median_ms": round(max(medians.values()), 3),
        "exact": exact,
        "ratio_sql": round(sum(sql.values()) / sum(medians[name] for name in sql), 1),
        "build_s": round(build_s, 2),
        "first_of_week_ms": round(first_of_week_ms, 1),
        "update_1_ms": round(statistics.median(timed(lambda: index.updated(some[:1], ()), 20)), 2),
        "update_100_ms": round(statistics.median(timed(lambda: index.updated(some, ()), 10)), 2),
        "patterns": len(index.patterns),
        "shapes": {
            name: {"median_ms": round(took, 3), "sql_ms": round(sql[name], 1) if name in sql else None}
            for name, took in medians.items()
        },
    }


def main() -> None:
    """Measure and print, as a table or as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.find", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--mentors", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    figures = measure(chosen.mentors, chosen.seed)
    if chosen.json:
        print(json.dumps(figures))
        return
    shapes = figures.pop("shapes")
    for name, figure in figures.items():
        print(f"{name:20} {figure}")
    if isinstance(shapes, dict):
        for name, figure in shapes.items():
            print(f"{name:20} {figure['median_ms']:8.3f} ms   SQL {figure['sql_ms'] or '-':>8}")


if __name__ == "__main__":
    main()
