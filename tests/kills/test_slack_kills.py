"""The service on Slack, in a process of its own, killed and stopped while people sign up, ask, accept and talk.

Slack delivers again what is written and not acknowledged; what the service was sending comes once more.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from core.store.types import new_key
from tests.kills import crowd, seed
from tests.kills.crowd import chances
from tests.kills.process import Service
from tests.kills.slack_people import Member, Presence
from tests.kills.trials import KILLS, SENDING, STOPS, kill_and_check, kill_while_sending, stop_and_check
from tests.platforms.slack_program import at
from tests.platforms.slack_server import SlackServer

TEAMS = ("T1", "T2", "T3", "T4")
"""Workspaces: a pair is of two of them."""
PAIR = ("T1/UANN", "T2/UBEN")
SEND = "chat.postMessage"


@asynccontextmanager
async def on_slack(folder: Path, *pairs: tuple[str, str]) -> AsyncIterator[Presence]:
    """Make a Slack with some workspaces, and a service for them, with these pairs, that has not begun."""
    async with SlackServer(seed=1) as slack:
        tokens = ",".join(slack.team(team).bot_token for team in TEAMS)
        secrets = {"MENTORBOT_SLACK__BOT_TOKENS": tokens, "MENTORBOT_SLACK__APP_TOKEN": slack.app_token}
        where = f"slack.api_url={slack.api_url}"
        async with Service(folder, where, key=(key := new_key()), environment=secrets) as service:
            await seed.pairs(service.url, key, pairs, where=at)
            yield Presence(slack, service)
        assert not slack.violations, slack.violations


class Crowd(crowd.Crowd[Presence, Member]):
    """Pairs, each of two workspaces."""

    def newcomer(self, role: str, number: int) -> Member:
        """Let somebody come to a workspace, their partner to the next."""
        team, name = TEAMS[(number + (role == "mentor")) % len(TEAMS)], f"{role}-{number:04}"
        return self._member(f"{team}/U{name.upper()}", name)

    def veteran(self, who: str) -> Member:
        """Find somebody by their address."""
        return self._member(who, who)

    def _member(self, who: str, name: str) -> Member:
        team, _, user = who.partition("/")
        person = self.there.slack.team(team).person(user, name=name)
        return Member(person, self.there, self.ledger, Random(self.rng.random()))


@KILLS
async def test_on_slack_nothing_is_lost_or_done_twice_however_often_the_process_is_killed(
    folder: Path, kills: int
) -> None:
    with chances() as rng:
        async with asyncio.timeout(90 + 6 * kills), on_slack(folder) as there:
            await kill_and_check(Crowd(there, rng), kills)


@STOPS
async def test_on_slack_a_stop_under_load_takes_seconds_and_makes_no_copies(folder: Path, stops: int) -> None:
    pairs = [(f"T1/ULEARNER-{number}", f"T2/UTEACHER-{number}") for number in range(12)]
    async with asyncio.timeout(60 + 8 * stops), on_slack(folder, *pairs) as there:
        letters = [*pairs, *(pair[::-1] for pair in pairs)]
        await stop_and_check(Crowd(there, Random(stops)), letters, stops)


@SENDING
async def test_what_was_being_sent_at_a_kill_comes_once_more_and_no_oftener(
    folder: Path, before: bool, copies: int
) -> None:
    async with on_slack(folder, PAIR) as there:
        await kill_while_sending(Crowd(there, Random(0)), PAIR, SEND, before, copies)
