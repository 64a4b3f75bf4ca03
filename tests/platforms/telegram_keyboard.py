"""What Telegram demands of the keyboards and options that go with a message."""

from typing import Any

from tests.platforms.telegram_markup import Json, utf16

ACTIONS = {"url", "callback_data", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
           "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay"}  # fmt: skip
STYLES = {"primary", "success", "danger"}
DATA_BYTES, BUTTONS, ROW = 64, 100, 8
KEYS = {
    "keyboard": {
        "is_persistent",
        "resize_keyboard",
        "one_time_keyboard",
        "input_field_placeholder",
        "selective",
    },
    "remove_keyboard": {"selective"},
    "force_reply": {"input_field_placeholder", "selective"},
}
PREVIEW = {"is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"}
REPLY = {"message_id", "chat_id", "allow_sending_without_reply", "quote", "quote_parse_mode", "quote_entities",
         "quote_position", "checklist_task_id", "poll_option_id"}  # fmt: skip


class Unfit(Exception):
    """Telegram refuses it with these words."""


def inline(markup: Any) -> tuple[list[list[Json]], list[str]]:
    """Check an inline keyboard; gives its rows and what Telegram lets pass but does not show; raises Unfit."""
    if not isinstance(markup, dict) or not isinstance(markup.get("inline_keyboard"), list):
        raise Unfit("object expected as reply markup")
    notes = (
        [f"reply_markup: unknown fields {sorted(markup.keys() - {'inline_keyboard'})}"]
        if len(markup) > 1
        else []
    )
    rows: list[list[Json]] = []
    for row in markup["inline_keyboard"]:
        if not isinstance(row, list):
            raise Unfit("can't parse inline keyboard button: inline keyboard row must be an array")
        if not row:
            notes.append("an empty row of buttons")
            continue
        if len(row) > ROW:
            notes.append(f"{len(row)} buttons in a row, of at most {ROW}")
        rows.append([_button(button, notes) for button in row])
    if sum(map(len, rows)) > BUTTONS:
        raise Unfit("reply markup is too long")
    return rows, notes


def _button(button: Any, notes: list[str]) -> Json:
    if not isinstance(button, dict):
        raise Unfit("can't parse inline keyboard button: an object expected")
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Unfit("can't parse inline keyboard button: Button text must be non-empty")
    if unknown := button.keys() - ACTIONS - {"text", "style", "icon_custom_emoji_id"}:
        notes.append(f"unknown fields of a button: {sorted(unknown)}")
    if button.get("style", "primary") not in STYLES:
        raise Unfit("can't parse inline keyboard button: invalid button style specified")
    actions = button.keys() & ACTIONS
    if not actions:
        raise Unfit("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        notes.append(f"a button with {sorted(actions)}, of which one counts")
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or not 1 <= len(data.encode()) <= DATA_BYTES:
            raise Unfit("BUTTON_DATA_INVALID")
    if "url" in button and not str(button["url"]).startswith(("http://", "https://", "tg://")):
        raise Unfit(f"inline keyboard button URL '{button['url']}' is invalid: Unsupported URL protocol")
    if "copy_text" in button and not 1 <= len(button["copy_text"].get("text", "")) <= 256:
        raise Unfit("can't parse inline keyboard button: copy text must be of 1-256 characters")
    return dict(button)


def reply(markup: Json) -> list[str]:
    """Check a keyboard below the input, its removal or a forced reply; gives what is wrong with it."""
    for kind, keys in KEYS.items():
        if kind in markup:
            placeholder = markup.get("input_field_placeholder", "x")
            notes = [] if 1 <= utf16(placeholder) <= 64 else ["a placeholder that is not of 1-64 characters"]
            unknown = markup.keys() - keys - {kind}
            return [*notes, *([f"reply_markup: unknown fields {sorted(unknown)}"] if unknown else [])]
    return [f"reply_markup of no kind: {sorted(markup)}"]


def options(body: Json) -> list[str]:
    """Check the objects beside a text; gives what is wrong with them."""
    notes: list[str] = []
    for key, known in (("link_preview_options", PREVIEW), ("reply_parameters", REPLY)):
        if key in body and (not isinstance(body[key], dict) or body[key].keys() - known):
            notes.append(f"{key}: {body[key]!r}"[:200])
    return notes
