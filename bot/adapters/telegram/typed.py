"""What somebody wrote on Telegram, as they saw it: code in fences, links by their address.

Telegram sends the words bare and what they look like beside them, by offsets in UTF-16 units. Emphasis is dropped.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.adapters.telegram.payload import Body, bodies_of, is_whole, text_in

MOST = 200
FENCE = "```"
_HALF = re.compile("[\ud800-\udfff]")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_SHOWN_SCHEMES = ("http://", "https://", "mailto:")


@dataclass(frozen=True, slots=True)
class _Span:
    """From one UTF-16 unit up to, and without, another."""

    start: int
    end: int
    kind: str
    about: str = ""


def text_of(message: Body) -> str:
    """Read a message's words, or those below its picture; empty where it has none."""
    name = "text" if isinstance(message.get("text"), str) else "caption"
    text = text_in(message.get(name))
    entities = bodies_of(message.get("entities" if name == "text" else "caption_entities"))[:MOST]
    return _read(text, entities) if entities else text


def _read(text: str, entities: list[Body]) -> str:
    # Half a character shows nothing and counts as one unit; what shows nothing is dropped later.
    units = _HALF.sub("\0", text).encode("utf-16-le")
    spans = sorted(_spans(entities, len(units) // 2), key=lambda span: (span.start, -span.end))
    words = list(_apart(span for span in spans if span.kind != "quote"))
    quotes = list(_apart(span for span in spans if span.kind == "quote" and _whole(span, words)))
    cuts = {0, len(units) // 2}.union(*({span.start, span.end} for span in (*words, *quotes)))
    starts = {span.start: span for span in words}
    written, end = "", 0
    for start, stop in zip(sorted(cuts), sorted(cuts)[1:], strict=False):
        if start < end:
            continue
        span = starts.get(start)
        end = span.end if span else stop
        piece = units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
        quoted = any(quote.start <= start < quote.end for quote in quotes)
        begins = any(quote.start == start for quote in quotes)
        if span is not None:
            piece = _styled(piece, span, written)
        if quoted and not (span and span.kind == "pre"):
            piece = ("> " if begins else "") + piece.replace("\n", "\n> ")
        written += piece
    return written.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _spans(entities: list[Body], letters: int) -> Iterator[_Span]:
    for entity in entities:
        offset, length = entity.get("offset"), entity.get("length")
        if not is_whole(offset) or not is_whole(length) or not length or offset + length > letters:
            continue
        match entity.get("type"):
            case "pre":
                yield _Span(offset, offset + length, "pre", text_in(entity.get("language")))
            case "code":
                yield _Span(offset, offset + length, "code")
            case "text_link":
                yield _Span(offset, offset + length, "link", text_in(entity.get("url")))
            case "blockquote" | "expandable_blockquote":
                yield _Span(offset, offset + length, "quote")
            case _:
                pass


def _apart(spans: Iterator[_Span]) -> Iterator[_Span]:
    """Leave out what begins within another."""
    end = 0
    for span in spans:
        if span.start >= end:
            yield span
            end = span.end


def _whole(quote: _Span, words: list[_Span]) -> bool:
    """Whether a quote cuts nothing in two."""
    return not any(span.start < edge < span.end for span in words for edge in (quote.start, quote.end))


def _styled(piece: str, span: _Span, before: str) -> str:
    match span.kind:
        case "pre" if piece.strip() and FENCE not in piece:
            language = span.about if _LANGUAGE.fullmatch(span.about) else ""
            begin = "" if not before or before.endswith("\n") else "\n"
            code = piece.removesuffix("\n")
            return f"{begin}{FENCE}{language}\n{code}\n{FENCE}{piece[len(code) :]}"
        case "code" if piece.strip() and not set("`\n") & set(piece):
            return f"`{piece}`"
        case "link":
            return _link(piece, span.about)
        case _:
            return piece


def _link(label: str, url: str) -> str:
    """Show where a link leads, unless that is what its label says."""
    bare = url.partition("://")[2] or url.partition(":")[2]
    same = label.strip().rstrip("/") in {url.rstrip("/"), bare.rstrip("/")}
    return label if same or not url.lower().startswith(_SHOWN_SCHEMES) else f"{label} ({url})"
