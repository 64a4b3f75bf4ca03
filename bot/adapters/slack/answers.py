"""Showing an answer where something was done: in the acknowledgement, in a modal, in the chat, or just to one person.

What can travel in the acknowledgement does; the rest follows it, in order for each person. A modal is opened at once,
since its trigger lives for three seconds; where it has died, the question is asked in the chat.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.adapters.showing import Showing
from bot.adapters.slack import blocks, forms
from bot.adapters.slack.calls import Body, Calls, Failed
from bot.adapters.slack.surface import Heard
from bot.ports import Answer, Command, Pressed, Rendered, Submitted

Words = Mapping[str, str]
NOTHING: Body = {}


class Answers:
    """Shows answers, in order for each person."""

    def __init__(self, calls: Calls, showing: Showing) -> None:
        """`showing` knows what is under way."""
        self._calls = calls
        self._showing = showing

    def acknowledge(self, heard: Heard, answer: Answer, words: Words) -> Body:
        """Give what the acknowledgement carries, and begin to show the rest."""
        surface = heard.surface
        if surface.kind == "modal" and isinstance(heard.incoming.event, Submitted):
            return self._submitted(heard, answer, words)
        if is_slash(heard) and not opens_modal(heard, answer):
            first, *rest = [*payloads(answer.messages), NOTHING]
            self._showing.in_order((heard.team, heard.user), self._respond(heard, rest, replace=False))
            return {"response_type": "ephemeral", **first} if first else NOTHING
        self.follow(heard, answer, words)
        return NOTHING

    def follow(self, heard: Heard, answer: Answer, words: Words) -> None:
        """Show an answer after the acknowledgement, which carried nothing of it."""
        surface, event = heard.surface, heard.incoming.event
        if surface.kind == "event" or not answer.messages:
            return
        if surface.kind == "modal":
            self._showing.at_once(self._update(heard, answer, words))
            if isinstance(event, Submitted) and answer.form is None:
                self._showing.in_order((heard.team, heard.user), self._post(heard, answer))
        elif surface.kind == "home" or opens_modal(heard, answer):
            self._showing.at_once(self._open(heard, answer, words))
        elif surface.kind == "private":
            self._showing.in_order(
                (heard.team, heard.user),
                self._respond(heard, payloads(answer.messages), replace=answer.replace),
            )
        else:
            self._showing.in_order((heard.team, heard.user), self._post(heard, answer))

    def hold(self, heard: Heard, words: Words) -> Body | None:
        """Give an acknowledgement that promises nothing; None where Slack should deliver again."""
        event, surface = heard.incoming.event, heard.surface
        if surface.kind == "modal" and isinstance(event, Submitted):
            view = forms.saving_view(words["title"], words["saving"], words["close"])
            return {"response_action": "update", "view": view}
        if is_slash(heard):
            return {"response_type": "ephemeral", "text": words["working"]}
        # Whatever carries a trigger or an address to respond to comes once.
        return NOTHING if surface.trigger or surface.respond or surface.kind == "home" else None

    # --- Modals -------------------------------------------------------------------------------------------------

    def _submitted(self, heard: Heard, answer: Answer, words: Words) -> Body:
        form = answer.form
        if form is None:
            self._showing.in_order((heard.team, heard.user), self._post(heard, answer))
            return {"response_action": "clear"}
        wrong = forms.errors(form)
        event = heard.incoming.event
        asked = set(event.values) if isinstance(event, Submitted) and event.run == form.run else set[str]()
        if wrong and wrong.keys() <= asked and len(answer.messages) == 1:
            return {"response_action": "errors", "errors": wrong}
        return {"response_action": "update", "view": forms.form_view(form, answer.besides, words)}

    async def _open(self, heard: Heard, answer: Answer, words: Words) -> None:
        view = self._view(answer, words)
        opened = await self._calls.reply(
            heard.team, "views.open", trigger_id=heard.surface.trigger, view=view
        )
        if isinstance(opened, Failed):
            # The trigger has died, or Slack could not: the same is asked in words.
            await self._post(heard, answer)

    async def _update(self, heard: Heard, answer: Answer, words: Words) -> None:
        surface = heard.surface
        view = self._view(answer, words)
        held = isinstance(heard.incoming.event, Submitted)
        if held and answer.form is None:
            view = forms.saving_view(words["title"], words["saved"], words["close"])
        # A view that was acknowledged with another one has another hash since.
        stale = {} if held or not surface.hash else {"hash": surface.hash}
        updated = await self._calls.reply(
            heard.team, "views.update", view_id=surface.view, view=view, **stale
        )
        if isinstance(updated, Failed) and updated.error != "hash_conflict" and not held:
            await self._post(heard, answer)

    def _view(self, answer: Answer, words: Words) -> dict[str, Any]:
        form = answer.form
        if form is not None:
            return forms.form_view(form, answer.besides, words)
        return forms.message_view(answer.messages, words["title"], words["close"])

    # --- Messages -----------------------------------------------------------------------------------------------

    async def _post(self, heard: Heard, answer: Answer) -> None:
        """Write to the one who acted, in the chat with the bot."""
        surface = heard.surface
        pressed = isinstance(heard.incoming.event, Pressed) and bool(surface.message)
        replace = answer.replace and surface.kind == "chat" and pressed
        for number, payload in enumerate(payloads(answer.messages)):
            if number == 0 and replace:
                await self._calls.reply(
                    heard.team, "chat.update", channel=surface.channel, ts=surface.message, **payload
                )
            else:
                await self._calls.reply(
                    heard.team,
                    "chat.postMessage",
                    # As in a push: one chat under one name has one pace.
                    channel=heard.user,
                    unfurl_links=False,
                    unfurl_media=False,
                    **payload,
                )

    async def _respond(self, heard: Heard, messages: Sequence[Body], *, replace: bool) -> None:
        """Write what only the one who acted sees, where they acted."""
        respond = AsyncWebhookClient(heard.surface.respond, session=self._calls.session, retry_handlers=[])
        for number, payload in enumerate(filter(None, messages)):
            await respond.send(
                text=payload["text"],
                blocks=payload["blocks"],
                response_type="ephemeral",
                replace_original=replace and number == 0,
            )


def is_slash(heard: Heard) -> bool:
    """Whether it was typed with a slash: Slack shows what its acknowledgement says; of a menu it does not."""
    surface = heard.surface
    return surface.kind == "private" and not surface.message and isinstance(heard.incoming.event, Command)


def opens_modal(heard: Heard, answer: Answer) -> bool:
    """Whether the answer is a form to be filled in at once.

    Who answers a question in the chat, option by option, goes on there.
    """
    event = heard.incoming.event
    in_chat = isinstance(event, Submitted) and bool(event.values)
    return bool(heard.surface.trigger) and answer.form is not None and not in_chat


def payloads(messages: Sequence[Rendered]) -> list[Body]:
    """Write messages for the chat; a form asks its first question there."""
    written: list[Body] = []
    for message in messages:
        if message.form is None:
            written += blocks.messages(message)
        else:
            written += forms.question(message.form, message.body)
    return written
