"""Long texts, cut in pieces that a platform takes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import assert_never, cast

from bot.richtext.nodes import (
    WIDE,
    Block,
    Break,
    Command,
    Link,
    List,
    Nodes,
    Pre,
    Quote,
    Rich,
    Styled,
    Text,
    When,
    add_text,
    length,
    plain_of,
)


@dataclass(frozen=True, slots=True)
class _Atom:
    """The smallest thing a split moves: a word, a space, a line of code; and what it stands in.

    The path holds, from the outside in, each element and its place among its siblings (None: an item).
    """

    path: tuple[tuple[int, Styled | Link | Block | None], ...]
    leaf: Text | Break | When | Command


_STOPS = "\u3001-\u301f\uff00-\uff1f"
_ATOM = re.compile(rf"\s+|(?:[{WIDE}]|[^\s{WIDE}{_STOPS}]+)[{_STOPS}]*|[{_STOPS}]")


def split(rich: Rich, limit: int) -> tuple[Rich, ...]:
    """Cut into pieces of at most `limit` characters of plain text, at a line's or word's end if there is one.

    Elements that are cut are closed and opened again; white space at a cut is dropped.
    """
    if limit < 1:
        raise ValueError("a piece needs room for a character")
    if length(rich) <= limit:
        return (rich,)
    pieces: list[Rich] = []
    atoms = list(_atoms(rich, ()))
    while True:
        while atoms and _blank(atoms[0]):
            del atoms[0]
        if not atoms:
            return tuple(pieces)
        size = _fitting(atoms, limit)
        if size == 0:
            atoms[:1] = _chopped(atoms[0], limit)
            continue
        cut = size
        if size < len(atoms):
            ends = (at for at in range(size, size // 2, -1) if _line_ends(atoms[at - 1], atoms[at]))
            words = (at for at in range(size, 0, -1) if _word_ends(atoms[at - 1], atoms[at]))
            cut = next(ends, 0) or next(words, size)
        piece = atoms[:cut]
        del atoms[:cut]
        while _blank(piece[-1]):
            del piece[-1]
        pieces.append(_built(piece, 0))


def _atoms(rich: Rich, path: tuple[tuple[int, Styled | Link | Block | None], ...]) -> Iterator[_Atom]:
    for at, node in enumerate(rich):
        inner = (*path, (at, cast("Styled | Link | Block", node)))
        match node:
            case Text(text):
                yield from (_Atom(path, Text(word)) for word in _ATOM.findall(text))
            case Break() | When() | Command():
                yield _Atom(path, node)
            case Pre(text):
                yield from (_Atom(inner, Text(line)) for line in text.split("\n"))
            case List(items=items):
                for number, item in enumerate(items):
                    yield from _atoms(item, (*inner, (number, None)))
            case Styled() | Link() | Quote():
                yield from _atoms(node.children, inner)
            case _:
                assert_never(node)


def _built(atoms: Iterable[_Atom], depth: int) -> Rich:
    """Make nodes of atoms again, those of one element together."""
    nodes: Nodes = []
    for step, group in groupby(atoms, lambda atom: atom.path[depth] if len(atom.path) > depth else None):
        run = list(group)
        element = step[1] if step else None
        match element:
            case None:
                for atom in run:
                    if type(atom.leaf) is Text:
                        add_text(nodes, atom.leaf.text)
                    else:
                        nodes.append(atom.leaf)
            case Pre():
                nodes.append(replace(element, text="\n".join(cast("Text", atom.leaf).text for atom in run)))
            case List():
                items = tuple(
                    _built(item, depth + 2) for _, item in groupby(run, lambda a: a.path[depth + 1])
                )
                skipped = run[0].path[depth + 1][0] if element.ordered else 0
                nodes.append(replace(element, items=items, start=element.start + skipped))
            case Styled() | Link() | Quote():
                nodes.append(replace(element, children=_built(run, depth + 1)))
            case _:
                assert_never(element)
    return cast("Rich", tuple(nodes))


def _fitting(atoms: Sequence[_Atom], limit: int) -> int:
    """Count the atoms at the front that fit; an atom more is never a shorter text, so bisect."""
    low, high = 0, min(len(atoms), limit + 1)
    while low < high:
        middle = (low + high + 1) // 2
        if length(_built(atoms[:middle], 0)) <= limit:
            low = middle
        else:
            high = middle - 1
    return low


def _chopped(atom: _Atom, limit: int) -> tuple[_Atom, _Atom]:
    """Cut a word or a line that is too long for a piece of its own; where even its marks are, they go."""
    text = plain_of(atom.leaf).replace("\n", " ")
    room = limit - length(_built((replace(atom, leaf=Text("")),), 0))
    if room < 1:
        return _Atom((), Text(text[:limit])), replace(atom, leaf=Text(text[limit:]))
    return replace(atom, leaf=Text(text[:room])), replace(atom, leaf=Text(text[room:]))


def _in_pre(atom: _Atom) -> bool:
    return bool(atom.path) and isinstance(atom.path[-1][1], Pre)


def _blank(atom: _Atom) -> bool:
    return type(atom.leaf) is Break or plain_of(atom.leaf).strip() == ""


def _blocks(atom: _Atom) -> list[tuple[int, object]]:
    return [step for step in atom.path if not isinstance(step[1], Styled | Link)]


def _line_ends(before: _Atom, after: _Atom) -> bool:
    return (
        Break in (type(before.leaf), type(after.leaf)) or _in_pre(after) or _blocks(before) != _blocks(after)
    )


def _word_ends(before: _Atom, after: _Atom) -> bool:
    """Say whether a word ends between two atoms: those of one path were cut between words."""
    return before.path == after.path or _line_ends(before, after) or _blank(before) or _blank(after)
