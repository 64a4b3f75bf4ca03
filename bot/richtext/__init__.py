"""Rich text: the small HTML subset every message is written in, parsed once into frozen nodes.

White space folds as in HTML, except inside `<pre>` and where it is written as a reference (`&#32;`), which is
how `markup` keeps what a person typed. `parse` returns a tidy tree: `Styled` and `Link` hold inline nodes
only, no style or link stands inside the same one, and nothing is empty.
"""

from bot.richtext.nodes import (
    Block,
    Break,
    Command,
    Inline,
    Link,
    List,
    Node,
    Pre,
    Quote,
    Rich,
    Style,
    Styled,
    Text,
    TimeStyle,
    When,
    length,
    markup,
    plain,
)
from bot.richtext.parse import parse
from bot.richtext.pieces import split
from bot.richtext.typed import clean, from_user, name

__all__ = [
    "Block",
    "Break",
    "Command",
    "Inline",
    "Link",
    "List",
    "Node",
    "Pre",
    "Quote",
    "Rich",
    "Style",
    "Styled",
    "Text",
    "TimeStyle",
    "When",
    "clean",
    "from_user",
    "length",
    "markup",
    "name",
    "parse",
    "plain",
    "split",
]
