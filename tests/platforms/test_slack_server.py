"""The local Slack against the real SDK: its Web API, its faults, its files."""

import asyncio
import json
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.platforms.kit import Hang, Refuse429, Reset, Status
from tests.platforms.slack_app import ACTIONS, client, refused, slack
from tests.platforms.slack_server import SlackServer

__all__ = ["slack"]


async def test_tokens_scopes_and_people_are_told_as_slack_tells_them(slack: SlackServer) -> None:
    web = client(slack)
    who = await web.auth_test()
    assert (who["team_id"], who["user_id"]) == ("T1", "UBOTT1")
    assert "chat:write" in who.headers["x-oauth-scopes"]
    ana = (await web.users_info(user="U1", include_locale=True))["user"]
    assert (ana["real_name"], ana["tz"], ana["locale"]) == ("Ana Ruiz", "Europe/Madrid", "es-ES")
    assert await refused(web.users_info(user="U9")) == "user_not_found"
    assert await refused(client(slack, "xoxb-nobody").auth_test()) == "invalid_auth"
    assert await refused(web.apps_connections_open(app_token="xoxb-T1-test")) == "not_allowed_token_type"
    slack.teams["T1"].scopes = "chat:write"
    assert await refused(web.users_info(user="U1")) == "missing_scope"
    slack.teams["T1"].state = "revoked"
    assert await refused(web.auth_test()) == "token_revoked"
    assert not slack.violations


async def test_messages_are_posted_changed_and_refused(slack: SlackServer) -> None:
    web, ana = client(slack), slack.person("T1", "U1")
    sent = await web.chat_postMessage(channel="U1", text="Hello &lt;!channel&gt;", blocks=[ACTIONS])
    assert sent["channel"] == ana.dm.id == (await web.conversations_open(users="U1"))["channel"]["id"]
    await web.chat_update(channel=sent["channel"], ts=sent["ts"], text="Done", blocks=[])
    [message] = ana.messages
    assert (message.shown, message.buttons, len(message.versions)) == ("Done", [], 1)
    room = await web.conversations_open(users="U2,U1")
    assert room["channel"]["id"] == (await web.conversations_open(users="U1,U2"))["channel"]["id"]
    await ana.say("mine")
    assert (
        await refused(web.chat_update(channel=ana.dm.id, ts=ana.said[0].ts, text="x"))
        == "cant_update_message"
    )
    assert await refused(web.chat_update(channel=ana.dm.id, ts="1.0", text="x")) == "message_not_found"
    assert await refused(web.chat_postMessage(channel="U9", text="x")) == "channel_not_found"
    ana.dm.archived = True
    assert await refused(web.chat_postMessage(channel="U1", text="x")) == "is_archived"
    assert not slack.violations
    assert not slack.fired


async def test_what_slack_would_not_forgive_is_noted(slack: SlackServer) -> None:
    web = client(slack)
    assert await refused(web.api_call("chat.postMessage", json={"channel": "U1", "text": ""})) == "no_text"
    assert (
        await refused(web.chat_postMessage(channel="U1", text="x", blocks=[ACTIONS, ACTIONS]))
        == "invalid_blocks"
    )
    assert await refused(web.api_call("chat.whisper", json={"text": "x"})) == "unknown_method"
    await web.chat_postMessage(channel="U1", text="<!here> <@U2> <https://evil.example|bank>", colour="red")
    assert [violation.split(":")[0] for violation in slack.violations] == [
        "chat.postMessage",
        "chat.postMessage",
        "chat.whisper",
        "chat.postMessage",
    ]
    assert [fired.kind for fired in slack.fired] == ["broadcast", "user", "link"]


async def test_faults_strike_before_and_after_what_was_asked(slack: SlackServer) -> None:
    web, ana = client(slack), slack.person("T1", "U1")
    hang = Hang()
    slack.fault("chat.postMessage", Refuse429(7))
    slack.fault("chat.postMessage", Status(503))
    slack.fault("chat.postMessage", Status(500, before=False))
    slack.fault("chat.postMessage", Reset())
    slack.fault("chat.postMessage", Reset(before=False))
    slack.fault("chat.postMessage", hang)

    def post() -> Awaitable[Any]:
        return web.chat_postMessage(channel="U1", text=f"{len(slack.calls)}")

    with pytest.raises(SlackApiError) as limited:
        await post()
    assert limited.value.response.headers["Retry-After"] == "7"
    for _ in range(2):
        with pytest.raises(SlackApiError):
            await post()
    for _ in range(2):
        with pytest.raises(aiohttp.ClientError):
            await post()
    waiting = asyncio.ensure_future(post())
    call = await slack.called("chat.postMessage", 6)
    assert not call.done
    hang.until.set()
    assert (await waiting)["ok"]
    assert [message.text for message in ana.messages] == ["2", "4", "5"]
    assert [call.status for call in slack.calls] == [429, 503, 500, 0, 0, 200]


async def test_one_message_a_second_in_a_channel_where_it_is_strict(slack: SlackServer) -> None:
    web = client(slack)
    slack.strict_burst = 2
    for channel in ("U1", "U1", "U2", "U2"):
        await web.chat_postMessage(channel=channel, text="x")
    assert await refused(web.chat_postMessage(channel="U1", text="x")) == "ratelimited"


async def test_files_go_both_ways(slack: SlackServer) -> None:
    web, ana = client(slack), slack.person("T1", "U1")
    await web.files_upload_v2(
        content=b"BEGIN:VCALENDAR", filename="s.ics", title="Session", channel=ana.dm.id
    )
    [file] = ana.messages[-1].files
    assert (file.data, file.mime, file.title) == (b"BEGIN:VCALENDAR", "text/calendar", "Session")
    url = (await web.files_info(file=file.id))["file"]["url_private_download"]
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Authorization": "Bearer xoxb-T1-test"}) as answer:
            assert await answer.read() == b"BEGIN:VCALENDAR"
        async with session.get(url) as answer:
            assert answer.content_type == "text/html"
    assert not slack.violations


async def test_a_storm_is_the_same_for_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIRE_LOG", raising=False)

    async def weather(seed: int) -> list[int | None]:
        async with SlackServer(seed) as slack:
            slack.team("T1").person("U1")
            slack.storm("chat.postMessage", ((0.3, Refuse429(1)), (0.2, Status(500)), (0.1, Reset())))
            for _ in range(40):
                try:
                    await client(slack).chat_postMessage(channel="U1", text="x")
                except (SlackApiError, aiohttp.ClientError):
                    continue
            return [call.status for call in slack.calls]

    first = await weather(3)
    assert first == await weather(3) != await weather(4)
    assert set(first) == {200, 429, 500, 0}


async def test_every_request_is_a_line_of_the_wire_log(
    slack: SlackServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRE_LOG", str(tmp_path / "wire"))
    await client(slack).chat_postMessage(channel="U1", text="é", blocks=[ACTIONS])
    await client(slack).users_info(user="U1")
    lines = [json.loads(line) for line in (tmp_path / "wire").read_text().splitlines()]
    assert lines == [
        {
            "platform": "slack",
            "method": "chat.postMessage",
            "body": {"channel": "U1", "text": "é", "blocks": [ACTIONS]},
        },
        {"platform": "slack", "method": "users.info", "body": {"user": "U1"}},
    ]
