"""Bolt's own dispatch: all its middleware and its choice of a listener, which does nothing and keeps nothing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from benchmarks.peers.slack import Body, View, signed_up

TEAM = "T2"
TOKEN = "xoxb-offline"  # noqa: S105  (no app has it)


async def authorize(team_id: str | None, enterprise_id: str | None) -> AuthorizeResult:
    """Say at once who the bot is: no network."""
    return AuthorizeResult(
        enterprise_id=enterprise_id, team_id=team_id, bot_user_id="UBOT", bot_id="BBOT", bot_token=TOKEN
    )


async def dispatched(app: AsyncApp, payload: Body) -> AsyncBoltRequest:
    """Dispatch a payload as Socket Mode does; gives the request, with all that was put into its context."""
    request = AsyncBoltRequest(body=payload, mode="socket_mode")
    response: BoltResponse = await app.async_dispatch(request)
    assert response.status == 200, payload
    return request


def listening() -> AsyncApp:
    """Make an app that listens to everything and does nothing."""
    # In the other order Bolt looks for the acknowledgement every ten milliseconds, and is slower.
    app = AsyncApp(signing_secret="", authorize=authorize, process_before_response=True)

    async def message() -> None:
        pass

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    app.event("message")(message)
    app.command("/mentor")(acknowledge)
    app.view(re.compile("form:.*"))(acknowledge)
    return app


@dataclass(slots=True)
class Bolt:
    """The peer; `pages` are the views that ours answers with, since it answers with nothing."""

    pages: Sequence[View]
    app: AsyncApp = field(default_factory=listening)
    durability: str = "none: it keeps nothing, knows nothing of repeated events and answers with nothing"

    async def sign_up(self, user: int) -> int:
        """Dispatch all that Slack delivers while somebody signs up."""
        pages = iter(self.pages)

        async def take(payload: Body) -> View | None:
            await dispatched(self.app, payload)
            return next(pages, None)

        return await signed_up(take, TEAM, user)
