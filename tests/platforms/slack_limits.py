"""Slack's limits of blocks and views, as its API and its published schemas hold them; stricter where they differ."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Literal

Body = Mapping[str, Any]
Surface = Literal["message", "modal", "home"]

MOST = {"message": 50, "modal": 100, "home": 100}
TEXT_STYLES = {"bold", "italic", "strike", "underline", "code"}
DATE = re.compile(r"(?:\{(?:date|date_long|date_pretty|date_long_pretty|date_short_pretty|time)\} ?)+")


def check_payload(payload: Body) -> None:
    """Raise AssertionError unless Slack would take this as a message."""
    _text_within(payload.get("text"), 4000, "the text of a message")
    check_blocks(payload.get("blocks", []), "message")


def check_view(view: Body) -> None:
    """Raise AssertionError unless Slack would take this as a view."""
    kind = view.get("type")
    _need(kind in ("modal", "home"), f"no such view: {kind}")
    allowed = {"type", "blocks", "callback_id", "private_metadata", "external_id"}
    if kind == "modal":
        allowed |= {"title", "submit", "close", "notify_on_close", "clear_on_close"}
        _plain_text(view.get("title"), 24, "a title")
        for name in ("submit", "close"):
            if name in view:
                _plain_text(view[name], 24, name)
        inputs = any(block.get("type") == "input" for block in view["blocks"])
        _need("submit" in view or not inputs, "inputs without a submit")
        _need(view["blocks"], "a modal without blocks")
    _only(view, allowed, "a view")
    _length(view.get("callback_id", ""), 255, "a callback_id")
    _length(view.get("private_metadata", ""), 3000, "private_metadata")
    check_blocks(view["blocks"], "home" if kind == "home" else "modal")


def check_blocks(blocks: Sequence[Body], surface: Surface) -> None:
    """Raise AssertionError unless Slack would take these blocks in a message, a modal or on Home."""
    _need(isinstance(blocks, list), "blocks are a list")
    _need(len(blocks) <= MOST[surface], f"{len(blocks)} blocks in a {surface}")
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    _need(len(ids) == len(set(ids)), "the same block_id twice")
    for block_id in ids:
        _text_within(block_id, 255, "a block_id")
    for block in blocks:
        kind = block.get("type")
        _need(kind in BLOCKS, f"no such block: {kind}")
        _need(kind != "input" or surface == "modal", f"an input in a {surface}")
        BLOCKS[str(kind)](block)


# --- Blocks -----------------------------------------------------------------------------------------------------


def _rich_text(block: Body) -> None:
    _only(block, {"type", "block_id", "elements"}, "rich_text")
    _many(block["elements"], 1, None, "the elements of a rich_text")
    letters = 0
    for part in block["elements"]:
        kind = part["type"]
        if kind == "rich_text_list":
            _only(part, {"type", "elements", "style", "indent", "border"}, kind)
            _need(part["style"] in ("bullet", "ordered"), "the style of a list")
            _need(0 <= part.get("indent", 0) <= 8, "the indent of a list")
            _many(part["elements"], 1, None, "the items of a list")
            rows = part["elements"]
            _need(all(row["type"] == "rich_text_section" for row in rows), "an item that is no section")
        else:
            _need(
                kind in ("rich_text_section", "rich_text_quote", "rich_text_preformatted"), f"no such {kind}"
            )
            bordered = {"border"} if kind != "rich_text_section" else set()
            _only(part, {"type", "elements", *bordered}, kind)
            rows = [part]
        for row in rows:
            _many(row["elements"], 1, None, "the elements of a line")
            letters += sum(_rich_element(each, kind) for each in row["elements"])
    _need(letters <= 3500, f"{letters} characters in a rich_text")


def _rich_element(element: Body, within: str) -> int:
    kind = element["type"]
    style = element.get("style", {})
    _need(set(style) <= TEXT_STYLES and all(value is True for value in style.values()), "a style")
    _need("style" not in element or style, "an empty style")
    match kind:
        case "text":
            _only(element, {"type", "text", "style"}, kind)
            return _text_within(element.get("text"), None, "the text of an element")
        case "link":
            _only(element, {"type", "url", "text", "style"}, kind)
            _text_within(element.get("url"), 3000, "a link's url")
            _need(
                re.match(r"(?:https?|mailto):", element["url"], re.IGNORECASE), f"a link to {element['url']}"
            )
            return _text_within(element["text"], None, "a link's text") if "text" in element else 0
        case "date":
            _only(element, {"type", "timestamp", "format", "fallback", "style", "url"}, kind)
            _need(within != "rich_text_preformatted", "a date in code")
            _need(isinstance(element["timestamp"], int) and element["timestamp"] > 0, "a date's timestamp")
            _need(DATE.fullmatch(element["format"]), f"the format of a date: {element['format']}")
            return _text_within(element["fallback"], None, "a fallback") if "fallback" in element else 0
        case _:
            raise AssertionError(f"no such element of rich text: {kind}")


def _actions(block: Body) -> None:
    _only(block, {"type", "block_id", "elements"}, "actions")
    elements = block["elements"]
    _many(elements, 1, 25, "the elements of a row")
    ids = [element["action_id"] for element in elements if "action_id" in element]
    _need(len(ids) == len(set(ids)), "the same action_id twice in a row")
    for element in elements:
        _need(element["type"] in ("button", "static_select"), f"a {element['type']} in a row")
        _element(element)


def _input(block: Body) -> None:
    _only(block, {"type", "block_id", "label", "hint", "element", "optional", "dispatch_action"}, "input")
    _plain_text(block.get("label"), 2000, "a label")
    if "hint" in block:
        _plain_text(block["hint"], 2000, "a hint")
    _need(block["element"]["type"] != "button", "a button in an input")
    _element(block["element"])


def _section(block: Body) -> None:
    _only(block, {"type", "block_id", "text", "fields", "accessory"}, "section")
    _text_object(block.get("text"), 3000, "a section")


def _context(block: Body) -> None:
    _only(block, {"type", "block_id", "elements"}, "context")
    _many(block["elements"], 1, 10, "the elements of a context")
    for element in block["elements"]:
        _text_object(element, 3000, "a context")


def _header(block: Body) -> None:
    _only(block, {"type", "block_id", "text"}, "header")
    _plain_text(block.get("text"), 150, "a header")


def _divider(block: Body) -> None:
    _only(block, {"type", "block_id"}, "divider")


BLOCKS: Mapping[str, Callable[[Body], None]] = {
    "rich_text": _rich_text,
    "actions": _actions,
    "input": _input,
    "section": _section,
    "context": _context,
    "header": _header,
    "divider": _divider,
}


# --- Elements ---------------------------------------------------------------------------------------------------

FEW, ALL = 10, 100
KINDS: Mapping[str, set[str]] = {
    "button": {"text", "value", "url", "style", "accessibility_label"},
    "plain_text_input": {"multiline", "initial_value", "min_length", "max_length", "placeholder"},
    "number_input": {"is_decimal_allowed", "initial_value", "min_value", "max_value", "placeholder"},
    "radio_buttons": {"options", "initial_option"},
    "checkboxes": {"options", "initial_options"},
    "static_select": {"options", "initial_option", "placeholder"},
    "multi_static_select": {"options", "initial_options", "placeholder", "max_selected_items"},
    "external_select": {"initial_option", "min_query_length", "placeholder"},
    "multi_external_select": {"initial_options", "min_query_length", "placeholder", "max_selected_items"},
    "datepicker": {"initial_date", "placeholder"},
    "datetimepicker": {"initial_date_time"},
    "file_input": {"filetypes", "max_files"},
}


def _element(element: Body) -> None:
    kind = element["type"]
    _need(kind in KINDS, f"no such element: {kind}")
    _only(element, {"type", "action_id", "focus_on_load"} | KINDS[kind], kind)
    _text_within(element.get("action_id"), 255, "an action_id")
    if "placeholder" in element:
        _plain_text(element["placeholder"], 150, "a placeholder")
    match kind:
        case "button":
            _button(element)
        case "plain_text_input":
            _typed(element)
        case "number_input":
            _number(element)
        case "datepicker":
            day = element.get("initial_date", "2026-03-02")
            _need(re.fullmatch(r"\d{4}-\d\d-\d\d", day), "an initial date")
        case "datetimepicker":
            stamp = element.get("initial_date_time", 10**9)
            _need(isinstance(stamp, int) and len(str(stamp)) == 10, "an initial moment")
        case "file_input":
            _need(1 <= element.get("max_files", 10) <= 10, "max_files")
        case _:
            _options(element)


def _button(element: Body) -> None:
    _plain_text(element.get("text"), 75, "a button")
    _length(element.get("value", ""), 2000, "a button's value")
    _need(element.get("style", "primary") in ("primary", "danger"), "a button's style")
    if "accessibility_label" in element:
        _text_within(element["accessibility_label"], 75, "an accessibility_label")


def _typed(element: Body) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    _need(0 <= least <= most <= 3000, f"min_length {least}, max_length {most}")
    _need(most >= 1, "max_length")
    if "initial_value" in element:
        _text_within(element["initial_value"], most, "an initial value")
        _need(element.get("multiline") or "\n" not in element["initial_value"], "lines in one line")


def _number(element: Body) -> None:
    _need(isinstance(element.get("is_decimal_allowed"), bool), "is_decimal_allowed")
    bounds = [element.get(name) for name in ("min_value", "initial_value", "max_value")]
    given = [bound for bound in bounds if bound is not None]
    _need(all(isinstance(bound, str) for bound in given), "a number that is no text")
    _need(sorted(given, key=float) == given, f"an initial number out of range: {given}")


def _options(element: Body) -> None:
    kind = element["type"]
    external = kind in ("external_select", "multi_external_select")
    options = element.get("options", [])
    if not external:
        _many(options, 1, FEW if kind in ("radio_buttons", "checkboxes") else ALL, f"the options of {kind}")
    initial = [element["initial_option"]] if "initial_option" in element else []
    if "initial_options" in element:
        _many(element["initial_options"], 1, element.get("max_selected_items"), "initial options")
        initial += element["initial_options"]
    if "max_selected_items" in element:
        _need(element["max_selected_items"] >= 1, "max_selected_items")
    for option in chain(options, initial):
        _only(option, {"text", "value", "description"}, "an option")
        _plain_text(option.get("text"), 75, "an option")
        _text_within(option.get("value"), 75, "an option's value")
        if "description" in option:
            _plain_text(option["description"], 75, "an option's description")
    _need(external or all(option in options for option in initial), "an initial option that is none")
    for some in (options, initial):
        values = [option["value"] for option in some]
        _need(len(values) == len(set(values)), "two options of one value")


# --- Texts ------------------------------------------------------------------------------------------------------


def _text_object(text: object, limit: int, what: str) -> None:
    _need(isinstance(text, Mapping), f"{what} has no text")
    assert isinstance(text, Mapping)
    if text.get("type") == "mrkdwn":
        _only(text, {"type", "text", "verbatim"}, what)
        _text_within(text.get("text"), limit, what)
    else:
        _plain_text(text, limit, what)


def _plain_text(text: object, limit: int, what: str) -> None:
    _need(isinstance(text, Mapping), f"{what} has no text")
    assert isinstance(text, Mapping)
    _only(text, {"type", "text", "emoji"}, what)
    _need(text.get("type") == "plain_text", f"{what} is no plain_text")
    _text_within(text.get("text"), limit, what)
    _need(text["text"].strip(), f"{what} is blank")


def _text_within(text: object, limit: int | None, what: str) -> int:
    _need(isinstance(text, str) and text, f"{what} is empty")
    assert isinstance(text, str)
    _length(text, limit, what)
    _need(not any(0xD800 <= ord(letter) < 0xE000 for letter in text), f"{what} holds half a character")
    return len(text)


def _length(text: str, limit: int | None, what: str) -> None:
    _need(limit is None or len(text) <= limit, f"{what} has {len(text)} characters, over {limit}")


def _many(elements: Sequence[object], least: int, most: int | None, what: str) -> None:
    _need(isinstance(elements, list), f"{what} are no list")
    _need(least <= len(elements) <= (most or len(elements)), f"{what} are {len(elements)}")


def _only(body: Body, allowed: set[str], what: str) -> None:
    _need(body.keys() <= allowed, f"{what} has {sorted(body.keys() - allowed)}")


def _need(holds: object, why: str) -> None:
    if not holds:
        raise AssertionError(why)
