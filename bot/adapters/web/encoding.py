"""Rendered messages as JSON and back, whole: for the page, for its transcript, and for other platforms' looks.

Every value is an object whose `is` names what it is, such as `{"is": "link", "href": …, "children": […]}`. What is as
usual (an empty list of buttons, a field that is required) is left out. Texts stay texts: the page sets them as text
nodes, and there is no markup anywhere in it.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime
from typing import Any

from bot import ports, richtext
from bot.ports import Rendered

KINDS: Mapping[str, type] = {
    "message": Rendered,
    "button": ports.Button,
    "item": ports.ShownItem,
    "file": ports.Attached,
    "form": ports.Form,
    "asked": ports.Asked,
    "option": ports.ShownOption,
    # The fields of a form
    "words": ports.Text,
    "number": ports.Number,
    "choice": ports.Choice,
    "confirm": ports.Confirm,
    "day": ports.Day,
    "moment": ports.Moment,
    "week": ports.Week,
    "upload": ports.Upload,
    "choosable": ports.Option,
    "only_when": ports.When,
    # Rich text
    "text": richtext.Text,
    "break": richtext.Break,
    "styled": richtext.Styled,
    "link": richtext.Link,
    "when": richtext.When,
    "command": richtext.Command,
    "pre": richtext.Pre,
    "list": richtext.List,
    "quote": richtext.Quote,
}
NAMES = {kind: name for name, kind in KINDS.items()}
AS_THEY_ARE = {"initial", "words", "values"}
"""What holds JSON already."""


def encode(message: Rendered) -> dict[str, Any]:
    """Write a message as JSON."""
    written: dict[str, Any] = _encoded(message)
    return written


def decode(data: Mapping[str, Any]) -> Rendered:
    """Read a message that `encode` wrote."""
    message = _decoded(data)
    assert isinstance(message, Rendered)
    return message


def _encoded(value: Any) -> Any:  # noqa: ANN401  whatever a message holds
    name = NAMES.get(type(value))
    if name is not None:
        parts = {part.name: getattr(value, part.name) for part in fields(value)}
        unusual = {part.name for part in fields(value) if not _is_usual(part, parts[part.name])}
        return {"is": name, **{key: _encoded(parts[key]) for key in parts if key in unusual}}
    if isinstance(value, tuple | list):
        return [_encoded(each) for each in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return (
        value.isoformat()
        if isinstance(value, datetime)
        else dict(value)
        if isinstance(value, Mapping)
        else value
    )


def _is_usual(part: "Field[Any]", value: object) -> bool:
    usual = part.default_factory() if part.default_factory is not MISSING else part.default
    return type(value) is type(usual) and value == usual


def _decoded(data: Any) -> Any:  # noqa: ANN401  the same
    if isinstance(data, list):
        return tuple(_decoded(each) for each in data)
    if not isinstance(data, Mapping):
        return data
    kind = KINDS[data["is"]]
    parts = {
        key: value if key in AS_THEY_ARE else _decoded(value) for key, value in data.items() if key != "is"
    }
    if kind is ports.Attached:
        parts["data"] = b64decode(parts["data"])
    elif kind is richtext.When:
        parts["at"] = datetime.fromisoformat(parts["at"])
    elif kind is ports.When:
        parts["values"] = tuple(parts["values"])
    return kind(**parts)
