"""Showing an answer where something was done: as the one response an interaction has, and what follows it.

A form opens as a modal, which has to be the first response; no modal can answer another, so there a button leads on.
What was written is answered in the conversation.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.adapters.discord import forms, messages, presses, questions
from bot.adapters.discord.calls import UNKNOWN_INTERACTION, Call, Calls, Failed, named
from bot.adapters.discord.messages import Payload
from bot.adapters.discord.payload import EPHEMERAL, components_in, number_in, text_in
from bot.adapters.discord.send import EDIT, FOLLOW, POST, file_of, in_place
from bot.adapters.discord.surface import Heard, Looked
from bot.adapters.showing import Showing
from bot.ports import Answer, Attached, Button, Pressed, Rendered, Sent, Submitted, Unknown
from bot.richtext import Text

log = logging.getLogger(__name__)

Words = Mapping[str, str]
Part = tuple[Payload, Attached | None]
"""A message, and its file."""
Taken = asyncio.Future[bool]
"""Whether Discord has taken a response, and takes what follows it."""

MESSAGE, NOTHING, UPDATE, CHOICES, MODAL = 4, 6, 7, 8, 9
"""Types of responses: a message, nothing to see, a message in the place of the one acted on, choices, a modal."""
CALLBACK = "/interactions/{webhook_id}/{webhook_token}/callback"
ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Plan:
    """How an interaction is answered: the type of its response, what that holds, and what follows."""

    kind: int
    first: Part | None = None
    rest: tuple[Part, ...] = ()


def plan(heard: Heard, answer: Answer, words: Words) -> Plan:
    """Say how an answer is shown."""
    surface, form = heard.surface, answer.form
    if surface.opens and form is not None and form.fields and not _in_chat(heard):
        return Plan(MODAL, (forms.modal(form, answer.besides), None))
    parts = written(heard, answer)
    if not parts:
        return Plan(NOTHING) if surface.message else Plan(MESSAGE, (said(words), None))
    first, rest = parts[0], tuple(parts[1:])
    if _takes_its_place(heard, answer):
        return Plan(UPDATE, (in_place(first[0]), first[1]), rest)
    if _in_chat(heard) and (chosen := messages.answered(surface.shown, surface.data, surface.chosen)):
        # The question stays, with what was chosen instead of what could be.
        return Plan(UPDATE, (in_place(chosen), None), (first, *rest))
    return Plan(MESSAGE, first, rest)


def written(heard: Heard, answer: Answer) -> list[Part]:
    """Write an answer as messages; in the chat a form asks its first question, where it is not filled in as one."""
    surface = heard.surface
    if surface.kind == "chat" and (not surface.interaction or surface.opens):
        return _parts(heard, answer, questions.messages)
    return leading(heard, answer)


def leading(heard: Heard, answer: Answer) -> list[Part]:
    """Write an answer as messages; a button opens the form."""
    return _parts(heard, answer, _message)


def _message(message: Rendered) -> list[Payload]:
    if message.form is None or not message.form.fields:
        return messages.payloads(message)
    return forms.onward(message.form, message.body)


def _parts(heard: Heard, answer: Answer, write: Callable[[Rendered], list[Payload]]) -> list[Part]:
    alone = EPHEMERAL if heard.surface.kind == "private" else 0
    return [
        ({**payload, "flags": payload["flags"] | alone}, file_of(payload, message.attached))
        for message in answer.messages
        for payload in write(message)
    ]


def said(words: Words) -> Payload:
    """Write that all is done, where there is nothing else to say."""
    return messages.ephemeral(messages.payloads(Rendered((Text(words["saved"]),)))[0])


def _in_chat(heard: Heard) -> bool:
    """Whether somebody answers a question in the chat, option by option: they go on there."""
    event = heard.incoming.event
    return heard.surface.opens and isinstance(event, Submitted) and bool(event.values or heard.surface.pick)


def _takes_its_place(heard: Heard, answer: Answer) -> bool:
    """Whether an answer stands in the place of what was acted on: as it says, or where that only led to a form."""
    surface, event = heard.surface, heard.incoming.event
    if not surface.message or heard.incoming.place is not None:
        return False
    if isinstance(event, Submitted) and not surface.opens:
        opening = presses.opening(event.run)
        carried = [text_in(each.get("custom_id")) for each in components_in(surface.shown.get("components"))]
        return opening in carried
    if isinstance(event, Pressed) and event.action == CONTINUE:
        # What held the answer is seen by them alone, and goes with the next start of their client.
        return surface.kind == "private"
    return answer.replace and isinstance(event, Pressed)


def hidden(heard: Heard) -> bool:
    """Whether what was acted on is seen by one person alone."""
    return bool(number_in(heard.surface.shown.get("flags")) & EPHEMERAL)


class Answers:
    """Shows answers, in order for each person."""

    def __init__(self, calls: Calls, showing: Showing) -> None:
        """`showing` knows what is under way."""
        self._calls = calls
        self._showing = showing

    def respond(self, heard: Heard, answer: Answer, words: Words) -> Taken:
        """Show an answer that has come in time, as the response to what was done, and what follows it."""
        shown = plan(heard, answer, words)
        taken = self._begin(heard, shown)
        self._showing.in_order(heard.user, self._follow(heard, answer, shown, taken))
        return taken

    def say(self, heard: Heard, answer: Answer) -> None:
        """Show an answer to what was written; one that nobody waits for is not shown."""
        if answer.messages and heard.surface.kind != "event":
            self._showing.in_order(heard.user, self._post(heard, written(heard, answer)))

    def hold(self, heard: Heard, words: Words) -> Taken:
        """Respond while there is time to, with what promises nothing; only the one who acts sees it."""
        told = Rendered((Text(words["late"]),), (Button(words["continue"], CONTINUE, "primary"),))
        first = messages.payloads(told)[0]
        held = Plan(MESSAGE, (messages.ephemeral(first), None))
        if heard.surface.data == CONTINUE:
            held = Plan(UPDATE, (in_place(first), None))
        return self._begin(heard, held)

    def late(self, heard: Heard, answer: Answer, words: Words, taken: Taken) -> None:
        """Show an answer for which there was no time, in the place of what held it."""
        self._showing.in_order(heard.user, self._instead(heard, answer, words, taken))

    def lift(self, heard: Heard) -> None:
        """Take away what held an answer that was shown below it."""
        self._showing.at_once(self._unheeded(Call("DELETE", ORIGINAL, self._hook(heard))))

    def alive(self, heard: Heard) -> None:
        """Show that an answer is being written, where that takes no turn from an answer."""
        self._showing.at_once(self._typing(heard.surface.channel))

    def offer(self, looked: Looked, choices: Sequence[Mapping[str, Any]]) -> None:
        """Give what is offered while somebody types."""
        place = {"webhook_id": looked.interaction, "webhook_token": looked.token}
        body = {"type": CHOICES, "data": {"choices": [*choices]}}
        self._showing.at_once(self._unheeded(Call("POST", CALLBACK, place, body)))

    async def _typing(self, channel: str) -> None:
        # Many answers are late at once, when there is least room for more calls.
        typing = Call("POST", "/channels/{channel_id}/typing", {"channel_id": channel})
        await self._calls.push(f"typing:{channel}", typing)

    async def _unheeded(self, call: Call) -> None:
        """Make a call whose end is of no importance."""
        await self._calls.ask(call)

    # --- One after the other ------------------------------------------------------------------------------------

    def _begin(self, heard: Heard, shown: Plan) -> Taken:
        """Respond at once, since there are three seconds; what was answered before may still be on its way."""
        taken: Taken = asyncio.get_running_loop().create_future()
        self._showing.at_once(self._respond(heard, shown, taken))
        return taken

    async def _respond(self, heard: Heard, shown: Plan, taken: Taken) -> None:
        data, file = shown.first or (None, None)
        body = {"type": shown.kind, **({} if data is None else {"data": data})}
        place = {"webhook_id": heard.surface.interaction, "webhook_token": heard.surface.token}
        answer: Any = None
        try:
            answer = await self._calls.ask(Call("POST", CALLBACK, place, body, file))
            # That it is answered already tells that an earlier try arrived, whose end nobody knew.
            if isinstance(answer, Failed) and not isinstance(answer.means, Sent):
                log.warning("an interaction was not answered: %s", answer.error)
        finally:
            taken.set_result(not (isinstance(answer, Failed) and answer.code == UNKNOWN_INTERACTION))

    async def _follow(self, heard: Heard, answer: Answer, shown: Plan, taken: Taken) -> None:
        if await taken:
            await self._go_on(heard, shown.rest)
        else:
            await self._too_late(heard, answer)

    async def _too_late(self, heard: Heard, answer: Answer) -> None:
        """Say, or ask, in the conversation what no response could; elsewhere nobody else may see it."""
        if heard.surface.kind == "chat":
            await self._post(heard, written(heard, answer))

    async def _go_on(self, heard: Heard, parts: Sequence[Part]) -> None:
        """Say more to whoever acted, where they did."""
        bucket = f"follow:{heard.surface.interaction}"
        for payload, file in parts:
            await self._calls.reply(bucket, Call("POST", FOLLOW, self._hook(heard), payload, file))

    async def _post(self, heard: Heard, parts: Sequence[Part]) -> None:
        channel = heard.surface.channel
        for number, (payload, file) in enumerate(parts):
            said = named(payload, f"{heard.incoming.id}:{number}")
            post = Call("POST", POST, {"channel_id": channel}, said, file)
            answer = await self._calls.reply(channel, post)
            if isinstance(answer, Failed) and isinstance(answer.means, Unknown):
                # By its name a second try makes no second copy.
                await self._calls.reply(channel, post)

    async def _instead(self, heard: Heard, answer: Answer, words: Words, taken: Taken) -> None:
        if not await taken:
            await self._too_late(heard, answer)
            return
        surface = heard.surface
        parts = leading(heard, answer) or [(said(words), None)]
        if _takes_its_place(heard, answer) and not hidden(heard):
            first, file = parts[0]
            place = {"channel_id": surface.channel, "message": surface.message}
            edit = Call("PATCH", EDIT, place, in_place(first), file)
            if not isinstance(await self._calls.reply(surface.channel, edit), Failed):
                del parts[0]
        if parts and surface.kind == "private":
            first, file = parts.pop(0)
            await self._calls.ask(Call("PATCH", ORIGINAL, self._hook(heard), in_place(first), file))
        else:
            await self._calls.ask(Call("DELETE", ORIGINAL, self._hook(heard)))
        await self._go_on(heard, parts)

    def _hook(self, heard: Heard) -> dict[str, str]:
        return {"webhook_id": self._calls.id, "webhook_token": heard.surface.token}
