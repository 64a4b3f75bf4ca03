"""The web page as a platform: it takes what people do there, and keeps and streams what they are shown."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from bot.adapters.web import files, guard, labels
from bot.adapters.web.encoding import decode, encode
from bot.adapters.web.events import NAME, at, incoming
from bot.adapters.web.transcript import ANSWER, DONE, EDITED, PUSH, SAID, TIME, Entry, Transcript
from bot.ports import (
    Address,
    Delivery,
    File,
    HttpRequest,
    HttpResponse,
    HttpStream,
    Place,
    Program,
    Ref,
    Rendered,
    Route,
    Search,
    Sent,
)

BEAT = 15.0
"""Seconds after which a stream says that it is still there; so it is found out who is not."""
RETRY = 400
"""Milliseconds after which the page asks again for a stream that has ended."""
CHAT, TIMELINE, MOST = 40, 60, 200

Told = Mapping[str, Mapping[str, str]]
Tool = Callable[[HttpRequest], Awaitable[HttpResponse]]


async def _nothing() -> None:
    """The program delivers by itself."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What the page shows besides chats: where the service runs for real, nothing of it.

    `people` are those who can be played, `told` what the page tells the program about them. `world` is what the page
    itself has to know, `settle` delivers what is due by now, `tools` are routes below /api/demo/: (method, name).
    """

    people: Sequence[Mapping[str, Any]] = ()
    told: Told = field(default_factory=dict)
    world: Callable[[], Awaitable[Mapping[str, Any]]] | None = None
    settle: Callable[[], Awaitable[None]] = _nothing
    tools: Mapping[tuple[str, str], Tool] = field(default_factory=dict)


class Web:
    """The page; `folder` is where its transcript and its files are, `now` the program's clock."""

    name = NAME
    leases: Sequence[str] = ("page",)

    def __init__(self, folder: Path, now: Callable[[], datetime], stage: Stage | None = None) -> None:
        """Prepare it; nothing is read before it runs."""
        self.transcript = Transcript(folder / "transcript.jsonl", now)
        self.listening = asyncio.Event()
        self.stage = stage or Stage()
        self._now = now
        self._files = folder / "files"
        self._pages = files.pages()
        self._program: Program | None = None
        self._acting: dict[str, asyncio.Task[None]] = {}

    @property
    def routes(self) -> Sequence[Route]:
        """The page and what it asks for; each looks first at who asks."""
        asked: Mapping[tuple[str, str], Callable[[HttpRequest], Awaitable[HttpResponse | HttpStream]]] = {
            ("GET", "/"): partial(self._page, "index.html"),
            ("GET", "/page/{name}"): partial(self._page, ""),
            ("GET", "/api/world"): self._world,
            ("GET", "/api/chat"): self._chat,
            ("GET", "/api/timeline"): self._timeline,
            ("GET", "/api/events"): self._events,
            ("GET", "/api/options"): self._options,
            ("GET", "/api/file"): self._file,
            ("POST", "/api/act"): self._act,
            ("POST", "/api/files"): self._keep,
            **{(method, f"/api/demo/{name}"): tool for (method, name), tool in self.stage.tools.items()},
        }
        return [
            Route(method, path, partial(_guarded, method, serve)) for (method, path), serve in asked.items()
        ]

    # --- A platform ---------------------------------------------------------------------------------------------

    async def run(self, program: Program) -> None:
        """Go on where it was left: what was done and not answered is handed in again."""
        self.transcript.file.parent.mkdir(parents=True, exist_ok=True)
        self.transcript.open()
        self._program = program
        try:
            for entry in self.transcript.unfinished():
                await self._hand_in(entry.data["event"])
            self.listening.set()
            await asyncio.Event().wait()
        finally:
            self.listening.clear()
            if self._acting:
                await asyncio.wait(self._acting.values())
            self._program = None
            self.transcript.close()

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        """Everything leaves at once."""
        del to, urgent
        return 0.0

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Show a message; one that is shown already is not shown again."""
        n = self.transcript.pushed.get(once) or self._show(PUSH, to.id, message, once=once)
        return Sent(str(n))

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Show the new words of a message in its place."""
        self._show(EDITED, ref.chat, message, edits=int(ref.id))
        return Sent(ref.id)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        """The page has no shared rooms."""
        del people, title
        return None

    def open(self, file: File) -> AsyncIterator[bytes]:
        """Read a file that somebody sent."""
        return files.read(self._files, file)

    # --- What people do -----------------------------------------------------------------------------------------

    async def act(self, data: Mapping[str, Any]) -> bool:
        """Take what somebody does, and show what answers it; false where it left no trace, to be sent again.

        Raises ValueError for what is no event.
        """
        incoming(data)
        if (running := self._acting.get(data["id"])) is not None:
            await asyncio.shield(running)
        elif data["id"] not in self.transcript.done:
            if data["id"] not in self.transcript.said:
                told = {**self.stage.told.get(data["who"], {}), **data}
                if "say" in data:
                    # What is written is a message itself, which can be changed and taken back.
                    told["message"] = self.transcript.last + 1
                label = labels.label(data, self._acted_on(data))
                self.transcript.add(SAID, data["who"], id=data["id"], event=told, label=label)
            task = self._acting[data["id"]] = asyncio.create_task(self._hand_in(data, told=True))
            task.add_done_callback(lambda _: self._acting.pop(data["id"], None))
            # Whoever hangs up meanwhile has done it all the same.
            await asyncio.shield(task)
        return data["id"] in self.transcript.done

    async def _hand_in(self, data: Mapping[str, Any], *, told: bool = False) -> None:
        assert self._program is not None
        event = self.transcript.said[data["id"]].data["event"] if told else data
        answer = await self._program.handle(incoming(event))
        place = self._place(event.get("message")) if answer.replace else None
        for number, message in enumerate(answer.messages):
            edits = {"edits": place} if number == 0 and place else {}
            self._show(ANSWER, event["who"], message, of=event["id"], **edits)
        if answer.saved or answer.dropped:
            self.transcript.add(DONE, event["who"], of=event["id"])
        await self.stage.settle()

    def _show(self, kind: str, who: str, message: Rendered, **more: object) -> int:
        return self.transcript.add(kind, who, text=labels.brief(message), message=encode(message), **more)

    def _place(self, n: object) -> int | None:
        """Give where a message stands: one that came in the place of another is in that place."""
        entry = self.transcript.message(n) if isinstance(n, int) else None
        return None if entry is None else int(entry.data.get("edits", entry.n))

    def _acted_on(self, data: Mapping[str, Any]) -> Rendered | None:
        """Find the message that somebody acts on: the one that is named, or the newest with that form."""
        entry = self.transcript.message(data["message"]) if isinstance(data.get("message"), int) else None
        if entry is None and "run" in data:
            earlier, _ = self.transcript.chat(data["who"], self.transcript.last + 1, CHAT)
            entry = next((one for one in reversed(earlier) if _run_of(one) == data["run"]), None)
        return None if entry is None else decode(entry.data["message"])

    # --- What the page asks -------------------------------------------------------------------------------------

    async def _page(self, name: str, request: HttpRequest) -> HttpResponse:
        return files.page(self._pages.get(name or request.path.rpartition("/")[2]), request)

    async def _world(self, request: HttpRequest) -> HttpResponse:
        program = self._program
        if program is None:
            return HttpResponse(503)
        language = program.match(request.query.get("lang"))
        return guard.reply(
            {
                "people": list(self.stage.people),
                "now": self._now().isoformat(),
                "last": self.transcript.last,
                "language": language,
                "languages": list(program.languages),
                "words": dict(program.page(language)),
                "commands": {
                    locale: [[one.name, one.about, one.organisers] for one in program.commands(locale)]
                    for locale in program.languages
                },
                "tools": sorted({name for _, name in self.stage.tools}),
                **(await self.stage.world() if self.stage.world else {}),
            }
        )

    async def _chat(self, request: HttpRequest) -> HttpResponse:
        before = guard.number(request.query.get("before"), self.transcript.last + 1)
        limit = min(guard.number(request.query.get("limit"), CHAT), MOST)
        entries, more = self.transcript.chat(request.query.get("who", ""), before, limit)
        return guard.reply({"entries": [_without_bytes(entry) for entry in entries], "more": more})

    async def _timeline(self, request: HttpRequest) -> HttpResponse:
        before = guard.number(request.query.get("before"), self.transcript.last + 1)
        limit = min(guard.number(request.query.get("limit"), TIMELINE), MOST)
        entries = [entry for entry in self.transcript.entries[: before - 1] if entry.kind != DONE]
        return guard.reply(
            {"entries": [_line(entry) for entry in entries[-limit:]], "more": len(entries) > limit}
        )

    async def _events(self, request: HttpRequest) -> HttpStream:
        last = guard.number(request.headers.get("last-event-id"), 0)
        after = last or guard.number(request.query.get("after"), self.transcript.last)
        who = request.query.get("who", "")
        people = None if who == "*" else frozenset(who.split(","))
        return HttpStream(self._stream(after, people), "text/event-stream; charset=utf-8", guard.HEADERS)

    async def _stream(self, after: int, people: frozenset[str] | None) -> AsyncGenerator[bytes, None]:
        yield f"retry: {RETRY}\n\n".encode()
        async for entries in self.transcript.after(after, BEAT):
            yield b"".join(_sent(entry, people) for entry in entries) or b": still here\n\n"

    async def _options(self, request: HttpRequest) -> HttpResponse:
        if self._program is None:
            return HttpResponse(503)
        query = request.query
        search = Search(at(query.get("who", "")), query.get("source", ""), query.get("typed", ""))
        return guard.reply([[one.value, one.label] for one in await self._program.suggest(search)])

    async def _file(self, request: HttpRequest) -> HttpResponse:
        entry = self.transcript.message(guard.number(request.query.get("n"), 0))
        file = decode(entry.data["message"]).attached if entry else None
        return files.attached(file) if file else HttpResponse(404)

    async def _act(self, request: HttpRequest) -> HttpResponse:
        if self._program is None:
            return HttpResponse(503)
        saved = await self.act(guard.body_of(request))
        return guard.reply({"saved": saved, "last": self.transcript.last})

    async def _keep(self, request: HttpRequest) -> HttpResponse:
        kept = files.keep(self._files, request)
        return guard.reply({"id": kept.id, "name": kept.name, "mime": kept.mime, "size": kept.size})


async def _guarded(
    method: str, serve: Callable[[HttpRequest], Awaitable[HttpResponse | HttpStream]], request: HttpRequest
) -> HttpResponse | HttpStream:
    refused = guard.refused(request, changes=method == "POST")
    if refused is not None:
        return refused
    try:
        return await serve(request)
    except ValueError as error:  # what was sent is not what this route takes
        return guard.reply({"error": str(error)}, 400)


def _run_of(entry: Entry) -> int | None:
    form = entry.data["message"].get("form") if "message" in entry.data else None
    return int(form["run"]) if form else None


def _without_bytes(entry: Entry) -> Mapping[str, Any]:
    """Give an entry without the bytes of its file, which are asked for by themselves."""
    message = entry.data.get("message")
    if not message or "attached" not in message:
        return entry.data
    size = len(message["attached"]["data"]) * 3 // 4
    about = {key: value for key, value in message["attached"].items() if key != "data"}
    return {**entry.data, "message": {**message, "attached": {**about, "size": size}}}


def _line(entry: Entry) -> Mapping[str, Any]:
    """Give an entry as a line of the timeline."""
    told = ("n", "at", "kind", "who", "text", "label", "edits")
    return {key: entry.data[key] for key in told if key in entry.data}


def _sent(entry: Entry, people: frozenset[str] | None) -> bytes:
    """Write an entry for a stream: whole, or as a line where it is another's."""
    if people is None:
        return b"id: %d\ndata: %b\n\n" % (entry.n, entry.text)
    return _event(entry, whole=entry.who in people or entry.kind in (TIME, DONE))


@lru_cache(1024)
def _event(entry: Entry, *, whole: bool) -> bytes:
    """Write an entry once for all pages that are open."""
    data = _without_bytes(entry) if whole else _line(entry)
    return b"id: %d\ndata: %b\n\n" % (entry.n, json.dumps(data, ensure_ascii=False).encode())
