"""The whole program with Slack as its platform, in the test's own process: the real adapter against a local Slack.

async with SlackServer(seed=1) as slack, running(slack, url) as bot:
await bot.send(("UBEN", "line 1"))                # and more that `tests.platforms.program` offers
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.adapters.slack.adapter import Slack
from bot.ports import Address, Delivery, Later, Place, Rendered
from tests.platforms import program
from tests.platforms.program import connected, paired, unpaced
from tests.platforms.slack_server import SlackServer


class Watched(Slack):
    """The adapter; what became of each push is looked at from outside."""

    def __init__(self, slack: SlackServer, mode: str = "socket", app_token: str = "", **more: Any) -> None:
        """Use the tokens of all workspaces there are."""
        tokens = [team.bot_token for team in slack.teams.values()]
        super().__init__(
            tokens,
            app_token or slack.app_token,
            slack.signing_secret,
            mode,
            slack.api_url,
            **{"pacing": unpaced(), **more},
        )
        self.pushed: list[tuple[str, str, Delivery]] = []
        self._server = slack

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        seconds = super().ahead(to, urgent=urgent)
        if seconds:
            self.pushed.append((to.id, "", Later(seconds)))
            self._server.changed()
        return seconds

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        delivery = await super().push(to, message, once)
        self.pushed.append((to.id, once, delivery))
        self._server.changed()
        return delivery


Running = program.Running[Watched]


def at(who: str) -> Address:
    """Give the address of somebody on Slack; without a workspace, in the first."""
    return Address("slack", who if "/" in who else f"T1/{who}")


async def pairs(slack: SlackServer, url: str, *names: tuple[str, str]) -> None:
    """Let pairs join, in their workspaces and in the program; each writes into their room from now on."""
    for who in (who for pair in names for who in pair):
        team, _, user = at(who).id.partition("/")
        slack.team(team).person(user, name=user.removeprefix("U").title(), tz="Europe/Madrid", locale="en-GB")
    await paired(url, names, at)


@asynccontextmanager
async def running(
    slack: SlackServer, url: str, adapter: Watched | None = None, **more: str
) -> AsyncIterator[Running]:
    """Run the program until the end of the block, and then stop it as a signal would; `a__b` sets the key `a.b`.

    It is connected when the block begins, unless the adapter is given.
    """
    given = adapter or Watched(slack)
    async with program.running(url, slack, given, at, **more) as bot:
        if adapter is None:
            await connected(given)
        yield bot
