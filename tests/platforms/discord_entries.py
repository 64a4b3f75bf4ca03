"""Answering on Discord with a field's value: in a modal's field, by what there is to press, or typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.ports import Asked, Choice, Confirm, Upload, Week
from core.availability import PARTS
from tests.platforms.discord_limits import INPUT, RADIO, UPLOAD

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Tap:
    """What there is to press: a button, or an option of a select."""

    custom_id: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """Choose these options in a select, and no others."""

    custom_id: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Type:
    """Write something."""

    text: str


@dataclass(frozen=True, slots=True)
class Open:
    """Open the form: nothing in the chat takes this."""


Step = Tap | Pick | Type | Open


def step(asked: Asked, taps: Mapping[str, Tap], skip: str, value: Any) -> Step:
    """Say how a question in the chat is answered with a value; `taps` is what there is to press, by its words."""
    named = {option.value: taps[option.label] for option in asked.options}
    offered = {tap.value: tap for tap in taps.values() if tap.value is not None}
    parts = _parts(value) if isinstance(asked.field, Week) and isinstance(value, list) else []
    match asked.field, value:
        case _, None:
            return Tap(skip)
        case Upload(), _:
            return Open()
        case Confirm(), bool():
            return named["yes" if value else "no"]
        case Choice(many=True), list() if named and all(one in named for one in value):
            return Pick(named[value[0]].custom_id, tuple(value))
        case Choice(many=False), str() if value in named:
            return named[value]
        case Week(), _ if parts and all(part in offered for part in parts):
            return Pick(offered[parts[0]].custom_id, tuple(parts))
        case _:
            text = typed(value)
            return taps[text] if text in taps and text == typed(asked.initial) else Type(text)


def entered(component: Mapping[str, Any], value: Any) -> Any:
    """Give what is entered in a field of a modal: words, options, files as (name, bytes); nothing for None."""
    match component["type"]:
        case int(kind) if kind == INPUT:
            return "" if value is None else typed(value)
        case int(kind) if kind == RADIO:
            return ("yes" if value else "no") if isinstance(value, bool) else value
        case int(kind) if kind == UPLOAD:
            return [] if value is None else [(value["name"], b"x" * value["size"])]
        case _:
            return [each[0] if isinstance(each, list) else each for each in value or ()]


def typed(value: Any) -> str:
    """Write a value as one types it."""
    if not isinstance(value, list):
        return "" if value is None else str(value)
    if value and all(isinstance(each, list) and len(each) == 3 for each in value):
        return ", ".join(f"{DAYS[day]} {_clock(start)}-{_clock(end)}" for day, start, end in value)
    told = [each if isinstance(each, list) else [each] for each in value]
    return ", ".join(" ".join(str(part) for part in each if part) for each in told)


def _clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def _parts(spans: Sequence[Any]) -> list[str]:
    """Name spans of a week by the parts of days that can be chosen; none where they are others."""
    names = {span: part for part, span in PARTS.items()}
    found = [(day, names.get((start, end))) for day, start, end in spans]
    return [f"{day}:{part}" for day, part in found] if all(part for _, part in found) else []
