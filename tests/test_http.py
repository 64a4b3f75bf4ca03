"""The web server: a real one on this machine, asked by a real client; and the program that runs it."""

import asyncio
import itertools
import json
import logging
import socket
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.app import App, open_app, system_clock
from bot.config import Settings
from bot.health import Readiness
from bot.http import LARGEST, serving
from bot.ports import (
    Address,
    Command,
    Delivery,
    File,
    HttpRequest,
    HttpResponse,
    HttpStream,
    Incoming,
    Misconfigured,
    Place,
    Program,
    Ref,
    Rendered,
    Route,
    Sent,
)
from bot.supervisor import Health
from core.store.database import open_database, sqlite_path
from core.store.types import Keyring
from tests.kills.process import PATIENCE, Service
from tests.world import settings

LONGEST = 10.0
DANGLING = 4.0
HOST = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        port: int = one.getsockname()[1]
        return port


async def well() -> tuple[bool, dict[str, bool]]:
    return True, {"ready": True}


Get = Callable[..., Awaitable[tuple[int, str, dict[str, str]]]]


@asynccontextmanager
async def served(*routes: Route) -> AsyncIterator[Get]:
    """A server with these routes; gives how to ask it: status, body and headers."""
    async with serving((HOST, 0), routes, well) as (host, port), aiohttp.ClientSession() as client:

        async def ask(path: str, method: str = "GET", **more: Any) -> tuple[int, str, dict[str, str]]:
            async with client.request(method, f"http://{host}:{port}{path}", **more) as answer:
                return answer.status, await answer.text(), dict(answer.headers)

        yield ask


async def test_a_route_gets_the_request_as_it_came_and_its_answer_goes_back() -> None:
    heard = list[HttpRequest]()

    async def serve(request: HttpRequest) -> HttpResponse:
        heard.append(request)
        return HttpResponse(401, b'{"a": 1}', "application/json; charset=utf-8")

    body = b"payload=%7B%22a%22%3A+1%7D&b=\xff"
    async with served(Route("POST", "/slack/events", serve)) as ask:
        status, said, headers = await ask(
            "/slack/events?x=1&y=%20", "POST", data=body, headers={"X-Slack-Signature": "v0=abc"}
        )
        assert (status, said, headers["Content-Type"]) == (401, '{"a": 1}', "application/json; charset=utf-8")
        assert (await ask("/slack/events"))[0] == 405
        assert (await ask("/slack/other", "POST"))[0] == 404
    (request,) = heard
    assert request.body == body
    assert request.headers["x-slack-signature"] == "v0=abc"
    assert dict(request.query) == {"x": "1", "y": " "}


async def test_nothing_says_what_it_is_built_with() -> None:
    async with served() as ask:
        for path in ("/livez", "/readyz", "/nothing"):
            assert "Server" not in (await ask(path))[2]


async def test_a_body_that_is_too_large_is_refused_before_the_platform_sees_it() -> None:
    async def serve(request: HttpRequest) -> HttpResponse:
        return HttpResponse(200, str(len(request.body)).encode())

    async with served(Route("POST", "/in", serve)) as ask:
        assert (await ask("/in", "POST", data=BytesIO(b"x" * LARGEST)))[:2] == (200, str(LARGEST))
        assert (await ask("/in", "POST", data=BytesIO(b"x" * (LARGEST + 1))))[0] == 413


async def test_a_route_that_raises_answers_500_and_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def serve(request: HttpRequest) -> HttpResponse:
        raise RuntimeError(request.body)

    async with served(Route("POST", "/in", serve)) as ask:
        status, said, _ = await ask("/in", "POST", data=b"x")
    assert (status, said) == (500, "")
    assert "POST /in failed" in caplog.text


async def test_no_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp")
    caplog.set_level(logging.DEBUG, "bot")
    async with served() as ask:
        await ask("/livez?token=secret")
    assert "secret" not in caplog.text


async def test_it_lives_while_the_event_loop_goes_on() -> None:
    async with served() as ask:
        assert (await ask("/livez"))[:2] == (200, "ok\n")
        assert (await ask("/livez", "HEAD"))[0] == 200


async def test_what_was_begun_is_answered_before_it_ends() -> None:
    begun = asyncio.Event()

    async def serve(request: HttpRequest) -> HttpResponse:
        del request
        begun.set()
        await asyncio.sleep(0.2)
        return HttpResponse(200, b"done")

    async with aiohttp.ClientSession() as client:

        async def ask(port: int) -> str:
            async with client.get(f"http://{HOST}:{port}/slow") as answer:
                return await answer.text()

        async with serving((HOST, 0), [Route("GET", "/slow", serve)], well) as (_, port):
            asking = asyncio.create_task(ask(port))
            await begun.wait()
        assert await asking == "done"
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask(port)


async def test_an_answer_goes_on_until_whoever_asked_hangs_up_or_the_server_stops() -> None:
    ended = asyncio.Semaphore(0)

    async def count() -> AsyncGenerator[bytes, None]:
        try:
            for number in itertools.count():
                yield b"%d\n" % number
                await asyncio.sleep(0.001)
        finally:
            ended.release()

    async def serve(request: HttpRequest) -> HttpStream:
        assert (request.path, request.remote) == ("/numbers", HOST)
        return HttpStream(count(), "text/event-stream", {"X-Ours": "yes"})

    async with aiohttp.ClientSession() as client:
        async with serving((HOST, 0), [Route("GET", "/numbers", serve)], well) as (_, port):
            url = f"http://{HOST}:{port}/numbers"
            async with client.get(url) as answer:
                assert (answer.content_type, answer.headers["X-Ours"]) == ("text/event-stream", "yes")
                assert [await answer.content.readline() for _ in range(3)] == [b"0\n", b"1\n", b"2\n"]
            await asyncio.wait_for(ended.acquire(), LONGEST)
            answer = await client.get(url)
            assert await answer.content.readline() == b"0\n"
            began = time.monotonic()
        # Nobody waits for an answer that never ends.
        assert time.monotonic() - began < LONGEST / 2
        await asyncio.wait_for(ended.acquire(), LONGEST)
        answer.close()


# --- Readiness --------------------------------------------------------------------------------------------------

RUNNING = Health("slack", "running", event_age=3.14159)
WAITING = Health("telegram", "waiting", "The token is not valid")
STARTING = Health("slack", "starting")


@pytest.mark.parametrize(
    ("platforms", "expected"),
    [((), True), ((RUNNING,), True), ((RUNNING, WAITING), True), ((WAITING,), False), ((STARTING,), False)],
)
async def test_it_is_ready_when_the_database_takes_a_write_and_a_platform_runs(
    store_url: str, platforms: Sequence[Health], expected: bool
) -> None:
    database = open_database(store_url, Keyring(()), "tests")
    try:
        ready, parts = await Readiness(database, lambda: platforms)()
    finally:
        await database.close()
    assert ready is expected
    assert isinstance(parts, dict)
    assert parts["ready"] is expected
    assert parts["database"]["writes"] is True
    assert 0 < parts["database"]["seconds"] < LONGEST
    assert list(parts["adapters"]) == [health.name for health in platforms]
    if RUNNING in platforms:
        assert parts["adapters"]["slack"] == {"state": "running", "why": "", "last_event_seconds": 3.1}
    if WAITING in platforms:
        shown = {"state": "waiting", "why": "The token is not valid", "last_event_seconds": None}
        assert parts["adapters"]["telegram"] == shown


async def test_it_is_not_ready_when_the_database_takes_no_write(
    sqlite_store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database(sqlite_store_url, Keyring(()), "tests")
    await database.close()
    ready, parts = await Readiness(database, lambda: [RUNNING])()
    assert not ready
    assert isinstance(parts, dict)
    assert parts["database"] == {
        "writes": False,
        "seconds": parts["database"]["seconds"],
        "why": "RuntimeError",
    }
    assert "does not take a write" in caplog.text


async def test_asked_often_it_writes_once(sqlite_store_url: str) -> None:
    database = open_database(sqlite_store_url, Keyring(()), "tests")
    try:
        readiness = Readiness(database, list)
        answers = await asyncio.gather(*(readiness() for _ in range(50)))
    finally:
        await database.close()
    assert len({json.dumps(parts) for _, parts in answers}) == 1


# --- The program ------------------------------------------------------------------------------------------------


class Wall:
    """A platform that is a wall on which everybody can write over HTTP."""

    name = "wall"
    leases: Sequence[str] = ()

    def __init__(self, fault: Exception | None = None, name: str = "wall") -> None:
        """`fault` is what goes wrong at every start."""
        self.name = name
        self.fault = fault
        self.program: Program | None = None
        self.routes: Sequence[Route] = (Route("POST", f"/{name}", self.serve),)
        self.events = 0

    async def run(self, program: Program) -> None:
        if self.fault is not None:
            raise self.fault
        self.program = program
        try:
            await asyncio.Event().wait()
        finally:
            self.program = None

    async def serve(self, request: HttpRequest) -> HttpResponse:
        if self.program is None:
            return HttpResponse(503)
        self.events += 1
        who = Address(self.name, request.body.decode())
        answer = await self.program.handle(Incoming(f"w{self.events}", who, Command("help")))
        return HttpResponse(200 if answer.saved else 503, b"%d" % len(answer.messages))

    def ahead(self, to: Address | Place, *, urgent: bool) -> float:
        del to, urgent
        return 0.0

    async def push(self, to: Address | Place, message: Rendered, once: str) -> Delivery:
        del to, message
        return Sent(once)

    async def edit(self, ref: Ref, message: Rendered) -> Delivery:
        del message
        return Sent(ref.id)

    async def gather(self, people: Sequence[Address], title: str) -> Place | None:
        del people, title
        return None

    async def open(self, file: File) -> AsyncIterator[bytes]:
        yield file.id.encode()


@asynccontextmanager
async def running(chosen: Settings, *walls: Wall) -> AsyncIterator[tuple[App, asyncio.Event]]:
    """The program with these platforms, stopped at the end within its time."""
    async with open_app(chosen, walls, system_clock, "tests") as app:
        stop = asyncio.Event()
        task = asyncio.create_task(app.run(stop))
        await asyncio.sleep(0)
        try:
            yield app, stop
        finally:
            began = time.monotonic()
            stop.set()
            await task
            assert time.monotonic() - began < LONGEST


async def asked(port: int, path: str, method: str = "GET", body: bytes = b"") -> tuple[int, str]:
    """Ask until somebody answers: the server is just starting."""
    async with asyncio.timeout(PATIENCE), aiohttp.ClientSession() as client:
        while True:
            try:
                async with client.request(method, f"http://{HOST}:{port}{path}", data=body) as answer:
                    return answer.status, await answer.text()
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.01)


async def test_platforms_take_events_over_the_web_server_and_a_bad_one_harms_nobody(
    sqlite_store_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    good, bad = Wall(), Wall(Misconfigured("Its token is not valid."), "bad")
    async with running(settings(sqlite_store_url, http__listen=f"{HOST}:{port}"), good, bad):
        status, said = await asked(port, "/wall", "POST", b"ana")
        assert (status, said) == (200, "1")
        assert (await asked(port, "/bad", "POST", b"ana"))[0] == 503
        status, said = await asked(port, "/readyz")
        parts = json.loads(said)
        assert (status, parts["ready"]) == (200, True)
        assert parts["adapters"]["wall"]["state"] == "running"
        assert 0 <= parts["adapters"]["wall"]["last_event_seconds"] < 5
        assert parts["adapters"]["bad"]["why"] == "Its token is not valid."
        assert "ana" not in said
    assert "bad: Its token is not valid. It is tried again in 1 s." in caplog.text
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(HOST, port)


async def test_where_no_platform_runs_it_is_not_ready(sqlite_store_url: str) -> None:
    port = free_port()
    bad = Wall(Misconfigured("Its token is not valid."))
    async with running(settings(sqlite_store_url, http__listen=f"{HOST}:{port}"), bad):
        assert (await asked(port, "/readyz"))[0] == 503
        assert (await asked(port, "/livez"))[0] == 200


async def test_a_place_that_is_taken_is_told_in_words(sqlite_store_url: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        chosen = settings(sqlite_store_url, http__listen=f"{HOST}:{taken.getsockname()[1]}")
        async with open_app(chosen, [Wall()], system_clock, "tests") as app:
            with pytest.raises(Misconfigured, match=r"http\.listen: the web server cannot listen there"):
                await app.run(asyncio.Event())
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_sigterm_ends_a_real_process_in_seconds(tmp_path: Path) -> None:
    port = free_port()
    service = Service(tmp_path, f"http.listen={HOST}:{port}")
    async with service, asyncio.timeout(PATIENCE):
        await service.start()
        await service.listening()
        status, said = await asked(port, "/readyz")
        assert (status, json.loads(said)["adapters"]["console"]["state"]) == (200, "running")
        # A connection that nobody closes must not hold it up.
        _, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        async with aiohttp.ClientSession() as client, client.get(f"http://{HOST}:{port}/livez") as answer:
            assert answer.status == 200
            assert await service.stop() < DANGLING
        writer.close()


async def test_without_any_platform_the_service_says_what_to_set(tmp_path: Path) -> None:
    service = Service(tmp_path, "console.socket=null")
    ended = await service.command("run")
    assert ended.code == 1
    assert ended.err.startswith("No platform is configured. Set slack.bot_tokens")
    (tmp_path / "mine.yaml").write_text("log: {level: loud}", encoding="utf-8")
    for arguments in (["run", "--config", "mine.yaml"], ["check", "--config", "mine.yaml"]):
        ended = await service.command(*arguments)
        assert (ended.code, "mine.yaml, line 1: log.level" in ended.err) == (2, True)
    assert sqlite_path(service.url) == service.database
    assert not service.database.exists()
