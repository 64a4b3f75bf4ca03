"""Discord's markdown read back into rich text, as a person sees it; the rules are those of `discord_reader`.

A moment is shown by Discord as everybody's own client writes it: in what words, the one who reads says.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from bot.richtext import Break, Command, Link, List, Node, Pre, Quote, Rich, Styled, Text, When
from bot.richtext.nodes import Nodes, Style, TimeStyle, add_text
from tests.platforms import discord_reader as rules
from tests.platforms.discord_reader import APART

Moment = Callable[[datetime, TimeStyle], str]
"""Writes a moment as one reads it."""

COMMAND = "/mentor "
"""All commands are words behind one on Discord; on the console they are commands themselves."""
MOMENTS: dict[str, TimeStyle] = {"D": "date", "t": "time", "F": "datetime"}
DATE = re.compile(r"<t:(-?\d+):([tTdDfFR])>")
STYLES: dict[str, Style] = {"b": "b", "u": "u", "s": "s", "i": "i"}
QUOTE, SMALL = "> ", "-# "
FENCE = "```"
ITEM = re.compile(r"( *)([*-]|(\d+)\.) (.*)")


def rich_of(markdown: str, moment: Moment) -> Rich:
    """Read a text: what stands on lines of its own, and the lines between."""
    return tuple(_blocks(markdown.split("\n"), moment))


def _blocks(lines: Sequence[str], moment: Moment) -> Iterator[Node]:
    at, words = 0, list[str]()
    while at < len(lines):
        block, size = _block(lines[at:], moment)
        if block is None:
            words.append(lines[at])
        else:
            yield from _lines(words, moment)
            yield block
            words = []
        at += size
    yield from _lines(words, moment)


def _block(lines: Sequence[str], moment: Moment) -> tuple[Node | None, int]:
    """Read what begins with these lines, and how many of them it takes; None where it is no more than a line."""
    if lines[0].startswith(FENCE):
        found = rules.BLOCK_CODE.match("\n".join(lines))
        assert found is not None, f"a fence that never ends: {lines}"
        return Pre(found[2].replace(APART, ""), found[1] or ""), found[0].count("\n") + 1
    if lines[0].startswith(QUOTE):
        run = [*_while(lines, lambda line: line.startswith(QUOTE))]
        return Quote(tuple(_blocks([line.removeprefix(QUOTE) for line in run], moment))), len(run)
    if ITEM.fullmatch(lines[0]):
        run = [*_while(lines, lambda line: ITEM.fullmatch(line) is not None)]
        same = _alike(run)
        return _list(run[:same], moment), same
    for kind in ("heading", "quote"):
        assert not rules.LINES[kind].match(lines[0]), f"a {kind} is more than words: {lines[0]}"
    return None, 1


def _while(lines: Sequence[str], holds: Callable[[str], bool]) -> Iterator[str]:
    for line in lines:
        if not holds(line):
            return
        yield line


# --- Lists ------------------------------------------------------------------------------------------------------


def _alike(run: Sequence[str]) -> int:
    """Count the lines of one list: those marked as its first, and whatever is deeper."""
    indent, ordered = _mark(run[0])
    for number, line in enumerate(run):
        deeper, numbered = _mark(line)
        if deeper < indent or (deeper == indent and numbered != ordered):
            return number
    return len(run)


def _mark(line: str) -> tuple[int, bool]:
    found = ITEM.fullmatch(line)
    assert found is not None
    return len(found[1]), found[3] is not None


def _list(run: Sequence[str], moment: Moment) -> List:
    indent, ordered = _mark(run[0])
    first = ITEM.fullmatch(run[0])
    assert first is not None
    items: list[Rich] = []
    at = 0
    while at < len(run):
        found = ITEM.fullmatch(run[at])
        assert found is not None
        if len(found[1]) == indent:
            items.append(_inline(found[4], moment))
            at += 1
        else:
            deeper = at + _alike(run[at:])
            items[-1] = (*items[-1], _list(run[at:deeper], moment))
            at = deeper
    return List(ordered, tuple(items), int(first[3] or 1))


# --- Within lines -----------------------------------------------------------------------------------------------


def _lines(lines: Sequence[str], moment: Moment) -> Iterator[Node]:
    for number, line in enumerate(lines):
        if number:
            yield Break()
        yield from _inline(line.removeprefix(SMALL), moment)


def _inline(text: str, moment: Moment) -> Rich:
    """Read within a line; what does more than be read fails."""
    nodes: Nodes = []
    at = 0
    while at < len(text):
        node, at = _next(text, at, moment)
        if isinstance(node, Text):
            if words := node.text.replace(APART, ""):
                add_text(nodes, words)
        else:
            nodes.append(node)
    return tuple(nodes)  # type: ignore[arg-type]  # no item of a list is among them


def _next(text: str, at: int, moment: Moment) -> tuple[Node, int]:
    """Read what stands at a place, and where it ends."""
    if found := rules.ESCAPE.match(text, at):
        return Text(found[1]), found.end()
    if found := rules.CODE.match(text, at):
        return _code(re.sub(r"^ (?= *`)|(` *) $", r"\1", found[2])), found.end()
    if found := rules.ADDRESS.match(text, at) or rules.URL.match(text, at):
        return Link(found[1], (Text(found[1]),)), found.end()
    if found := DATE.match(text, at):
        then = datetime.fromtimestamp(int(found[1]), UTC)
        style = MOMENTS[found[2]]
        return When(then, style, moment(then, style)), found.end()
    found = rules.FIRING.match(text, at)
    assert found is None, f"{found[0]} does more than be read: {text}"
    if (found := rules.LINK.match(text, at)) and "://" not in found[1]:
        return Link(found[2], _inline(found[1], moment)), found.end()
    for kind, rule in rules.STYLES.items():
        if found := rule.match(text, at):
            inner = found[1] or found[2] if kind == "i" else found[1]
            return Styled(STYLES[kind], _inline(inner, moment)), found.end()
    found = rules.STEP.match(text, at)
    end = found.end() if found else at + 1
    return Text(text[at:end]), end


def _code(inner: str) -> Node:
    """Read code; a command is written as such."""
    words = inner.replace(APART, "")
    return (
        Command(words.removeprefix(COMMAND)) if words.startswith(COMMAND) else Styled("code", (Text(words),))
    )
