"""Discord's markdown as its client reads it, rule by rule from left to right: what a text shows, and what it fires.

The rules are those of the client's parser: at the beginning of a line headings, small text, quotes and lists; within
it code, escapes, links, mentions, dates, emoji and styles.
"""

import re
from dataclasses import dataclass, field

APART = "\u200b"
ESCAPE = re.compile(r"\\([^0-9A-Za-z\s])")
BLOCK_CODE = re.compile(r"```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][\s\S]*?)\n*```", re.IGNORECASE)
CODE = re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")
ADDRESS = re.compile(r"<(https?://[^\s<>]+)>")
URL = re.compile(r"((?:https?|steam)://[^\s<]+[^<.,:;\"')\]\s])")
LINK = re.compile(r"\[((?:\\.|[^\[\]\\])*)\]\(<?([^\s<>()]+)>?\)")
DATE = re.compile(r"<t:(-?\d+)(?::[tTdDfFR])?>")
FIRING = re.compile(
    r"<@[!&]?\d+>|<#\d+>|@everyone|@here|<a?:\w+:\d+>|</[^\n:>]+:\d+>|<id:\w+>|:[^\s:]+?(?:::skin-tone-\d)?:"
)
STYLES = {
    "b": re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)"),
    "u": re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)"),
    "s": re.compile(r"~~([\s\S]+?)~~(?!_)"),
    "spoiler": re.compile(r"\|\|([\s\S]+?)\|\|"),
    "i": re.compile(
        r"\b_((?:__|\\[\s\S]|[^\\_])+?)_\b|"
        r"\*(?=\S)((?:\*\*|\\[\s\S]|\s+(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
    ),
}  # fmt: skip
STEP = re.compile(r"[\s\S][0-9A-Za-z\s\u00c0-\uffff]*?(?=[^0-9A-Za-z\s\u00c0-\uffff]|\n|\w+:\S|\Z)")
LINES = {
    "heading": re.compile(r" *#{1,3}(?=\s)"),
    "small": re.compile(r" *-# "),
    "quote": re.compile(r" *>(?:>>)? "),
    "list": re.compile(r" *(?:[*-]|\d+\.) "),
}


@dataclass(slots=True)
class Shown:
    """What a text shows, without what nobody sees; and what in it is more than words, in order."""

    text: str = ""
    marks: list[tuple[str, str]] = field(default_factory=list)


def read(markdown: str) -> Shown:
    """Read a text."""
    shown = Shown()
    at = 0
    while at < len(markdown):
        if at == 0 or markdown[at - 1] == "\n":
            at = _begin(markdown, at, shown)
        at = _inline(markdown, at, shown)
    shown.text = shown.text.replace(APART, "")
    return shown


def _begin(text: str, at: int, shown: Shown) -> int:
    """Read what begins a line: a quote may hold a list, and that a heading."""
    while found := next(
        ((kind, match) for kind, rule in LINES.items() if (match := rule.match(text, at))), None
    ):
        kind, match = found
        shown.marks.append((kind, match[0].strip()))
        if kind == "list":
            shown.text += match[0]
        at = match.end()
    return at


def _inline(text: str, at: int, shown: Shown) -> int:
    if match := BLOCK_CODE.match(text, at):
        inner = match[2]
        if text[:at].rpartition("\n")[2].startswith(">"):
            # In a quote each of its lines has the mark of the quote.
            inner = re.sub(r"\n> ?", "\n", inner)
        shown.text += inner.rstrip("\n")
        shown.marks.append(("pre", match[1] or ""))
        return match.end()
    if match := ESCAPE.match(text, at):
        shown.text += match[1]
        return match.end()
    if match := CODE.match(text, at):
        shown.text += re.sub(r"^ (?= *`)|(` *) $", r"\1", match[2])
        shown.marks.append(("code", match[2]))
        return match.end()
    for kind, rule in (("address", ADDRESS), ("url", URL), ("date", DATE), ("fired", FIRING)):
        if match := rule.match(text, at):
            shown.text += match[1] if kind in {"address", "url"} else match[0]
            shown.marks.append((kind, match[1] if kind != "fired" else match[0]))
            return match.end()
    if (match := LINK.match(text, at)) and "://" not in match[1]:
        shown.marks.append(("link", match[2]))
        _whole(match[1], shown)
        return match.end()
    for kind, rule in STYLES.items():
        if match := rule.match(text, at):
            shown.marks.append((kind, ""))
            _whole(match[1] or match[2] if kind == "i" else match[1], shown)
            return match.end()
    match = STEP.match(text, at)
    end = match.end() if match else at + 1
    newline = text.find("\n", at, end)
    end = newline + 1 if newline >= 0 else end
    shown.text += text[at:end]
    return end


def _whole(text: str, shown: Shown) -> None:
    at = 0
    while at < len(text):
        at = _inline(text, at, shown)
