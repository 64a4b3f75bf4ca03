"""The words of a search: the languages and the free time in it, and what is left."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.availability import Span
from core.reading.texts import lower, written
from core.reading.tongues import named_language
from core.reading.weeks import Token, read_tokens, spans_of
from core.reading.words import any_of, data, pattern

SEARCH_LIMIT = 10_000
_CUT = "\x00"
_COMMAS = ",;/、.\n"


@dataclass(frozen=True, slots=True)
class Hints:
    """What the words of a search say beside its topics; `rest` is the search without them."""

    languages: tuple[str, ...]
    spans: tuple[Span, ...]
    rest: str


def _cue() -> str:
    before, after = data()["spoken"]["before"], data()["spoken"]["after"]
    return rf"(?P<before>{any_of(before)})\s*:?\s*|(?<=[^\s\x00])[\s-]?{any_of(after)}"


def _joint() -> str:
    return r"\s*(?:[,/、&]|(?:and|or)(?![a-z])|和|或者?|及|与)\s*"


def _behind_name() -> str:
    return f"(?:{'|'.join(word for word in data()['spoken']['after'] if not word.isascii())})?的?"


def _names_at(text: str, at: int) -> tuple[list[str], int]:
    """Read the names of languages from a place on; give their codes and where they end."""
    codes: list[str] = []
    end = at
    while True:
        words = re.compile(r"[^\s,;/、.()\x00]{1,40}(?: [^\s,;/、.()\x00]{1,40}){0,2}").match(text, at)
        ends = [at + end.start() for end in re.finditer(r" |$", words[0])][::-1] if words else []
        chinese = range(at + 8, at + 1, -1) if words and not words[0][0].isascii() else ()
        stop = next((stop for stop in (*ends, *chinese) if named_language(text[at:stop])), None)
        if stop is None:
            return codes, end
        codes.append(str(named_language(text[at:stop])))
        more = pattern(_behind_name).match(text, stop)
        end = more.end() if more else stop
        joint = pattern(_joint).match(text, end)
        if joint is None:
            return codes, end
        at = joint.end()


def _name_before(text: str, at: int) -> tuple[str | None, int]:
    """Read the name of a language that ends at a place; give its code and where it starts."""
    word = re.search(r"[^\s,;/、.()\x00-]{1,40}\Z", text[max(0, at - 40) : at])
    sizes = (len(word[0]), *range(min(8, len(word[0])), 1, -1)) if word else ()
    for size in sizes:
        code = named_language(text[at - size : at])
        if code and (size == len(word[0] if word else "") or not text[at - 1].isascii()):
            return code, at - size
    return None, at


def _spoken(text: str) -> tuple[list[str], str]:
    """Find the languages a search asks for; give their codes and the text with that cut out."""
    codes: list[str] = []
    low, done = lower(text), 0
    for cue in pattern(_cue).finditer(low):
        if cue.start() < done:
            continue
        if cue["before"]:
            start, (named, end) = cue.start(), _names_at(low, cue.end())
        else:
            code, start = _name_before(low, cue.start())
            named, end = (
                ([code], cue.end()) if code else _names_at(low, cue.end() + low[cue.end() :].startswith(" "))
            )
        if named and start >= done:
            codes += named
            text, done = _cut(text, start, end), end
    for part in re.finditer(r"[^,;/、\n]+", lower(text)):
        start = part.start() + len(part[0]) - len(part[0].lstrip(" " + _CUT))
        named, end = _names_at(part.string[: part.end()], start)
        if named and not part.string[end : part.end()].strip(" .!?" + _CUT):
            codes += named
            text = _cut(text, start, end)
    return codes, text


def _cut(text: str, start: int, end: int) -> str:
    return text[:start] + _CUT * (end - start) + text[end:]


def _free(text: str) -> tuple[tuple[Span, ...], str]:
    """Find the free time a search asks for; give it and the text with that cut out."""
    low, done = lower(text), 0
    kept: list[Token] = []
    for word in re.finditer(r"(?<![a-z0-9])[a-z0-9]|[^\x00-\x7f]", low):
        if word.start() < done:
            continue
        tokens = read_tokens(low, word.start())
        done = tokens[-1].end if tokens else done
        run: list[Token] = []
        for piece in reversed(_pieces(tokens)):
            # Days alone lead to what follows: "mon, tue 18-20".
            leads = bool(run) and {token.kind for token in piece} <= {"days", "around"}
            if leads or _certain(low, piece):
                run = [*piece, Token("gap", 0, 0), *run]
                text = _cut(text, piece[0].start, piece[-1].end)
        kept += run
    return spans_of(kept), text


def _pieces(tokens: Iterable[Token]) -> list[list[Token]]:
    """Take tokens apart at the gaps, and leave out what holds no free time."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "gap":
            pieces.append([])
        else:
            pieces[-1].append(token)
    return [piece for piece in pieces if any(token.kind != "around" for token in piece)]


def _certain(text: str, piece: Sequence[Token]) -> bool:
    """Tell free time from figures and names that look like it: "3-5 years", "sun".

    It is certain by its words, as days with times, or when it stands alone between two commas.
    """
    kinds = {token.kind for token in piece}
    if any(token.sure for token in piece) or ("days" in kinds and kinds & {"times", "range"}):
        return True
    before, behind = piece[0].start - 1, piece[-1].end
    while before >= 0 and text[before] in " \x00":
        before -= 1
    while behind < len(text) and text[behind] in " \x00":
        behind += 1
    alone = (before < 0 or text[before] in _COMMAS) and (behind == len(text) or text[behind] in _COMMAS)
    return alone and bool(kinds & {"days", "times"})


def _trimmed(text: str) -> str:
    """Tidy up what is left when pieces have been cut out of a search."""
    rest = " ".join(re.sub(r"\(\s*\)", " ", text.replace(_CUT, " ")).split())
    rest = re.sub(r" ?([,;、])(?: ?[,;、])*", r"\1", rest)
    while True:
        edged = re.sub(
            r"^(?:(?:and|or|with) )+|^的+", "", rest.strip(" ,;、&").rstrip("."), flags=re.IGNORECASE
        )
        edged = re.sub(r"(?:^| )(?:and|or|with)\Z", "", edged, flags=re.IGNORECASE)
        if edged == rest:
            return rest
        rest = edged


def in_words(text: str) -> Hints:
    """Take the languages and the free time out of the words of a search; `rest` keeps its case."""
    plain = re.sub(any_of(data()["greetings"]), " ", written(text, SEARCH_LIMIT), flags=re.IGNORECASE)
    codes, plain = _spoken(plain)
    spans, plain = _free(plain)
    return Hints(tuple(dict.fromkeys(codes)), spans, _trimmed(plain))
