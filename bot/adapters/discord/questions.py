"""A question in a chat: the field that is asked first, with what can be pressed, chosen or skipped.

Whatever can be chosen can be typed too; the last button opens the form as a modal.
"""

from collections.abc import Iterable
from typing import assert_never

from bot.adapters.discord import markup, presses
from bot.adapters.discord.messages import (
    LABEL_LIMIT,
    OPTION_LIMIT,
    Component,
    Payload,
    line,
    packed,
    payloads,
    press,
    rows_of,
    text,
    texts,
    with_rows,
)
from bot.adapters.discord.payload import ROW, SELECT, SILENT
from bot.adapters.presses import SKIP, has_boxes, of_field, offered, setting
from bot.ports import (
    Asked,
    Choice,
    Confirm,
    Day,
    Form,
    Moment,
    Number,
    Rendered,
    ShownOption,
    Text,
    Upload,
    Week,
)
from bot.richtext import List, Rich
from bot.richtext import Text as Literal

MOST_BUTTONS = 10
"""Options beyond these stand in a select."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS = ("morning", "afternoon", "evening")


def messages(rendered: Rendered) -> list[Payload]:
    """Write a message for a chat; a form asks its first question there."""
    if rendered.form is None or not rendered.form.fields:
        return payloads(rendered)
    flags = SILENT if rendered.silent else 0
    written = question(rendered.form, rendered.body)
    return [each | {"flags": each["flags"] | flags} for each in written]


def question(form: Form, body: Rich) -> list[Payload]:
    """Ask the first field: what introduces it, what was wrong, the question, a hint, and what can be pressed.

    Whatever can be chosen can be typed too; the last button opens the form as a modal.
    """
    if not form.fields:
        return packed(with_rows([[each] for each in texts(body)], []))
    asked = form.fields[0]
    words, key = form.words, asked.field.key
    chosen = _choices(form, asked)
    listed = numbered(asked.options) if asked.options and not chosen else ()
    told = [
        *markup.pieces(asked.error),
        *markup.pieces(asked.label),
        *markup.small(asked.hint),
        *markup.pieces(listed),
    ]
    joined = "\n".join(told)
    asks = [joined] if 0 < markup.size(joined) <= markup.LIMIT else told
    last = [] if asked.field.required else [press(words["skip"], of_field(SKIP, form.run, key))]
    last += [press(words["back"], "back")] if form.can_go_back else []
    last.append(press(words["open"], presses.opening(form.run)))
    parts = [[each] for each in texts(body)] + [[text(each)] for each in asks]
    return packed(with_rows(parts, [*chosen, *rows_of(last)]))


def numbered(options: Iterable[ShownOption]) -> Rich:
    """List options that are typed, by their names or by these numbers."""
    items = tuple((Literal(line(option.label, LABEL_LIMIT)),) for option in options)
    return (List(ordered=True, items=items),) if items else ()


def _choices(form: Form, asked: Asked) -> list[Component]:
    """Write what can be chosen: buttons, or a select; nothing where it is too much for them."""
    match asked.field:
        case Text() | Number() | Day() | Moment() | Upload() | Confirm():
            return _buttons(form, asked)
        case Choice():
            if has_boxes(asked) or len(asked.options) > MOST_BUTTONS:
                return [*(_buttons(form, asked) if not asked.options else []), *_select(form, asked)]
            return _buttons(form, asked)
        case Week():
            return [*_buttons(form, asked), *_week(form, asked)]
        case _:
            assert_never(asked.field)


def _buttons(form: Form, asked: Asked) -> list[Component]:
    key = asked.field.key
    carried = {
        setting(form.run, key, place, each.value): each.label for place, each in enumerate(offered(asked))
    }
    return rows_of([press(label, data) for data, label in carried.items()])


def _select(form: Form, asked: Asked) -> list[Component]:
    field, key = asked.field, asked.field.key
    many = has_boxes(asked)
    carried = presses.of_select(form.run, key, many=many)
    shown = list({option.value: option for option in asked.options}.values())
    if carried is None or not 0 < len(asked.options) <= presses.MOST_CHOICES:
        return []
    known = 0 if many else len(offered(asked)) - len(asked.options)
    known_values = chosen_in(asked.initial)
    options = [
        _option(option.label, presses.of_option(key, known + asked.options.index(option), option.value))
        | ({"default": True} if many and option.value in known_values else {})
        for option in shown
    ]
    most = min(max(1, field.most), len(options)) if many and isinstance(field, Choice) else 1
    if sum("default" in each for each in options) > most:
        options = [{name: each[name] for name in ("label", "value")} for each in options]
    return [_selecting(carried, options, most)]


def _week(form: Form, asked: Asked) -> list[Component]:
    carried = presses.of_select(form.run, asked.field.key, many=True)
    words = form.words
    options = [
        _option(f"{words[day]} {words[part]}", f"{number}:{part}")
        for number, day in enumerate(WEEKDAYS)
        for part in PARTS
    ]
    return [_selecting(carried, options, len(options))] if carried else []


def _option(label: str, value: str) -> Component:
    return {"label": line(label, OPTION_LIMIT), "value": value}


def _selecting(carried: str, options: list[Component], most: int) -> Component:
    select = {"type": SELECT, "custom_id": carried, "options": options, "min_values": 1, "max_values": most}
    return {"type": ROW, "components": [select]}


def chosen_in(initial: object) -> list[str]:
    """Read what is known of a choice: a value, several, or several with their levels."""
    given = initial if isinstance(initial, list | tuple) else [initial]
    values = [each[0] if isinstance(each, list | tuple) and each else each for each in given]
    return [str(each) for each in values if isinstance(each, str | int) and str(each)]
