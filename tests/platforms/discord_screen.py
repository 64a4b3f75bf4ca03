"""What somebody sees on Discord, in the shape of the console's JSON: read from messages and modals as they came.

What keyboards add is taken off again: back, and the way into the form, are no words of the program. Of a question
nothing on the wire tells which words are the error, the question and the hint; of a modal not what it is that stands
above its fields. This is looked up in the answers that the program gave, by all their words, which have to be there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from bot.adapters.console import to_json
from bot.messages import Catalogue
from bot.ports import (
    Answer,
    Asked,
    Attached,
    Button,
    Choice,
    Confirm,
    Form,
    Json,
    Number,
    Rendered,
    ShownItem,
    ShownOption,
    Week,
)
from bot.richtext import Rich, Text, clean, plain
from tests.platforms.discord_entries import Tap, typed
from tests.platforms.discord_limits import BUTTON, FILE, GALLERY, INPUT, LABEL, ROW, SECTION, SELECT, WORDS
from tests.platforms.discord_rich import COMMAND, MOMENTS, Moment, rich_of
from tests.platforms.discord_world import Form as Modal
from tests.platforms.discord_world import Json as Component
from tests.platforms.discord_world import Message

TICK, CUT = "✓ ", "…"
COPY = re.compile(r" #\d+\Z")
OPENS = re.compile(r"form:(\d+)(?: #\d+)?")
SET = re.compile(r"[=!]\d+:[^:]*:.*|#\d+:\d+:[0-9a-f]{8}", re.DOTALL)
SKIP = re.compile(r"-\d+:.*|#\d+:-:[0-9a-f]{8}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message or a part of a modal as it is read, and what there is to press in its question, by the words on it."""

    rendered: Rendered
    taps: Mapping[str, Tap] = field(default_factory=dict)
    skip: str = ""
    """What leaves its question out."""
    onward: bool = False
    """It is no words of the program, but what leads from one page of a form to the next."""

    def json(self) -> dict[str, Any]:
        """Write it as the console does."""
        return to_json(self.rendered)

    @property
    def skip_word(self) -> str:
        """How one says that one leaves a question out."""
        return self.rendered.form.words["skip"] if self.rendered.form else ""

    @property
    def asked(self) -> Asked | None:
        """What it asks first."""
        return self.rendered.form.fields[0] if self.rendered.form else None


@cache
def _clocks() -> Catalogue:
    words = {str(style): f"{{{{ at | when('{style}') }}}}" for style in MOMENTS.values()}
    return Catalogue(dict.fromkeys(("en", "zh"), words))


def moments(locale: str, zone: str) -> Moment:
    """Say how a client in this language and zone writes moments: here as the program would."""
    return lambda at, style: _clocks().text(style, {"at": at}, locale, zone)


# --- A message, and the rows of its list ------------------------------------------------------------------------


def of_message(message: Message, answers: Sequence[Answer], moment: Moment) -> Seen:
    """Read a message; `answers` are those that may be shown here, the newest first."""
    components = message.components
    assert not message.content, f"{message} is not made of components"
    run = _opens(components)
    forms = [answer.form for answer in answers if answer.form is not None and answer.form.run == run]
    if run is not None:
        told = "\n".join(each["content"] for each in components if each["type"] == WORDS)
        for form in forms:
            if parts := _asking(told, form.fields[0], moment):
                return _question(parts, components, form)
        lines = plain(rich_of(told, moment)).split("\n")
        assert any(form.title in lines for form in forms), f"nobody asked {told!r}"
        return Seen(_message(components, moment), onward=True)
    rendered = _message(components, moment)
    if message.files:
        (file,) = message.files
        body = () if plain(rendered.body) == file.name else rendered.body
        rendered = replace(rendered, body=body, attached=Attached(file.name, file.mime, file.data))
    return Seen(rendered)


def _opens(components: Sequence[Component]) -> int | None:
    """Find the run whose form a message opens."""
    found = [OPENS.fullmatch(each["custom_id"]) for each in _buttons(components)]
    return next((int(each[1]) for each in found if each), None)


def _buttons(components: Sequence[Component]) -> list[Component]:
    rows = [each for row in components if row["type"] == ROW for each in row["components"]]
    return [each for each in rows if each["type"] == BUTTON]


@dataclass(slots=True)
class Block:
    """Words, with the button beside them, or the rows below."""

    body: Rich
    beside: tuple[Button, ...] = ()
    rows: list[tuple[Button, ...]] = field(default_factory=list)


def _message(components: Sequence[Component], moment: Moment) -> Rendered:
    """Tell the rows of a list from the words before them, and their buttons from the message's own."""
    blocks: list[Block] = []
    for each in components:
        match each["type"]:
            case int(kind) if kind == WORDS:
                blocks.append(Block(rich_of(each["content"], moment)))
            case int(kind) if kind == SECTION:
                (words,) = each["components"]
                blocks.append(Block(rich_of(words["content"], moment), (_button(each["accessory"]),)))
            case int(kind) if kind == ROW:
                blocks[-1].rows.append(tuple(map(_button, each["components"])))
            case kind:
                assert kind in {FILE, GALLERY}, f"a component {kind} in a message"
    first = blocks[:1] if blocks and not blocks[0].beside else []
    items = blocks[len(first) :]
    own = _own(items) if items else blocks[-1].rows if blocks else []
    return Rendered(
        first[0].body if first else (),
        tuple(button for row in own for button in row),
        tuple(
            ShownItem(item.body, (*item.beside, *(button for row in item.rows for button in row)))
            for item in items
        ),
    )


def _own(items: Sequence[Block]) -> list[tuple[Button, ...]]:
    """Take the message's own buttons from below its last item: what is below a button beside, or below the first row.

    Where none of several has buttons, neither has the last.
    """
    last = items[-1]
    bare = len(items) > 1 and not any(item.beside or item.rows for item in items[:-1])
    kept = 0 if last.beside or bare else 1
    own, last.rows = last.rows[kept:], last.rows[:kept]
    return own


def _button(component: Component) -> Button:
    return Button(str(component["label"]), COPY.sub("", component["custom_id"]))


# --- A question in the chat -------------------------------------------------------------------------------------


def _asking(markdown: str, asked: Asked, moment: Moment) -> tuple[Rich, str, str, str] | None:
    """Part words that end with error, question and hint: what is before, and the three; None where they do not."""
    shown = plain(rich_of(markdown, moment))
    lines = shown.split("\n")
    parts = [_told(plain(rich)) for rich in (asked.error, asked.label, asked.hint)]
    every = [line for part in parts for line in part]
    at = len(lines)
    left = len(every)
    while left and at:
        at -= 1
        left -= bool(lines[at].strip())
    if not every or left or _told("\n".join(lines[at:])) != every:
        return None
    read = [line for line in lines[at:] if line.strip()]
    stops = [len(parts[0]), len(parts[0]) + len(parts[1])]
    before = "\n".join(markdown.split("\n")[:at]) if at else ""
    return (
        rich_of(before, moment) if before.strip() else (),
        *("\n".join(read[slice(*ends)]) for ends in ((0, stops[0]), (stops[0], stops[1]), (stops[1], None))),
    )  # type: ignore[return-value]  # three of them


def _told(text: str) -> list[str]:
    return [" ".join(clean(line).split()) for line in text.split("\n") if line.strip()]


def _question(parts: tuple[Rich, str, str, str], components: Sequence[Component], form: Form) -> Seen:
    body, error, label, hint = parts
    asked = form.fields[0]
    skips = [each for each in _buttons(components) if SKIP.fullmatch(each["custom_id"])]
    assert bool(skips) != asked.field.required, f"{asked.field.key} that is required and skipped, or neither"
    options, initial, taps = _offered(asked, components)
    read = Asked(asked.field, _rich(label), _rich(hint), options, _rich(error), initial)
    shown = replace(form, fields=(read,), words={"skip": skips[0]["label"] if skips else ""})
    return Seen(Rendered(body, form=shown), taps, skips[0]["custom_id"] if skips else "")


def _offered(
    asked: Asked, components: Sequence[Component]
) -> tuple[tuple[ShownOption, ...], Json, dict[str, Tap]]:
    """Read the options, what is known already, and what there is to press, by its words."""
    rows = [each for row in components if row["type"] == ROW for each in row["components"]]
    chosen = [option for each in rows if each["type"] == SELECT for option in each["options"]]
    pressed = {
        each["label"]: Tap(each["custom_id"]) for each in rows if SET.fullmatch(str(each.get("custom_id")))
    }
    selected = {
        option["label"]: Tap(each["custom_id"], option["value"])
        for each in rows if each["type"] == SELECT for option in each["options"]
    }  # fmt: skip
    labels = [*(selected if chosen and not isinstance(asked.field, Week) else pressed)]
    known = labels.pop(0) if len(labels) > len(asked.options) else None
    ticked: list[Json] = [option["value"] for option in chosen if option.get("default")]
    options = zip(asked.options, labels, strict=True)
    initial = _number(known) if isinstance(asked.field, Number) and known is not None else known
    read = tuple(ShownOption(option.value, label) for option, label in options)
    return read, ticked or initial, {**pressed, **selected}


def _rich(text: str) -> Rich:
    return (Text(text),) if text else ()


def _number(text: str) -> int | float | str:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


# --- A form in a modal ------------------------------------------------------------------------------------------


def of_modal(modal: Modal, answers: Sequence[Answer], moment: Moment) -> list[Seen]:
    """Read a modal: the messages above, and its fields; `answers` as for a message."""
    for answer in answers:
        form = answer.form
        if form is None or modal.custom_id != f"form:{form.run}":
            continue
        before = [message for message in answer.besides if message.body or message.items]
        top, rest = (
            (modal.data["components"][:1], modal.data["components"][1:])
            if before
            else ([], modal.data["components"])
        )
        asked = form.fields[: len(modal.fields)]
        if not all(_is_asked(modal, each, _above(rest, each.field.key, moment)) for each in asked):
            continue
        told = plain(rich_of("\n".join(each["content"] for each in top), moment))
        said = "".join(plain(message.body) + _rows(message) for message in before)
        assert _letters(told) == _letters(said), f"{told!r} is not what was said"
        body = before.pop().body if before and before[-1].form is form else ()
        shown = replace(form, fields=tuple(_field(modal, each) for each in asked))
        return [
            *(Seen(replace(each, buttons=(), form=None)) for each in before),
            Seen(Rendered(body, form=shown)),
        ]
    raise AssertionError(f"nobody asked {modal}")


def _rows(message: Rendered) -> str:
    return "".join(plain(item.body) for item in message.items)


def _is_asked(modal: Modal, asked: Asked, above: str) -> bool:
    """Whether all that the program says of a field, and nothing else, is in its label, its description and above."""
    component = modal.fields.get(asked.field.key)
    if component is None:
        return False
    left = f"{_letters(above)} {_letters(component['description'])}"
    parts = [_letters(plain(rich)) for rich in (asked.error, asked.label, asked.hint)]
    if component["type"] == INPUT:
        parts += [_letters(f"{number}.{option.label}") for number, option in enumerate(asked.options, 1)]
    label = _letters(component["label"])
    if not all(part in left or part == label for part in parts):
        return False
    for part in parts:
        left = left.replace(part, "", 1)
    return not left.strip()


def _field(modal: Modal, asked: Asked) -> Asked:
    """Read a field with what is entered in it."""
    component = modal.fields[asked.field.key]
    entered = modal.entered.get(asked.field.key)
    if "options" not in component:
        written = asked.typed if isinstance(asked.field, Week) else typed(asked.initial)
        return replace(asked, initial=asked.initial if entered == written else entered or None)
    labels = map(_label, component["options"])
    options = tuple(
        ShownOption(option.value, label) for option, label in zip(asked.options, labels, strict=True)
    )
    chosen: list[Json] = list(entered or ())
    if isinstance(asked.field, Choice) and asked.field.many:
        return replace(asked, options=options, initial=chosen or None)
    value = chosen[0] if chosen else None
    meant = value == "yes" if isinstance(asked.field, Confirm) and value is not None else value
    return replace(asked, options=options, initial=meant)


def _above(components: Sequence[Component], key: str, moment: Moment) -> str:
    """Give what stands between the field before and this one; nothing where it is not there."""
    run: list[str] = []
    for each in components:
        if each["type"] != LABEL:
            run.append(each["content"])
        elif each["component"]["custom_id"] == key:
            return plain(rich_of("\n".join(run), moment))
        else:
            run = []
    return ""


def _label(option: Component) -> str:
    """Give an option's words, which may go on below it."""
    text, below = str(option["label"]), str(option.get("description", ""))
    return text.removesuffix(CUT) + below.removeprefix(CUT) if below else text


def _letters(text: str) -> str:
    """Give what can be told apart of a text."""
    return "".join(clean(text).replace(COMMAND, "/").split())
