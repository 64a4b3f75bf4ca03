"""Rich text as Slack's own: `rich_text` blocks, in which every text is literal and fires nothing.

Slack's quotes and items hold lines only, so blocks inside them follow with a border or deeper; numbers that Slack
would not count (a list that begins at 4, or goes on after a block) are written out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any, assert_never
from urllib.parse import urlsplit

from bot.adapters.slack.manifest import COMMAND
from bot.richtext import (
    Block,
    Break,
    Command,
    Link,
    List,
    Node,
    Pre,
    Quote,
    Rich,
    Styled,
    Text,
    When,
    clean,
    plain,
)

Element = dict[str, Any]

STYLES = {"b": "bold", "i": "italic", "u": "underline", "s": "strike", "code": "code"}
DATES = {"date": "{date_long_pretty}", "time": "{time}", "datetime": "{date_long_pretty} {time}"}
"""Tokens alone: any word between them would be in one language."""
DEEPEST = 8
LONGEST_URL = 3000


def rich_text(rich: Rich) -> list[dict[str, Any]]:
    """Write nodes as blocks: one, or none where there is nothing to see."""
    elements = list(_elements(rich, 0, quoted=False))
    return [{"type": "rich_text", "elements": elements}] if elements else []


def _elements(rich: Rich, indent: int, *, quoted: bool) -> Iterator[Element]:
    """Write what stands on lines of its own, one after the other."""
    runs = [(block, list(run)) for block, run in groupby(rich, lambda node: isinstance(node, Block))]
    for number, (block, run) in enumerate(runs):
        if block:
            for node in run:
                if isinstance(node, Block):
                    yield from _block(node, indent, quoted=quoted)
            continue
        if run[-1] == Break() and number + 1 < len(runs):
            run.pop()  # the block that follows ends the line
        yield from _lines(_inline(run, ()), quoted=quoted)


def _block(node: Block, indent: int, *, quoted: bool) -> Iterator[Element]:
    border = {"border": 1} if quoted else {}
    match node:
        case Pre(text):
            if code := _text(text, ()):
                yield {"type": "rich_text_preformatted", "elements": code, **border}
        case List():
            yield from _list(node, indent, quoted=quoted)
        case Quote(children):
            yield from _elements(children, indent, quoted=True)
        case _:
            assert_never(node)


def _list(node: List, indent: int, *, quoted: bool) -> Iterator[Element]:
    written_out = node.ordered and (node.start != 1 or any(_has_block(item) for item in node.items))
    look: Element = {"style": "ordered" if node.ordered else "bullet"}
    look |= {"indent": min(indent, DEEPEST)} if indent else {}
    look |= {"border": 1} if quoted else {}
    rows: list[Element] = []

    def close() -> Iterator[Element]:
        if written_out:
            yield from _lines([part for row in rows for part in row["elements"]], quoted=quoted)
        elif rows:
            yield {"type": "rich_text_list", "elements": rows[:], **look}
        rows.clear()

    for number, item in enumerate(node.items, node.start):
        head = next((at for at, child in enumerate(item) if isinstance(child, Block)), len(item))
        mark = [Text(f"{number}. ")] if written_out else []
        end = [Break()] if written_out and rows else []
        line = [*item[:head]]
        if head < len(item) and line and line[-1] == Break():
            line.pop()
        rows += _lines(_inline([*end, *mark, *line], ()), quoted=False)
        if head < len(item):
            yield from close()
            yield from _elements(item[head:], indent + 1, quoted=quoted)
    yield from close()


def _has_block(item: Rich) -> bool:
    return any(isinstance(child, Block) for child in item)


def _lines(elements: list[Element], *, quoted: bool) -> Iterator[Element]:
    """Put what stands within lines in a section or a quote, unless there is nothing to see."""
    joined = list(_joined(elements))
    if any(element["type"] != "text" or element["text"].strip() for element in joined):
        yield {"type": "rich_text_quote" if quoted else "rich_text_section", "elements": joined}


def _joined(elements: Iterable[Element]) -> Iterator[Element]:
    """Join neighbouring texts that look alike."""
    for (kind, style), run in groupby(elements, lambda each: (each["type"], each.get("style"))):
        if kind == "text":
            text = "".join(each["text"] for each in run)
            yield {"type": "text", "text": text} | ({"style": style} if style else {})
        else:
            yield from run


# --- Within a line ----------------------------------------------------------------------------------------------


def _inline(rich: Iterable[Node], tags: tuple[str, ...]) -> list[Element]:
    return [element for node in rich for element in _node(node, tags)]


def _node(node: Node, tags: tuple[str, ...]) -> list[Element]:
    match node:
        case Text(text):
            return _text(text, tags)
        case Break():
            return [{"type": "text", "text": "\n"}]
        case Styled(tag, children):
            return _inline(children, (*tags, tag))
        case Link(href, children):
            return _link(href, children, tags)
        case Command(text):
            return _text(f"{COMMAND} {text}", (*tags, "code"))
        case When():
            return _date(node, tags)
        case Pre() | List() | Quote():
            # What stands on lines of its own is no part of a line: no tree that `parse` makes has it here.
            return _text(plain((node,)), tags)
        case _:
            assert_never(node)


def _text(text: str, tags: tuple[str, ...]) -> list[Element]:
    """Write literal characters; Slack refuses an element without any."""
    seen = clean(text)
    return [{"type": "text", "text": seen, **_style(tags)}] if seen else []


def _style(tags: Iterable[str]) -> Element:
    style = {STYLES[tag]: True for tag in tags}
    return {"style": style} if style else {}


def _date(node: When, tags: tuple[str, ...]) -> list[Element]:
    """Write a moment, which Slack shows in the reader's zone; before 1970 it knows none."""
    stamp = int(node.at.timestamp())
    if stamp <= 0:
        return _text(node.fallback, tags)
    said = clean(node.fallback)
    fallback = {"fallback": said} if said.strip() else {}
    style = _style(tag for tag in tags if tag != "code")
    return [{"type": "date", "timestamp": stamp, "format": DATES[node.style], **fallback, **style}]


def _link(href: str, children: Rich, tags: tuple[str, ...]) -> list[Element]:
    """Write a link; an address that Slack could refuse, and the whole message with it, is written as text."""
    inner = _inline(children, tags)
    if not _leads(href):
        told = plain(children).strip()
        same = told and (told in href or href in told)  # a part of it where a long text was cut
        return inner if same else [*inner, *_text(f" ({href})" if told else href, tags)]
    if not any(element["type"] != "text" or element["text"].strip() for element in inner):
        return [{"type": "link", "url": href, **_style(tags)}]
    return [_linked(element, href) for element in inner]


def _linked(element: Element, href: str) -> Element:
    if element["type"] == "text" and not element["text"].strip("\n"):
        return element  # the end of a line leads nowhere
    return {**element, "url": href} if element["type"] == "date" else {**element, "type": "link", "url": href}


def _leads(href: str) -> bool:
    try:
        parts = urlsplit(href)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    mail = parts.scheme.lower() == "mailto" and "@" in parts.path
    return (whole or mail) and len(href) <= LONGEST_URL


def spelt(rich: Rich) -> str:
    """Write rich text as plain text, commands as they are typed on Slack."""
    return plain(tuple(map(_spelt, rich)))


def _spelt(node: Node) -> Node:
    match node:
        case Command(text):
            return Text(f"{COMMAND} {text}")
        case Styled() | Link() | Quote():
            return replace(node, children=tuple(map(_spelt, node.children)))
        case List(items=items):
            return replace(node, items=tuple(tuple(map(_spelt, item)) for item in items))
        case Text() | Break() | When() | Pre():
            return node
        case _:
            assert_never(node)
