"""What Telegram delivers, in the shapes of its documentation, and what is heard in it."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.presses import Box, Pick
from bot.adapters.telegram.parse import parse
from bot.adapters.telegram.surface import Heard, Moved, Surface, Turned
from bot.adapters.telegram.typed import text_of
from bot.events import (
    Command,
    Edited,
    Event,
    File,
    Place,
    Pressed,
    Quoted,
    Reachable,
    Ref,
    Said,
    Started,
    Submitted,
)
from bot.richtext import Break, Link, Pre, Styled, Text, from_user
from core.address import Address

Json = dict[str, Any]

BOT = 8000000001
ANA = Address("telegram", f"{BOT}/1111111")


# ---- payloads, complete ----

PERSON: Json = {
    "id": 1111111,
    "is_bot": False,
    "first_name": "Ana",
    "last_name": "Ruiz",
    "username": "anaruiz",
    "language_code": "es",
}
CHAT: Json = {
    "id": 1111111,
    "first_name": "Ana",
    "last_name": "Ruiz",
    "username": "anaruiz",
    "type": "private",
}
GROUP: Json = {"id": -1001234567890, "title": "Mentors", "type": "supergroup"}
SELF: Json = {"id": BOT, "is_bot": True, "first_name": "Mentoring", "username": "mentoring_bot"}


def written(text: str | None = None, *entities: Json, **more: Any) -> Json:
    said = {} if text is None else {"text": text}
    about = {"entities": list(entities)} if entities else {}
    return {
        "message_id": 1365,
        "from": PERSON,
        "chat": CHAT,
        "date": 1441645532,
        **said,
        **about,
        **more,
    }


def message(text: str | None = None, *entities: Json, **more: Any) -> Json:
    return {"update_id": 10000, "message": written(text, *entities, **more)}


def entity(kind: str, offset: int, length: int, **more: Any) -> Json:
    return {"type": kind, "offset": offset, "length": length, **more}


def asked(rows: list[list[tuple[str, str]]], **more: Any) -> Json:
    keyboard = [[{"text": text, "callback_data": data} for text, data in row] for row in rows]
    return {
        "message_id": 1366,
        "from": SELF,
        "chat": CHAT,
        "date": 1441645532,
        "text": "Which?",
        "reply_markup": {"inline_keyboard": keyboard},
        **more,
    }


def pressed(data: str, shown: Json | None = None, **more: Any) -> Json:
    query = {
        "id": "4382bfdwdsb323b2d9",
        "from": PERSON,
        "message": asked([[("A", data)]]) if shown is None else shown,
        "chat_instance": "-8221483920014821",
        "data": data,
    }
    return {"update_id": 10001, "callback_query": {**query, **more}}


PHOTO = [
    {"file_id": "AgADsmall", "file_unique_id": "AQADsmall", "width": 90, "height": 51, "file_size": 1101},
    {"file_id": "AgADlarge", "file_unique_id": "AQADlarge", "width": 1280, "height": 720, "file_size": 90765},
    {"file_id": "AgADmiddle", "file_unique_id": "AQADmid", "width": 320, "height": 180, "file_size": 14265},
]
DOCUMENT = {
    "file_name": "plan.pdf",
    "mime_type": "application/pdf",
    "file_id": "BQADBAADNQAD",
    "file_unique_id": "AgADNQAD",
    "file_size": 57014,
}
MEMBER: Json = {
    "update_id": 10002,
    "my_chat_member": {
        "chat": CHAT,
        "from": PERSON,
        "date": 1441645532,
        "old_chat_member": {"user": SELF, "status": "member"},
        "new_chat_member": {"user": SELF, "status": "kicked", "until_date": 0},
    },
}
MOVED: Json = {
    "update_id": 10003,
    "message": {
        "message_id": 3,
        "from": PERSON,
        "chat": {"id": -4001, "title": "Mentors", "type": "group"},
        "date": 1441645532,
        "migrate_to_chat_id": -1001234567890,
    },
}


def heard(update: Json) -> Heard:
    found = parse(update, BOT)
    assert isinstance(found, Heard)
    return found


def event(update: Json) -> Event:
    return heard(update).incoming.event


# ---- messages ----


def test_what_somebody_writes_to_the_bot() -> None:
    found = heard(message("Hello & <hi>"))
    assert (found.bot, found.chat) == (BOT, 1111111)
    assert found.surface == Surface("chat", message=1365)
    incoming = found.incoming
    assert (incoming.id, incoming.who, incoming.event) == ("8000000001:10000", ANA, Said("Hello & <hi>"))
    assert (incoming.name, incoming.locale, incoming.zone) == ("Ana Ruiz", "es", None)
    assert incoming.message == Ref("telegram", f"{BOT}/1111111", "1365")
    assert (incoming.place, incoming.reply_to, incoming.files, incoming.quoted) == (None, None, (), None)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("/find rust, evenings", Command("find", "rust, evenings")),
        ("/Find@mentoring_bot  c++\nand sql ", Command("find", "c++\nand sql")),
        ("/help", Command("help")),
        ("/start", Started("")),
        ("/start inv-4f_2A", Started("inv-4f_2A")),
        ("/start " + "x" * 100, Started("x" * 64)),
        ("/usr/bin/python", Said("/usr/bin/python")),
        ("/ find", Said("/ find")),
        ("/", Said("/")),
        ("// a comment", Said("// a comment")),
    ],
)
def test_commands(text: str, wanted: Event) -> None:
    assert event(message(text, entity("bot_command", 0, min(len(text), 5)))) == wanted


def test_a_command_that_was_written_as_code_is_no_command() -> None:
    assert event(message("/find", entity("code", 0, 5))) == Said("`/find`")


def test_a_reply_to_the_bot_names_the_message_and_quotes_it() -> None:
    answered = {"message_id": 77, "from": SELF, "chat": CHAT, "date": 1441645000, "text": "Lee: hi there"}
    about = Ref("telegram", f"{BOT}/1111111", "77")
    incoming = heard(message("hello", reply_to_message=answered)).incoming
    assert (incoming.reply_to, incoming.quoted) == (about, Quoted(None, "Lee: hi there", about))
    part = heard(message("/report", reply_to_message=answered, quote={"text": "hi", "position": 5})).incoming
    assert part.quoted == Quoted(None, "hi", about)


def test_a_reply_to_oneself_is_no_reply_to_the_bot() -> None:
    incoming = heard(message("and this", reply_to_message=written("before"))).incoming
    assert incoming.reply_to is None
    assert incoming.quoted == Quoted(ANA, "before", Ref("telegram", f"{BOT}/1111111", "1365"))


@pytest.mark.parametrize(
    ("sent", "file"),
    [
        ({"photo": PHOTO}, File(f"{BOT}/AgADlarge", "photo.jpg", "image/jpeg", 90765)),
        ({"document": DOCUMENT}, File(f"{BOT}/BQADBAADNQAD", "plan.pdf", "application/pdf", 57014)),
        (
            {"voice": {"file_id": "AwAD", "file_unique_id": "x", "duration": 5, "mime_type": "audio/ogg"}},
            File(f"{BOT}/AwAD", "voice.ogg", "audio/ogg", 0),
        ),
        (
            {"video": {"file_id": "BAAD", "width": 1, "height": 1, "duration": 1, "file_size": 7}},
            File(f"{BOT}/BAAD", "video.mp4", "video/mp4", 7),
        ),
        (
            {"animation": {"file_id": "CgAD"}, "document": {"file_id": "CgAD", "file_name": "a.gif"}},
            File(f"{BOT}/CgAD", "a.gif", "application/octet-stream", 0),
        ),
    ],
)
def test_files(sent: Json, file: File) -> None:
    incoming = heard(message(None, caption="my plan", **sent)).incoming
    assert (incoming.event, incoming.files) == (Said("my plan"), (replace(file, most=20_000_000),))
    assert heard(message(None, **sent)).incoming.event == Said("")


def test_what_has_no_words_is_answered_all_the_same() -> None:
    assert event(message(None, sticker={"file_id": "CAAD", "emoji": "👍"})) == Said("👍")
    assert event(message(None, location={"longitude": 1.5, "latitude": 2.5})) == Said("")


def test_a_change() -> None:
    update = {"update_id": 10005, "edited_message": written("now so", edit_date=1441645550)}
    found = heard(update).incoming
    assert (found.event, found.message) == (Edited("now so"), Ref("telegram", f"{BOT}/1111111", "1365"))
    moved_on = written(None, location={"longitude": 1.5, "latitude": 2.5})
    assert parse({"update_id": 10006, "edited_message": moved_on}, BOT) is None


@pytest.mark.parametrize(
    "update",
    [
        message("hi", chat=GROUP),
        message("/find rust", chat=GROUP),
        message("hi", **{"from": {**PERSON, "is_bot": True}}),
        message("hi", **{"from": {**PERSON, "id": 5}}),
        message(None, pinned_message=written("x")),
        message(None, message_auto_delete_timer_changed={"message_auto_delete_time": 60}),
        {"update_id": 1, "channel_post": written("x", chat={"id": -100, "type": "channel"})},
        {"update_id": 1, "business_message": written("x")},
        {"update_id": 1, "poll": {"id": "1"}},
        {"message": written("no update_id")},
    ],
)
def test_what_is_not_for_the_bot(update: Json) -> None:
    assert parse(update, BOT) is None


# ---- what it looked like ----


@pytest.mark.parametrize(
    ("text", "entities", "wanted"),
    [
        ("see a.b()", [entity("code", 4, 5)], "see `a.b()`"),
        ("👩 x", [entity("code", 3, 1)], "👩 `x`"),
        ("run\nx = 1\ndone", [entity("pre", 4, 6, language="python")], "run\n```python\nx = 1\n```\ndone"),
        ("run x", [entity("pre", 4, 1)], "run \n```\nx\n```"),
        (
            "the docs",
            [entity("text_link", 4, 4, url="https://x.org/a")],
            "the docs (https://x.org/a)",
        ),
        ("x.org/a", [entity("text_link", 0, 7, url="https://x.org/a/")], "x.org/a"),
        ("Lee", [entity("text_link", 0, 3, url="tg://user?id=5")], "Lee"),
        ("Lee", [entity("text_mention", 0, 3, user=PERSON)], "Lee"),
        ("bold *", [entity("bold", 0, 4), entity("italic", 0, 4), entity("spoiler", 1, 2)], "bold *"),
        ("a\nb\nc", [entity("blockquote", 0, 3), entity("bold", 0, 1)], "> a\n> b\nc"),
        ("a x\nb", [entity("expandable_blockquote", 0, 5), entity("code", 2, 1)], "> a `x`\n> b"),
        ("a`b", [entity("code", 0, 3)], "a`b"),
        ("abc", [entity("code", 0, 2), entity("code", 1, 2)], "`ab`c"),
        ("abc", [entity("code", 2, 5), entity("code", -1, 2), entity("code", 0, 0)], "abc"),
        ("abc", [entity("blockquote", 0, 2), entity("code", 1, 2)], "a`bc`"),
        ("👩", [entity("code", 1, 1)], "�`�`"),
    ],
)
def test_entities(text: str, entities: list[Json], wanted: str) -> None:
    assert text_of(written(text, *entities)) == wanted
    assert text_of({"caption": text, "caption_entities": entities}) == wanted


def test_what_is_read_is_shown_as_it_was_written() -> None:
    text = "use f() like\nx = `1`\nsee docs"
    read = text_of(
        written(
            text,
            entity("code", 4, 3),
            entity("pre", 13, 8, language="py"),
            entity("text_link", 25, 4, url="https://x.org"),
        )
    )
    assert from_user(read) == (
        Text("use "),
        Styled("code", (Text("f()"),)),
        Text(" like"),
        Break(),
        Pre("x = `1`", "py"),
        Text("see docs ("),
        Link("https://x.org", (Text("https://x.org"),)),
        Text(")"),
    )


@given(
    st.text(max_size=30),
    st.lists(
        st.builds(
            entity,
            st.sampled_from(["bold", "code", "pre", "text_link", "blockquote", "url"]),
            st.integers(-1, 30),
            st.integers(-1, 30),
        ),
        max_size=5,
    ),
)
def test_any_entities_keep_the_letters(text: str, entities: list[Json]) -> None:
    read = text_of(written(text, *entities))
    left = "".join(sign for sign in text if sign.isalnum() and sign <= "\uffff")
    assert "".join(sign for sign in read if sign.isalnum() and sign <= "\uffff") == left


# ---- presses ----


def test_a_button_of_a_message() -> None:
    found = heard(pressed("accept:7"))
    assert found.incoming.event == Pressed("accept", "7")
    assert found.incoming.message == Ref("telegram", f"{BOT}/1111111", "1366")
    assert (found.incoming.who, found.incoming.id, found.incoming.place) == (ANA, "8000000001:10001", None)
    surface = found.surface
    assert (surface.kind, surface.message, surface.query) == ("press", 1366, "4382bfdwdsb323b2d9")
    assert surface.shown["text"] == "Which?"


def test_a_press_in_a_group_is_of_the_person_in_that_place() -> None:
    found = heard(pressed("claim:7", asked([[("Claim", "claim:7")]], chat=GROUP)))
    assert (found.incoming.who, found.chat) == (ANA, -1001234567890)
    assert found.incoming.place == Place("telegram", f"{BOT}/-1001234567890")
    assert found.incoming.message == Ref("telegram", f"{BOT}/-1001234567890", "1366")


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        ("=12:role:mentee", Submitted(12, {"role": "mentee"})),
        ("=12:other:2026-03-06 18:00", Submitted(12, {"other": "2026-03-06 18:00"})),
        ("=12:name:", Submitted(12, {"name": ""})),
        ("!12:sure:1", Submitted(12, {"sure": True})),
        ("!12:sure:0", Submitted(12, {"sure": False})),
        ("-12:goal", Submitted(12, {"goal": None})),
        ("help", Pressed("help")),
        ("a:b:c", Pressed("a", "b:c")),
    ],
)
def test_a_press_in_a_question(data: str, wanted: Event) -> None:
    assert event(pressed(data)) == wanted


def test_done_submits_what_is_ticked() -> None:
    shown = asked([[("✓ A", "~+=a"), ("B", "~-=b")], [("✓ C", "~+=c:d")], [("Done", "*12:formats")]])
    assert event(pressed("*12:formats", shown)) == Submitted(12, {"formats": ["a", "c:d"]})


def test_what_goes_by_its_place_asks_the_program_again() -> None:
    found = heard(pressed("#12:3:0a1b2c3d"))
    assert found.incoming.event == Submitted(12, {})
    assert found.surface.pick == Pick(12, "3", "0a1b2c3d")
    shown = asked([[("✓ A", "~+#0:00000001"), ("B", "~-#1:00000002")], [("Done", "#12:*:0a1b2c3d")]])
    ticked = heard(pressed("#12:*:0a1b2c3d", shown))
    boxes = (Box(ticked=True, place=0, check="00000001"),)
    assert ticked.surface.pick == Pick(12, "*", "0a1b2c3d", boxes)


def test_a_message_that_is_too_old_to_be_told_is_still_pressed() -> None:
    gone = {"chat": CHAT, "message_id": 1366, "date": 0}
    assert event(pressed("=12:role:both", gone)) == Submitted(12, {"role": "both"})
    assert event(pressed("*12:formats", gone)) == Submitted(12, {})
    inline = {"update_id": 9, "callback_query": {"id": "1", "from": PERSON, "data": "help"}}
    assert heard(inline).chat == 1111111


@pytest.mark.parametrize(
    "data",
    [
        *("~+=a", "~n", "~cm12:other:Mo", "=", "=12", "=x:a:b", "!12:sure:2", "#12", "#12:3:XYZ", ":7", ""),
        *("-12:goal:more", "*12:f:more", "=99999999999999999999:a:b", "x" * 65, "語" * 22, "\ud800"),
    ],
)
def test_a_press_that_tells_the_program_nothing_is_answered_all_the_same(data: str) -> None:
    found = parse(pressed(data), BOT)
    assert isinstance(found, Turned)
    assert (found.chat, found.message, found.query, found.data) == (1111111, 1366, "4382bfdwdsb323b2d9", data)


# ---- coming and going ----


@pytest.mark.parametrize(("status", "yes"), [("kicked", False), ("member", True)])
def test_somebody_blocks_the_bot_and_lets_it_in_again(status: str, yes: bool) -> None:
    update = copy.deepcopy(MEMBER)
    update["my_chat_member"]["new_chat_member"]["status"] = status
    found = heard(update)
    assert (found.incoming.who, found.incoming.event) == (ANA, Reachable(yes))
    assert found.surface == Surface("event")


def test_in_a_group_nobody_becomes_unreachable() -> None:
    update = copy.deepcopy(MEMBER)
    update["my_chat_member"]["chat"] = GROUP
    assert parse(update, BOT) is None


def test_a_group_that_has_another_id_now() -> None:
    assert parse(MOVED, BOT) == Moved(BOT, -4001, -1001234567890)
    other = {"message_id": 1, "chat": GROUP, "date": 1, "migrate_from_chat_id": -4001}
    assert parse({"update_id": 1, "message": other}, BOT) == Moved(BOT, -4001, -1001234567890)


# ---- whatever comes ----

PAYLOADS: list[Json] = [
    message(
        "hi 👩", entity("code", 0, 2), reply_to_message=written("x", **{"from": SELF}), quote={"text": "x"}
    ),
    message(None, photo=PHOTO, document=DOCUMENT, caption="x", caption_entities=[entity("pre", 0, 1)]),
    pressed("*12:formats", asked([[("✓ A", "~+=a")], [("Done", "*12:formats")]])),
    pressed("#12:3:0a1b2c3d"),
    {"update_id": 1, "edited_message": written("x")},
    MEMBER,
    MOVED,
]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**62)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["private", "\ud83d", "=1:a:b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in places(each, (*path, key)))]


@given(st.data())
def test_no_update_breaks_the_reading(data: st.DataObject) -> None:
    body = copy.deepcopy(data.draw(st.sampled_from(PAYLOADS)))
    for _ in range(data.draw(st.integers(1, 3))):
        inner = [place for place in places(body) if place]
        if not inner:
            break
        path = data.draw(st.sampled_from(inner))
        holder: Any = body
        for step in path[:-1]:
            holder = holder[step]
        if data.draw(st.booleans()):
            holder[path[-1]] = data.draw(anything)
        else:
            del holder[path[-1]]
    found = parse(body, BOT)
    if isinstance(found, Heard):
        assert found.incoming.id.startswith(f"{BOT}:")
        assert len(found.incoming.id) < 40
        assert len(found.incoming.who.id) < 40
        assert all(len(file.id) < 300 for file in found.incoming.files)


@given(
    st.dictionaries(
        st.sampled_from(["update_id", "message", "callback_query", "my_chat_member"]) | st.text(), anything
    )
)
def test_no_json_breaks_the_reading(body: Json) -> None:
    parse({"update_id": 1, **body}, BOT)
