"""Telegram's limits of messages and keyboards, and its reading of HTML, as its server does it; stricter in doubt."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Body = Mapping[str, Any]
Entities = list[dict[str, Any]]

TEXT = 4096
CAPTION = 1024
ENTITIES = 100
BUTTONS, A_ROW, DATA = 100, 8, 64
STYLES = {"primary", "success", "danger"}
TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
    "tg-time": "date_time",
}
EVERYWHERE = {"bold", "italic", "underline", "strikethrough", "spoiler"}
REFERENCES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
ATTRIBUTE = re.compile(r'\s+([a-z-]+)="([^"<>]*)"')
TAG = re.compile(r"<(/?)([a-z-]+)((?:\s+[a-z-]+=\"[^\"<>]*\")*)>")
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-zA-Z]+));")
DATE = re.compile(r"r|w?[dD]?[tT]?")
UNSEEN = re.compile(
    "[\\s\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\U000e0000-\U000e007f]+"
)


class Refused(AssertionError):
    """What Telegram would answer with an error."""


def check_payload(payload: Body) -> tuple[str, Entities]:
    """Read a message as Telegram would show it; raises `Refused` unless it would take it."""
    _only(
        payload,
        {
            *("text", "parse_mode", "entities", "link_preview_options", "reply_markup"),
            *("disable_notification", "protect_content"),
        },
        "a message",
    )
    _need(payload["link_preview_options"] == {"is_disabled": True}, "a preview of a link")
    for flag in ("disable_notification", "protect_content"):
        _need(payload.get(flag, True) is True, f"{flag} that says nothing")
    if "reply_markup" in payload:
        check_keyboard(payload["reply_markup"])
    return _words(payload, "text", TEXT)


def check_caption(payload: Body) -> tuple[str, Entities]:
    """Read what goes with a file; raises `Refused` unless Telegram would take it."""
    _only(
        payload,
        {"caption", "parse_mode", "reply_markup", "disable_notification", "protect_content"},
        "a file",
    )
    if "reply_markup" in payload:
        check_keyboard(payload["reply_markup"])
    return _words(payload, "caption", CAPTION)


def check_keyboard(markup: Body) -> None:
    """Raise `Refused` unless Telegram would take this keyboard."""
    _only(markup, {"inline_keyboard"}, "a keyboard")
    rows: Sequence[Sequence[Body]] = markup["inline_keyboard"]
    _need(isinstance(rows, list) and all(isinstance(row, list) for row in rows), "rows that are no lists")
    _need(sum(map(len, rows)) <= BUTTONS, "too many buttons")
    for row in rows:
        _need(0 < len(row) <= A_ROW, f"{len(row)} buttons in a row")
        for button in row:
            _only(button, {"text", "callback_data", "style"}, "a button")
            _need(bool(UNSEEN.sub("", button["text"])), "a button without words")
            _need("\n" not in button["text"], "a button of several lines")
            _need(0 < len(button["callback_data"].encode()) <= DATA, "BUTTON_DATA_INVALID")
            _need(button.get("style", "primary") in STYLES, "the style of a button")


def parse_html(text: str) -> tuple[str, Entities]:
    """Read HTML as the characters that are shown and what they look like; raises `Refused` for what is no HTML."""
    shown: list[str] = []
    offset = at = 0
    open_: list[tuple[str, dict[str, str], int]] = []
    found: Entities = []
    while at < len(text):
        if text[at] == "<":
            tag = TAG.match(text, at)
            _need(tag, f"can't parse entities: unsupported start tag at {at}: {text[at : at + 20]!r}")
            assert tag is not None
            at = tag.end()
            name = tag[2]
            _need(name in TAGS, f"can't parse entities: unsupported start tag {name}")
            if not tag[1]:
                attributes = {key: _references(value) for key, value in ATTRIBUTE.findall(tag[3])}
                open_.append((name, attributes, offset))
                continue
            _need(open_ and open_[-1][0] == name, f"can't parse entities: unmatched end tag {name}")
            _, attributes, begin = open_.pop()
            if offset > begin:
                _close(found, name, attributes, begin, offset - begin)
        else:
            reference = REFERENCE.match(text, at) if text[at] == "&" else None
            _need(text[at] not in "&>" or reference, f"a character that is not escaped at {at}")
            sign = _references(reference[0]) if reference else text[at]
            at = reference.end() if reference else at + 1
            shown.append(sign)
            offset += units(sign)
    _need(not open_, "can't parse entities: can't find end tag")
    found.reverse()  # what is closed later is around what was closed before
    found.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    _nested(found)
    return "".join(shown), found


def units(text: str) -> int:
    """Count UTF-16 units; half a character raises UnicodeEncodeError."""
    return len(text.encode("utf-16-le")) // 2


def _close(found: Entities, name: str, attributes: dict[str, str], offset: int, length: int) -> None:
    entity: dict[str, Any] = {"type": TAGS[name], "offset": offset, "length": length}
    match name:
        case "a":
            _need(set(attributes) == {"href"}, "a link that leads nowhere")
            _need(re.match(r"https?://[^/]*\.", attributes["href"]), "a link that would be dropped")
            entity["url"] = attributes["href"]
        case "code" if attributes:
            _need(attributes["class"].startswith("language-"), "the class of code")
            entity["language"] = attributes["class"].removeprefix("language-")
        case "tg-time":
            _need(0 < int(attributes["unix"]) < 2**31, "the time of a date")
            _need(DATE.fullmatch(attributes["format"]), "the format of a date")
            entity |= {"unix_time": int(attributes["unix"]), "date_time_format": attributes["format"]}
        case "pre" if found and found[-1] | entity | {"type": "code"} == found[-1]:
            found[-1]["type"] = "pre"
            return
        case _:
            _need(not attributes, f"attributes of {name}")
    found.append(entity)


def _nested(found: Entities) -> None:
    """What the documentation says of elements within others."""
    around: list[dict[str, Any]] = []
    for entity in found:
        while around and around[-1]["offset"] + around[-1]["length"] <= entity["offset"]:
            around.pop()
        kind = entity["type"]
        for outer in (each["type"] for each in around):
            _need(outer not in ("code", "pre"), f"{kind} within {outer}")
            _need(kind != "blockquote" or outer in EVERYWHERE, f"a quote within {outer}")
            _need(outer != kind, f"{kind} within the same")
            if kind in ("code", "pre", "text_link", "date_time"):
                _need(outer == "blockquote" or kind not in ("code", "pre"), f"{kind} within {outer}")
                _need(outer in EVERYWHERE | {"blockquote"}, f"{kind} within {outer}")
        around.append(entity)


def _references(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        if found[3]:
            _need(found[3] in REFERENCES, f"an unknown reference &{found[3]};")
            return REFERENCES[found[3]]
        return chr(int(found[1], 16) if found[1] else int(found[2]))

    return REFERENCE.sub(meant, text)


def _words(payload: Body, name: str, most: int) -> tuple[str, Entities]:
    text, mode = payload[name], payload.get("parse_mode")
    _need(isinstance(text, str), f"{name} that is no text")
    _need(mode in (None, "HTML"), "an unknown parse_mode")
    shown, found = parse_html(text) if mode else (text, payload.get("entities", []))
    _need("entities" not in payload or not mode, "entities beside a parse_mode")
    _need(UNSEEN.sub("", shown), "message text is empty")
    _need(units(shown) <= most, f"message is too long: {units(shown)}")
    _need(len(found) <= ENTITIES, f"{len(found)} entities")
    for entity in found:
        _need(
            0 <= entity["offset"] < entity["offset"] + entity["length"] <= units(shown), "an entity outside"
        )
    return shown, found


def _only(body: Body, allowed: set[str], what: str) -> None:
    _need(set(body) <= allowed, f"{what} with {set(body) - allowed}")


def _need(held: object, why: str) -> None:
    if not held:
        raise Refused(why)
