"""What Slack tells about people: name, time zone, language. Suggestions for a first meeting, never more."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass

from bot.adapters.slack.calls import Calls, Failed

MOST = 10_000
KEPT_SECONDS = 3600.0
PATIENCE = 1.0
"""Seconds to wait for a profile: an event has three for all it needs."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is suggested; empty where Slack did not say."""

    name: str = ""
    zone: str | None = None
    locale: str | None = None


UNKNOWN = Profile()


class People:
    """Profiles by (team, user), kept for an hour."""

    def __init__(self, calls: Calls) -> None:
        """Nobody is known yet."""
        self._calls = calls
        self._known: OrderedDict[tuple[str, str], tuple[float, Profile]] = OrderedDict()
        self._asked: dict[tuple[str, str], asyncio.Task[Profile]] = {}

    def forget(self, team: str, user: str) -> None:
        """Ask anew next time."""
        self._known.pop((team, user), None)

    def known(self, team: str, user: str) -> Profile:
        """Give what is known by now, without asking."""
        return self._known.get((team, user), (0.0, UNKNOWN))[1]

    async def profile(self, team: str, user: str) -> Profile:
        """Give a profile; where Slack is slow, the one that was known, or none."""
        key = (team, user)
        until, known = self._known.get(key, (0.0, UNKNOWN))
        if until > asyncio.get_running_loop().time():
            return known
        # Whoever asks meanwhile waits for the same answer: what one person does keeps its order.
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.create_task(self._ask(key))
            asked.add_done_callback(lambda _: self._asked.pop(key, None))
        done, _ = await asyncio.wait({asked}, timeout=PATIENCE)
        return asked.result() if done else known

    async def _ask(self, key: tuple[str, str]) -> Profile:
        team, user = key
        told = await self._calls.reply(team, "users.info", user=user, include_locale=True)
        if isinstance(told, Failed):
            return UNKNOWN
        profile = _read(told.get("user"))
        self._known[key] = (asyncio.get_running_loop().time() + KEPT_SECONDS, profile)
        self._known.move_to_end(key)
        while len(self._known) > MOST:
            self._known.popitem(last=False)
        return profile


def _read(user: object) -> Profile:
    if not isinstance(user, dict):
        return UNKNOWN
    shown = user.get("profile")
    names = shown if isinstance(shown, dict) else {}
    name = names.get("display_name") or names.get("real_name") or user.get("real_name") or user.get("name")
    return Profile(str(name or ""), _text(user.get("tz")), _text(user.get("locale")))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
