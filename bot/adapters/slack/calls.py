"""Calls of Slack's Web API, and what became of them.

The SDK's own retries are off: a send that is tried again by somebody who does not know how the first one went
makes copies. `call` tells apart what was refused for certain, what may have arrived, and what has to wait.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.pacing import FREE, Course, Pacing, Rate
from bot.ports import Delivery, Gone, Later, Refused, Unknown

log = logging.getLogger(__name__)

Body = Mapping[str, Any]

CALL_SECONDS = 15
CONNECT_SECONDS = 5
DEFAULT_WAIT = 30.0
DIRECT_MESSAGES = ("D", "U", "W")

GONE = {"user_not_found", "users_not_found", "user_disabled", "user_not_visible", "cannot_dm_bot"}
"""The person is not there any more; of a channel this is said of the channel."""
NO_CHANNEL = {"channel_not_found", "is_archived", "not_in_channel", "restricted_action"}
TOKEN = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
}
REMEDY = "Install the app again and copy the Bot User OAuth Token (xoxb-…) into slack.bot_tokens."
DOUBTFUL = {"internal_error", "fatal_error", "request_timeout", "service_unavailable"}
WAITS = {"ratelimited", "rate_limited"}


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that has the app, with the client that carries its token."""

    team: str
    name: str
    bot: str
    """The bot's user id."""
    bot_id: str
    enterprise: str
    client: AsyncWebClient


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that did not work: Slack's word for it, and what that means for what was to be delivered."""

    error: str
    means: Delivery


def client(token: str, api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Make a client that tries once."""
    return AsyncWebClient(
        token=token, base_url=api_url, session=session, timeout=CALL_SECONDS, retry_handlers=[], logger=log
    )


def session() -> aiohttp.ClientSession:
    """Open the connections that all calls share; to be closed by whoever opened them."""
    limits = aiohttp.ClientTimeout(total=CALL_SECONDS, connect=CONNECT_SECONDS, sock_connect=CONNECT_SECONDS)
    # A connection that was idle for long may be dead, and a send on a dead one is a send in doubt.
    return aiohttp.ClientSession(
        timeout=limits, connector=aiohttp.TCPConnector(limit=100, keepalive_timeout=10)
    )


async def call(client_of: AsyncWebClient, method: str, arguments: Body) -> Body | Failed:
    """Make one call; never raises for what a network or a server can do."""
    try:
        # The SDK's own method knows how each argument travels: reading methods take no JSON.
        answer = await getattr(client_of, method.replace(".", "_"))(**arguments)
    except SlackApiError as error:
        return _refused(error, str(arguments.get("channel", "")))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        return Failed("unreachable", Refused("Slack cannot be reached", again=True))
    except (aiohttp.ClientError, TimeoutError, ConnectionError, AttributeError) as error:
        # The SDK expects an object, and fails with an AttributeError on the page of a proxy in between.
        return Failed("interrupted", Unknown(f"{method}: {type(error).__name__}"))
    return answer.data if isinstance(answer.data, dict) else {}


def _refused(error: SlackApiError, channel: str) -> Failed:
    response = error.response
    # Where the body was not what it should be, the SDK hands out the transport's response.
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    code = str(data.get("error") or "") if isinstance(data, dict) else ""
    if status == 429 or code in WAITS:
        return Failed("ratelimited", Later(_seconds(getattr(response, "headers", {}))))
    if status >= 500 or code in DOUBTFUL or not code:
        return Failed(code or str(status), Unknown(code or f"Slack answered {status}"))
    if code in GONE or (code in NO_CHANNEL and channel.startswith(DIRECT_MESSAGES)):
        return Failed(code, Gone(code))
    return Failed(code, Refused(code, again=code in TOKEN or code == "messages_tab_disabled"))


def _seconds(headers: Any) -> float:  # noqa: ANN401  the SDK's or the transport's
    try:
        return max(1.0, float(headers.get("Retry-After", DEFAULT_WAIT)))
    except (TypeError, ValueError):
        return DEFAULT_WAIT


class Calls:
    """The workspaces, and calls to them in the pace that Slack wants."""

    def __init__(self, pacing: Pacing) -> None:
        """Begin with no workspace: signing in adds them."""
        self.workspaces: dict[str, Workspace] = {}
        self.session: aiohttp.ClientSession | None = None
        self._pacing = pacing
        self._told: set[str] = set()

    async def reply(self, team: str, method: str, **arguments: Any) -> Body | Failed:  # noqa: ANN401  as the method takes them
        """Make a call that somebody waits for; while Slack asks to wait, wait."""
        bucket = _bucket(team, method, arguments)
        while True:
            workspace = self.workspaces.get(team)
            if workspace is None:
                return Failed("unknown team", Refused("this workspace is not configured", again=True))
            if not await self._pacing.ready(bucket):
                return Failed("ratelimited", Later(DEFAULT_WAIT))
            answer = self._look(team, await call(workspace.client, method, arguments))
            if not isinstance(answer, Failed):
                return answer
            log.warning("%s in %s: %s", method, team, answer.error)
            if not isinstance(answer.means, Later):
                return answer
            self._pacing.blocked(bucket, answer.means.seconds)

    def ahead(self, chat: str, *, urgent: bool) -> float:
        """Give the seconds until a message could be pushed to `T1/C1`, where they are many."""
        return self._pacing.ahead(chat, urgent=urgent)

    async def push(self, team: str, method: str, *, urgent: bool = False, **arguments: Any) -> Body | Failed:  # noqa: ANN401  the same
        """Make a call for a message that is delivered again where this one says so; `urgent` goes before others."""
        bucket = _bucket(team, method, arguments)
        workspace = self.workspaces.get(team)
        if workspace is None:
            return Failed("unknown team", Refused("this workspace is not configured", again=True))
        wait = await self._pacing.turn(bucket, urgent=urgent)
        if wait:
            return Failed("paced", Later(wait))
        answer = self._look(team, await call(workspace.client, method, arguments))
        if isinstance(answer, Failed) and isinstance(answer.means, Later):
            self._pacing.blocked(bucket, answer.means.seconds)
        return answer

    def _look(self, team: str, answer: Body | Failed) -> Body | Failed:
        """Say once in words that a token is not taken any more."""
        if not isinstance(answer, Failed):
            self._told.discard(team)
        elif answer.error in TOKEN and team not in self._told:
            self._told.add(team)
            log.error(
                "Slack does not take the token of the workspace %s any more (%s). %s",
                team,
                answer.error,
                REMEDY,
            )
        return answer


def course(bucket: str) -> Course:
    """Say how fast a bucket may be: messages by channel and workspace, calls by the tier of their method."""
    _, colon, method = bucket.partition(":")
    if not colon:
        return Course(Rate(1, 1, 3), bucket.partition("/")[0], Rate(300, 60, 60))
    tier_4 = method.startswith(("views.", "users.", "files."))
    return Course(FREE, bucket, Rate(100, 60, 50) if tier_4 else Rate(50, 60, 25))


def _bucket(team: str, method: str, arguments: Body) -> str:
    """Name what Slack counts together: messages a channel, everything else a method and workspace."""
    return f"{team}/{arguments['channel']}" if method.startswith("chat.") else f"{team}:{method}"
