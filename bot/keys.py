"""The keys that seal private text: those of the settings, or one that the program makes for itself."""

import os
import tempfile
from pathlib import Path

from bot.config import Settings
from core.store.backup import settle
from core.store.types import Keyring, LostKeyError, new_key


class EmptyKeyFileError(LostKeyError):
    """The file that should hold the key holds none; going on would store private text readably."""

    def __str__(self) -> str:
        """Say what to do."""
        return f"{self.args[0]} holds no key: put a copy of the key there, or delete the file to begin with a new one"


def keyring(settings: Settings, *, reads: bool = False) -> tuple[Keyring, str | None]:
    """Give the keys; where none is configured, one is written into the user's configuration folder, and said so.

    A command that only `reads` makes none: there can be nothing yet that is sealed.
    """
    if settings.encryption.mode == "off":
        return Keyring(()), None
    if settings.encryption.keys:
        return Keyring(settings.encryption.keys), None
    path = settings.key_file
    told = None
    if reads and not path.exists():
        return Keyring(()), None
    if not path.exists() and _write_key(path):
        told = f"made a key for encryption and wrote it to {path}; keep a copy of it in a safe place"
    keys = path.read_text().split()
    if not keys:
        raise EmptyKeyFileError(path)
    return Keyring(keys), told


def _write_key(path: Path) -> bool:
    """Put a new key where none is, complete and on disk or not at all; false where somebody else was faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Readable by its owner alone from the first moment.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.") as file:
        file.write(new_key() + "\n")
        file.flush()
        os.fsync(file.fileno())
        try:
            os.link(file.name, path)
        except FileExistsError:
            return False
    settle(path.parent)
    return True
