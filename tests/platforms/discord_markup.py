"""Discord's markdown as people read it, and the mentions that stand in it."""

import re
from dataclasses import dataclass
from functools import lru_cache

CODE = re.compile(r"(?<!\\)```(?:[\w+#.-]*\n)?(.*?)```|(?<!\\)(`{1,2})(?!`)(.+?)(?<!`)\2(?!`)", re.DOTALL)
MENTION = re.compile(r"<@!?(?P<user>\d+)>|<@&(?P<role>\d+)>|@(?P<everyone>everyone|here)\b")
ESCAPED = re.compile(r"\\([^A-Za-z0-9\s])")
LINE = re.compile(r"^(?:>>> |> |-# |#{1,3} )", re.MULTILINE)
LINK = re.compile(r"\[([^\[\]\n]+)\]\(<?[^\s()<>]+>?\)")
MARKS = re.compile(r"(\*\*\*|\*\*|\*|__|~~|\|\||(?<!\w)_(?=\S)|(?<=\S)_(?!\w))")
"""What emphasises, where it stands unescaped."""
KEPT, KEPT_END = "\ue000", "\ue001"


@dataclass(frozen=True, slots=True)
class Fired:
    """A mention that stands in what the bot sent; `pings` says that it was allowed to notify somebody."""

    kind: str
    text: str
    where: str
    pings: bool = False


def mentions(text: str) -> list[tuple[str, str, str]]:
    """Mentions that stand in a text outside code, which a backslash does not stop: kind, text, id."""
    bare = CODE.sub(" ", text)
    return [
        (match.lastgroup or "", match.group(), match.group(match.lastgroup or 0))
        for match in MENTION.finditer(bare)
    ]


@lru_cache(10_000)
def shown(text: str) -> str:
    """Read a text as people do: without marks, code as it stands, links by their words, dates as they are sent."""
    kept: list[str] = []

    def keep(words: str) -> str:
        kept.append(words)
        return f"{KEPT}{len(kept) - 1}{KEPT_END}"

    # A backslash before a backtick keeps it from opening code, so the first of the two that comes decides.
    text = re.sub(
        rf"{ESCAPED.pattern}|{CODE.pattern.replace(chr(92) + '2', chr(92) + '3')}",
        lambda match: keep(match[1] or match[4] or match[2] or ""),
        text,
        flags=re.DOTALL,
    )
    text = re.sub(r"<t:-?\d+(?::[a-zA-Z])?>", lambda match: keep(match[0]), text)
    text = LINK.sub(r"\1", LINE.sub("", text))
    text = MARKS.sub("", text)
    while KEPT in text:
        text = re.sub(rf"{KEPT}(\d+){KEPT_END}", lambda match: kept[int(match[1])], text)
    return text
