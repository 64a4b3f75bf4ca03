"""What is shown: messages and forms in the reader's language, ready for a platform's markup."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.fields import Choice, Field, Number, Text
from bot.richtext import Rich
from core.store.types import Json

KNOWN_LIMIT = 60

Style = Literal["plain", "primary", "danger"]


@dataclass(frozen=True, slots=True)
class Button:
    """A button: what it says, its id `action:arg` (60 bytes at most), and for screen readers what it is about."""

    label: str
    id: str
    style: Style = "plain"
    about: str = ""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """A row of a list, with buttons of its own."""

    body: Rich
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with a message."""

    name: str
    mime: str
    data: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ShownOption:
    """An option in the reader's words."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A field in the reader's words."""

    field: Field
    label: Rich
    hint: Rich = ()
    options: tuple[ShownOption, ...] = ()
    error: Rich = ()
    initial: Json = None
    typed: str = ""
    """What is known already of a week, as one would type it."""

    @property
    def known(self) -> str:
        """What is known already and can be kept with one press: a short text, or a value that is searched for."""
        kept = self.initial
        text = str(kept) if isinstance(kept, str | int | float) and not isinstance(kept, bool) else ""
        fits = len(text) <= KNOWN_LIMIT and "\n" not in text
        free = not self.options and isinstance(self.field, Text | Number | Choice)
        return text if fits and free and not self.error else ""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a run that may be asked now; the adapter answers any non-empty subset."""

    run: int
    title: str
    fields: tuple[Asked, ...]
    can_go_back: bool
    words: Mapping[str, str] = field(default_factory=dict)
    """Labels of the form itself: next, back, cancel, later, open, skip, done, yes, no; days and their parts."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message in the reader's language, ready for an adapter's markup."""

    body: Rich
    buttons: tuple[Button, ...] = ()
    items: tuple[ShownItem, ...] = ()
    attached: Attached | None = None
    form: Form | None = None
    silent: bool = False
    private: bool = False
    urgent: bool = False
    """It goes before what many are told."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person who acted gets: messages in order; `replace` puts the first in the place of the one acted on.

    `saved` is false where the event left no trace: a platform that delivers again should do so.
    """

    messages: tuple[Rendered, ...] = ()
    replace: bool = False
    saved: bool = True
    dropped: bool = False
    """It was not taken on purpose, since it is one of a flood."""

    @property
    def form(self) -> Form | None:
        """The form in front: the last one."""
        return next((message.form for message in reversed(self.messages) if message.form), None)

    @property
    def besides(self) -> tuple[Rendered, ...]:
        """What is said besides the form, its own introduction included."""
        return tuple(message for message in self.messages if message.body or message.items or message.buttons)
