"""What Discord's gateway delivers, in the shapes of its documentation, and what is heard in it."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord.parse import deleted, parse
from bot.adapters.discord.suggestions import choices
from bot.adapters.discord.surface import Heard, Left, Looked, Removed, Surface
from bot.adapters.discord.typed import text_of
from bot.adapters.presses import Box, Pick
from bot.events import (
    Command,
    Deleted,
    Edited,
    Event,
    File,
    Incoming,
    Place,
    Pressed,
    Quoted,
    Ref,
    Said,
    Submitted,
)
from bot.ports import Search, ShownOption
from core.address import Address

Json = dict[str, Any]

BOT, ANA, LEE = "845027738276462632", "53908232506183680", "80351110224678912"
DM, CHANNEL, GUILD = "772908445358620702", "645027906669510667", "290926798626357999"
WHO = Address("discord", ANA)

# ---- payloads, complete ----

USER: Json = {
    "id": ANA, "username": "mason", "avatar": "a_d5efa99b3eeaa7dd43acca82f5692432", "discriminator": "1337",
    "public_flags": 131141, "global_name": "Ana Ruiz",
}  # fmt: skip
MEMBER: Json = {
    "user": USER, "roles": ["539082325061836999"], "premium_since": None, "permissions": "2147483647",
    "pending": False, "nick": "Ana", "mute": False, "joined_at": "2017-03-13T19:19:14.040000+00:00", "deaf": False,
}  # fmt: skip
LEES: Json = {"id": LEE, "username": "lee", "global_name": None, "discriminator": "0"}
SELF: Json = {"id": BOT, "username": "mentoring", "discriminator": "0", "bot": True}
TEXT: Json = {
    "id": "1402", "type": 0, "channel_id": DM, "author": USER, "content": "hello", "mentions": [], "embeds": [],
    "timestamp": "2026-03-02T17:00:00.000000+00:00", "edited_timestamp": None, "attachments": [], "flags": 0,
    "mention_roles": [], "mention_everyone": False, "pinned": False, "tts": False, "nonce": "1", "components": [],
}  # fmt: skip
ASKED: Json = {
    **TEXT, "id": "1400", "author": SELF, "content": "", "flags": 32768,
    "components": [
        {"type": 10, "id": 1, "content": "Which?"},
        {"type": 1, "id": 2, "components": [{"type": 2, "id": 3, "style": 2, "label": "A", "custom_id": "=7:a:b"}]},
    ],
}  # fmt: skip


def frame(kind: str, data: Json) -> Json:
    return {"op": 0, "t": kind, "s": 4, "d": data}


def interaction(kind: int, data: Json, *, server: bool = True, **more: Any) -> Json:
    where = (
        {"member": MEMBER, "guild_id": GUILD, "guild_locale": "en-US", "channel_id": CHANNEL, "context": 0}
        if server
        else {"user": USER, "channel_id": DM, "context": 1}
    )
    return frame(
        "INTERACTION_CREATE",
        {
            "id": "786008729715212338", "application_id": BOT, "type": kind, "data": data, "version": 1,
            "token": "A_UNIQUE_TOKEN", "locale": "es-ES", "entitlements": [], "attachment_size_limit": 10485760,
            **where, **more,
        },
    )  # fmt: skip


def slash(verb: str, **options: str) -> Json:
    below = [{"name": name, "type": 3, "value": value} for name, value in options.items()]
    return {
        "id": "771825006014889984", "name": "mentor", "type": 1,
        "options": [{"name": verb, "type": 1, "options": below}],
    }  # fmt: skip


def press(data: str, shown: Json = ASKED, **more: Any) -> Json:
    return interaction(3, {"component_type": 2, "id": 3, "custom_id": data}, message=shown, **more)


def heard(raw: Json) -> Heard:
    signal = parse(raw, BOT)
    assert isinstance(signal, Heard)
    return signal


def said(raw: Json) -> Incoming:
    return heard(raw).incoming


# ---- commands ----


def test_a_command_in_a_server_is_answered_to_the_one_who_used_it() -> None:
    assert heard(interaction(2, slash("find", words=" python and sql "))) == Heard(
        ANA,
        Incoming("786008729715212338", WHO, Command("find", "python and sql"), name="Ana", locale="es-ES"),
        Surface("private", CHANNEL, "", "786008729715212338", "A_UNIQUE_TOKEN", opens=True),
    )


def test_a_command_in_the_bots_own_chat() -> None:
    there = heard(interaction(2, slash("help"), server=False))
    assert (there.surface.kind, there.surface.channel) == ("chat", DM)
    assert there.incoming.event == Command("help")
    assert there.incoming.name == "Ana Ruiz"
    assert said(interaction(2, {"id": "1", "name": "mentor", "type": 1})).event == Command("help")


def test_somebody_chosen_from_their_menu() -> None:
    data = {
        "id": "1", "name": "Ask to mentor me", "type": 2, "target_id": LEE,
        "resolved": {"users": {LEE: LEES}, "members": {LEE: {"nick": "Lee Wong", "roles": []}}},
    }  # fmt: skip
    incoming = said(interaction(2, data))
    assert incoming.event == Command("ask")
    assert incoming.quoted == Quoted(Address("discord", LEE), "Lee Wong")
    data["resolved"] = {"users": {LEE: {**LEES, "bot": True}}}
    assert parse(interaction(2, data), BOT) is None


def test_a_message_chosen_from_its_menu() -> None:
    message = {**TEXT, "channel_id": CHANNEL, "author": LEES, "content": f"rude <@{ANA}>", "mentions": [USER]}
    data = {
        "id": "1",
        "name": "Report",
        "type": 3,
        "target_id": "1402",
        "resolved": {"messages": {"1402": message}},
    }
    incoming = said(interaction(2, data))
    about = Ref("discord", f"#{CHANNEL}", f"{CHANNEL}/1402")
    assert incoming.event == Command("report")
    assert incoming.quoted == Quoted(Address("discord", LEE), "rude @Ana Ruiz", about)
    data["resolved"] = {"messages": {"1402": {**ASKED, "id": "1402"}}}
    relayed = said(interaction(2, data, server=False))
    assert relayed.quoted == Quoted(None, "Which?", Ref("discord", ANA, f"{DM}/1402"))


# ---- presses ----


@pytest.mark.parametrize(
    ("data", "event"),
    [
        ("accept:7", Pressed("accept", "7")),
        ("accept:7 #2", Pressed("accept", "7")),
        ("help", Pressed("help")),
        ("form:7", Submitted(7, {})),
        ("=7:goal:a:b #2", Submitted(7, {"goal": "a:b #2"})),
        ("!7:sure:1", Submitted(7, {"sure": True})),
        ("-7:goal", Submitted(7, {"goal": None})),
        ("#7:3:0123abcd", Submitted(7, {})),
    ],
)
def test_a_press_is_what_its_button_carries(data: str, event: Event) -> None:
    there = heard(press(data, server=False))
    assert there.incoming.event == event
    assert there.incoming.message == Ref("discord", ANA, f"{DM}/1400")
    assert there.incoming.place is None
    assert there.surface == Surface(
        "chat", DM, "1400", "786008729715212338", "A_UNIQUE_TOKEN", opens=True, shown=ASKED, data=data,
        pick=Pick(7, "3", "0123abcd") if data.startswith("#") else None,
    )  # fmt: skip


def test_a_press_in_a_server_has_its_place_unless_only_one_person_sees_the_message() -> None:
    open_ = said(press("claim:7"))
    assert open_.place == Place("discord", f"#{CHANNEL}")
    assert open_.message == Ref("discord", f"#{CHANNEL}", f"{CHANNEL}/1400")
    hidden = said(press("claim:7", {**ASKED, "flags": 32768 | 64}))
    assert (hidden.place, hidden.message) == (None, None)


@pytest.mark.parametrize(
    ("data", "values", "event", "pick"),
    [
        ("=7:city", ["c3"], Submitted(7, {"city": "c3"}), None),
        ("*7:topics", ["sql", "go"], Submitted(7, {"topics": ["sql", "go"]}), None),
        ("=7:city", ["#3:0123abcd"], Submitted(7, {}), Pick(7, "3", "0123abcd")),
        (
            "*7:topics",
            ["sql", "#3:0123abcd"],
            Submitted(7, {}),
            Pick(7, "*", "a15fff04", (Box(True, "sql"), Box(True, None, 3, "0123abcd"))),
        ),
    ],
)
def test_a_choice_in_a_select(data: str, values: list[str], event: Event, pick: Pick | None) -> None:
    there = heard(interaction(3, {"component_type": 3, "custom_id": data, "values": values}, message=ASKED))
    assert there.incoming.event == event
    assert there.surface.chosen == tuple(values)
    assert (there.surface.pick and there.surface.pick.boxes) == (pick and pick.boxes)


@pytest.mark.parametrize("data", ["", "~+=a", "=x", "=99999999999999999999:a:b", "#7", ":"])
def test_what_no_button_of_ours_carries_is_nothing(data: str) -> None:
    assert parse(press(data), BOT) is None


# ---- modals and suggestions ----


def test_a_modal_that_was_filled_in() -> None:
    data = {
        "custom_id": "form:7",
        "components": [
            {"type": 10, "id": 1},
            {"type": 18, "id": 2, "component": {"type": 4, "id": 3, "custom_id": "goal", "value": "learn"}},
            {"type": 18, "id": 4, "component": {"type": 21, "id": 5, "custom_id": "sure", "value": None}},
            {"type": 18, "id": 6, "component": {"type": 22, "id": 7, "custom_id": "days", "values": ["mo"]}},
        ],
    }
    there = heard(interaction(5, data, message=ASKED))
    assert there.incoming.event == Submitted(7, {"goal": "learn", "sure": None, "days": ["mo"]})
    assert there.surface.opens is False
    assert parse(interaction(5, {**data, "custom_id": "other"}), BOT) is None


@pytest.mark.parametrize(
    ("typed", "before", "last"),
    [
        ("pyt", "", "pyt"),
        ("sql, pyt", "sql, ", "pyt"),
        ("sql and pyt", "sql and ", "pyt"),
        ("sql和", "", "sql和"),
        ("", "", ""),
    ],
)
def test_typing_looks_for_the_last_topic(typed: str, before: str, last: str) -> None:
    data = slash("find", words=typed)
    data["options"][0]["options"][0]["focused"] = True
    looked = parse(interaction(4, data), BOT)
    assert looked == Looked(ANA, Search(WHO, "topics", last), before, "786008729715212338", "A_UNIQUE_TOKEN")


def test_suggestions_are_the_whole_of_what_is_typed_and_at_most_25() -> None:
    looked = Looked(ANA, Search(WHO, "topics", "py"), "sql, ", "1", "t")
    found = [ShownOption("python", "Python"), *(ShownOption(f"t{n}", f"T{n}") for n in range(30))]
    offered = choices(looked, found)
    assert offered[:2] == [
        {"name": "sql, py", "value": "sql, py"},
        {"name": "sql, Python", "value": "sql, Python"},
    ]
    assert len(offered) == 25
    assert choices(Looked(ANA, Search(WHO, "topics", "x" * 200), "", "1", "t"), []) == []


def test_nothing_else_is_looked_for() -> None:
    data = slash("pause", words="two")
    data["options"][0]["options"][0]["focused"] = True
    assert parse(interaction(4, data), BOT) is None


# ---- messages ----


def test_what_somebody_writes_to_the_bot() -> None:
    files = [
        {"id": "5", "filename": "cv.pdf", "content_type": "application/pdf", "size": 9, "url": "https://x"}
    ]
    assert heard(frame("MESSAGE_CREATE", {**TEXT, "attachments": files})) == Heard(
        ANA,
        Incoming(
            "1402",
            WHO,
            Said("hello"),
            message=Ref("discord", ANA, f"{DM}/1402"),
            files=(File(f"{DM}/1402/5", "cv.pdf", "application/pdf", 9),),
            name="Ana Ruiz",
        ),
        Surface("chat", DM, "1402"),
    )


def test_an_answer_to_the_bots_message_says_which() -> None:
    reference = {"type": 0, "channel_id": DM, "message_id": "1400"}
    message = {**TEXT, "type": 19, "message_reference": reference, "referenced_message": ASKED}
    incoming = said(frame("MESSAGE_CREATE", message))
    about = Ref("discord", ANA, f"{DM}/1400")
    assert (incoming.reply_to, incoming.quoted) == (about, Quoted(None, "Which?", about))


@pytest.mark.parametrize(
    ("typed", "event"),
    [
        ("/mentor find rust", Command("find", "rust")),
        ("/find rust", Command("find", "rust")),
        ("/mentor", Command("help")),
        ("/mentorships", Command("mentorships")),
        ("//", Said("//")),
        ("/etc/passwd", Said("/etc/passwd")),
    ],
)
def test_a_command_that_was_sent_as_words_is_one(typed: str, event: Event) -> None:
    assert said(frame("MESSAGE_CREATE", {**TEXT, "content": typed})).event == event


def test_an_edit_is_heard_once_each_time() -> None:
    at = "2026-03-02T17:01:00.000000+00:00"
    incoming = said(frame("MESSAGE_UPDATE", {**TEXT, "content": "bye", "edited_timestamp": at}))
    assert (incoming.id, incoming.event) == (f"1402:{at}", Edited("bye"))
    assert incoming.message == Ref("discord", ANA, f"{DM}/1402")
    assert parse(frame("MESSAGE_UPDATE", {**TEXT, "embeds": [{}]}), BOT) is None


def test_a_message_taken_back_is_known_by_its_channel() -> None:
    removed = parse(frame("MESSAGE_DELETE", {"id": "1402", "channel_id": DM}), BOT)
    assert removed == Removed(DM, "1402")
    assert isinstance(removed, Removed)
    there = deleted(removed, ANA)
    assert there.incoming == Incoming(
        "1402:deleted", WHO, Deleted(), message=Ref("discord", ANA, f"{DM}/1402")
    )
    assert there.surface.kind == "event"
    assert parse(frame("MESSAGE_DELETE", {"id": "1", "channel_id": DM, "guild_id": GUILD}), BOT) is None


def test_a_server_that_removes_the_bot_is_told_from_one_that_is_away() -> None:
    assert parse(frame("GUILD_DELETE", {"id": GUILD}), BOT) == Left(GUILD)
    assert parse(frame("GUILD_DELETE", {"id": GUILD, "unavailable": True}), BOT) is None


@pytest.mark.parametrize(
    "change",
    [
        {"guild_id": GUILD},
        {"author": SELF},
        {"author": {**LEES, "bot": True}},
        {"webhook_id": "1"},
        {"type": 6},
        {"type": True},
        {"id": 7},
        {"channel_id": None},
        {"author": None},
    ],
)
def test_what_nobody_writes_to_the_bot_is_not_heard(change: Json) -> None:
    assert parse(frame("MESSAGE_CREATE", {**TEXT, **change}), BOT) is None


# ---- words ----


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (f"hi <@{LEE}> and <@!{ANA}>, <@99>", "hi @lee and @Ana Ruiz, @99"),
        ("<#7> <@&8>", "#7 @8"),
        ("<:mmLol:216154654256398347><a:b1nzy:392938283556143104> 💯", ":mmLol::b1nzy: 💯"),
        ("<t:1618953630:d> </airhorn:816437322781949972>", "2021-04-20 21:20 UTC /airhorn"),
        ("<t:9999999999999>", "<t:9999999999999>"),
        ("see <https://x.org/a>", "see https://x.org/a"),
        (f"`<@{LEE}>` ```py\n<#7>``` *a* \\* ||b||", f"`<@{LEE}>` ```py\n<#7>``` *a* \\* ||b||"),
    ],
)
def test_words_are_read_as_they_are_seen(content: str, seen: str) -> None:
    assert text_of({"content": content, "mentions": [LEES, USER]}) == seen


def test_what_is_passed_on_and_a_sticker_are_words_too() -> None:
    passed = {"content": "", "message_snapshots": [{"message": {"content": "from elsewhere"}}]}
    assert text_of(passed) == "from elsewhere"
    assert (
        text_of({"content": "", "sticker_items": [{"id": "1", "name": "Wave", "format_type": 1}]}) == ":Wave:"
    )
    assert text_of({"content": 7}) == ""


# ---- whatever comes ----

FILLED: Json = {
    "custom_id": "form:7",
    "components": [{"type": 18, "id": 1, "component": {"type": 4, "id": 2, "custom_id": "a", "value": "x"}}],
}
EVERY = [
    interaction(2, slash("find", words="x")),
    interaction(4, {**slash("find", words="x")}),
    press("accept:7"),
    interaction(3, {"component_type": 3, "custom_id": "*7:a", "values": ["x"]}, message=ASKED),
    interaction(5, FILLED),
    interaction(2, {"type": 3, "target_id": "1402", "resolved": {"messages": {"1402": TEXT}}}),
    interaction(2, {"type": 2, "target_id": LEE, "resolved": {"users": {LEE: LEES}}}),
    frame("MESSAGE_CREATE", {**TEXT, "message_reference": {"message_id": "1"}, "referenced_message": ASKED}),
    frame("MESSAGE_UPDATE", {**TEXT, "edited_timestamp": "2026"}),
    frame("MESSAGE_DELETE", {"id": "1402", "channel_id": DM}),
    frame("GUILD_DELETE", {"id": GUILD}),
]  # fmt: skip
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in places(each, (*path, key)))]


@given(st.data())
def test_whatever_stands_in_a_payload_nothing_is_raised(data: st.DataObject) -> None:
    raw: Any = copy.deepcopy(data.draw(st.sampled_from(EVERY)))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([each for each in places(raw) if each]))
        inner = raw
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = data.draw(anything)
    signal = parse(raw, BOT)
    assert signal is None or isinstance(signal, Heard | Looked | Removed | Left)
    if isinstance(signal, Heard):
        assert signal.incoming.who == Address("discord", signal.user)
        assert signal.incoming.id
        hash(str(signal))


def test_of_every_payload_something_is_heard() -> None:
    found = [parse(each, BOT) for each in EVERY]
    assert [type(each).__name__ for each in found] == [
        "Heard", "NoneType", "Heard", "Heard", "Heard", "Heard", "Heard", "Heard", "Heard", "Removed", "Left",
    ]  # fmt: skip
