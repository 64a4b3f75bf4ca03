"""What people type, in tables, and that nothing they type raises or takes long."""

import json
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.availability import Span, merge
from core.reading import (
    Problem,
    day,
    in_words,
    language,
    languages,
    moment,
    number,
    until,
    week,
    week_from_parts,
    yes,
    zone,
)

TODAY = date(2026, 3, 2)  # a Monday
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)  # eleven in Madrid
MADRID = "Europe/Madrid"


def key(outcome: object) -> str:
    assert isinstance(outcome, Problem), outcome
    return outcome.key


# Days

DAYS = {
    "2026-03-05": "2026-03-05",
    "2026/3/5": "2026-03-05",
    "２０２６－０３－０５": "2026-03-05",
    "3 March": "2026-03-03",
    "3rd of March": "2026-03-03",
    "March 3": "2026-03-03",
    "march 3rd, 2027": "2027-03-03",
    "1 March": "2027-03-01",
    "29 Feb": "2028-02-29",
    "3.3.": "2026-03-03",
    "3.3.26": "2026-03-03",
    "3/4": "2026-04-03",
    "3/25": "2026-03-25",
    "5th": "2026-03-05",
    "today": "2026-03-02",
    "Tomorrow!": "2026-03-03",
    "the day after tomorrow": "2026-03-04",
    "monday": "2026-03-02",
    "Fri": "2026-03-06",
    "this friday": "2026-03-06",
    "on Friday": "2026-03-06",
    "next friday": "2026-03-13",
    "next monday": "2026-03-09",
    "Friday, 6 March": "2026-03-06",
    "in 3 days": "2026-03-05",
    "in two weeks": "2026-03-16",
    "in a week": "2026-03-09",
    "in 1 month": "2026-04-02",
    "3 weeks from now": "2026-03-23",
    "今天": "2026-03-02",
    "明天": "2026-03-03",
    "后天": "2026-03-04",
    "後天": "2026-03-04",
    "大后天": "2026-03-05",
    "周五": "2026-03-06",
    "星期五": "2026-03-06",
    "礼拜天": "2026-03-08",
    "这周五": "2026-03-06",
    "下周三": "2026-03-11",
    "下下周一": "2026-03-16",
    "3月5日": "2026-03-05",
    "3月5号": "2026-03-05",
    "三月二十五日": "2026-03-25",
    "2026年3月5日": "2026-03-05",
    "明年1月1日": "2027-01-01",
    "5号": "2026-03-05",
    "下个月5号": "2026-04-05",
    "周五3月6日": "2026-03-06",
    "3月6日（周五）": "2026-03-06",
    "3天后": "2026-03-05",
    "两周后": "2026-03-16",
}


@pytest.mark.parametrize(("typed", "expected"), DAYS.items())
def test_a_day(typed: str, expected: str) -> None:
    assert day(typed, TODAY) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    "typed",
    ["", "soon", "31.2.", "2026-02-30", "32 March", "Tuesday 6 March", "13月5日", "0000-01-01",
     "in 9999 years", "十百千", "9999-12-31", "tomorrow tomorrow", "3" * 5000, "monday " * 40],
)  # fmt: skip
def test_no_day(typed: str) -> None:
    assert key(day(typed, TODAY)) == "error.day.unreadable"


def test_the_order_of_day_and_month_follows_the_locale() -> None:
    assert day("3/4", TODAY, "en") == day("3/4", TODAY, "en-GB") == date(2026, 4, 3)
    assert day("3/4", TODAY, "en-US") == day("3/4", TODAY, "en_US") == date(2026, 3, 4)
    for chinese in ("zh", "zh-CN", "zh_TW", "zh-Hant-HK"):
        assert day("3/4", TODAY, chinese) == day("3/4/2026", TODAY, chinese) == date(2026, 3, 4)
        assert day("25/3", TODAY, chinese) == day("3/25", TODAY, chinese) == date(2026, 3, 25)
    assert moment("3/4 18:00", NOW, MADRID, "zh-CN") == datetime(2026, 3, 4, 17, 0, tzinfo=UTC)
    assert until("到3/4", TODAY, "zh") == date(2026, 3, 4)
    assert day("3.4.", TODAY, "en-US") == date(2026, 4, 3)
    assert day("25/3", TODAY, "en-US") == date(2026, 3, 25)


def test_a_day_that_is_over_is_a_problem_where_it_has_to_come() -> None:
    assert day("yesterday", TODAY) == date(2026, 3, 1)
    assert day("昨天", TODAY, future=True) == Problem("error.day.past", {"day": "2026-03-01"})
    assert day("2025-12-24", TODAY, future=True) == Problem("error.day.past", {"day": "2025-12-24"})
    assert day("today", TODAY, future=True) == TODAY


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_a_written_day_is_read_as_itself(given_day: date) -> None:
    month = given_day.strftime("%B")
    for typed in (
        given_day.isoformat(),
        f"{given_day.day} {month} {given_day.year}",
        f"{month} {given_day.day}, {given_day.year}",
        f"{given_day.day}.{given_day.month}.{given_day.year}",
        f"{given_day.year}年{given_day.month}月{given_day.day}日",
    ):
        assert day(typed, TODAY) == given_day


# Until

UNTIL = {
    "2 weeks": "2026-03-16",
    "for 2 weeks": "2026-03-16",
    "in 10 days": "2026-03-12",
    "10d": "2026-03-12",
    "a month": "2026-04-02",
    "tomorrow": "2026-03-03",
    "until Friday": "2026-03-06",
    "monday": "2026-03-09",
    "next week": "2026-03-09",
    "next month": "2026-04-01",
    "till 1 April": "2026-04-01",
    "2026-04-01": "2026-04-01",
    "下周一": "2026-03-09",
    "到下周一": "2026-03-09",
    "两周": "2026-03-16",
    "两个星期": "2026-03-16",
    "十天": "2026-03-12",
    "一个月": "2026-04-02",
    "下周": "2026-03-09",
    "直到4月1日为止": "2026-04-01",
}


@pytest.mark.parametrize(("typed", "expected"), UNTIL.items())
def test_until_when(typed: str, expected: str) -> None:
    assert until(typed, TODAY) == date.fromisoformat(expected)


def test_until_a_day_that_is_not_to_come() -> None:
    assert until("today", TODAY) == Problem("error.until.past", {"day": "2026-03-02"})
    assert until("2026-03-01", TODAY) == Problem("error.until.past", {"day": "2026-03-01"})
    assert key(until("for ever", TODAY)) == "error.until.unreadable"


def test_a_month_from_its_last_day_ends_on_the_last_day_of_the_next() -> None:
    assert until("a month", date(2026, 1, 31)) == date(2026, 2, 28)


# Moments, typed in Madrid on Monday at eleven

MOMENTS = {
    "tomorrow 15:00": "03-03 15:00",
    "tomorrow at 15": "03-03 15:00",
    "fri 6pm": "03-06 18:00",
    "Friday at 6 p.m.": "03-06 18:00",
    "6:30 pm on friday": "03-06 18:30",
    "friday in the evening at 7": "03-06 19:00",
    "next friday 3:30pm": "03-13 15:30",
    "2026-03-02 18:30": "03-02 18:30",
    "2026-03-02T18:30": "03-02 18:30",
    "3 March 2026, 7 p.m.": "03-03 19:00",
    "3.3. 18:30": "03-03 18:30",
    "03.03. 18.30": "03-03 18:30",
    "18:00": "03-02 18:00",
    "9:00": "03-03 09:00",
    "mon 18:00": "03-02 18:00",
    "mon 9:00": "03-09 09:00",
    "noon tomorrow": "03-03 12:00",
    "tonight at 8": "03-02 20:00",
    "12am tomorrow": "03-03 00:00",
    "明天下午3点": "03-03 15:00",
    "明天的15：00": "03-03 15:00",
    "周五 18:00": "03-06 18:00",
    "3月5日 晚上7点半": "03-05 19:30",
    "下周一上午十点一刻": "03-09 10:15",
    "明早8点": "03-03 08:00",
    "今晚八點": "03-02 20:00",
    "明天中午": "03-03 12:00",
    "周五晚上12点": "03-07 00:00",
    "后天凌晨2点": "03-04 02:00",
    "晚上7点45分": "03-02 19:45",
}


@pytest.mark.parametrize(("typed", "expected"), MOMENTS.items())
def test_a_moment(typed: str, expected: str) -> None:
    found = moment(typed, NOW, MADRID)
    assert isinstance(found, datetime), found
    assert found.tzinfo is UTC
    assert found.astimezone(ZoneInfo(MADRID)).strftime("%m-%d %H:%M") == expected


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("tomorrow", Problem("error.moment.time", {"day": "2026-03-03"})),
        ("2026-03-01 10:00", Problem("error.moment.past", {"moment": "2026-03-01T09:00:00+00:00"})),
        ("today 10:00", Problem("error.moment.past", {"moment": "2026-03-02T09:00:00+00:00"})),
        ("tomorrow 25:00", Problem("error.moment.unreadable", {"text": "tomorrow 25:00"})),
        ("friday 13pm", Problem("error.moment.unreadable", {"text": "friday 13pm"})),
        ("whenever", Problem("error.moment.unreadable", {"text": "whenever"})),
        ("", Problem("error.moment.unreadable", {"text": ""})),
    ],
)
def test_no_moment(typed: str, problem: Problem) -> None:
    assert moment(typed, NOW, MADRID) == problem


def test_a_time_that_summer_time_skips_is_named_with_the_next_one() -> None:
    problem = Problem("error.time.missing", {"time": "02:30", "next": "03:00"})
    assert moment("2026-03-29 02:30", NOW, MADRID) == problem
    assert moment("3月29日 凌晨2点半", NOW, MADRID) == problem
    assert moment("2:30", datetime(2026, 3, 29, 0, 30, tzinfo=UTC), MADRID) == problem


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert moment("2026-10-25 02:30", NOW, MADRID) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_a_day_is_the_day_of_the_place() -> None:
    assert moment("tomorrow 9:00", NOW, "Pacific/Apia") == datetime(2026, 3, 2, 20, 0, tzinfo=UTC)


# Free time


def spans(days: str, *times: tuple[int, int]) -> tuple[Span, ...]:
    return merge((int(one), start * 60, end * 60) for one in days for start, end in times)


EVENING, MORNING, AFTERNOON, WAKING = (17, 21), (8, 12), (12, 17), (8, 21)

WEEKS = {
    "evenings": spans("0123456", EVENING),
    "weekday evenings": spans("01234", EVENING),
    "evenings on weekdays": spans("01234", EVENING),
    "mornings or evenings on weekdays": spans("01234", MORNING, EVENING),
    "evenings and weekends": merge(spans("0123456", EVENING) + spans("56", WAKING)),
    "weekends": spans("56", WAKING),
    "anytime": spans("0123456", WAKING),
    "I'm free on Mondays": spans("0", WAKING),
    "mon tue 18-20": spans("01", (18, 20)),
    "mon, tue and thu evenings": spans("013", EVENING),
    "mon-fri 9-5": spans("01234", (9, 17)),
    "monday to wednesday, 6-8pm": spans("012", (18, 20)),
    "sat 10-2pm": spans("5", (10, 14)),
    "sat morning, sun 10:00-12:30": merge([(5, 480, 720), (6, 600, 750)]),
    "each weekday between 18 and 20": spans("01234", (18, 20)),
    "mondays after 6pm": spans("0", (18, 24)),
    "before 10am on weekdays": spans("01234", (0, 10)),
    "evenings 18-20": spans("0123456", (18, 20)),
    "sat 22:00-02:00": merge([(5, 1320, 1440), (6, 0, 120)]),
    "sun 22-2": merge([(6, 1320, 1440), (0, 0, 120)]),
    "wed lunch": spans("2", (12, 14)),
    "sat nights": spans("5", (21, 24)),
    "晚上": spans("0123456", EVENING),
    "工作日晚上": spans("01234", EVENING),
    "周末": spans("56", WAKING),
    "週末": spans("56", WAKING),
    "随时": spans("0123456", WAKING),
    "周二 18点到20点": spans("1", (18, 20)),
    "星期二 18：00－20：00": spans("1", (18, 20)),
    "周一三五晚上": spans("024", EVENING),
    "周一、周三晚上，周六上午": merge(spans("02", EVENING) + spans("5", MORNING)),
    "周一到周五 19点到21点": spans("01234", (19, 21)),
    "周二晚上7点到9点和周六上午": merge(spans("1", (19, 21)) + spans("5", MORNING)),
    "周二十点到十二点": spans("1", (10, 12)),
    "每天下午2点以后": spans("0123456", (14, 24)),
    "周末下午, weekday evenings": merge(spans("56", AFTERNOON) + spans("01234", EVENING)),
}


@pytest.mark.parametrize(("typed", "expected"), WEEKS.items())
def test_free_time(typed: str, expected: tuple[Span, ...]) -> None:
    assert week(typed) == expected


@pytest.mark.parametrize(
    ("typed", "unread"),
    [
        ("", ""),
        ("evenings except friday", "except friday"),
        ("18:00", "18:00"),
        ("mon 18-18", "18-18"),
        ("mon 25-26", "25-26"),
        ("sometimes", "sometimes"),
        ("和", "和"),
    ],
)
def test_no_free_time(typed: str, unread: str) -> None:
    assert week(typed) == Problem("error.week.unreadable", {"text": unread})


def test_ticked_parts() -> None:
    assert week_from_parts(["5:morning", "0:evening", "0:afternoon"]) == ((0, 720, 1260), (5, 480, 720))
    assert week_from_parts([]) == ()


@pytest.mark.parametrize("value", ["7:evening", "0:brunch", "evening", "", ":", "00:evening"])
def test_a_wrong_tick(value: str) -> None:
    assert week_from_parts([value]) == Problem("error.week.unreadable", {"text": value})


# Numbers, yes and no


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("4", 4), ("４", 4), ("+4", 4), ("four", 4), ("Four.", 4), ("4 hours", 4), ("4h", 4), ("4.0", 4),
        ("四", 4), ("两", 2), ("兩", 2), ("十二", 12), ("二十五", 25), ("一百零五", 105), ("两千", 2000),
        ("3个小时", 3), ("1,000", 1000), ("٣", 3),
    ],
)  # fmt: skip
def test_a_number(typed: str, expected: int) -> None:
    found = number(typed, 1, 5000)
    assert found == expected
    assert isinstance(found, int)


def test_a_number_that_need_not_be_whole() -> None:
    assert number("2.5", 0, 10, whole=False) == 2.5
    assert number("2,5", 0, 10, whole=False) == 2.5
    assert number("半", 0, 10, whole=False) == 0.5


@pytest.mark.parametrize("typed", ["0", "21", "-3", "九十九", "99999999999"])
def test_a_number_out_of_range(typed: str) -> None:
    assert number(typed, 1, 20) == Problem("error.number.range", {"low": 1, "high": 20})


@pytest.mark.parametrize("typed", ["", "many", "4 or 5", "1e5", "nan", "inf", "0x10", "9" * 5000, "--1"])
def test_no_number(typed: str) -> None:
    assert key(number(typed, 1, 20)) == "error.number.unreadable"


def test_half_a_number_is_not_whole() -> None:
    assert key(number("2.5", 1, 20)) == "error.number.whole"


@given(st.integers(-(10**9), 10**9))
def test_every_number_is_read_as_itself(value: int) -> None:
    assert number(str(value), -(10**9), 10**9) == value


@pytest.mark.parametrize(
    "typed", ["yes", "Y", " OK! ", "sure", "Yep", "of course", "是", "好", "好的。", "可以", "行", "没问题"]
)
def test_yes(typed: str) -> None:
    assert yes(typed) is True


@pytest.mark.parametrize(
    "typed", ["no", "N", "Nope", "no thanks", "不", "否", "不行", "不要", "算了", "不可以"]
)
def test_no(typed: str) -> None:
    assert yes(typed) is False


@pytest.mark.parametrize("typed", ["", "maybe", "yes and no", "随便"])
def test_neither_yes_nor_no(typed: str) -> None:
    assert key(yes(typed)) == "error.yes.unreadable"


# Languages

LANGUAGES = {
    "spanish": "es",
    "Spanish ": "es",
    "ES": "es",
    "español": "es",
    "espanol": "es",
    "西班牙语": "es",
    "西班牙文": "es",
    "Deutsch": "de",
    "français": "fr",
    "русский": "ru",
    "日本語": "ja",
    "日语": "ja",
    "日語": "ja",
    "हिन्दी": "hi",
    "العربية": "ar",
    "中文": "zh",
    "普通话": "zh",
    "Mandarin": "zh",
    "zh-CN": "zh",
    "cantonese": "yue",
    "粤语": "yue",
    "pt_BR": "pt",
    "tl": "fil",
    "Norwegian": "no",
    "no": "no",
    "iw": "he",
    "spa": "es",
    "英文": "en",
    "Farsi": "fa",
}


@pytest.mark.parametrize(("typed", "code"), LANGUAGES.items())
def test_a_language(typed: str, code: str) -> None:
    assert language(typed) == code


def test_an_unknown_language_comes_with_what_is_close() -> None:
    assert language("spansh") == Problem("error.language.unknown", {"text": "spansh", "near": ["es"]})
    assert language("Klingon") == Problem("error.language.unknown", {"text": "Klingon", "near": []})


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("spanish, 中文, de", ("es", "zh", "de")),
        ("de;en", ("de", "en")),
        ("en es", ("en", "es")),
        ("English and Spanish", ("en", "es")),
        ("英语、中文和法语", ("en", "zh", "fr")),
        ("brazilian portuguese, french", ("pt", "fr")),
        ("en, english, 英语", ("en",)),
        ("", ()),
        (" , ", ()),
    ],
)
def test_languages(typed: str, codes: tuple[str, ...]) -> None:
    assert languages(typed) == codes


def test_one_unknown_among_languages_is_the_problem() -> None:
    assert languages("english, germn") == Problem("error.language.unknown", {"text": "germn", "near": ["de"]})


# Zones

ZONES = {
    "Europe/Madrid": "Europe/Madrid",
    "europe/madrid": "Europe/Madrid",
    "america/new_york": "America/New_York",
    "madrid": "Europe/Madrid",
    "New York": "America/New_York",
    "Berlin, Germany": "Europe/Berlin",
    "São Paulo": "America/Sao_Paulo",
    "sao paulo": "America/Sao_Paulo",
    "bangalore": "Asia/Kolkata",
    "Asia/Calcutta": "Asia/Kolkata",
    "Beijing": "Asia/Shanghai",
    "上海": "Asia/Shanghai",
    "北京时间": "Asia/Shanghai",
    "深圳市": "Asia/Shanghai",
    "伦敦": "Europe/London",
    "UTC": "UTC",
    "GMT": "UTC",
    "UTC+2": "Etc/GMT-2",
    "gmt-3": "Etc/GMT+3",
    "+05:30": "Asia/Kolkata",
    "UTC＋8": "Etc/GMT-8",
    "Etc/GMT+5": "Etc/GMT+5",
    "EST": "America/New_York",
    "Pacific time": "America/Los_Angeles",
    "IN": "Asia/Kolkata",
    "DE": "Europe/Berlin",
    "Spain": "Europe/Madrid",
    "法国": "Europe/Paris",
}


@pytest.mark.parametrize(("typed", "name"), ZONES.items())
def test_a_zone(typed: str, name: str) -> None:
    assert zone(typed) == name
    assert name in available_timezones()


def test_utc_plus_two_is_two_hours_ahead() -> None:
    name = zone("UTC+2")
    assert isinstance(name, str)
    assert NOW.astimezone(ZoneInfo(name)).utcoffset() == timedelta(hours=2)


def test_a_near_miss_comes_with_what_is_close() -> None:
    problem = zone("madird")
    assert isinstance(problem, Problem)
    assert problem.key == "error.zone.unknown"
    assert problem.params["near"] == ["Europe/Madrid", "Atlantic/Madeira"]


@pytest.mark.parametrize(
    "typed", ["", "xyzzy", "UTC+15", "GMT-13", "+99:99", "Factory", "localtime", "../etc/passwd"]
)
def test_no_zone(typed: str) -> None:
    assert key(zone(typed)) == "error.zone.unknown"


@pytest.mark.parametrize(
    ("typed", "first"), [("US", "America/New_York"), ("美国", "America/New_York"), ("CST", "America/Chicago")]
)
def test_several_zones_are_offered(typed: str, first: str) -> None:
    problem = zone(typed)
    assert isinstance(problem, Problem)
    assert problem.key == "error.zone.several"
    near = problem.params["near"]
    assert isinstance(near, list)
    assert near[0] == first
    assert set(near) <= available_timezones()


def test_every_zone_of_the_zone_data_is_read_as_a_zone_with_its_clock() -> None:
    names = {name for name in available_timezones() if "/" in name}
    assert len(names) > 400
    for name in names:
        read = zone(name)
        assert isinstance(read, str), name
        for at in (NOW, NOW + timedelta(days=120)):
            assert at.astimezone(ZoneInfo(read)).utcoffset() == at.astimezone(ZoneInfo(name)).utcoffset(), (
                name
            )


# Searches

NO_SPANS: tuple[Span, ...] = ()
ALL_EVENINGS = spans("0123456", EVENING)

SEARCHES: dict[str, tuple[tuple[str, ...], tuple[Span, ...], str]] = {
    "help with k8s and rust async, evenings, in Spanish": (
        ("es",), ALL_EVENINGS, "help with k8s and rust async",
    ),
    "react and typescript, speaks spanish": (("es",), NO_SPANS, "react and typescript"),
    "Go and Java in German": (("de",), NO_SPANS, "Go and Java"),
    "rust in the evenings": ((), ALL_EVENINGS, "rust"),
    "machine learning and weekends": ((), spans("56", WAKING), "machine learning"),
    "mon tue 18-20, docker": ((), spans("01", (18, 20)), "docker"),
    "docker, sat": ((), spans("5", WAKING), "docker"),
    "help with SQL after 6pm": ((), spans("0123456", (18, 24)), "help with SQL"),
    "my react app on Tuesday and Thursday evenings, in Italian or English": (
        ("it", "en"), spans("13", EVENING), "my react app",
    ),
    "spanish-speaking rust mentor": (("es",), NO_SPANS, "rust mentor"),
    "Portuguese speakers, kubernetes": (("pt",), NO_SPANS, "kubernetes"),
    "mentor speaking spanish": (("es",), NO_SPANS, "mentor"),
    "python, spanish, english": (("es", "en"), NO_SPANS, "python"),
    "react native, spanish": (("es",), NO_SPANS, "react native"),
    "C#, ASP.NET Core, in the morning": ((), spans("0123456", MORNING), "C#, ASP.NET Core"),
    "说中文": (("zh",), NO_SPANS, ""),
    "说中文 晚上": (("zh",), ALL_EVENINGS, ""),
    "想找会说中文的 python 导师，周末": (("zh",), spans("56", WAKING), "想找 python 导师"),
    "说英语或者中文，rust": (("en", "zh"), NO_SPANS, "rust"),
    "用英语交流 kubernetes 工作日晚上": (("en",), spans("01234", EVENING), "kubernetes"),
    "前端 周末下午": ((), spans("56", AFTERNOON), "前端"),
    "晚上7点到9点 学 vue": ((), spans("0123456", (19, 21)), "学 vue"),
    # What only looks like a hint.
    "how to get started in go": ((), NO_SPANS, "how to get started in go"),
    "is no to as am it or go": ((), NO_SPANS, "is no to as am it or go"),
    "sat solver": ((), NO_SPANS, "sat solver"),
    "sun solaris, evenings": ((), ALL_EVENINGS, "sun solaris"),
    "3-5 years of python": ((), NO_SPANS, "3-5 years of python"),
    "python, 3-5 years, evenings": ((), ALL_EVENINGS, "python, 3-5 years"),
    "day trading bots": ((), NO_SPANS, "day trading bots"),
    "daily standups, agile": ((), NO_SPANS, "daily standups, agile"),
    "Polish my CV": ((), NO_SPANS, "Polish my CV"),
    "monday.com api": ((), NO_SPANS, "monday.com api"),
    "good morning, I need help with React": ((), NO_SPANS, "I need help with React"),
    "中文分词": ((), NO_SPANS, "中文分词"),
    "早上好，求助 golang": ((), NO_SPANS, "求助 golang"),
    "": ((), NO_SPANS, ""),
}  # fmt: skip


@pytest.mark.parametrize(("typed", "expected"), SEARCHES.items())
def test_the_words_of_a_search(typed: str, expected: tuple[tuple[str, ...], tuple[Span, ...], str]) -> None:
    hints = in_words(typed)
    assert (hints.languages, hints.spans, hints.rest) == expected


# Whatever is typed

READERS: dict[str, Callable[[str], Any]] = {
    "day": lambda text: day(text, TODAY, future=True),
    "until": lambda text: until(text, TODAY),
    "moment": lambda text: moment(text, NOW, "Pacific/Apia"),
    "week": week,
    "week_from_parts": lambda text: week_from_parts([text]),
    "number": lambda text: number(text, 1, 20),
    "yes": yes,
    "language": language,
    "languages": languages,
    "zone": zone,
    "in_words": in_words,
}
PIECES = [
    *DAYS, *MOMENTS, *WEEKS, *LANGUAGES, *ZONES, *SEARCHES, "周", "点", "半", "到", "的", "和", "，", "十",
    "百", "-", "/", ":", "(", ")", "at", "next", "in", "speaks", "9", "pm", "24", "\x00", "\ud800", "İ", "ﷺ",
    "\u200b",
]  # fmt: skip
typed_texts = st.one_of(
    st.text(st.characters(), max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
)


@settings(max_examples=300, deadline=None)
@given(typed_texts)
def test_nothing_raises_and_every_problem_can_be_told(text: str) -> None:
    for reader in READERS.values():
        outcome = reader(text)
        if isinstance(outcome, Problem):
            assert outcome.key.startswith("error.")
            assert len(str(json.dumps(outcome.params, ensure_ascii=False)).encode()) < 1000


@settings(max_examples=150, deadline=None)
@given(typed_texts)
def test_free_time_read_from_anything_is_a_week(text: str) -> None:
    found = week(text)
    hints = in_words(text)
    for some in (hints.spans, () if isinstance(found, Problem) else found):
        assert merge(some) == some
    assert "\x00" not in hints.rest


@settings(max_examples=200, deadline=None)
@given(
    typed_texts,
    st.sampled_from(["Europe/Madrid", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"]),
)
def test_a_moment_read_from_anything_is_to_come(text: str, place: str) -> None:
    found = moment(text, NOW, place)
    assert isinstance(found, Problem) or found > NOW


LONG = [
    "in ", "sat ", "mon, ", "日", "周", "周一", "1", "18-20 ", "中文", "中文导师", "spanish speaker ", ",",
    " ", "and ", "evenings ", "a", "speaks spanish, ", "18:", "\x00", "ﷺ", "说", "the ", "from ", "的", "é",
    "\u0301", "between 1 and ", "evenings and ", "十", "in the ", "monday to ", "((", "0:",
]  # fmt: skip


@pytest.mark.parametrize("piece", LONG)
def test_ten_thousand_characters_take_less_than_a_second(piece: str) -> None:
    in_words("warm up")
    text = (piece * 10_000)[:10_000]
    started = time.process_time()
    for reader in READERS.values():
        reader(text)
        reader(text[:1000])
        reader(text[:200])
    assert time.process_time() - started < 1
