"""Days and times as keyboards: a month, then the hours of a day, then the minutes of an hour.

Nothing is kept: each button carries the run, the key and the date it leads to. Days and times are local to whoever
reads them, written as one would type them; figures name the month, and the names of weekdays travel in a button.
"""

import re
from calendar import Calendar
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bot.adapters.presses import fits
from bot.adapters.telegram.payload import Body, body_of, id_in, is_whole, keyboard_of, text_in

Button = dict[str, Any]
Rows = list[list[Button]]

NOTHING = "~n"
BLANK = "·"
HOURS_A_ROW = 6
MINUTES = range(0, 60, 5)
MINUTES_A_ROW = 4
YEARS = range(1970, 2200)
_LONGEST = "2026-03-06 18:00"
_PAGE = re.compile(r"~([cphq])([dm])([0-9]{1,19}):([^:]*):(.*)", re.DOTALL)


def button(label: str, data: str) -> Button:
    """Write a button."""
    return {"text": label, "callback_data": data}


class Page:
    """Where the keyboards of one question lead: a whole day (`d`) or a moment (`m`)."""

    def __init__(self, kind: str, run: int, key: str, names: str) -> None:
        """`names` are those of the weekdays from Monday on, with strokes between them."""
        self._kind = kind
        self._about = f"{run}:{key}"
        self._names = names.split("/")
        self._home = self._to("c", names) if fits(self._to("c", names)) else self._to("c", "")

    @property
    def fits(self) -> bool:
        """Whether all that the buttons have to carry fits them."""
        return ":" not in self._about.partition(":")[2] and fits(self._to("q", _LONGEST))

    def _to(self, verb: str, what: str) -> str:
        return f"~{verb}{self._kind}{self._about}:{what}"

    def opening(self, label: str) -> Rows:
        """Write what opens the calendar."""
        return [[button(label, self._home)]]

    def month(self, first: date, earliest: date | None) -> Rows:
        """Write the days of a month from the earliest on."""
        before, after = first - timedelta(days=1), first + timedelta(days=32)
        back = before.year in YEARS and (earliest is None or before >= earliest)
        on = after.year in YEARS
        title = [
            button("‹", self._to("p", f"{before:%Y-%m}")) if back else button(BLANK, NOTHING),
            button(f"{first:%Y-%m}", self._home),
            button("›", self._to("p", f"{after:%Y-%m}")) if on else button(BLANK, NOTHING),
        ]
        names = [[button(name, NOTHING) for name in self._names]] if len(self._names) == 7 else []
        weeks = Calendar().monthdatescalendar(first.year, first.month)
        days = [[self._day(day, first, earliest) for day in week] for week in weeks]
        return [title, *names, *(row for row in days if any(each["text"] != BLANK for each in row))]

    def _day(self, day: date, first: date, earliest: date | None) -> Button:
        if day.month != first.month or (earliest is not None and day < earliest):
            return button(BLANK, NOTHING)
        chosen = f"={self._about}:{day}"
        return button(str(day.day), chosen if self._kind == "d" else self._to("h", str(day)))

    def hours(self, day: date) -> Rows:
        """Write the hours of a day."""
        title = [button("‹", self._to("p", f"{day:%Y-%m}")), button(str(day), self._home)]
        hours = [button(f"{hour:02}:…", self._to("q", f"{day} {hour:02}:00")) for hour in range(24)]
        return [title, *(hours[at : at + HOURS_A_ROW] for at in range(0, 24, HOURS_A_ROW))]

    def minutes(self, day: date, hour: int) -> Rows:
        """Write the times within an hour."""
        title = [button("‹", self._to("h", str(day))), button(str(day), self._home)]
        times = [f"{hour:02}:{minute:02}" for minute in MINUTES]
        written = [button(time, f"={self._about}:{day} {time}") for time in times]
        return [title, *(written[at : at + MINUTES_A_ROW] for at in range(0, len(written), MINUTES_A_ROW))]


def turned(message: Body, data: str) -> Rows | None:
    """Give the keyboard that a press in a calendar leads to, with what stands below it; None where there is none."""
    found = _PAGE.fullmatch(data)
    if found is None or not is_whole(run := int(found[2 + 1])):
        return None
    verb, kind, key, what = found[1], found[2], found[4], found[5]
    rows = keyboard_of(message)
    page = Page(kind, run, key, what if verb == "c" else _names(rows))
    sent = _sent(message)
    earliest = sent - timedelta(days=1) if sent else None  # it may be yesterday still where they are
    shown: Rows | None = None
    if not page.fits:
        return None
    if verb == "c":
        shown = page.month(sent.replace(day=1), earliest) if sent else None
    elif verb == "p":
        month = _date(f"{what}-01")
        shown = page.month(month, earliest) if month else None
    elif verb == "h":
        day = _date(what)
        shown = page.hours(day) if day else None
    else:
        day, hour = _date(what[:10]), what[11:13]
        good = day and what[10:] == f" {hour}:00" and hour.isascii() and hour.isdecimal() and int(hour) < 24
        shown = page.minutes(day, int(hour)) if day and good else None
    if shown is None:
        return None
    return [*shown, *(row for row in again(rows) if not any(map(_of_page, row)))]


def is_of_calendar(rows: Sequence[Sequence[Body]]) -> bool:
    """Whether a keyboard is a page of a calendar."""
    return any(_PAGE.fullmatch(text_in(each.get("callback_data"))) for row in rows for each in row)


def _of_page(each: Button) -> bool:
    data: str = each["callback_data"]
    return data.startswith(("~", "="))


def again(rows: Sequence[Sequence[Body]]) -> Rows:
    """Write rows of a keyboard again."""
    written = [
        [
            button(text_in(each.get("text")), text_in(each.get("callback_data")))
            | ({"style": each["style"]} if text_in(each.get("style")) else {})
            for each in row
            if text_in(each.get("text")) and fits(text_in(each.get("callback_data")))
        ]
        for row in rows
    ]
    return [row for row in written if row]


def _names(rows: Sequence[Sequence[Body]]) -> str:
    """Find the names of the weekdays, which the button that leads home carries."""
    found = (_PAGE.fullmatch(text_in(each.get("callback_data"))) for row in rows for each in row)
    return next((one[5] for one in found if one and one[1] == "c"), "")


def _sent(message: Body) -> date | None:
    """Give the day a message was sent, or changed last, in UTC."""
    body = body_of(message)
    stamp = max(id_in(body.get("date")), id_in(body.get("edit_date")))
    return datetime.fromtimestamp(stamp, UTC).date() if 0 < stamp < 2**32 else None


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text and found.year in YEARS else None
