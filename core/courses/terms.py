"""Words to search by: whole words of scripts that put spaces between them, pairs of signs of those that do not.

The same text gives the same terms in the index and in a search, so that no database has a say in what is found.
"""

import re
import unicodedata
from collections.abc import Iterator

LONGEST = 40
_WIDE = "\u3005\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_WIDE}]+|[^\W_{_WIDE}]+[+#]*", re.UNICODE)
_ENDINGS = (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""))
# Said in nearly every text, and of no use in finding one.
_EVERYDAY = frozenset(
    {
        *(
            "a",
            "an",
            "and",
            "are",
            "as",
            "at",
            "be",
            "by",
            "can",
            "do",
            "for",
            "from",
            "how",
            "i",
            "in",
            "is",
            "it",
        ),
        *("my", "of", "on", "or", "that", "the", "this", "to", "what", "with", "you", "your"),
    }
)


def terms(text: str, *, single: bool = False) -> Iterator[str]:
    """Give the terms of a text, in order and as often as they stand there.

    With `single` each sign of a script without spaces is a term too, so that one sign alone can be searched for.
    """
    for run in _RUN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if re.match(rf"[{_WIDE}]", run):
            yield from (run[at : at + 2] for at in range(len(run) - 1))
            if single or len(run) == 1:
                yield from run
        elif run not in _EVERYDAY:
            yield stem(plain(run))


def plain(word: str) -> str:
    """Drop the accents of a word: résumé is resume."""
    if word.isascii():
        return word[:LONGEST]
    kept = (sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
    return "".join(kept)[:LONGEST]


def stem(word: str) -> str:
    """Take the commonest English endings off: branches, branching and branched are branch."""
    if not word.isascii() or not word.isalpha() or word.endswith(("ss", "us", "is")):
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            kept = word.removesuffix(ending) + instead
            if ending in ("ing", "ed", "es") and kept.endswith("e"):
                kept = kept[:-1]
            # Of a doubled letter one goes: committing is commit.
            if ending in ("ing", "ed") and len(kept) > 3 and kept[-1] == kept[-2] and kept[-1] not in "ls":
                kept = kept[:-1]
            return kept.rstrip("e") if len(kept.rstrip("e")) >= 3 else kept
    return word.rstrip("e") if len(word.rstrip("e")) >= 3 else word
