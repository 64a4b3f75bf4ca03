"""What somebody wrote on Slack, as they saw it: code in fences, links by their address, nothing escaped.

Clients send what was typed twice: as `rich_text` blocks, which keep code and line ends apart from the words, and as
mrkdwn, in which `&`, `<` and `>` are escaped. The blocks are read where they are there; emphasis is dropped.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Body = Mapping[str, Any]

MOST_BLOCKS = 1000
FENCE = "```"
_CONTROL = re.compile(r"<([@#!][^<>\n]*|[A-Za-z][A-Za-z0-9+.-]*:[^<>\n]*)>")
_FENCED = re.compile(rf"{FENCE}\n?(.*?)\n?{FENCE}", re.DOTALL)
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_CODE_POINTS = re.compile(r"[0-9a-f]{2,6}(?:-[0-9a-f]{2,6}){0,15}", re.IGNORECASE)
_SHOWN_SCHEMES = ("http://", "https://", "mailto:")


def text_of(message: Body) -> str:
    """Read a message's words; empty where it has none."""
    plain = _text(message.get("text"))
    blocks = [block for block in _bodies(message.get("blocks")) if block.get("type") == "rich_text"]
    return (_from_blocks(blocks, plain) if blocks else "") or from_mrkdwn(plain)


def from_mrkdwn(text: str) -> str:
    """Read mrkdwn as Slack sends it, in messages and behind a slash command."""
    parts = _CONTROL.split(text)
    shown = "".join(_control(part) if number % 2 else unescape(part) for number, part in enumerate(parts))
    # What follows a fence on its line is code here, and the name of a language elsewhere.
    return _FENCED.sub(lambda found: f"{FENCE}\n{found[1]}\n{FENCE}" if found[1].strip() else found[0], shown)


def unescape(text: str) -> str:
    """Give the three characters back that mrkdwn escapes."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _control(inner: str) -> str:
    """Read what stands between < and >: a person, a channel, a special mention, a date, a link."""
    target, bar, label = inner.partition("|")
    target, label = unescape(target), unescape(label)
    match target[0]:
        case "@":
            return f"@{(label or target[1:]).removeprefix('@')}"
        case "#":
            return f"#{(label or target[1:]).removeprefix('#')}"
        case "!":
            kind, _, rest = target[1:].partition("^")
            if kind == "date":
                return label
            return f"@{(label or rest or kind).removeprefix('@')}"
        case _:
            return _link(target, label if bar else "")


def _link(url: str, label: str) -> str:
    """Show where a link leads, unless that is what its label says."""
    if not label or label == url:
        return url
    bare = url.partition("://")[2] if "://" in url else url.partition(":")[2]
    if label.rstrip("/") == bare.rstrip("/"):
        return label
    return f"{label} ({url})" if url.lower().startswith(_SHOWN_SCHEMES) else label


# --- rich_text blocks -------------------------------------------------------------------------------------------


def _from_blocks(blocks: Sequence[Body], mrkdwn: str) -> str:
    named = _names(mrkdwn)
    written = ""
    for block in blocks:
        numbers: dict[int, int] = {}
        for part in _bodies(block.get("elements")):
            kind = part.get("type")
            if kind != "rich_text_list":
                numbers.clear()
            shown = _part(part, kind, named, mrkdwn, numbers)
            if written and shown and not written.endswith("\n") and not shown.startswith("\n"):
                written += "\n"
            written += shown
    return written


def _part(part: Body, kind: object, named: Mapping[str, str], mrkdwn: str, numbers: dict[int, int]) -> str:
    if kind == "rich_text_list":
        return "\n".join(_rows(part, named, mrkdwn, numbers))
    inner = "".join(_element(element, named, mrkdwn) for element in _bodies(part.get("elements")))
    if kind == "rich_text_quote":
        return "> " + inner.rstrip("\n").replace("\n", "\n> ") if inner.strip() else ""
    if kind == "rich_text_preformatted":
        inner = inner.removesuffix("\n")
        language = _text(part.get("language"))
        first = language if _LANGUAGE.fullmatch(language) else ""
        return f"{FENCE}{first}\n{inner}\n{FENCE}" if inner.strip() else ""
    return inner


def _rows(part: Body, named: Mapping[str, str], mrkdwn: str, numbers: dict[int, int]) -> Iterator[str]:
    """Write a list's rows; a numbered list goes on after deeper rows have come between."""
    indent = part.get("indent")
    depth = min(max(indent, 0), 8) if isinstance(indent, int) else 0
    ordered = part.get("style") == "ordered"
    offset = part.get("offset")
    for deeper in [level for level in numbers if level > depth]:
        del numbers[deeper]
    number = offset if isinstance(offset, int) and 0 < offset < 10_000 else numbers.get(depth, 0)
    for section in _bodies(part.get("elements")):
        number += 1
        mark = f"{number}. " if ordered else "• "
        words = "".join(_element(element, named, mrkdwn) for element in _bodies(section.get("elements")))
        yield "  " * depth + mark + words.strip("\n").replace("\n", "\n" + "  " * depth + " " * len(mark))
    numbers[depth] = number


def _element(element: Body, named: Mapping[str, str], mrkdwn: str) -> str:
    match element.get("type"):
        case "text":
            words = _literal(_text(element.get("text")), mrkdwn)
            style = element.get("style")
            code = isinstance(style, Mapping) and style.get("code") is True
            return f"`{words}`" if code and words.strip() and not set("`\n") & set(words) else words
        case "link":
            label = _literal(_text(element.get("text")), mrkdwn)
            return _link(_literal(_text(element.get("url")), mrkdwn), label)
        case "user":
            return _mention("@", element.get("user_id"), named)
        case "usergroup":
            return _mention("@", element.get("usergroup_id"), named)
        case "channel":
            return _mention("#", element.get("channel_id"), named)
        case "broadcast":
            return _mention("@", element.get("range"), named)
        case "emoji":
            return _emoji(_text(element.get("unicode")), _text(element.get("name")))
        case "color":
            return _text(element.get("value"))
        case _:
            return _text(element.get("fallback")) or _text(element.get("text"))


def _literal(words: str, mrkdwn: str) -> str:
    """Give an element's words as they are meant.

    In most payloads they are literal, in some escaped; what the mrkdwn beside them says tells which.
    """
    if "&" not in words:
        return words
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return unescape(words) if escaped not in mrkdwn and words in mrkdwn else words


def _mention(sign: str, target: object, named: Mapping[str, str]) -> str:
    word = _text(target)
    return f"{sign}{named.get(word, word)}" if word else ""


def _names(mrkdwn: str) -> dict[str, str]:
    """Find the names that mrkdwn gives people, channels and groups."""
    found: dict[str, str] = {}
    for inner in _CONTROL.findall(mrkdwn):
        target, _, label = inner.partition("|")
        if label and inner[0] in "@#!":
            word = target[1:].removeprefix("subteam^")
            found[unescape(word)] = unescape(label).lstrip("@#")
    return found


def _emoji(points: str, name: str) -> str:
    """Write an emoji that every platform has as itself, and a workspace's own by its name."""
    if _CODE_POINTS.fullmatch(points):
        numbers = [int(point, 16) for point in points.split("-")]
        if all(number < 0x110000 and not 0xD800 <= number < 0xE000 for number in numbers):
            return "".join(map(chr, numbers))
    return f":{name}:" if name else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _bodies(value: object) -> list[Body]:
    given = value[:MOST_BLOCKS] if isinstance(value, list) else []
    return [each for each in given if isinstance(each, Mapping)]
