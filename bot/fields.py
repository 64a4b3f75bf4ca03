"""The fields of a form: few and closed. Every adapter renders each of them in a `match` ending in `assert_never`."""

from dataclasses import dataclass

from core.store.types import Json


@dataclass(frozen=True, slots=True)
class When:
    """A field is asked only when an earlier answer is one of these values (or holds one of them)."""

    key: str
    values: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice; without a label of its own it is named by the key `<dialog>.<field>.option.<value>`."""

    value: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    key: str
    required: bool = True
    when: When | None = None
    question: str | None = None
    """The words of a question that the organisers wrote; without it the catalogue has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(_Field):
    """Free words of `least` to `limit` characters; a value is the text. With `only`, nothing else is accepted."""

    least: int = 1
    only: str | None = None
    limit: int = 2000
    lines: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(_Field):
    """A number from `low` to `high`."""

    low: float
    high: float
    whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice(_Field):
    """One of the options, or several; options may be searched for as one types.

    A value is the option's value; with `many` a list of them; with `levels` a list of [value, level or None].
    """

    options: tuple[Option, ...] = ()
    search: str | None = None
    many: bool = False
    levels: int = 0
    free: bool = False
    most: int = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(_Field):
    """Yes or no; with `must` only yes goes on."""

    must: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(_Field):
    """A calendar day, `YYYY-MM-DD`, from `earliest` on."""

    earliest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment(_Field):
    """A moment in the future; typed in the reader's zone, kept as ISO text in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week(_Field):
    """Free parts of a week: a list of [weekday, from minute, to minute] in local wall time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(_Field):
    """One file of at most `size` bytes; a value is its id and name."""

    size: int = 10_000_000


Field = Text | Number | Choice | Confirm | Day | Moment | Week | Upload
