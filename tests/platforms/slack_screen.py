"""What somebody sees on Slack, in the shape of the console's JSON: read from blocks and views as they came.

A form in a modal says less in words than a question in the chat: that an answer may be left out, and that a box may
stay empty, is drawn by Slack's own client. What the buttons for these would say is looked up in the catalogue.
"""

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from bot.adapters.slack.typed import unescape
from bot.app import locales
from bot.messages import Catalogue
from bot.richtext import Break, Rich, Text, markup, plain
from core import topics
from tests.platforms import slack_inputs
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_rich import rich_of
from tests.platforms.slack_world import File, Posted, View, escape

KNOWN_LIMIT = 60
AGAIN = re.compile(r" #\d+\Z")
LEVEL = re.compile(r"(.*\S) ([1-9])", re.DOTALL)
COMMAND = re.compile(r"/mentor (?=[a-z])")
"""All commands are words behind one on Slack; on the console they are commands themselves."""
DETAILS = ("error", "label", "hint", "options")
"""What may stand above an input, or makes up a question: blocks named `<key>:<detail>`."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message: what it says, its rows with their buttons, what it asks, its file."""

    body: Rich = ()
    items: tuple[tuple[Rich, tuple[Json, ...]], ...] = ()
    buttons: tuple[Json, ...] = ()
    form: Json | None = None
    file: File | None = None

    def json(self) -> Json:
        """Write it as the console does."""
        data: Json = {
            "text": COMMAND.sub("/", "\n".join(self._lines())),
            "markup": markup(self.body),
            "buttons": list(self.buttons),
            "items": [{"text": plain(body), "buttons": list(buttons)} for body, buttons in self.items],
        }
        if self.form is not None:
            data["form"] = self.form
        if self.file is not None:
            bytes_ = self.file.data or b""
            words = b64encode(bytes_).decode()
            data["file"] = {
                "name": self.file.name,
                "mime": self.file.mime,
                "size": len(bytes_),
                "base64": words,
            }
        return data

    def _lines(self) -> Iterator[str]:
        yield from (line for line in plain(self.body).split("\n") if line.strip())
        for body, buttons in self.items:
            yield " ".join([f"• {plain(body)}".replace("\n", " "), *_labels(buttons)])
        if self.file is not None:
            yield f"({self.file.name})"
        if self.form is not None and self.form["fields"]:
            asked = self.form["fields"][0]
            for part in (asked["error"], asked["label"], asked["hint"]):
                yield from (line for line in part.split("\n") if line.strip())
            labels = [*_labels(asked["options"]), *([] if asked["required"] else [f"[{self.form['skip']}]"])]
            if labels:
                yield " ".join(labels)
        if self.buttons:
            yield " ".join(_labels(self.buttons))


def _labels(buttons: Sequence[Json]) -> list[str]:
    return [f"[{button['label']}]" for button in buttons]


# --- Messages ---------------------------------------------------------------------------------------------------


def of_message(message: Posted) -> Seen:
    """Read a message, or a question that is asked in one."""
    if not message.blocks:
        files = message.files
        return Seen((Text(unescape(message.text)),) if message.text else (), file=files[0] if files else None)
    named = [block for block in message.blocks if _detail(block)]
    if named:
        return _question(message.blocks)
    return _plain(message.blocks, message.text)


def of_view(view: View, zone: str) -> list[Seen]:
    """Read a modal or Home: its messages, which lines part, and at its end what it asks, if it does."""
    parts = [
        list(run) for line, run in groupby(view.blocks, lambda one: one["type"] == "divider") if not line
    ]
    if not str(view.source.get("callback_id", "")).startswith("form:"):
        return [_plain(part) for part in parts]
    *before, last = parts
    at = next((n for n, block in enumerate(last) if _detail(block) or block["type"] == "input"), len(last))
    form = _form(view, last[at:], zone)
    return [*map(_plain, before), replace(_plain(last[:at]), form=form)]


def _detail(block: Json) -> tuple[str, str] | None:
    """Say which field a block belongs to, and as what."""
    key, _, detail = str(block.get("block_id", "")).rpartition(":")
    return (key, detail) if detail in DETAILS else None


def _plain(blocks: Sequence[Json], text: str | None = None) -> Seen:
    """Read a body, rows with the buttons below them, and the buttons of the whole.

    The plain text marks each row; without it all that follows the first block of words are rows.
    """
    bodies: list[Rich] = []
    items: list[tuple[Rich, tuple[Json, ...]]] = []
    buttons: tuple[Json, ...] = ()
    left, below = text, False
    for block in blocks:
        if block["type"] == "actions":
            found = tuple(map(_button, block["elements"]))
            if below and items:
                items[-1] = (items[-1][0], found)
            else:
                buttons += found
            below = False
            continue
        rich = _words(block)
        words = escape(plain(rich)).strip("\n")
        row = bool(bodies or items)
        if left is not None:
            row = not left.startswith(words)
            assert not row or left.startswith("• " + words), (left, words)
            left = left[len(words) + 2 * row :].lstrip("\n")
        below = row
        if row:
            items.append((rich, ()))
        else:
            bodies.append(rich)
    body: Rich = ()
    for rich in bodies:
        body = (*body, Break(), *rich) if body else rich
    return Seen(body, tuple(items), buttons)


def _words(block: Json) -> Rich:
    if block["type"] == "context":
        return (Text(" ".join(str(each["text"]) for each in block["elements"])),)
    return rich_of(block)


def _button(element: Json) -> Json:
    return {"label": str(element["text"]["text"]), "id": AGAIN.sub("", element["action_id"])}


# --- A question in the chat -------------------------------------------------------------------------------------


def _question(blocks: Sequence[Json]) -> Seen:
    at = next(number for number, block in enumerate(blocks) if _detail(block))
    key = (_detail(blocks[at]) or ("",))[0]
    elements = [each for block in blocks if block["type"] == "actions" for each in block["elements"]]
    given: list[tuple[str, Any]] = []
    for element in elements:
        if element["type"] == "button" and element["action_id"].startswith("set:"):
            given.append((str(element["text"]["text"]), json.loads(element["value"])))
        elif element["type"] == "static_select":
            given += [(_label(option), json.loads(option["value"])) for option in element["options"]]
    opening = next(each for each in elements if each["action_id"] == "form")
    skip = next((label for label, setting in given if setting["value"] is None), None)
    options = [(label, setting["value"]) for label, setting in given if setting["value"] is not None]
    asked = {
        "key": key,
        **{detail: _above(blocks, key, detail) for detail in ("error", "label", "hint")},
        "initial": None,
        "required": skip is None,
        "many": any(isinstance(value, list) for _, value in options),
        "search": None,
        "options": [{"value": _bare(value), "label": label} for label, value in options],
    }
    form = {"run": json.loads(opening["value"])["run"], "fields": [asked], "skip": skip or ""}
    return replace(_plain(blocks[:at]), form=form)


def _bare(value: Any) -> Any:
    """Give an option's value as a form names it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value[0] if isinstance(value, list) else value


def _above(blocks: Sequence[Json], key: str, detail: str) -> str:
    """Give the words of a detail; only the first of its blocks is named."""
    found: list[str] = []
    here = False
    for block in blocks:
        if block["type"] not in ("rich_text", "context"):
            here = False
        elif _detail(block):
            here = _detail(block) == (key, detail)
        if here:
            found.append(plain(_words(block)))
    return "\n".join(found)


def _label(option: Json) -> str:
    """Give an option's words, which may go on below it."""
    text = str(option["text"]["text"])
    below = option.get("description")
    return text.removesuffix("…") + str(below["text"]).removeprefix("…") if below else text


# --- A form in a modal ------------------------------------------------------------------------------------------


def _form(view: View, blocks: Sequence[Json], zone: str) -> Json:
    state = slack_inputs.state(view.blocks, view.values)
    skip = _client_words().get(str((view.source.get("submit") or {"text": ""})["text"]), "Skip")
    fields = [_field(block, blocks, state, view.errors, zone) for block in blocks if block["type"] == "input"]
    return {"run": int(view.source["callback_id"].partition(":")[2]), "fields": fields, "skip": skip}


def _field(block: Json, blocks: Sequence[Json], state: Json, errors: Mapping[str, str], zone: str) -> Json:
    key, element = block["block_id"], block["element"]
    error = errors.get(key) or _above(blocks, key, "error")
    above, line = _above(blocks, key, "label"), str(block["label"]["text"])
    # Where the words above say it all, the input's own label says their last line again.
    label = above if above.split("\n")[-1].strip() == line else f"{above}\n{line}" if above else line
    hint = _above(blocks, key, "hint") or str(block.get("hint", {"text": ""})["text"])
    initial = value_of(element, state[key][element["action_id"]], zone)
    options = [{"value": one["value"], "label": _label(one)} for one in element.get("options", ())]
    if element["action_id"] == "confirm" and len(options) == 1:
        options.append({"value": "no", "label": _refusal(key, options[0]["label"])})
    known = _known(element, initial) if not error else ""
    return {
        "key": key,
        "label": label,
        "hint": hint,
        "error": error,
        "initial": initial,
        "required": not block.get("optional"),
        "many": element["type"] in slack_inputs.MANY and element["action_id"] != "confirm",
        "search": element["action_id"].split(":")[1] if element["action_id"].startswith("search:") else None,
        "options": [*([{"value": known, "label": known}] if known else []), *options],
    }


def _known(element: Json, initial: Any) -> str:
    """Give what is entered already and can be kept, as a question would offer it."""
    kept = element["type"] in ("number_input", "external_select") or element["action_id"] == "text"
    text = str(initial) if kept and isinstance(initial, str | int | float) else ""
    return text if len(text) <= KNOWN_LIMIT and "\n" not in text else ""


def value_of(element: Json, entered: Json, zone: str) -> Any:
    """Give what is entered in an input as the value of a field; a moment in the zone of the one who looks."""
    kind, action = element["type"], element["action_id"]
    if kind in slack_inputs.ONE:
        value = (entered["selected_option"] or {}).get("value")
        meant = {"yes": True, "no": False}
        return meant[value] if action == "confirm" and value in meant else value
    if kind in slack_inputs.MANY:
        values = [option["value"] for option in entered["selected_options"]]
        if action == "confirm":
            return True if values == ["yes"] else None
        if action.endswith(":levels"):
            split = [(value, LEVEL.fullmatch(value)) for value in values]
            return [[found[1], int(found[2])] if found else [value, None] for value, found in split] or None
        return values or None
    if kind == "file_input":
        files = entered["files"]
        return {key: files[0][key] for key in ("id", "name", "size")} if files else None
    value = entered[slack_inputs.PLAIN[kind]]
    if kind == "number_input":
        return _number(value)
    if kind == "datetimepicker" and value is not None:
        return datetime.fromtimestamp(value, ZoneInfo(zone or "UTC")).isoformat()
    return value


def _number(text: str | None) -> int | float | str | None:
    try:
        return None if text is None else float(text) if "." in text else int(text)
    except ValueError:
        return text


# --- What Slack's own client says, or draws ---------------------------------------------------------------------


@cache
def _catalogue() -> Catalogue:
    return Catalogue.load(locales(), topics.load().name)


@cache
def _client_words() -> Mapping[str, str]:
    """Give the word for leaving something out, by the words on the button that sends a form."""
    words = _catalogue()
    return {
        words.text("form.next", {}, tag, "UTC"): words.text("form.skip", {}, tag, "UTC")
        for tag in words.locales
    }


@cache
def _refusal(key: str, yes: str) -> str:
    """Give the words for not ticking a box, by the words beside it."""
    words = _catalogue()
    for tag in words.locales:
        for own in words.keys(tag):
            stem = own.removesuffix("yes")
            fits = own == "form.yes" or own.endswith(f".{key}.yes")
            if fits and words.has(f"{stem}no", tag) and words.text(own, {}, tag, "UTC") == yes:
                return words.text(f"{stem}no", {}, tag, "UTC")
    raise AssertionError(f"nothing is known beside {yes!r}")
