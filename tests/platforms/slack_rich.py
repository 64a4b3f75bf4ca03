"""Slack's `rich_text` blocks read back into rich text, as a person sees them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from bot.richtext import Break, Link, List, Node, Pre, Quote, Rich, Styled, Text, When
from bot.richtext.nodes import Nodes, Style, TimeStyle, add_text

Json = dict[str, Any]

TAGS: dict[str, Style] = {"bold": "b", "italic": "i", "underline": "u", "strike": "s", "code": "code"}
MOMENTS: dict[str, TimeStyle] = {
    "{date_long_pretty}": "date",
    "{time}": "time",
    "{date_long_pretty} {time}": "datetime",
}


def rich_of(block: Json) -> Rich:
    """Read a block: sections, quotes, code and lists, in order."""
    assert block["type"] == "rich_text", block
    return tuple(_blocks(block["elements"]))


def _blocks(elements: Sequence[Json]) -> Iterator[Node]:
    """Read what stands on lines of its own; what has a border beside something that is no quote is one quote."""
    at, before = 0, ""
    while at < len(elements):
        element = elements[at]
        run = _quoted(elements, at)
        if len(run) > 1 or (run and run[0]["type"] != "rich_text_quote"):
            yield Quote(tuple(_blocks([_bare(one) for one in run])))
            at, before = at + len(run), "quote"
            continue
        kind = element["type"]
        if kind == "rich_text_section":
            if before == kind:
                yield Break()
            yield from _inline(element["elements"])
        elif kind == "rich_text_quote":
            yield Quote(tuple(_inline(element["elements"])))
        elif kind == "rich_text_preformatted":
            code = "".join(one.get("text") or one.get("url", "") for one in element["elements"])
            yield Pre(code, element.get("language", ""))
        else:
            assert kind == "rich_text_list", element
            run = _deeper(elements, at)
            yield _list(run)
            at += len(run) - 1
        at, before = at + 1, kind


def _quoted(elements: Sequence[Json], at: int) -> list[Json]:
    """Give what stands behind one border; quotes that follow each other without anything else are several."""
    run: list[Json] = []
    for element in elements[at:]:
        if element["type"] != "rich_text_quote" and not element.get("border"):
            break
        run.append(element)
    return run if any(one.get("border") for one in run) else run[:1]


def _bare(element: Json) -> Json:
    if element["type"] == "rich_text_quote":
        return {**element, "type": "rich_text_section"}
    return {key: value for key, value in element.items() if key != "border"}


def _deeper(elements: Sequence[Json], at: int) -> list[Json]:
    """Give a list with the deeper lists that follow it, and with its own rows after them."""
    first = elements[at]
    run = [first]
    for element in elements[at + 1 :]:
        same = element.get("style") == first["style"] and element.get("indent", 0) == first.get("indent", 0)
        deeper = element.get("indent", 0) > first.get("indent", 0)
        if element["type"] != "rich_text_list" or not (deeper or (same and run[-1] is not first)):
            break
        run.append(element)
    return run


def _list(run: Sequence[Json]) -> List:
    first = run[0]
    items: list[Rich] = []
    at = 0
    while at < len(run):
        if run[at].get("indent", 0) == first.get("indent", 0):
            items += [tuple(_inline(row["elements"])) for row in run[at]["elements"]]
            at += 1
        else:
            inner = _deeper(run, at)
            items[-1] = (*items[-1], _list(inner))
            at += len(inner)
    return List(first["style"] == "ordered", tuple(items), first.get("offset", 0) + 1)


# --- Within a line ----------------------------------------------------------------------------------------------


def _inline(elements: Sequence[Json], done: frozenset[str] = frozenset()) -> Rich:
    """Read elements; what looks alike in a row is one styled node."""
    nodes: Nodes = []
    for tag, run in groupby(elements, lambda one: _outer(one, done)):
        if tag:
            nodes.append(Styled(TAGS[tag], _inline(list(run), done | {tag})))
            continue
        for url, linked in groupby(run, lambda one: str(one["url"]) if one["type"] == "link" else ""):
            inner: Nodes = []
            for element in linked:
                _element(element, inner)
            if url:
                nodes.append(Link(url, tuple(inner)))  # type: ignore[arg-type]
            else:
                for node in inner:
                    if type(node) is Text:
                        add_text(nodes, node.text)
                    else:
                        nodes.append(node)
    return tuple(nodes)  # type: ignore[arg-type]


def _outer(element: Json, done: frozenset[str]) -> str:
    """Give the outermost style that is not open yet."""
    return next((tag for tag, on in element.get("style", {}).items() if on and tag not in done), "")


def _element(element: Json, nodes: Nodes) -> None:
    match element["type"]:
        case "text":
            _lines(element["text"], nodes)
        case "link":
            _lines(element.get("text") or element["url"], nodes)
        case "date":
            at = datetime.fromtimestamp(element["timestamp"], UTC)
            nodes.append(When(at, MOMENTS[element["format"]], element["fallback"]))
        case kind:
            raise AssertionError(f"{kind} does more than be read: {element}")


def _lines(text: str, nodes: Nodes) -> None:
    for number, line in enumerate(text.split("\n")):
        if number:
            nodes.append(Break())
        if line:
            add_text(nodes, line)
