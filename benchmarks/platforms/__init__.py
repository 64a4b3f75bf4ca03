"""What `benchmarks.adapters` measures on each platform: contenders in one process, and people on the wire."""

from dataclasses import dataclass
from typing import Protocol

OURS = "mentorbot"


class Contender(Protocol):
    """What takes part in the rounds."""

    durability: str

    async def sign_up(self, user: int) -> int:
        """Take somebody from the command to the welcome; gives the number of events that it took."""
        ...


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question on the wire and its answer, in seconds."""

    kind: str
    seconds: float


class Wire(Protocol):
    """People at a local server that speaks as the platform does, and the real program on its other side."""

    people: int

    async def ask(self, number: int) -> Exchange:
        """Let the next one ask, and wait for the answer; raises when there is none."""
        ...

    def look(self) -> None:
        """See that nothing was against the platform's rules and nobody was answered twice."""
        ...
