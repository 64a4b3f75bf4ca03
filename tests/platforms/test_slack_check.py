"""What `check` says of Slack: asked of a small server on this machine, told in words, with no secret in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from aiohttp import web

from bot.adapters.slack.check import check
from bot.adapters.slack.manifest import SCOPES
from bot.ports import Finding

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
BOT, OTHER_BOT = "xoxb-1-2-verysecret", "xoxb-3-4-verysecret"
APP = "xapp-1-A1-5-verysecret"
SECRET = "0123456789abcdef0123456789abcdef"
REAL = f"Bearer {BOT}"


class Slack:
    """Two methods of the Web API, as they answer."""

    def __init__(self) -> None:
        self.scopes: str | None = ",".join(SCOPES)
        self.auth: dict[str, Any] = {
            "ok": True,
            "url": "https://acme.slack.com/",
            "team": "Acme",
            "user": "mentoring",
            "team_id": "T1",
            "user_id": "U0BOT",
            "bot_id": "B1",
            "is_enterprise_install": False,
        }
        self.open: dict[str, Any] = {"ok": True, "url": "wss://wss-primary.slack.com/link/?ticket=verysecret"}
        self.status = 200
        self.html = False
        self.now = NOW
        self.calls: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        method = request.path.removeprefix("/api/")
        self.calls.append(f"{method} {request.headers.get('Authorization', '')}")
        headers = {"Date": format_datetime(self.now, usegmt=True)}
        if method == "auth.test" and self.scopes is not None:
            headers["x-oauth-scopes"] = self.scopes
        if self.html:
            return web.Response(status=self.status, text="<h1>verysecret</h1>", headers=headers)
        body = self.auth if method == "auth.test" else self.open
        if method == "auth.test" and request.headers["Authorization"] != REAL:
            body = {**body, "team": "Umbrella", "team_id": "T2"}
        return web.json_response(body, status=self.status, headers=headers)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/api/{method}", self.answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        finally:
            await runner.cleanup()


async def findings(
    slack: Slack,
    bot_tokens: tuple[str, ...] = (BOT,),
    app_token: str | None = APP,
    signing_secret: str | None = None,
    mode: str = "socket",
) -> dict[str, Finding]:
    async with slack.running() as url:
        found = await check(bot_tokens, app_token, signing_secret, mode, url, NOW)
    for finding in found:
        assert "verysecret" not in f"{finding}"
        assert SECRET not in f"{finding}"
        assert (finding.state == "ok") == (finding.remedy == "")
        assert finding.seen
    assert len({finding.name for finding in found}) == len(found)
    return {finding.name: finding for finding in found}


async def test_a_good_configuration_has_nothing_to_mend() -> None:
    slack = Slack()
    found = await findings(slack)
    assert {name: finding.state for name, finding in found.items()} == {
        "slack token 1": "ok",
        "slack scopes, Acme": "ok",
        "slack socket": "ok",
        "slack clock": "ok",
    }
    assert found["slack token 1"].seen == "it is mentoring in the workspace Acme"
    assert slack.calls == [f"auth.test {REAL}", f"apps.connections.open Bearer {APP}"]


async def test_http_needs_the_signing_secret_and_no_socket() -> None:
    slack = Slack()
    found = await findings(slack, app_token=None, signing_secret=SECRET, mode="http")
    assert found["slack signing secret"].state == "ok"
    assert "slack socket" not in found
    assert slack.calls == [f"auth.test {REAL}"]
    found = await findings(slack, app_token=None, mode="http")
    assert found["slack signing secret"] == Finding(
        "slack signing secret",
        "fault",
        "slack.signing_secret is missing, and slack.mode is http",
        "Copy the Signing Secret under Basic Information → App Credentials to slack.signing_secret.",
    )
    found = await findings(slack, signing_secret=BOT, mode="http")
    assert found["slack signing secret"].state == "fault"
    found = await findings(slack, signing_secret="verysecret" * 3, mode="http")
    assert found["slack signing secret"].state == "warning"


async def test_a_missing_scope_is_named_with_what_it_is_for() -> None:
    slack = Slack()
    slack.scopes = "chat:write, commands,im:history,im:write,users:read,team:read"
    missing = (await findings(slack))["slack scopes, Acme"]
    assert missing.state == "fault"
    assert missing.seen == (
        "missing: files:read (files that people send, in a room or in a form), files:write (calendar files), "
        "mpim:write (opening a group conversation for a new pair)"
    )
    assert "Add an OAuth Scope" in missing.remedy
    slack.scopes = None
    assert (await findings(slack))["slack scopes, Acme"].state == "warning"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("invalid_auth", "Slack does not know it"),
        ("account_inactive", "the app was removed from its workspace"),
        ("token_revoked", "it was revoked"),
        ("something_new", "Slack answers something_new"),
    ],
)
async def test_a_refused_token_is_told_in_words(error: str, words: str) -> None:
    slack = Slack()
    slack.auth = {"ok": False, "error": error}
    found = await findings(slack)
    assert found["slack token 1"].state == "fault"
    assert words in found["slack token 1"].seen
    assert "xoxb-…" in found["slack token 1"].remedy
    assert found["slack socket"].state == "ok"


@pytest.mark.parametrize(
    "error", ["missing_scope", "invalid_auth", "not_allowed_token_type", "forbidden_team"]
)
async def test_a_socket_that_slack_does_not_open_is_a_fault(error: str) -> None:
    slack = Slack()
    slack.open = {
        "ok": False,
        "error": error,
        "needed": "connections:write",
        "provided": "authorizations:read",
    }
    socket = (await findings(slack))["slack socket"]
    assert socket.state == "fault"
    assert f"({error})" in socket.seen
    assert "connections:write" in socket.remedy


async def test_a_token_in_the_wrong_place_is_told_before_any_call() -> None:
    slack = Slack()
    found = await findings(slack, bot_tokens=(APP, "xoxp-1-verysecret", "verysecret"), app_token=BOT)
    assert slack.calls == []
    assert {finding.state for finding in found.values()} == {"fault"}
    assert found["slack token 1"].seen.endswith("an app-level token, which belongs in slack.app_token")
    assert found["slack token 2"].seen.endswith("a user's token, and not the bot's")
    assert found["slack token 3"].seen.endswith("no bot token")
    assert found["slack socket"].seen == "slack.app_token is a bot token, which belongs in slack.bot_tokens"


async def test_missing_tokens_are_faults() -> None:
    found = await findings(Slack(), bot_tokens=(), app_token=None)
    assert found["slack tokens"].seen == "slack.bot_tokens is empty"
    assert found["slack socket"].seen == "slack.app_token is missing, and slack.mode is socket"


async def test_every_workspace_is_looked_at_once() -> None:
    slack = Slack()
    found = await findings(slack, bot_tokens=(BOT, OTHER_BOT, BOT))
    assert found["slack token 2"].seen == "it is mentoring in the workspace Umbrella"
    assert "slack scopes, Umbrella" in found
    assert found["slack token 3"].seen == "numbers 1 and 3 of slack.bot_tokens are both of the workspace Acme"


async def test_tokens_of_two_apps_are_told() -> None:
    slack = Slack()
    slack.auth["app_id"] = "A1"
    assert (await findings(slack))["slack socket"].state == "ok"
    slack.auth["app_id"] = "A2"
    socket = (await findings(slack))["slack socket"]
    assert socket.state == "fault"
    assert socket.seen == "slack.app_token is of another app than the token of Acme"


@pytest.mark.parametrize(
    ("off", "mode", "state"),
    [
        (timedelta(seconds=20), "socket", "ok"),
        (timedelta(seconds=-20), "http", "ok"),
        (timedelta(seconds=60), "http", "warning"),
        (timedelta(minutes=-10), "socket", "warning"),
        (timedelta(minutes=10), "http", "fault"),
        (timedelta(minutes=-10), "http", "fault"),
    ],
)
async def test_the_clock_is_compared_with_slacks(off: timedelta, mode: str, state: str) -> None:
    slack = Slack()
    slack.now = NOW - off
    clock = (await findings(slack, signing_secret=SECRET, mode=mode))["slack clock"]
    assert clock.state == state
    if state != "ok":
        assert ("ahead of" if off > timedelta() else "behind") in clock.seen


@pytest.mark.parametrize(("status", "html"), [(200, True), (407, True), (500, True), (503, False)])
async def test_what_is_not_slack_is_no_bad_token(status: int, *, html: bool) -> None:
    slack = Slack()
    slack.status, slack.html = status, html
    found = await findings(slack)
    for name in ("slack token 1", "slack socket"):
        assert found[name].state == "fault"
        assert "did not answer" in found[name].seen
        assert "slack.api_url" in found[name].remedy


async def test_a_server_that_repeats_a_secret_is_not_quoted() -> None:
    slack = Slack()
    slack.auth = {"ok": False, "error": f"bad token {BOT}"}
    slack.open = {"ok": False, "error": APP}
    found = await findings(slack)
    assert found["slack token 1"].state == found["slack socket"].state == "fault"


async def test_nobody_there_is_told_with_the_host() -> None:
    async with Slack().running() as url:
        pass
    found = await check((BOT,), APP, None, "socket", url, NOW)
    assert [finding.state for finding in found] == ["fault", "fault"]
    assert all("127.0.0.1" in finding.remedy for finding in found)


async def test_a_workspace_cannot_write_on_the_hosts_screen() -> None:
    slack = Slack()
    slack.auth["team"] = "Acme\x1b[2J\n" * 50
    found = await findings(slack)
    assert all(finding.seen.isprintable() and len(finding.seen) < 200 for finding in found.values())
