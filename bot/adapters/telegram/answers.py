"""Showing an answer: below what was written, or in the place of the message whose button was pressed."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from bot.adapters.showing import Showing
from bot.adapters.telegram import keyboards, messages
from bot.adapters.telegram.calls import Calls, Failed
from bot.adapters.telegram.payload import body_of, chat_in, id_in
from bot.adapters.telegram.surface import Heard, Turned
from bot.ports import Answer, Gone, Refused, Submitted

Payload = Mapping[str, Any]
MOST = 10_000


class Answers:
    """Shows answers, in order for each chat."""

    def __init__(self, calls: Calls, showing: Showing) -> None:
        """`showing` knows what is under way."""
        self._calls = calls
        self._showing = showing
        # A press tells the keyboard as it was then: of two quick ones the later knows nothing of the earlier.
        self._turned: OrderedDict[tuple[int, int, int], Mapping[str, Any]] = OrderedDict()

    def begin(self, heard: Heard) -> None:
        """Answer a press at once, so that nobody waits for the answer itself: it promises nothing."""
        if heard.surface.query and heard.incoming.place is None:
            self._aside(heard.bot, "answerCallbackQuery", {"callback_query_id": heard.surface.query})

    def alive(self, heard: Heard) -> None:
        """Show that an answer is being written."""
        self._aside(heard.bot, "sendChatAction", {"chat_id": _person(heard), "action": "typing"})

    def turn(self, turned: Turned) -> None:
        """Change the keyboard of a message, and answer the press."""
        self._aside(turned.bot, "answerCallbackQuery", {"callback_query_id": turned.query})
        key = (turned.bot, turned.chat, turned.message)
        keyboard = keyboards.toggled(turned.shown, turned.data)
        if keyboard is None:
            return
        self._turned[key] = keyboard
        self._turned.move_to_end(key)
        if len(self._turned) > MOST:
            self._turned.popitem(last=False)
        self._showing.in_order((turned.bot, turned.chat), self._keyboard(turned, key, keyboard))

    def newest(self, bot: int, update: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give an update with the keyboard that the pressed message has by now."""
        query = body_of(update.get("callback_query"))
        message = body_of(query.get("message"))
        key = (bot, chat_in(body_of(message.get("chat")).get("id")), id_in(message.get("message_id")))
        if key not in self._turned:
            return update
        shown = {**message, "reply_markup": self._turned[key]}
        return {**update, "callback_query": {**query, "message": shown}}

    def show(self, heard: Heard, answer: Answer) -> None:
        """Show an answer where something was done; what nobody waits for is not shown."""
        if heard.incoming.place is not None:
            self._showing.in_order((heard.bot, _person(heard)), self._whisper(heard, answer))
        elif answer.messages and heard.surface.kind != "event":
            self._showing.in_order((heard.bot, heard.chat), self._show(heard, answer))

    # --- One after the other ------------------------------------------------------------------------------------

    async def _keyboard(self, turned: Turned, key: tuple[int, int, int], keyboard: Payload) -> None:
        if self._turned.get(key) is not keyboard:
            return  # of several quick presses the last shows what came of all
        place = {"chat_id": turned.chat, "message_id": turned.message}
        await self._calls.reply(turned.bot, "editMessageReplyMarkup", {**place, "reply_markup": keyboard})

    async def _show(self, heard: Heard, answer: Answer) -> None:
        surface = heard.surface
        parts = [part for message in answer.messages for part in messages.payloads(message)]
        place = {"chat_id": heard.chat, "message_id": surface.message}
        if surface.kind == "press" and answer.replace and surface.message:
            edit = {**place, **messages.for_edit(parts[0])}
            if await self._sent(heard.bot, "editMessageText", edit):
                parts = parts[1:]
        elif surface.kind == "press" and isinstance(heard.incoming.event, Submitted) and surface.message:
            # The question stays, with what was chosen in the place of its keyboard.
            chosen = messages.chosen(surface.shown, surface.data)
            if chosen is not None:
                await self._sent(heard.bot, "editMessageText", {**place, **chosen})
        for part in parts:
            await self._sent(heard.bot, "sendMessage", {"chat_id": heard.chat, **part})

    async def _whisper(self, heard: Heard, answer: Answer) -> None:
        """Answer a press in a group to who pressed alone: in private, or on their screen where they have no chat."""
        parts = [part for message in answer.messages for part in messages.payloads(message)]
        told = ""
        for part in parts:
            if not await self._sent(heard.bot, "sendMessage", {"chat_id": _person(heard), **part}):
                told = messages.alert(part)
                break
        alert = {"text": told, "show_alert": True} if told else {}
        query = {"callback_query_id": heard.surface.query}
        await self._calls.at_once(heard.bot, "answerCallbackQuery", query | alert)

    async def _sent(self, bot: int, method: str, payload: Payload) -> bool:
        """Send; tells whether it is there, or need not be."""
        sent = await self._calls.reply(bot, method, payload)
        if isinstance(sent, Failed) and sent.unreadable:
            sent = await self._calls.reply(bot, method, messages.without_markup(dict(payload)))
        return not isinstance(sent, Failed) or not isinstance(sent.means, Refused | Gone)

    def _aside(self, bot: int, method: str, payload: Payload) -> None:
        self._showing.at_once(self._calls.at_once(bot, method, payload))


def _person(heard: Heard) -> int:
    """Give the chat of who did it, which is where they alone read."""
    return int(heard.incoming.who.id.partition("/")[2])
