"""The other side of the wire, in a process of its own: it takes every push, and writes each down before it says so.

Run as a program: `receiver.py LOG`. Each line of its input is the path of a socket to listen at until the end of
that connection. What it writes into LOG is on disk before the push is confirmed, and printed after that.
"""

import json
import os
import socket
import sys
import time
from contextlib import suppress
from typing import Any


def main(path: str) -> None:
    """Listen where the input says."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, line in enumerate(sys.stdin, 1):
        with suppress(OSError):
            listen(line.strip(), log, number)
        tell({"gone": number})


def listen(place: str, log: int, number: int) -> None:
    """Take pushes from one connection until it ends."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(place)
        line.sendall(b'{"hello": ["*"]}\n')
        tell({"here": number})
        with line.makefile("rb") as incoming:
            for data in incoming:
                if not data.endswith(b"\n"):
                    return
                push = json.loads(data)
                if "push" not in push:
                    continue
                entry = {"connection": number, "at": time.monotonic(), **push}
                os.write(log, json.dumps(entry).encode() + b"\n")
                os.fsync(log)
                tell(entry)
                line.sendall(json.dumps({"ack": push["push"]}).encode() + b"\n")


def tell(entry: dict[str, Any]) -> None:
    """Say what has happened."""
    sys.stdout.write(json.dumps(entry) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
