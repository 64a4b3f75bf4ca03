"""Column types of the tables: times in UTC, words of the code, personal text, sealed text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import DateTime, Dialect, LargeBinary, String, Text
from sqlalchemy.types import TypeDecorator

Json = None | bool | int | float | str | Sequence[Any] | Mapping[str, Any]
"""A value that JSON can hold."""


class Keyring:
    """The keys of a deployment: the first seals, all of them open. Without keys, text is kept readable."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take urlsafe base64 keys of 32 bytes, newest first; raises ValueError for a malformed one."""
        self._fernet = MultiFernet([Fernet(key) for key in keys]) if keys else None

    def seal(self, text: str) -> bytes:
        """Encrypt, or encode where encryption is off."""
        data = text.encode()
        return self._fernet.encrypt(data) if self._fernet else data

    def open(self, data: bytes) -> str:
        """Decrypt what `seal` made; text written while encryption was off is read as it is."""
        if not data.startswith(b"gAAAA"):
            return data.decode()
        if self._fernet is None:
            raise LostKeyError
        try:
            return self._fernet.decrypt(data).decode()
        except InvalidToken:
            raise LostKeyError from None


class LostKeyError(Exception):
    """Sealed text was met that none of the configured keys opens."""

    def __str__(self) -> str:
        """Say what to do."""
        return "a sealed column cannot be opened: the key it was sealed with is not in encryption.keys"


def new_key() -> str:
    """Make a fresh key."""
    return Fernet.generate_key().decode()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC; a naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware moment into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a naive datetime cannot be stored"
            raise ValueError(msg)
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every moment back aware, in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Code(String):
    """A word of the code or an opaque id (a state, a platform, a locale, a topic): never free text."""


class Words(TypeDecorator[Any]):
    """A JSON value in the code's own words; kept as text so that both databases store the same."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:
        """Write compact JSON."""
        del dialect
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:
        """Read it back."""
        del dialect
        if value == "[]":  # the most frequent by far, and not worth a parser
            return []
        return None if value is None else json.loads(value)


class Published(TypeDecorator[Any]):
    """A JSON value that the organisers publish for everybody, such as a course: nothing in it is about a person."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:
        """Write compact JSON."""
        del dialect
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:
        """Read it back."""
        del dialect
        return None if value is None else json.loads(value)


class Sealed(TypeDecorator[Any]):
    """A JSON value encrypted at rest; the keyring travels on the engine's dialect (see `database.py`)."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> bytes | None:
        """Seal the value."""
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        # An empty list or mapping tells nothing; most forms begin with one.
        return text.encode() if text in ("{}", "[]") else keyring_of(dialect).seal(text)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Json:
        """Open it; raises `LostKeyError` when no key fits."""
        return None if value is None else json.loads(keyring_of(dialect).open(bytes(value)))


def keyring_of(dialect: Dialect) -> Keyring:
    """Find the keyring that `database.py` hung on the engine's dialect."""
    keyring = getattr(dialect, "keyring", None)
    if not isinstance(keyring, Keyring):
        msg = "this engine was made without a keyring"
        raise TypeError(msg)
    return keyring


@dataclass(frozen=True, slots=True)
class Personal:
    """What a column that tells something about a person is for, and how long it is kept."""

    purpose: str
    retention: str

    @property
    def info(self) -> dict[str, "Personal"]:
        """What `Column(info=…)` takes."""
        return {"personal": self}
