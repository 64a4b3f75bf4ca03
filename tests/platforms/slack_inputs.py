"""What a person sees in Slack's blocks and can do there: words, controls, what is entered, what the client refuses."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Json = dict[str, Any]
Values = dict[tuple[str, str], Json]
"""What was entered, by block and action."""
NOTHING: Mapping[str, Any] = MappingProxyType({})

ONE = {"static_select", "external_select", "radio_buttons", "overflow"}
MANY = {"multi_static_select", "multi_external_select", "checkboxes"}
SEARCHED = {"external_select", "multi_external_select"}
# For the rest: the key of the state, which is also that of the initial value behind `initial_`.
PLAIN = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "multi_users_select": "selected_users",
    "rich_text_input": "rich_text_value",
    "file_input": "files",
}
LISTS = {"file_input", "multi_users_select"}
FIRES = re.compile(
    r"<(!(?:channel|here|everyone)\b|!subteam\^|@[UW]|#C|!date\^|[a-zA-Z][a-zA-Z0-9+.-]*:)[^<>]*>"
)
KINDS = {"!s": "usergroup", "!d": "date", "@U": "user", "@W": "user", "#C": "channel"}


class ClientRefuses(Exception):
    """Slack's own client would not send this; `why` is by block id."""

    def __init__(self, why: Mapping[str, str]) -> None:
        """Keep the reasons."""
        self.why = dict(why)
        super().__init__(", ".join(f"{block}: {reason}" for block, reason in why.items()))


@dataclass(frozen=True, slots=True)
class Fired:
    """Something in markup that does more than be read: user, broadcast, usergroup, channel, link."""

    kind: str
    text: str
    where: str


# --- Looking ------------------------------------------------------------------------------------------------------


def controls(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with its block, from top to bottom."""
    for block in blocks:
        match block["type"]:
            case "actions" | "context_actions":
                for element in block["elements"]:
                    yield block, element
            case "section" if block.get("accessory", {}).get("action_id"):
                yield block, block["accessory"]
            case "input":
                yield block, block["element"]
            case _:
                pass


def label(element: Json) -> str:
    """The words on a control: those of a button, or its placeholder."""
    return str((element.get("text") or element.get("placeholder") or {}).get("text", ""))


def find(blocks: Sequence[Json], wanted: str) -> tuple[Json, Json]:
    """Find a control by action_id, else by block_id, else by its words (`Edit #2` is the second so); LookupError."""
    every = list(controls(blocks))
    names: list[list[tuple[Any, Json, Json]]] = [
        [(e.get("action_id"), b, e) for b, e in every],
        [(b.get("block_id"), b, e) for b, e in every],
        [(label(e), b, e) for b, e in every],
    ]
    for named in names:
        for name, block, element in named:
            if name == wanted:
                return block, element
    words, _, number = wanted.rpartition(" #")
    same = [pair for pair in every if label(pair[1]) == words]
    if number.isdecimal() and 0 < int(number) <= len(same):
        return same[int(number) - 1]
    raise LookupError(f"no {wanted!r} among {[(e.get('action_id'), label(e)) for _, e in every]}")


def shown(blocks: Sequence[Json]) -> str:
    """The words of blocks as they are read, without those on controls; a line for each block and list entry."""
    return "\n".join(filter(None, (_read(block) for block in blocks)))


def _read(node: Any) -> str:
    """Read a block, or what is inside one."""
    match node:
        case {"type": "rich_text" | "rich_text_list", "elements": list(parts)}:
            return "\n".join(_read(part) for part in parts)
        case {
            "type": "rich_text_section" | "rich_text_quote" | "rich_text_preformatted",
            "elements": list(parts),
        }:
            return "".join(_inline(part) for part in parts)
        case {"type": "context", "elements": list(parts)}:
            return " ".join(_inline(part) for part in parts)
        case {"type": "header", "text": text}:
            return _inline(text)
        case {"type": "section"}:
            return "\n".join(_inline(part) for part in (node.get("text"), *node.get("fields", ())) if part)
        case {"type": "input", "label": words}:
            return "\n".join(_inline(part) for part in (words, node.get("hint")) if part)
        case _:
            return _inline(node)


def _inline(node: Any) -> str:
    """Read an element of rich text, a text object, an image."""
    match node:
        case {"type": "text" | "plain_text", "text": str(text)}:
            return text
        case {"type": "mrkdwn", "text": str(text)}:
            return unescape(text)
        case {"type": "link", "url": str(url)}:
            return str(node.get("text") or url)
        case {"type": "date", "fallback": str(text)} | {"type": "image", "alt_text": str(text)}:
            return text
        case {"type": "emoji", "name": str(name)}:
            return f":{name}:"
        case {"type": "user", "user_id": str(user)}:
            return f"@{user}"
        case _:
            return ""


def unescape(text: str) -> str:
    """Read the text of a message as it is shown."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fired(node: Any, where: str, *, markup: bool = False) -> Iterator[Fired]:
    """Whatever in a payload would notify somebody or be a link by its markup; `markup` says a string is mrkdwn."""
    match node:
        case str() if markup:
            for hit in FIRES.finditer(node):
                kind = KINDS.get(hit[1][:2], "broadcast" if hit[1].startswith("!") else "link")
                if kind != "date":
                    yield Fired(kind, hit[0], where)
        case {"type": "mrkdwn", "text": str(text)}:
            yield from fired(text, where, markup=True)
        case {"type": "broadcast" | "user" | "usergroup" | "channel" as kind, **rest} if (
            "elements" not in rest
        ):
            yield Fired(kind, str(rest), where)
        case dict():
            for value in node.values():
                yield from fired(value, where)
        case list():
            for value in node:
                yield from fired(value, where)
        case _:
            pass


# --- Entering -----------------------------------------------------------------------------------------------------


def options(element: Json) -> list[Json]:
    """The options a control was given, those of its groups too."""
    groups = element.get("option_groups") or []
    return [*element.get("options", []), *(one for group in groups for one in group["options"])]


def chosen(element: Json, value: Any, offered: Sequence[Json] = ()) -> Json:
    """Find an option by its value, else by its words; raises LookupError."""
    if isinstance(value, dict):
        return value
    initial = element.get("initial_options") or [element[k] for k in ("initial_option",) if k in element]
    every = [*options(element), *offered, *initial]
    named = [(option["value"], option) for option in every] + [
        (option["text"]["text"], option) for option in every
    ]
    for name, option in named:
        if name == str(value):
            return {key: option[key] for key in ("text", "value")}
    raise LookupError(f"no option {value!r} among {[(o['value'], o['text']['text']) for o in every]}")


def entered(element: Json, value: Any, offered: Sequence[Json] = ()) -> Json:
    """The state of a control in which this was entered; None empties it."""
    kind = element["type"]
    if kind in ONE:
        return {"type": kind, "selected_option": None if value is None else chosen(element, value, offered)}
    if kind in MANY:
        values = value if isinstance(value, list | tuple) else [] if value is None else [value]
        return {"type": kind, "selected_options": [chosen(element, one, offered) for one in values]}
    if kind in LISTS:
        return {"type": kind, PLAIN[kind]: list(value or ())}
    written = value if kind == "datetimepicker" or value is None else str(value)
    return {"type": kind, PLAIN[kind]: written or None}


def initial(element: Json) -> Json:
    """The state of a control that nobody has touched."""
    kind = element["type"]
    if kind in ONE:
        return entered(element, element.get("initial_option"))
    if kind in MANY:
        return entered(element, element.get("initial_options"))
    key = PLAIN[kind]
    return entered(
        element, element.get({"value": "initial_value"}.get(key, key.replace("selected_", "initial_")))
    )


def state(blocks: Sequence[Json], values: Mapping[tuple[str, str], Json]) -> Json:
    """`state.values` as Slack writes it: every input and select, by block and action; no buttons."""
    out: Json = {}
    for block, element in controls(blocks):
        if element["type"] in PLAIN or element["type"] in (ONE | MANY) - {"overflow"}:
            key = (block["block_id"], element["action_id"])
            out.setdefault(key[0], {})[key[1]] = values.get(key) or initial(element)
    return out


def kept(values: Values, blocks: Sequence[Json]) -> Values:
    """What stays entered when a view is drawn anew: where block, action and kind are the same."""
    places = {
        (block["block_id"], element["action_id"]): element["type"] for block, element in controls(blocks)
    }
    return {key: value for key, value in values.items() if places.get(key) == value["type"]}


def unready(blocks: Sequence[Json], values: Values) -> dict[str, str]:
    """What Slack's client asks to mend before it sends a form, by block id."""
    out = {}
    standing = state(blocks, values)
    for block, element in controls(blocks):
        if block["type"] != "input":
            continue
        now = standing[block["block_id"]][element["action_id"]]
        held = next((v for k, v in now.items() if k != "type"), None)
        if not held:
            if not block.get("optional"):
                out[block["block_id"]] = "required"
        elif reason := _wrong(element, held):
            out[block["block_id"]] = reason
    return out


def _wrong(element: Json, held: Any) -> str:
    if element["type"] == "plain_text_input":
        if len(held) < element.get("min_length", 0):
            return "too short"
        if len(held) > element.get("max_length", 3000):
            return "too long"
    if element["type"] == "number_input":
        try:
            number = float(held)
        except ValueError:
            return "not a number"
        if not element.get("is_decimal_allowed") and number != int(number):
            return "not whole"
        if not float(element.get("min_value", "-inf")) <= number <= float(element.get("max_value", "inf")):
            return "out of range"
    most = element.get("max_selected_items", element.get("max_files"))
    if most is not None and isinstance(held, list) and len(held) > most:
        return "too many"
    return ""
