"""An event loop in which time passes at once: whoever sleeps wakes as soon as there is nothing else to do."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Waiting(selectors.SelectSelector):
    """Instead of waiting for a file or a time, it moves the time."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Move to the moment for which the loop would wait; a loop that would wait for ever is stuck."""
        if timeout is None:
            raise RuntimeError("everybody waits, and nobody for a time")
        self.now += max(timeout, 0)
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """A loop that begins at second 0."""

    def __init__(self) -> None:
        """Make its selector."""
        self.waiting = Waiting()
        super().__init__(self.waiting)

    def time(self) -> float:
        """Read its clock."""
        return self.waiting.now


def live(story: Callable[[Callable[[], float]], Coroutine[Any, Any, T]]) -> T:
    """Run a story to its end; it is given the clock."""
    with asyncio.Runner(loop_factory=Loop) as runner:
        loop = runner.get_loop()
        return runner.run(story(loop.time))
