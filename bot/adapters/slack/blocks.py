"""Messages as payloads of `chat.postMessage` and `chat.update`: blocks, and the same as plain text beside them.

What is over Slack's limits goes on in the next payload; only labels are ever shortened.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.slack.rich import rich_text, spelt
from bot.ports import Button, Rendered
from bot.richtext import Rich, Text, clean, split

Payload = dict[str, Any]
"""`text`, what notifications and screen readers say, and `blocks`."""

MOST_BLOCKS = 50
ROW = 25
RICH_LIMIT = 3000
"""Characters of a rich text block."""
TEXT_LIMIT = 4000
"""Characters of a payload's plain text, escaped."""
LABEL_LIMIT = 75
ESCAPED_AT_MOST = 5
"""Characters that one takes when it is escaped: `&amp;`."""
MORE: Rich = (Text("…"),)


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks that stay together, with their plain text, escaped."""

    blocks: tuple[dict[str, Any], ...]
    text: str


# --- Messages ---------------------------------------------------------------------------------------------------


def messages(rendered: Rendered) -> list[Payload]:
    """Write a message: a payload, or several where it is long; one with nothing to see says the name of its file."""
    parts = content(rendered)
    if not parts and not rendered.buttons:
        name = Text(rendered.attached.alt or rendered.attached.name) if rendered.attached else Text("")
        parts = rich_parts((name,)) or rich_parts(MORE)
    return payloads(with_rows(parts, rows(rendered.buttons)))


def body_blocks(rendered: Rendered, within: int) -> list[dict[str, Any]]:
    """Write a message for a view, in at most `within` blocks.

    Where there is more, the buttons of the message and of what is shown stay, and the last text is an ellipsis.
    """
    return fitted(content(rendered), rows(rendered.buttons), within)


def fitted(parts: Sequence[Part], own: Sequence[dict[str, Any]], within: int) -> list[dict[str, Any]]:
    """Take what fits of a message's parts, and its own buttons below."""
    room = max(within - len(own), 0)
    if sum(len(part.blocks) for part in parts) > room:
        parts = [*_front(parts, room - 1), Part((context("…"),), "…")][:room]
    return [block for part in with_rows(parts, own) for block in part.blocks][: max(within, 0)]


def _front(parts: Iterable[Part], room: int) -> Iterator[Part]:
    for part in parts:
        room -= len(part.blocks)
        if room < 0:
            return
        yield part


def fallback(rendered: Rendered) -> str:
    """Write the whole message as plain text, with `&`, `<` and `>` escaped; of any length, and never empty."""
    labels = " · ".join(button.label for button in rendered.buttons)
    return "\n".join(part.text for part in content(rendered)) or escape(labels) or "…"


def payloads(parts: Sequence[Part]) -> list[Payload]:
    """Pack parts into as few payloads as hold them, in order."""
    packed: list[list[Part]] = []
    blocks = letters = 0
    for part in parts:
        blocks += len(part.blocks)
        letters += len(part.text) + 1
        if not packed or blocks > MOST_BLOCKS or letters > TEXT_LIMIT:
            packed.append([])
            blocks, letters = len(part.blocks), len(part.text) + 1
        packed[-1].append(part)
    return [
        {
            "text": "\n".join(part.text for part in run if part.text) or _labels(run),
            "blocks": [block for part in run for block in part.blocks],
        }
        for run in packed
    ]


def _labels(run: Iterable[Part]) -> str:
    """Say what can be pressed, where there is nothing else to say."""
    elements = [each for part in run for block in part.blocks for each in block.get("elements", ())]
    return escape(" · ".join(each["text"]["text"] for each in elements if each["type"] == "button")) or "…"


def content(rendered: Rendered) -> list[Part]:
    """Write the body and the items, each with its buttons."""
    parts = rich_parts(rendered.body)
    for item in rendered.items:
        parts += with_rows(rich_parts(item.body, "• "), rows(item.buttons))
    return parts


def rich_parts(rich: Rich, mark: str = "") -> list[Part]:
    """Write rich text in parts that a payload holds each; none where there is nothing to see."""
    if not rich:
        return []
    pieces = [
        piece
        for large in split(rich, RICH_LIMIT)
        for piece in ([large] if _fits(large) else split(large, RICH_LIMIT // ESCAPED_AT_MOST))
    ]
    shown = [(rich_text(piece), escape(clean(spelt(piece))).strip("\n")) for piece in pieces]
    return [
        Part(tuple(blocks), f"{'' if number else mark}{text}")
        for number, (blocks, text) in enumerate((blocks, text) for blocks, text in shown if blocks)
    ]


def _fits(piece: Rich) -> bool:
    return len(escape(spelt(piece))) < TEXT_LIMIT - ROW


def with_rows(parts: Sequence[Part], buttons: Sequence[dict[str, Any]]) -> list[Part]:
    """Put rows of buttons below; the first stays with the words above it."""
    first, rest = buttons[:1], buttons[1:]
    below = [Part((row,), "") for row in rest]
    if not parts:
        return [*(Part((row,), "") for row in first), *below]
    return [*parts[:-1], Part((*parts[-1].blocks, *first), parts[-1].text), *below]


# --- Buttons ----------------------------------------------------------------------------------------------------


def rows(buttons_: Sequence[Button]) -> list[dict[str, Any]]:
    """Write buttons in as many rows as they need."""
    return [buttons(buttons_[at : at + ROW]) for at in range(0, len(buttons_), ROW)]


def buttons(buttons: Sequence[Button]) -> dict[str, Any]:
    """Write up to 25 buttons as a row; an id that comes again gets ` #2` behind it, which the parser takes off."""
    taken: set[str] = set()
    elements = []
    for button in buttons:
        ids = (button.id, *(f"{button.id} #{number}" for number in range(2, ROW + 1)))
        action_id = next(each for each in ids if each not in taken)
        taken.add(action_id)
        element = press(action_id, button.label)
        if button.style != "plain":
            element["style"] = button.style
        if about := words(button.about):
            element["accessibility_label"] = short(f"{words(button.label)}: {about}", LABEL_LIMIT)
        elements.append(element)
    return actions(elements)


def press(action_id: str, label: str) -> dict[str, Any]:
    """Write one button."""
    return {"type": "button", "action_id": action_id, "text": plain_text(label, LABEL_LIMIT)}


def actions(elements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Write a row of what can be pressed or chosen."""
    return {"type": "actions", "elements": list(elements)}


# --- Texts ------------------------------------------------------------------------------------------------------


def context(text: str) -> dict[str, Any]:
    """Write a small line."""
    return {"type": "context", "elements": [plain_text(text, RICH_LIMIT)]}


def plain_text(text: str, limit: int) -> dict[str, Any]:
    """Write a label: one line, never empty, at most `limit` characters, colons not read as emoji."""
    return {"type": "plain_text", "text": short(words(text), limit) or "…", "emoji": False}


def words(text: str) -> str:
    """Put what can be seen of a text on one line."""
    return " ".join(clean(text).split())


def short(text: str, limit: int) -> str:
    """Shorten a label that is too long."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Escape what Slack reads in plain text: links, mentions, dates."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
