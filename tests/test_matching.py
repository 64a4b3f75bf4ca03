"""Ranking: scores by hand, promises as properties, hours against real datetimes, reasons that are true."""

import random
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.find import invented, reference
from core.matching import Candidate, Free, MentorIndex, MentorRow, Query, Reason
from core.matching.hours import common_hours, pattern, week_bits
from core.policy import FORMATS, Policy, Weights

POLICY = Policy()
WEEK = date(2026, 2, 23)
ALL = 1000
BROADER = {"react": ("frontend",), "vue": ("frontend",), "numpy": ("python", "data")}
TOPICS = ("python", "sql", "frontend", "react", "vue", "numpy", "data")

PLAIN = MentorRow(
    user_id=1,
    topics=(("python", 5),),
    zone="UTC",
    free=(),
    languages=(),
    formats=(),
    hours_left=4.0,
    stars_sum=0.0,
    stars_count=0,
    offers_answered=0,
    offers_sent=0,
    available=True,
)
WISH = Query(topics=(("python", None),), zone="UTC", free=(), languages=(), week=WEEK)


def wider(topic: str) -> tuple[str, ...]:
    return BROADER.get(topic, ())


def built(*rows: MentorRow, policy: Policy = POLICY) -> MentorIndex:
    return MentorIndex.build(rows, wider, policy)


def ids(found: tuple[Candidate, ...]) -> list[int]:
    return [candidate.user_id for candidate in found]


def keys(candidate: Candidate) -> list[str]:
    return [reason.key for reason in candidate.reasons]


def parts_of(index: MentorIndex, query: Query, user: int) -> dict[str, float]:
    return next((dict(one.parts) for one in index.rank(query, ALL) if one.user_id == user), {})


quarters = st.integers(0, 95).map(lambda quarter: quarter * 15)
zones = st.sampled_from(
    (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Chatham",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
    )
)
weeks = st.sampled_from(
    (WEEK, date(2026, 3, 2), date(2026, 3, 23), date(2026, 3, 30), date(2026, 9, 28), date(2026, 10, 19))
)
parts_of_week = st.tuples(
    st.integers(0, 6), quarters, st.integers(1, 96).map(lambda quarter: quarter * 15)
).filter(lambda part: part[1] < part[2])
frees: st.SearchStrategy[Free] = st.lists(parts_of_week, max_size=4).map(tuple)
languages = st.lists(st.sampled_from(("en", "zh", "es")), unique=True, max_size=3).map(tuple)
levels = st.integers(1, 5)


some_free: st.SearchStrategy[Free] = st.sampled_from(
    ((), ((0, 540, 1020), (2, 540, 720)), ((6, 0, 1440),), ((4, 1080, 1335), (5, 600, 615)))
)
mentor = st.builds(
    MentorRow,
    user_id=st.integers(1, 20),
    topics=st.dictionaries(st.sampled_from(TOPICS), levels, max_size=4).map(
        lambda known: tuple(known.items())
    ),
    zone=zones,
    free=some_free,
    languages=languages,
    formats=st.sampled_from(((), ("call",), ("call", "review"), FORMATS)),
    hours_left=st.sampled_from((0.5, 2.0, 9.0, 0.0, -1.0)),
    stars_sum=st.sampled_from((18.0, 20.0, 25.0)),
    stars_count=st.integers(5, 7),
    offers_answered=st.integers(0, 4),
    offers_sent=st.integers(4, 5),
    available=st.sampled_from((True, True, True, False)),
)


def mentor_rows(most: int = 6) -> st.SearchStrategy[list[MentorRow]]:
    return st.lists(mentor, max_size=most, unique_by=lambda row: row.user_id)


queries = st.builds(
    Query,
    topics=st.dictionaries(st.sampled_from((*TOPICS, "unheard-of")), st.none() | levels, max_size=3).map(
        lambda wanted: tuple(wanted.items())
    ),
    zone=zones,
    free=some_free,
    languages=languages,
    week=weeks,
    wanted_languages=languages,
    format=st.sampled_from((None, *FORMATS)),
    excluded=st.frozensets(st.integers(1, 20), max_size=4),
)


# By hand


def test_the_score_is_what_one_works_out_by_hand() -> None:
    lee = replace(
        PLAIN,
        topics=(("python", 5), ("sql", 3)),
        free=((0, 18 * 60, 21 * 60),),
        languages=("en", "zh"),
        formats=("call",),
        hours_left=2.0,
        stars_sum=50.0,
        stars_count=10,
        offers_answered=7,
        offers_sent=8,
    )
    query = replace(
        WISH,
        topics=(("python", 2), ("sql", 5)),
        free=((0, 12 * 60, 20 * 60),),
        languages=("zh", "es"),
        format="call",
    )
    (found,) = built(lee).rank(query, 3)
    assert found.parts == pytest.approx(
        {
            "topics": (1.0 + 0.8) / 2,
            "hours": 2 / 6,
            "languages": 1 / 2,
            "capacity": 2 / 4,
            "format": 1.0,
            "rating": ((4.0 * 5 + 50) / 15 - 1) / 4,
            "answers": 8 / 10,
            "seniority": (1.0 + 0.0) / 2,
        }
    )
    by_hand = 0.4 * 0.9 + 0.14 / 3 + 0.1 / 2 + 0.08 / 2 + 0.06 + 0.08 * 11 / 12 + 0.08 * 0.8 + 0.06 / 2
    assert found.score == pytest.approx(by_hand, abs=1e-8)
    assert found.reasons == (
        Reason("reason.topics", {"topics": ["python", "sql"], "level": None}),
        Reason("reason.rating", {"stars": 5.0, "count": 10}),
        Reason("reason.answers", {"rate": 0.88, "answered": 7, "sent": 8}),
        Reason("reason.format", {"format": "call"}),
    )


def test_what_nobody_told_counts_neither_for_nor_against() -> None:
    (found,) = built(PLAIN).rank(WISH, 1)
    for part in ("hours", "languages", "format", "seniority"):
        assert found.parts[part] == 0.5
    assert keys(found) == ["reason.topics", "reason.capacity"]


def test_a_narrower_topic_earns_part_of_the_credit_and_is_named_as_it_is() -> None:
    react = replace(PLAIN, user_id=2, topics=(("react", 5),))
    frontend = replace(PLAIN, user_id=3, topics=(("frontend", 5),))
    best, next_best = built(PLAIN, react, frontend).rank(replace(WISH, topics=(("frontend", None),)), 3)
    assert (best.user_id, next_best.user_id) == (3, 2)
    assert next_best.parts["topics"] == pytest.approx(0.6 * best.parts["topics"])
    assert next_best.reasons[0] == Reason("reason.topics", {"topics": ["react"], "level": 5})


def test_who_knows_only_the_broader_topic_is_no_candidate_for_the_narrower() -> None:
    assert (
        built(replace(PLAIN, topics=(("frontend", 5),))).rank(replace(WISH, topics=(("react", None),)), 3)
        == ()
    )


def test_the_rarer_of_two_topics_counts_more() -> None:
    many = [replace(PLAIN, user_id=user) for user in range(1, 10)]
    rare = replace(PLAIN, user_id=99, topics=(("sql", 5),))
    index = built(*many, rare)
    assert index.rank(replace(WISH, topics=(("python", None), ("sql", None))), 1)[0].user_id == 99


@pytest.mark.parametrize(("mentee", "part"), [(1, 0.75), (2, 1.0), (4, 1.0), (5, 0.5), (None, 0.5)])
def test_a_mentor_a_few_levels_ahead_fits_best(mentee: int | None, part: float) -> None:
    assert parts_of(built(PLAIN), replace(WISH, topics=(("python", mentee),)), 1)["seniority"] == part


def test_without_a_wanted_topic_everybody_is_a_candidate() -> None:
    index = built(PLAIN, replace(PLAIN, user_id=2, topics=()))
    assert ids(index.rank(replace(WISH, topics=()), 5)) == [1, 2]


def test_who_has_no_hours_left_or_is_not_available_is_no_candidate() -> None:
    index = built(replace(PLAIN, user_id=2, hours_left=0.0), replace(PLAIN, user_id=3, available=False))
    assert index.rank(WISH, 5) == ()
    assert len(index) == 2


def test_a_language_asked_for_in_words_is_demanded_unless_nobody_speaks_it() -> None:
    spanish = replace(PLAIN, user_id=2, languages=("es",), hours_left=0.5)
    index = built(PLAIN, spanish, replace(PLAIN, user_id=3, languages=("en", "zh")))
    (found,) = index.rank(replace(WISH, languages=("en",), wanted_languages=("es",)), 5)
    assert found.user_id == 2
    assert Reason("reason.languages", {"languages": ["es"]}) in found.reasons
    assert ids(index.rank(replace(WISH, languages=("zh",), wanted_languages=("fr",)), 5)) == [3, 1, 2]
    without = replace(WISH, wanted_languages=("es",), excluded=frozenset({2}))
    assert ids(index.rank(without, 5)) == [1, 3]


def test_the_language_all_of_the_community_speaks_is_no_reason() -> None:
    index = built(replace(PLAIN, languages=("en", "zh")))
    (english,) = index.rank(replace(WISH, languages=("en",)), 1)
    (chinese,) = index.rank(replace(WISH, languages=("zh", "en")), 1)
    assert "reason.languages" not in keys(english)
    assert Reason("reason.languages", {"languages": ["zh"]}) in chinese.reasons


def test_equal_mentors_come_in_the_order_of_their_ids() -> None:
    rows = [replace(PLAIN, user_id=user) for user in (5, 3, 9, 1, 7)]
    assert ids(built(*rows).rank(WISH, 3)) == [1, 3, 5]


def test_few_ratings_are_never_shown() -> None:
    few, enough = (replace(PLAIN, stars_sum=5.0 * count, stars_count=count) for count in (4, 5))
    assert "reason.rating" not in keys(built(few).rank(WISH, 1)[0])
    assert "reason.rating" in keys(built(enough).rank(WISH, 1)[0])


def test_nobody_and_nothing_give_nothing() -> None:
    assert built().rank(WISH, 5) == ()
    assert built(PLAIN).rank(WISH, 0) == ()
    assert built(PLAIN).rank(replace(WISH, topics=(("unheard-of", None),)), 5) == ()


def test_weights_of_the_policy_decide() -> None:
    rated = replace(PLAIN, user_id=2, topics=(("python", 1),), stars_sum=500.0, stars_count=100)
    only_rating = Weights(
        topics=0, hours=0, languages=0, capacity=0, format=0, rating=3, answers=0, seniority=0
    )
    assert ids(built(PLAIN, rated).rank(WISH, 2)) == [1, 2]
    best, other = built(PLAIN, rated, policy=replace(POLICY, weights=only_rating)).rank(WISH, 2)
    assert (best.user_id, other.user_id) == (2, 1)
    assert [best.score, other.score] == pytest.approx([best.parts["rating"], 0.75])


# Hours in common


def in_common(one: tuple[str, Free], other: tuple[str, Free], week: date) -> float:
    bits = week_bits([pattern(*one), pattern(*other)], week)
    return float(common_hours(bits[:, :1], bits[:, 1:])[0])


def walked(one: tuple[str, Free], other: tuple[str, Free], week: date) -> float:
    """Hours in common, found by asking of every quarter of the real week whether each is free in it."""
    start = datetime(week.year, week.month, week.day, tzinfo=UTC)
    found = 0
    for quarter in range(7 * 96):
        moment = start + timedelta(minutes=15 * quarter)
        found += all(is_free(moment.astimezone(ZoneInfo(zone)), free) for zone, free in (one, other))
    return found / 4


def is_free(local: datetime, free: Free) -> bool:
    minute = local.hour * 60 + local.minute
    return any(day == local.weekday() and begin <= minute and minute + 15 <= end for day, begin, end in free)


@settings(max_examples=150, deadline=None)
@given(st.tuples(zones, frees), st.tuples(zones, frees), weeks)
def test_common_hours_are_those_of_the_real_week(
    one: tuple[str, Free], other: tuple[str, Free], week: date
) -> None:
    assert in_common(one, other, week) == walked(one, other, week)


def test_a_change_of_summer_time_inside_the_week_counts() -> None:
    madrid, new_york = (
        ("Europe/Madrid", ((6, 14 * 60, 17 * 60),)),
        ("America/New_York", ((6, 9 * 60, 12 * 60),)),
    )
    assert in_common(madrid, new_york, date(2026, 2, 23)) == 2
    assert in_common(madrid, new_york, date(2026, 3, 2)) == 3


def test_an_hour_that_does_not_exist_is_not_free_and_one_that_comes_twice_is_free_twice() -> None:
    night = ("Europe/Berlin", ((6, 2 * 60, 3 * 60),))
    assert [in_common(night, night, week) for week in (WEEK, date(2026, 3, 23), date(2026, 10, 19))] == [
        1,
        0,
        2,
    ]


def test_zones_off_by_half_and_three_quarters_of_an_hour_lose_nothing() -> None:
    evening: Free = ((2, 18 * 60, 21 * 60),)
    assert in_common(("Asia/Kathmandu", evening), ("Asia/Kathmandu", evening), WEEK) == 3
    assert in_common(("Asia/Kathmandu", evening), ("Asia/Kolkata", evening), WEEK) == 2.75


def test_a_part_of_the_day_may_run_past_midnight_and_past_the_week() -> None:
    late = ("UTC", ((6, 23 * 60, 60),))
    assert in_common(late, ("UTC", ((0, 0, 2 * 60),)), WEEK) == 1
    assert in_common(late, late, WEEK) == 2


def test_minutes_between_quarters_are_not_promised() -> None:
    assert in_common(("UTC", ((0, 5, 55),)), ("UTC", ((0, 0, 60),)), WEEK) == 0.5


def test_hours_are_compared_in_the_week_of_the_query_whichever_came_before() -> None:
    mentor = replace(PLAIN, zone="America/New_York", free=((6, 9 * 60, 12 * 60),))
    query = replace(WISH, zone="Europe/Madrid", free=((6, 14 * 60, 17 * 60),))
    index = built(mentor)
    hours = [
        index.rank(replace(query, week=week), 1)[0].reasons[1] for week in (WEEK, date(2026, 3, 2), WEEK)
    ]
    assert [reason.params["hours"] for reason in hours] == [2, 3, 2]
    newer = index.updated(
        [replace(mentor, user_id=2, zone="America/Chicago", free=((6, 7 * 60, 12 * 60),))], ()
    )
    assert ids(newer.rank(query, 2)) == [2, 1]


# Promises


@settings(max_examples=150, deadline=None)
@given(mentor_rows(), queries, st.integers(1, 5))
def test_ranking_is_exact(rows: list[MentorRow], query: Query, limit: int) -> None:
    found = [(one.user_id, one.score) for one in built(*rows).rank(query, limit)]
    expected = reference(rows, query, limit, POLICY, wider)
    assert [user for user, _ in found] == [user for user, _ in expected]
    assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=2e-9)


def test_ranking_is_exact_among_many() -> None:
    rows = invented(3000, random.Random(4))
    index = MentorIndex.build(rows, wider, POLICY)
    query = replace(
        WISH,
        topics=(("t0", 2), ("t3", None)),
        zone="Asia/Kolkata",
        free=((1, 600, 1200),),
        languages=("en", "hi"),
    )
    found = [(one.user_id, one.score) for one in index.rank(query, 50)]
    assert found == reference(rows, query, 50, POLICY, wider)


@settings(max_examples=150, deadline=None)
@given(mentor_rows(), queries, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_topics_changes_nothing(
    rows: list[MentorRow], query: Query, chance: random.Random
) -> None:
    shuffled = chance.sample(rows, len(rows))
    turned = replace(query, topics=query.topics[::-1])
    first, second = built(*rows).rank(query, ALL), built(*shuffled).rank(turned, ALL)
    assert [(one.user_id, one.score, one.parts) for one in first] == [
        (one.user_id, one.score, one.parts) for one in second
    ]


@settings(max_examples=150, deadline=None)
@given(
    mentor_rows(),
    st.lists(st.tuples(mentor_rows(most=4), st.lists(st.integers(1, 20), max_size=4)), max_size=4),
    queries,
)
def test_an_updated_snapshot_is_the_one_built_from_scratch(
    rows: list[MentorRow], changes: list[tuple[list[MentorRow], list[int]]], query: Query
) -> None:
    index, now = built(*rows), {row.user_id: row for row in rows}
    before = index.rank(query, ALL)
    latest = index
    for changed, removed in changes:
        latest = latest.updated(changed, removed)
        latest.rank(query, 1)
        now |= {row.user_id: row for row in changed}
        now = {user: row for user, row in now.items() if user not in removed}
    assert len(latest) == len(now)
    assert latest.rank(query, ALL) == built(*now.values()).rank(query, ALL)
    assert index.rank(query, ALL) == before


@settings(max_examples=150, deadline=None)
@given(mentor_rows(), queries)
def test_nobody_is_ranked_who_must_not_be(rows: list[MentorRow], query: Query) -> None:
    may = {row.user_id for row in rows if row.available and row.hours_left > 0} - query.excluded
    found = ids(built(*rows).rank(query, ALL))
    assert set(found) <= may
    assert len(set(found)) == len(found)


@settings(max_examples=150, deadline=None)
@given(mentor_rows(), queries, levels, st.sampled_from(TOPICS))
def test_learning_a_wanted_topic_never_lowers_the_part_of_topics(
    rows: list[MentorRow], query: Query, level: int, topic: str
) -> None:
    query = replace(query, topics=(*query.topics, (topic, None)), wanted_languages=(), excluded=frozenset())
    learner = replace(PLAIN, user_id=50, topics=tuple((known, 3) for known in TOPICS[:2] if known != topic))
    index = built(*rows, learner)
    before = parts_of(index, query, 50).get("topics", 0.0)
    learnt = index.updated([replace(learner, topics=(*learner.topics, (topic, level)))], ())
    assert parts_of(learnt, query, 50)["topics"] >= before - 1e-12


@settings(max_examples=150, deadline=None)
@given(mentor_rows(), queries)
def test_asking_for_one_more_topic_never_hurts_who_masters_it(rows: list[MentorRow], query: Query) -> None:
    master = replace(PLAIN, user_id=50, topics=(("sql", 2), ("vue", 4), ("python", 5)))
    topics = tuple((topic, level) for topic, level in query.topics if topic != "python")
    query = replace(query, topics=(*topics, ("sql", None)), wanted_languages=(), excluded=frozenset())
    index = built(*rows, master)
    more = replace(query, topics=(*query.topics, ("python", None)))
    assert parts_of(index, more, 50)["topics"] >= parts_of(index, query, 50)["topics"] - 1e-12


@settings(max_examples=150, deadline=None)
@given(mentor_rows(), queries)
def test_scores_are_the_weighted_mean_of_parts_and_reasons_are_true(
    rows: list[MentorRow], query: Query
) -> None:
    weights = asdict(POLICY.weights)
    by_id = {row.user_id: row for row in rows}
    for one in built(*rows).rank(query, ALL):
        assert one.parts.keys() == weights.keys()
        assert all(0 <= part <= 1 for part in one.parts.values())
        mean = sum(weights[name] * part for name, part in one.parts.items()) / sum(weights.values())
        assert one.score == pytest.approx(mean, abs=2e-9)
        assert len(keys(one)) == len(set(keys(one))) <= 4
        for reason in one.reasons:
            assert is_true(reason, by_id[one.user_id], query), (reason, by_id[one.user_id])


def is_true(reason: Reason, row: MentorRow, query: Query) -> bool:
    said = dict(reason.params)
    known, asked = dict(row.topics), {topic for topic, _ in query.topics}
    match reason.key, said:
        case "reason.topics", {"topics": list(topics), "level": level}:
            levels = {known[topic] for topic in topics}
            answer = all(topic in asked or asked.intersection(wider(topic)) for topic in topics)
            return answer and bool(topics) and level == (levels.pop() if len(topics) == 1 else None)
        case "reason.hours", {"hours": int(hours)}:
            common = walked((row.zone, row.free), (query.zone, query.free), query.week)
            return bool(row.free and query.free) and 1 <= hours <= common < hours + 1
        case "reason.languages", {"languages": list(spoken)}:
            return bool(spoken) and set(spoken) <= set(row.languages) & {
                *query.languages,
                *query.wanted_languages,
            }
        case "reason.format", {"format": liked}:
            return liked == query.format and liked in row.formats
        case "reason.rating", {"stars": float(stars), "count": count}:
            mean = row.stars_sum / row.stars_count
            return count == row.stars_count >= 5 and mean >= 4 and abs(stars - mean) <= 0.25
        case "reason.answers", {"rate": float(rate), "answered": answered, "sent": sent}:
            same = (answered, sent) == (row.offers_answered, row.offers_sent)
            return same and 0.75 <= rate <= 1 and abs(rate - row.offers_answered / row.offers_sent) < 0.006
        case "reason.capacity", {"hours": hours}:
            return hours == row.hours_left and row.hours_left >= POLICY.budget_hours / 2
    return False
