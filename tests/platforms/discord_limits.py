"""Discord's limits of messages, modals and commands, as its API enforces them; stricter in doubt."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.platforms.discord_commands import check_choice, check_commands
from tests.platforms.discord_shapes import Refused, need, only, sized

Body = Mapping[str, Any]

__all__ = ["Refused", "check_choice", "check_commands", "check_message", "check_modal", "walk"]

CONTENT, TEXT, COMPONENTS = 2_000, 4_000, 40
NONCE, CUSTOM_ID = 25, 100
EPHEMERAL, SUPPRESS_EMBEDS, SILENT, V2 = 1 << 6, 1 << 2, 1 << 12, 1 << 15
ROW, BUTTON, SELECT, INPUT, SECTION, WORDS, THUMBNAIL, GALLERY, FILE, SEPARATOR = (
    1,
    2,
    3,
    4,
    9,
    10,
    11,
    12,
    13,
    14,
)
CONTAINER, LABEL, UPLOAD, RADIO, CHECKS, CHECK = 17, 18, 19, 21, 22, 23
PICKERS = {5, 6, 7, 8}
"""Selects of users, roles, both, channels."""
SELECTS = {SELECT, *PICKERS}

SELECT_FIELDS = {"custom_id", "placeholder", "min_values", "max_values", "disabled", "required"}
GROUP_FIELDS = {"custom_id", "options", "required", "min_values", "max_values"}
FIELDS: dict[int, set[str]] = {
    ROW: {"components"},
    BUTTON: {"style", "label", "emoji", "custom_id", "url", "disabled"},
    SELECT: {*SELECT_FIELDS, "options"},
    **{
        kind: {*SELECT_FIELDS, "default_values", *(("channel_types",) if kind == 8 else ())}
        for kind in PICKERS
    },
    INPUT: {"custom_id", "style", "min_length", "max_length", "required", "value", "placeholder"},
    SECTION: {"components", "accessory"},
    WORDS: {"content"},
    THUMBNAIL: {"media", "description", "spoiler"},
    GALLERY: {"items"},
    FILE: {"file", "spoiler"},
    SEPARATOR: {"divider", "spacing"},
    CONTAINER: {"components", "accent_color", "spoiler"},
    LABEL: {"label", "description", "component"},
    UPLOAD: {"custom_id", "min_values", "max_values", "required"},
    RADIO: {"custom_id", "options", "required"},
    CHECKS: GROUP_FIELDS,
    CHECK: {"custom_id", "default"},
}
INSIDE: dict[int, set[int]] = {
    ROW: {BUTTON, *SELECTS},
    SECTION: {WORDS},
    CONTAINER: {ROW, WORDS, SECTION, GALLERY, SEPARATOR, FILE},
}
"""What may be directly in what."""
TOP = {ROW, SECTION, WORDS, GALLERY, FILE, SEPARATOR, CONTAINER}
MESSAGE_FIELDS = {
    *("content", "flags", "allowed_mentions", "components", "attachments", "tts"),
    *("nonce", "enforce_nonce", "message_reference", "embeds"),
}


def check_message(body: Body, *, edit: bool = False, v2: bool = False) -> str:
    """Read what a message shows; raises `Refused` unless Discord would take it.

    `edit` says that what is left out stays; `v2` that the edited message is made of components.
    """
    only(body, MESSAGE_FIELDS, "a message")
    need(not body.get("embeds"), "embeds")
    mentions = body.get("allowed_mentions")
    need(
        isinstance(mentions, dict) and mentions.get("parse") == [], "allowed_mentions without an empty parse"
    )
    assert isinstance(mentions, dict)
    only(mentions, {"parse", "users", "roles", "replied_user"}, "allowed_mentions")
    need(all(len(mentions.get(key, [])) <= 100 for key in ("users", "roles")), "over 100 allowed mentions")
    nonce = body.get("nonce")
    need(nonce is None or 1 <= len(str(nonce)) <= NONCE, f"a nonce of {len(str(nonce))} characters")
    made = v2 or bool(int(body.get("flags") or 0) & V2)
    content = body.get("content") or ""
    need(not (made and content), "content beside components of the second version")
    need(len(content) <= CONTENT, f"{len(content)} characters of content")
    components: Sequence[Body] = body.get("components") or []
    if not made:
        need(len(components) <= 5, f"{len(components)} rows")
        need(
            all(each.get("type") == ROW for each in components),
            "a component that needs the flag of the second version",
        )
        bare = not (content.strip() or components or body.get("attachments"))
        need(edit or not bare, "an empty message")
        need("content" not in body or not bare, "an empty message")
    elif "components" in body or not edit:
        need(bool(components), "an empty message")
    for each in components:
        _placed(each, TOP, "a message")
    every = list(walk(components))
    need(len(every) <= COMPONENTS, f"{len(every)} components")
    _unique(every)
    shown = [str(each["content"]) for each in every if each["type"] == WORDS]
    need(sum(map(len, shown)) <= TEXT, f"{sum(map(len, shown))} characters of text")
    return "\n".join([*([content] if content else []), *shown])


def check_modal(data: Body) -> None:
    """Raise `Refused` unless Discord would open this modal."""
    only(data, {"custom_id", "title", "components"}, "a modal")
    sized(data, "title", 1, 45)
    sized(data, "custom_id", 1, CUSTOM_ID)
    components: Sequence[Body] = data.get("components") or []
    need(1 <= len(components) <= 5, f"{len(components)} components in a modal")
    for each in components:
        need(each.get("type") in {LABEL, WORDS}, f"component {each.get('type')} in a modal")
        _alone(each)
        if each["type"] == LABEL:
            sized(each, "label", 1, 45)
            sized(each, "description", 0, 100, optional=True)
            inner = each.get("component") or {}
            need(inner.get("type") in {INPUT, *SELECTS, UPLOAD, RADIO, CHECKS, CHECK},
                  f"component {inner.get('type')} in a label")  # fmt: skip
            need("disabled" not in inner, "a disabled select in a modal")
            _alone(inner)
    _unique(list(walk(components)))


def walk(components: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Every component of a message or modal, from top to bottom, nested ones behind what they are in."""
    for each in components:
        yield each
        yield from walk(each.get("components") or ())
        yield from walk(each[key] for key in ("accessory", "component") if each.get(key))


# --- Components ---------------------------------------------------------------------------------------------------


def _placed(each: Body, allowed: set[int], where: str) -> None:
    kind = each.get("type")
    need(kind in allowed, f"component {kind} in {where}")
    assert isinstance(kind, int)
    _alone(each)
    inside: Sequence[Body] = each.get("components") or []
    for inner in inside:
        _placed(inner, INSIDE[kind], f"component {kind}")
    if kind == ROW:
        kinds = {inner["type"] for inner in inside}
        need(1 <= len(inside) <= (5 if kinds == {BUTTON} else 1), f"a row of {len(inside)}")
    elif kind == SECTION:
        need(1 <= len(inside) <= 3, f"a section of {len(inside)}")
        _placed(each.get("accessory") or {}, {BUTTON, THUMBNAIL}, "an accessory")
    elif kind == CONTAINER:
        need(bool(inside), "an empty container")


def _alone(each: Body) -> None:
    """Check a component for itself."""
    kind = each["type"]
    only(each, {"type", "id", *FIELDS[kind]}, f"component {kind}")
    if kind == BUTTON:
        _button(each)
    elif "custom_id" in FIELDS[kind]:
        sized(each, "custom_id", 1, CUSTOM_ID)
    if kind == WORDS:
        sized(each, "content", 1, TEXT)
        need(bool(str(each["content"]).strip()), "an empty text")
    elif kind in {SELECT, RADIO, CHECKS}:
        least = 2 if kind == RADIO else 1
        _options(each, least, 25 if kind == SELECT else 10)
    elif kind in PICKERS:
        sized(each, "placeholder", 0, 150, optional=True)
    elif kind == INPUT:
        _input(each)
    elif kind == UPLOAD:
        _range(each, 0, 10)
    elif kind == GALLERY:
        items = each.get("items") or []
        need(1 <= len(items) <= 10, f"a gallery of {len(items)}")
        for item in items:
            only(item, {"media", "description", "spoiler"}, "a picture")
            _media(item, "media")
    elif kind == THUMBNAIL:
        _media(each, "media")
    elif kind == FILE:
        _media(each, "file")
        need(str(each["file"]["url"]).startswith("attachment://"), "a file that is not attached")


def _media(each: Body, key: str) -> None:
    need(bool((each.get(key) or {}).get("url")), f"{key} without a url")
    sized(each, "description", 1, 1_024, optional=True)


def _button(each: Body) -> None:
    need(each.get("style") in range(1, 6), f"a button of style {each.get('style')}")
    sized(each, "label", 1, 80, optional=bool(each.get("emoji")))
    if each["style"] == 5:
        sized(each, "url", 1, 512)
        need("custom_id" not in each, "a link with a custom_id")
    else:
        sized(each, "custom_id", 1, CUSTOM_ID)
        need("url" not in each, "a url on a button that is no link")


def _options(each: Body, least: int, most: int) -> None:
    options: Sequence[Body] = each.get("options") or []
    need(least <= len(options) <= most, f"{len(options)} options")
    for option in options:
        allowed = {
            "label",
            "value",
            "description",
            "default",
            *(("emoji",) if each["type"] == SELECT else ()),
        }
        only(option, allowed, "an option")
        sized(option, "label", 1, 100)
        sized(option, "value", 1, 100)
        sized(option, "description", 1, 100, optional=True)
    values = [option["value"] for option in options]
    need(len(set(values)) == len(values), "two options of one value")
    sized(each, "placeholder", 0, 150, optional=True)
    chosen = sum(bool(option.get("default")) for option in options)
    highest = 1 if each["type"] == RADIO else _range(each, 0, len(options))
    need(chosen <= highest, f"{chosen} options chosen beforehand")


def _range(each: Body, least: int, most: int) -> int:
    group = each["type"] == CHECKS
    lowest, highest = each.get("min_values", 1), each.get("max_values", most if group else 1)
    need(
        least <= lowest <= most and 1 <= highest <= most and lowest <= highest,
        f"{lowest} to {highest} values",
    )
    need(lowest > 0 or not each.get("required", False), "required, but none is enough")
    return int(highest)


def _input(each: Body) -> None:
    need(each.get("style") in {1, 2}, f"an input of style {each.get('style')}")
    lowest, highest = each.get("min_length", 0), each.get("max_length", 4_000)
    need(
        0 <= lowest <= 4_000 and 1 <= highest <= 4_000 and lowest <= highest,
        f"{lowest} to {highest} characters",
    )
    sized(each, "placeholder", 0, 100, optional=True)
    sized(each, "value", 0, highest, optional=True)


def _unique(every: Sequence[Body]) -> None:
    for key in ("custom_id", "id"):
        found = [each[key] for each in every if each.get(key)]
        twice = {value for value in found if found.count(value) > 1}
        need(not twice, f"{key} used twice: {sorted(map(str, twice))}")
