"""The fields of a form as components of a modal, and what comes back from each: both directions of one field together.

What no component can show is typed, its options numbered above. A select gives one value where one was chosen, since
it does not say whether it would have taken more.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from bot.adapters.discord.messages import OPTION_LIMIT, line
from bot.adapters.discord.payload import (
    BOXES,
    INPUT,
    RADIO,
    SELECT,
    UPLOAD,
    Body,
    body_of,
    id_in,
    number_in,
    text_in,
    texts_in,
)
from bot.adapters.discord.questions import chosen_in, numbered
from bot.ports import Asked, Choice, Confirm, Day, Json, Moment, Number, ShownOption, Text, Upload, Week
from bot.richtext import Rich, clean

Component = dict[str, Any]

IN_SIGHT, CHOSEN = 10, 25
"""Options that are all in sight, and options of a select."""
TYPED_LIMIT = 4000
KEY_LIMIT, VALUE_LIMIT = 100, 100
ONE_LINE = 120
"""Characters of a text that is written on one line."""
SHORT, LONG = 1, 2
_WHOLE = re.compile(r"[^\s,，、;；]+")
"""A value that is not taken for several."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A component, and what has to be said above it."""

    component: Component
    above: Rich = ()


def draw(asked: Asked) -> Drawn:
    """Write a field as what a label holds; raises ValueError for a key that is too long."""
    key = asked.field.key
    if len(key) > KEY_LIMIT:
        raise ValueError(f"the key of a field is longer than {KEY_LIMIT}: {key[:40]}")
    drawn = _draw(asked)
    about = {"custom_id": key, "required": asked.field.required}
    return Drawn(drawn.component | about, drawn.above)


def read(component: Body, attachments: Body) -> Json:
    """Read what was entered; None where nothing was. `attachments` are the files that came with the modal."""
    match component.get("type"):
        case int(kind) if kind == INPUT:
            value = text_in(component.get("value"))
            return value if value.strip() else None
        case int(kind) if kind == RADIO:
            return text_in(component.get("value")) or None
        case int(kind) if kind == SELECT:
            values = texts_in(component.get("values"))[:CHOSEN]
            return (values[0] if len(values) == 1 else [*values]) or None
        case int(kind) if kind == BOXES:
            return [*texts_in(component.get("values"))[:CHOSEN]] or None
        case int(kind) if kind == UPLOAD:
            return next((_file(attachments, each) for each in texts_in(component.get("values"))), None)
        case _:
            return None


def _draw(asked: Asked) -> Drawn:
    known = asked.initial
    match asked.field:
        case Text():
            return Drawn(_text(asked.field, known))
        case Number():
            return Drawn(_typed(_words(known)))
        case Choice():
            return _choice(asked.field, asked)
        case Confirm():
            return _confirm(asked)
        case Day() | Moment():
            return Drawn(_typed(_words(known)))
        case Week():
            return Drawn(_typed(asked.typed, LONG))
        case Upload():
            return Drawn(
                {"type": UPLOAD, "max_values": 1} | ({} if asked.field.required else {"min_values": 0})
            )
        case _:
            assert_never(asked.field)


# --- Typed ------------------------------------------------------------------------------------------------------


def _text(field: Text, initial: object) -> Component:
    written = _typed(_words(initial), LONG if field.lines or field.limit > ONE_LINE else SHORT)
    # What was too long is shown as it was, to be shortened by the one who wrote it.
    longest = min(max(field.limit, len(written.get("value", "")), 1), TYPED_LIMIT)
    least = {"min_length": min(field.least, longest)} if field.least > 1 else {}
    return written | least | {"max_length": longest}


def _typed(initial: str, style: int = SHORT) -> Component:
    known = clean(initial)[:TYPED_LIMIT]
    written: Component = {"type": INPUT, "style": LONG if "\n" in known else style, "max_length": TYPED_LIMIT}
    return written | ({"value": known} if known.strip() else {})


def _words(initial: object) -> str:
    return str(initial) if isinstance(initial, str | int | float) and not isinstance(initial, bool) else ""


# --- Chosen -----------------------------------------------------------------------------------------------------


def _confirm(asked: Asked) -> Drawn:
    options = [each for each in asked.options if each.value in ("yes", "no")]
    if {each.value for each in options} != {"yes", "no"}:
        return Drawn(_typed(""))
    known = asked.initial
    meant = ("yes" if known else "no") if isinstance(known, bool) else _words(known)
    return Drawn({"type": RADIO, "options": [_option(each, each.value == meant) for each in options]})


def _choice(field: Choice, asked: Asked) -> Drawn:
    options = list({option.value: option for option in asked.options}.values())
    if not _can_choose(field, options):
        texts = [f"{value} {level}" if level else value for value, level in _levels(asked.initial)]
        return Drawn(_typed(", ".join(texts)), numbered(asked.options))
    known = [value for value in chosen_in(asked.initial) if value in {each.value for each in options}]
    known = known[: field.most if field.many else 1]
    written = [_option(each, each.value in known) for each in options]
    if not field.many and 1 < len(options) <= IN_SIGHT:
        return Drawn({"type": RADIO, "options": written})
    kind = BOXES if field.many and len(options) <= IN_SIGHT else SELECT
    most = min(max(field.most, 1), len(options)) if field.many else 1
    least = {"min_values": 1 if field.required else 0}
    return Drawn({"type": kind, "options": written, "max_values": most, **least})


def _can_choose(field: Choice, options: list[ShownOption]) -> bool:
    fit = all(0 < len(each.value) <= VALUE_LIMIT and each.value == clean(each.value) for each in options)
    apart = not field.many or len(options) <= IN_SIGHT or all(_WHOLE.fullmatch(one.value) for one in options)
    return fit and apart and 0 < len(options) <= CHOSEN


def _option(option: ShownOption, default: bool) -> Component:
    """Write an option; what is too long for its label goes on below it."""
    label = " ".join(clean(option.label).split())
    written = {"label": line(label, OPTION_LIMIT), "value": option.value}
    if len(label) > OPTION_LIMIT:
        written["description"] = line(f"…{label[len(written['label']) - 1 :].lstrip()}", OPTION_LIMIT)
    return written | ({"default": True} if default else {})


def _levels(initial: object) -> list[tuple[str, int | None]]:
    """Read what is known of a choice with its levels; or what was typed."""
    given = initial if isinstance(initial, list | tuple) else [initial]
    pairs = []
    for each in given:
        value, level = (*each, None)[:2] if isinstance(each, list | tuple) and each else (each, None)
        if isinstance(value, str | int) and str(value):
            pairs.append((str(value), level if isinstance(level, int) else None))
    return pairs


# --- Files ------------------------------------------------------------------------------------------------------


def _file(attachments: Mapping[str, Any], number: str) -> Json:
    """Read a file that came with a modal: it belongs to no message, so its address is all there is of it."""
    file = body_of(attachments.get(number))
    url = text_in(file.get("url"))
    if not id_in(number) or not url.startswith(("https://", "http://")):
        return None
    return {"id": url, "name": text_in(file.get("filename")) or number, "size": number_in(file.get("size"))}
