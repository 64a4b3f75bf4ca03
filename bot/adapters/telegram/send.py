"""Messages and files on their way to Telegram, and files from it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from telegram.error import TelegramError

from bot.adapters.telegram import messages
from bot.adapters.telegram.calls import Calls, Failed, meant, upload
from bot.adapters.telegram.payload import MOST_READ
from bot.ports import Attached, Delivery, File, Later, Refused, Rendered, Sent, Unknown

Payload = Mapping[str, Any]
Send = Callable[[int, str, Payload], Awaitable[Any | Failed]]

PICTURES = {"image/jpeg", "image/png", "image/webp"}
MOST_PICTURE = 10_000_000


async def push(calls: Calls, bot: int, chat: int, message: Rendered) -> Delivery:
    """Send a message, in several parts where it is long; its file carries the words where they are few."""
    parts = messages.payloads(message)
    file = message.attached
    words = messages.caption(parts[-1]) if file is not None else None
    if words is not None:
        parts.pop()
    ref = ""
    for part in parts:
        sent = await _written(_send(calls, message, ref), bot, "sendMessage", {"chat_id": chat, **part})
        if isinstance(sent, Failed):
            return _after(sent, ref)
        ref = ref or str(sent["message_id"])
    if file is not None:
        sent = await _file(_send(calls, message, ref), bot, chat, file, words or {})
        if isinstance(sent, Failed):
            return _after(sent, ref)
        ref = ref or str(sent["message_id"])
    return Sent(ref)


def _send(calls: Calls, message: Rendered, ref: str = "") -> Send:
    """Say how a part goes: only the first can be put off, from then on the message has begun to arrive."""
    return calls.reply if ref else partial(calls.push, urgent=message.urgent)


def _after(failed: Failed, ref: str) -> Delivery:
    return Unknown(f"only a part arrived: {failed.error}") if ref else failed.means


async def _written(send: Send, bot: int, method: str, payload: Payload) -> Any | Failed:  # noqa: ANN401  what Telegram gives
    """Make a call with markup; where Telegram does not take that, with the same characters as they are."""
    answer = await send(bot, method, payload)
    if isinstance(answer, Failed) and answer.moved:
        return await send(bot, method, {**payload, "chat_id": answer.moved})
    if isinstance(answer, Failed) and answer.unreadable:
        return await send(bot, method, messages.without_markup(dict(payload)))
    return answer


async def _file(send: Send, bot: int, chat: int, file: Attached, words: Payload) -> Any | Failed:  # noqa: ANN401  what Telegram gives
    picture = file.mime in PICTURES and len(file.data) <= MOST_PICTURE
    method, part = ("sendPhoto", "photo") if picture else ("sendDocument", "document")
    payload = {"chat_id": chat, part: upload(file.data, file.name), **words}
    sent = await _written(send, bot, method, payload)
    if picture and isinstance(sent, Failed) and isinstance(sent.means, Refused) and not sent.means.again:
        # What only looks like a picture goes as the file it is.
        document = {"chat_id": chat, "document": upload(file.data, file.name), **words}
        return await _written(send, bot, "sendDocument", document)
    return sent


async def edit(calls: Calls, bot: int, chat: int, number: int, message: Rendered) -> Delivery:
    """Put new words in the place of a message; what does not fit there follows it."""
    first, *rest = messages.payloads(message)
    payload = {"chat_id": chat, "message_id": number, **messages.for_edit(first)}
    edited = await _written(_send(calls, message), bot, "editMessageText", payload)
    if isinstance(edited, Failed) and edited.of_file:
        return await _instead(calls, bot, chat, number, [first, *rest])
    if isinstance(edited, Failed) and not (edited.not_there or isinstance(edited.means, Sent)):
        return edited.means
    for part in rest:
        sent = await _written(calls.reply, bot, "sendMessage", {"chat_id": chat, **part})
        if isinstance(sent, Failed):
            return Unknown(f"only a part arrived: {sent.error}")
    return Sent(str(number))


async def _instead(
    calls: Calls, bot: int, chat: int, number: int, parts: Sequence[messages.Payload]
) -> Delivery:
    """Put a message in the place of one with a file: that goes, or is too old for it and gets other words."""
    place = {"chat_id": chat, "message_id": number}
    gone = await calls.reply(bot, "deleteMessage", place)
    if isinstance(gone, Failed) and isinstance(gone.means, Refused):
        words = messages.caption(messages.for_edit(parts[0])) or {"caption": ""}
        gone, parts = await _written(calls.reply, bot, "editMessageCaption", {**place, **words}), parts[1:]
    if isinstance(gone, Failed) and not isinstance(gone.means, Sent):
        return gone.means
    for part in parts:
        sent = await _written(calls.reply, bot, "sendMessage", {"chat_id": chat, **part})
        if isinstance(sent, Failed):
            return Unknown(f"only a part arrived: {sent.error}")
    return Sent(str(number))


async def read(calls: Calls, file: File) -> AsyncIterator[bytes]:
    """Read a file's bytes; raises FileNotFoundError where Telegram has it no more, or it is too large for a bot."""
    bot, _, name = file.id.partition("/")
    known = calls.bots.get(int(bot)) if bot.isdecimal() else None
    if known is None:
        raise ConnectionError("this bot is not connected")
    if file.size > MOST_READ:
        raise FileNotFoundError("a bot may not read a file that large")
    try:
        data = await (await known.get_file(name)).download_as_bytearray()
    except TelegramError as error:
        failed = meant(error)
        if isinstance(failed.means, Later | Unknown) or (
            isinstance(failed.means, Refused) and failed.means.again
        ):
            raise ConnectionError(failed.error) from None
        raise FileNotFoundError(failed.error) from None
    yield bytes(data)
