"""Requests that Slack signs: what is Slack's is taken, and nothing else leaves a trace."""

import asyncio
import io
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing

import aiohttp

from tests.platforms.program import everything, rows
from tests.platforms.slack_program import Running, Watched, pairs, running
from tests.platforms.slack_server import Event, SlackServer

LARGEST = 2 * 1024 * 1024


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def served(url: str) -> AsyncIterator[tuple[SlackServer, Running]]:
    """Run the program on HTTP for Ann and Ben, who are a pair, and for Zoe, whom nobody knows."""
    async with SlackServer(seed=1) as slack:
        await pairs(slack, url, ("UANN", "UBEN"))
        slack.team("T1").person("UZOE", name="Zoe")
        listen = f"127.0.0.1:{free_port()}"
        slack.request_url = f"http://{listen}/slack/events"
        adapter = Watched(slack, mode="http")
        async with running(slack, url, adapter, slack__mode="http", http__listen=listen) as bot:
            await bot.said("the web server listens")
            await asyncio.wait_for(adapter.listening.wait(), 10)
            yield slack, bot
        assert not slack.violations


def zoes(slack: SlackServer, text: str = "help") -> tuple[str, str]:
    """Write a command of Zoe's; gives the body and its content type."""
    zoe = slack.person("T1", "UZOE")
    url = slack.hook("T1", zoe.id, zoe.dm.id)
    payload = {
        "team_id": "T1", "channel_id": zoe.dm.id, "user_id": zoe.id, "command": "/mentor", "text": text,
        "response_url": url, "trigger_id": slack.trigger("T1", zoe.id), "is_enterprise_install": "false",
    }  # fmt: skip
    return slack.written(Event("slash_commands", payload, accepts=True))


def forgeries(slack: SlackServer, body: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Give bodies with headers that are not Slack's, by what is wrong with them."""
    good = slack.signed(body)
    stamp, mark = "X-Slack-Request-Timestamp", "X-Slack-Signature"
    now = time.time()
    wrong_times = {
        "not a number": "yesterday",
        "nothing": "",
        "a fraction": str(now),
        "no finite number": "inf",
        "negative": str(-int(now)),
        "digits that are not ASCII": "".join(chr(0x660 + int(digit)) for digit in str(int(now))),
        "a superscript": "²",
        "too large for a float": "9" * 400,
        "too large to be read": "9" * 5000,
        "with a sign": f"+{int(now)}",
        "with an underscore": f"{int(now):_}",
    }
    return {
        "six minutes old": (body, slack.signed(body, int(now) - 360)),
        "six minutes ahead": (body, slack.signed(body, int(now) + 360)),
        "one byte changed": (body.replace("help", "heap"), good),
        "one byte more": (body + " ", good),
        "an empty body": ("", good),
        "an unsigned look at the certificate": (f"{body}&ssl_check=1", {}),
        "signed with another secret": (body, slack.signed(body, secret="another")),
        "the time of another request": (body, good | {stamp: str(int(now) - 1)}),
        "no headers": (body, {}),
        "no signature": (body, {stamp: good[stamp]}),
        "no time stamp": (body, {mark: good[mark]}),
        "an empty signature": (body, good | {mark: ""}),
        "another version": (body, good | {mark: good[mark].replace("v0=", "v1=")}),
        "no version": (body, good | {mark: good[mark].removeprefix("v0=")}),
        "a signature that is not ASCII": (body, good | {mark: "v0=é" + good[mark][4:]}),
        "a signature in capitals": (body, good | {mark: good[mark].upper()}),
        **{
            f"a time stamp that is {name}": (body, slack.signed(body, at)) for name, at in wrong_times.items()
        },
    }


async def test_what_slack_did_not_sign_is_refused_and_leaves_no_row(sqlite_store_url: str) -> None:
    async with served(sqlite_store_url) as (slack, _):
        body, kind = zoes(slack)
        before = everything(sqlite_store_url)
        for what, (sent, headers) in forgeries(slack, body).items():
            status, _, _ = await slack.send(sent, {"Content-Type": kind, **headers})
            assert status == 401, what
        async with aiohttp.ClientSession() as session:
            raw = b"\xff\xfe" + body.encode()
            assert slack.request_url is not None
            async with session.post(slack.request_url, data=raw, headers=slack.signed(body)) as answer:
                assert answer.status == 401
        assert everything(sqlite_store_url) == before
        assert not slack.calls_of("chat.postMessage")
        # The same body, signed, is good: nothing of what went before stands in its way.
        status, text, _ = await slack.send(body, {"Content-Type": kind, **slack.signed(body)})
        assert (status, "/mentor" in text) == (200, True)
        assert everything(sqlite_store_url) != before


async def test_signed_requests_do_what_events_over_sockets_do(sqlite_store_url: str) -> None:
    async with served(sqlite_store_url) as (slack, _):
        ann, ben, zoe = (slack.person("T1", user) for user in ("UANN", "UBEN", "UZOE"))
        assert (await ann.say("hello")).ok
        await slack.until(lambda: ben.messages)
        assert [message.shown for message in ben.messages] == ["UANN: hello"]
        assert (await zoe.command("/mentor", "signup")).ok
        await slack.until(lambda: zoe.view is not None)
        ack = await zoe.submit({"consent": ["yes"], "name": "Zoe", "role": "mentee"})
        assert ack.payload["response_action"] == "update"
        assert not zoe.errors
        assert not slack.unacknowledged


async def test_a_retry_with_other_headers_is_acknowledged_and_has_no_second_effect(
    sqlite_store_url: str,
) -> None:
    async with served(sqlite_store_url) as (slack, _):
        ann, ben = slack.person("T1", "UANN"), slack.person("T1", "UBEN")
        first = await ann.say("hello")
        again = await slack.redeliver(first.event, times=5, reason="http_timeout")
        assert all(ack.ok for ack in (first, *again))
        await ann.say("the last")
        await slack.until(lambda: len(ben.messages) == 2)
        await slack.until(lambda: len(ann.messages) == 4)
    assert [message.shown for message in ben.messages] == ["UANN: hello", "UANN: the last"]
    assert [message.shown for message in ann.messages if message.bot_id] == ["Passed on to UBEN."] * 2
    assert rows(sqlite_store_url, "SELECT count(*) FROM outbox WHERE kind = 'room'") == [(2,)]


async def test_slack_s_question_whether_the_address_is_ours_is_answered(sqlite_store_url: str) -> None:
    async with served(sqlite_store_url) as (slack, _):
        asked = json.dumps({"type": "url_verification", "token": "x", "challenge": "3eZbrw1aB"})
        headers = {"Content-Type": "application/json"}
        status, text, _ = await slack.send(asked, {**headers, **slack.signed(asked)})
        assert (status, json.loads(text)["challenge"]) == (200, "3eZbrw1aB")
        status, text, _ = await slack.send(asked, headers)
        assert (status, "3eZbrw1aB" in text) == (401, False)


async def test_only_a_post_of_a_bearable_size_to_its_one_path_is_listened_to(sqlite_store_url: str) -> None:
    async with served(sqlite_store_url) as (slack, _), aiohttp.ClientSession() as session:
        body, kind = zoes(slack)
        assert slack.request_url is not None
        path = slack.request_url
        before = everything(sqlite_store_url)
        headers = {"Content-Type": kind, **slack.signed(body)}
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
            async with session.request(method, path, data=body, headers=headers) as answer:
                assert answer.status == 405, method
        for other in (f"{path}/", path.replace("events", "other"), path.replace("/slack/events", "/")):
            async with session.post(other, data=body, headers=headers) as answer:
                assert answer.status == 404, other
        large = body + "&text=" + "x" * LARGEST
        sent = io.BytesIO(large.encode())
        async with session.post(path, data=sent, headers={**headers, **slack.signed(large)}) as answer:
            assert answer.status == 413
        assert everything(sqlite_store_url) == before
        status, _, _ = await slack.send(body, headers)
        assert status == 200
