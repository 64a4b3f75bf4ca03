"""Messages and questions as payloads of `sendMessage`: HTML, with inline keyboards.

The items of a list stand in one message, each of their buttons naming its item; what is over Telegram's limits goes
on in the next payload.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.telegram import keyboards, markup
from bot.adapters.telegram.markup import LIMIT, MOST_ENTITIES, seen
from bot.adapters.telegram.pages import Rows
from bot.adapters.telegram.payload import bodies_of, is_whole, text_in
from bot.ports import Form, Rendered, ShownItem
from bot.richtext import Break, List, Rich, Styled, Text

Payload = dict[str, Any]
"""`text`, `parse_mode`, `link_preview_options`, and where there are any `reply_markup` and how it is sent."""

CAPTION_LIMIT = 1024
ALERT_LIMIT = 200
NOTHING = "…"
PREVIEW = {"is_disabled": True}
OF_SENDING = ("disable_notification", "protect_content")
KEPT = {
    "bold",
    "italic",
    "underline",
    "strikethrough",
    "code",
    "pre",
    "text_link",
    "blockquote",
    "date_time",
}
"""The entities that this program writes; Telegram finds the others by itself."""
ABOUT = ("type", "offset", "length", "url", "language", "unix_time", "date_time_format")


@dataclass(frozen=True, slots=True)
class Part:
    """HTML that stays together, with the buttons that belong to it; `apart` has an empty line before it."""

    html: str
    rows: Rows
    apart: bool = True


# --- Messages ---------------------------------------------------------------------------------------------------


def payloads(rendered: Rendered) -> list[Payload]:
    """Write a message, or the question of its form; one with nothing to see says the name of its file."""
    if rendered.form is not None and rendered.form.fields:
        return [each | _sending(rendered) for each in question(rendered.form, rendered.body)]
    parts = [Part(piece, []) for piece in markup.html(rendered.body)]
    for item in rendered.items:
        parts += _item(item)
    if not parts and rendered.attached is not None:
        name = rendered.attached.alt or rendered.attached.name
        parts = [Part(piece, []) for piece in markup.html((Text(name),))]
    return [each | _sending(rendered) for each in _packed(parts, keyboards.of_message(rendered.buttons))]


def _sending(rendered: Rendered) -> Payload:
    silent = {"disable_notification": True} if rendered.silent else {}
    return silent | ({"protect_content": True} if rendered.private else {})


def _item(item: ShownItem) -> list[Part]:
    pieces = markup.html((List(ordered=False, items=(item.body,)),)) if item.body else []
    rows = keyboards.of_message(item.buttons, about=True)
    if not pieces:
        return [Part("", rows)] if rows else []
    apart = "\n" in pieces[0]
    return [*(Part(piece, [], apart) for piece in pieces[:-1]), Part(pieces[-1], rows, apart)]


def _packed(parts: Sequence[Part], own: Rows) -> list[Payload]:
    """Put parts into as few payloads as hold them, in order, and the message's own buttons below the last."""
    packed: list[tuple[str, Rows]] = []
    before = Part("", [])
    for part in parts:
        text, rows = packed[-1] if packed else ("", [])
        gap = "\n\n" if part.apart or before.apart else "\n"
        joined = f"{text}{gap if text and part.html else ''}{part.html}"
        if packed and _fits(joined, [*rows, *part.rows]):
            packed[-1] = (joined, [*rows, *part.rows])
        else:
            packed.append((part.html, part.rows))
        before = part
    packed = packed or [("", [])]
    for row in own:
        text, rows = packed[-1]
        if _fits(text, [*rows, row]):
            packed[-1] = (text, [*rows, row])
        else:
            packed.append(("", [row]))
    return [_payload(text, rows) for text, rows in packed]


def _fits(text: str, rows: Rows) -> bool:
    return (
        markup.size(markup.bare(text)) <= LIMIT
        and markup.entities(text) <= MOST_ENTITIES
        and sum(map(len, rows)) <= keyboards.MOST_BUTTONS
    )


def _payload(text: str, rows: Rows) -> Payload:
    written: Payload = {"text": text or NOTHING, "parse_mode": "HTML", "link_preview_options": PREVIEW}
    return written | ({"reply_markup": keyboards.markup(rows)} if rows else {})


# --- Questions --------------------------------------------------------------------------------------------------


def question(form: Form, body: Rich) -> list[Payload]:
    """Ask the first field: what introduces it, what was wrong, the question, a hint, and what can be pressed."""
    if not form.fields:
        return payloads(Rendered(body))
    asked = form.fields[0]
    options = keyboards.listed(asked)
    told: list[Rich] = [
        asked.error,
        asked.label,
        (Styled("i", asked.hint),) if asked.hint else (),
        (List(True, tuple((Text(keyboards.label(each.label)),) for each in asked.options)),)
        if options
        else (),
    ]
    asks = [piece for piece in (_lines(told),) if piece]
    parts = [Part(piece, []) for rich in ([body] if body else []) + asks for piece in markup.html(rich)]
    return _packed(parts, keyboards.question(form))


def _lines(told: Iterable[Rich]) -> Rich:
    lines: list[Any] = []
    for rich in told:
        if rich:
            lines += [*([Break()] if lines and not isinstance(rich[0], List) else []), *rich]
    return tuple(lines)


def chosen(message: Mapping[str, Any], data: str) -> Payload | None:
    """Write an answered question for `editMessageText`: as it stands, with what was chosen, without its keyboard.

    None where the press answers no question, or the message's words are not known any more.
    """
    text, said = text_in(message.get("text")), keyboards.chosen(message, data)
    told = f"{text}\n\n{keyboards.TICK}{said}"
    if not seen(text) or not seen(said) or markup.size(told) > LIMIT:
        return None
    kept = [
        {name: each[name] for name in ABOUT if name in each}
        for each in bodies_of(message.get("entities"))[:MOST_ENTITIES]
        if each.get("type") in KEPT and _within(each, markup.size(text))
    ]
    return {"text": told, "entities": kept, "link_preview_options": PREVIEW}


def _within(entity: Mapping[str, Any], letters: int) -> bool:
    offset, length = entity.get("offset"), entity.get("length")
    return is_whole(offset) and is_whole(length) and length > 0 and offset + length <= letters


# --- The same, for other methods --------------------------------------------------------------------------------


def without_markup(payload: Payload) -> Payload:
    """Write a payload again for a server that refuses its markup: the same characters, as they are."""
    name = "caption" if "caption" in payload else "text"
    return {key: value for key, value in payload.items() if key != "parse_mode"} | {
        name: markup.bare(payload[name])
    }


def for_edit(payload: Payload) -> Payload:
    """Write a payload for `editMessageText`, which takes nothing about how it is sent."""
    return {key: value for key, value in payload.items() if key not in OF_SENDING}


def alert(payload: Payload) -> str:
    """Write a payload as what is shown on a screen for a moment: its words, as far as Telegram takes them."""
    text = markup.bare(payload["text"])
    return text if markup.size(text) <= ALERT_LIMIT else f"{text[: ALERT_LIMIT // 2].rstrip()}…"


def caption(payload: Payload) -> Payload | None:
    """Write a payload as what goes with a file; None where it is too long for that."""
    if markup.size(markup.bare(payload["text"])) > CAPTION_LIMIT:
        return None
    rest = {key: value for key, value in payload.items() if key not in {"text", "link_preview_options"}}
    return {"caption": payload["text"], **rest}
