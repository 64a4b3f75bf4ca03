"""From markup to nodes; white space folds as in HTML, except inside `<pre>` and where it is a reference."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from html import unescape
from itertools import groupby
from typing import cast, get_args

from bot.richtext.nodes import (
    ADDRESS,
    Break,
    Command,
    Item,
    Link,
    List,
    Node,
    Nodes,
    Pre,
    Quote,
    Rich,
    Style,
    Styled,
    Text,
    TimeStyle,
    When,
    add_text,
    is_block,
    plain,
)

_TAG = re.compile(r'<(/?)([a-z]+)((?:\s+[a-z]+="[^"<>]*")*)\s*/?>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_FOLD = re.compile(r"[ \t\n\r\f]+")
_STYLES = frozenset(get_args(Style))
_LISTS = frozenset(("ul", "ol"))
_ATTRIBUTES = {"a": {"href"}, "pre": {"lang"}, "time": {"datetime", "style"}, "ol": {"start"}}
_TAGS = _STYLES | _LISTS | {"a", "pre", "li", "blockquote", "time", "br", "cmd"}
_WITHIN_A_LINE = _STYLES | {"a", "time", "cmd"}


def parse(markup: str) -> Rich:
    """Parse the subset; ValueError for what is not in it: nesting, an unsafe link, a naive time."""
    tokens = _TAG.split(markup)  # text, slash, tag, attributes, text, …
    open_ = _Open()
    open_.text(tokens[0])
    for at in range(1, len(tokens), 4):
        slash, tag, attributes, text = tokens[at : at + 4]
        if tag not in _TAGS:
            raise ValueError(f"unknown tag <{tag}>")
        if tag not in _WITHIN_A_LINE:
            open_.gap, open_.edge = False, True
        if tag == "br":
            open_.here.append(Break())
        elif slash:
            open_.end(tag)
        else:
            open_.begin(tag, attributes)
        if text:
            open_.text(text)
    if open_.stack:
        raise ValueError(f"<{open_.stack[-1][0]}> is not closed")
    return cast("Rich", tuple(open_.here))


class _Open:
    """What a parse has open: elements, and white space that may yet show."""

    __slots__ = ("edge", "gap", "here", "stack", "verbatim")

    def __init__(self) -> None:
        self.here: Nodes = []
        self.stack: list[tuple[str, str, Nodes]] = []  # tag, attributes, what stood before it
        self.gap = False  # white space was read that shows only if something follows in the line
        self.edge = True  # white space here does not show: the line begins, or a space was just written
        self.verbatim = 0  # how many <pre> are open

    def text(self, text: str) -> None:
        if "<" in text:
            raise ValueError(f"not in the subset: {text[text.index('<') :][:20]!r}")
        if not self.verbatim:
            if "  " in text or not text.isprintable():
                text = _FOLD.sub(" ", text)
            if text[:1] == " ":
                self.gap = self.gap or not self.edge
                text = text[1:]
            if text:
                if self.gap:
                    text = " " + text
                self.edge = False
                self.gap = text[-1] == " "
                if self.gap:
                    text = text[:-1]
        if text:
            add_text(self.here, unescape(text) if "&" in text else text)

    def begin(self, tag: str, attributes: str) -> None:
        if self.gap:  # before the tag, so that no platform gets "* bold*"
            add_text(self.here, " ")
            self.gap, self.edge = False, True
        if (tag == "li") != (bool(self.stack) and self.stack[-1][0] in _LISTS):
            raise ValueError(f"<{tag}> is in the wrong place")
        self.stack.append((tag, attributes, self.here))
        self.here = []
        self.verbatim += tag == "pre"

    def end(self, tag: str) -> None:
        if not self.stack or self.stack[-1][0] != tag:
            raise ValueError(f"</{tag}> closes nothing")
        _, attributes, before = self.stack.pop()
        self.verbatim -= tag == "pre"
        given = {key: unescape(value) for key, value in _ATTRIBUTE.findall(attributes)} if attributes else {}
        if not given.keys() <= _ATTRIBUTES.get(tag, set()):
            raise ValueError(f"<{tag}> has an unknown attribute")
        inner, self.here = self.here, before
        if tag in _LISTS:
            _add_list(before, inner, tag, given)
        elif tag not in _STYLES and tag != "a":
            _add_whole(before, tuple(cast("list[Node]", inner)), tag, given)
        elif any(tag == other for other, _, _ in self.stack):
            _add_all(before, inner)
        elif tag == "a":
            href = given.get("href", "")
            if not ADDRESS.fullmatch(href):
                raise ValueError("a link must lead to an http, https or mailto address")
            _add_wrapped(before, inner, lambda children: Link(href, children))
        else:
            style = cast("Style", tag)
            _add_wrapped(before, inner, lambda children: Styled(style, children))


def _add_all(nodes: Nodes, inner: Iterable[Node | Item]) -> None:
    for node in inner:
        if type(node) is Text:
            add_text(nodes, node.text)
        else:
            nodes.append(node)


def _add_wrapped(nodes: Nodes, inner: Nodes, wrap: Callable[[Rich], Node]) -> None:
    """Wrap what stands within lines; blocks stay bare."""
    for bare, run in groupby(inner, is_block) if any(map(is_block, inner)) else [(not inner, inner)]:
        if bare:
            nodes.extend(run)
        else:
            nodes.append(wrap(tuple(cast("Iterable[Node]", run))))


def _add_list(nodes: Nodes, inner: Nodes, tag: str, given: dict[str, str]) -> None:
    if not all(type(node) is Item for node in inner):
        raise ValueError(f"<{tag}> holds more than items")
    items = tuple(item.children for item in cast("list[Item]", inner))
    if items:
        nodes.append(List(tag == "ol", items, int(given.get("start", "1"))))


def _add_whole(nodes: Nodes, inner: Rich, tag: str, given: dict[str, str]) -> None:
    match tag:
        case "time":
            nodes.append(_when(given, plain(inner)))
        case "cmd":
            nodes.append(Command(plain(inner)))
        case "pre":
            text = plain(inner).removeprefix("\n").removesuffix("\n")
            if text:
                nodes.append(Pre(text, given.get("lang", "")))
        case "li" if inner:
            nodes.append(Item(inner))
        case "blockquote" if inner:
            nodes.append(Quote(inner))


def _when(given: dict[str, str], fallback: str) -> When:
    at = datetime.fromisoformat(given.get("datetime", ""))
    style = given.get("style", "datetime")
    if at.tzinfo is None or style not in get_args(TimeStyle):
        raise ValueError("<time> needs a moment with its zone, and a known style")
    return When(at, cast("TimeStyle", style), fallback)
