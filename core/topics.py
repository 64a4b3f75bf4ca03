"""The catalogue of topics: what people type, the topic that it means, and the topics found in free words.

The rows stand in `topics.tsv`: slug, English and Chinese name, aliases, broader topics, everyday words; lists
are parted by commas. A spelling is compared *folded*: NFKC, lower case, without spaces, punctuation or what
cannot be seen, so that "React.js", "react js" and full-width letters are one.

Some topics are *everyday words* as well: to go, to express, the rest. They are listed with their topic and
count in free words only in company, as `Topics.scan` explains; those with `!` before them never do.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from itertools import groupby, pairwise
from types import MappingProxyType

LONGEST = 60
"""Letters of a folded spelling and of the slug of an unknown topic, at most."""

# Characters read of a topic and of free words; words or Chinese characters of a spelling, at most.
_TYPED, _TEXT, _WINDOW = 400, 1_000, 12

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_NET = re.compile(r"(?<![A-Za-z0-9.])\.(?=[Nn][Ee][Tt])")
_SILENT = re.compile(r"[^\w+#]|_")
# A Chinese character stands alone; a Latin word keeps the signs of C++, C# and .NET.
_ATOM = re.compile(rf"[{_CJK}]|(?:{_NET.pattern})?[^\W_{_CJK}]+(?:\+\+|#)?")
_JOIN = re.compile(r"[-_./&'’· ]?| [&/-] ")
_LINKS = r"(?:\b(?:and|or|plus)\b|还有|以及|或者|[&+/和与跟及或])"
_LINK = re.compile(rf"\s*{_LINKS}\s*", re.IGNORECASE)
_GAP = re.compile(rf"[\s,、;]*(?:{_LINKS})?\s*", re.IGNORECASE)
_PHRASE = re.compile(r"[,;:!?()\n。、]|\.(?!\S)")

# What makes an everyday word a topic: "learn go", "help with data", "move to web"; "go developer".
_LED = re.compile(
    r"(?:(?:^| )(?:learn(?:ing|t)?|study(?:ing)?|know(?:s|ing)?|master(?:ing)?|understand(?:ing)?"
    r"|us(?:es?|ing)|improv(?:e|ing)|practi[cs](?:e|ing)|teach(?:es|ing)?"
    r"|(?:new|switch(?:ing)?|mov(?:e|ing)|migrat(?:e|ing)|transition(?:ing)?|intro(?:duction)?) to"
    r"|(?:help|mentor(?:ing|ship)?|expert(?:s|ise)?|experienced?|interest(?:ed)?|advice|coach|tutor|review|new|good"
    r"|beginner|skilled|start(?:ed|ing)?|career|jobs?|work(?:ing)?|writ(?:e|ing|ten)|cod(?:e|ing)|program(?:ming)?"
    r"|projects?|questions?|some(?:one|body)|anyone|people|background|stuck|struggling|speciali[sz]e|get(?:ting)?"
    r"|mov(?:e|ing)|chang(?:e|ing)) (?:in|with|for|on|about|at|into))"
    r"(?: (?:some|my|our|basic|advanced|modern|more|idiomatic|me|us))?"
    r"|学|学习|学会|掌握|了解|精通|熟悉|擅长|请教|关于|从事|转行|教我)$"
)
_WORK = re.compile(
    r"(?:dev(?:eloper|elopment)?|program(?:ming|mer)|lang(?:uage)?|code|coding|engineer(?:ing)?|mentor(?:ing)?"
    r"|framework|library|basic|fundamental|beginner|tutorial|app|project|skill|help|advice|question|experience|expert"
    r"|career|job|review|interview|course|team|topic)s?\b|方面|开发|编程|语言|入门|基础|工程师|岗位|行业|方向|相关|领域"
)
# What makes it a word like any other: "I go", "to express".
_VERB = re.compile(r"\b(?:to|i|we|you|they|can|could|will|would|should|must|let'?s|don't|please)\s$")

# What may stand around a topic typed on its own: "modern perl", "flask framework", "python 编程".
_FRONT = re.compile(r"^(?:modern|advanced|basic|introductionto|introto|learning|学习|精通)(?=..)")
_BACK = re.compile(
    r"(?<=.)(?:programming|programminglanguage|development|developer|dev|language|lang|framework|fwk|library|basics"
    r"|fundamentals|advice|tutorials?|开发|编程|语言|框架|入门|基础|工程师|技术|方向)$"
)
_LEVEL = re.compile(r"([^\w.+#-]+)[1-9]\W*$")
# No typo turns angular2 into angular1, or c# into c.
_signs = partial(re.compile(r"[^0-9+#]").sub, "")


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the catalogue; `names` by locale, `broader` only the direct ones."""

    slug: str
    names: Mapping[str, str] = field(hash=False)
    aliases: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a typed topic means: a slug or None; `near` has up to three for "did you mean", the best first."""

    slug: str | None
    near: tuple[str, ...]
    typed: str
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """The topics in free words, in order, each once, and the words left over."""

    slugs: tuple[str, ...]
    rest: str


@dataclass(frozen=True, slots=True)
class _Hit:
    """A spelling found in a text: where, and its folded form in the catalogue."""

    start: int
    end: int
    key: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Topics:
    """The catalogue, immutable, with the dictionaries to look things up; `parse` makes one."""

    rows: Mapping[str, Topic]
    keys: Mapping[str, str]  # folded spelling → slug
    singulars: Mapping[str, str]  # folded spelling without its plural s → folded spelling
    proper: tuple[str, ...]  # folded names that are the same in all languages, long enough to bear a typo
    compounds: frozenset[str]  # short spellings of several words: ci/cd, d3.js
    everyday: frozenset[str]
    never: frozenset[str]  # the everyday words that never count in free words

    def name(self, slug: str, locale: str) -> str:
        """Name a topic in a locale, else in its language, else in English; an unknown one shows as typed."""
        topic = self.rows.get(slug)
        if topic is None:
            return _clean(slug, LONGEST).replace("-", " ").strip() or self.unknown(slug)
        names, language = topic.names, re.split("[-_]", locale, maxsplit=1)[0]
        return names.get(locale) or names.get(language) or names.get("en") or slug

    def resolve(self, typed: str) -> Resolved:
        """Tell which topic is meant; one edit in five letters or more is forgiven if only one topic fits."""
        key = _fold(plain := _clean(typed, _TYPED))
        found = self._find(key) or self._unwrap(key)
        # A figure apart may be a level ("rust 4", "go: 2"), unless the catalogue has it ("vue 3").
        level = _LEVEL.search(plain)
        if found and (not level or (key in self.keys and level[1] == " ")):
            return Resolved(self.keys[found], (), typed)
        typos = self._typos(key) if len(key) <= LONGEST else []
        meant = {self.keys[other] for edits, other in typos if edits == 1 and _signs(other) == _signs(key)}
        sure = len(key) >= 5 and key.isascii() and len(meant) == 1
        slug = meant.pop() if sure else None
        close = dict.fromkeys([*(self.keys[other] for _, other in typos), *self.scan(typed[:_TYPED]).slugs])
        return Resolved(slug, tuple(other for other in close if other != slug)[:3], typed, sure)

    def scan(self, text: str) -> Found:
        """Find the topics in free words, the longest spelling first, in the first 1,000 characters.

        Latin spellings end at word boundaries, Chinese ones need none. One edit is forgiven in a word of six
        letters or more that so becomes a proper name with the same first letter: "pyhton". An everyday word,
        such as go, rust or data, counts if

        - its phrase, between commas and the like, holds only topics: "evenings, go";
        - it follows words like "learn", "help with", "move into", or precedes ones like "developer", "语言";
        - "and", "or", "/" and the like tie it to a topic that counts, or a space if it is the name of one:
          "rust and python", "rust async"; unless "to", "I", "can" … stand before it or "to" after it;
        - it is Latin and touches Chinese: "我想学 go".
        """
        plain = _clean(text, _TEXT)
        counted = self._in_company(plain, list(self._hits(plain)))
        rest, at = "", 0
        for hit in counted:
            gap = plain[at : hit.start]
            rest += " " if at and _GAP.fullmatch(gap) else f" {gap} "
            at = hit.end
        rest = re.sub(r"\s+", " ", f"{rest} {plain[at:]}")
        rest = re.sub(r" (?=[,;.!?、。])", "", rest).strip(" ,;、/&+.!?。")
        return Found(tuple(dict.fromkeys(self.keys[hit.key] for hit in counted)), rest)

    def search(self, typed: str, locale: str, limit: int) -> tuple[Topic, ...]:
        """Suggest while somebody types: what is meant, prefixes (names of the locale first), parts, typos."""
        key = _fold(_clean(typed, _TYPED))[:LONGEST]
        if not key:
            return tuple(self.rows.values())[: max(limit, 0)]
        best: dict[str, int] = {}
        if exact := self._find(key) or self._unwrap(key):
            best[self.keys[exact]] = -1
        for other, slug in self.keys.items():
            if key in other:
                named = other == _fold(self.name(slug, locale))
                best[slug] = min(best.get(slug, 3), 2 * (not other.startswith(key)) + (not named))
        ranked = sorted(best, key=lambda slug: best[slug])
        if len(ranked) < limit and len(key) >= 3:
            starts, slugs = [other[: len(key)] for other in self.keys], list(self.keys.values())
            ranked += [slugs[at] for _, at in _closest(key, starts, 1 if len(key) < 8 else 2)]
        return tuple(self.rows[slug] for slug in dict.fromkeys(ranked))[: max(limit, 0)]

    def wider(self, slug: str) -> tuple[str, ...]:
        """All broader topics of a topic, the nearest first."""
        found: dict[str, None] = {}
        queue = [slug]
        for at in queue:
            new = [up for up in (self.rows[at].broader if at in self.rows else ()) if up not in found]
            found |= dict.fromkeys(new)
            queue += new
        return tuple(found)

    def unknown(self, typed: str) -> str:
        """Make the slug an unknown topic is kept under: letters, digits and `+#.-`, never empty."""
        kept = re.sub(r"(?:[^\w+#.]|_)+", "-", _clean(typed, _TYPED).casefold())
        kept = kept.strip("-.")[:LONGEST].strip("-.")
        # Emoji and the like have no letters: their code points keep one such topic apart from another.
        return kept or "-".join(f"u{ord(sign):x}" for sign in typed.strip()[:8]) or "unknown"

    def _find(self, key: str) -> str | None:
        """Find the spelling in the catalogue: as it is, by its plural, or without a version (vue3)."""
        single, stem = _singular(key), key.rstrip("+").rstrip("0123456789")
        if key in self.keys or not key.isascii():
            found = key
        elif single in self.keys or single in self.singulars:
            found = self.singulars.get(single, single)
        elif (len(stem) >= 3 or stem.endswith(("+", "#"))) and len(key) - len(stem) <= 4:
            found = stem
        else:
            return None
        return found if found in self.keys else None

    def _unwrap(self, key: str) -> str | None:
        front, back = _FRONT.sub("", key), _BACK.sub("", key)
        return self._find(front) or self._find(back) or self._find(_BACK.sub("", front))

    def _typos(self, key: str) -> list[tuple[int, str]]:
        """List spellings close by: one edit from three letters on, two from six if the first is kept."""
        pool = [*self.keys, *self.singulars]
        near = [(edits, pool[at]) for edits, at in _closest(key, pool, 1 if len(key) < 6 else 2)]
        near = [(edits, other) for edits, other in near if len(other) >= 3 <= len(key)]
        near = [(edits, other) for edits, other in near if edits == 1 or other[0] == key[0]]
        return [(edits, self.singulars.get(other, other)) for edits, other in near]

    def _hits(self, plain: str) -> Iterator[_Hit]:
        """Yield the spellings in a text from left to right, the longest at each place, everyday words too."""
        atoms = [(match.start(), match.end(), _fold(match[0])) for match in _ATOM.finditer(plain)]
        while atoms:
            hit, taken = self._longest(plain, atoms[:_WINDOW])
            atoms = atoms[taken:]
            if hit:
                yield hit

    def _longest(self, plain: str, atoms: list[tuple[int, int, str]]) -> tuple[_Hit | None, int]:
        """Find the longest spelling in front of the atoms (start, end, folded), and its count of atoms."""
        start, last, first = atoms[0]
        windows, key = [(last, first)], first
        for begin, end, part in atoms[1:]:
            # "a synchronous call" is not asynchronous.
            if not _JOIN.fullmatch(plain, last, begin) or (key in {"a", "i"} and plain[last] == " "):
                break
            key, last = key + part, end
            windows.append((last, key))
        for count, (end, joined) in reversed(list(enumerate(windows, 1))):
            # "a i" is not AI, but "ci cd" is CI/CD; and in "react 2 hours" the 2 is no version.
            short = joined.isascii() and len(joined) < 5 and joined not in self.compounds
            loose = " " in plain[start:end] and joined[-1].isdigit() and joined not in self.keys
            if count > 1 and (short or loose):
                continue
            if found := self._find(joined):
                return _Hit(start, end, found), count
        if len(first) >= 6 and first.isascii():
            near = (self.proper[at] for _, at in _closest(first, self.proper, 1))
            meant = [name for name in near if name[0] == first[0] and _signs(name) == _signs(first)]
            if len(meant) == 1:
                return _Hit(start, windows[0][0], meant[0]), 1
        return None, 1

    def _in_company(self, plain: str, hits: list[_Hit]) -> list[_Hit]:
        """Keep the hits that count; the rule is told in `scan`."""
        hits = [hit for hit in hits if hit.key not in self.never]
        counted = {hit for hit in hits if hit.key not in self.everyday or _cued(plain, hit)}
        ends = [0, *(match.end() for match in _PHRASE.finditer(plain)), len(plain)]
        for phrase, group in groupby(hits, key=lambda hit: bisect_right(ends, hit.start)):
            if _alone(plain, ends[phrase - 1], ends[phrase], inside := list(group)):
                counted.update(inside)
        pairs = list(pairwise(hits))
        for near, new in [*pairs, *((two, one) for one, two in reversed(pairs))]:
            gap = plain[min(near.end, new.end) : max(near.start, new.start)]
            slug = self.keys[new.key]
            named = gap == " " and new.key in {_fold(slug), _fold(self.rows[slug].names["en"])}
            verb = _VERB.search(plain[max(new.start - 8, 0) : new.start].lower())
            tied = (named or _LINK.fullmatch(gap)) and not verb and not plain.startswith(" to ", new.end)
            if near in counted and tied:
                counted.add(new)
        return [hit for hit in hits if hit in counted]


def parse(table: str) -> Topics:
    """Make a catalogue of the lines of `topics.tsv`, a line of titles first."""
    rows: dict[str, Topic] = {}
    keys: dict[str, str] = {}
    compounds: set[str] = set()
    words: list[str] = []
    for line in table.splitlines()[1:]:
        slug, en, zh, *lists = (*line.split("\t"), "", "", "")[:6]
        aliases, broader, daily = (tuple(part for part in cell.split(", ") if part) for cell in lists)
        rows[slug] = Topic(slug, MappingProxyType({"en": en, "zh": zh}), aliases, broader)
        for spelling in (slug, en, zh, *aliases):
            key = _fold(spelling)
            keys.setdefault(key, slug)
            if len(key) < 5 and len(key) < len(spelling):
                compounds.add(key)
        words += daily
    singulars = {single: key for key in reversed(keys) if (single := _singular(key)) not in keys}
    named = (_fold(topic.names["en"]) for topic in rows.values() if len(set(topic.names.values())) == 1)
    everyday = frozenset(_fold(word) for word in words)
    never = frozenset(_fold(word) for word in words if word.startswith("!"))
    proper = tuple(key for key in named if len(key) >= 6 and key not in everyday)
    maps = MappingProxyType(rows), MappingProxyType(keys), MappingProxyType(singulars)
    return Topics(*maps, proper, frozenset(compounds), everyday, never)


@cache
def load() -> Topics:
    """Read the catalogue of the program, once."""
    return parse(files("core").joinpath("topics.tsv").read_text("utf-8"))


def _clean(text: str, bound: int) -> str:
    """Bound a text, make full width narrow, drop what cannot be seen."""
    plain = unicodedata.normalize("NFKC", text[:bound]).replace("♯", "#")[:bound]
    return "".join(sign if sign.isprintable() or sign == "\n" else " " * sign.isspace() for sign in plain)


def _fold(text: str) -> str:
    if text.isalnum() and text.isascii():
        return text.lower()
    return _SILENT.sub("", _NET.sub("dot", unicodedata.normalize("NFKC", text.casefold())))


def _singular(key: str) -> str:
    if len(key) < 5 or not key.endswith("s") or key.endswith(("ss", "us", "js", "os", "sis", "dis", "xis")):
        return key
    return key[:-3] + "y" if key.endswith("ies") else key[:-1]


def _closest(key: str, others: Iterable[str], edits: int) -> list[tuple[int, int]]:
    """List (edits, index) of the strings within so many edits; swapped neighbours are one edit."""
    from rapidfuzz.distance import OSA  # noqa: PLC0415  slower to load than the catalogue, and seldom needed

    far = (OSA.distance(key, other, score_cutoff=edits) for other in others)
    return sorted((distance, at) for at, distance in enumerate(far) if distance <= edits)


def _cued(plain: str, hit: _Hit) -> bool:
    """Tell whether the words beside an everyday word make it a topic."""
    left, right = plain[max(hit.start - 4, 0) : hit.start].rstrip(), plain[hit.end : hit.end + 20].lstrip()
    if plain[hit.start : hit.end].isascii() and re.search(f"[{_CJK}]", left[-1:] + right[:1]):
        return True
    words = " ".join(plain[max(hit.start - 40, 0) : hit.start].lower().split()[-3:])
    return bool(_LED.search(words) or _WORK.match(right.lower()))


def _alone(plain: str, start: int, end: int, hits: list[_Hit]) -> bool:
    """Tell whether a phrase holds nothing but topics and the words between them."""
    left = plain[start:end]
    for hit in reversed(hits):
        left = f"{left[: hit.start - start]} {left[hit.end - start :]}"
    return not re.search(r"\w", _LINK.sub(" ", left))
