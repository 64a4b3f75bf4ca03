"""What Slack is given to show: rich text, messages, forms, and what is read back from a form."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.blocks import body_blocks, buttons, fallback, messages
from bot.adapters.slack.forms import (
    errors,
    fields_shown,
    form_view,
    home_view,
    message_view,
    question,
    run_of,
    saving_view,
    values,
)
from bot.adapters.slack.rich import rich_text
from bot.ports import (
    Asked,
    Button,
    Choice,
    Confirm,
    Day,
    Field,
    Form,
    Moment,
    Number,
    Rendered,
    ShownItem,
    ShownOption,
    Text,
    Upload,
    Week,
)
from bot.ports import Attached as File
from bot.richtext import Link, Rich, When, from_user, parse, plain
from bot.richtext import Text as Literal
from tests.platforms.slack_limits import check_blocks, check_payload, check_view

AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
WORDS = {
    "next": "Next",
    "back": "Back",
    "cancel": "Cancel",
    "later": "Later",
    "open": "Answer in a form",
    "skip": "Skip",
    "done": "Done",
    "yes": "Yes",
    "no": "No",
}
hostile = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab <>&\"'`*_~#@!:|\n\t\x00\u200b\u200d\u202e\ufeff 你👩。(/"), st.characters()
    ),
    max_size=80,
)


def section(*elements: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def word(text: str, *styles: str) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": dict.fromkeys(styles, True)} if styles else {})


def elements(markup: str) -> list[dict[str, Any]]:
    blocks = rich_text(parse(markup))
    check_blocks(blocks, "message")
    assert [block["type"] for block in blocks] == ["rich_text"]
    found: list[dict[str, Any]] = blocks[0]["elements"]
    return found


def letters(blocks: Sequence[Mapping[str, Any]]) -> str:
    """All literal characters of rich text, in order; blocks are parted by a line's end."""
    lines = []
    for block in blocks:
        for part in block["elements"] if block["type"] == "rich_text" else ():
            rows = part["elements"] if part["type"] == "rich_text_list" else [part]
            lines += ["".join(each.get("text", "") for each in row["elements"]) for row in rows]
    return "\n".join(lines)


def inked(text: str) -> str:
    return "".join(text.split())


# ---- rich text ----


def test_styles_links_and_line_ends_stand_in_one_section() -> None:
    assert elements('a<br><b>b<i>c</i></b><u>d</u><s>e</s><code>f</code> <a href="https://x.org">g</a>') == [
        section(
            word("a\n"),
            word("b", "bold"),
            word("c", "bold", "italic"),
            word("d", "underline"),
            word("e", "strike"),
            word("f", "code"),
            word(" "),
            {"type": "link", "text": "g", "url": "https://x.org"},
        )
    ]


def test_code_lists_and_quotes_are_native_and_end_the_line_before_them() -> None:
    shown = elements("a<br><pre>b\n\nc</pre>d<ul><li>e</li><li><b>f</b></li></ul><ol><li>g</li></ol>")
    assert shown == [
        section(word("a")),
        {"type": "rich_text_preformatted", "elements": [word("b\n\nc")]},
        section(word("d")),
        {
            "type": "rich_text_list",
            "elements": [section(word("e")), section(word("f", "bold"))],
            "style": "bullet",
        },
        {"type": "rich_text_list", "elements": [section(word("g"))], "style": "ordered"},
    ]
    assert elements("<blockquote>h<br>i<ul><li>j</li></ul><pre>k</pre></blockquote>") == [
        {"type": "rich_text_quote", "elements": [word("h\ni")]},
        {"type": "rich_text_list", "elements": [section(word("j"))], "style": "bullet", "border": 1},
        {"type": "rich_text_preformatted", "elements": [word("k")], "border": 1},
    ]


def test_a_list_in_an_item_is_deeper_and_numbers_that_slack_would_not_count_are_written_out() -> None:
    assert elements("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>") == [
        {"type": "rich_text_list", "elements": [section(word("a"))], "style": "bullet"},
        {"type": "rich_text_list", "elements": [section(word("b"))], "style": "bullet", "indent": 1},
        {"type": "rich_text_list", "elements": [section(word("c"))], "style": "bullet"},
    ]
    assert elements('<ol start="4"><li>a</li><li>b</li></ol>') == [section(word("4. a\n5. b"))]
    assert elements("<ol><li>a<pre>b</pre></li><li>c</li></ol>") == [
        section(word("1. a")),
        {"type": "rich_text_preformatted", "elements": [word("b")]},
        section(word("2. c")),
    ]


@pytest.mark.parametrize(
    ("style", "format_"),
    [
        ("date", "{date_long_pretty}"),
        ("time", "{time}"),
        ("datetime", "{date_long_pretty} {time}"),
    ],
)
def test_a_moment_is_slacks_own_date_with_the_readers_words_beside_it(style: Any, format_: str) -> None:
    date = {"type": "date", "timestamp": 1772470800, "format": format_, "fallback": "2. März, 18 Uhr"}
    assert rich_text((When(AT, style, "2. März, 18 Uhr"),)) == [
        {"type": "rich_text", "elements": [section(date)]}
    ]
    shown = rich_text((When(datetime(1969, 1, 1, tzinfo=UTC), style, "1969"),))
    assert shown == [{"type": "rich_text", "elements": [section(word("1969"))]}]


def test_an_address_that_leads_nowhere_is_text() -> None:
    for href in ("http://", "http://[", "https://a:99999999", "mailto:", "https://a/" + "b" * 3000):
        assert inked(letters(rich_text((Link(href, (Literal(href),)),)))) == inked(href)
        assert letters(rich_text((Link(href, (Literal("here"),)),))) == f"here ({href})"
    assert elements('<a href="mailto:a@b.org">me</a>') == [
        section({"type": "link", "text": "me", "url": "mailto:a@b.org"})
    ]


@pytest.mark.parametrize("text", ["", " ", "\n \n", "\u200b", "\x00\x07", "\ufeff\u2060"])
def test_what_cannot_be_seen_makes_no_block(text: str) -> None:
    assert rich_text((Literal(text),)) == []
    assert rich_text(from_user(text)) == []
    assert rich_text(parse("<ul><li>&#32;</li></ul>")) == []


def test_what_fires_elsewhere_is_literal() -> None:
    typed = "<!channel> <@U1> @here *b* _i_ ~s~ :smile: &amp; <https://x.org|y> <!date^1^{date}|z>"
    shown = rich_text(from_user(typed))
    assert {each["type"] for part in shown[0]["elements"] for each in part["elements"]} == {"text", "link"}
    assert letters(shown) == typed


@given(hostile)
def test_what_people_type_is_shown_character_by_character(text: str) -> None:
    rich = from_user(text)
    shown = rich_text(rich)
    check_blocks(shown, "message")
    lines = re.sub(r"\n+", "\n", letters(shown)).strip("\n")
    assert lines == (re.sub(r"\n+", "\n", plain(rich)).strip("\n") if shown else "")
    assert bool(shown) == bool(plain(rich).strip())


# ---- messages ----


def test_a_message_has_its_words_items_and_buttons_and_the_same_as_escaped_text() -> None:
    rendered = Rendered(
        parse("Tom &amp; <b>&lt;!here&gt;</b>"),
        (Button("More", "more:1:2"),),
        (
            ShownItem(parse("Lee"), (Button("Ask", "ask:1", "primary", "Lee"), Button("No", "no", "danger"))),
            ShownItem(parse("Mei")),
        ),
    )
    (payload,) = messages(rendered)
    check_payload(payload)
    assert payload["text"] == fallback(rendered) == "Tom &amp; &lt;!here&gt;\n• Lee\n• Mei"
    kinds = [block["type"] for block in payload["blocks"]]
    assert kinds == ["rich_text", "rich_text", "actions", "rich_text", "actions"]
    assert payload["blocks"][2] == {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "ask:1",
                "text": {"type": "plain_text", "text": "Ask", "emoji": False},
                "style": "primary",
                "accessibility_label": "Ask: Lee",
            },
            {
                "type": "button",
                "action_id": "no",
                "text": {"type": "plain_text", "text": "No", "emoji": False},
                "style": "danger",
            },
        ],
    }


def test_equal_buttons_get_ids_of_their_own_and_labels_that_are_too_long_an_ellipsis() -> None:
    row = buttons(
        [Button("a" * 80, "x"), Button("\u200b", "x", about="b" * 90), Button("c", "x #2"), Button("d", "x")]
    )
    check_blocks([row], "message")
    assert [each["action_id"] for each in row["elements"]] == ["x", "x #2", "x #2 #2", "x #3"]
    assert row["elements"][0]["text"]["text"] == "a" * 74 + "…"
    assert row["elements"][1]["text"]["text"] == "…"
    assert len(row["elements"][1]["accessibility_label"]) == 75


def test_a_long_text_arrives_whole_in_several_messages() -> None:
    text = " ".join(f"word{number}" for number in range(2400))[:20_000]
    payloads = messages(Rendered(from_user(text), (Button("Reply", "reply:1"),)))
    for payload in payloads:
        check_payload(payload)
    assert len(payloads) == 7
    blocks = [block for payload in payloads for block in payload["blocks"]]
    assert (
        letters(blocks).split() == " ".join(payload["text"] for payload in payloads).split() == text.split()
    )
    assert [block["type"] for block in payloads[-1]["blocks"]] == ["rich_text", "actions"]
    assert all(block["type"] == "rich_text" for payload in payloads[:-1] for block in payload["blocks"])


def test_what_grows_when_it_is_escaped_still_fits() -> None:
    payloads = messages(Rendered(from_user("&" * 9000)))
    for payload in payloads:
        check_payload(payload)
    assert sum(letters(payload["blocks"]).count("&") for payload in payloads) == 9000
    assert "".join(payload["text"] for payload in payloads).count("&amp;") == 9000


def test_more_blocks_than_a_message_holds_go_on_in_the_next() -> None:
    items = tuple(ShownItem(parse(f"item {n}"), (Button("Ask", f"ask:{n}"),)) for n in range(60))
    payloads = messages(Rendered(parse("All"), tuple(Button(str(n), f"b:{n}") for n in range(60)), items))
    for payload in payloads:
        check_payload(payload)
    ids = [
        each["action_id"]
        for payload in payloads
        for block in payload["blocks"]
        if block["type"] == "actions"
        for each in block["elements"]
    ]
    assert ids == [*(f"ask:{n}" for n in range(60)), *(f"b:{n}" for n in range(60))]
    for payload in payloads:  # an item is never parted from its buttons
        assert payload["blocks"][0]["type"] == "rich_text"


@pytest.mark.parametrize(
    ("rendered", "text"),
    [
        (Rendered((), (Button("Yes & no", "a"), Button("No", "b"))), "Yes &amp; no · No"),
        (Rendered((), attached=File("session.ics", "text/calendar", b"")), "session.ics"),
        (Rendered(from_user("\u200b")), "…"),
    ],
)
def test_a_message_without_words_still_says_something(rendered: Rendered, text: str) -> None:
    (payload,) = messages(rendered)
    check_payload(payload)
    assert payload["text"] == text


def test_a_view_that_is_too_small_keeps_the_buttons_and_says_that_there_is_more() -> None:
    items = tuple(ShownItem(parse(f"item {n}"), (Button("Ask", f"ask:{n}"),)) for n in range(20))
    rendered = Rendered(parse("All"), (Button("More", "more"),), items)
    assert len(body_blocks(rendered, 42)) == 42
    assert body_blocks(rendered, 42)[-2]["type"] == "actions"
    cut = body_blocks(rendered, 41)
    assert [block["type"] for block in cut[-4:]] == ["rich_text", "actions", "context", "actions"]
    assert cut[-1]["elements"][0]["action_id"] == "more"
    assert cut[-2]["elements"][0]["text"] == "…"
    assert [len(body_blocks(rendered, within)) for within in range(5)] == [0, 1, 2, 3, 3]


rendereds = st.builds(
    Rendered,
    hostile.map(from_user),
    st.lists(st.builds(Button, hostile, st.sampled_from(["a", "b:1"]), about=hostile), max_size=30).map(
        tuple
    ),
    st.lists(
        st.builds(
            ShownItem, hostile.map(from_user), st.lists(st.builds(Button, hostile, st.just("c"))).map(tuple)
        ),
        max_size=3,
    ).map(tuple),
)


@given(rendereds, st.integers(0, 40))
def test_messages_and_views_of_anything_are_within_the_limits(rendered: Rendered, within: int) -> None:
    for payload in messages(rendered):
        check_payload(payload)
    check_blocks(body_blocks(rendered, within), "message")
    assert len(body_blocks(rendered, within)) <= within
    check_view(message_view([rendered, rendered], "t", "c"))
    check_view(home_view([rendered] * 30))


# ---- forms ----


def form(*fields: Asked, back: bool = False) -> Form:
    return Form(7, "A question or two for you to answer", fields, back, WORDS)


def asked(field: Field, label: str = "What?", **more: Any) -> Asked:
    options = tuple(ShownOption(*each) for each in more.pop("options", ()))
    return Asked(field, parse(label), options=options, **more)


def inputs(view: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    check_view(view)
    return {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}


def filled(view: Mapping[str, Any], entered: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The view as Slack gives it back, with what was entered."""
    state = {
        key: {block["element"]["action_id"]: {"type": block["element"]["type"], **entered.get(key, {})}}
        for key, block in inputs(view).items()
    }
    return {**json.loads(json.dumps(view)), "id": "V1", "state": {"values": state}}


def one(field: Field, entered: Mapping[str, Any], **more: Any) -> Any:
    return values(filled(form_view(form(asked(field, **more)), (), {}), {field.key: entered}))[field.key]


def element(field: Field, **more: Any) -> dict[str, Any]:
    drawn: dict[str, Any] = inputs(form_view(form(asked(field, **more)), (), {}))[field.key]["element"]
    return drawn


def option(value: str, label: str) -> dict[str, Any]:
    return {"text": {"type": "plain_text", "text": label, "emoji": False}, "value": value}


FEW = (("a", "A"), ("b", "B"))
MANY = tuple((f"v{n}", f"Label {n}") for n in range(11))


def test_a_form_is_a_modal_with_its_words_on_top_and_back_and_cancel_below() -> None:
    view = form_view(
        form(
            asked(Text(key="name"), hint=parse("Your own.")), asked(Day(key="day", required=False)), back=True
        ),
        [Rendered(parse("Hello"), (Button("Help", "help"),))],
        {"next": "never"},
    )
    check_view(view)
    assert (view["callback_id"], run_of(view)) == ("form:7", 7)
    assert view["title"]["text"] == "A question or two for y…"
    assert (view["submit"]["text"], view["close"]["text"]) == ("Next", "Later")
    kinds = [block["type"] for block in view["blocks"]]
    assert kinds == ["rich_text", "actions", "divider", "input", "input", "actions"]
    assert [each["action_id"] for each in view["blocks"][-1]["elements"]] == ["back", "cancel"]
    assert [block.get("optional") for block in view["blocks"][3:5]] == [False, True]
    assert view["blocks"][3]["hint"]["text"] == "Your own."
    assert "private_metadata" not in view
    # The form's own introduction is not set apart from its fields.
    own = form(asked(Day(key="day")))
    blocks = form_view(own, [Rendered(parse("Hello"), form=own)], {})["blocks"]
    assert [block["type"] for block in blocks] == ["rich_text", "input", "actions"]


def test_an_error_stands_above_its_field_and_travels_by_its_block() -> None:
    wrong = form(asked(Text(key="name"), error=parse("Too <b>long</b>.")), asked(Day(key="day")))
    assert errors(wrong) == {"name": "Too long."}
    blocks = form_view(wrong, (), {})["blocks"]
    assert blocks[0]["elements"] == [section(word("Too "), word("long", "bold"), word("."))]
    assert blocks[1]["block_id"] == "name"


def test_a_label_of_several_lines_or_with_a_link_is_shown_above_the_input() -> None:
    label = "What I keep:<br>• names;<br>Is that all right?"
    blocks = form_view(form(asked(Text(key="a"), label)), (), {})["blocks"]
    assert letters(blocks[:1]) == "What I keep:\n• names;"
    assert blocks[1]["label"]["text"] == "Is that all right?"
    blocks = form_view(form(asked(Text(key="a"), 'See <a href="https://x.org">this</a>.')), (), {})["blocks"]
    assert letters(blocks[:1]) == blocks[1]["label"]["text"] == "See this."
    blocks = form_view(form(asked(Text(key="a"), "long " * 1000, hint=parse("hint " * 1000))), (), {})[
        "blocks"
    ]
    assert [block["type"] for block in blocks] == ["rich_text"] * 4 + ["input", "actions"]
    assert letters(blocks[:4]).split() == ["long"] * 1000 + ["hint"] * 1000


def test_text() -> None:
    typed = {"type": "plain_text_input", "action_id": "text", "multiline": False, "max_length": 80}
    assert element(Text(key="k", limit=80), initial="Ana") == typed | {"initial_value": "Ana"}
    long = element(Text(key="k", limit=9000, least=3, lines=True), initial="a" * 9000)
    assert (long["min_length"], long["max_length"], len(long["initial_value"])) == (3, 3000, 3000)
    assert element(Text(key="k", limit=10), initial="a" * 20)["max_length"] == 20
    assert one(Text(key="k"), {"value": " Ana\n"}) == " Ana\n"


def test_number() -> None:
    assert element(Number(key="k", low=0.5, high=40, whole=False), initial=2.5) == {
        "type": "number_input",
        "action_id": "number",
        "is_decimal_allowed": True,
        "min_value": "0.5",
        "max_value": "40",
        "initial_value": "2.5",
    }
    for initial in ("many", "41", 2.5, "nan", True, None):
        drawn = element(Number(key="k", low=2, high=40), initial=initial)
        assert "initial_value" not in drawn
    assert one(Number(key="k", low=1, high=9), {"value": "3"}) == "3"


@pytest.mark.parametrize(
    ("options", "many", "kind"),
    [
        (FEW, False, "radio_buttons"),
        (FEW, True, "checkboxes"),
        (MANY, False, "static_select"),
        (MANY, True, "multi_static_select"),
    ],
)
def test_choice(options: Any, *, many: bool, kind: str) -> None:
    field = Choice(key="k", many=many)
    last = option(*options[-1])
    initial = [options[-1][0]] if many else options[-1][0]
    drawn = element(field, options=options, initial=initial)
    assert (drawn["type"], drawn["action_id"]) == (kind, "choice")
    assert drawn["options"] == [option(*each) for each in options]
    assert drawn["initial_options" if many else "initial_option"] == ([last] if many else last)
    assert "initial_option" not in element(field, options=options, initial="gone")
    entered = {"selected_options": [last]} if many else {"selected_option": last}
    assert one(field, entered, options=options) == initial


def test_an_option_that_slack_could_not_carry_comes_back_as_it_is() -> None:
    odd = ["x" * 200, "", "…1", "a&b", " a", "\u200b", "b\nc", "plain", "你好"]
    options = [(value, f"{'label ' * 30}{n}") for n, value in enumerate(odd)]
    for many in (False, True):
        field = Choice(key="k", many=many)
        view = form_view(form(asked(field, options=options)), (), {})
        for given_, value in zip(inputs(view)["k"]["element"]["options"], odd, strict=True):
            entered = {"selected_options": [given_]} if many else {"selected_option": given_}
            if value:
                assert values(filled(view, {"k": entered})) == {"k": [value] if many else value}
    assert given_["text"]["text"].endswith("…")
    assert given_["description"]["text"].startswith("…")


def test_a_choice_that_no_picker_can_show_is_typed_by_name_or_number() -> None:
    for options in ([(f"v{n}", f"L{n}") for n in range(101)], [(str(n) * 900, f"L{n}") for n in range(5)]):
        view = form_view(form(asked(Choice(key="k", many=True), options=options)), (), {})
        assert inputs(view)["k"]["element"]["type"] == "plain_text_input"
        assert letters(view["blocks"]).split() == [label for _, label in options]
        assert values(filled(view, {"k": {"value": "L1, L2"}})) == {"k": "L1, L2"}


def test_search() -> None:
    field = Choice(key="k", search="topics", many=True, levels=5, free=True, most=20)
    python, sql = option("python 4", "python 4"), option("sql", "sql")
    assert element(field, initial=[["python", 4], ["sql", None]]) == {
        "type": "multi_external_select",
        "action_id": "search:topics:free:levels",
        "min_query_length": 1,
        "initial_options": [python, sql],
        "max_selected_items": 20,
    }
    assert one(field, {"selected_options": [python, sql]}) == [["python", 4], "sql"]
    assert element(field, initial=[["x" * 80, 4]])["initial_value"] == "x" * 80 + " 4"
    zone = Choice(key="k", search="zones")
    drawn = element(zone, initial="Europe/Madrid")
    assert (drawn["type"], drawn["action_id"], drawn["min_query_length"]) == (
        "external_select",
        "search:zones",
        0,
    )
    assert one(zone, {"selected_option": option("Europe/Berlin", "Berlin")}) == "Europe/Berlin"
    offered = Choice(key="k", search="moments", many=True)
    assert element(offered, options=FEW)["type"] == "checkboxes"


def test_confirm() -> None:
    options = (("yes", "I agree"), ("no", "Not now"))
    drawn = element(Confirm(key="k"), options=options, initial=False)
    assert (drawn["type"], drawn["initial_option"]) == ("radio_buttons", option("no", "Not now"))
    assert one(Confirm(key="k"), {"selected_option": option("no", "Not now")}, options=options) is False
    assert one(Confirm(key="k"), {"selected_option": option("yes", "I agree")}, options=options) is True
    must = element(Confirm(key="k", must=True), options=options)
    assert (must["type"], must["options"]) == ("checkboxes", [option("yes", "I agree")])
    assert one(Confirm(key="k", must=True), {"selected_options": must["options"]}, options=options) is True


def test_day_moment_week_and_upload() -> None:
    assert element(Day(key="k"), initial="2026-03-02")["initial_date"] == "2026-03-02"
    assert element(Day(key="k"), initial="tomorrow") == {"type": "datepicker", "action_id": "day"}
    assert one(Day(key="k"), {"selected_date": "2026-03-02"}) == "2026-03-02"
    assert element(Moment(key="k"), initial=AT.isoformat())["initial_date_time"] == 1772470800
    assert element(Moment(key="k"), initial="9999-12-31T23:59:59-23:59")["action_id"] == "moment"
    assert one(Moment(key="k"), {"selected_date_time": 1772470800}) == AT.isoformat()
    week = element(Week(key="k"), initial=[[0, 60, 120]], typed="Monday 1:00-2:00")
    assert (week["multiline"], week["initial_value"]) == (True, "Monday 1:00-2:00")
    assert "initial_value" not in element(Week(key="k"), initial=[[0, 60, 120]])
    assert one(Week(key="k"), {"value": "Sat 10-12"}) == "Sat 10-12"
    assert element(Upload(key="k")) == {"type": "file_input", "action_id": "upload", "max_files": 1}
    file = {"id": "F1", "name": "a.png", "size": 3, "mimetype": "image/png"}
    assert one(Upload(key="k"), {"files": [file]}) == {"id": "F1", "name": "a.png", "size": 3}


def test_an_optional_field_is_skipped_only_where_all_that_is_required_is_there() -> None:
    view = form_view(
        form(asked(Text(key="a")), asked(Text(key="b", required=False)), asked(Week(key="c"))), (), {}
    )
    assert values(filled(view, {"a": {"value": "x"}})) == {"a": "x"}
    assert values(filled(view, {"a": {"value": "x"}, "c": {"value": " "}})) == {"a": "x"}
    assert values(filled(view, {"a": {"value": "x"}, "c": {"value": "y"}})) == {"a": "x", "c": "y", "b": None}
    assert values(filled(view, {"b": {"value": "x"}})) == {"b": "x"}


def test_a_page_holds_twelve_fields_or_as_many_as_fit() -> None:
    many = form(*(asked(Text(key=f"k{n}")) for n in range(30)))
    assert fields_shown(many) == tuple(inputs(form_view(many, (), {}))) == tuple(f"k{n}" for n in range(12))
    long = form(
        *(asked(Text(key="k" * 255 if n else "a"), "长" * 8000, initial="文" * 3000) for n in range(2))
    )
    assert fields_shown(long) == tuple(inputs(form_view(long, (), {}))) == ("a",)
    assert fields_shown(form(*long.fields[1:])) == ("k" * 255,)
    longer = form(*(asked(Text(key=f"k{n}"), "长" * 3000, initial="文" * 3000) for n in range(12)))
    assert 0 < len(fields_shown(longer)) == len(inputs(form_view(longer, (), {}))) < 12
    odd = [(f"{n}" * 80, "L") for n in range(9)]
    kept = form(*(asked(Choice(key=f"k{n}"), options=odd) for n in range(12)))
    assert 1 < len(fields_shown(kept)) == len(inputs(form_view(kept, (), {}))) < 12


def test_a_view_of_long_messages_is_within_what_slack_takes() -> None:
    long = [Rendered(from_user("好" * 20_000), (Button("Ask", f"ask:{n}"),)) for n in range(4)]
    for view in (
        message_view(long, "t", "c"),
        home_view(long),
        form_view(form(asked(Day(key="a"))), long, {}),
    ):
        check_view(view)
        assert 50_000 < len(json.dumps(view)) < 250_000
        assert any(block["type"] == "context" for block in view["blocks"])
    check_view(message_view([], "\u200b", ""))
    check_view(home_view([]))
    check_view(saving_view("Home", "Still saving.", "Close"))


@pytest.mark.parametrize(
    "callback_id", ["form:", "form:x", "form:1x", "form:٣", "form:-1", "message", None, 7]
)
def test_a_view_of_something_else_has_no_run(callback_id: object) -> None:
    assert run_of({"callback_id": callback_id}) is None
    assert run_of({"callback_id": f"form:{2**63}"}) is None
    assert run_of({}) is None


nested = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "value",
                    "values",
                    "selected_option",
                    "selected_options",
                    "files",
                    "selected_date_time",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
)


@given(nested, nested, nested)
def test_a_view_that_is_not_ours_is_read_without_harm(state: Any, block: Any, metadata: Any) -> None:
    blocks = [block, {"type": "input", "block_id": "a", "element": {"action_id": "b"}}]
    view = {"state": state, "blocks": blocks, "private_metadata": metadata}
    assert set(values(view)) <= {"a"}
    text = {"type": "datetimepicker"} | (state if isinstance(state, dict) else {})
    assert set(values({**view, "state": {"values": {"a": {"b": text}}}})) <= {"a"}


# ---- questions in the chat ----


def pressed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What each button, or option, of a payload's last row says it sets."""
    row = payload["blocks"][-1]["elements"]
    said = {each["text"]["text"]: each["value"] for each in row if each["type"] == "button"}
    said |= {each["text"]["text"]: each["value"] for menu in row for each in menu.get("options", ())}
    return {label: json.loads(value) for label, value in said.items()}


def test_a_question_has_its_options_as_buttons_and_the_form_behind_the_last() -> None:
    field = Choice(key="k", required=False)
    more = form(asked(field, options=FEW, error=parse("No."), hint=parse("Hint")), asked(Text(key="b")))
    (payload,) = question(more, parse("Hello"))
    check_payload(payload)
    assert payload["text"] == "Hello\nNo.\nWhat?\nHint"
    ids = [each["action_id"] for each in payload["blocks"][-1]["elements"]]
    assert ids == ["set:0", "set:1", "set:2", "form"]
    assert pressed(payload) == {
        "A": {"run": 7, "key": "k", "value": "a"},
        "B": {"run": 7, "key": "k", "value": "b"},
        "Skip": {"run": 7, "key": "k", "value": None},
        "Answer in a form": {"run": 7},
    }


def test_what_an_option_sets_is_a_value_of_its_field() -> None:
    (payload,) = question(form(asked(Confirm(key="k"), options=(("yes", "Y"), ("no", "N")))), ())
    assert [pressed(payload)[label]["value"] for label in "YN"] == [True, False]
    (payload,) = question(form(asked(Choice(key="k", many=True), options=FEW)), ())
    assert pressed(payload)["A"]["value"] == ["a"]
    (payload,) = question(form(asked(Text(key="k"), initial="Ana")), ())
    assert pressed(payload)["Ana"]["value"] == "Ana"


def test_many_options_are_a_menu_and_more_are_typed() -> None:
    options = [(f"v{n}", f"L{n}") for n in range(101)]
    (payload,) = question(form(asked(Choice(key="k"), options=options[:24])), ())
    check_payload(payload)
    assert [each["type"] for each in payload["blocks"][-1]["elements"]] == ["button"] * 25
    (payload,) = question(form(asked(Choice(key="k"), options=options[:100])), ())
    check_payload(payload)
    assert [each["action_id"] for each in payload["blocks"][-1]["elements"]] == ["set", "form"]
    assert pressed(payload)["L99"] == {"run": 7, "key": "k", "value": "v99"}
    for typed in (options, [("x" * 3000, "L0"), ("b", "L1")]):
        (payload,) = question(form(asked(Choice(key="k"), options=typed)), ())
        check_payload(payload)
        assert list(pressed(payload)) == ["Answer in a form"]
        assert letters(payload["blocks"]).split()[1:] == [label for _, label in typed]


# ---- any form ----

some_options = st.lists(st.tuples(hostile, hostile), max_size=14)
some_fields: st.SearchStrategy[Field] = st.sampled_from(
    [
        Text(key="k"),
        Text(key="k", limit=5, least=2, lines=True, required=False),
        Number(key="k", low=-1, high=2.5, whole=False),
        Choice(key="k"),
        Choice(key="k", many=True, most=2, required=False),
        Choice(key="k", search="topics", many=True, levels=5, free=True),
        Choice(key="k", search="zones"),
        Confirm(key="k"),
        Confirm(key="k", must=True),
        Day(key="k"),
        Moment(key="k"),
        Week(key="k", required=False),
        Upload(key="k"),
    ]
)
riches: st.SearchStrategy[Rich] = hostile.map(from_user)
initials = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    hostile,
    st.lists(hostile),
    st.lists(st.tuples(hostile, st.integers(0, 9))),
)


@st.composite
def some_asked(draw: st.DrawFn) -> Asked:
    field = draw(some_fields)
    options = draw(some_options)
    given_ = tuple(ShownOption(*each) for each in options)
    if isinstance(field, Confirm):
        given_ = (ShownOption("yes", draw(hostile)), ShownOption("no", draw(hostile)))
    elif not isinstance(field, Choice):
        given_ = ()
    initial = draw(st.one_of(initials, st.sampled_from([each[0] for each in options] or [""])))
    return Asked(field, draw(riches), draw(riches), given_, draw(riches), initial)


@given(some_asked(), riches)
def test_any_form_is_within_the_limits_and_gives_back_every_option(one_asked: Asked, body: Rich) -> None:
    some = form(one_asked)
    view = form_view(some, [Rendered(body)], {})
    drawn = inputs(view)["k"]["element"]
    for payload in question(some, body):
        check_payload(payload)
    if drawn["action_id"] == "choice":
        back = [values(filled(view, {"k": _picked(drawn, each)})).get("k") for each in drawn["options"]]
        given_ = list(dict.fromkeys(each.value for each in one_asked.options))
        many = isinstance(one_asked.field, Choice) and one_asked.field.many
        assert back == [[value] if many and value else value or None for value in given_]


def _picked(drawn: Mapping[str, Any], given_: Mapping[str, Any]) -> dict[str, Any]:
    many = drawn["type"] in ("checkboxes", "multi_static_select")
    return {"selected_options": [given_]} if many else {"selected_option": given_}
