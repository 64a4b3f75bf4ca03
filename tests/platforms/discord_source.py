"""Where something on a screen is from on Discord: a state of a message, or a modal; and what can be done there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.platforms.discord_entries import Tap
from tests.platforms.discord_limits import BUTTON, WORDS, walk
from tests.platforms.discord_screen import OPENS, TICK, Seen
from tests.platforms.discord_server import Form, Json, Message


@dataclass(slots=True)
class Source:
    """Where something is shown: a state of a message, or a modal, and what was read there.

    `answered` is what was chosen in it.
    """

    where: Message | Form
    version: int
    seen: Seen
    answered: str = ""

    @property
    def components(self) -> list[Json]:
        """What it is made of."""
        if isinstance(self.where, Form):
            return list(self.where.data["components"])
        former = self.where.versions[self.version :]
        return list(former[0]["components"] if former else self.where.components)

    @property
    def opening(self) -> Tap:
        """What opens the form."""
        named = (str(each.get("custom_id")) for each in walk(self.components))
        return Tap(next(each for each in named if OPENS.fullmatch(each)))

    def tap(self, label: str) -> Tap | None:
        """Find what a label stands on: an option of the question, any button; `Edit #2` is the second of its name."""
        if label in self.seen.taps:
            return self.seen.taps[label]
        wanted, _, number = label.partition(" #")
        buttons = [each for each in walk(self.components) if each["type"] == BUTTON]
        same = [each["custom_id"] for each in buttons if each["label"] == wanted]
        return Tap(same[min(int(number or 1), len(same)) - 1]) if same else None

    def says_more(self, message: Message, before: int) -> bool:
        """Whether new words came to its message since a version, and not just what was chosen: that is noted."""
        states = [*(each["components"] for each in message.versions[before:]), message.components]
        for was, now in pairwise(states):
            added = _words(now)[len(_words(was)) :]
            bare = len(_words(now)) == len(now)
            if self.seen.asked is None or not bare or len(added) != 1 or not added[0].startswith(TICK):
                return True
            self.version += 1
            self.answered = added[0].removeprefix(TICK)
        return False


def _words(components: Sequence[Json]) -> list[str]:
    """Give the texts of a message."""
    return [str(each["content"]) for each in components if each["type"] == WORDS]
