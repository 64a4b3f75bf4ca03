"""The nodes of rich text, and how they are written: as markup again, and as plain text."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, assert_never

Style = Literal["b", "i", "u", "s", "code"]
TimeStyle = Literal["date", "time", "datetime"]
Rich: TypeAlias = "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Text:
    """Literal characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Break:
    """The end of a line."""


@dataclass(frozen=True, slots=True)
class Styled:
    """Bold, italic, underlined, struck or code, within a line."""

    tag: Style
    children: Rich


@dataclass(frozen=True, slots=True)
class Link:
    """Text that leads to an http, https or mailto address."""

    href: str
    children: Rich


@dataclass(frozen=True, slots=True)
class When:
    """A moment, which each platform shows its own way; `fallback` is in the reader's zone and language."""

    at: datetime
    style: TimeStyle
    fallback: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command with its words, such as `find rust`; each platform shows what is typed there: `/find rust`."""

    text: str


@dataclass(frozen=True, slots=True)
class Pre:
    """A block of code; `lang` may be empty."""

    text: str
    lang: str = ""


@dataclass(frozen=True, slots=True)
class List:
    """Bullets, or numbers from `start` on."""

    ordered: bool
    items: tuple[Rich, ...]
    start: int = 1


@dataclass(frozen=True, slots=True)
class Quote:
    """A block of somebody's words."""

    children: Rich


Inline = Text | Break | Styled | Link | When | Command
Block = Pre | List | Quote
Node = Inline | Block


ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f\x7f]+", re.IGNORECASE)
WIDE = (
    "\u2e80-\u2fff\u3040-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff"  # scripts that put no spaces between words
)


@dataclass(frozen=True, slots=True)
class Item:
    """A list's item, until its list is closed."""

    children: Rich


Nodes: TypeAlias = "list[Node | Item]"


def add_text(nodes: Nodes, text: str) -> None:
    """Add literal text, in one node with the text before it."""
    if nodes and type(nodes[-1]) is Text:
        nodes[-1] = Text(nodes[-1].text + text)
    else:
        nodes.append(Text(text))


def is_block(node: Node | Item) -> bool:
    """Say whether a node stands on lines of its own."""
    return isinstance(node, Block)


_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;"})
_REFERRED = re.compile(r"^ | \Z|(?<= ) |[\t\n\r\f]")


def markup(rich: Rich) -> str:
    """Write nodes as markup: `parse(markup(rich)) == rich` for every tree that `parse` makes."""
    return "".join(map(_markup, rich))


def _markup(node: Node) -> str:
    match node:
        case Text(text):
            return _REFERRED.sub(lambda space: f"&#{ord(space[0])};", _escape(text))
        case Break():
            return "<br>"
        case Styled(tag, children):
            return f"<{tag}>{markup(children)}</{tag}>"
        case Link(href, children):
            return f'<a href="{_escape(href)}">{markup(children)}</a>'
        case When(at, style, fallback):
            return f'<time datetime="{at.isoformat()}" style="{style}">{_markup(Text(fallback))}</time>'
        case Command(text):
            return f"<cmd>{_markup(Text(text))}</cmd>"
        case Pre(text, lang):
            attribute = f' lang="{_escape(lang)}"' if lang else ""
            return f"<pre{attribute}>\n{_escape(text)}\n</pre>"
        case List(ordered, items, start):
            inner = "".join(f"<li>{markup(item)}</li>" for item in items)
            attribute = f' start="{start}"' if start != 1 else ""
            return f"<ol{attribute}>{inner}</ol>" if ordered else f"<ul>{inner}</ul>"
        case Quote(children):
            return f"<blockquote>{markup(children)}</blockquote>"
        case _:
            assert_never(node)


def _escape(text: str) -> str:
    return text.translate(_ESCAPES)


def plain(rich: Rich) -> str:
    """Write nodes as readable text: bullets, numbers, `> ` before quotes; styles are dropped."""
    parts: list[str] = []
    begun = ended = False  # the line has something in it; a block stands before, whose line must end
    for node in rich:
        block = isinstance(node, Block)
        if ended or (block and begun):
            parts.append("\n")
        parts.append(plain_of(node))
        begun = type(node) is not Break
        ended = block
    return "".join(parts)


def plain_of(node: Node) -> str:
    """Write one node as plain text."""
    match node:
        case Text(text) | Pre(text) | When(fallback=text):
            return text
        case Break():
            return "\n"
        case Command(text):
            return f"/{text}"
        case Styled(children=children) | Link(children=children):
            return plain(children)
        case List(ordered, items, start):
            marks = (f"{number}. " if ordered else "• " for number in range(start, start + len(items)))
            return "\n".join(
                mark + plain(item).replace("\n", "\n" + " " * len(mark))
                for mark, item in zip(marks, items, strict=True)
            )
        case Quote(children):
            return "> " + plain(children).replace("\n", "\n> ")
        case _:
            assert_never(node)


def length(rich: Rich) -> int:
    """Count the characters of the plain text."""
    return len(plain(rich))
