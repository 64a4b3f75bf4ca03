"""What somebody did, as they would say it themselves: the words on a button, the answers on a page of questions."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.ports import Asked, Rendered
from bot.richtext import plain

LONGEST = 400
BRIEF = 160


def brief(message: Rendered) -> str:
    """Give the first words of a message, for a line in a list."""
    form = message.form
    parts = [message.body, *((each.label for each in form.fields[:1]) if form else ())]
    told = next((text for part in parts if (text := plain(part).strip())), "")
    named = told or (message.attached.name if message.attached else form.title if form else "")
    line = " ".join(named.split())
    return line if len(line) <= BRIEF else f"{line[: BRIEF - 1].rstrip()}…"


def label(data: Mapping[str, Any], message: Rendered | None) -> str:
    """Say what an event does; `message` is the one that was acted on."""
    match data:
        case {"press": str(pressed)}:
            return _pressed(pressed, message)
        case {"values": dict(values)}:
            return "\n".join(_answers(values, message))[:LONGEST]
        case {"edit": str(text)} | {"say": str(text)}:
            return text
        case _:
            return ""


def _pressed(id_: str, message: Rendered | None) -> str:
    buttons = (
        []
        if message is None
        else [*message.buttons, *(one for item in message.items for one in item.buttons)]
    )
    return next((button.label for button in buttons if button.id == id_), f"/{id_.replace(':', ' ')}")


def _answers(values: Mapping[str, Any], message: Rendered | None) -> Iterator[str]:
    asked = {each.field.key: each for each in message.form.fields} if message and message.form else {}
    given = {key: value for key, value in values.items() if value is not None}
    for key, value in given.items():
        told = _value(value, asked.get(key))
        if key in asked and len(asked) > 1:
            last = plain(asked[key].label).strip().splitlines()[-1:]
            yield f"{last[0] if last else key} {told}"
        else:
            yield told
    if not given and message and message.form:
        yield message.form.words.get("skip", "")


def _value(value: Any, asked: Asked | None) -> str:  # noqa: ANN401  a value of any field
    options = {option.value: option.label for option in asked.options} if asked else {}
    match value:
        case bool():
            return options.get("yes" if value else "no", "✓" if value else "✗")
        case list():
            return ", ".join(
                _value(each, asked) if not isinstance(each, list) else _level(each) for each in value
            )
        case {"name": str(name)}:
            return name
        case _:
            return options.get(str(value), str(value))


def _level(pair: list[Any]) -> str:
    """Write a topic with its level; an hour of a week has three figures and stays as it is."""
    return " ".join(str(each) for each in pair if each is not None)
