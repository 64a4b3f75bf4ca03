"""Forms as modal views and as questions in the chat; other views: messages in a modal, the desk on Home.

A page holds as many fields as fit. Each field is an input block under its key, so that what comes back, and what was
wrong with it, needs nothing but the view.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

from bot.adapters.slack import blocks
from bot.adapters.slack.blocks import Payload, actions, body_blocks, context, plain_text, press, short, words
from bot.adapters.slack.fields import Drawn, draw, numbered, read
from bot.adapters.slack.payload import bodies_of, body_of, is_whole, text_in
from bot.adapters.slack.rich import rich_text, spelt
from bot.ports import Asked, Choice, Confirm, Form, Rendered
from bot.richtext import Block, Break, Link, Rich, Text

MOST_FIELDS = 12
MOST_BLOCKS = 100
TITLE_LIMIT = 24
LABEL_LIMIT = 2000
KEY_LIMIT = 255
VIEW_BYTES = 240_000
"""Slack takes 250 kB."""
FIELDS_BYTES = 150_000
KEPT_LIMIT = 3000
"""Characters of what a view keeps for all its fields."""
ABOVE = 8, 3, 1, 0
"""Blocks that each thing above a field may take, by what there is room for."""
BUTTON_VALUE = 2000
OPTION_VALUE = 75
_RUN = re.compile(r"form:([0-9]{1,19})")

View = dict[str, Any]
Blocks = list[dict[str, Any]]
Parts = list[tuple[list[blocks.Part], Blocks]]
"""Messages: what each says, and its own buttons."""


# --- Views ------------------------------------------------------------------------------------------------------


def form_view(form: Form, before: Sequence[Rendered], words: Mapping[str, str]) -> View:
    """Write a form as a modal: what is said besides it on top, then a page of fields, then back and cancel."""
    words = {**words, **form.words}
    page, fields, kept = _page(form)
    parts = _parts(before)
    back = [press("back", words["back"])] if form.can_go_back else []
    last = actions([*back, press("cancel", words["cancel"])])
    metadata = {"private_metadata": json.dumps(kept)} if kept else {}
    frame = {"submit": plain_text(words["next"], TITLE_LIMIT)} if page else {}
    # What introduces the form stands right above it; what is said besides it is set apart.
    apart = [{"type": "divider"}] if before and before[-1].form is None else []

    def write(within: int) -> View:
        shown = _shown(parts, min(within, MOST_BLOCKS - len(fields) - 1 - len(apart)))
        above = [*shown, *apart] if shown else []
        all_ = [*above, *fields, last]
        return _modal(f"form:{form.run}", form.title, words["later"], all_, **frame, **metadata)

    return _fitted(write)


def message_view(messages: Sequence[Rendered], title: str, close: str) -> View:
    """Write messages as a modal that has nothing to fill in."""
    parts = _parts(messages)
    nothing = rich_text((Text(_seen(title)),))
    return _fitted(lambda within: _modal("message", title, close, _shown(parts, within) or nothing))


def saving_view(title: str, text: str, close: str) -> View:
    """Write a modal that only says something."""
    return _modal("saving", title, close, rich_text((Text(_seen(text)),)))


def home_view(messages: Sequence[Rendered]) -> View:
    """Write messages as somebody's Home."""
    parts = _parts(messages)
    return _fitted(lambda within: {"type": "home", "callback_id": "home", "blocks": _shown(parts, within)})


def run_of(view: Mapping[str, Any]) -> int | None:
    """Tell which run a view is a page of; None if of none."""
    found = _RUN.fullmatch(text_in(view.get("callback_id")))
    run = int(found[1]) if found else None
    return run if is_whole(run) else None


def _modal(callback_id: str, title: str, close: str, blocks_: Blocks, **more: object) -> View:
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain_text(title, TITLE_LIMIT),
        "close": plain_text(close, TITLE_LIMIT),
        "blocks": blocks_,
        **more,
    }


def _seen(text: str) -> str:
    return text if words(text) else "…"


def _parts(messages: Sequence[Rendered]) -> Parts:
    return [(blocks.content(message), blocks.rows(message.buttons)) for message in messages]


def _shown(messages: Parts, within: int) -> Blocks:
    """Write messages with a line between them; an ellipsis says that there are more."""
    shown: Blocks = []
    for number, (parts, own) in enumerate(messages):
        rest = number + 1 < len(messages)
        room = within - len(shown) - rest - bool(shown)
        if room < 1:
            return [*shown, context("…")][:within]
        written = blocks.fitted(parts, own, room)
        shown += [{"type": "divider"}, *written] if shown and written else written
    return shown


def _fitted(write: Callable[[int], View]) -> View:
    """Write a view with fewer and fewer blocks until Slack takes its size."""
    within = MOST_BLOCKS
    view = write(within)
    while within and _size(view) > VIEW_BYTES:
        within //= 2
        view = write(within)
    return view


def _size(value: object) -> int:
    return len(json.dumps(value))


# --- The fields of a page ---------------------------------------------------------------------------------------


def fields_shown(form: Form) -> tuple[str, ...]:
    """Give the keys of the fields that a page of the form holds."""
    page, _, _ = _page(form)
    return tuple(asked.field.key for asked in page)


def errors(form: Form) -> dict[str, str]:
    """Give what is wrong with the fields, by their blocks."""
    found = {asked.field.key: short(words(spelt(asked.error)), LABEL_LIMIT) for asked in form.fields}
    return {key: text for key, text in found.items() if text}


def values(view: Mapping[str, Any]) -> dict[str, Any]:
    """Read what was entered in a page: None skips an optional field, once all that is required is there."""
    state = body_of(body_of(view.get("state")).get("values"))
    kept = _kept(view)
    found: dict[str, Any] = {}
    missing = False
    empty: list[str] = []
    for block in bodies_of(view.get("blocks")):
        key, action_id = (
            text_in(block.get("block_id")),
            text_in(body_of(block.get("element")).get("action_id")),
        )
        if block.get("type") != "input" or not key:
            continue
        entered = body_of(body_of(state.get(key)).get(action_id))
        value = read(action_id, entered, body_of(kept.get(key)))
        if value is not None:
            found[key] = value
        elif block.get("optional") is True:
            empty.append(key)
        else:
            missing = True
    return found if missing else found | dict.fromkeys(empty)


def _kept(view: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return body_of(json.loads(text_in(view.get("private_metadata")) or "{}"))
    except (ValueError, RecursionError):
        return {}


def _page(form: Form) -> tuple[list[Asked], Blocks, dict[str, dict[str, str]]]:
    """Take the fields that fit a page, at least one: themselves, their blocks, and what their options stand for."""
    page: list[Asked] = []
    written: Blocks = []
    kept: dict[str, dict[str, str]] = {}
    size = 0
    for asked in form.fields[:MOST_FIELDS]:
        drawn = draw(asked)
        more = _input(asked, drawn)
        size += _size(more)
        keeps = kept | ({asked.field.key: drawn.kept} if drawn.kept else {})
        full = (
            len(written) + len(more) > MOST_BLOCKS // 2
            or size > FIELDS_BYTES
            or len(json.dumps(keeps)) > KEPT_LIMIT
        )
        if page and full:
            break
        page.append(asked)
        written += more
        kept = keeps
    return page, written, kept


def _input(asked: Asked, drawn: Drawn) -> Blocks:
    """Write a field: what was wrong and what is too much for a label above it, then its input."""
    if len(asked.field.key) > KEY_LIMIT:
        raise ValueError(f"the key of a field is longer than {KEY_LIMIT}: {asked.field.key[:40]}")
    above, label = _label(asked.label)
    hint = words(spelt(asked.hint))
    long = asked.hint if len(hint) > LABEL_LIMIT else ()
    block: dict[str, Any] = {
        "type": "input",
        "block_id": asked.field.key,
        "label": plain_text(label, LABEL_LIMIT),
        "element": drawn.element,
        "optional": not asked.field.required,
    }
    if hint and not long:
        block["hint"] = plain_text(hint, LABEL_LIMIT)
    told = (("error", asked.error), ("label", above), ("hint", long), ("options", drawn.above))
    said = [(what, rich) for what, rich in told if rich]
    for within in ABOVE:
        parts = (_named(asked, what, body_blocks(Rendered(rich), within)) for what, rich in said)
        written = [*chain(*parts), block]
        if _size(written) <= FIELDS_BYTES:
            break
    return written


def _named(asked: Asked, what: str, blocks_: Blocks) -> Blocks:
    """Say in the id of a block what it tells of which field."""
    name = f"{asked.field.key}:{what}"
    return [blocks_[0] | {"block_id": name}, *blocks_[1:]] if blocks_ and len(name) <= KEY_LIMIT else blocks_


def _label(rich: Rich) -> tuple[Rich, str]:
    """Part a label, which holds plain words only: what stands above the input, and its last line."""
    at = max((number for number, node in enumerate(rich) if isinstance(node, Break)), default=-1)
    above, line = rich[: max(at, 0)], rich[at + 1 :]
    label = words(spelt(line))
    if any(isinstance(node, Block | Link) for node in line) or len(label) > LABEL_LIMIT or not label:
        lines = [each for each in spelt(rich).split("\n") if words(each)]
        return rich, lines[-1] if lines else ""
    return above, label


# --- A question in the chat -------------------------------------------------------------------------------------


def question(form: Form, body: Rich) -> list[Payload]:
    """Ask the first field in the chat: its options as buttons, or in a menu, and the form itself behind the last."""
    if not form.fields:
        return blocks.messages(Rendered(body))
    asked = form.fields[0]
    buttons = [(asked.known, asked.known)] if asked.known else []
    buttons += [(option.label, _given(asked, option.value)) for option in asked.options]
    skip = [] if asked.field.required else [(form.words["skip"], None)]
    room = blocks.ROW - len(skip) - 1
    menu: Blocks = []
    listed: Rich = ()
    if len(buttons) > room or any(len(_set(form, asked, value)) > BUTTON_VALUE for _, value in buttons):
        menu = _menu(form, asked)
        listed = () if menu else numbered(asked.options)
        buttons = []
    elements = [
        press(f"set:{number}", label) | {"value": _set(form, asked, value)}
        for number, (label, value) in enumerate([*buttons, *skip])
    ]
    opening = press("form", form.words["open"]) | {"value": json.dumps({"run": form.run})}
    told = (("error", asked.error), ("label", asked.label), ("hint", asked.hint), ("options", listed))
    parts = blocks.rich_parts(body)
    for what, rich in told:
        for number, part in enumerate(blocks.rich_parts(rich)):
            named = part.blocks if number else tuple(_named(asked, what, list(part.blocks)))
            parts.append(blocks.Part(named, part.text))
    return blocks.payloads(blocks.with_rows(parts, [actions([*menu, *elements, opening])]))


def _menu(form: Form, asked: Asked) -> Blocks:
    """Write the options as a menu; none where Slack could not show or carry them all."""
    options = [
        {
            "text": plain_text(option.label, blocks.LABEL_LIMIT),
            "value": _set(form, asked, _given(asked, option.value)),
        }
        for option in asked.options
    ]
    carried = all(len(option["value"]) <= OPTION_VALUE for option in options)
    if not carried or not 0 < len(options) <= MOST_BLOCKS:
        return []
    return [{"type": "static_select", "action_id": "set", "options": options}]


def _given(asked: Asked, value: str) -> Any:  # noqa: ANN401  a value of any field
    """Give what an option sets."""
    if isinstance(asked.field, Confirm):
        return value == "yes"
    return [value] if isinstance(asked.field, Choice) and asked.field.many else value


def _set(form: Form, asked: Asked, value: object) -> str:
    setting = {"run": form.run, "key": asked.field.key, "value": value}
    return json.dumps(setting, separators=(",", ":"))
