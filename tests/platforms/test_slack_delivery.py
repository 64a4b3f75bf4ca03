"""The local Slack against the real SDK: what people do arrives, is acknowledged, and comes again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web as web_server
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.response import BoltResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.platforms.slack_app import (
    ACTIONS,
    app,
    client,
    connected,
    modal,
    plain,
    refused,
    slack,
    text_input,
)
from tests.platforms.slack_server import ClientRefuses, SlackServer

__all__ = ["slack"]


async def test_a_trigger_opens_one_modal_and_a_stale_hash_changes_none(slack: SlackServer) -> None:
    web, ana, heard = client(slack), slack.person("T1", "U1"), []

    async def answer(body: dict[str, Any]) -> BoltResponse:
        heard.append(body)
        return BoltResponse(status=200)

    async with connected(slack, answer):
        assert (await ana.shortcut("find")).ok
        trigger = heard[0]["trigger_id"]
        view = (await web.views_open(trigger_id=trigger, view=modal(text_input("name"))))["view"]
        assert (
            await refused(web.views_open(trigger_id=trigger, view=modal(text_input("x"))))
            == "exchanged_trigger_id"
        )
        slack.triggers[trigger].used, slack.triggers[trigger].until = False, slack.now - 0.001
        assert (
            await refused(web.views_open(trigger_id=trigger, view=modal(text_input("x"))))
            == "expired_trigger_id"
        )
        await ana.fill({"name": "Ana"})
        await web.views_update(
            view_id=view["id"], hash=view["hash"], view=modal(text_input("name"), text_input("more"))
        )
        assert ana.front.state["name"]["text"]["value"] == "Ana"
        stale = web.views_update(view_id=view["id"], hash=view["hash"], view=modal(text_input("x")))
        assert await refused(stale) == "hash_conflict"
        await ana.close()
        assert await refused(web.views_update(view_id=view["id"], view=modal(text_input("x")))) == "not_found"


async def test_a_form_is_sent_and_its_answer_is_done(slack: SlackServer) -> None:
    ana = slack.person("T1", "U1")
    answers: list[dict[str, Any]] = [
        {"response_action": "errors", "errors": {"name": "Too short"}},
        {"response_action": "errors", "errors": {"nothing": "Too short"}},
        {"response_action": "update", "view": modal(text_input("age", optional=True))},
        {},
    ]

    async def answer(body: dict[str, Any]) -> BoltResponse:
        if body.get("command"):
            await client(slack).views_open(trigger_id=body["trigger_id"], view=modal(text_input("name")))
            return BoltResponse(status=200, body={"text": "Opened"})
        return BoltResponse(status=200, body=answers.pop(0) or "")

    async with connected(slack, answer):
        await ana.command("/mentor", "profile")
        assert [message.shown for message in ana.ephemerals] == ["Opened"]
        with pytest.raises(ClientRefuses):
            await ana.submit()
        await ana.submit({"name": "A"})
        assert ana.front.errors == {"name": "Too short"}
        assert not slack.violations
        await ana.submit()
        assert len(slack.violations) == 1
        await ana.submit()
        assert ana.front.fields == ["age"]
        await ana.submit()
        assert ana.view is None


async def test_a_search_answers_while_somebody_types(slack: SlackServer) -> None:
    ana = slack.person("T1", "U1")
    element = {"type": "multi_external_select", "action_id": "search:topics", "min_query_length": 1}
    field = {"type": "input", "block_id": "topics", "label": plain("Topics"), "element": element}
    sent: list[dict[str, Any]] = []

    async def answer(body: dict[str, Any]) -> BoltResponse:
        if body["type"] == "shortcut":
            await client(slack).views_open(trigger_id=body["trigger_id"], view=modal(field))
            return BoltResponse(status=200)
        if body["type"] == "block_suggestion":
            option = {"text": plain(body["value"].title()), "value": body["value"]}
            return BoltResponse(status=200, body={"options": [option]})
        sent.append(body["view"]["state"]["values"]["topics"])
        return BoltResponse(status=200)

    async with connected(slack, answer):
        await ana.shortcut("find")
        assert [option["value"] for option in await ana.suggest("topics", "python")] == ["python"]
        await ana.submit({"topics": ["Python", "sql"]})
    assert [option["value"] for option in sent[0]["search:topics"]["selected_options"]] == ["python", "sql"]


async def test_a_press_can_be_answered_five_times_at_its_response_url(slack: SlackServer) -> None:
    ana, urls = slack.person("T1", "U1"), []

    async def answer(body: dict[str, Any]) -> BoltResponse:
        if "actions" in body:
            urls.append(body["response_url"])
            assert body["actions"][0]["action_id"] == "accept:7"
            assert body["message"]["ts"] == body["container"]["message_ts"] == ana.messages[0].ts
        return BoltResponse(status=200)

    async with connected(slack, answer):
        await client(slack).chat_postMessage(channel="U1", text="An offer", blocks=[ACTIONS])
        assert (await ana.press(ana.messages[0], "Accept")).ok
        respond = AsyncWebhookClient(urls[0], retry_handlers=[])
        await respond.send(text="Taken", blocks=[], replace_original=True)
        await asyncio.gather(*(respond.send(text=f"{n}") for n in range(4)))
        assert (await respond.send(text="one too many")).status_code == 404
    assert [message.shown for message in ana.messages] == ["Taken"]
    assert len(ana.ephemerals) == 4


async def test_what_a_person_writes_changes_and_deletes_arrives_as_slack_writes_it(
    slack: SlackServer,
) -> None:
    ana, heard = slack.person("T1", "U1"), []

    async def answer(body: dict[str, Any]) -> BoltResponse:
        heard.append(body["event"])
        return BoltResponse(status=200)

    async with connected(slack, answer, 2):
        assert (await ana.say("a < b & https://x.example/?a=1&b", files=[("notes.txt", b"hi")])).ok
        await ana.edit(ana.said[0], "c")
        await ana.delete(ana.said[0])
        await ana.open_home()
        await ana.change(deleted=True)
    said, edited, deleted, opened, gone = heard
    assert said["text"] == "a &lt; b &amp; <https://x.example/?a=1&amp;b>"
    assert (said["subtype"], said["files"][0]["name"], said["channel_type"]) == (
        "file_share",
        "notes.txt",
        "im",
    )
    assert (edited["subtype"], edited["message"]["text"]) == ("message_changed", "c")
    assert edited["previous_message"]["text"] == said["text"]
    assert (deleted["subtype"], deleted["deleted_ts"], deleted["hidden"]) == (
        "message_deleted",
        said["ts"],
        True,
    )
    assert (opened["tab"], gone["user"]["deleted"]) == ("home", True)
    assert not slack.unacknowledged


async def test_an_event_without_an_acknowledgement_comes_again(slack: SlackServer) -> None:
    ana, heard = slack.person("T1", "U1"), []

    async def answer(body: dict[str, Any]) -> BoltResponse:
        heard.append(body["event_id"])
        return BoltResponse(status=500 if len(heard) == 1 else 200)

    async with connected(slack, answer, 2):
        ack = await ana.say("hello", timeout=0.05)
        assert (ack.ok, ack.why, slack.unacknowledged) == (False, "timeout", [ack.event])
        assert [again.ok for again in await slack.redeliver(ack.event, times=3)] == [True] * 3
        slack.held = True
        await ana.say("one")
        await ana.say("two")
        last = slack.unacknowledged[::-1]
        await slack.redeliver(*last, attempt=0)
    assert len(set(heard)) == 3
    assert heard[:4] == [ack.event.payload["event_id"]] * 4
    assert sorted(heard[4:]) == sorted(event.payload["event_id"] for event in last)


async def test_connections_are_refreshed_dropped_and_die_unseen(slack: SlackServer) -> None:
    ana = slack.person("T1", "U1")

    async def answer(body: dict[str, Any]) -> BoltResponse:
        return BoltResponse(status=200 if body else 500)

    async with connected(slack, answer):
        first = slack.connections[0]
        await slack.disconnect("refresh_requested")
        await slack.until(lambda: slack.connections and first not in slack.connections)
        second = slack.connections[0]
        slack.kill(second)
        await slack.until(lambda: slack.alive)
        assert (await ana.say("still there")).ok
        await slack.refuse()
        assert not (await ana.say("nobody")).ok
        await slack.accept()
        await slack.connected()
        assert (await ana.say("back")).ok


async def test_http_mode_signs_what_it_sends(
    slack: SlackServer, aiohttp_runner: Callable[..., Awaitable[str]]
) -> None:
    ana, heard = slack.person("T1", "U1"), []

    async def answer(body: dict[str, Any]) -> BoltResponse:
        heard.append(body)
        return BoltResponse(
            status=200 if len(heard) > 1 else 503, body={"text": "Hi"} if "command" in body else ""
        )

    made = app(slack, answer)

    async def serve(request: web_server.Request) -> web_server.Response:
        return await to_aiohttp_response(await made.async_dispatch(await to_bolt_request(request)))

    slack.request_url = await aiohttp_runner(serve)
    slack.retries = (0.0,)
    ack = await ana.say("hello")
    assert ack.why == "http_error"
    await slack.until(lambda: ack.event.acknowledged)
    await ana.command("/mentor")
    assert [message.shown for message in ana.ephemerals] == ["Hi"]
    assert (await ana.shortcut("find")).ok
    body, kind = slack.written(ack.event)
    forged = {"Content-Type": kind, **slack.signed(body, secret="another")}
    assert (await slack.send(body, forged))[0] == 401
    assert len(heard) == 4


@pytest.fixture
async def aiohttp_runner() -> AsyncIterator[Callable[..., Awaitable[str]]]:
    runners = []

    async def start(serve: Any) -> str:
        made = web_server.Application()
        made.router.add_post("/slack/events", serve)
        runner = web_server.AppRunner(made)
        runners.append(runner)
        await runner.setup()
        site = web_server.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"

    yield start
    for runner in runners:
        await runner.cleanup()


async def test_the_home_tab_is_published_and_the_app_removed(slack: SlackServer) -> None:
    ana, heard = slack.person("T1", "U1"), []
    home = {"type": "home", "blocks": [ACTIONS]}

    async def answer(body: dict[str, Any]) -> BoltResponse:
        heard.append(body)
        return BoltResponse(status=200)

    async with connected(slack, answer):
        first = (await client(slack).views_publish(user_id="U1", view=home))["view"]
        await client(slack).views_publish(user_id="U1", view=home, hash=first["hash"])
        assert (
            await refused(client(slack).views_publish(user_id="U1", view=home, hash=first["hash"]))
            == "hash_conflict"
        )
        await ana.open_home()
        assert ana.home is not None
        await ana.press(ana.home, "Accept")
        await slack.team("T1").uninstall()
        assert await refused(client(slack).auth_test()) == "account_inactive"
    assert heard[0]["event"]["view"]["id"] == heard[1]["container"]["view_id"] == first["id"]
    assert [body["event"]["type"] for body in heard[2:]] == ["app_uninstalled", "tokens_revoked"]
