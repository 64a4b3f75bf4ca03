"""Answering a question on Telegram with a field's value: by its keyboard, and typed where that has no button for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.ports import Choice, Confirm, Day, Moment, Upload, Week
from core.availability import PARTS
from tests.platforms.telegram_screen import BOX, SKIP, Seen
from tests.platforms.telegram_world import File, Message

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OPENS = re.compile(r"~c[dm]\d+:.*", re.DOTALL)
MONTH = re.compile(r"\d{4}-\d{2}")
LEAFS = re.compile(r"~p[dm]\d+:[^:]*:(\d{4}-\d{2})")


@dataclass(frozen=True, slots=True)
class Type:
    """Write something."""

    text: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Have these boxes ticked, and no others."""

    boxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Send:
    """Send a file."""

    file: File


@dataclass(frozen=True, slots=True)
class Press:
    """Press a button; in a calendar, on the way to a day or moment in `goal`, written as one types it."""

    data: str
    goal: str = ""


Step = Type | Tick | Send | Press


def first(seen: Seen, message: Message, value: Any, zone: str) -> Step:
    """Give the first thing to do about a question; `zone` is where the one who answers is."""
    asked, data = seen.asked, _carried(message)
    assert asked is not None
    if value is None:
        return Press(next(each for each in data if SKIP.fullmatch(each)))
    named = {option.value: seen.choices[option.label] for option in asked.options}
    boxes = {each[3:]: each[2:] for each in data if BOX.fullmatch(each)}
    parts = _parts(value) if isinstance(asked.field, Week) and isinstance(value, list) else []
    goal = _goal(value, zone) if isinstance(asked.field, Day | Moment) else ""
    match asked.field, value:
        case Upload(), {"id": id_, "name": name, "size": size}:
            mime = "application/octet-stream"
            return Send(File(id_, "document", name, b"x" * min(size, 1000), mime, f"documents/{id_}", size))
        case Confirm(), bool():
            return Press(named["yes" if value else "no"])
        case Choice(many=True), list() if named and all(one in named for one in value):
            return Tick(tuple(named[one][2:] for one in value))
        case Choice(many=False), str() if value in named:
            return Press(named[value])
        case Week(), _ if parts and all(part in boxes for part in parts):
            return Tick(tuple(boxes[part] for part in parts))
        case (Day() | Moment(), _) if goal:
            return _on_the_way(goal, message)
        case _:
            text = typed(value)
            kept = seen.choices.get(text) if text == typed(asked.initial) else None
            return Press(kept) if kept else Type(text)


def then(step: Step, message: Message) -> Step | None:
    """Give what is to be done next on the way to a day or a moment; None where nothing is."""
    if isinstance(step, Press) and step.goal and step.data.startswith("~"):
        return _on_the_way(step.goal, message)
    return None


def typed(value: Any) -> str:
    """Write a value as one types it."""
    if not isinstance(value, list):
        return str(value)
    if _is_week(value):
        return ", ".join(f"{DAYS[day]} {_clock(start)}-{_clock(end)}" for day, start, end in value)
    told = [each if isinstance(each, list) else [each] for each in value]
    return ", ".join(" ".join(str(part) for part in each if part) for each in told)


def _carried(message: Message) -> list[str]:
    return [str(each["callback_data"]) for each in message.buttons]


def _is_week(value: Sequence[Any]) -> bool:
    return bool(value) and all(isinstance(each, list) and len(each) == 3 for each in value)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def _parts(spans: Sequence[Any]) -> list[str]:
    """Name spans of a week by the parts of days that can be ticked; none where they are others."""
    names = {span: part for part, span in PARTS.items()}
    found = [(day, names.get((start, end))) for day, start, end in spans]
    return [f"{day}:{part}" for day, part in found] if all(part for _, part in found) else []


# --- Calendars --------------------------------------------------------------------------------------------------


def _goal(value: Any, zone: str) -> str:
    """Write a day, or a moment where the reader is, as a calendar's last button carries it; empty for other words."""
    try:
        if len(str(value)) == len("2026-03-06"):
            return date.fromisoformat(str(value)).isoformat()
        at = datetime.fromisoformat(str(value)).astimezone(ZoneInfo(zone))
    except ValueError:
        return ""
    return f"{at:%Y-%m-%d %H:%M}"


def _on_the_way(goal: str, message: Message) -> Step:
    """Give the next press on the way to a day or a moment; where no button leads there, it is typed."""
    data = _carried(message)
    ends = (f":{goal}", f":{goal[:13]}:00", f":{goal[:10]}")
    for mark, end in zip(("=", "~q", "~h"), ends, strict=True):
        for each in data:
            if each.startswith(mark) and each.endswith(end):
                return Press(each, goal)
    shown = next((label for label in message.labels if MONTH.fullmatch(label)), "")
    if not shown:
        opening = next((each for each in data if OPENS.fullmatch(each)), "")
        return Press(opening, goal) if opening else Type(goal)
    leads = {found[1]: each for each in data if (found := LEAFS.fullmatch(each))}
    onward = [month for month in leads if (month > shown) == (goal[:7] > shown) and goal[:7] != shown]
    return Press(leads[onward[0]], goal) if onward else Type(goal)
