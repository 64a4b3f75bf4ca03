"""The local Telegram against the real library: its methods, its people, its faults, its files."""

import json
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from telegram import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    ReplyParameters,
)
from telegram.error import (
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from tests.platforms.kit import Hang, Refuse429, Reset, Status
from tests.platforms.telegram_app import PNG, World, keys, refused, world
from tests.platforms.telegram_server import ClientRefuses, TelegramServer

__all__ = ["world"]


async def test_a_private_chat_is_there_once_start_was_pressed(world: World) -> None:
    api, ana = await world.api(), world.ana
    assert (await api.get_me()).username == world.bot.username
    assert await refused(api.send_message(101, "Hello")) == "Chat not found"
    assert await refused(api.send_message(999, "Hello")) == "Chat not found"
    with pytest.raises(ClientRefuses):
        await ana.say("hello?")
    update = await ana.start("a-token")
    sent = await api.send_message(101, "Hello", disable_notification=True, protect_content=True)
    [mine, message] = ana.messages
    assert (mine.text, message.id, message.text) == ("/start a-token", sent.message_id, "Hello")
    assert (message.silent, message.protected, ana.notified) == (True, True, [])
    [got] = await api.get_updates(timeout=0)
    assert got.message is not None
    assert got.effective_user is not None
    assert (got.update_id, got.message.text, got.effective_user.id) == (update.id, "/start a-token", 101)
    assert got.effective_user.language_code == "es"
    assert got.message.entities[0].type == "bot_command"
    assert not world.server.violations


async def test_presses_come_with_the_message_as_it_stands(world: World) -> None:
    api, ana = await world.api(), world.ana
    await ana.start()
    sent = await api.send_message(
        101, "<b>Ana</b>?", "HTML", reply_markup=keys([("Yes", "y:1"), ("No", "n:1")])
    )
    await api.edit_message_text("Ben?", 101, sent.message_id, reply_markup=keys([("Yes", "y:2")]))
    message = ana.received[0]
    assert (message.text, message.labels, message.versions[0]["text"]) == ("Ben?", ["Yes"], "Ana?")
    await ana.press(message, "Yes")
    await ana.press(message, "n:1", version=0)
    await api.delete_message(101, sent.message_id)
    await ana.press(message, "Yes")
    _, now, before, gone = await api.get_updates()
    for update, data, text in ((now, "y:2", "Ben?"), (before, "n:1", "Ben?"), (gone, "y:2", None)):
        query = update.callback_query
        assert query is not None
        assert query.message is not None
        assert (query.data, getattr(query.message, "text", None)) == (data, text)
        assert query.message.is_accessible is (text is not None)
    with pytest.raises(LookupError):
        await ana.press(message, "No")
    await api.answer_callback_query(gone.callback_query.id, "Thanks", show_alert=True)  # type: ignore[union-attr]
    assert (ana.queries[2].text, ana.queries[2].alert) == ("Thanks", True)


async def test_edits_are_refused_as_telegram_refuses_them(world: World) -> None:
    api, ana = await world.api(), world.ana
    await ana.start()
    sent = await api.send_message(101, "<i>a</i>", "HTML", reply_markup=keys([("Yes", "y")]))
    same = api.edit_message_text(
        "<em>a</em>", 101, sent.message_id, parse_mode="HTML", reply_markup=keys([("Yes", "y")])
    )
    assert (await refused(same)).startswith("Message is not modified: specified new message content")
    assert await api.edit_message_reply_markup(101, sent.message_id)
    assert (await refused(api.edit_message_reply_markup(101, sent.message_id))).startswith(
        "Message is not modified"
    )
    assert await refused(api.edit_message_text("b", 101, 4711)) == "Message to edit not found"
    assert await refused(api.edit_message_text("b", 101, ana.said[0].id)) == "Message can't be edited"
    assert await refused(api.delete_message(101, 4711)) == "Message to delete not found"
    assert not world.server.violations


async def test_people_block_and_leave(world: World) -> None:
    api, ana = await world.api(), world.ana
    await ana.start()
    await ana.block()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await api.send_message(101, "x")
    with pytest.raises(Forbidden):
        await api.send_chat_action(101, "typing")
    await ana.start()
    assert [u.my_chat_member and u.my_chat_member.new_chat_member.status for u in await api.get_updates()] == [
        None, "kicked", "member", None,
    ]  # fmt: skip
    await api.send_chat_action(101, "typing")
    seen = [ana.typing]
    await api.send_message(101, "x")
    assert [*seen, ana.typing] == [True, False]
    ana.deactivate()
    with pytest.raises(Forbidden, match="user is deactivated"):
        await api.send_message(101, "x")
    world.bot.revoke()
    with pytest.raises(InvalidToken):
        await api.send_message(101, "x")


async def test_groups_move_and_throw_the_bot_out(world: World) -> None:
    api, ana, lee = await world.api(), world.ana, world.bot.person(102)
    group = await ana.create_group("Pair", lee, payload="t0k")
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await api.send_message(102, "x")
    sent = await api.send_message(group.id, "Hi")
    assert (await lee.say("between us", chat=group)).lost == "privacy"
    assert (await lee.say("to you", reply_to=group.messages[-2], chat=group)).lost == ""
    moved = await group.migrate()
    with pytest.raises(ChatMigrated) as error:
        await api.send_message(group.id, "x")
    assert error.value.new_chat_id == moved.id
    assert (await api.send_message(moved.id, "x")).message_id == 2
    told = [update.message for update in await api.get_updates() if update.message]
    assert told[0].text == f"/start@{world.bot.username} t0k"
    assert told[1].reply_to_message is not None
    assert told[1].reply_to_message.message_id == sent.message_id
    assert (told[2].migrate_to_chat_id, told[3].migrate_from_chat_id) == (moved.id, group.id)
    await moved.remove_bot(lee)
    with pytest.raises(Forbidden, match="kicked from the supergroup chat"):
        await api.send_message(moved.id, "x")
    assert [room.id for room in lee.rooms] == [moved.id]
    assert not world.server.violations


async def test_what_telegram_would_not_forgive_is_noted(world: World) -> None:
    api, server = await world.api(), world.server
    await world.ana.start()
    for text, why in (
        ("<b>x", "Can't parse entities: can't find end tag corresponding to start tag \"b\""),
        (" \u200b\n", "Message text is empty"),
        ("😀" * 2048 + "x", "Message is too long"),
    ):
        assert (await refused(api.send_message(101, text, "HTML"))).lower() == why.lower()
    await api.send_message(101, "<b>" + "😀" * 2048 + "</b>", "HTML")
    assert (
        await refused(api.send_message(101, "x", reply_markup=keys([("é", "é" * 33)])))
        == "Button_data_invalid"
    )
    assert await api.send_message(101, "x", reply_markup=keys([("é", "é" * 32)]))
    await api.send_message(101, "x", reply_markup=keys([("x", "x")] * 9))
    assert "too long" in await refused(api.send_message(101, "x", reply_markup=keys(*[[("x", "x")]] * 101)))
    await api.send_message(101, "x", api_kwargs={"disable_web_page_preview": True})
    with pytest.raises(InvalidToken):  # a 404, which the library takes for this
        await api.do_api_request("sendWhisper", {"chat_id": 101})
    said = [violation.split(": ")[1][:24] for violation in server.violations]
    assert said == [
        "can't parse entities", "message text is empty", "message is too long (409", "BUTTON_DATA_INVALID",
        "9 buttons in a row, of a", "reply markup is too long", "unknown parameters ['dis", "no such method",
    ]  # fmt: skip


async def test_faults_strike_before_and_after_what_was_asked(world: World) -> None:
    api, ana, server = await world.api(patience=0.2), world.ana, world.server
    await ana.start()
    for fault in (Refuse429(300), Status(503), Status(500, before=False), Reset(), Reset(before=False),
                  Hang(before=False)):  # fmt: skip
        server.fault("sendMessage", fault)
    with pytest.raises(RetryAfter) as limited:
        await api.send_message(101, "0")
    assert limited.value.retry_after == timedelta(minutes=5)
    for number in range(1, 5):
        with pytest.raises(NetworkError):
            await api.send_message(101, str(number))
    with pytest.raises(TimedOut):
        await api.send_message(101, "5")
    await api.send_message(101, "6")
    assert [message.text for message in ana.received] == ["2", "4", "5", "6"]


async def test_rates_are_held_where_they_are_strict(world: World) -> None:
    api, server = await world.api(), world.server
    await world.ana.start()
    group = await world.ana.create_group("Pair")
    server.strict_burst = 2
    for _ in range(2):
        await api.send_message(101, "x")
    with pytest.raises(RetryAfter):
        await api.send_message(101, "x")
    for _ in range(20):
        await api.send_message(group.id, "x")
    with pytest.raises(RetryAfter):
        await api.send_message(group.id, "x")


async def test_files_go_both_ways(world: World) -> None:
    api, ana = await world.api(), world.ana
    await ana.start()
    await api.send_document(101, b"BEGIN:VCALENDAR", "<b>Then</b>", filename="s.ics", parse_mode="HTML")
    await api.send_photo(
        101, PNG, reply_parameters=ReplyParameters(ana.said[0].id), reply_markup=keys([("a", "b")])
    )
    document, photo = ana.received
    assert document.file is not None
    assert (document.file.name, document.file.data, document.text) == ("s.ics", b"BEGIN:VCALENDAR", "Then")
    assert (photo.reply_to, photo.labels) == (ana.said[0], ["a"])
    assert await refused(api.send_photo(101, b"not a picture")) == "Image_process_failed"
    await ana.send_file("cv.pdf", b"%PDF", caption="mine")
    await ana.send_photo(PNG)
    await ana.send_voice(b"OggS")
    await ana.send_file("huge.zip", b"", size=21 * 2**20)
    _, cv, picture, voice, huge = [update.message for update in await api.get_updates()]
    assert cv is not None
    assert cv.document is not None
    assert (cv.caption, cv.document.file_name, cv.document.file_size) == ("mine", "cv.pdf", 4)
    assert bytes(await (await cv.document.get_file()).download_as_bytearray()) == b"%PDF"
    assert picture is not None
    assert bytes(await (await picture.photo[-1].get_file()).download_as_bytearray()) == PNG
    assert voice is not None
    assert voice.voice is not None
    assert huge is not None
    assert huge.document is not None
    assert await refused(api.get_file(huge.document.file_id)) == "File is too big"
    assert not world.server.violations


async def test_commands_shadow_each_other_by_scope_and_language(world: World) -> None:
    api, ana = await world.api(), world.ana
    await api.set_my_commands([BotCommand("help", "Help")])
    await api.set_my_commands([BotCommand("find", "Find")], BotCommandScopeAllPrivateChats())
    assert ana.commands == {"find": "Find"}
    await api.set_my_commands([BotCommand("find", "Buscar")], BotCommandScopeAllPrivateChats(), "es")
    assert ana.commands == {"find": "Buscar"}
    assert (await api.get_my_commands(BotCommandScopeAllPrivateChats(), "es"))[0].description == "Buscar"
    await api.set_my_short_description("Find a mentor", "es")
    assert (await api.get_my_short_description("es")).short_description == "Find a mentor"
    assert not world.server.violations
    assert await refused(api.set_my_commands([("Find", "x")])) == "Bot_command_invalid"


async def test_every_request_is_a_line_of_the_wire_log(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = await world.api()
    await world.ana.start()
    monkeypatch.setenv("WIRE_LOG", str(tmp_path / "wire"))
    await api.send_message(101, "é", reply_markup=keys([("a", "b")]), disable_notification=True)
    sent = await api.send_document(101, b"abc", filename="a.txt")
    assert sent.document is not None
    known = await api.get_file(sent.document.file_id)
    # What is fetched from an address is no method, and no line.
    assert await known.download_as_bytearray() == b"abc"
    lines = [json.loads(line) for line in (tmp_path / "wire").read_text().splitlines()]
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    file = {"document": {"name": "a.txt", "mime": "text/plain", "size": 3}}
    assert [(line["platform"], line["method"]) for line in lines] == [
        ("telegram", "sendMessage"), ("telegram", "sendDocument"), ("telegram", "getFile"),
    ]  # fmt: skip
    assert lines[0]["body"] == {
        "chat_id": 101,
        "text": "é",
        "reply_markup": markup,
        "disable_notification": True,
    }
    assert lines[1]["body"] == {"chat_id": 101, "_files": file}


async def test_json_bodies_and_addresses_do_as_well(world: World) -> None:
    await world.ana.start()
    async with aiohttp.ClientSession() as session:
        url = f"{world.server.base_url}{world.bot.token}"
        async with session.post(f"{url}/SENDmessage", json={"chat_id": 101, "text": "x"}) as answer:
            assert (await answer.json())["ok"]
        async with session.get(f"{url}/sendMessage?chat_id=999&text=x") as answer:
            assert (answer.status, await answer.json()) == (
                400,
                {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"},
            )


async def test_a_storm_is_the_same_for_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WIRE_LOG", raising=False)
    monkeypatch.setenv("PTB_TIMEDELTA", "true")

    async def weather(seed: int) -> list[int | None]:
        async with TelegramServer(seed) as server:
            bot = server.bot(7)
            made = World(server, bot, bot.person(101))
            await made.ana.start()
            server.storm("sendMessage", ((0.3, Refuse429(1)), (0.2, Status(500)), (0.1, Reset())))
            async with made.clients:
                api = await made.api()
                for _ in range(30):
                    try:
                        await api.send_message(101, "x")
                    except TelegramError:
                        continue
            return [call.status for call in server.calls]

    first = await weather(3)
    assert first == await weather(3) != await weather(4)
    assert set(first) == {200, 429, 500, 0}
