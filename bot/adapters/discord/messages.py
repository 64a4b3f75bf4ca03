"""Messages and questions as payloads of Discord's second version of components.

Each item stands with its buttons; what is over Discord's limits goes on in the next payload.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from bot.adapters.discord import markup, presses
from bot.adapters.discord.payload import (
    BUTTON,
    EPHEMERAL,
    FILE,
    GALLERY,
    ROW,
    SECTION,
    SILENT,
    TEXT,
    V2,
    body_of,
    components_in,
    number_in,
    text_in,
)
from bot.ports import (
    Attached,
    Button,
    Rendered,
    ShownItem,
)
from bot.richtext import Rich, clean
from bot.richtext import Text as Literal

Component = dict[str, Any]
Payload = dict[str, Any]
"""`flags`, `components`, `allowed_mentions`, and `attachments` where the file of the message goes with it."""

MOST_COMPONENTS = 40
A_ROW = 5
MOST_BUTTONS = 10
"""Options beyond these stand in a select."""
LABEL_LIMIT, OPTION_LIMIT, ALT_LIMIT = 80, 100, 1024
BESIDE = 20
"""Letters of a button that stands beside its text."""
STYLES = {"primary": 1, "plain": 2, "danger": 4}
NOTHING = "…"
TICK = "✓ "
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS = ("morning", "afternoon", "evening")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

Part = list[Component]
"""Components that stay together."""


# --- Messages ---------------------------------------------------------------------------------------------------


def payloads(rendered: Rendered) -> list[Payload]:
    """Write a message without its form; one with nothing to see says the name of its file."""
    parts = content(rendered)
    attached = rendered.attached
    if attached is not None:
        parts.append([*([] if parts else texts((Literal(attached.alt or attached.name),))), _file(attached)])
    written = packed(with_rows(parts, rows(rendered.buttons)))
    if attached is not None:
        _attach(written, attached)
    return [each | {"flags": each["flags"] | SILENT} for each in written] if rendered.silent else written


def content(rendered: Rendered) -> list[Part]:
    """Write the body and the items, each with its buttons."""
    parts = [[each] for each in texts(rendered.body)]
    for item in rendered.items:
        parts += _item(item)
    return parts


def packed(parts: Sequence[Part]) -> list[Payload]:
    """Pack parts into as few payloads as hold them, in order."""
    runs: list[Part] = []
    many = letters = 0
    for part in parts:
        more, longer = _size(part)
        if runs and many + more <= MOST_COMPONENTS and letters + longer <= markup.LIMIT:
            runs[-1] += part
            many, letters = many + more, letters + longer
        else:
            runs.append(list(part))
            many, letters = more, longer
    return [_payload(run) for run in runs or [[text(NOTHING)]]]


def text_length(components: Iterable[Component]) -> int:
    """Count what components show."""
    return _size([*components])[1]


def _size(components: Part) -> tuple[int, int]:
    """Count components, and what they show."""
    every = list(components_in(components))
    return len(every), sum(markup.size(each["content"]) for each in every if each["type"] == TEXT)


def _payload(components: Part) -> Payload:
    return {"flags": V2, "components": _apart(components), "allowed_mentions": {"parse": []}}


def _apart(components: Part) -> Part:
    """Give every button of a message a name of its own, as Discord demands."""
    taken: set[str] = set()
    for each in components_in(components):
        if each["type"] == BUTTON and isinstance(each, dict):
            name, number = each["custom_id"], 1
            while each["custom_id"] in taken:
                number += 1
                each["custom_id"] = presses.copied(name, number)
            taken.add(each["custom_id"])
    return components


def texts(rich: Rich) -> list[Component]:
    """Write rich text."""
    return [text(piece) for piece in markup.pieces(rich)]


def text(written: str) -> Component:
    """Write what is markdown already."""
    return {"type": TEXT, "content": written}


def _item(item: ShownItem) -> list[Part]:
    told, below = texts(item.body), rows(item.buttons)
    buttons = [each for row in below for each in row["components"]]
    if told and len(buttons) == 1 and len(buttons[0]["label"]) <= BESIDE:
        section = {"type": SECTION, "components": [told[-1]], "accessory": buttons[0]}
        return [*([each] for each in told[:-1]), [section]]
    return with_rows([[each] for each in told], below)


def with_rows(parts: list[Part], below: Sequence[Component]) -> list[Part]:
    """Put rows of buttons below; the first stays with what is above it."""
    if not parts:
        return [[row] for row in below]
    return [*parts[:-1], [*parts[-1], *below[:1]], *([row] for row in below[1:])]


# --- Buttons ----------------------------------------------------------------------------------------------------


def rows(buttons: Sequence[Button]) -> list[Component]:
    """Write buttons in as many rows as they need."""
    return rows_of([press(each.label, each.id, STYLES[each.style]) for each in buttons])


def press(label: str, custom_id: str, style: int = 2) -> Component:
    """Write a button."""
    return {"type": BUTTON, "style": style, "label": line(label, LABEL_LIMIT), "custom_id": custom_id}


def line(text: str, limit: int) -> str:
    """Put what can be seen of a text on one line, never empty; only labels are ever shortened."""
    told = " ".join(clean(text).split()) or NOTHING
    if markup.size(told) <= limit:
        return told
    cut = told[: limit - 1] if markup.size(told[: limit - 1]) < limit else told[: (limit - 1) // 2]
    return f"{cut.rstrip()}…"


def rows_of(buttons: Sequence[Component]) -> list[Component]:
    """Put buttons in rows."""
    return [
        {"type": ROW, "components": list(buttons[at : at + A_ROW])} for at in range(0, len(buttons), A_ROW)
    ]


# --- Files ------------------------------------------------------------------------------------------------------


def file_name(attached: Attached) -> str:
    """Give a file the name it has on Discord, which changes others by itself."""
    path = PurePath(attached.name)
    stem, ending = _UNSAFE.sub("_", path.stem).strip("._")[:80], _UNSAFE.sub("", path.suffix)[:12]
    return f"{stem or 'file'}{ending}"


def _file(attached: Attached) -> Component:
    media = {"url": f"attachment://{file_name(attached)}"}
    if attached.mime.startswith("image/"):
        alt = line(attached.alt or attached.name, ALT_LIMIT)
        return {"type": GALLERY, "items": [{"media": media, "description": alt}]}
    return {"type": FILE, "file": media}


def _attach(written: Sequence[Payload], attached: Attached) -> None:
    """Name the file in the payload that shows it."""
    told = {"id": "0", "filename": file_name(attached)}
    if alt := " ".join(clean(attached.alt).split()):
        told["description"] = line(alt, ALT_LIMIT)
    for each in written:
        if any(one["type"] in {FILE, GALLERY} for one in components_in(each["components"])):
            each["attachments"] = [told]


# --- What becomes of a message ----------------------------------------------------------------------------------


def for_edit(payload: Payload) -> Payload:
    """Write a payload for the place of a message: how it is sent cannot be changed any more."""
    return {**payload, "flags": V2}


def ephemeral(payload: Payload) -> Payload:
    """Write a payload for the one who acted only."""
    return {**payload, "flags": payload["flags"] | EPHEMERAL}


def answered(message: Mapping[str, Any], data: str, values: Sequence[str] = ()) -> Payload | None:
    """Write an answered question for the place of it: as it stands, with what was chosen instead of what could be.

    None where the press answers no question, or the message's words are not known.
    """
    shown = list(components_in(message.get("components")))
    said = _said(shown, data, values)
    words = [text(said_) for each in shown if (said_ := _content(each))]
    told = [*words, text(markup.escape(f"{TICK}{said}"))]
    if not said or not words or not data.startswith(presses.SETTINGS):
        return None
    written = packed([[each] for each in told])
    return written[0] if len(written) == 1 else None


def _content(component: Mapping[str, Any]) -> str:
    return text_in(component.get("content")) if number_in(component.get("type")) == TEXT else ""


def _said(shown: Iterable[Mapping[str, Any]], data: str, values: Sequence[str]) -> str:
    for each in shown:
        if text_in(each.get("custom_id")) == data:
            options = each.get("options")
            labels = {
                text_in(body_of(one).get("value")): text_in(body_of(one).get("label"))
                for one in (options if isinstance(options, list) else [])
            }
            chosen = [labels[value] for value in values if labels.get(value)]
            return ", ".join(chosen) if values else text_in(each.get("label"))
    return ""
