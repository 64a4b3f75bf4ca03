"""Discord's limits of an application's commands, as its API enforces them."""

import json
import re
from collections.abc import Sequence

from tests.platforms.discord_shapes import Body, need, only, sized

NAME = re.compile(r"[-_'\w]{1,32}")
LOCALES = {
    *(
        "id",
        "da",
        "de",
        "en-GB",
        "en-US",
        "es-ES",
        "es-419",
        "fr",
        "hr",
        "it",
        "lt",
        "hu",
        "nl",
        "no",
        "pl",
        "pt-BR",
    ),
    *(
        "ro",
        "fi",
        "sv-SE",
        "vi",
        "tr",
        "cs",
        "el",
        "bg",
        "ru",
        "uk",
        "hi",
        "th",
        "zh-CN",
        "ja",
        "zh-TW",
        "ko",
    ),
}
COMMAND_FIELDS = {
    *("name", "type", "description", "options", "name_localizations", "description_localizations"),
    *("default_member_permissions", "dm_permission", "nsfw", "integration_types", "contexts"),
}
OPTION_FIELDS = {
    *(
        "type",
        "name",
        "name_localizations",
        "description",
        "description_localizations",
        "required",
        "choices",
    ),
    *("options", "channel_types", "min_value", "max_value", "min_length", "max_length", "autocomplete"),
}


def check_commands(commands: Sequence[Body]) -> None:
    """Raise `Refused` unless Discord would take these commands in one PUT."""
    kinds = [each.get("type", 1) for each in commands]
    for kind, most in ((1, 100), (2, 15), (3, 15)):
        need(kinds.count(kind) <= most, f"{kinds.count(kind)} commands of type {kind}")
    names = [(kind, each.get("name")) for kind, each in zip(kinds, commands, strict=True)]
    need(len(set(names)) == len(names), "two commands of one name")
    for kind, each in zip(kinds, commands, strict=True):
        _command(each, kind)


def _command(each: Body, kind: int) -> None:
    only(each, {*COMMAND_FIELDS, "id"}, "a command")
    if kind == 1:
        _option(each, 0)
        weight = _weight(each)
        need(weight <= 8_000, f"a command of {weight} characters")
    else:
        need(not each.get("description"), "a description of a context menu")
        need(not each.get("options"), "options of a context menu")
        for name in [each.get("name") or "", *(each.get("name_localizations") or {}).values()]:
            need(1 <= len(name) <= 32, f"the name {name!r}")


def _option(each: Body, depth: int) -> None:
    for name in [each.get("name") or "", *(each.get("name_localizations") or {}).values()]:
        need(bool(NAME.fullmatch(name)) and name == name.lower(), f"the name {name!r}")
    for words in [each.get("description") or "", *(each.get("description_localizations") or {}).values()]:
        need(1 <= len(words) <= 100, f"a description of {len(words)} characters: {words!r}")
    for key in ("name_localizations", "description_localizations"):
        need(
            set(each.get(key) or {}) <= LOCALES,
            f"a locale Discord does not know among {list(each.get(key) or {})}",
        )
    options: Sequence[Body] = each.get("options") or []
    need(len(options) <= 25, f"{len(options)} options")
    names = [option.get("name") for option in options]
    need(len(set(names)) == len(names), "two options of one name")
    nested = {option.get("type") in {1, 2} for option in options}
    need(len(nested) <= 1, "subcommands beside options")
    required = [bool(option.get("required")) for option in options]
    need(required == sorted(required, reverse=True), "a required option behind others")
    for option in options:
        only(option, OPTION_FIELDS, "an option")
        need(option.get("type") in range(1, 12), f"an option of type {option.get('type')}")
        need(option["type"] not in {1, 2} or depth < 2, "subcommands too deep")
        need(option["type"] != 2 or depth < 1, "a group in a group")
        _choices(option)
        _option(option, depth + 1)


def _choices(option: Body) -> None:
    choices: Sequence[Body] = option.get("choices") or []
    need(len(choices) <= 25, f"{len(choices)} choices")
    need(not (choices and option.get("autocomplete")), "choices beside autocomplete")
    for choice in choices:
        check_choice(choice)


def check_choice(choice: Body) -> None:
    """Raise `Refused` unless this is a choice of an option, or of its autocomplete."""
    only(choice, {"name", "name_localizations", "value"}, "a choice")
    sized(choice, "name", 1, 100)
    need(
        1 <= len(str(choice.get("value", ""))) <= 100,
        f"a choice of the value {json.dumps(choice.get('value'))}",
    )


def _weight(each: Body) -> int:
    """Characters of a command: names, descriptions and values, of which the longest localisation counts."""
    total = sum(
        max(len(text) for text in [each.get(key) or "", *(each.get(f"{key}_localizations") or {}).values()])
        for key in ("name", "description")
    )
    total += sum(len(str(choice["name"])) + len(str(choice["value"])) for choice in each.get("choices") or ())
    return total + sum(_weight(option) for option in each.get("options") or ())
