"""The body of a lesson, in Markdown: its blocks, which fill pages; its pictures; what makes it unfit for chat."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

BLOCK_LIMIT = 1500
"""Characters of a block: it fits a message of every platform, so that no code is ever cut."""
FILE = re.compile(r"[\w-][\w.-]{0,100}\.(?:png|jpe?g)", re.IGNORECASE | re.ASCII)

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("strikethrough")
_LISTS = ("bullet_list_open", "ordered_list_open")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of Markdown that stays together; `line` counts from 0. `joined` is an item of the list before it."""

    text: str
    line: int
    heading: bool = False
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Wrong:
    """What makes a body unfit, at a line of it that counts from 0."""

    line: int
    why: str


@lru_cache(256)
def tokens(body: str) -> Sequence[Token]:
    """Parse Markdown; HTML in it is text."""
    return _PARSER.parse(body)


@lru_cache(256)
def blocks(body: str) -> tuple[Block, ...]:
    """Cut a body where pages may end: after paragraphs, code, headings, and the items of lists."""
    lines = body.splitlines()
    found: list[Block] = []
    parsed = tokens(body)
    for at, token in enumerate(parsed):
        if token.level > 0:
            continue
        if token.type in _LISTS:
            found += _items(parsed, at, lines)
        elif token.map is not None and token.level == 0 and token.nesting >= 0:
            start, end = token.map
            text = "\n".join(lines[start:end]).rstrip()
            found.append(Block(text, start, token.type == "heading_open"))
    return tuple(block for block in found if block.text.strip())


def _items(parsed: Sequence[Token], at: int, lines: Sequence[str]) -> Iterator[Block]:
    """Give the items of a list, which go on in one list where they stand on one page."""
    first = True
    for token in parsed[at + 1 :]:
        if token.level == 0:
            return
        if token.type == "list_item_open" and token.level == 1 and token.map is not None:
            start, end = token.map
            yield Block("\n".join(lines[start:end]).rstrip(), start, joined=not first)
            first = False


@lru_cache(256)
def pages(body: str, limit: int) -> tuple[tuple[int, str], ...]:
    """Fill pages of at most `limit` characters with whole blocks; gives the first block of each, and its Markdown.

    What is counted is HTML, since some platforms count their markup. A heading stays with what follows it. Definitions
    of links hold on every page.
    """
    found: list[tuple[int, str]] = []
    every = blocks(body)
    ends = _definitions(body)
    sizes = [len(_PARSER.render(block.text + ends)) for block in every]
    start = 0
    while start < len(every):
        end, size = start, 0
        while end < len(every) and (end == start or size + sizes[end] <= limit):
            size += sizes[end]
            end += 1
        if end < len(every):
            while end - 1 > start and every[end - 1].heading:
                end -= 1
        parts = [
            ("\n" if block.joined and number else "\n\n" if number else "") + block.text
            for number, block in enumerate(every[start:end])
        ]
        found.append((start, "".join(parts) + ends))
        start = end
    return tuple(found) or ((0, ""),)


def _definitions(body: str) -> str:
    env: dict[str, dict[str, dict[str, str]]] = {}
    _PARSER.parse(body, env)
    known = env.get("references", {})
    return "".join(f"\n\n[{label}]: {each['href']}" for label, each in known.items())


def page_of(numbered: Sequence[tuple[int, str]], block: int) -> int:
    """Find the page that a block stands on."""
    return max((number for number, (first, _) in enumerate(numbered) if first <= block), default=0)


def pictures(body: str) -> list[tuple[str, int, str]]:
    """List the pictures of a body: file, line from 0, and what is said of it."""
    found: list[tuple[str, int, str]] = []
    for token in tokens(body):
        for child in token.children or ():
            if child.type == "image":
                line = token.map[0] if token.map else 0
                found.append((str(child.attrs.get("src", "")), line, child.content))
    return found


def wrong(body: str) -> Iterator[Wrong]:
    """Say what of a body does not fit a chat."""
    if not body.strip():
        yield Wrong(0, "the lesson is empty: write something below the second ---")
    for block in blocks(body):
        if len(block.text) > BLOCK_LIMIT:
            kind = "code block" if block.text.lstrip().startswith(("```", "~~~")) else "paragraph"
            yield Wrong(
                block.line,
                f"this {kind} has {len(block.text):,} characters; {BLOCK_LIMIT:,} fit a message of every platform: "
                "make two of it",
            )
    for file, line, _ in pictures(body):
        if not FILE.fullmatch(file):
            yield Wrong(
                line,
                f'the picture "{file[:80]}" is no file of the course: put a .png or .jpg into its folder '
                "and write only its name",
            )


def words(body: str) -> str:
    """Give the words of a body without marks and code, to search in."""
    parts: list[str] = []
    for token in tokens(body):
        parts += [child.content for child in token.children or () if child.type in ("text", "code_inline")]
    return " ".join(parts)
