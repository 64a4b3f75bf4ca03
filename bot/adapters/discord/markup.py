"""Rich text as Discord's markdown, in pieces that one message takes.

Styles end with their line; code takes no other style, and lists that hold more than lines are plain text.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import assert_never

from bot.adapters.discord.inline import APART, COMMAND, Leaf, escape, leaves_of, written
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

__all__ = ["LIMIT", "escape", "pieces", "size", "small", "spelt"]

LIMIT = 4000
"""UTF-16 units of what one message shows, with its marks."""
_FENCE = re.compile("`(?=``)")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+#.-]{1,30}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of leaves behind what begins it; `fixed` is code, or a line of it, which takes no indent."""

    leaves: tuple[Leaf, ...] = ()
    prefix: str = ""
    fixed: bool = False


# --- Pieces -----------------------------------------------------------------------------------------------------


def pieces(rich: Rich) -> list[str]:
    """Write rich text as markdown, in as many pieces as it needs; none where there is nothing to see."""
    return list(_pieces(rich, LIMIT)) if rich else []


def small(rich: Rich) -> list[str]:
    """Write rich text in small letters, where it is no more than lines."""
    if any(isinstance(node, Block) for node in rich):
        return pieces(rich)
    lines = [each for piece in pieces(rich) for each in piece.split("\n")]
    told = "\n".join(f"-# {line}" for line in lines if line)
    return [told] if told and size(told) <= LIMIT else pieces(rich)


def size(text: str) -> int:
    """Count the UTF-16 units of a text."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def spelt(rich: Rich) -> str:
    """Write rich text as plain text, commands as they are typed on Discord."""
    return clean(plain(tuple(map(_spelt, rich))))


def _pieces(rich: Rich, limit: int) -> Iterator[str]:
    for part in split(rich, limit):
        piece = "\n".join(f"{line.prefix}{written(line.leaves)}" for line in _lines(part)).strip("\n")
        if not piece.replace(APART, "").strip():
            continue
        if size(piece) <= LIMIT or limit == 1:
            yield piece
        else:
            # What is told takes the room of what it is told with: marks, links, backslashes.
            yield from _pieces(part, max(1, min(limit // 2, len(plain(part)) * LIMIT // size(piece))))


# --- Lines ------------------------------------------------------------------------------------------------------


def _lines(rich: Rich) -> list[Line]:
    lines = [Line()]
    begun = ended = False  # the line has something in it; a block stands before, whose line must end
    for node in rich:
        block = isinstance(node, Block)
        if ended or (block and begun):
            lines.append(Line())
        if isinstance(node, Block):
            lines[-1:] = _block(node)
        elif isinstance(node, Break):
            lines.append(Line())
        else:
            first, *rest = _broken(leaves_of(node))
            lines[-1] = replace(lines[-1], leaves=(*lines[-1].leaves, *first))
            lines += [Line(tuple(each)) for each in rest]
        begun = not isinstance(node, Break)
        ended = block
    return lines


def _broken(leaves: Iterable[Leaf]) -> list[list[Leaf]]:
    """Part leaves at the ends of lines, so that no style goes over one."""
    lines: list[list[Leaf]] = [[]]
    for leaf in leaves:
        if "\n" not in leaf.text:
            lines[-1].append(leaf)
            continue
        first, *rest = leaf.text.split("\n")
        lines[-1].append(replace(leaf, text=first))
        lines += [[replace(leaf, text=each)] for each in rest]
    return lines


def _block(node: Block) -> list[Line]:
    match node:
        case Pre(text, lang):
            language = lang if _LANGUAGE.fullmatch(lang) else ""
            code = _FENCE.sub(f"`{APART}", clean(text)).split("\n")
            raw = [f"```{language}", *code, "```"]
            return [Line((Leaf(line, kind="raw"),), fixed=True) for line in raw]
        case Quote(children):
            # A quote in a quote is a part of it.
            return [
                replace(line, prefix=f"> {line.prefix.removeprefix('> ')}", fixed=True)
                for line in _lines(children)
            ]
        case List():
            return _list(node, native=_is_native(node))
        case _:
            assert_never(node)


def _is_native(node: List) -> bool:
    """Whether Discord shows a list as one: each item a line, and lists of such items below it."""
    return node.start >= 1 and all(item and _is_line(item) for item in node.items)


def _is_line(item: Rich) -> bool:
    head = [each for each in item if not isinstance(each, List)]
    below = [each for each in item if isinstance(each, List)]
    whole = item[: len(head)] == tuple(head) and not any(isinstance(each, Break | Block) for each in head)
    return bool(head) and whole and "\n" not in plain(tuple(head)) and all(map(_is_native, below))


def _list(node: List, *, native: bool) -> list[Line]:
    lines: list[Line] = []
    for number, item in enumerate(node.items, node.start):
        dot, bullet = (".", "-") if native else ("\\.", "•")
        mark = f"{number}{dot} " if node.ordered else f"{bullet} "
        indent = " " * len(mark.replace("\\", ""))
        inner = _lines(item)
        if inner[0].fixed:
            inner.insert(0, Line())
        for at, line in enumerate(inner):
            before = mark if at == 0 else "" if line.fixed else indent
            lines.append(replace(line, prefix=f"{before}{line.prefix}"))
    return lines


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
