"""What a dialog is: typed fields, and one `finish`. What may be asked now follows from the answers alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as field_

from bot.ports import EMPTY, Field
from bot.turn import Message, Replies, Turn
from core.reading import Problem
from core.store.types import Json

Args = Mapping[str, Json]
Answers = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule says no: the form ends with these words, or asks `field` again with them as its error."""

    key: str
    params: Mapping[str, Json] = field_(default_factory=dict)
    field: str | None = None

    @property
    def message(self) -> Message:
        """The words as a message."""
        return Message(self.key, self.params)

    @property
    def problem(self) -> Problem:
        """The words as a field's error."""
        return Problem(self.key, self.params)


def nothing(turn: Turn, args: Args) -> Args:
    """Give no values."""
    del turn, args
    return EMPTY


def anybody(turn: Turn, args: Args) -> None:
    """Let everybody begin."""
    del turn, args


@dataclass(frozen=True, slots=True)
class Dialog:
    """A form by its name. `fields` may depend on the policy and on the answers so far."""

    name: str
    fields: Callable[[Turn, Args, Answers], tuple[Field, ...]]
    finish: Callable[[Turn, Args, Answers], Replies | Refused]
    begin: Callable[[Turn, Args], Refused | None] = anybody
    initial: Callable[[Turn, Args], Mapping[str, Json]] = nothing
    params: Callable[[Turn, Args], Mapping[str, Json]] = nothing


def pending(fields: tuple[Field, ...], answers: Answers) -> tuple[Field, ...]:
    """Give the fields that may be asked now: unanswered, and with their condition met by what is answered."""
    return tuple(field for field in fields if field.key not in answers and _holds(field, answers))


def _holds(field: Field, answers: Answers) -> bool:
    if field.when is None:
        return True
    if field.when.key not in answers:
        return False
    value = answers[field.when.key]
    if isinstance(value, list):
        return any(each in field.when.values for each in value)
    return value in field.when.values
