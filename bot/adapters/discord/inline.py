"""What stands within a line of Discord's markdown, written so that it shows as it is.

What Discord would read as markup has a backslash before it. Where two marks of one kind would meet, and after the @
of `@everyone`, stands a character that nobody sees.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, assert_never
from urllib.parse import urlsplit

from bot.richtext import Break, Command, Link, List, Node, Pre, Quote, Rich, Styled, Text, When, clean, plain

LONGEST_URL = 1000
COMMAND = "/mentor"
APART = "\u200b"
"""Nobody sees it."""
DATES = {"date": "D", "time": "t", "datetime": "F"}
STYLES = {"b": "**", "i": "*", "u": "__", "s": "~~"}
MARKS = "*_~`|"
_ESCAPED = re.compile(
    r"[\\*_~|`\[<]|(?<=<)[@#]"  # styles, code, links, mentions, dates, commands
    r"|:(?=\S)"  # names of emoji; addresses, which end elsewhere than one thinks
)
_BEGINS = re.compile(r"(\s*)(#{1,6}|-|\+|>|[0-9]{1,18}(?=[.)]))")
_EVERYBODY = re.compile(r"@(?=everyone|here)")
_TICKS = re.compile("`(?=`)")
_URL_ESCAPES = {sign: f"%{ord(sign):02X}" for sign in "()<>\\\"'`[]"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """Characters with their styles, from the outside in, and where they lead; only what is text is escaped."""

    text: str
    path: tuple[str, ...] = ()
    href: str = ""
    kind: Literal["text", "code", "address", "raw"] = "text"


def escape(text: str) -> str:
    """Write literal characters, so that they show as they are, wherever they stand."""
    return "\n".join(_begun(_escaped(line)) for line in clean(text).split("\n"))


def written(line: Iterable[Leaf]) -> str:
    """Write the leaves of a line."""
    text = ""
    leaves = list(_merged(line))
    after = [*(leaf.text for leaf in leaves[1:]), ""]
    for (path, href), run in groupby(zip(leaves, after, strict=False), lambda each: _place(each[0])):
        inner = ""
        for leaf, following in run:
            before = text + inner
            if leaf.kind == "address" and not path and _stands_alone(before, leaf.text, following):
                one = leaf.text
            else:
                one = _written(leaf)
            if leaf.kind == "text" and one.endswith(":") and following[:1].strip():
                one = f"{one[:-1]}\\:"
            first = leaf.kind == "text" and not (path or href or before.strip())
            inner = _joined(inner, _begun(one) if first else one)
        text = _joined(text, _styled(inner, path, href))
    return text


def _place(leaf: Leaf) -> tuple[tuple[str, ...], str]:
    return leaf.path, leaf.href


def _merged(leaves: Iterable[Leaf]) -> Iterator[Leaf]:
    """Put together what looks alike: what begins in one text may end in the next."""
    for (path, href, kind), run in groupby(leaves, lambda leaf: (leaf.path, leaf.href, leaf.kind)):
        yield Leaf("".join(leaf.text for leaf in run), path, href, kind)


def _written(leaf: Leaf) -> str:
    match leaf.kind:
        case "text":
            return _escaped(leaf.text)
        case "code":
            return _code(leaf.text)
        case "address":
            return f"<{leaf.text}>"
        case "raw":
            return leaf.text
        case _:
            assert_never(leaf.kind)


def _stands_alone(before: str, address: str, after: str) -> bool:
    """Whether Discord finds the ends of an address by itself."""
    return (
        (not before or before[-1].isspace())
        and (not after or after[0].isspace())
        and (address[-1] not in "<.,:;\"')]")
    )


# --- Within a line ----------------------------------------------------------------------------------------------


def _escaped(text: str) -> str:
    return _EVERYBODY.sub(f"@{APART}", _ESCAPED.sub(r"\\\g<0>", clean(text)))


def _begun(written: str) -> str:
    """Escape what means something where a line begins: a heading, a list, a quote."""
    found = _BEGINS.match(written)
    if found is None:
        return written
    at = found.end() if found[2].isdecimal() else found.start(2)
    return f"{written[:at]}\\{written[at:]}"


def _code(text: str) -> str:
    """Write code within a line; ticks in it stand between two, and apart, since three would be a block."""
    text = clean(text)
    if not text.strip():
        return text
    if "`" not in text:
        return f"`{text}`"
    apart = _TICKS.sub(f"`{APART}", text)
    padded = f" {apart} " if apart[0] == "`" or apart[-1] == "`" else apart
    return f"``{padded}``"


def _styled(inner: str, path: tuple[str, ...], href: str) -> str:
    """Put marks around what has something to see; spaces at its ends stay outside."""
    core = inner.strip()
    if not core:
        return inner
    before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
    for tag in reversed(path):
        core = _joined(_joined(STYLES[tag], core), STYLES[tag])
    if href:
        core = f"[{core}](<{''.join(_URL_ESCAPES.get(sign, sign) for sign in href)}>)"
    return f"{before}{core}{after}"


def _joined(one: str, other: str) -> str:
    """Put two texts together; what nobody sees keeps the marks of one apart from the same of the other."""
    meets = bool(one) and bool(other) and one[-1] == other[0] and one[-1] in MARKS
    return f"{one}{APART if meets else ''}{other}"


def leaves_of(node: Node, path: tuple[str, ...] = (), href: str = "") -> Iterator[Leaf]:
    """Part what stands within lines in leaves."""
    match node:
        case Text(text):
            yield Leaf(clean(text), path, href)  # which may make ends of lines
        case Break():
            yield Leaf("\n", path, href)
        case Styled("code", children):
            yield Leaf(clean(plain(children)), href=href, kind="code")
        case Styled(tag, children):
            inner = path if tag in path else (*path, tag)
            yield from (leaf for child in children for leaf in leaves_of(child, inner, href))
        case Link(to, children):
            yield from _link(to, children, path)
        case Command(text):
            yield Leaf(f"{COMMAND} {text}".rstrip(), href=href, kind="code")
        case When(at, style, fallback):
            # Within a link it would not be one.
            if href:
                yield Leaf(fallback, path, href)
            else:
                yield Leaf(f"<t:{int(at.timestamp())}:{DATES[style]}>", path, kind="raw")
        case Pre() | List() | Quote():
            # What stands on lines of its own is no part of a line: no tree that `parse` makes has it here.
            yield Leaf(plain((node,)), path, href)
        case _:
            assert_never(node)


def _link(href: str, children: Rich, path: tuple[str, ...]) -> Iterator[Leaf]:
    """Write a link; where its label is its address, or nothing to see, or Discord would take it for another one."""
    told = plain(children).strip()
    bare = href.removeprefix("mailto:").removeprefix("MAILTO:")
    leads = _leads(href)
    if leads and (told == href or not clean(told).strip()):
        yield Leaf(href, kind="address")
    elif leads and "://" not in told and not set("[]`") & set(told):
        yield from (leaf for child in children for leaf in leaves_of(child, path, href))
    else:
        yield from (leaf for child in children for leaf in leaves_of(child, path))
        same = told and (told in href or href in told)  # a part of it where a long text was cut
        if not same:
            if told:
                yield Leaf(" (")
            yield Leaf(href, kind="address") if leads else Leaf(bare)
            if told:
                yield Leaf(")")


def _leads(href: str) -> bool:
    """Whether Discord makes a link of it."""
    try:
        parts = urlsplit(href)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    harmless = not set(" <>") & set(href) and href == clean(href)
    return whole and harmless and parts.scheme.lower() in {"http", "https"} and len(href) <= LONGEST_URL
