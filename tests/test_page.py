"""The page's wire, asked by a plain client: who may ask, what is kept, what comes, and what the demo adds."""

import asyncio
import json
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.adapters.web import guard
from bot.adapters.web.adapter import Web
from bot.adapters.web.encoding import KINDS, decode, encode
from bot.adapters.web.events import at, incoming
from bot.adapters.web.files import FOLDER
from bot.adapters.web.transcript import Transcript
from bot.app import App, locales, open_app, system_clock
from bot.config import load
from bot.fields import Field
from bot.http import serving
from bot.messages import Catalogue
from bot.outbox.kinds import KINDS as MESSAGES
from bot.ports import (
    Answer,
    Attached,
    Command,
    Deleted,
    Edited,
    HttpRequest,
    Incoming,
    Pressed,
    Program,
    Ref,
    Rendered,
    Said,
    Sent,
    Started,
    Submitted,
)
from bot.reminders.waits import KINDS as WAITS
from bot.richtext import Node, parse
from bot.stage.show import LOOPBACK, Show
from bot.stage.steps import LARGEST, pack, unpack
from tests.contract.rehearsal import FIELDS, FORMATTED
from tests.kills.process import PATIENCE
from tests.test_http import free_port

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


async def well() -> tuple[bool, Mapping[str, bool]]:
    return True, {"ready": True}


class Wire:
    """A client of the page."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self.client, self.url = client, url

    async def get(self, path: str, **query: object) -> Any:
        told = {key: str(value) for key, value in query.items()}
        async with self.client.get(f"{self.url}{path}", params=told) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def post(self, path: str, data: object) -> tuple[int, Any]:
        async with self.client.post(f"{self.url}{path}", json=data) as answer:
            return answer.status, await answer.json()

    async def events(
        self, until: int, headers: Mapping[str, str] | None = None, **query: object
    ) -> list[Any]:
        """Read what comes until an entry."""
        told = {key: str(value) for key, value in query.items()}
        found: list[Any] = []
        async with self.client.get(f"{self.url}/api/events", params=told, headers=headers or {}) as answer:
            async with asyncio.timeout(20):
                async for line in answer.content:
                    if line.startswith(b"data: "):
                        found.append(json.loads(line[6:]))
                    if found and found[-1]["n"] >= until:
                        return found
        raise AssertionError(found)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a play whose curtain has risen."""
    folder = tmp_path_factory.mktemp("begun")

    async def begin() -> None:
        show = Show(folder, lambda: None)
        await show.open(1)
        await show.close()

    asyncio.run(begin())
    return folder


@asynccontextmanager
async def wired(routes: Any) -> AsyncIterator[Wire]:
    async with serving((LOOPBACK, 0), routes, well) as (host, port), aiohttp.ClientSession() as client:
        yield Wire(client, f"http://{host}:{port}")


@pytest.fixture
async def show(begun: Path, tmp_path: Path) -> AsyncIterator[Show]:
    """The demo, as it is when the curtain rises."""
    folder = tmp_path / "show"
    shutil.copytree(begun, folder)
    one = Show(folder, lambda: None)
    await one.open(1)
    yield one
    await one.close()


@pytest.fixture
async def wire(show: Show) -> AsyncIterator[Wire]:
    async with wired(show.routes) as one:
        yield one


# --- Who may ask ------------------------------------------------------------------------------------------------

HERE = {"host": "127.0.0.1:8765"}


@pytest.mark.parametrize(
    ("headers", "remote", "status"),
    [
        (HERE, "127.0.0.1", None),
        ({"host": "localhost:8765"}, "::1", None),
        ({"host": "[::1]:8765"}, "::1", None),
        ({**HERE, "origin": "http://127.0.0.1:8765"}, "127.0.0.1", None),
        ({**HERE, "sec-fetch-site": "same-origin"}, "127.0.0.1", None),
        ({**HERE, "sec-fetch-site": "none"}, "127.0.0.1", None),
        (HERE, "192.168.1.7", 403),
        (HERE, "", 403),
        ({"host": "evil.example"}, "127.0.0.1", 403),
        ({"host": "127.0.0.1.evil.example:8765"}, "127.0.0.1", 403),
        ({"host": "[::1"}, "127.0.0.1", 403),
        ({}, "127.0.0.1", 403),
        ({**HERE, "origin": "https://evil.example"}, "127.0.0.1", 403),
        ({**HERE, "origin": "null"}, "127.0.0.1", 403),
        ({**HERE, "origin": "http://127.0.0.1:9999"}, "127.0.0.1", 403),
        ({**HERE, "sec-fetch-site": "cross-site"}, "127.0.0.1", 403),
        ({**HERE, "sec-fetch-site": "same-site"}, "127.0.0.1", 403),
    ],
)
def test_only_this_machine_and_its_own_page_may_ask(
    headers: Mapping[str, str], remote: str, status: int | None
) -> None:
    refused = guard.refused(HttpRequest(headers, {}, b"", "/", remote), changes=False)
    assert (refused and refused.status) == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", None), ("application/octet-stream", None), ("", 415), ("text/plain", 415),
     ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415)],
)  # fmt: skip
def test_a_form_of_a_foreign_page_changes_nothing(kind: str, status: int | None) -> None:
    request = HttpRequest({**HERE, "content-type": kind}, {}, b"{}", "/api/act", "127.0.0.1")
    refused = guard.refused(request, changes=True)
    assert (refused and refused.status) == status


async def test_every_route_looks_at_who_asks(show: Show) -> None:
    async with wired(show.routes) as wire:
        for route in show.routes:
            path = route.path.replace("{name}", "page.css")
            for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
                asked = wire.client.request(route.method, wire.url + path, headers=headers)
                async with asked as answer:
                    assert answer.status == 403, (route.path, headers)


async def test_the_page_lets_no_script_in_and_no_frame_around_it(wire: Wire) -> None:
    for path in ("/", "/page/app.js", "/page/page.css", "/api/world"):
        async with wire.client.get(wire.url + path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert "require-trusted-types-for 'script'" in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/page/../adapter.py", "/page/%2e%2e%2fadapter.py", "/page/nothing.js", "/adapter.py"):
        async with wire.client.get(wire.url + path) as answer:
            assert answer.status == 404, path


def test_the_page_asks_nobody_else_and_has_no_script_within() -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}
    assert {"index.html", "page.css", "app.js"} <= texts.keys()
    for name, text in texts.items():
        foreign = re.findall(r"https?://[\w.]+", text.replace("http://www.w3.org/2000/svg", ""))
        assert foreign == [], name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        ), name
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=", texts["index.html"])


def test_the_page_says_every_word_of_its_own_and_no_other() -> None:
    words = {
        key.removeprefix("page.") for key in Catalogue.load(locales()).keys("en") if key.startswith("page.")
    }
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(FOLDER.iterdir()))
    whole = set(re.findall(r"""\bt\(\s*"([\w.]+)\"""", text)) | set(
        re.findall(r'data-t(?:-label)?="([\w.]+)"', text)
    )
    chosen = set(re.findall(r"""\bt\(\w+ \? "([\w.]+)" : "[\w.]+"\)""", text))
    chosen |= set(re.findall(r"""\bt\(\w+ \? "[\w.]+" : "([\w.]+)"\)""", text))
    begun = re.findall(r"\bt\(`([\w.]+)\$", text)
    assert whole | chosen <= words
    left = {word for word in words - whole - chosen if not word.startswith(tuple(begun))}
    assert left == set()
    # What is made of a kind: every message can be asked why it came, and every wait may stand among what comes next.
    for begin, kinds in (("why_kind.", MESSAGES), ("ahead.", WAITS)):
        said = {word.removeprefix(begin) for word in words if word.startswith(begin)}
        assert said == {kind.replace(".", "_") for kind in kinds}


# --- What goes over the wire ------------------------------------------------------------------------------------


def test_a_message_is_the_same_after_it_was_written_and_read() -> None:
    for kind in (*Field.__args__, *Node.__args__):
        assert kind in KINDS.values() or kind.__name__ in ("Inline", "Block"), kind
    from bot.ports import Asked, Button, Form, ShownItem, ShownOption

    asked = tuple(
        Asked(
            field,
            parse("<b>Why?</b>"),
            parse("a hint"),
            (ShownOption("a", "A"),),
            parse("wrong"),
            [["x", 1]],
            "Mon",
        )
        for field in FIELDS
    )
    whole = Rendered(
        parse(
            FORMATTED + '<time datetime="2026-03-02T08:00:00+00:00" style="date">Mon</time><cmd>find x</cmd>'
        ),
        (Button("Accept", "accept:7", "primary", "Ana"), Button("No", "decline:7")),
        (ShownItem(parse("one"), (Button("This", "ask:1"),)), ShownItem(parse("two"))),
        Attached("a.png", "image/png", b"\x89PNG\x00\xff", "a picture"),
        Form(3, "Title", asked, can_go_back=True, words={"next": "Next"}),
        silent=True,
        private=True,
    )
    for message in (whole, Rendered(()), Rendered(parse("x"), form=Form(1, "", (), can_go_back=False))):
        assert decode(json.loads(json.dumps(encode(message)))) == message


@pytest.mark.parametrize(
    ("data", "event"),
    [
        ({"say": "hello"}, Said("hello")),
        ({"say": "/find rust  and sql "}, Command("find", "rust  and sql")),
        ({"say": "/start abc"}, Started("abc")),
        ({"press": "accept:7"}, Pressed("accept", "7")),
        ({"press": "help"}, Pressed("help")),
        ({"run": 3, "values": {"name": None}}, Submitted(3, {"name": None})),
        ({"edit": "new", "message": 4}, Edited("new")),
        ({"delete": True, "message": 4}, Deleted()),
    ],
)
def test_what_is_posted_is_an_event(data: dict[str, Any], event: object) -> None:
    read = incoming({"id": "e1", "who": "ana", **data})
    assert (read.id, read.who, read.event) == ("e1", at("ana"), event)
    assert read.message == (Ref("web", "ana", "4") if "message" in data else None)


LONG = "a" * 65
JUNK: tuple[object, ...] = (
    [],
    7,
    None,
    "x",
    {},
    {"id": "e", "who": "a"},
    {"id": 1, "who": "a", "say": "x"},
    {"id": "", "who": "a", "say": "x"},
    {"id": LONG, "who": "a", "say": "x"},
    {"id": "e", "who": "", "say": "x"},
    {"id": "e", "who": LONG, "say": "x"},
    {"id": "e", "who": "a", "say": 7},
    {"id": "e", "who": "a", "run": "1", "values": {}},
    {"id": "e", "who": "a", "run": 1, "values": []},
    {"id": "e", "who": "a", "say": "x", "files": [{"id": "f"}]},
    {"id": "e", "who": "a", "delete": False},
    {"id": "\ud800", "who": "a", "say": "x"},
)


async def test_what_is_no_event_is_refused_in_words_and_leaves_nothing(wire: Wire) -> None:
    before = (await wire.get("/api/world"))["last"]
    for junk in JUNK:
        status, said = await wire.post("/api/act", junk)
        assert status == 400, junk
        assert said["error"]
    headers = {"Content-Type": "application/json"}
    for raw in (b"", b"{", b"\xff", b"[" * 100_000):
        async with wire.client.post(f"{wire.url}/api/act", data=raw, headers=headers) as answer:
            assert answer.status == 400
    for path in ("clock", "reset"):
        assert (await wire.post(f"/api/demo/{path}", {"seconds": -1, "seed": "x"}))[0] == 400
    assert (await wire.get("/api/world"))["last"] == before


async def test_what_is_posted_again_has_no_second_effect_and_is_answered_once(wire: Wire) -> None:
    event = {"id": "twice", "who": "twice", "say": "/help"}
    said = await asyncio.gather(*(wire.post("/api/act", event) for _ in range(5)))
    assert [status for status, _ in said] == [200] * 5
    entries = (await wire.get("/api/chat", who="twice"))["entries"]
    assert [entry["kind"] for entry in entries] == ["said", "answer"]


async def test_a_stream_goes_on_where_it_was_left(wire: Wire) -> None:
    before = (await wire.get("/api/world"))["last"]
    for number in range(3):
        await wire.post("/api/act", {"id": f"s{number}", "who": "stream", "say": "/help"})
    last = (await wire.get("/api/world"))["last"]
    whole = await wire.events(last, after=before, who="stream")
    assert [entry["n"] for entry in whole] == list(range(before + 1, last + 1))
    assert [entry["kind"] for entry in whole] == ["said", "answer", "done"] * 3
    again = await wire.events(last, {"Last-Event-ID": str(before + 3)}, after=before, who="stream")
    assert again == whole[3:]
    # Of others one gets a line.
    others = await wire.events(last, after=before, who="ana")
    assert all("message" not in entry for entry in others)
    assert others[1]["text"].startswith("What you can do") or others[1]["text"]


async def test_a_file_goes_in_and_out(wire: Wire, show: Show) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    url = f"{wire.url}/api/files?name=cv.pdf&mime=application/pdf"
    async with wire.client.post(url, data=b"%PDF", headers=headers) as answer:
        file = await answer.json()
    assert (file["name"], file["mime"], file["size"]) == ("cv.pdf", "application/pdf", 4)
    assert show._playground is not None
    web = show._playground.web
    read = incoming({"id": "f1", "who": "ana", "say": "", "files": [file]}).files[0]
    assert b"".join([part async for part in web.open(read)]) == b"%PDF"
    for bad in ("../transcript.jsonl", "nothing", ""):
        with pytest.raises(FileNotFoundError):
            _ = [
                part
                async for part in web.open(
                    incoming({"id": "f", "who": "a", "say": "", "files": [{**file, "id": bad}]}).files[0]
                )
            ]
    for mime, shown in (("image/png", True), ("image/svg+xml", False), ("text/html", False)):
        sent = await web.push(at("files"), Rendered((), attached=Attached("x", mime, b"<b>")), f"file:{mime}")
        assert isinstance(sent, Sent)
        async with wire.client.get(f"{wire.url}/api/file?n={sent.ref}") as answer:
            assert await answer.read() == b"<b>"
            assert ("attachment" in answer.headers.get("Content-Disposition", "")) is not shown
            assert answer.content_type == (mime if shown else "application/octet-stream")
        entry = (await wire.get("/api/chat", who="files"))["entries"][-1]
        assert "data" not in entry["message"]["attached"]


# --- The transcript ---------------------------------------------------------------------------------------------


def transcript(folder: Path) -> Transcript:
    one = Transcript(folder / "transcript.jsonl", lambda: NOW)
    one.open()
    return one


def test_a_last_line_that_was_cut_short_is_dropped(tmp_path: Path) -> None:
    one = transcript(tmp_path)
    for number in range(3):
        one.add("push", "ana", once=f"o{number}", message={"is": "message"})
    one.close()
    whole = one.file.read_bytes()
    for cut in range(1, len(whole.splitlines(keepends=True)[-1]) + 1):
        one.file.write_bytes(whole[:-cut])
        again = transcript(tmp_path)
        assert again.last == 2
        again.add("push", "lee", once="after")
        again.close()
        assert [entry.who for entry in transcript(tmp_path).entries] == ["ana", "ana", "lee"]


async def test_what_was_done_and_not_answered_is_handed_in_again_and_a_push_is_shown_once(
    tmp_path: Path,
) -> None:
    before = transcript(tmp_path)
    event = {"id": "lost", "who": "ana", "say": "/help"}
    before.add("said", "ana", id="lost", event=event, label="/help")
    before.add("said", "ana", id="known", event={**event, "id": "known"}, label="/help")
    before.add("done", "ana", of="known")
    before.add("push", "ana", once="offer:7", message={"is": "message"})
    before.close()
    handed: list[str] = []

    async def handle(event: Incoming) -> Answer:
        handed.append(event.id)
        return Answer((Rendered(parse("What you can do")),))

    async def suggest(_: object) -> tuple[()]:
        return ()

    web = Web(tmp_path, lambda: NOW)
    running = asyncio.create_task(web.run(Program(handle, suggest, lambda _: {})))
    await asyncio.wait_for(web.listening.wait(), 10)
    assert handed == ["lost"]
    last = web.transcript.last
    assert await web.push(at("ana"), Rendered(()), "offer:7") == await web.push(
        at("ana"), Rendered(()), "offer:7"
    )
    assert web.transcript.last == last
    running.cancel()
    await asyncio.wait({running})
    again = Web(tmp_path, lambda: NOW)
    again.transcript.open()
    assert list(again.transcript.unfinished()) == []
    again.transcript.close()


# --- What the demo adds -----------------------------------------------------------------------------------------


async def test_the_world_tells_who_can_be_played_and_what_there_is(wire: Wire) -> None:
    world = await wire.get("/api/world", lang="zh-TW")
    assert len(world["people"]) == 61
    assert {person["role"] for person in world["people"]} == {"mentor", "mentee", "both", "organiser"}
    assert len({person["zone"] for person in world["people"]}) == 5
    assert world["language"] == "zh"
    assert world["words"]["send"] == "发送"
    assert {name for name, *_ in world["commands"]["en"]} >= {"find", "help", "organiser"}
    assert world["tools"] == ["ahead", "clock", "kill", "link", "looks", "match", "reset", "why"]
    assert world["now"].startswith("2026-03-02T08:00")


async def test_time_passes_by_steps_or_to_what_is_next(show: Show, wire: Wire) -> None:
    ahead = await wire.get("/api/demo/ahead")
    assert [each["kind"] for each in ahead][:1] == ["offer.reminder"]
    _, told = await wire.post("/api/demo/clock", {"next": True})
    assert told["now"] >= ahead[0]["due"]
    assert show._playground is not None
    kinds = [entry.kind for entry in show._playground.web.transcript.entries[-3:]]
    assert kinds[-1] == "time"
    assert "push" in kinds
    before = datetime.fromisoformat(told["now"])
    _, told = await wire.post("/api/demo/clock", {"seconds": 900})
    assert 899 < (datetime.fromisoformat(told["now"]) - before).total_seconds() < 901


async def test_a_message_is_shown_as_three_platforms_get_it(wire: Wire) -> None:
    await wire.post("/api/act", {"id": "l1", "who": "bruno", "say": "/find rust"})
    found = (await wire.get("/api/chat", who="bruno"))["entries"][-1]
    looks = await wire.get("/api/demo/looks", n=found["n"])
    slack, discord, telegram = (looks[name]["messages"][0] for name in ("slack", "discord", "telegram"))
    assert slack["blocks"][0]["type"] == "rich_text"
    assert discord["components"]
    assert telegram["reply_markup"]["inline_keyboard"]
    await wire.post("/api/act", {"id": "l2", "who": "bruno", "say": "/find"})
    form = (await wire.get("/api/chat", who="bruno"))["entries"][-1]
    looks = await wire.get("/api/demo/looks", n=form["n"])
    assert looks["slack"]["modals"][0]["type"] == "modal"
    assert looks["discord"]["modals"]
    assert looks["telegram"]["messages"]


async def test_behind_a_match_are_parts_that_add_up_to_the_score(wire: Wire) -> None:
    await wire.post("/api/act", {"id": "m1", "who": "lan", "say": "/find java"})
    found = (await wire.get("/api/chat", who="lan"))["entries"][-1]
    match = await wire.get("/api/demo/match", n=found["n"])
    assert match["topics"] == ["Java"]
    assert match["mentors"][0]["reasons"]
    for mentor in match["mentors"]:
        whole = sum(match["weights"][name] * part for name, part in mentor["parts"].items())
        assert abs(whole - mentor["score"]) < 0.001
    ask = found["message"]["buttons"][0]["id"]
    _, told = await wire.post("/api/act", {"id": "m2", "who": "lan", "press": ask, "message": found["n"]})
    (line,) = [
        entry
        for entry in await wire.events(told["last"], after=found["n"], who="*")
        if entry["kind"] == "push" and "message" in entry
    ]
    offered = await wire.get("/api/demo/match", n=line["n"])
    assert [one["marked"] for one in offered["mentors"]].count(True) == 1
    why = await wire.get("/api/demo/why", n=line["n"])
    assert (why["kind"], why["waited"], why["rules"]["quiet"]) == ("offer", False, "hold")
    assert await wire.get("/api/demo/why", n=found["n"]) is None


async def test_a_play_begins_anew_and_steps_lead_back(tmp_path: Path) -> None:
    show = Show(tmp_path, lambda: None)
    await show.open(1)
    try:
        async with wired(show.routes) as wire:
            first = await wire.get("/api/world")
            await wire.post("/api/act", {"id": "a", "who": "ana", "say": "/find rust"})
            entry = (await wire.get("/api/chat", who="ana"))["entries"][-1]
            press = {"press": entry["message"]["buttons"][0]["id"], "message": entry["n"]}
            await wire.post("/api/act", {"id": "b", "who": "ana", **press})
            await wire.post("/api/demo/clock", {"seconds": 86_400})
            chat = await wire.get("/api/chat", who="ana")
            link = await wire.get("/api/demo/link")
            assert (await wire.post("/api/demo/reset", {"seed": 2}))[0] == 200
            other = await wire.get("/api/world")
            assert other["people"] != first["people"]
            assert other["epoch"] != first["epoch"]
            assert (await wire.get("/api/chat", who="ana"))["entries"] == []
            assert (await wire.post("/api/demo/reset", link))[0] == 200
            again = await wire.get("/api/chat", who="ana")
            told = [
                [(one["kind"], one.get("text"), one.get("label")) for one in each["entries"]]
                for each in (chat, again)
            ]
            assert told[0] == told[1]
            # What leads nowhere leaves a play that goes on.
            for steps in ("x", pack([{"no": "event"}])):
                assert (await wire.post("/api/demo/reset", {"seed": 1, "steps": steps}))[0] == 400
            assert len((await wire.get("/api/world"))["people"]) == 61
    finally:
        await show.close()


def test_steps_are_read_as_they_were_written_and_bombs_are_refused() -> None:
    steps = [{"id": "a", "who": "ana", "say": "你好 🌱"}, {"until": "2026-03-02T09:00:00+00:00"}]
    assert unpack(pack(steps)) == steps
    assert re.fullmatch(r"[\w-]+", pack(steps))
    for bad in ("!", "AAAA", pack([{"say": "x" * (LARGEST + 1)}]), pack([1]), pack({"a": 1})):  # type: ignore[list-item, arg-type]
        with pytest.raises(ValueError, match=r".+"):
            unpack(bad)


# --- Beside a service -------------------------------------------------------------------------------------------


async def test_a_running_service_serves_the_page_to_its_own_people(
    tmp_path: Path, sqlite_store_url: str
) -> None:
    from bot.platforms import configured

    port = free_port()
    given = {
        "database.url": sqlite_store_url,
        "encryption.mode": "off",
        "http.listen": f"127.0.0.1:{port}",
        "http.page": "true",
    }
    settings = load(None, {"MENTORBOT_HOME": str(tmp_path)}, given, tmp_path)
    adapters = configured(settings)
    assert [adapter.name for adapter in adapters] == ["web"]
    app: App
    async with open_app(settings, adapters, system_clock, say=lambda _: None) as app:
        stop = asyncio.Event()
        running = asyncio.create_task(app.run(stop))
        web = adapters[0]
        assert isinstance(web, Web)
        await asyncio.wait_for(web.listening.wait(), 20)
        async with aiohttp.ClientSession() as client:
            wire = Wire(client, f"http://127.0.0.1:{port}")
            world = await wire.get("/api/world")
            assert (world["people"], world["tools"]) == ([], [])
            assert (await wire.post("/api/act", {"id": "r1", "who": "sam", "say": "hello"}))[0] == 200
            entries = (await wire.get("/api/chat", who="sam"))["entries"]
            assert [entry["kind"] for entry in entries] == ["said", "answer"]
            assert entries[1]["text"].startswith("Hello sam!")
        stop.set()
        await asyncio.wait_for(running, 20)


def test_nothing_of_the_page_is_served_unless_it_is_asked_for(tmp_path: Path) -> None:
    from bot.platforms import configured

    assert configured(load(None, {}, {"http.listen": "127.0.0.1:8080"}, tmp_path)) == []


# --- The command ------------------------------------------------------------------------------------------------


async def demo(*arguments: str) -> tuple[int, str, str]:
    """Run the demo until it has said something, and stop it as Ctrl+C does; gives its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--no-browser", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    if process.returncode is None and said:
        process.send_signal(signal.SIGINT)
    rest = await asyncio.wait_for(process.stderr.read(), PATIENCE)
    return await process.wait(), said.decode(), rest.decode()


async def test_the_demo_says_where_it_is_and_takes_another_port_where_that_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said, trouble = await demo("--port", str(port))
        assert (code, said) == (1, "")
        assert f"The page cannot be served on port {port}" in trouble
    code, said, trouble = await demo("--port", str(free_port()), "--seed", "3")
    assert (code, trouble) == (0, "")
    assert re.fullmatch(r"The playground is at http://127\.0\.0\.1:\d+/  \(Ctrl\+C ends it\)\n", said)
