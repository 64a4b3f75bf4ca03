"""How the local Telegram brings updates to the real library and to webhooks, and for how long."""

import asyncio
import json

import pytest
from aiohttp import web
from telegram.error import (
    Conflict,
)

from tests.platforms.telegram_app import World, keys, refused, world
from tests.platforms.telegram_server import CONFLICT

__all__ = ["world"]


async def test_long_polling_gives_and_confirms(world: World) -> None:
    api, ana, server = await world.api(), world.ana, world.server
    poll = asyncio.ensure_future(api.get_updates(timeout=20))
    await server.called("getUpdates")
    first = await ana.start()
    [got] = await poll
    second = await ana.say("one")
    again = await api.get_updates(limit=1)
    assert [got.update_id, again[0].update_id] == [first.id, first.id]
    assert (first.given, first.confirmed) == (2, False)
    server.gap(500)
    third = await ana.say("two")
    assert third.id == second.id + 501
    ids = [update.update_id for update in await api.get_updates(offset=first.id + 1)]
    assert ids == [second.id, third.id]
    await server.confirmed(first)
    assert await api.get_updates(offset=third.id + 1) == ()
    await server.confirmed()
    server.redeliver(first)
    assert [update.update_id for update in await api.get_updates(offset=third.id + 1)] == [first.id]
    copied = server.copy(second)
    [twin] = await api.get_updates(offset=third.id + 1)
    assert (twin.update_id, twin.message and twin.message.text) == (copied.id, "one")
    assert await api.get_updates(offset=-1, timeout=0) == (twin,)


async def test_only_what_is_allowed_is_told_and_that_sticks(world: World) -> None:
    api, ana = await world.api(), world.ana
    await api.get_updates(allowed_updates=["message"])
    await api.get_updates()
    await ana.start()
    assert (await ana.edit(ana.said[0], "changed")).lost == "not allowed"
    assert [update.message is not None for update in await api.get_updates()] == [True]
    await api.get_updates(allowed_updates=[])
    assert (await ana.block()).lost == ""


async def test_updates_can_be_held_and_come_in_another_order(world: World) -> None:
    api, server = await world.api(), world.server
    lee = world.bot.person(102)
    server.held = True
    first, second = await world.ana.start(), await lee.start()
    assert await api.get_updates() == ()
    server.release(second, first)
    senders = [update.effective_user and update.effective_user.id for update in await api.get_updates()]
    assert senders == [102, 101]
    assert second.id < first.id


async def test_two_pollers_end_each_other(world: World) -> None:
    api, other, server = await world.api(), await world.api(), world.server
    poll = asyncio.ensure_future(api.get_updates(timeout=20))
    await server.until(lambda: server.polling)
    await other.get_updates()
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await poll
    server.fault("getUpdates", CONFLICT)
    with pytest.raises(Conflict):
        await api.get_updates()
    await api.set_webhook("https://mentor.example/hook")
    with pytest.raises(Conflict, match="webhook is active"):
        await api.get_updates()
    await api.delete_webhook()
    assert await api.get_updates() == ()
    assert not server.violations


async def test_old_updates_and_presses_are_lost(world: World) -> None:
    api, ana, server = await world.api(), world.ana, world.server
    started = await ana.start()
    await api.send_message(101, "?", reply_markup=keys([("Yes", "y")]))
    pressed, late = [await ana.press(ana.received[0], "Yes") for _ in range(2)]
    server.age(pressed, 151)
    server.age(late, 149)
    server.age(started, 86_401)
    assert [update.update_id for update in await api.get_updates()] == [late.id]
    assert (started.lost, pressed.lost, late.lost) == ("expired", "expired", "")
    assert late.query is not None
    assert pressed.query is not None
    assert await api.answer_callback_query(late.query.id)
    wrong = await refused(api.answer_callback_query(pressed.query.id))
    assert wrong == "Query is too old and response timeout expired or query id is invalid"
    assert (late.query.answered, pressed.query.answered) == (True, False)
    assert not server.violations


async def test_a_webhook_is_brought_a_line_for_each_chat(world: World) -> None:
    api, ana, lee, server = await world.api(), world.ana, world.bot.person(102), world.server
    server.webhook_retry = 0.01
    got: list[tuple[str, str]] = []
    poison = True

    async def hook(request: web.Request) -> web.Response:
        update = json.loads(await request.text())
        text = update["message"]["text"]
        if poison and text == "bad":
            return web.Response(status=500)
        got.append((text, request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")))
        return web.json_response(
            {"method": "sendMessage", "chat_id": update["message"]["chat"]["id"], "text": "ok"}
        )

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.public["https://mentor.example"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
    assert await refused(api.set_webhook("http://mentor.example/hook")) != ""
    assert server.violations
    try:
        await api.set_webhook("https://mentor.example/hook", secret_token="s3cret")
        await ana.start()
        bad, behind, other = await ana.say("bad"), await ana.say("behind"), await lee.start()
        await server.confirmed(other)
        await server.until(lambda: bad.given > 2)
        assert not behind.given
        info = await api.get_webhook_info()
        assert (info.pending_update_count, info.last_error_message) == (
            2,
            "Wrong response from the webhook: 500",
        )
        poison = False
        await server.confirmed()
        assert sorted(text for text, _ in got) == ["/start", "/start", "bad", "behind"]
        assert {secret for _, secret in got} == {"s3cret"}
        assert [message.text for message in lee.received] == ["ok"]
        server.redeliver(other)
        await server.confirmed()
        assert [status for update, status in server.brought if update is other] == [200, 200]
    finally:
        await runner.cleanup()
