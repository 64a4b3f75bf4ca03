"""What somebody sees on Telegram, in the shape of the console's JSON: read from text, entities and keyboard.

What keyboards add is taken off again: `Accept · Ana` below a list is `Accept` beside the row that is about Ana; back,
done, calendars and the way into them are no words of the program. Of a question nothing on the wire tells which words
are the error, the question and the hint, nor what its field is called, which nobody sees: this is looked up in the
forms that the program gave, by all its words, which have to be there as they are.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.adapters.console import to_json
from bot.ports import (
    Asked,
    Attached,
    Button,
    Choice,
    Day,
    Form,
    Json,
    Moment,
    Number,
    Rendered,
    ShownItem,
    ShownOption,
    Week,
)
from bot.richtext import List, Rich, Text, clean, plain
from tests.platforms.telegram_rich import BULLET, Words
from tests.platforms.telegram_world import File, Message, Rows

TICK, APART, CUT = "✓ ", " · ", "…"
SET = re.compile(r"[=!]\d+:[^:]*:(.*)|#\d+:\d+:[0-9a-f]{8}", re.DOTALL)
SKIP = re.compile(r"-\d+:.*|#\d+:-:[0-9a-f]{8}", re.DOTALL)
DONE = re.compile(r"\*\d+:.*|#\d+:\*:[0-9a-f]{8}", re.DOTALL)
BOX = re.compile(r"~[+-][=#].*", re.DOTALL)
ITEM = re.compile(rf"^{BULLET}", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it is read, and what there is to press in its question: by the words on it, what it carries."""

    rendered: Rendered
    choices: Mapping[str, str] = field(default_factory=dict)
    skip: str = ""

    def json(self) -> dict[str, Any]:
        """Write it as the console does."""
        return to_json(self.rendered)

    @property
    def asked(self) -> Asked | None:
        """What it asks."""
        return self.rendered.form.fields[0] if self.rendered.form else None


def of_message(message: Message, forms: Sequence[Form]) -> Seen:
    """Read a message; `forms` are those that may be asked here, the newest first."""
    return of_state(message.text, message.entities, message.keyboard, message.file, forms)


def of_state(
    text: str, entities: Sequence[Mapping[str, Any]], keyboard: Rows, file: File | None, forms: Sequence[Form]
) -> Seen:
    """Read what a message shows."""
    words = Words.of(text, [dict(each) for each in entities])
    for form in forms:
        if (lines := _asking(text, form.fields[0])) is not None:
            return _question(words, keyboard, form, lines)
    buttons = [each for row in keyboard for each in row]
    assert not any(_is_of_question(each["callback_data"]) for each in buttons), f"nobody asked {text!r}"
    rendered = _message(words, buttons)
    if file is not None:
        body = () if plain(rendered.body) == file.name else rendered.body
        rendered = replace(rendered, body=body, attached=attached(file))
    return Seen(rendered)


def attached(file: File) -> Attached:
    """Give a file as a message carries it."""
    return Attached(file.name, file.mime, file.data)


def _is_of_question(data: str) -> bool:
    return bool(SET.fullmatch(data) or SKIP.fullmatch(data) or DONE.fullmatch(data)) or data.startswith("~")


# --- A message, and the rows of its list ------------------------------------------------------------------------


def _message(words: Words, buttons: Sequence[Mapping[str, str]]) -> Rendered:
    """Tell the rows that have buttons from the words before them, and their buttons from the message's own."""
    starts = [found.start() for found in ITEM.finditer(words.text)]
    stops = [*(start - 1 for start in starts[1:]), len(words.text)]
    told = [
        _letters(words.text[start + len(BULLET) : stop]) for start, stop in zip(starts, stops, strict=False)
    ]
    groups: list[tuple[int, str, list[Button]]] = []
    own: list[Button] = []
    for button in buttons:
        label, about = _parted(button["text"], told if not own else [])
        pressed = Button(label, button["callback_data"])
        if not about:
            own.append(pressed)
        elif groups and groups[-1][1] == about and _goes_on(groups[-1][2], pressed):
            groups[-1][2].append(pressed)
        else:
            first = groups[-1][0] + 1 if groups else 0
            fits = [row for row in range(first, len(told)) if _is_about(told[row], about)]
            row = next((row for row in fits if _begins(told[row], about)), fits[0])
            groups.append((row, about, [pressed]))
    if not groups:
        return Rendered(words.rich(), tuple(own))
    begin = groups[0][0]
    of_row = {row: tuple(given) for row, _, given in groups}
    items = []
    for row in range(begin, len(starts)):
        bullets, *more = words.rich(starts[row], len(words.text[: stops[row]].rstrip("\n")))
        assert isinstance(bullets, List)
        items.append(ShownItem((*bullets.items[0], *more), of_row.get(row, ())))
    end = len(words.text[: starts[begin]].rstrip("\n"))
    return Rendered(words.rich(0, end), tuple(own), tuple(items))


def _goes_on(given: Sequence[Button], pressed: Button) -> bool:
    """Whether a button is of the same row as those before it: none stands there twice, and all are about one thing."""
    # `course:3` and `not_for_me:12.3`, of the list 12, are about the same.
    same = {each.id.rpartition(":")[2].rpartition(".")[2] for each in (*given, pressed)}
    return len(same) == 1 and pressed.label not in {each.label for each in given}


def _parted(label: str, told: Sequence[str]) -> tuple[str, str]:
    """Part what a button does from what it is about, if a row says the same."""
    for found in re.finditer(APART, label):
        about = label[found.end() :]
        if any(_is_about(each, about) for each in told):
            return label[: found.start()], about
    return label, ""


def _is_about(told: str, about: str) -> bool:
    return _letters(about.removesuffix(CUT)) in told


def _begins(told: str, about: str) -> bool:
    return told.startswith(_letters(about.removesuffix(CUT)))


def _letters(text: str) -> str:
    """Give what can be told apart of a text."""
    return "".join(clean(text).split())


# --- A question -------------------------------------------------------------------------------------------------


def _asking(text: str, asked: Asked) -> tuple[int, int, int] | None:
    """Count the lines of error, question and hint that a text ends with; None where it asks something else."""
    parts = [_told(plain(rich)) for rich in (asked.error, asked.label, asked.hint)]
    every = [line for part in parts for line in part]
    told = _told(text)
    if not every or told[-len(every) :] != every:
        return None
    before = [line for line in text.split("\n")[: -_last(text, len(every))] if line.strip()]
    assert told[: len(told) - len(every)] == _told("\n".join(before))
    return len(parts[0]), len(parts[1]), len(parts[2])


def _told(text: str) -> list[str]:
    return [" ".join(clean(line).split()) for line in text.split("\n") if line.strip()]


def _last(text: str, count: int) -> int:
    """Count the lines, empty ones among them, in which the last so many that are not empty stand."""
    lines = text.split("\n")
    for size in range(1, len(lines) + 1):
        if sum(1 for line in lines[-size:] if line.strip()) == count:
            return size
    raise AssertionError(text)


def _question(words: Words, keyboard: Rows, form: Form, lines: tuple[int, int, int]) -> Seen:
    text = words.text
    size = _last(text, sum(lines))
    asking = "\n".join(text.split("\n")[-size:])
    told = [line for line in asking.split("\n") if line.strip()]
    error, label, hint = (
        "\n".join(told[first:last])
        for first, last in ((0, lines[0]), (lines[0], lines[0] + lines[1]), (lines[0] + lines[1], None))
    )
    body = words.rich(0, len(text[: len(text) - len(asking)].rstrip("\n"))) if len(asking) < len(text) else ()
    buttons = [each for row in keyboard for each in row]
    skip = next((each["text"] for each in buttons if SKIP.fullmatch(each["callback_data"])), "")
    asked = form.fields[0]
    assert bool(skip) != asked.field.required, f"{asked.field.key} that is required and skipped, or neither"
    options, initial, choices = _offered(asked, buttons)
    read = Asked(asked.field, _rich(label), _rich(hint), options, _rich(error), initial)
    shown = replace(form, fields=(read,), words={"skip": skip})
    return Seen(Rendered(body, form=shown), choices, skip)


def _rich(text: str) -> Rich:
    return (Text(text),) if text else ()


def _offered(
    asked: Asked, buttons: Sequence[Mapping[str, str]]
) -> tuple[tuple[ShownOption, ...], Json, dict[str, str]]:
    """Read the options with their data, and what the keyboard tells to be known already."""
    boxes = [each for each in buttons if BOX.fullmatch(each["callback_data"])]
    sets = [each for each in buttons if SET.fullmatch(each["callback_data"])]
    match asked.field:
        case Day() | Moment():
            return (), None, {}
        case Week():
            typed = [each["text"] for each in sets]
            return (), typed[0] if typed else None, {}
        case Choice(many=True) if boxes:
            names = [each["text"].removeprefix(TICK) for each in boxes]
            data = {name: each["callback_data"] for name, each in zip(names, boxes, strict=True)}
            options = _named(asked, names)
            ticked: list[Json] = [
                option.value
                for option, each in zip(options, boxes, strict=True)
                if each["text"].startswith(TICK)
            ]
            return options, ticked or None, data
        case _:
            known, sets = (sets[0], sets[1:]) if len(sets) > len(asked.options) else (None, sets)
            data = {each["text"]: each["callback_data"] for each in sets}
            initial: Json = None
            if known is not None:
                data[known["text"]] = known["callback_data"]
                initial = _number(known["text"]) if isinstance(asked.field, Number) else known["text"]
            return _named(asked, [each["text"] for each in sets]), initial, data


def _named(asked: Asked, names: Sequence[str]) -> tuple[ShownOption, ...]:
    """Give the options in the words that stand on the buttons; there is one for each, in their order."""
    pairs = zip(asked.options, names, strict=True) if names else ()
    return tuple(ShownOption(option.value, name) for option, name in pairs)


def _number(text: str) -> int | float | str:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text
