"""What Discord's own client lets people enter, and how it sends it: options of commands, fields of modals."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.platforms.discord_limits import CHECK, CHECKS, INPUT, LABEL, RADIO, SELECT, UPLOAD
from tests.platforms.discord_world import File, Form, Json

Keep = Callable[[str, bytes], File]
STRING, INTEGER, BOOLEAN, USER, NUMBER, ATTACHMENT = 3, 4, 5, 6, 10, 11


class ClientRefuses(Exception):
    """Discord's own client would not do this."""


def need(held: object, why: str) -> None:
    """Refuse for this reason, unless it holds."""
    if not held:
        raise ClientRefuses(why)


def called(each: Json, locale: str) -> set[str]:
    """The names of a command or option: its own, and that of the reader's language."""
    return {each["name"], (each.get("name_localizations") or {}).get(locale, each["name"])}


def options(command: Json, given: Mapping[str, Any], locale: str, *, typing: str = "") -> list[Json]:
    """Write the options of a command as the client sends them; the one that is being typed may be anything."""
    left = dict(given)
    out: list[Json] = []
    for each in command.get("options") or ():
        names = called(each, locale) & set(left)
        if not names:
            need(not each.get("required") or typing, f"{each['name']} is missing")
            continue
        value = left.pop(names.pop())
        if typing != each["name"]:
            _option(each, value)
        said = {"name": each["name"], "type": each["type"], "value": value}
        out.append({**said, "focused": True} if typing == each["name"] else said)
    need(not left, f"there are no options {sorted(left)}")
    return out


def _option(each: Json, value: Any) -> None:
    kinds: dict[int, tuple[type, ...]] = {
        STRING: (str,),
        INTEGER: (int,),
        BOOLEAN: (bool,),
        NUMBER: (int, float),
    }
    need(isinstance(value, kinds.get(each["type"], (str,))), f"{each['name']} is no {value!r}")
    if each.get("choices"):
        need(
            value in [choice["value"] for choice in each["choices"]],
            f"{value!r} is no choice of {each['name']}",
        )
    if each["type"] == STRING:
        need(
            each.get("min_length", 0) <= len(value) <= each.get("max_length", 6_000),
            f"{each['name']}: its length",
        )
    if each["type"] in {INTEGER, NUMBER}:
        need(
            each.get("min_value", value) <= value <= each.get("max_value", value), f"{each['name']}: {value}"
        )


def chosen(field: Json, wanted: Any) -> list[str]:
    """Find options by value or label; one or several."""
    out = []
    for each in [wanted] if isinstance(wanted, str) else list(wanted or ()):
        fitting = [option["value"] for option in field["options"] if option["value"] == each] or [
            option["value"] for option in field["options"] if option["label"] == each
        ]
        need(len(fitting) == 1, f"{len(fitting)} options {each!r} in {field['custom_id']}")
        out.append(fitting[0])
    return out


def enter(form: Form, values: Mapping[str, Any]) -> None:
    """Enter values by custom_id or label: words, options by value or label, files as (name, bytes)."""
    for wanted, value in values.items():
        fitting = [key for key, each in form.fields.items() if wanted in {key, each["label"]}]
        need(len(fitting) == 1, f"{len(fitting)} fields {wanted!r} among {list(form.fields)}")
        field = form.fields[fitting[0]]
        form.entered[fitting[0]] = chosen(field, value) if "options" in field else value


def submission(form: Form, keep: Keep) -> Json:
    """Write what is sent of a filled modal; refuses what the client would not send."""
    files: Json = {}
    out: list[Json] = []
    for number, each in enumerate(form.data["components"], start=1):
        if each["type"] != LABEL:
            out.append({"type": each["type"], "id": each.get("id", number)})
            continue
        inner = each["component"]
        said = {"type": inner["type"], "id": inner.get("id", 100 + number), "custom_id": inner["custom_id"]}
        said |= _answer(inner, form.entered.get(inner["custom_id"]), keep, files)
        out.append({"type": LABEL, "id": each.get("id", number), "component": said})
    data: Json = {"custom_id": form.custom_id, "components": out}
    return {**data, "resolved": {"attachments": files}} if files else data


def _answer(field: Json, value: Any, keep: Keep, files: Json) -> Json:
    key, required = field["custom_id"], field.get("required", True)
    match field["type"]:
        case kind if kind == INPUT:
            words = str(value or "")
            need(words or not required, f"{key} is required")
            need(not words or len(words) >= field.get("min_length", 0), f"{key} is too short")
            need(len(words) <= field.get("max_length", 4_000), f"{key} is too long")
            need(field["style"] == 2 or "\n" not in words, f"{key} is one line")
            return {"value": words}
        case kind if kind == RADIO:
            need(value or not required, f"{key} is required")
            need(len(value or ()) <= 1, f"{key} takes one")
            return {"value": value[0] if value else None}
        case kind if kind == CHECK:
            return {"value": bool(value)}
        case kind if kind == UPLOAD:
            _count(field, len(value or ()), required, 1)
            kept = [keep(name, data) for name, data in value or ()]
            files.update({file.id: file.json() for file in kept})
            return {"values": [file.id for file in kept]}
        case kind:
            most = len(field.get("options", ())) if kind == CHECKS else 1
            _count(field, len(value or ()), required, most)
            assert kind != SELECT or isinstance(value, list | None), "options are entered as a list"
            return {"values": list(value or ())}


def _count(field: Json, count: int, required: bool, most: int) -> None:
    key = field["custom_id"]
    need(count or not required, f"{key} is required")
    least = field.get("min_values", 1) if required or count else 0
    need(
        least <= count <= field.get("max_values", most),
        f"{key} takes {least} to {field.get('max_values', most)}",
    )
