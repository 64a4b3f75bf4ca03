"""The console: a platform of plain text. In one process with the stage, or over a socket as JSON lines.

One line an event in: `{"id": "e1", "who": "ana", "say": "/find rust"}`, `"press": "accept:7"` or
`"run": 3, "values": {"name": "Ana"}`. One line a message out: `{"answer": "e1", "messages": […]}` for the one who
acted, `{"push": 4, "to": "lee", "once": "offer:7", "message": {…}}` unprompted, which the receiver confirms with
`{"ack": 4}`. `{"hello": ["lee"]}` says for whom a connection takes pushes; `["*"]` is everybody. Numbers of pushes
begin anew with each process; what an event's `reply_to` and a push's `edits` name is the `once` of an earlier push.
"""

import asyncio
import contextlib
import itertools
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bot.ports import (
    Address,
    Answer,
    Asked,
    Button,
    Choice,
    Command,
    Deleted,
    Delivery,
    Edited,
    Event,
    File,
    Handle,
    Incoming,
    Later,
    Place,
    Pressed,
    Program,
    Ref,
    Rendered,
    Route,
    Said,
    Search,
    Sent,
    Started,
    Submitted,
    Suggest,
    Unknown,
)
from bot.richtext import markup, plain

log = logging.getLogger(__name__)

NAME = "console"
LINE_LIMIT = 1_000_000
ACK_SECONDS = 10.0
AWAY_SECONDS = 0.2, 5.0  # the least and the most after which to look again for somebody who is away
STOP_SECONDS = 5.0


# --- Text -------------------------------------------------------------------------------------------------------


def event_of(text: str) -> Event:
    """Read what somebody typed: a command begins with a slash."""
    if not text.startswith("/"):
        return Said(text)
    name, words = [*text[1:].split(maxsplit=1), "", ""][:2]
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
    """Ask one field: what was wrong, the question, a hint, and what can be pressed."""
    parts = [plain(asked.error), plain(asked.label), plain(asked.hint)]
    labels = [*filter(None, [asked.known]), *(option.label for option in asked.options)]
    labels += [] if asked.field.required else [skip]
    choices = [" ".join(f"[{label}]" for label in labels)] if labels else []
    return [line for part in parts for line in part.split("\n") if line.strip()] + choices


# --- JSON -------------------------------------------------------------------------------------------------------


def to_json(message: Rendered) -> dict[str, Any]:
    """Write a message for a program."""
    data: dict[str, Any] = {
        "text": "\n".join(lines_of(message)),
        "markup": markup(message.body),
        "buttons": _buttons(message.buttons),
        "items": [{"text": plain(item.body), "buttons": _buttons(item.buttons)} for item in message.items],
    }
    if message.form is not None:
        data["form"] = {
            "run": message.form.run,
            "fields": [
                {
                    "key": asked.field.key,
                    "label": plain(asked.label),
                    "hint": plain(asked.hint),
                    "error": plain(asked.error),
                    "initial": asked.initial,
                    "required": asked.field.required,
                    "many": isinstance(asked.field, Choice) and asked.field.many,
                    "search": asked.field.search if isinstance(asked.field, Choice) else None,
                    "options": [
                        *({"value": kept, "label": kept} for kept in (asked.known,) if kept),
                        *({"value": option.value, "label": option.label} for option in asked.options),
                    ],
                }
                for asked in message.form.fields
            ],
            "skip": message.form.words["skip"],
        }
    if (file := message.attached) is not None:
        words = b64encode(file.data).decode()
        data["file"] = {"name": file.name, "mime": file.mime, "size": len(file.data), "base64": words}
    return data


def _buttons(buttons: Sequence[Button]) -> list[dict[str, str]]:
    return [{"label": button.label, "id": button.id} for button in buttons]


def from_json(line: bytes) -> Incoming:
    """Read an event; raises ValueError for anything else."""
    data = _read(line)
    known = isinstance(data, dict) and isinstance(data.get("id"), str) and isinstance(data.get("who"), str)
    if not known:
        raise ValueError("an event needs an id and a who")
    # Half a character in a text is dropped later; in what is stored and sent as it is, it is refused here.
    (data["id"] + data["who"]).encode()
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
        raise ValueError("an event needs say, press, edit, delete, or run and values")
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


def _read(line: bytes) -> Any:  # noqa: ANN401  whatever JSON holds
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _ref(who: Address, value: object) -> Ref | None:
    return Ref(NAME, who.id, value) if isinstance(value, str) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


# --- The adapter ------------------------------------------------------------------------------------------------


class Console:
    """The console as an adapter over a socket of this machine."""

    name = NAME
    routes: Sequence[Route] = ()
    leases: Sequence[str] = ()

    def __init__(self, socket: tuple[str, int] | Path) -> None:
        """`socket` is an address of this machine, or the path of a Unix socket."""
        self._socket = socket
        self._listeners: dict[asyncio.StreamWriter, frozenset[str]] = {}
        self._numbers = itertools.count(1)
        # Pushes on their way: to whom each was written, and the word that it arrived.
        self._waiting: dict[int, tuple[asyncio.StreamWriter, asyncio.Future[bool]]] = {}
        self._events: set[asyncio.Task[None]] = set()
        self._stopping = False
        self.listening = asyncio.Event()
        self._changed = 0.0  # when it last changed who listens, on the event loop's clock

    async def run(self, program: Program) -> None:
        """Serve connections until cancelled, then finish what has begun and hang up."""
        serve = partial(self._serve, program.handle, program.suggest)
        self._changed = asyncio.get_running_loop().time()
        if isinstance(self._socket, Path):
            server = await asyncio.start_unix_server(serve, self._socket, limit=LINE_LIMIT)
        else:
            server = await asyncio.start_server(serve, *self._socket, limit=LINE_LIMIT)
        self.listening.set()
        log.info("the console listens at %s", self._socket)
        try:
            await asyncio.Event().wait()
        finally:
            self._stopping = True
            server.close()
            # Connections outlast the events and the pushes on them: hanging up earlier would make these doubtful.
            acks = (arrived for _, arrived in self._waiting.values())
            begun: set[asyncio.Future[Any]] = {*self._events, *acks}
            if begun:
                await asyncio.wait(begun, timeout=STOP_SECONDS)
            for writer in list(self._listeners):
                writer.close()

    async def _serve(
        self, handle: Handle, suggest: Suggest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._listeners[writer] = frozenset()
        try:
            while line := await reader.readline():
                # An event that comes while we stop gets no answer, which says that it was not taken.
                if self._heard(line, writer) or self._stopping:
                    continue
                task = asyncio.create_task(self._take(line, writer, handle, suggest))
                self._events.add(task)
                task.add_done_callback(self._events.discard)
        except ConnectionError:
            log.debug("a console connection ended")
        except ValueError:  # there is no telling where the next line begins
            with contextlib.suppress(ConnectionError):
                await _write(writer, {"error": f"a line has {LINE_LIMIT} bytes at the most"})
        finally:
            del self._listeners[writer]
            self._changed = asyncio.get_running_loop().time()
            writer.close()
            for receiver, arrived in self._waiting.values():
                if receiver is writer and not arrived.done():
                    arrived.set_result(False)

    def _heard(self, line: bytes, writer: asyncio.StreamWriter) -> bool:
        """Take what belongs to the connection itself: who listens, what has arrived."""
        with contextlib.suppress(ValueError):
            match _read(line):
                case {"hello": [*names]}:
                    self._listeners[writer] = frozenset(map(str, names))
                    self._changed = asyncio.get_running_loop().time()
                    return True
                case {"ack": int(number)}:
                    receiver, arrived = self._waiting.get(number, (None, None))
                    if receiver is writer and arrived is not None and not arrived.done():
                        arrived.set_result(True)
                    return True
        return False

    async def _take(
        self, line: bytes, writer: asyncio.StreamWriter, handle: Handle, suggest: Suggest
    ) -> None:
        reply: dict[str, Any]
        try:
            data = _read(line)
            if isinstance(data, dict) and isinstance(data.get("search"), str):
                who = Address(NAME, str(data.get("who")))
                found = await suggest(Search(who, data["search"], str(data.get("typed", ""))))
                reply = {"options": data.get("id"), "values": [[one.value, one.label] for one in found]}
            else:
                incoming = from_json(line)
                reply = answer_json(incoming.id, await handle(incoming))
        except ValueError as error:
            reply = {"error": str(error)}
        # Who has hung up meanwhile finds what is pending with the next event.
        with contextlib.suppress(ConnectionError):
            await _write(writer, reply)

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Everything leaves at once."""
        del to, urgent
        return 0.0

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Write a message to whoever listens for this person, and wait until it is confirmed."""
        return await self._send(to.id, once, {"to": to.id, "once": once, "message": to_json(message)})

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Write the new words of a message."""
        words = {"to": ref.chat, "edits": ref.id, "message": to_json(message)}
        return await self._send(ref.chat, ref.id, words)

    async def _send(self, to: str, ref: str, data: dict[str, Any]) -> Delivery:
        writers = [writer for writer, names in self._listeners.items() if to in names or "*" in names]
        if not writers or self._stopping:
            # Who has just gone, or has not come yet since we began, is looked for soon; later, less often.
            alike = asyncio.get_running_loop().time() - self._changed
            return Later(min(AWAY_SECONDS[1], max(AWAY_SECONDS[0], alike)))
        number = next(self._numbers)
        writer, arrived = self._waiting[number] = writers[-1], asyncio.Future()
        try:
            async with asyncio.timeout(ACK_SECONDS):
                await _write(writer, {"push": number, **data})
                return Sent(ref) if await arrived else Unknown("the receiver went away")
        except (TimeoutError, ConnectionError) as error:
            return Unknown(str(error) or "no confirmation")
        finally:
            del self._waiting[number]

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
    writer.write(json.dumps(data, ensure_ascii=False).encode(errors="replace") + b"\n")
    await writer.drain()
