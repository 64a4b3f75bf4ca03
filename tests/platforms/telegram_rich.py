"""Telegram's text with entities read back into rich text, as a person sees it.

A line that begins with a bullet is a list's, and one below it that is indented goes on with it: that is all that makes
a list here. What Telegram finds in a text by itself (addresses, names, commands) stays words.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from bot.richtext import Break, Link, List, Node, Pre, Quote, Rich, Styled, Text, When
from bot.richtext.nodes import Style, TimeStyle

Json = dict[str, Any]

BULLET, INDENT = "• ", "  "
STYLES: dict[str, Style] = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
}
MOMENTS: dict[str, TimeStyle] = {"wD": "date", "t": "time", "wDt": "datetime"}
BLOCKS = {"pre", "blockquote"}
MEANT = {*STYLES, *BLOCKS, "text_link", "date_time"}
FOUND = {"url", "email", "mention", "bot_command", "hashtag"}
OUTER = ("blockquote", "pre", "text_link", "date_time")


@dataclass(frozen=True, slots=True)
class Span:
    """From one character up to, and without, another."""

    start: int
    stop: int
    entity: Json


@dataclass(frozen=True, slots=True)
class Words:
    """A text with what it looks like; parts of it are read alone."""

    text: str
    spans: tuple[Span, ...]

    @classmethod
    def of(cls, text: str, entities: Sequence[Json]) -> "Words":
        """Read entities, which count in UTF-16 units, as characters; fails for one that does more than be read."""
        units = [0, *accumulate(1 + (sign > "\uffff") for sign in text)]
        places = {unit: place for place, unit in enumerate(units)}
        spans = []
        for entity in entities:
            assert entity["type"] in MEANT | FOUND, f"{entity['type']} does more than be read: {entity}"
            if entity["type"] in MEANT:
                start, stop = entity["offset"], entity["offset"] + entity["length"]
                spans.append(Span(places[start], places[stop], entity))
        return cls(text, tuple(sorted(spans, key=lambda span: (span.start, -span.stop, _rank(span)))))

    def rich(self, start: int = 0, stop: int | None = None) -> Rich:
        """Give a part as rich text."""
        stop = len(self.text) if stop is None else stop
        return tuple(_blocks(self.text, start, stop, self.spans))


def _rank(span: Span) -> int:
    """Say what is around what covers the same characters."""
    kind = span.entity["type"]
    return OUTER.index(kind) if kind in OUTER else len(OUTER)


def _within(spans: Sequence[Span], start: int, stop: int) -> list[Span]:
    cut = (Span(max(span.start, start), min(span.stop, stop), span.entity) for span in spans)
    return [span for span in cut if span.start < span.stop]


def _blocks(text: str, start: int, stop: int, spans: Sequence[Span]) -> Iterator[Node]:
    """Read what stands on lines of its own, and the lines between."""
    inner = _within(spans, start, stop)
    at, after = start, False
    for block in inner:
        if block.entity["type"] not in BLOCKS or block.start < at:
            continue
        yield from _lines(text, at, block.start, inner, after=after, before=True)
        if block.entity["type"] == "pre":
            yield Pre(text[block.start : block.stop], block.entity.get("language", ""))
        else:
            rest = [span for span in inner if span.entity is not block.entity]
            yield Quote(tuple(_blocks(text, block.start, block.stop, rest)))
        at, after = block.stop, True
    yield from _lines(text, at, stop, inner, after=after, before=False)


def _lines(
    text: str, start: int, stop: int, spans: Sequence[Span], *, after: bool, before: bool
) -> Iterator[Node]:
    """Read lines, of which some are a list's; beside a block, the end of a line shows nothing."""
    if after and text[start:stop].startswith("\n"):
        start += 1
    if before and text[start:stop].endswith("\n"):
        stop -= 1
    if start >= stop:
        return
    run: list[tuple[int, int]] = []  # lines that are no list's
    items: list[list[tuple[int, int]]] = []
    at = start
    for line in text[start:stop].split("\n"):
        here = (at, at + len(line))
        if line.startswith(BULLET):
            yield from _run(text, run, spans)
            run = []
            items.append([(here[0] + len(BULLET), here[1])])
        elif items and line.startswith(INDENT):
            items[-1].append((here[0] + len(INDENT), here[1]))
        else:
            yield from _list(text, items, spans)
            items = []
            run.append(here)
        at = here[1] + 1
    yield from _run(text, run, spans)
    yield from _list(text, items, spans)


def _run(text: str, run: Sequence[tuple[int, int]], spans: Sequence[Span]) -> Iterator[Node]:
    if run:
        yield from _inline(text, run[0][0], run[-1][1], spans)


def _list(text: str, items: Sequence[Sequence[tuple[int, int]]], spans: Sequence[Span]) -> Iterator[Node]:
    if items:
        yield List(ordered=False, items=tuple(tuple(_item(text, lines, spans)) for lines in items))


def _item(text: str, lines: Sequence[tuple[int, int]], spans: Sequence[Span]) -> Iterator[Node]:
    for number, (start, stop) in enumerate(lines):
        if number:
            yield Break()
        yield from _inline(text, start, stop, spans)


def _inline(text: str, start: int, stop: int, spans: Sequence[Span]) -> Iterator[Node]:
    """Read within lines."""
    at = start
    every = _within(spans, start, stop)
    for place, span in enumerate(every):
        kind = span.entity["type"]
        if span.start < at or kind in BLOCKS:
            continue
        yield from _plain(text[at : span.start])
        at = span.stop
        words = text[span.start : span.stop]
        children = tuple(_inline(text, span.start, span.stop, every[place + 1 :]))
        if kind == "text_link":
            yield Link(span.entity["url"], children)
        elif kind == "date_time":
            moment = datetime.fromtimestamp(span.entity["unix_time"], UTC)
            yield When(moment, MOMENTS[span.entity["date_time_format"]], words)
        elif kind == "code":
            yield Styled("code", (Text(words),))
        else:
            yield Styled(STYLES[kind], children)
    yield from _plain(text[at:stop])


def _plain(text: str) -> Iterator[Node]:
    for number, line in enumerate(text.split("\n")):
        if number:
            yield Break()
        if line:
            yield Text(line)
