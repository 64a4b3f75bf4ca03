"""Floods: how many events somebody has sent in the last seconds, kept in memory, since it is of use that long."""

import time
from collections import deque

from core.address import Address
from core.policy import Policy

MOST_PEOPLE = 10_000
OLD_SECONDS = 60


class Floods:
    """Counts everybody's events."""

    def __init__(self, policy: Policy) -> None:
        """Take the limit: so many events in so many seconds."""
        self._policy = policy
        self.recent: dict[Address, deque[float]] = {}

    def over(self, who: Address) -> int:
        """Count an event of somebody's; returns by how many they are over the limit now."""
        now = time.monotonic()
        recent = self.recent.setdefault(who, deque())
        while recent and recent[0] < now - self._policy.flood_seconds:
            recent.popleft()
        recent.append(now)
        if len(self.recent) > MOST_PEOPLE:
            self.recent = {
                address: times for address, times in self.recent.items() if times[-1] > now - OLD_SECONDS
            }
        return max(0, len(recent) - self._policy.flood_events)
