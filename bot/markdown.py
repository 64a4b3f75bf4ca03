"""Markdown of courses as rich text. Whoever wrote it is not trusted: HTML is text, and links lead where links may."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from markdown_it.token import Token
from markupsafe import Markup

from bot import richtext
from bot.richtext import Block, Break, Link, List, Node, Pre, Quote, Rich, Style, Styled, Text, clean
from bot.richtext.nodes import ADDRESS, WIDE
from core.courses import bodies

STYLES: dict[str, Style] = {"strong_open": "b", "em_open": "i", "s_open": "s"}
LANGUAGE_LIMIT = 30
_SIGNS = f"{WIDE}\u3000-\u303f\uff00-\uff65"
_SPACED = re.compile(rf"(?<=[{_SIGNS}]) (?=[{_SIGNS}])")


@lru_cache(512)
def rich(body: str) -> Rich:
    """Read Markdown: headings are bold, pictures are their description, everything unknown is text."""
    return _blocks(_Walk(bodies.tokens(body)), frozenset())


def markup(body: str, *, below: bool = False) -> Markup:
    """Write Markdown in the markup of messages; `below` other words, with an empty line where one shows."""
    nodes = rich(body)
    gap = "" if not below else "<br>" if nodes and isinstance(nodes[0], Block) else "<br><br>"
    return Markup(gap + richtext.markup(nodes))  # noqa: S704  markup escapes


class _Walk:
    """Tokens, one after the other."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def __iter__(self) -> Iterator[Token]:
        while self._at < len(self._tokens):
            self._at += 1
            yield self._tokens[self._at - 1]


def _blocks(walk: _Walk, styles: frozenset[str], until: str = "") -> Rich:
    """Read blocks up to a closing token."""
    found: list[Node] = []
    for token in walk:
        match token.type:
            case name if name == until:
                break
            case "heading_open":
                _add(found, (Styled("b", _inline(walk, styles | {"b"})),))
            case "paragraph_open":
                _add(found, _inline(walk, styles))
            case "fence" | "code_block":
                language = token.info.split()[0][:LANGUAGE_LIMIT] if token.info.split() else ""
                code = clean(token.content).strip("\n")
                _add(
                    found,
                    (Pre(code, "".join(each for each in language if each.isalnum() or each in "+#-.")),),
                )
            case "bullet_list_open" | "ordered_list_open":
                ordered = token.type == "ordered_list_open"
                items = tuple(_items(walk, token.type.replace("open", "close"), styles))
                _add(found, (List(ordered, items, int(token.attrs.get("start", 1))),) if items else ())
            case "blockquote_open":
                inner = _blocks(walk, styles, "blockquote_close")
                _add(found, (Quote(inner),) if inner else ())
            case "hr":
                _add(found, (Text("—"),))
            case _:
                _add(found, (Text(clean(token.content)),) if token.content.strip() else ())
    return tuple(found)


def _items(walk: _Walk, until: str, styles: frozenset[str]) -> Iterator[Rich]:
    for token in walk:
        if token.type == until:
            return
        inner = _blocks(walk, styles, "list_item_close")
        if inner:
            yield inner


def _add(found: list[Node], new: Rich) -> None:
    """Put a block below the others: an empty line between two paragraphs."""
    new = tuple(node for node in new if not (isinstance(node, Styled) and not node.children))
    if not new:
        return
    if found and not isinstance(new[0], Block):
        found.extend([Break()] if isinstance(found[-1], Block) else [Break(), Break()])
    found.extend(new)


def _inline(walk: _Walk, styles: frozenset[str]) -> Rich:
    """Read the text of a block, and its closing token."""
    inner: Rich = ()
    for token in walk:
        if token.type == "inline":
            inner = _text(_Walk(token.children or ()), styles)
        else:
            break
    return inner


def _text(walk: _Walk, styles: frozenset[str], until: str = "") -> Rich:
    found: list[Node] = []

    def add(text: str) -> None:
        if found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].text + text)
        elif text:
            found.append(Text(text))

    for token in walk:
        match token.type:
            case name if name == until:
                break
            case "softbreak":
                add(" ")
            case "hardbreak":
                found.append(Break())
            case "code_inline":
                code = clean(token.content)
                found.extend([Styled("code", (Text(code),))] if "code" not in styles and code else [])
            case "image":
                found.append(Styled("i", (Text(clean(token.content) or str(token.attrs.get("src", ""))),)))
            case "link_open":
                inner = _text(walk, styles | {"a"}, "link_close")
                href = str(token.attrs.get("href", ""))
                leads = bool(ADDRESS.fullmatch(href)) and "a" not in styles and bool(inner)
                found.extend([Link(href, inner)] if leads else inner)
            case name if name in STYLES:
                tag = STYLES[name]
                inner = _text(walk, styles | {tag}, name.replace("open", "close"))
                found.extend([Styled(tag, inner)] if tag not in styles and inner else inner)
            case _:
                add(clean(token.content))
    return _tidy(found)


def _tidy(nodes: Sequence[Node]) -> Rich:
    """Put neighbouring texts together; between Chinese characters the end of a line is no space."""
    found: list[Node] = []
    for node in nodes:
        if isinstance(node, Text) and found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].text + node.text)
        else:
            found.append(node)
    return tuple(Text(_SPACED.sub("", node.text)) if isinstance(node, Text) else node for node in found)
