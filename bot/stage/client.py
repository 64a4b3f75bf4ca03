"""`mentorbot console --as ana`: one person's terminal, beside a running service or with the database to itself."""

import asyncio
import contextlib
import json
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.adapters.console import LINE_LIMIT, answer_json, from_json, to_json
from bot.app import open_app, system_clock
from bot.commands import COMMANDS
from bot.config import Settings
from bot.ports import Address, Delivery, Place, Ref, Rendered, Sent
from bot.stage.driver import Screens, stands_for

Exchange = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]
Show = Callable[[Mapping[str, Any]], None]


class Live(Screens):
    """The console as an adapter within the process, for the one person at the terminal."""

    def __init__(self, show: Show) -> None:
        """`show` writes a message."""
        super().__init__()
        self._show = show

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        """Write a message."""
        del to, once
        self._show(to_json(message))
        return Sent(uuid.uuid4().hex)

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        """Write the new words of a message."""
        self._show(to_json(message))
        return Sent(ref.id)


@asynccontextmanager
async def alone(settings: Settings, show: Show) -> AsyncIterator[Exchange]:
    """Open the database and run delivery and the waits here."""
    async with open_app(
        settings, [Live(show)], system_clock, "console", lambda text: print(text, file=sys.stderr)
    ) as app:
        stop = asyncio.Event()
        running = asyncio.create_task(app.run(stop))

        async def exchange(event: dict[str, Any]) -> Mapping[str, Any]:
            incoming = from_json(json.dumps(event).encode())
            return answer_json(incoming.id, await app.router.handle(incoming))

        try:
            yield exchange
        finally:
            stop.set()
            await running


@asynccontextmanager
async def beside(socket: tuple[str, int] | Path, who: str, show: Show) -> AsyncIterator[Exchange]:
    """Talk to a service that is running; raises OSError where there is none."""
    if isinstance(socket, Path):
        reader, writer = await asyncio.open_unix_connection(socket, limit=LINE_LIMIT)
    else:
        reader, writer = await asyncio.open_connection(*socket, limit=LINE_LIMIT)
    answers: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    def send(data: Mapping[str, Any]) -> None:
        writer.write(json.dumps(data, ensure_ascii=False).encode() + b"\n")

    async def listen() -> None:
        while line := await reader.readline():
            data = json.loads(line)
            if "push" in data:
                show(data["message"])
                send({"ack": data["push"]})
            elif data.get("answer") in answers:
                answers.pop(data["answer"]).set_result(data)
        for waiting in answers.values():
            waiting.set_exception(ConnectionError("the service has stopped"))

    async def exchange(event: dict[str, Any]) -> Mapping[str, Any]:
        answers[event["id"]] = asyncio.get_running_loop().create_future()
        send(event)
        return await answers[event["id"]]

    send({"hello": [who]})
    listening = asyncio.create_task(listen())
    try:
        yield exchange
    finally:
        listening.cancel()
        writer.close()
        with contextlib.suppress(asyncio.CancelledError):
            await listening


async def console(settings: Settings, who: str) -> int:
    """Talk as one person until the end of input."""
    latest: list[Mapping[str, Any]] = []

    def show(message: Mapping[str, Any]) -> None:
        latest.append(message)
        del latest[:-10]
        print(message["text"], flush=True)

    if settings.console.socket is not None:
        try:
            async with beside(settings.console.socket, who, show) as exchange:
                return await _talk(exchange, who, latest, show)
        except ConnectionError as error:
            print(error, file=sys.stderr)
            return 1
        except OSError:
            pass  # nobody runs the service: open the database here
    async with alone(settings, show) as exchange:
        return await _talk(exchange, who, latest, show)


async def _talk(exchange: Exchange, who: str, latest: list[Mapping[str, Any]], show: Show) -> int:
    async for line in _lines(who):
        event: dict[str, Any] = {"say": line}
        if line.startswith("[") and line.endswith("]"):
            meant = next((found for one in reversed(latest) if (found := stands_for(one, line[1:-1]))), None)
            if meant is None:
                print(f"There is no button {line}.", file=sys.stderr)
                continue
            event = meant
        answer = await exchange({"id": uuid.uuid4().hex, "who": who, **event})
        for message in answer["messages"]:
            show(message)
    return 0


async def _lines(who: str) -> AsyncIterator[str]:
    """Read lines: with editing and completion where a person types, plainly where they are piped."""
    if not sys.stdin.isatty():
        while line := await asyncio.to_thread(sys.stdin.readline):
            if line.strip():
                yield line.rstrip("\n")
        return
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.patch_stdout import patch_stdout

    session: PromptSession[str] = PromptSession(
        completer=WordCompleter([f"/{name}" for name in COMMANDS], sentence=True)
    )
    while True:
        try:
            with patch_stdout():
                line = await session.prompt_async(f"{who}> ")
        except (EOFError, KeyboardInterrupt):
            return
        if line.strip() in ("quit", "exit"):
            return
        if line.strip():
            yield line
