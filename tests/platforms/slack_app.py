"""A small app on the real SDK, and blocks for it: what the tests of the local Slack talk to."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.platforms.slack_server import SlackServer

Answer = Callable[[dict[str, Any]], Awaitable[BoltResponse]]


@pytest.fixture
async def slack(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SlackServer]:
    # The log is for what the program sends, and these tests send what Slack refuses.
    monkeypatch.delenv("WIRE_LOG", raising=False)
    async with SlackServer(seed=1) as server:
        server.team("T1").person("U1", name="Ana Ruiz", tz="Europe/Madrid", locale="es-ES")
        server.team("T1").person("U2", name="Lee")
        yield server


def client(slack: SlackServer, token: str = "") -> AsyncWebClient:
    return AsyncWebClient(
        token=token or slack.team("T1").bot_token, base_url=slack.api_url, retry_handlers=[]
    )


def app(slack: SlackServer, answer: Answer) -> AsyncApp:
    made = AsyncApp(client=client(slack), signing_secret=slack.signing_secret)

    @made.middleware
    async def everything(body: dict[str, Any], next: Any) -> BoltResponse:  # noqa: A002  (Bolt's name)
        del next
        return await answer(body)

    return made


@asynccontextmanager
async def connected(
    slack: SlackServer, answer: Answer, count: int = 1
) -> AsyncIterator[list[AsyncSocketModeHandler]]:
    made = app(slack, answer)
    handlers = [AsyncSocketModeHandler(made, slack.app_token, ping_interval=0.2) for _ in range(count)]
    for handler in handlers:
        await handler.client.connect()  # type: ignore[no-untyped-call]
    await slack.connected(count)
    try:
        yield handlers
    finally:
        for handler in handlers:
            await handler.client.close()  # type: ignore[no-untyped-call]


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "form:1",
        "title": plain("Sign up"),
        "submit": plain("Next"),
        "blocks": [*blocks],
        **more,
    }


def text_input(key: str, **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": "text"}
    return {"type": "input", "block_id": key, "label": plain(key), "element": element, **more}


BUTTON = {"type": "button", "action_id": "accept:7", "text": plain("Accept")}
ACTIONS = {"type": "actions", "block_id": "b", "elements": [BUTTON]}


async def refused(call: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as error:
        await call
    return str(error.value.response["error"])
