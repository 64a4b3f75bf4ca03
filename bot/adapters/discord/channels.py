"""The conversations with people: where each of them is written to in private. A cache; Discord knows them all."""

from collections import OrderedDict

from bot.adapters.discord.calls import OPENING, Call, Calls, Failed
from bot.adapters.discord.payload import bodies_of, body_of, id_in
from bot.ports import Later, Refused

CHANNEL = "/channels/{channel_id}"
MOST = 50_000


class Channels:
    """Channels by person, and the other way round."""

    def __init__(self, calls: Calls) -> None:
        """None is known yet."""
        self._calls = calls
        self._of: OrderedDict[str, str] = OrderedDict()
        self._whose: OrderedDict[str, str] = OrderedDict()

    def learn(self, user: str, channel: str) -> None:
        """Note where somebody is written to."""
        for known, key, value in ((self._of, user, channel), (self._whose, channel, user)):
            known[key] = value
            known.move_to_end(key)
            if len(known) > MOST:
                known.popitem(last=False)

    def pace(self, user: str) -> str:
        """Say what a message to somebody waits for first: for their conversation, or until one can be opened."""
        return self._of.get(user, OPENING)

    async def of(self, user: str) -> str | Failed:
        """Find the conversation with somebody, or open it, in a pace of its own."""
        if user in self._of:
            return self._of[user]
        if wait := await self._calls.pacing.turn(OPENING):
            return Failed(0, "paced", Later(wait))
        opened = await self._calls.ask(Call("POST", "/users/@me/channels", {}, {"recipient_id": user}))
        if isinstance(opened, Failed):
            if isinstance(opened.means, Later):
                self._calls.pacing.blocked(OPENING, opened.means.seconds)
            return opened
        channel = id_in(body_of(opened).get("id"))
        if not channel:
            return Failed(0, "a channel without an id", Refused("Discord opened no conversation", again=True))
        self.learn(user, channel)
        return channel

    async def whose(self, channel: str) -> str:
        """Find whose conversation a channel is; empty if nobody's."""
        if channel not in self._whose:
            told = await self._calls.ask(Call("GET", CHANNEL, {"channel_id": channel}))
            people = [] if isinstance(told, Failed) else bodies_of(body_of(told).get("recipients"))
            if len(people) != 1 or not (user := id_in(people[0].get("id"))):
                return ""
            self.learn(user, channel)
        return self._whose[channel]
