"""The calendar file: what a calendar program reads back from it."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from core.calendar import event

START = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)
STAMP = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def write(
    *,
    start: datetime = START,
    summary: str = "Ana and Lee",
    description: str = "rust",
    url: str = "https://meet.jit.si/abc",
    organiser: str = "Mentoring",
    sequence: int = 0,
    cancelled: bool = False,
) -> bytes:
    return event(
        uid="session-42@mentorbot",
        start=start,
        minutes=45,
        summary=summary,
        description=description,
        url=url,
        organiser=organiser,
        stamp=STAMP,
        sequence=sequence,
        cancelled=cancelled,
    )


def read(content: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the properties of the calendar and of its one event."""
    calendar = Calendar.from_ical(content)
    (entry,) = calendar.subcomponents
    assert entry.name == "VEVENT"
    assert entry.subcomponents == []
    assert entry.errors == []
    return dict(calendar), dict(entry)


def one_line(text: str) -> str:
    return " ".join(text.split())


def test_a_confirmed_session_is_published_with_utc_times_and_no_alarm() -> None:
    content = write(start=datetime(2026, 3, 2, 18, 0, tzinfo=timezone(timedelta(hours=1))))
    calendar, entry = read(content)
    assert str(calendar["METHOD"]) == "PUBLISH"
    assert str(calendar["VERSION"]) == "2.0"
    assert str(entry["STATUS"]) == "CONFIRMED"
    assert str(entry["UID"]) == "session-42@mentorbot"
    assert entry["SEQUENCE"] == 0
    assert entry["DTSTART"].dt == START
    assert entry["DTEND"].dt == START + timedelta(minutes=45)
    assert entry["DTSTAMP"].dt == STAMP
    assert str(entry["URL"]) == str(entry["LOCATION"]) == "https://meet.jit.si/abc"
    assert entry["ORGANIZER"].params["CN"] == "Mentoring"
    assert "ATTENDEE" not in entry
    assert b"DTSTART:20260302T170000Z\r\n" in content
    assert b"VALARM" not in content
    assert b"VTIMEZONE" not in content


def test_a_moved_session_keeps_its_uid_and_raises_its_sequence() -> None:
    _, first = read(write())
    _, moved = read(write(start=START + timedelta(days=1), sequence=1))
    assert first["UID"] == moved["UID"]
    assert moved["SEQUENCE"] > first["SEQUENCE"]
    assert moved["DTSTART"].dt == START + timedelta(days=1)


def test_a_cancelled_session_says_so_twice() -> None:
    calendar, entry = read(write(sequence=2, cancelled=True))
    assert str(calendar["METHOD"]) == "CANCEL"
    assert str(entry["STATUS"]) == "CANCELLED"
    assert entry["SEQUENCE"] == 2


def test_without_a_link_there_is_neither_url_nor_place() -> None:
    _, entry = read(write(url=""))
    assert "URL" not in entry
    assert "LOCATION" not in entry


@pytest.mark.parametrize(
    "name",
    [
        "Ruiz, Ana; \\ (she)",
        'Ana "the boss": Ruiz',
        "</b><a href='https://evil'>@everyone <!channel> <@U1> *_~`",
        "王小明，前端；后端",
        "caret ^n ^' ^^",
        "\u202eevil\u202c \u200bzero",
    ],
)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    _, entry = read(write(summary=name, organiser=name, description=name))
    assert str(entry["SUMMARY"]) == name
    assert str(entry["DESCRIPTION"]) == name
    assert entry["ORGANIZER"].params["CN"] == name.replace("\\", "/")


def test_a_name_cannot_add_a_line_of_its_own() -> None:
    evil = "Ana\r\nEND:VEVENT\r\nBEGIN:VEVENT\nATTENDEE:mailto:x@example.org\x00\x85\u2028METHOD:REQUEST"
    _, entry = read(
        write(summary=evil, organiser=evil, description=evil, url="https://meet.jit.si/a\r\nATTENDEE:x")
    )
    assert "ATTENDEE" not in entry
    assert "\n" not in str(entry["SUMMARY"])
    assert str(entry["DESCRIPTION"]).splitlines()[:3] == ["Ana", "END:VEVENT", "BEGIN:VEVENT"]


def test_lines_are_short_and_end_as_the_standard_wants() -> None:
    content = write(summary="很长的名字" * 60, description="x" * 5000)
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        write(start=datetime(2026, 3, 2, 17, 0))  # noqa: DTZ001


printable = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=200)


@given(summary=st.text(max_size=200), organiser=printable, description=printable)
def test_any_words_come_back_and_nothing_else(summary: str, organiser: str, description: str) -> None:
    _, entry = read(write(summary=summary, organiser=organiser, description=description))
    assert set(entry) == {
        "UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION",
        "ORGANIZER", "SEQUENCE", "STATUS", "URL", "LOCATION",
    }  # fmt: skip
    assert entry["ORGANIZER"].params.get("CN", "") == one_line(organiser).replace("\\", "/")
    assert str(entry["ORGANIZER"]) == "invalid:nomail"
    assert str(entry["DESCRIPTION"]) == description
