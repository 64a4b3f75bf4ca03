"""Whether Slack would work with these settings: asked of Slack, told in words, with the remedy and without a secret."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.adapters.clocks import compared, sent_at
from bot.adapters.slack.manifest import SCOPES
from bot.ports import Finding
from bot.richtext import name as harmless

PATIENCE = 10
"""Seconds for one call."""
WRONG = timedelta(minutes=5)
"""How far the clock may be off: Slack's signatures are good for no longer."""

_CODE = re.compile(r"[a-z_]{1,60}")
_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")

INSTALL = (
    "Under Install App, install the app again and copy the Bot User OAuth Token (xoxb-…) to slack.bot_tokens."
)
OPEN_SOCKET = (
    "Under Basic Information → App-Level Tokens, make a token with the scope connections:write and copy it (xapp-…) "
    "to slack.app_token."
)
WRONG_KIND = {
    "xapp-": "an app-level token, which belongs in slack.app_token",
    "xoxp-": "a user's token, and not the bot's",
    "xoxe": "a token that is renewed by rotation, which must be off",
    "xoxa-": "a token of an old kind",
}
SAID: Mapping[str, str] = {
    "invalid_auth": "Slack does not know it",
    "not_authed": "Slack does not know it",
    "account_inactive": "the app was removed from its workspace",
    "token_revoked": "it was revoked",
    "token_expired": "it has expired",
    "not_allowed_token_type": "it is of the wrong kind",
    "missing_scope": "it lacks the scope connections:write",
    "org_login_required": "the workspace is being moved to an organisation",
    "team_access_not_granted": "the app may not be used in this workspace",
    "forbidden_team": "the app may not be used in this workspace",
    "ratelimited": "Slack asks to wait",
}
"""What Slack's words mean."""


@dataclass(frozen=True, slots=True)
class Told:
    """What Slack answered: data and headers, or why it did not."""

    data: Mapping[str, object]
    headers: Mapping[str, str]
    why: str = ""
    reached: bool = True


async def check(
    bot_tokens: Sequence[str],
    app_token: str | None,
    signing_secret: str | None,
    mode: str,
    api_url: str,
    now: datetime,
) -> Sequence[Finding]:
    """Look at the tokens, their scopes, the connection and the clock; `now` is aware, and the moment of this call.

    Nothing is sent to anybody, and nothing is received: a socket is asked for but not opened.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    findings: list[Finding] = []
    apps: dict[str, str] = {}
    times: list[timedelta] = []

    def note_time(told: Told) -> None:
        sent = sent_at(told.headers.get("Date", ""))
        if sent is not None:
            times.append(now + timedelta(seconds=loop.time() - begun) - sent)

    if not bot_tokens:
        findings.append(Finding("slack tokens", "fault", "slack.bot_tokens is empty", INSTALL))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
        teams: dict[str, int] = {}
        for number, token in enumerate(bot_tokens, 1):
            findings += await _bot(number, token, _client(api_url, session), teams, apps, note_time)
        if mode == "socket":
            findings.append(await _socket(app_token or "", apps, _client(api_url, session), note_time))
        else:
            findings.append(_secret(signing_secret or ""))
    if times:
        findings.append(_clock(min(times, key=abs), mode))
    return findings


async def _bot(
    number: int,
    token: str,
    client: AsyncWebClient,
    teams: dict[str, int],
    apps: dict[str, str],
    note_time: Callable[[Told], None],
) -> list[Finding]:
    name = f"slack token {number}"
    if not token.startswith("xoxb-"):
        kind = next((what for prefix, what in WRONG_KIND.items() if token.startswith(prefix)), "no bot token")
        return [Finding(name, "fault", f"number {number} of slack.bot_tokens is {kind}", INSTALL)]
    told = await _ask(client, "auth.test", token)
    note_time(told)
    if told.why:
        remedy = INSTALL if told.reached else _unreachable(client.base_url)
        return [Finding(name, "fault", f"number {number} of slack.bot_tokens: {told.why}", remedy)]
    team = str(told.data.get("team_id") or told.data.get("enterprise_id") or "")
    workspace = harmless(str(told.data.get("team") or team))
    if team in teams:
        seen = f"numbers {teams[team]} and {number} of slack.bot_tokens are both of the workspace {workspace}"
        return [Finding(name, "fault", seen, "Leave one of them out.")]
    teams[team] = number
    if isinstance(app := told.data.get("app_id"), str):
        apps[app] = workspace
    who = harmless(str(told.data.get("user") or "the bot"))
    return [
        Finding(name, "ok", f"it is {who} in the workspace {workspace}"),
        _scopes(workspace, told.headers.get("x-oauth-scopes")),
    ]


def _scopes(workspace: str, header: str | None) -> Finding:
    name = f"slack scopes, {workspace}"
    if header is None:
        remedy = "Compare them with docs/slack.md under OAuth & Permissions."
        return Finding(name, "warning", "Slack did not say which scopes the token has", remedy)
    missing = SCOPES.keys() - {scope.strip() for scope in header.split(",")}
    if not missing:
        return Finding(name, "ok", f"all {len(SCOPES)} are there")
    listed = ", ".join(f"{scope} ({what})" for scope, what in SCOPES.items() if scope in missing)
    remedy = (
        "Under OAuth & Permissions → Scopes → Bot Token Scopes, press Add an OAuth Scope for each of them; then, under "
        "Install App, install the app again and copy its token."
    )
    return Finding(name, "fault", f"missing: {listed}", remedy)


async def _socket(
    token: str, apps: Mapping[str, str], client: AsyncWebClient, note_time: Callable[[Told], None]
) -> Finding:
    name = "slack socket"
    if not token:
        return Finding(name, "fault", "slack.app_token is missing, and slack.mode is socket", OPEN_SOCKET)
    if not token.startswith("xapp-"):
        kind = (
            "a bot token, which belongs in slack.bot_tokens" if token.startswith("xoxb-") else "no app token"
        )
        return Finding(name, "fault", f"slack.app_token is {kind}", OPEN_SOCKET)
    told = await _ask(client, "apps.connections.open", token)
    note_time(told)
    if told.why:
        remedy = f"{OPEN_SOCKET} Switch Socket Mode on, under Socket Mode."
        if not told.reached:
            remedy = _unreachable(client.base_url)
        return Finding(name, "fault", f"Slack opens no socket for slack.app_token: {told.why}", remedy)
    # The second part of an app's token is the id of the app.
    app = (*token.split("-"), "", "")[2]
    others = [workspace for known, workspace in apps.items() if known != app]
    if others:
        seen = f"slack.app_token is of another app than the token of {', '.join(others)}"
        return Finding(
            name, "fault", seen, "Take all tokens from the same app: nothing would come from the others."
        )
    return Finding(name, "ok", "Slack opens one")


def _secret(secret: str) -> Finding:
    name = "slack signing secret"
    remedy = "Copy the Signing Secret under Basic Information → App Credentials to slack.signing_secret."
    if not secret:
        return Finding(name, "fault", "slack.signing_secret is missing, and slack.mode is http", remedy)
    if secret.startswith(("xox", "xapp-")):
        return Finding(name, "fault", "slack.signing_secret is a token, and not the secret", remedy)
    if not _SIGNING_SECRET.fullmatch(secret):
        return Finding(name, "warning", "slack.signing_secret is not 32 digits from 0 to f", remedy)
    return Finding(name, "ok", "it is there; only a request from Slack can tell whether it is the right one")


def _clock(off: timedelta, mode: str) -> Finding:
    clock = compared("Slack", off)
    if mode == "http" and abs(off) >= WRONG:
        seen = f"{clock.seen}: every request from Slack is refused as too old"
        return replace(clock, state="fault", seen=seen)
    return clock


def _unreachable(api_url: str) -> str:
    host = harmless(urlsplit(api_url).hostname or "")
    return f"See whether this machine reaches https://{host or 'slack.com'}: the network, a proxy, slack.api_url."


# --- Asking -----------------------------------------------------------------------------------------------------


def _client(api_url: str, session: aiohttp.ClientSession) -> AsyncWebClient:
    return AsyncWebClient(base_url=api_url, session=session, timeout=PATIENCE, retry_handlers=[])


async def _ask(client: AsyncWebClient, method: str, token: str) -> Told:
    """Make one call; never raises for what a network or a server can do."""
    try:
        if method == "auth.test":
            answer = await client.auth_test(token=token)
        else:
            answer = await client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        return _refused(error)
    except (aiohttp.ClientError, OSError, ValueError, AttributeError) as error:
        # The SDK fails with the last one on an answer that is no object: a page of a proxy.
        return Told({}, {}, f"Slack did not answer ({type(error).__name__})", reached=False)
    return Told(_data(answer), answer.headers)


def _refused(error: SlackApiError) -> Told:
    answer = error.response
    headers = getattr(answer, "headers", None) or {}
    status = getattr(answer, "status_code", 0) or 0
    code = str(_data(answer).get("error") or "")
    if status >= 500 or not _CODE.fullmatch(code):
        return Told({}, headers, f"Slack did not answer as it should (status {status})", reached=False)
    said = SAID.get(code)
    return Told({}, headers, f"{said} ({code})" if said else f"Slack answers {code}")


def _data(answer: AsyncSlackResponse | object) -> Mapping[str, object]:
    data = getattr(answer, "data", None)
    return data if isinstance(data, Mapping) else {}
