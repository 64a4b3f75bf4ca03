"""The program with a clock that goes faster: `python -m tests.kills.hurried … run`; `HURRY` says how many times.

What waits for hours is due in minutes. The pace of what is sent and all that has to do with networks is by real time.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import operations
from bot.cli import parser
from bot.config import load


def hurried(times: float) -> Callable[[], datetime]:
    """Make a clock that begins now and goes so many times as fast."""
    start, began = datetime.now(UTC), time.monotonic()
    return lambda: start + timedelta(seconds=(time.monotonic() - began) * times)


def main() -> int:
    """Run the service as the command line does."""
    given = parser().parse_args(sys.argv[1:])
    overrides = dict(each.split("=", 1) for each in given.set)
    settings = load(given.config, os.environ, overrides, Path.cwd())
    return asyncio.run(operations.run(settings, hurried(float(os.environ["HURRY"]))))


if __name__ == "__main__":
    sys.exit(main())
