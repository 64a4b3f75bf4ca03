"""Telegram's HTML as its server reads it: text and entities, or why it is refused; and what it finds in text by itself.

Offsets and lengths of entities are counted in UTF-16 code units, those in refusals in bytes of UTF-8, as Telegram's.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

TAGS = {
    "b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "span": "spoiler",
    "tg-spoiler": "spoiler", "tg-emoji": "custom_emoji", "tg-time": "date_time", "a": "text_link",
    "code": "code", "pre": "pre", "blockquote": "blockquote",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href"}, "code": {"class"}, "span": {"class"}, "tg-emoji": {"emoji-id"}, "tg-time": {"unix", "format"},
    "blockquote": {"expandable"},
}  # fmt: skip
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
REFERENCE = re.compile(r"&(?:#(\d{1,8}|[xX][0-9a-fA-F]{1,8})|([a-zA-Z]+))(;?)")
PLAIN = re.compile(r"[^<&]+")
SPACE = " \t\r\n\v\f"
TOKEN = re.compile(r"[A-Za-z0-9.-]*")
TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
USER_LINK = re.compile(r"tg://user\?id=(\d+)\Z")
LINK = re.compile(r"(https?|tg|ton|mailto|tel)://?\S+\Z|[\w-]+(\.[\w-]+)+(/\S*)?\Z", re.IGNORECASE)
ENTITIES_MOST = 100
BLANK = "\u2800\u3164\ufffc"
"""Characters that look like none although they are letters or symbols."""
VERBATIM = {"code", "pre"}
STYLES = {"bold", "italic", "underline", "strikethrough", "spoiler", "text_link", "date_time"}

FOUND = {
    "url": re.compile(
        r"(?<![\w@])(?:https?://[^\s<>\"]+|(?:[a-z0-9-]+\.)+(?:com|org|net|io|me|dev|example|invalid)\b(?:/[^\s<>\"]*)?)",
        re.IGNORECASE,
    ),
    "email": re.compile(r"(?<!\w)[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "mention": re.compile(r"(?<![\w@])@[A-Za-z][A-Za-z0-9_]{3,31}(?!\w)"),
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])"),
    "hashtag": re.compile(r"(?<!\w)#(?=\w*[^\W\d])\w+"),
}


class Unparsable(Exception):
    """Telegram refuses the markup; the text is what stands behind `can't parse entities:`."""


@dataclass(slots=True)
class Formatted:
    """Text and its entities; `notes` are what Telegram lets pass without doing what was meant."""

    text: str
    entities: list[Json] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Open:
    """A tag that is not closed yet, and where its words begin: `at` in UTF-16 units, `piece` in the pieces."""

    tag: str
    attributes: dict[str, str]
    at: int
    piece: int


def utf16(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def visible(text: str) -> bool:
    """Whether there is anything to see in a text but blanks and characters without width."""
    return any(
        unicodedata.category(one) not in {"Cc", "Cf", "Zs", "Zl", "Zp"} and one not in BLANK for one in text
    )


def part(text: str, offset: int, length: int) -> str:
    """Cut out what an entity covers."""
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le", "replace")


# --- HTML ---------------------------------------------------------------------------------------------------------


class Parser:
    """Reads a text in Telegram's HTML, once."""

    def __init__(self, source: str) -> None:
        """Begin at the start."""
        self.source = source
        self.at = 0
        self.pieces: list[str] = []
        self.length = 0
        self.stack: list[Open] = []
        self.out = Formatted("")

    def parse(self) -> Formatted:
        """Read it all; raises Unparsable."""
        while self.at < len(self.source):
            if plain := PLAIN.match(self.source, self.at):
                self._add(plain[0])
                self.at = plain.end()
                continue
            match self.source[self.at]:
                case "<" if self.source.startswith("</", self.at):
                    self._close()
                case "<":
                    self._open()
                case _:
                    self._add(self._character())
        if self.stack:
            raise Unparsable(f'Can\'t find end tag corresponding to start tag "{self.stack[-1].tag}"')
        self.out.text = "".join(self.pieces)
        if any("\ud800" <= character <= "\udfff" for character in self.out.text):
            raise Unparsable("Text contains invalid Unicode characters after decoding HTML entities")
        self.out.entities = ordered(self.out.entities)
        return self.out

    def _offset(self, at: int) -> str:
        return f"at byte offset {len(self.source[:at].encode())}"

    def _add(self, piece: str) -> None:
        self.pieces.append(piece)
        self.length += utf16(piece)

    def _character(self) -> str:
        """Take a character or what a reference stands for; one that is unknown stays as it is written."""
        found = REFERENCE.match(self.source, self.at) if self.source[self.at] == "&" else None
        if found:
            number, name, end = found.groups()
            meant = _numbered(number) if number else NAMED.get(name)
            if meant is not None:
                self.at = found.end()
                return meant
            if end:
                self.out.notes.append(f"{found[0]} is shown as it is written")
        self.at += 1
        return self.source[self.at - 1]

    def _peek(self) -> str:
        return self.source[self.at] if self.at < len(self.source) else ""

    def _skip(self) -> None:
        while self._peek() and self._peek() in SPACE:
            self.at += 1

    def _name(self, stops: str) -> str:
        begin = self.at
        while self._peek() and self._peek() not in stops:
            self.at += 1
        return self.source[begin : self.at]

    def _open(self) -> None:
        begin = self.at
        self.at += 1
        tag = self._name(SPACE + ">").lower()
        if not self._peek():
            raise Unparsable(f"Unclosed start tag {self._offset(begin)}")
        if tag not in TAGS:
            raise Unparsable(f'Unsupported start tag "{tag}" {self._offset(begin)}')
        attributes: dict[str, str] = {}
        while True:
            self._skip()
            if self._peek() == ">":
                break
            name = self._name(SPACE + "=>").lower()
            if not self._peek():
                raise Unparsable(f'Unclosed start tag "{tag}" {self._offset(begin)}')
            if not name:
                raise Unparsable(f'Empty attribute name in the tag "{tag}" {self._offset(begin)}')
            attributes[name] = self._value(tag, begin)
            if name not in ATTRIBUTES.get(tag, ()):
                self.out.notes.append(f"<{tag} {name}> means nothing")
        self.at += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise Unparsable(f'Tag "span" must have class "tg-spoiler" {self._offset(begin)}')
        self._nested(tag)
        self.stack.append(Open(tag, attributes, self.length, len(self.pieces)))

    def _value(self, tag: str, begin: int) -> str:
        self._skip()
        if self._peek() != "=":
            return ""
        self.at += 1
        self._skip()
        quote = self._peek()
        if not quote:
            raise Unparsable(f'Unclosed start tag "{tag}" {self._offset(begin)}')
        if quote not in "\"'":
            token = TOKEN.match(self.source, self.at)
            assert token is not None, "it matches nothing as well"
            start, self.at = self.at, token.end()
            if self._peek() not in [*SPACE, ">"]:
                raise Unparsable(f"Unexpected end of name token {self._offset(start)}")
            return token[0].lower()
        self.at += 1
        value = ""
        while self._peek() and self._peek() != quote:
            value += self._character()
        self.at += 1
        if not self._peek():
            raise Unparsable(f"Unclosed start tag {self._offset(begin)}")
        return value

    def _nested(self, tag: str) -> None:
        """Note what Telegram does not nest: something in code, code in something, a quote in a quote."""
        around = [TAGS[each.tag] for each in self.stack]
        kind = TAGS[tag]
        pair = kind == "code" and around[-1:] == ["pre"]
        if VERBATIM & set(around) and not pair:
            self.out.notes.append(f"<{tag}> within code is lost")
        if kind in VERBATIM and not pair and STYLES & set(around):
            self.out.notes.append(f"<{tag}> within other markup: one of the two is lost")
        if kind == "blockquote" and "blockquote" in around:
            self.out.notes.append("a quote within a quote is lost")
        if kind == "text_link" and "text_link" in around:
            self.out.notes.append("a link within a link is lost")

    def _close(self) -> None:
        begin = self.at
        if not self.stack:
            raise Unparsable(f"Unexpected end tag {self._offset(begin)}")
        self.at += 2
        tag = self._name(SPACE + ">").lower()
        self._skip()
        if self._peek() != ">":
            raise Unparsable(f"Unclosed end tag {self._offset(begin)}")
        self.at += 1
        opened = self.stack.pop()
        if tag and tag != opened.tag:
            raise Unparsable(
                f'Unmatched end tag {self._offset(begin)}, expected "</{opened.tag}>", found "</{tag}>"'
            )
        if self.length > opened.at:
            self._entity(opened, "".join(self.pieces[opened.piece :]))

    def _entity(self, opened: Open, words: str) -> None:
        entity: Json = {"type": TAGS[opened.tag], "offset": opened.at, "length": self.length - opened.at}
        given, made = opened.attributes, self.out.entities
        match entity["type"]:
            case "custom_emoji":
                if not given.get("emoji-id", "").isdigit():
                    raise Unparsable("Invalid custom emoji identifier specified")
                entity["custom_emoji_id"] = given["emoji-id"]
            case "date_time":
                if not re.fullmatch(r"-?\d+", given.get("unix", "")):
                    raise Unparsable("Invalid Unix time specified")
                if not TIME_FORMAT.fullmatch(given.get("format", "")):
                    raise Unparsable("Invalid date-time format specified")
                entity |= {"unix_time": int(given["unix"]), "date_time_format": given.get("format", "")}
            case "text_link":
                entity |= self._linked(given.get("href") or words)
            case "blockquote" if "expandable" in given:
                entity["type"] = "expandable_blockquote"
            case "code" if (language := given.get("class", "")).startswith("language-"):
                entity["language"] = language.removeprefix("language-")
            case "pre":
                for code in [each for each in made if each["type"] == "code" and _same(each, entity)]:
                    made.remove(code)
                    entity |= {"language": code["language"]} if code.get("language") else {}
            case _:
                pass
        if "url" in entity or entity["type"] != "text_link":
            made.append(entity)

    def _linked(self, url: str) -> Json:
        if user := USER_LINK.match(url):
            return {"type": "text_mention", "user": {"id": int(user[1])}}
        if LINK.match(url):
            return {"url": url}
        self.out.notes.append(f"not a link: {url[:80]!r}")
        return {}


def _same(one: Json, other: Json) -> bool:
    return bool((one["offset"], one["length"]) == (other["offset"], other["length"]))


def _numbered(number: str) -> str | None:
    code = int(number[1:], 16) if number[0] in "xX" else int(number)
    return chr(code) if 0 < code < 0x10FFFF else None


# --- What becomes of a text ---------------------------------------------------------------------------------------


def ordered(entities: Sequence[Json]) -> list[Json]:
    """Order entities as Telegram gives them: by their beginning, the longer first; a language on code means nothing."""
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)
    return sorted(entities, key=lambda one: (one["offset"], -one["length"]))


def settled(source: str, parse_mode: str | None, entities: Sequence[Json] = ()) -> Formatted:
    """Give what a message shows: parsed, blanks around it gone, at most 100 entities; raises Unparsable."""
    match (parse_mode or "").lower():
        case "html":
            out = Parser(source).parse()
        case "":
            out = Formatted(source, ordered([dict(each) for each in entities]))
        case other:
            raise Unparsable(f"unsupported parse_mode {other!r}")
    # Control characters are shown as blanks, carriage returns not at all; both are one unit.
    text = "".join(" " if one < " " and one not in "\n\r" else one for one in out.text)
    if "\r" in text:
        out.notes.append("a carriage return is lost")
    lead, stripped = len(text) - len(text.lstrip(" \n\r")), text.strip(" \n\r")
    most = utf16(stripped)
    shift = utf16(text[:lead])
    kept: list[Json] = []
    for entity in out.entities:
        begin = max(0, entity["offset"] - shift)
        end = min(most, entity["offset"] + entity["length"] - shift)
        if end > begin:
            kept.append({**entity, "offset": begin, "length": end - begin})
    if len(kept) > ENTITIES_MOST:
        out.notes.append(f"{len(kept)} entities, of which Telegram keeps {ENTITIES_MOST}")
    out.text, out.entities = stripped, kept[:ENTITIES_MOST]
    return out


def found(text: str, entities: Sequence[Json]) -> list[Json]:
    """Find what becomes an entity by itself: links, addresses, mentions, commands, hashtags; not in code or links."""
    taken = [
        (entity["offset"], entity["offset"] + entity["length"])
        for entity in entities
        if entity["type"] in {*VERBATIM, "text_link", "text_mention"}
    ]
    out: list[Json] = []
    for kind, begin, end in _matches(text):
        if not any(begin < stop and start < end for start, stop in taken):
            taken.append((begin, end))
            out.append({"type": kind, "offset": begin, "length": end - begin})
    return out


def _matches(text: str) -> Iterator[tuple[str, int, int]]:
    for kind in ("email", "url", "mention", "bot_command", "hashtag"):
        for each in FOUND[kind].finditer(text):
            begin = utf16(text[: each.start()])
            yield kind, begin, begin + utf16(each[0].rstrip(".,;:!?)"))
