"""The console passes the contract, within the program and over a socket; and how its JSON lines behave."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from bot.adapters.console import LINE_LIMIT, event_of, from_json
from bot.ports import Command, Deleted, Edited, Event, Pressed, Said, Started, Submitted
from bot.turn import Message
from tests.contract.rehearsal import ANSWERS, FIELDS, NATIVE
from tests.contract.socket_driver import PATIENCE, SocketDriver
from tests.contract.suite import Contract, Stage, only

NEWS = Message("rehearsal.news", {"number": 1})


class TestConsole(Contract, platform="console"):
    async def test_what_is_known_already_can_be_kept_with_a_press(self, stage: Stage) -> None:
        await stage.begin("ana", "known")
        assert stage.driver.screen("ana")[-1].text == "Your name?\n[Ana Ruiz]"
        await stage.driver.press("ana", "Ana Ruiz")
        await stage.until("ana", "age")
        await stage.driver.press("ana", "41")
        assert not {"name", "age"} & stage.asked("ana").keys()

    async def test_all_fields_are_asked_at_once_and_any_of_them_can_be_answered_alone(
        self, stage: Stage
    ) -> None:
        await stage.begin("ana", "everything")
        assert list(stage.asked("ana")) == [field.key for field in FIELDS if field.when is None]
        await stage.answer("ana", NATIVE, 1)
        assert stage.understood("ana") == ANSWERS

    async def test_a_file_that_is_known_already_is_there(self, stage: Stage) -> None:
        await stage.begin("ana", "known")
        assert stage.asked("ana")["file"]["initial"] == NATIVE["file"]

    async def test_whatever_is_wrong_stands_in_its_field_again(self, stage: Stage) -> None:
        wrong = {"agreed": False, "call": "perhaps", "at": "yesterday 18:00"}
        await stage.begin("ana", "everything")
        await stage.driver.fill("ana", wrong)
        asked = stage.asked("ana")
        assert {key for key, field in asked.items() if field["error"]} == set(wrong)
        assert {key: asked[key]["initial"] for key in wrong} == wrong
        await stage.until("ana", "age")
        await stage.driver.say("ana", "as old as the hills")
        assert stage.asked("ana")["age"]["initial"] == "as old as the hills"

    async def test_an_event_that_comes_again_is_answered_with_what_is_asked_now(self, stage: Stage) -> None:
        await stage.begin("ana", "everything")
        await stage.driver.say("ana", "Ana Ruiz")
        only(await stage.came(stage.driver.again("ana")), "ana", "answer")
        assert next(iter(stage.asked("ana"))) == "story"


class TestSocket(Contract, platform="socket"):
    @pytest.fixture
    def url(self, sqlite_store_url: str) -> str:
        return sqlite_store_url


# --- Lines ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "event"),
    [
        ("hello", Said("hello")),
        (" /find", Said(" /find")),
        ("/find", Command("find")),
        ("/find python  and sql ", Command("find", "python  and sql")),
        ("/find\npython\nsql", Command("find", "python\nsql")),
        ("/", Command("")),
        ("/start abc", Started("abc")),
    ],
)
def test_what_is_typed_is_a_command_where_it_begins_with_a_slash(typed: str, event: Event) -> None:
    assert event_of(typed) == event


@pytest.mark.parametrize(
    ("data", "event"),
    [
        ({"say": "/find x"}, Command("find", "x")),
        ({"press": "accept:7"}, Pressed("accept", "7")),
        ({"press": "help"}, Pressed("help")),
        ({"run": 3, "values": {"name": None}}, Submitted(3, {"name": None})),
        ({"edit": "new words"}, Edited("new words")),
        ({"delete": True}, Deleted()),
    ],
)
def test_a_line_is_an_event(data: dict[str, Any], event: Event) -> None:
    incoming = from_json(json.dumps({"id": "e1", "who": "ana", **data}).encode())
    assert (incoming.id, incoming.who.id, incoming.event) == ("e1", "ana", event)


JUNK = (
    b"",
    b"hello",
    b"[]",
    b"7",
    b"null",
    b"\xff\xfe",
    b"{",
    b"[" * 100_000,
    b'{"id": "e1", "say": "hello"}',
    b'{"id": 1, "who": "ana", "say": "hello"}',
    b'{"id": "e1", "who": ["ana"], "say": "hello"}',
    b'{"id": "e1", "who": "ana"}',
    b'{"id": "e1", "who": "ana", "say": 7}',
    b'{"id": "e1", "who": "ana", "run": 1, "values": ["x"]}',
    b'{"id": "\\ud800", "who": "ana", "say": "hello"}',
    b'{"id": "e1", "who": "\\ud800", "say": "hello"}',
)


@asynccontextmanager
async def wire(stage: Stage) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect as a program of somebody's own."""
    assert isinstance(stage.driver, SocketDriver)
    reader, writer = await asyncio.open_unix_connection(stage.driver.path, limit=2 * LINE_LIMIT)
    try:
        yield reader, writer
    finally:
        writer.close()


async def read(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Read a line."""
    data: dict[str, Any] = json.loads(await asyncio.wait_for(reader.readline(), PATIENCE))
    return data


def write(writer: asyncio.StreamWriter, **data: Any) -> None:
    """Write a line."""
    writer.write(json.dumps(data).encode() + b"\n")


async def hears(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *names: str) -> None:
    """Take the pushes for these people from now on."""
    write(writer, hello=names)
    write(writer, id="here", who="", search="", typed="")
    assert (await read(reader))["options"] == "here"


@pytest.fixture
def kind() -> type[SocketDriver]:
    return SocketDriver


async def test_lines_that_are_no_events_are_refused_in_words_and_the_next_is_taken(stage: Stage) -> None:
    async with wire(stage) as (reader, writer):
        for junk in JUNK:
            writer.write(junk + b"\n")
            assert (await read(reader))["error"], junk[:80]
        write(writer, id="e1", who="ana", say="/help")
        assert "/find" in (await read(reader))["messages"][0]["text"]


async def test_a_line_without_end_is_refused_in_words(stage: Stage) -> None:
    async with wire(stage) as (reader, writer):
        writer.write(b"x" * (LINE_LIMIT + 1))
        assert "at the most" in (await read(reader))["error"]
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
    assert only(await stage.came(stage.driver.command("ana", "help")), "ana", "answer")


async def test_what_is_not_confirmed_is_sent_again_and_only_its_receiver_confirms_it(stage: Stage) -> None:
    async with wire(stage) as (reader, writer), wire(stage) as (_, stranger):
        await hears(reader, writer, "mei")
        await stage.put("mei", NEWS)
        stage.driver.app.outbox.wake.set()
        push = await read(reader)
        assert push["to"] == "mei"
        write(stranger, ack=push["push"])
        write(stranger, id="e1", who="sam", say="hello")
    await stage.driver.settle()
    assert stage.driver.screen("mei") == []
    await stage.driver.advance(timedelta(minutes=1))
    assert [one.text for one in stage.driver.screen("mei")] == ["第 1 条消息。"]


async def test_a_receiver_can_listen_for_everybody(stage: Stage) -> None:
    async with wire(stage) as (reader, writer):
        await hears(reader, writer, "*")
        for who in ("ana", "kim"):
            await stage.put(who, NEWS)
            stage.driver.app.outbox.wake.set()
            push = await read(reader)
            assert (push["to"], push["message"]["text"]) == (who, "News 1.")
            write(writer, ack=push["push"])
        await stage.driver.settle()
    await stage.driver.advance(timedelta(minutes=1))
    assert stage.driver.shown == []


async def test_who_is_away_gets_a_message_when_they_come_back(stage: Stage) -> None:
    assert await stage.push("kim", NEWS) == []
    async with wire(stage) as (reader, writer):
        await hears(reader, writer, "kim")
        advance = asyncio.create_task(stage.driver.advance(timedelta(minutes=1)))
        push = await read(reader)
        assert (push["to"], push["message"]["text"]) == ("kim", "News 1.")
        write(writer, ack=push["push"])
        await advance


async def test_people_change_take_back_and_reply_to_messages(stage: Stage) -> None:
    await stage.pair()
    async with wire(stage) as (reader, writer), wire(stage) as (hearing, confirming):
        await hears(hearing, confirming, "ana", "lee")

        async def does(who: str, **data: Any) -> dict[str, Any]:
            """Let somebody do something; give what the other one gets."""
            write(writer, who=who, **data)
            assert (await read(reader))["answer"] == data["id"]
            push = await read(hearing)
            write(confirming, ack=push["push"])
            return push

        first = await does("ana", id="w1", say="helo", message="m1")
        assert first["message"]["text"] == "Ana Ruiz: helo\n[Report]"
        changed = await does("ana", id="w2", edit="hello", message="m1")
        assert (changed["to"], changed["edits"]) == ("lee", first["once"])
        assert changed["message"]["text"] == "Ana Ruiz (edited): hello"
        # Lee has no room open; what replies to a message of a room goes to that room.
        reply = await does("lee", id="w3", say="hello to you", reply_to=first["once"])
        assert (reply["to"], reply["message"]["text"]) == ("ana", "Lee Chan: hello to you\n[Report]")
        gone = await does("ana", id="w4", delete=True, message="m1")
        assert gone["message"]["text"] == "Ana Ruiz took this message back."
        await stage.driver.settle()
