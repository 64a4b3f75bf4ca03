"""Inline keyboards: the buttons of a message, of a question, and what becomes of them when only they change."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, assert_never
from unicodedata import east_asian_width

from bot.adapters.presses import (
    DONE,
    SKIP,
    TICKED,
    UNTICKED,
    Box,
    box_of,
    boxes,
    has_boxes,
    of_field,
    offered,
    setting,
)
from bot.adapters.telegram import pages
from bot.adapters.telegram.markup import seen, size
from bot.adapters.telegram.pages import BLANK, NOTHING, Page, Rows, button
from bot.adapters.telegram.payload import Body, keyboard_of, text_in
from bot.ports import (
    Asked,
    Button,
    Choice,
    Confirm,
    Day,
    Form,
    Moment,
    Number,
    Text,
    Upload,
    Week,
)
from bot.richtext import clean

Markup = dict[str, Any]

MOST_BUTTONS = 100
MOST_OPTIONS = 80
A_ROW = 3
WIDE = 32
"""Letters that a row shows on a narrow screen, wide ones counted twice."""
LABEL_LIMIT = 100
TICK = "✓ "
APART = " · "
"""Between what a button does and what it is about."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS = ("morning", "afternoon", "evening")
STYLES = {"primary": "primary", "danger": "danger"}
WHOLE_DAY = "~w"


def markup(rows: Rows) -> Markup:
    """Write rows as what goes with a message."""
    return {"inline_keyboard": rows}


# --- The buttons of a message -----------------------------------------------------------------------------------


def of_message(buttons: Sequence[Button], *, about: bool = False) -> Rows:
    """Write buttons in rows; with `about` each says which item it belongs to, since all stand below the text."""
    return packed([_of_message(each, about=about) for each in buttons])


def _of_message(given: Button, *, about: bool) -> pages.Button:
    name = label(given.about) if about and seen(label(given.about)) else ""
    written = button(label(f"{given.label}{APART}{name}" if name else given.label), given.id)
    return written | ({"style": STYLES[given.style]} if given.style in STYLES else {})


def packed(buttons: Iterable[pages.Button], most: int = A_ROW) -> Rows:
    """Put buttons in rows, side by side where all their words can be read."""
    rows: Rows = []
    for each in buttons:
        row = [*rows[-1], each] if rows else [each]
        widest = max(_width(one["text"]) for one in row)
        if rows and len(row) <= most and widest * len(row) <= WIDE:
            rows[-1] = row
        else:
            rows.append([each])
    return rows


def label(text: str) -> str:
    """Put what can be seen of a text on one line, never empty; only labels are ever shortened."""
    line = " ".join(clean(text).split())
    if not seen(line):
        return "…"
    return line if size(line) <= LABEL_LIMIT else f"{line[: LABEL_LIMIT // 2].rstrip()}…"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


# --- The buttons of a question ----------------------------------------------------------------------------------


def question(form: Form) -> Rows:
    """Write the keyboard of the first field: what can be chosen, then skip and back."""
    asked = form.fields[0]
    words, key = form.words, asked.field.key
    last = [button(label(words["back"]), "back")] if form.can_go_back else []
    if not asked.field.required:
        last.append(button(label(words["skip"]), of_field(SKIP, form.run, key)))
    return [*_field(form, asked), *([last] if last else [])]


def listed(asked: Asked) -> bool:
    """Whether the options are too many for buttons: they are told, and typed."""
    return len(asked.options) > MOST_OPTIONS


def _field(form: Form, asked: Asked) -> Rows:
    match asked.field:
        case Text() | Number() | Confirm() | Upload():
            return _single(form, asked)
        case Choice():
            if listed(asked):
                return []
            return [*_single(form, asked), *(_several(form, asked) if has_boxes(asked) else [])]
        case Day(earliest=earliest):
            return _day(form, asked, earliest)
        case Moment():
            page = _page("m", form, asked)
            return page.opening(label(form.words["pick"])) if page.fits else []
        case Week():
            return [*_single(form, asked), *_week(form, asked)]
        case _:
            assert_never(asked.field)


def _single(form: Form, asked: Asked) -> Rows:
    return packed(
        button(label(each.label), setting(form.run, asked.field.key, place, each.value))
        for place, each in enumerate(offered(asked))
    )


def _several(form: Form, asked: Asked) -> Rows:
    if not asked.options:
        return []
    given = asked.initial if isinstance(asked.initial, list) else [asked.initial]
    known = [str(each[0] if isinstance(each, list) and each else each) for each in given]
    data = boxes(asked.field.key, [each.value for each in asked.options], known)
    shown = [_ticked(each.label, carried) for each, carried in zip(asked.options, data, strict=True)]
    return [*packed(shown, 2), [_done(form, asked)]]


def _week(form: Form, asked: Asked) -> Rows:
    rows: Rows = []
    for number, day in enumerate(WEEKDAYS):
        data = boxes(asked.field.key, [f"{number}:{part}" for part in PARTS])
        parts = [_ticked(form.words[part], each) for part, each in zip(PARTS, data, strict=True)]
        rows.append([button(label(form.words[day]), f"{WHOLE_DAY}{number}"), *parts])
    return [*rows, [_done(form, asked)]]


def _done(form: Form, asked: Asked) -> pages.Button:
    return button(label(form.words["done"]), of_field(DONE, form.run, asked.field.key)) | {"style": "primary"}


def _ticked(text: str, data: str) -> pages.Button:
    return button(f"{TICK if data.startswith(TICKED) else ''}{label(text)}", data)


def _day(form: Form, asked: Asked, earliest: str | None) -> Rows:
    page = _page("d", form, asked)
    if not page.fits:
        return []
    try:
        known = date.fromisoformat(str(asked.initial)) if asked.initial else None
        first = date.fromisoformat(earliest) if earliest else None
    except ValueError:
        known = first = None
    at = max(filter(None, (known, first)), default=None)
    if at is None or at.year not in pages.YEARS:
        return page.opening(label(form.words["pick"]))
    return page.month(at.replace(day=1), first)


def _page(kind: str, form: Form, asked: Asked) -> Page:
    names = [label(form.words[day]).replace("/", BLANK) for day in WEEKDAYS]
    # Above a calendar, what all of them begin with only takes room.
    alike = next((at for at, signs in enumerate(zip(*names, strict=False)) if len(set(signs)) > 1), 0)
    return Page(kind, form.run, asked.field.key, "/".join(name[alike:] or name for name in names))


# --- When only the keyboard changes -----------------------------------------------------------------------------


def toggled(message: Mapping[str, Any], data: str) -> Markup | None:
    """Give the keyboard of a message after a press that submits nothing; None where it stays as it is.

    A box is set to the other side of what the pressed button showed, so that a press that comes twice does it once.
    """
    rows = keyboard_of(message)
    if data == NOTHING or data not in {text_in(each.get("callback_data")) for row in rows for each in row}:
        return None
    if (box := box_of(data)) is not None:
        return markup(_set(rows, {_same(box)}, on=not box.ticked))
    if data.startswith(WHOLE_DAY):
        row = next(row for row in rows if any(each.get("callback_data") == data for each in row))
        read = [found for each in row if (found := box_of(text_in(each.get("callback_data"))))]
        return markup(_set(rows, set(map(_same, read)), on=not all(each.ticked for each in read)))
    shown = pages.turned(message, data)
    return markup(shown) if shown else None


def _same(box: Box) -> tuple[str | None, int]:
    return box.value, box.place


def _set(rows: Sequence[Sequence[Body]], which: set[tuple[str | None, int]], *, on: bool) -> Rows:
    written = pages.again(rows)
    for row in written:
        for each in row:
            box = box_of(each["callback_data"])
            if box is not None and _same(box) in which and box.ticked != on:
                each["text"] = f"{TICK}{each['text']}" if on else each["text"].removeprefix(TICK) or BLANK
                rest = each["callback_data"][len(TICKED) :]
                each["callback_data"] = f"{TICKED if on else UNTICKED}{rest}"
    return written


def chosen(message: Mapping[str, Any], data: str) -> str:
    """Say what a press chose, in the words of its keyboard; empty where it answers no question."""
    rows = keyboard_of(message)
    if not data.startswith(("=", "!", "#", SKIP, DONE)):
        return ""
    if data.startswith("=") and pages.is_of_calendar(rows):
        return data.split(":", 2)[-1]
    pressed = next(
        (text_in(each.get("text")) for row in rows for each in row if each.get("callback_data") == data), ""
    )
    if data.startswith(DONE) or data.split(":")[1:2] == [DONE]:
        return ", ".join(_ticked_in(rows)) or pressed
    return pressed


def _ticked_in(rows: Sequence[Sequence[Body]]) -> list[str]:
    """Name what is ticked; a part of a day with its day."""
    found = []
    for row in rows:
        day = ""
        for each in row:
            text, data = text_in(each.get("text")), text_in(each.get("callback_data"))
            box = box_of(data)
            if data.startswith(WHOLE_DAY):
                day = f"{text} "
            elif box is not None and box.ticked:
                found.append(f"{day}{text.removeprefix(TICK)}")
    return found
