"""Answered: the last events that this process has answered, in memory, since a restart is what loses answers."""

from collections import OrderedDict

from bot.ports import Incoming

MOST = 10_000


class Answered:
    """Knows events by platform and id."""

    def __init__(self) -> None:
        """Nothing has been answered."""
        self._ids: OrderedDict[tuple[str, str], None] = OrderedDict()

    def __contains__(self, incoming: Incoming) -> bool:
        """Whether this event was answered, and that not too long ago."""
        return (incoming.who.platform, incoming.id) in self._ids

    def add(self, incoming: Incoming) -> None:
        """Note that it is answered."""
        self._ids[incoming.who.platform, incoming.id] = None
        if len(self._ids) > MOST:
            self._ids.popitem(last=False)
