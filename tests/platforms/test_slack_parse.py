"""What Slack delivers, in the shapes of its documentation, and what is heard in it."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.parse import parse
from bot.adapters.slack.surface import Changed, Heard, Left, Looked, Surface
from bot.adapters.slack.typed import from_mrkdwn, text_of
from bot.events import Command, Deleted, Edited, File, Opened, Place, Pressed, Quoted, Ref, Said, Submitted
from bot.ports import Search
from bot.richtext import Break, Pre, Styled, Text, from_user
from core.address import Address

Json = dict[str, Any]

ANA = Address("slack", "T061EG9R6/U061F7AUR")
TRIGGER = "12466734323.1395872398"
RESPOND = "https://hooks.slack.com/actions/T061EG9R6/6204672533/x7ZLaiVMoECAW50Gw1ZYAXEM"


# ---- payloads, complete ----


def envelope(event: Json) -> Json:
    return {
        "token": "one-long-verification-token",
        "team_id": "T061EG9R6",
        "context_team_id": "T061EG9R6",
        "context_enterprise_id": None,
        "api_app_id": "A0PNCHHK2",
        "event": event,
        "type": "event_callback",
        "event_id": "Ev0PV52K21",
        "event_time": 1355517523,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": "T061EG9R6",
                "user_id": "U0BOT",
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": "4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMDYxRUc5UjYifQ",
    }


def rich(*elements: Json) -> list[Json]:
    return [{"type": "rich_text", "block_id": "hn8/C", "elements": list(elements)}]


def section(*elements: Json) -> Json:
    return {"type": "rich_text_section", "elements": list(elements)}


def words(text: str, **style: bool) -> Json:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def written(text: str, *, ts: str = "1355517523.000005", **more: Any) -> Json:
    return {
        "client_msg_id": "de349a9f-62a4-4293-b64d-701a1f566e8a",
        "type": "message",
        "text": text,
        "user": "U061F7AUR",
        "ts": ts,
        "team": "T061EG9R6",
        "blocks": rich(section(words(text))),
        **more,
    }


def message(text: str = "Hello, can you hear me?", **more: Any) -> Json:
    about = {"channel": "D024BE91L", "event_ts": "1355517523.000005", "channel_type": "im"}
    return envelope({**written(text), **about, **more})


def change(subtype: str, **more: Any) -> Json:
    event = {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": "D024BE91L",
        "ts": "1358878755.000001",
        "event_ts": "1358878755.000001",
        "channel_type": "im",
    }
    return envelope({**event, **more})


COMMAND: Json = {
    "token": "gIkuvaNzQIHg97ATvDxqgjtO",
    "team_id": "T061EG9R6",
    "team_domain": "example",
    "channel_id": "C2147483705",
    "channel_name": "test",
    "user_id": "U061F7AUR",
    "user_name": "ana",
    "command": "/mentor",
    "text": "find C++ &amp; rust, evenings",
    "api_app_id": "A0PNCHHK2",
    "is_enterprise_install": "false",
    "response_url": "https://hooks.slack.com/commands/T061EG9R6/5678",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}

PERSON: Json = {"id": "U061F7AUR", "username": "ana", "name": "ana", "team_id": "T061EG9R6"}
TEAM: Json = {"id": "T061EG9R6", "domain": "example"}


def pressed(*actions: Json, **more: Any) -> Json:
    return {
        "type": "block_actions",
        "user": PERSON,
        "api_app_id": "A0PNCHHK2",
        "token": "9s8d9as89d8as9d8as989",
        "container": {
            "type": "message",
            "message_ts": "1548261231.000200",
            "channel_id": "D024BE91L",
            "is_ephemeral": False,
        },
        "trigger_id": TRIGGER,
        "team": TEAM,
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": "D024BE91L", "name": "directmessage"},
        "message": {
            "bot_id": "BAH5CA16Z",
            "type": "message",
            "text": "Ana Ruiz would like help with Rust.",
            "user": "U0BOT",
            "ts": "1548261231.000200",
        },
        "state": {"values": {}},
        "response_url": RESPOND,
        "actions": list(actions) or [button("accept:7")],
        **more,
    }


def button(action_id: str, value: str | None = None) -> Json:
    return {
        "action_id": action_id,
        "block_id": "=qXel",
        "text": {"type": "plain_text", "text": "Accept", "emoji": False},
        **({} if value is None else {"value": value}),
        "type": "button",
        "action_ts": "1548426417.840180",
    }


def view(kind: str = "modal", **more: Any) -> Json:
    return {
        "id": "VMHU10V25",
        "team_id": "T061EG9R6",
        "type": kind,
        "blocks": [],
        "private_metadata": "",
        "callback_id": "form:12",
        "state": {"values": {}},
        "hash": "156663117.cd33ad1f",
        "title": {"type": "plain_text", "text": "Sign up", "emoji": False},
        "clear_on_close": False,
        "notify_on_close": False,
        "close": {"type": "plain_text", "text": "Later", "emoji": False},
        "submit": {"type": "plain_text", "text": "Next", "emoji": False},
        "previous_view_id": None,
        "root_view_id": "VMHU10V25",
        "app_id": "A0PNCHHK2",
        "external_id": "",
        "app_installed_team_id": "T061EG9R6",
        "bot_id": "BAH5CA16Z",
        **more,
    }


def in_view(kind: str, action_id: str) -> Json:
    body = pressed(button(action_id), view=view(kind), container={"type": "view", "view_id": "VMHU10V25"})
    return {key: value for key, value in body.items() if key not in {"channel", "message", "response_url"}}


SUBMITTED: Json = {
    "type": "view_submission",
    "team": TEAM,
    "user": PERSON,
    "api_app_id": "A0PNCHHK2",
    "token": "verification",
    "trigger_id": TRIGGER,
    "view": view(
        blocks=[
            {
                "type": "input",
                "block_id": "name",
                "label": {"type": "plain_text", "text": "Your name", "emoji": False},
                "optional": False,
                "dispatch_action": False,
                "element": {"type": "plain_text_input", "action_id": "text"},
            }
        ],
        state={"values": {"name": {"text": {"type": "plain_text_input", "value": "Ana <Ruiz> & co"}}}},
    ),
    "response_urls": [],
    "is_enterprise_install": False,
    "enterprise": None,
}

SHORTCUT: Json = {
    "type": "shortcut",
    "token": "XXXXXXXXXXXXX",
    "action_ts": "1581106241.371594",
    "team": TEAM,
    "user": {"id": "U061F7AUR", "username": "ana", "team_id": "T061EG9R6"},
    "is_enterprise_install": False,
    "enterprise": None,
    "callback_id": "find",
    "trigger_id": TRIGGER,
}

MESSAGE_ACTION: Json = {
    "type": "message_action",
    "token": "Nj2rfC2hU8mAfgaJLemZgO7H",
    "callback_id": "report",
    "trigger_id": TRIGGER,
    "response_url": "https://hooks.slack.com/app/T061EG9R6/3/abc",
    "action_ts": "1607081569.852971",
    "team": TEAM,
    "user": {"id": "U061F7AUR", "name": "ana", "username": "ana", "team_id": "T061EG9R6"},
    "channel": {"id": "C2147483705", "name": "random"},
    "message_ts": "1516229207.000133",
    "message": {
        "type": "message",
        "user": "U0MJRG1AL",
        "ts": "1516229207.000133",
        "text": "Buy &lt;this&gt; now: <https://spam.example|here>",
    },
    "is_enterprise_install": False,
    "enterprise": None,
}

SUGGESTION: Json = {
    "type": "block_suggestion",
    "user": PERSON,
    "container": {"type": "view", "view_id": "VMHU10V25"},
    "api_app_id": "A0PNCHHK2",
    "token": "verification",
    "action_id": "search:topics:free:levels",
    "block_id": "topics",
    "value": "pyth",
    "team": TEAM,
    "enterprise": None,
    "is_enterprise_install": False,
    "view": view(),
}


def hear(body: Json, headers: dict[str, list[str]] | None = None) -> Heard:
    signal = parse(body, headers or {})
    assert isinstance(signal, Heard)
    return signal


# ---- messages ----


def test_a_direct_message_is_said() -> None:
    heard = hear(message())
    assert heard.team == "T061EG9R6"
    assert heard.user == "U061F7AUR"
    assert heard.incoming.id == "Ev0PV52K21"
    assert heard.incoming.who == ANA
    assert heard.incoming.event == Said("Hello, can you hear me?")
    assert heard.incoming.message == Ref("slack", ANA.id, "D024BE91L/1355517523.000005")
    assert heard.incoming.reply_to is None
    assert heard.surface == Surface("chat", channel="D024BE91L", message="1355517523.000005")
    assert not heard.again


def test_what_slack_sends_again_says_so() -> None:
    assert hear(message(), {"x-slack-retry-num": ["1"], "x-slack-retry-reason": ["http_timeout"]}).again
    assert not hear(message(), {"x-slack-retry-num": ["0"]}).again
    assert not hear(message(), {"x-slack-retry-num": ["soon"]}).again


def test_a_message_in_a_thread_replies_to_its_first_message() -> None:
    thread = hear(message(thread_ts="1355517000.000001", parent_user_id="U0BOT")).incoming
    assert thread.reply_to == Ref("slack", ANA.id, "D024BE91L/1355517000.000001")
    first = hear(message(thread_ts="1355517523.000005", reply_count=2)).incoming
    assert first.reply_to is None


def test_files_come_with_a_message() -> None:
    file = {
        "id": "F0S43P1CZ",
        "created": 1531763254,
        "name": "notes.pdf",
        "title": "Notes",
        "mimetype": "application/pdf",
        "filetype": "pdf",
        "user": "U061F7AUR",
        "size": 24_135,
        "mode": "hosted",
        "url_private": "https://files.slack.com/files-pri/T061EG9R6-F0S43P1CZ/notes.pdf",
        "file_access": "visible",
    }
    unknown = {"id": "F0S43P1D0", "mode": "file_access", "file_access": "check_file_info", "size": True}
    heard = hear(message("", subtype="file_share", files=[file, unknown], blocks=[]))
    assert heard.incoming.event == Said("")
    assert heard.incoming.files == (
        File("T061EG9R6/F0S43P1CZ", "notes.pdf", "application/pdf", 24_135),
        File("T061EG9R6/F0S43P1D0", "F0S43P1D0", "application/octet-stream", 0),
    )


def test_an_edit_carries_the_new_words_and_the_old_message() -> None:
    after = written("Hello, world!", edited={"user": "U061F7AUR", "ts": "1358878755.000001"})
    heard = hear(change("message_changed", message=after, previous_message=written("Hello")))
    assert heard.incoming.event == Edited("Hello, world!")
    assert heard.incoming.message == Ref("slack", ANA.id, "D024BE91L/1355517523.000005")


def test_a_preview_that_slack_adds_is_no_edit() -> None:
    before = written("see <https://github.com/>")
    after = {**before, "attachments": [{"id": 1, "from_url": "https://github.com/", "title": "GitHub"}]}
    assert parse(change("message_changed", message=after, previous_message=before), {}) is None
    assert parse(change("message_changed", message=after), {}) is None


def test_a_message_is_taken_back() -> None:
    body = change("message_deleted", deleted_ts="1355517523.000005", previous_message=written("Hello"))
    heard = hear(body)
    assert heard.incoming.event == Deleted()
    assert heard.incoming.message == Ref("slack", ANA.id, "D024BE91L/1355517523.000005")
    assert heard.surface.kind == "event"


def test_a_message_with_a_thread_is_taken_back_too() -> None:
    tombstone = {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
        "ts": "1355517523.000005",
        "thread_ts": "1355517523.000005",
    }
    heard = hear(change("message_changed", message=tombstone, previous_message=written("Hello")))
    assert heard.incoming.who == ANA
    assert heard.incoming.event == Deleted()


OF_THE_BOT = {"bot_id": "BAH5CA16Z", "app_id": "A0PNCHHK2", "user": "U0BOT"}
CHANGED_BY_THE_BOT = {**written("closed"), **OF_THE_BOT}


@pytest.mark.parametrize(
    "body",
    [
        message(**OF_THE_BOT),
        message(subtype="bot_message", bot_id="B1", username="cron"),
        message(user="USLACKBOT"),
        message(channel="C2147483705", channel_type="channel"),
        message(channel="G024BE91L", channel_type="mpim"),
        message(subtype="channel_join"),
        message("", blocks=[]),
        change(
            "message_changed", message=CHANGED_BY_THE_BOT, previous_message={**written("x"), **OF_THE_BOT}
        ),
        change("message_deleted", deleted_ts="1.2", previous_message={**written("x"), **OF_THE_BOT}),
        change("message_deleted", deleted_ts="1358878749.000002"),
        envelope({"type": "app_home_opened", "user": "U061F7AUR", "channel": "D024BE91L", "tab": "messages"}),
        envelope({"type": "tokens_revoked", "tokens": {"oauth": ["U061F7AUR"], "bot": []}}),
        envelope({"type": "user_change", "user": {"id": "U0BOT", "is_bot": True, "deleted": False}}),
        envelope({"type": "team_join", "user": {"id": "U061F7AUR"}}),
        {"token": "Jhj5dZrVaK7ZwHHjRyZWjbDl", "challenge": "3eZbrw1aBm2rZgRN", "type": "url_verification"},
        {"type": "app_rate_limited", "team_id": "T061EG9R6", "minute_rate_limited": 1518467820},
        {"type": "view_closed", "team": TEAM, "user": PERSON, "view": view(), "is_cleared": False},
        {"ssl_check": "1", "token": "gIkuvaNzQIHg97ATvDxqgjtO"},
        {**SUBMITTED, "view": view(callback_id="message")},
        pressed(button("set:0", "not JSON")),
        pressed(button("form", '{"run": true}')),
        pressed({"type": "static_select", "action_id": "level", "selected_option": {"value": "3"}}),
        {},
    ],
)
def test_what_is_not_for_the_bot_is_nothing(body: Json) -> None:
    assert parse(body, {}) is None


# ---- what was typed ----


def test_formatting_reaches_a_partner_as_it_was_seen() -> None:
    blocks = rich(
        section(
            words("Run "),
            words("make <all>", code=True),
            words(" & tell "),
            {"type": "user", "user_id": "U2"},
        ),
        {"type": "rich_text_preformatted", "elements": [words("python\nif a < b:\n    pass")], "border": 0},
        section(
            words("See "),
            {"type": "link", "url": "https://example.com/a?b=1&c=2", "text": "the docs"},
            words(", "),
            {"type": "link", "url": "https://example.com"},
            words(", "),
            {"type": "link", "url": "http://socket.io", "text": "socket.io"},
            words(" "),
            {"type": "emoji", "name": "wave", "unicode": "1f44b-1f3fb", "skin_tone": 2},
            {"type": "emoji", "name": "our_logo"},
            words("\n"),
        ),
        {
            "type": "rich_text_list",
            "style": "ordered",
            "indent": 0,
            "elements": [section(words("first", bold=True)), section(words("second"))],
        },
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(words("deeper"))]},
        {"type": "rich_text_list", "style": "ordered", "indent": 0, "elements": [section(words("third"))]},
        {"type": "rich_text_quote", "elements": [words("one\ntwo")]},
        section({"type": "channel", "channel_id": "C1"}, words(" "), {"type": "broadcast", "range": "here"}),
    )
    text = "Run `make &lt;all&gt;` &amp; tell <@U2|tom> … <#C1|general> <!here>"
    typed = text_of({"text": text, "blocks": blocks})
    assert typed == (
        "Run `make <all>` & tell @tom\n"
        "```\npython\nif a < b:\n    pass\n```\n"
        "See the docs (https://example.com/a?b=1&c=2), https://example.com, socket.io 👋🏻:our_logo:\n"
        "1. first\n2. second\n  • deeper\n3. third\n"
        "> one\n> two\n"
        "#general @here"
    )
    assert from_user(typed)[:5] == (
        Text("Run "),
        Styled("code", (Text("make <all>"),)),
        Text(" & tell @tom"),
        Break(),
        Pre("python\nif a < b:\n    pass"),
    )


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("C++ &amp; C# &lt;b&gt;", "C++ & C# <b>"),
        ("&amp;lt;", "&lt;"),
        ("<@U2> and <@U3|lee>", "@U2 and @lee"),
        ("<#C1|general> <#C2|>", "#general #C2"),
        ("<!here> <!channel|@channel> <!subteam^S1|@devs> <!subteam^S2>", "@here @channel @devs @S2"),
        ("<!date^1392734382^{date}^https://a.example|18 Feb 2014>", "18 Feb 2014"),
        ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
        ("<https://a.example|docs>", "docs (https://a.example)"),
        ("<http://socket.io|socket.io> <mailto:a@b.example|a@b.example>", "socket.io a@b.example"),
        ("<javascript:alert(1)|docs>", "docs"),
        (":wave: *bold* `x &lt; y`", ":wave: *bold* `x < y`"),
        ("```py\nx = 1```", "```\npy\nx = 1\n```"),
        ("typed raw: List<int> & <b>", "typed raw: List<int> & <b>"),
    ],
)
def test_markup_is_read_as_people_saw_it(sent: str, shown: str) -> None:
    assert from_mrkdwn(sent) == shown
    assert text_of({"text": sent}) == shown


@given(
    st.text(
        alphabet=st.one_of(st.sampled_from("<>&;#@!|`*_ ampltg"), st.characters(exclude_categories=["Cs"]))
    )
)
def test_what_is_typed_is_what_is_read(typed: str) -> None:
    escaped = typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # From the blocks, whether their words are literal or escaped as well; and from the mrkdwn where it holds no code.
    assert text_of({"text": escaped, "blocks": rich(section(words(typed)))}) == typed
    assert text_of({"text": escaped, "blocks": rich(section(words(escaped)))}) == typed
    if "```" not in typed:
        assert text_of({"text": escaped}) == typed


# ---- commands, shortcuts ----


def test_a_command_has_a_verb_and_words() -> None:
    heard = hear(COMMAND)
    assert heard.incoming.id == COMMAND["trigger_id"]
    assert heard.incoming.who == ANA
    assert heard.incoming.event == Command("find", "C++ & rust, evenings")
    assert heard.incoming.place is None
    assert heard.surface == Surface(
        "private",
        channel="C2147483705",
        trigger=COMMAND["trigger_id"],
        respond="https://hooks.slack.com/commands/T061EG9R6/5678",
    )


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("", Command("help")),
        ("  ", Command("help")),
        ("Find", Command("find")),
        ("find  two  words\nand a line ", Command("find", "two  words\nand a line")),
        ("report\n<@U2|tom>", Command("report", "@tom")),
    ],
)
def test_a_command_is_read_as_people_type_it(text: str, command: Command) -> None:
    assert hear({**COMMAND, "text": text}).incoming.event == command


def test_the_global_shortcut_is_answered_with_a_modal() -> None:
    heard = hear(SHORTCUT)
    assert heard.incoming.event == Command("find")
    assert heard.incoming.id == TRIGGER
    assert heard.surface == Surface("home", trigger=TRIGGER)


def test_the_shortcut_of_a_message_brings_the_message() -> None:
    heard = hear(MESSAGE_ACTION)
    ref = Ref("slack", "T061EG9R6/C2147483705", "C2147483705/1516229207.000133")
    assert heard.incoming.event == Command("report")
    author = Address("slack", "T061EG9R6/U0MJRG1AL")
    assert heard.incoming.quoted == Quoted(author, "Buy <this> now: here (https://spam.example)", ref)
    assert heard.surface == Surface(
        "private",
        channel="C2147483705",
        message="1516229207.000133",
        trigger=TRIGGER,
        respond="https://hooks.slack.com/app/T061EG9R6/3/abc",
    )


def test_a_message_of_the_bot_is_quoted_by_its_place_in_the_chat() -> None:
    body = {
        **MESSAGE_ACTION,
        "channel": {"id": "D024BE91L", "name": "directmessage"},
        "message": {**MESSAGE_ACTION["message"], **OF_THE_BOT, "text": "Lee: hello"},
    }
    ref = Ref("slack", ANA.id, "D024BE91L/1516229207.000133")
    assert hear(body).incoming.quoted == Quoted(None, "Lee: hello", ref)


# ---- buttons ----


def test_a_button_in_the_chat_is_answered_there() -> None:
    heard = hear(pressed())
    assert heard.incoming.event == Pressed("accept", "7")
    assert heard.incoming.id == TRIGGER
    assert heard.incoming.message == Ref("slack", ANA.id, "D024BE91L/1548261231.000200")
    assert heard.incoming.place is None
    assert heard.surface == Surface(
        "chat", channel="D024BE91L", message="1548261231.000200", trigger=TRIGGER, respond=RESPOND
    )


def test_a_button_in_a_channel_is_answered_in_private() -> None:
    container = {"type": "message", "message_ts": "1.000200", "channel_id": "C1", "is_ephemeral": False}
    heard = hear(pressed(container=container, channel={"id": "C1", "name": "claims"}))
    assert heard.incoming.place == Place("slack", "T061EG9R6/C1")
    assert heard.incoming.message == Ref("slack", "T061EG9R6/C1", "C1/1.000200")
    assert heard.surface == Surface("private", "C1", "1.000200", trigger=TRIGGER, respond=RESPOND)


def test_a_button_in_what_only_one_sees_is_answered_in_private() -> None:
    container = {"type": "message", "message_ts": "1.000200", "channel_id": "D024BE91L", "is_ephemeral": True}
    heard = hear(pressed(container=container))
    assert heard.surface == Surface("private", "D024BE91L", trigger=TRIGGER, respond=RESPOND)
    assert heard.incoming.message is None


@pytest.mark.parametrize("kind", ["modal", "home"])
def test_a_button_in_a_view_is_answered_with_a_view(kind: str) -> None:
    heard = hear(in_view(kind, "more:view:3"))
    assert heard.incoming.event == Pressed("more", "view:3")
    assert heard.surface.kind == kind
    assert (heard.surface.view, heard.surface.hash) == ("VMHU10V25", "156663117.cd33ad1f")
    assert heard.surface.trigger == TRIGGER


@pytest.mark.parametrize(
    ("action", "event"),
    [
        (button("back"), Pressed("back")),
        (button("accept:7 #2"), Pressed("accept", "7")),
        (button("set:3", '{"run": 12, "key": "role", "value": "mentor"}'), Submitted(12, {"role": "mentor"})),
        (button("set:0", '{"run": 12, "key": "goal", "value": null}'), Submitted(12, {"goal": None})),
        (button("form #2", '{"run": 12}'), Submitted(12, {})),
        (
            {
                "type": "static_select",
                "action_id": "set",
                "selected_option": {
                    "text": {"type": "plain_text", "text": "Spanish"},
                    "value": '{"run": 12, "key": "languages", "value": ["es"]}',
                },
                "action_ts": "1548426417.840180",
            },
            Submitted(12, {"languages": ["es"]}),
        ),
    ],
)
def test_what_a_button_does_is_in_its_id_or_its_value(action: Json, event: Pressed | Submitted) -> None:
    assert hear(pressed(action)).incoming.event == event


def test_a_press_without_a_trigger_has_an_id_all_the_same() -> None:
    body = pressed()
    del body["trigger_id"]
    assert hear(body).incoming.id == "1548426417.840180"


# ---- forms ----


def test_a_form_gives_its_values() -> None:
    heard = hear(SUBMITTED)
    assert heard.incoming.event == Submitted(12, {"name": "Ana <Ruiz> & co"})
    assert heard.incoming.id == TRIGGER
    assert heard.surface == Surface("modal", view="VMHU10V25", hash="156663117.cd33ad1f", trigger=TRIGGER)
    without = {key: value for key, value in SUBMITTED.items() if key != "trigger_id"}
    assert hear(without).incoming.id == "VMHU10V25:156663117.cd33ad1f"


def test_a_search_says_what_it_takes() -> None:
    topics = Search(ANA, "topics", "pyth")
    assert parse(SUGGESTION, {}) == Looked("T061EG9R6", topics, free=True, levels=True)
    plain = parse({**SUGGESTION, "action_id": "search:zones", "value": ""}, {})
    assert plain == Looked("T061EG9R6", Search(ANA, "zones", ""))
    assert parse({**SUGGESTION, "action_id": "text"}, {}) is None


# ---- the rest ----


def test_the_home_tab_is_opened() -> None:
    event = {
        "type": "app_home_opened",
        "user": "U061F7AUR",
        "channel": "D024BE91L",
        "event_ts": "1515449522000016",
        "tab": "home",
        "view": view("home", callback_id="", previous_view_id=None),
    }
    heard = hear(envelope(event))
    assert heard.incoming.event == Opened("home")
    assert heard.incoming.id == "Ev0PV52K21"
    assert heard.surface == Surface("home", view="VMHU10V25", hash="156663117.cd33ad1f")
    del event["view"]
    assert hear(envelope(event)).surface == Surface("home")


def test_a_profile_changes() -> None:
    user = {"id": "U061F7AUR", "team_id": "T061EG9R6", "name": "ana", "deleted": False, "tz": "Europe/Madrid"}
    event = {"type": "user_change", "user": user, "cache_ts": 1648596421, "event_ts": "1648596712.000001"}
    assert parse(envelope(event), {}) == Changed("T061EG9R6", "U061F7AUR", gone=False)
    user["deleted"] = True
    assert parse(envelope(event), {}) == Changed("T061EG9R6", "U061F7AUR", gone=True)


def test_a_workspace_leaves() -> None:
    gone = envelope({"type": "app_uninstalled"})
    del gone["authorizations"]
    assert parse(gone, {}) == Left("T061EG9R6", "app_uninstalled")
    revoked = envelope({"type": "tokens_revoked", "tokens": {"oauth": ["U061F7AUR"], "bot": ["U0BOT"]}})
    del revoked["authorizations"]
    assert parse(revoked, {}) == Left("T061EG9R6", "tokens_revoked")


def test_people_are_addressed_by_where_the_app_is_installed() -> None:
    shared = message()
    shared["team_id"] = "T0OTHER"
    assert hear(shared).team == "T061EG9R6"
    across = in_view("modal", "back") | {"team": {"id": "T0OTHER", "domain": "other"}}
    assert hear(across).team == "T061EG9R6"
    organisation = message()
    organisation["authorizations"][0] |= {
        "enterprise_id": "E1",
        "team_id": None,
        "is_enterprise_install": True,
    }
    assert hear(organisation).incoming.who == Address("slack", "E1/U061F7AUR")
    command = {**COMMAND, "enterprise_id": "E1", "is_enterprise_install": "true"}
    assert hear(command).incoming.who == Address("slack", "E1/U061F7AUR")
    form = {
        **SUBMITTED,
        "team": None,
        "enterprise": {"id": "E1", "name": "Example"},
        "is_enterprise_install": True,
    }
    assert hear(form).team == "E1"


# ---- whatever comes ----

PAYLOADS = [
    message(),
    change("message_changed", message=written("a"), previous_message=written("b")),
    change("message_deleted", deleted_ts="1355517523.000005", previous_message=written("Hello")),
    message("", files=[{"id": "F1", "name": "a", "mimetype": "text/plain", "size": 1}]),
    COMMAND,
    SHORTCUT,
    MESSAGE_ACTION,
    SUGGESTION,
    SUBMITTED,
    pressed(button("set:3", '{"run": 12, "key": "role", "value": "mentor"}')),
    in_view("home", "find"),
    envelope({"type": "user_change", "user": {"id": "U061F7AUR", "deleted": True}}),
]
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["U1", "modal"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


@given(st.data())
def test_no_payload_breaks_the_reading(data: st.DataObject) -> None:
    body = copy.deepcopy(data.draw(st.sampled_from(PAYLOADS)))
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from([place for place in places(body) if place]))
        holder = body
        for step in path[:-1]:
            holder = holder[step]
        if data.draw(st.booleans()):
            holder[path[-1]] = data.draw(anything)
        else:
            del holder[path[-1]]
    signal = parse(body, {})
    assert signal is None or isinstance(signal, Heard | Looked | Changed | Left)
    if isinstance(signal, Heard):
        assert signal.incoming.id
        assert signal.user
        assert signal.incoming.who == Address("slack", f"{signal.team}/{signal.user}")


@given(
    st.dictionaries(
        st.sampled_from(["type", "team_id", "user", "event", "view", "actions"]) | st.text(), anything
    )
)
def test_no_json_breaks_the_reading(body: Json) -> None:
    parse({"team_id": "T1", **body}, {"x-slack-retry-num": ["²", ""]})


@pytest.mark.parametrize(
    "value", ["[" * 1999, "1" * 1999, json.dumps({"run": 10**30, "key": "a", "value": 1}), "{}"]
)
def test_no_value_of_a_button_breaks_the_reading(value: str) -> None:
    assert parse(pressed(button("set:0", value)), {}) is None
