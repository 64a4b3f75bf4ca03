"""A problem with a text: what every reader gives where it cannot give the value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.reading.texts import shown

Params = Mapping[str, Any]
"""Plain JSON; its type in the store is not imported, since a database and keys would come with it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text could not be read: a message key and its parameters, which are plain JSON."""

    key: str
    params: Params = field(default_factory=dict)


def unreadable(kind: str, text: str) -> Problem:
    """Say that a text is not what was asked for: `error.<kind>.unreadable` {text}."""
    return Problem(f"error.{kind}.unreadable", {"text": shown(text)})
