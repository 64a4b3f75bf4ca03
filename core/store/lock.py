"""The lock that keeps a second writing process away from an SQLite file."""

import fcntl
import os
from pathlib import Path


class Locked(Exception):
    """Another process writes this database."""

    def __init__(self, holder: str) -> None:
        """Take what the holder wrote into the lock file: its pid and its command."""
        super().__init__(holder)
        self.holder = holder


class InstanceLock:
    """A lock on a file beside the database; the kernel frees it when the process ends, however it ends."""

    def __init__(self, path: Path, command: str) -> None:
        """`command` tells others who holds the lock."""
        self._path = path
        self._command = command
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock; raises `Locked` at once when it is held."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.read(file, 200).decode(errors="replace").strip()
            os.close(file)
            raise Locked(holder or "another process") from None
        os.ftruncate(file, 0)
        os.write(file, f"mentorbot {self._command} (process {os.getpid()})".encode())
        self._file = file

    def release(self) -> None:
        """Let go; the file stays, so that nobody locks a file that another is deleting."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
