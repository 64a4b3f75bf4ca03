"""The fields of a form as Slack's inputs, and what comes back from each: both directions of one field together.

An option's value that Slack could not carry (over 75 characters, or not as it is) goes by its place, and the view's
`private_metadata` keeps which is which. What no picker can show or prefill is typed, its options numbered above.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, assert_never

from bot.adapters.slack.blocks import LABEL_LIMIT, plain_text, words
from bot.adapters.slack.payload import bodies_of, body_of, files_of, is_whole, text_in
from bot.ports import Asked, Choice, Confirm, Day, Moment, Number, ShownOption, Text, Upload, Week
from bot.richtext import List, Rich, clean
from bot.richtext import Text as Literal

Element = dict[str, Any]
Body = Mapping[str, Any]
Kept = dict[str, str]
"""Values by what stands for them in an option."""

TICKED = 10
"""Options that are all in sight: radio buttons, checkboxes."""
CHOSEN = 100
"""Options of a select."""
TYPED_LIMIT = 3000
VALUE_LIMIT = 75
KEPT_LIMIT = 1200
"""Characters of what a view keeps for one field."""
PLACE = "…"
"""Begins what stands for a value."""
LEVEL = re.compile(r"(.*\S) ([1-9])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Drawn:
    """An input; what has to be said above it; and the values that its options stand for."""

    element: Element
    above: Rich = ()
    kept: Kept = field(default_factory=dict)


def draw(asked: Asked) -> Drawn:
    """Write a field as the element of an input block."""
    match asked.field:
        case Text():
            return Drawn(_text(asked.field, asked.initial))
        case Number():
            return Drawn(_number(asked.field, asked.initial))
        case Choice():
            return _choice(asked.field, asked)
        case Confirm():
            return _confirm(asked.field, asked)
        case Day():
            return Drawn(_day(asked.initial))
        case Moment():
            return Drawn(_moment(asked.initial))
        case Week():
            return Drawn(_typed(asked.typed, lines=True))
        case Upload():
            return Drawn({"type": "file_input", "action_id": "upload", "max_files": 1})
        case _:
            assert_never(asked.field)


def read(action_id: str, state: Body, kept: Body) -> Any:  # noqa: ANN401  a value of any field
    """Read what was entered; None where nothing was."""
    match state.get("type"):
        case "plain_text_input" | "number_input":
            return value if (value := text_in(state.get("value"))).strip() else None
        case "radio_buttons" | "static_select" | "external_select":
            value = _value(body_of(state.get("selected_option")), kept)
            return value == "yes" if action_id == "confirm" and value else value or None
        case "checkboxes" | "multi_static_select" | "multi_external_select":
            values = [
                value for each in bodies_of(state.get("selected_options")) if (value := _value(each, kept))
            ]
            return _several(action_id, values)
        case "datepicker":
            return text_in(state.get("selected_date")) or None
        case "datetimepicker":
            return _instant(state.get("selected_date_time"))
        case "file_input":
            return _file(state)
        case _:
            return None


# --- Typed ------------------------------------------------------------------------------------------------------


def _text(asked: Text, initial: object) -> Element:
    element = _typed(initial if isinstance(initial, str) else "", lines=asked.lines)
    if asked.least > 1:
        element["min_length"] = min(asked.least, TYPED_LIMIT)
    # What was too long is shown as it was, to be shortened by the one who wrote it.
    longest = max(asked.limit, len(element.get("initial_value", "")))
    return element | {"max_length": min(max(longest, 1), TYPED_LIMIT)}


def _typed(initial: str, *, lines: bool) -> Element:
    element: Element = {
        "type": "plain_text_input",
        "action_id": "text",
        "multiline": lines or "\n" in initial,
    }
    known = clean(initial)[:TYPED_LIMIT]
    return element | ({"initial_value": known} if known.strip() else {})


def _number(asked: Number, initial: object) -> Element:
    element: Element = {
        "type": "number_input",
        "action_id": "number",
        "is_decimal_allowed": not asked.whole,
        "min_value": _figures(asked.low),
        "max_value": _figures(asked.high),
    }
    try:
        value = float(initial) if isinstance(initial, str | int | float) else None
    except ValueError:
        value = None
    fits = value is not None and asked.low <= value <= asked.high and not (asked.whole and value % 1)
    return element | ({"initial_value": _figures(value)} if fits and value is not None else {})


def _figures(value: float) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


# --- Chosen -----------------------------------------------------------------------------------------------------


def _confirm(asked: Confirm, given: Asked) -> Drawn:
    """Yes or no; where only yes goes on, a box to tick."""
    options = [_option(each, {}) for each in given.options if each.value in ("yes", "no")]
    if {each["value"] for each in options} != {"yes", "no"}:
        return Drawn(_typed("", lines=False))
    meant = {"yes": "yes", "no": "no", True: "yes", False: "no"}.get(_plain(given.initial))
    initial = [each for each in options if each["value"] == meant]
    if asked.must:
        options = [each for each in options if each["value"] == "yes"]
        ticked = {"initial_options": initial} if meant == "yes" else {}
        return Drawn({"type": "checkboxes", "action_id": "confirm", "options": options, **ticked})
    chosen = {"initial_option": initial[0]} if initial else {}
    return Drawn({"type": "radio_buttons", "action_id": "confirm", "options": options, **chosen})


def _plain(value: object) -> str | bool | None:
    return value if isinstance(value, str | bool) else None


def _choice(asked: Choice, given: Asked) -> Drawn:
    if asked.search and not given.options:
        return _searched(asked, given.initial)
    shown = {option.value: option for option in reversed(given.options)}
    options = [shown[value] for value in dict.fromkeys(option.value for option in given.options)]
    kept: Kept = {}
    written = [_option(option, kept) for option in options]
    if not options or len(options) > CHOSEN or len(json.dumps(kept)) > KEPT_LIMIT:
        initial = ", ".join(value for value, _ in _pairs(given.initial))
        return Drawn(_typed(initial, lines=False), numbered(given.options))
    wanted = [value for value, _ in _pairs(given.initial)]
    initial_ = [each for each, option in zip(written, options, strict=True) if option.value in wanted]
    element: Element = {"action_id": "choice", "options": written}
    few = len(options) <= TICKED
    if not asked.many:
        kind = {"type": "radio_buttons" if few else "static_select"}
        return Drawn(kind | element | ({"initial_option": initial_[0]} if initial_ else {}), (), kept)
    kind = {"type": "checkboxes" if few else "multi_static_select"}
    most = {} if few else _most(asked, initial_)
    return Drawn(kind | element | ({"initial_options": initial_} if initial_ else {}) | most, (), kept)


def _searched(asked: Choice, initial: object) -> Drawn:
    """Options that come as one types; a level is part of an option, as in `python 4`."""
    marks = [mark for mark, on in (("free", asked.free), ("levels", asked.levels > 0)) if on]
    element: Element = {
        "action_id": ":".join(["search", str(asked.search), *marks]),
        "min_query_length": 1 if asked.search == "topics" else 0,
    }
    texts = [f"{value} {level}" if asked.levels and level else value for value, level in _pairs(initial)]
    if any(_code(text, 0) != text for text in texts):
        return Drawn(_typed(", ".join(texts), lines=False))
    known = [_option(ShownOption(text, text), {}) for text in dict.fromkeys(texts)]
    if asked.many:
        given = {"initial_options": known} if known else {}
        return Drawn({"type": "multi_external_select"} | element | given | _most(asked, known))
    return Drawn({"type": "external_select"} | element | ({"initial_option": known[0]} if known else {}))


def _most(asked: Choice, initial: Sequence[Element]) -> Element:
    return {"max_selected_items": asked.most} if max(len(initial), 1) <= asked.most else {}


def _pairs(initial: object) -> list[tuple[str, int | None]]:
    """Read what is known of a choice: a value, several, or several with their levels; or what was typed."""
    given = initial if isinstance(initial, list | tuple) else [] if initial is None else [initial]
    pairs: list[tuple[str, int | None]] = []
    for each in given:
        value, level = (*each, None)[:2] if isinstance(each, list | tuple) and each else (each, None)
        if isinstance(value, str | int) and words(str(value)):
            pairs.append((str(value), level if isinstance(level, int) else None))
    return pairs


def numbered(options: Iterable[ShownOption]) -> Rich:
    """List options that are typed, by their names or by these numbers."""
    items = tuple((Literal(words(option.label) or "…"),) for option in options)
    return (List(ordered=True, items=items),) if items else ()


def _option(option: ShownOption, kept: Kept) -> Element:
    """Write an option; what is too long for its label goes on below it."""
    label = words(option.label)
    code = _code(option.value, len(kept))
    if code != option.value:
        kept[code] = option.value
    rest = label[LABEL_LIMIT - 1 :]
    below = {"description": plain_text(f"…{rest.lstrip()}", LABEL_LIMIT)} if len(label) > LABEL_LIMIT else {}
    return {"text": plain_text(label, LABEL_LIMIT), "value": code, **below}


def _code(value: str, number: int) -> str:
    """Give what stands for a value in an option: itself, if Slack takes it and gives it back as it is."""
    whole = value == words(value) and not set(value) & set("&<>") and not value.startswith(PLACE)
    return value if whole and 0 < len(value) <= VALUE_LIMIT else f"{PLACE}{number}"


def _value(option: Body, kept: Body) -> str:
    code = text_in(option.get("value"))
    return text_in(kept.get(code, code))


def _several(action_id: str, values: Sequence[str]) -> Any:  # noqa: ANN401  a value of any field
    if action_id == "confirm":
        return True if "yes" in values else None
    if action_id.startswith("search:") and "levels" in action_id.split(":")[2:]:
        # In a list a topic is taken as it is: its level stands beside it.
        split = [(value, LEVEL.fullmatch(value)) for value in values]
        return [[found[1], int(found[2])] if found else value for value, found in split] or None
    return list(values) or None


# --- Picked -----------------------------------------------------------------------------------------------------


def _day(initial: object) -> Element:
    element: Element = {"type": "datepicker", "action_id": "day"}
    try:
        known = date.fromisoformat(initial) if isinstance(initial, str) else None
    except ValueError:
        known = None
    return element | ({"initial_date": known.isoformat()} if known else {})


def _moment(initial: object) -> Element:
    element: Element = {"type": "datetimepicker", "action_id": "moment"}
    try:
        known = datetime.fromisoformat(initial) if isinstance(initial, str) else None
        stamp = int(known.timestamp()) if known and known.tzinfo else 0
    except (ValueError, OverflowError):
        stamp = 0
    # Slack takes ten digits.
    return element | ({"initial_date_time": stamp} if 10**9 <= stamp < 10**10 else {})


def _instant(stamp: object) -> str | None:
    return datetime.fromtimestamp(stamp, UTC).isoformat() if is_whole(stamp) and stamp < 10**10 else None


def _file(state: Body) -> dict[str, Any] | None:
    file = next(iter(files_of(state, "")), None)
    if file is None:
        return None
    return {"id": file.id.removeprefix("/"), "name": file.name, "size": file.size}
