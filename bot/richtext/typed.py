"""What people typed: made harmless, with its code and its links seen."""

import re
from typing import cast

from bot.richtext.nodes import ADDRESS, WIDE, Break, Link, Nodes, Pre, Rich, Styled, Text, add_text

_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_EMOJI = "\u2190-\u2bff\U0001f000-\U0001faff"
_JOINED = f"{_EMOJI}\u0600-\u109f"  # Arabic and Indian scripts spell with joiners
_HARMFUL = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_LONE_JOINER = re.compile(
    rf"(?<![{_JOINED}])(?<![{_EMOJI}]\ufe0f)[\u200c\u200d]|[\u200c\u200d](?![{_JOINED}])"
    rf"|(?<![{_EMOJI}0-9#*\xa9\xae\u203c\u2049\u2122\u2139\u3030\u303d\u3297\u3299])[\ufe0e\ufe0f]"
)
_CODE = re.compile(r"```(?:([\w+#.-]{1,30})[ \t]*\n)?\n?(.+?)\n?```[ \t]*\n?|`([^`\n]+)`", re.DOTALL)
_TYPED_LINK = re.compile(rf"https?://[^\s<>\"`\u3000-\u303f\uff00-\uffef{WIDE}]+", re.IGNORECASE)


def clean(text: str) -> str:
    """Drop what cannot be seen: controls, direction overrides, zero width outside emoji and spelling."""
    if text.isascii() and text.isprintable():
        return text
    return _LONE_JOINER.sub("", _HARMFUL.sub("", _LINE_END.sub("\n", text)))


def from_user(text: str) -> Rich:
    """Read what a person typed: fenced code, `code` and web addresses; everything else is literal."""
    text = clean(text)
    nodes: Nodes = []
    end = 0
    for found in _CODE.finditer(text):
        lang, block, code = found.groups()
        if code is None and not block.strip():
            continue
        _add_typed(nodes, text[end : found.start()])
        end = found.end()
        if code is not None:
            nodes.append(Styled("code", (Text(code),)))
        else:
            nodes.append(Pre(block, lang or ""))
    _add_typed(nodes, text[end:])
    return cast("Rich", tuple(nodes))


def _add_typed(nodes: Nodes, text: str) -> None:
    for number, line in enumerate(text.split("\n")):
        if number:
            nodes.append(Break())
        end = 0
        for found in _TYPED_LINK.finditer(line):
            address = found[0].rstrip(".,;:!?'*_~|")
            if "(" not in address:
                address = address.rstrip(").,;:!?'*_~|")
            if not ADDRESS.fullmatch(address):
                continue
            if found.start() > end:
                add_text(nodes, line[end : found.start()])
            nodes.append(Link(address, (Text(address),)))
            end = found.start() + len(address)
        if line[end:]:
            add_text(nodes, line[end:])


def name(text: str, limit: int = 80) -> str:
    """Make a person's name harmless: one line of visible characters, at most `limit` of them."""
    short = " ".join(clean(text).split())
    return short if len(short) <= limit else short[: limit - 1].rstrip() + "…"
