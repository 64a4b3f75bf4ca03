"""Rich text as Telegram's HTML, in pieces that one message takes.

Telegram shows code without other styles, no quote within a quote, and nothing else but styles within a link or a
date; lists are plain text. What it takes for a web address, a name or a command in plain text it makes one itself:
nothing prevents that, and in a private chat it tells nobody.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import assert_never
from urllib.parse import urlsplit

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
    split,
)

LIMIT = 4096
"""UTF-16 units of a text, once its markup is read."""
MOST_ENTITIES = 100
LONGEST_URL = 2000
LAST_SECOND = 2**31 - 1
SHORTEST = 16
"""Characters below which cutting at words and lines no longer makes fewer entities."""
DATES = {"date": "wD", "time": "t", "datetime": "wDt"}

Tag = tuple[str, str]
"""What opens an element and what closes it."""

QUOTE: Tag = ("<blockquote>", "</blockquote>")
CODE: Tag = ("<code>", "</code>")
_STYLES: dict[str, Tag] = {tag: (f"<{tag}>", f"</{tag}>") for tag in ("b", "i", "u", "s")}
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")
_TAG = re.compile("<[^>]*>")
_UNSEEN = re.compile(
    "[\\s\u1680\u180e\u2000-\u200f\u202e\u202f\u205f\u2800\u3000\ufeff\ufffc\U000e0000-\U000e007f]+"
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Literal characters and the elements they stand in, from the outside in; `fixed` takes no indent."""

    text: str
    path: tuple[Tag, ...] = ()
    fixed: bool = False


# --- Pieces -----------------------------------------------------------------------------------------------------


def html(rich: Rich) -> list[str]:
    """Write rich text as HTML, in as many pieces as it needs; none where there is nothing to see."""
    return list(_pieces(rich, LIMIT)) if rich else []


def plain_pieces(rich: Rich) -> list[str]:
    """Write the same pieces without markup."""
    return [bare(piece) for piece in html(rich)]


def bare(piece: str) -> str:
    """Give the characters of a piece of HTML that this module wrote."""
    text = _TAG.sub("", piece)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")


def size(text: str) -> int:
    """Count the UTF-16 units of a text."""
    return len(text) + sum(1 for sign in text if sign > "\uffff")


def entities(piece: str) -> int:
    """Count the elements of a piece of HTML; of code in a language, both."""
    return piece.count("</")


def seen(text: str) -> bool:
    """Whether there is anything in a text that Telegram would not take for nothing."""
    return bool(_UNSEEN.sub("", text))


def escape(text: str) -> str:
    """Escape what HTML reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def _pieces(rich: Rich, limit: int) -> Iterator[str]:
    for part in split(rich, limit):
        leaves = list(_leaves(part, ()))
        piece = _written(leaves, 0).strip()
        if not seen(bare(piece)):
            continue
        if _fits(piece):
            yield piece
        elif limit > SHORTEST:
            shorter = len(bare(piece)) * MOST_ENTITIES // max(entities(piece), 1)
            yield from _pieces(part, max(SHORTEST, min(limit // 2, shorter)))
        else:
            yield from _cut(leaves)


def _fits(piece: str) -> bool:
    return size(bare(piece)) <= LIMIT and entities(piece) <= MOST_ENTITIES


def _cut(leaves: Iterable[Leaf]) -> Iterator[str]:
    """Cut what is far longer than its plain text, such as links whose whole address has to be told."""
    at_once = LIMIT // (2 * SHORTEST)
    parts = [
        replace(leaf, text=leaf.text[at : at + at_once])
        for leaf in leaves
        for at in range(0, len(leaf.text), at_once)
    ]
    for first in range(0, len(parts), SHORTEST):
        piece = _written(parts[first : first + SHORTEST], 0).strip()
        if seen(bare(piece)):
            yield piece


def _written(leaves: Iterable[Leaf], depth: int) -> str:
    """Write leaves, those of one element together."""
    parts = []
    for tag, run in groupby(leaves, lambda leaf: leaf.path[depth] if len(leaf.path) > depth else None):
        if tag is None:
            parts.append(escape("".join(leaf.text for leaf in run)))
        elif inner := _written(run, depth + 1):
            parts.append(f"{tag[0]}{inner}{tag[1]}")
    return "".join(parts)


# --- Leaves -----------------------------------------------------------------------------------------------------


def _leaves(rich: Rich, path: tuple[Tag, ...]) -> Iterator[Leaf]:
    begun = ended = False  # the line has something in it; a block stands before, whose line must end
    for node in rich:
        block = isinstance(node, Block)
        if ended or (block and begun):
            yield Leaf("\n", _quote(path), fixed=isinstance(node, Pre | Quote))
        yield from _node(node, path)
        begun = type(node) is not Break
        ended = block


def _node(node: Node, path: tuple[Tag, ...]) -> Iterator[Leaf]:
    match node:
        case Text(text):
            yield Leaf(_shown(text), path)
        case Break():
            yield Leaf("\n", path)
        case Styled("code", children):
            yield Leaf(_shown(plain(children)), _with(path, CODE))
        case Styled(tag, children):
            style = _STYLES[tag]
            yield from _leaves(children, path if style in path or CODE in path else (*path, style))
        case Link(href, children):
            yield from _link(href, children, path)
        case When():
            yield Leaf(_shown(node.fallback), _with(path, _date(node)))
        case Command(text):
            # Pressed in a text, a command is sent without its words; as code they are copied with it.
            yield Leaf(_shown(f"/{text}"), _with(path, CODE) if " " in text.strip() else path)
        case Pre(text, lang):
            yield Leaf(_shown(text), _with(path, _pre(lang)), fixed=True)
        case List():
            yield from _list(node, path)
        case Quote(children):
            outer = path if QUOTE in path else (QUOTE, *path)
            yield from (replace(leaf, fixed=True) for leaf in _leaves(children, outer))
        case _:
            assert_never(node)


def _shown(text: str) -> str:
    """Give what can be seen; Telegram drops a ring that stands apart from its letter."""
    text = clean(text)
    return unicodedata.normalize("NFC", text) if "\u030a" in text else text


def _quote(path: tuple[Tag, ...]) -> tuple[Tag, ...]:
    return path[:1] if QUOTE in path else ()


def _with(path: tuple[Tag, ...], tag: Tag | None) -> tuple[Tag, ...]:
    """Put leaves in an element that holds no other: code drops the styles around it, and stays out of links."""
    if tag is None or any(each not in _STYLES.values() and each != QUOTE for each in path):
        return path
    quote = _quote(path)
    styles = path[len(quote) :] if not tag[0].startswith(("<code", "<pre")) else ()
    return (*quote, tag, *styles)


def _pre(lang: str) -> Tag:
    if not _LANGUAGE.fullmatch(lang):
        return ("<pre>", "</pre>")
    return (f'<pre><code class="language-{lang}">', "</code></pre>")


def _date(node: When) -> Tag | None:
    stamp = int(node.at.timestamp())
    if not 0 < stamp <= LAST_SECOND:
        return None
    return (f'<tg-time unix="{stamp}" format="{DATES[node.style]}">', "</tg-time>")


def _link(href: str, children: Rich, path: tuple[Tag, ...]) -> Iterator[Leaf]:
    """Write a link; where Telegram would drop it, its address is told in words."""
    told = plain(children).strip()
    if _leads(href):
        linked = _with(path, (f'<a href="{escape(href)}">', "</a>"))
        if seen(told):
            yield from _leaves(children, linked)
        else:
            yield Leaf(_shown(href), linked)
        return
    address = href[len("mailto:") :] if href.lower().startswith("mailto:") else href
    yield from _leaves(children, path)
    same = seen(told) and (told in href or href in told or address in told)
    if not same:  # a part of it where a long text was cut
        yield Leaf(_shown(f" ({address})" if seen(told) else address), path)


def _leads(href: str) -> bool:
    try:
        parts = urlsplit(href)
        whole = "." in (parts.hostname or "") and parts.port != 0
    except ValueError:
        return False
    return whole and parts.scheme.lower() in {"http", "https"} and len(href) <= LONGEST_URL


def _list(node: List, path: tuple[Tag, ...]) -> Iterator[Leaf]:
    """Write a list as lines, each under the mark of its item; code and quotes begin on a line of their own."""
    quote = _quote(path)
    for number, item in enumerate(node.items, node.start):
        if number != node.start:
            yield Leaf("\n", quote)
        mark = f"{number}. " if node.ordered else "• "
        yield Leaf(mark, quote)
        if item and isinstance(item[0], Pre | Quote):
            yield Leaf("\n", quote, fixed=True)
        for leaf in _leaves(item, path):
            yield leaf if leaf.fixed else replace(leaf, text=leaf.text.replace("\n", "\n" + " " * len(mark)))
