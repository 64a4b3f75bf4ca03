"""The console: a platform of plain text. In one process with the stage, or over a socket as JSON lines.

One line an event in: `{"id": "e1", "who": "ana", "say": "/find rust"}`, `"press": "accept:7"` or
`"run": 3, "values": {"name": "Ana"}`. One line a message out: `{"answer": "e1", "messages": […]}` for the one who
acted, `{"push": 4, "to": "lee", "once": "offer:7", "message": {…}}` unprompted, which the receiver confirms with
`{"ack": 4}`. `{"hello": ["lee"]}` says for whom a connection takes pushes; `["*"]` is everybody.
"""

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from bot.ports import (
    Address,
    Answer,
    Asked,
    Choice,
    Command,
    Confirm,
    Day,
    Deleted,
    Delivery,
    Edited,
    Event,
    File,
    Handle,
    Incoming,
    Later,
    Moment,
    Number,
    Place,
    Pressed,
    Ref,
    Rendered,
    Said,
    Search,
    Sent,
    Started,
    Submitted,
    Suggest,
    Text,
    Unknown,
    Upload,
    Week,
)
from bot.richtext import markup, plain

log = logging.getLogger(__name__)

NAME = "console"
LINE_LIMIT = 1_000_000
ACK_SECONDS = 10.0
AWAY_SECONDS = 5.0


# --- Text -------------------------------------------------------------------------------------------------------


def event_of(text: str) -> Event:
    """Read what somebody typed: a command begins with a slash."""
    if not text.startswith("/"):
        return Said(text)
    name, _, words = text[1:].partition(" ")
    return Started(words.strip()) if name == "start" else Command(name, words.strip())


def lines_of(message: Rendered) -> list[str]:
    """Write a message as plain lines, buttons in square brackets."""
    lines = [line for line in plain(message.body).split("\n") if line.strip()]
    for item in message.items:
        body = plain(item.body).replace("\n", " ")
        lines.append(" ".join([f"• {body}", *(f"[{button.label}]" for button in item.buttons)]))
    if message.attached is not None:
        lines.append(f"({message.attached.name})")
    if message.form is not None and message.form.fields:
        lines += _question(message.form.fields[0], message.form.words["skip"])
    if message.buttons:
        lines.append(" ".join(f"[{button.label}]" for button in message.buttons))
    return lines


def _question(asked: Asked, skip: str) -> list[str]:
    """Ask one field: what was wrong, the question, a hint, the options."""
    parts = [plain(asked.error), plain(asked.label), plain(asked.hint)]
    return [line for part in parts for line in part.split("\n") if line.strip()] + _options(asked, skip)


def _options(asked: Asked, skip: str) -> list[str]:
    labels = [option.label for option in asked.options]
    match asked.field:
        case Choice() | Confirm():
            pass
        case Text() | Number() | Day() | Moment() | Week() | Upload():
            labels = []
    if not asked.field.required:
        labels.append(skip)
    return [" ".join(f"[{label}]" for label in labels)] if labels else []


# --- JSON -------------------------------------------------------------------------------------------------------


def to_json(message: Rendered) -> dict[str, Any]:
    """Write a message for a program."""
    data: dict[str, Any] = {
        "text": "\n".join(lines_of(message)),
        "markup": markup(message.body),
        "buttons": [{"label": button.label, "id": button.id} for button in message.buttons],
        "items": [
            {
                "text": plain(item.body),
                "buttons": [{"label": button.label, "id": button.id} for button in item.buttons],
            }
            for item in message.items
        ],
    }
    if message.form is not None:
        data["form"] = {
            "run": message.form.run,
            "fields": [
                {
                    "key": asked.field.key,
                    "label": plain(asked.label),
                    "error": plain(asked.error),
                    "required": asked.field.required,
                    "many": isinstance(asked.field, Choice) and asked.field.many,
                    "options": [{"value": option.value, "label": option.label} for option in asked.options],
                }
                for asked in message.form.fields
            ],
            "skip": message.form.words["skip"],
        }
    if message.attached is not None:
        data["file"] = {"name": message.attached.name, "size": len(message.attached.data)}
    return data


def from_json(line: bytes) -> Incoming:
    """Read an event; raises ValueError for anything else."""
    data = json.loads(line)
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("id"), str)
        or not isinstance(data.get("who"), str)
    ):
        msg = "an event needs an id and a who"
        raise ValueError(msg)
    who = Address(NAME, data["who"])
    event: Event
    if isinstance(data.get("press"), str):
        action, _, arg = data["press"].partition(":")
        event = Pressed(action, arg)
    elif isinstance(data.get("run"), int) and isinstance(data.get("values"), dict):
        event = Submitted(data["run"], data["values"])
    elif isinstance(data.get("edit"), str):
        event = Edited(data["edit"])
    elif data.get("delete") is True:
        event = Deleted()
    elif isinstance(data.get("say"), str):
        event = event_of(data["say"])
    else:
        msg = "an event needs say, press, edit, delete, or run and values"
        raise ValueError(msg)
    return Incoming(
        data["id"],
        who,
        event,
        message=_ref(who, data.get("message")),
        reply_to=_ref(who, data.get("reply_to")),
        name=str(data.get("name") or data["who"]),
        locale=_text(data.get("locale")),
        zone=_text(data.get("zone")),
    )


def _ref(who: Address, value: object) -> Ref | None:
    return Ref(NAME, who.id, value) if isinstance(value, str) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


# --- The adapter ------------------------------------------------------------------------------------------------


class Console:
    """The console as an adapter over a socket of this machine."""

    name = NAME

    def __init__(self, socket: tuple[str, int] | Path | None) -> None:
        """`socket` is an address of this machine, the path of a Unix socket, or None for none."""
        self._socket = socket
        self._listeners: dict[asyncio.StreamWriter, frozenset[str]] = {}
        self._numbers = itertools.count(1)
        self._acks: dict[int, asyncio.Future[bool]] = {}
        self._events: set[asyncio.Task[None]] = set()

    async def run(self, handle: Handle, suggest: Suggest) -> None:
        """Serve connections until cancelled, then finish the events that have begun."""

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(reader, writer, handle, suggest)

        if self._socket is None:
            await asyncio.Event().wait()
        if isinstance(self._socket, Path):
            server = await asyncio.start_unix_server(serve, self._socket, limit=LINE_LIMIT)
        else:
            assert self._socket is not None
            server = await asyncio.start_server(serve, *self._socket, limit=LINE_LIMIT)
        try:
            async with server:
                await server.serve_forever()
        finally:
            if self._events:
                await asyncio.wait(self._events, timeout=5)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle, suggest: Suggest
    ) -> None:
        try:
            while line := await reader.readline():
                if self._heard(line, writer):
                    continue
                task = asyncio.create_task(self._take(line, writer, handle, suggest))
                self._events.add(task)
                task.add_done_callback(self._events.discard)
        except (ConnectionError, ValueError):
            log.debug("a console connection ended")
        finally:
            self._listeners.pop(writer, None)
            writer.close()
            for number, ack in list(self._acks.items()):
                if not ack.done() and not self._listeners:
                    ack.set_result(False)
                    self._acks.pop(number, None)

    def _heard(self, line: bytes, writer: asyncio.StreamWriter) -> bool:
        """Take what belongs to the connection itself: who listens, what has arrived."""
        with contextlib.suppress(ValueError):
            data = json.loads(line)
            if isinstance(data, dict) and isinstance(data.get("hello"), list):
                self._listeners[writer] = frozenset(map(str, data["hello"]))
                return True
            if isinstance(data, dict) and isinstance(data.get("ack"), int):
                ack = self._acks.pop(data["ack"], None)
                if ack is not None and not ack.done():
                    ack.set_result(True)
                return True
        return False

    async def _take(
        self, line: bytes, writer: asyncio.StreamWriter, handle: Handle, suggest: Suggest
    ) -> None:
        try:
            data = json.loads(line)
            if isinstance(data, dict) and isinstance(data.get("search"), str):
                found = await suggest(
                    Search(Address(NAME, str(data.get("who"))), data["search"], str(data.get("typed", "")))
                )
                out = {"options": data.get("id"), "values": [[one.value, one.label] for one in found]}
                await _write(writer, out)
                return
            incoming = from_json(line)
        except ValueError as error:
            await _write(writer, {"error": str(error)})
            return
        await _write(writer, answer_json(incoming.id, await handle(incoming)))

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Write a message to whoever listens for this person, and wait until it is confirmed."""
        return await self._send(to.id, {"to": to.id, "once": once, "message": to_json(message)})

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Write the new words of a message."""
        return await self._send(ref.chat, {"to": ref.chat, "edits": ref.id, "message": to_json(message)})

    async def _send(self, to: str, data: dict[str, Any]) -> Delivery:
        writers = [writer for writer, names in self._listeners.items() if to in names or "*" in names]
        if not writers:
            return Later(AWAY_SECONDS)
        number = next(self._numbers)
        ack = asyncio.get_running_loop().create_future()
        self._acks[number] = ack
        try:
            await _write(writers[-1], {"push": number, **data})
            async with asyncio.timeout(ACK_SECONDS):
                arrived = await ack
        except (TimeoutError, ConnectionError) as error:
            return Unknown(str(error) or "no confirmation")
        finally:
            self._acks.pop(number, None)
        return Sent(str(number)) if arrived else Unknown("the receiver went away")

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """A terminal has no shared rooms."""
        del people, title
        return None

    async def open(self, file: File) -> AsyncIterator[bytes]:
        """A terminal sends no files, so there is nothing to read."""
        for part in (b"" for _ in range(file.size if file.id else 0)):
            yield part


def answer_json(event: str, answer: Answer) -> dict[str, Any]:
    """Write an answer for a program."""
    return {
        "answer": event,
        "messages": [to_json(message) for message in answer.messages],
        "saved": answer.saved,
    }


async def _write(writer: asyncio.StreamWriter, data: dict[str, Any]) -> None:
    writer.write(json.dumps(data, ensure_ascii=False).encode() + b"\n")
    await writer.drain()
