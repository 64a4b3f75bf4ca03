"""What Discord is given to show: rich text, messages, questions, modals, and what is read back from them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord import forms, markup, messages, presses, questions
from bot.adapters.discord.payload import components_in
from bot.adapters.presses import Pick, picked
from bot.ports import (
    Asked,
    Attached,
    Button,
    Choice,
    Confirm,
    Day,
    Field,
    Form,
    Json,
    Moment,
    Number,
    Pressed,
    Rendered,
    ShownItem,
    ShownOption,
    Submitted,
    Text,
    Upload,
    Week,
)
from bot.richtext import Link, Pre, Quote, Rich, Styled, When, clean, from_user, parse, plain
from bot.richtext import Text as Literal
from core.reading import week_from_parts
from tests.platforms.discord_limits import check_message, check_modal
from tests.platforms.discord_reader import read

AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORDS = {
    "next": "Next",
    "back": "Back",
    "cancel": "Cancel",
    "open": "Answer in a form",
    "skip": "Skip",
    **dict(zip(DAYS, ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), strict=True)),
    "morning": "morning",
    "afternoon": "afternoon",
    "evening": "evening",
}
MARKUP = "ab <>&\\'`*_~#@!:|/\n\t-+.1()[]{}\u200b\u200d\u202e你👩。"
PHRASES = [
    "@everyone", "@here", "<@123>", "<@!123>", "<@&5>", "<#7>", "<t:1:R>", "</find:1>", "<:x:1>", "<a:y:2>",
    "<id:customize>", ":smile:", ":+1::skin-tone-2:", "https://a.org/b_c*d", "http://", "<https://x.org>", "```",
    "``", "[a](https://b.org)", "||x||", "**", "__", "~~", "\n# ", "\n> ", "\n>>> ", "\n-# ", "\n- ", "\n1. ", "\\",
    "¯\\_(ツ)_/¯", "steam://run", "a:b:c", "12:30:45", "mailto:a@b.c",
]  # fmt: skip
hostile = st.lists(
    st.one_of(st.sampled_from(PHRASES), st.text(st.sampled_from(MARKUP), max_size=8), st.text(max_size=8)),
    max_size=12,
).map("".join)


def shown(rich: Rich) -> str:
    (piece,) = markup.pieces(rich)
    return piece


def inked(text: str) -> str:
    """What is printed of a text."""
    return "".join(text.split())


# ---- what people type ----


@given(hostile)
def test_what_a_person_typed_shows_as_it_was_typed(text: str) -> None:
    pieces = markup.pieces((Literal(text),))
    told = [read(piece) for piece in pieces]
    assert inked("".join(each.text for each in told)) == inked(clean(text))
    assert [mark for each in told for mark in each.marks] == []


@given(hostile)
def test_what_was_typed_with_code_and_addresses_shows_the_same_and_fires_nothing(text: str) -> None:
    rich = from_user(text)
    told = [read(piece) for piece in markup.pieces(rich)]
    assert inked("".join(each.text for each in told)) == inked(plain(rich))
    assert {kind for each in told for kind, _ in each.marks} <= {"code", "pre", "address", "url"}
    linked = [href for each in told for kind, href in each.marks if kind in {"address", "url"}]
    assert set(linked) <= {node.href for node in rich if isinstance(node, Link)}


@given(hostile, st.sampled_from(["b", "i", "u", "s", "code"]), hostile)
def test_styles_around_what_was_typed_change_nothing_of_it(text: str, tag: Any, after: str) -> None:
    rich: Rich = (Styled(tag, (Literal(text.replace("\n", " ")),)), Literal(after.replace("\n", " ")))
    told = [read(piece) for piece in markup.pieces(rich)]
    assert inked("".join(each.text for each in told)) == inked(clean(plain(rich)))
    assert {kind for each in told for kind, _ in each.marks} <= {tag}


@given(hostile)
def test_a_quote_keeps_what_was_typed(text: str) -> None:
    rich: Rich = (Quote((Literal("x" + clean(text).replace("\n", " ")),)),)
    (told,) = map(read, markup.pieces(rich))
    assert inked(told.text) == inked("x" + clean(text))
    assert told.marks == [("quote", ">")]


@given(hostile)
def test_escaped_text_is_plain_wherever_it_stands(text: str) -> None:
    told = read(markup.escape(text))
    assert told.text == clean(text)
    assert told.marks == []


def test_nobody_is_mentioned_even_where_a_backslash_would_not_help() -> None:
    assert shown(from_user("@everyone <@123>")) == "@\u200beveryone \\<\\@123>"


# ---- rich text ----


def test_styles_links_and_line_ends() -> None:
    rich = parse('a<br><b>b <i>c</i> d</b><u>e</u><s>f</s><code>g</code> <a href="https://x.org?a=(1)">h</a>')
    assert shown(rich) == ("a\n**b** **\u200b*c*\u200b** **d**__e__~~f~~`g` [h](<https://x.org?a=%281%29>)")


def test_neighbouring_marks_are_kept_apart() -> None:
    told = read(shown(parse("<b>a</b><i>b</i><b>c<i>d</i></b>")))
    assert told.text == "abcd"
    assert [kind for kind, _ in told.marks] == ["b", "i", "b", "b", "i"]


def test_code_and_quotes_stand_on_lines_of_their_own() -> None:
    assert shown(parse('a<pre lang="py">b\n\n&lt;c&gt;</pre>d')) == "a\n```py\nb\n\n<c>\n```\nd"
    assert shown(parse("<blockquote>h<br>i<pre>k</pre></blockquote>l")) == "> h\n> i\n> ```\n> k\n> ```\nl"
    assert shown((Pre("a ```` b"),)) == "```\na `\u200b`\u200b`` b\n```"
    assert shown(parse("<code>a`b</code>")) == "``a`b``"


def test_lists_of_lines_are_discords_own_and_others_text() -> None:
    assert shown(parse("<ul><li>a<ul><li>b</li></ul></li><li><b>c</b></li></ul>")) == "- a\n  - b\n- **c**"
    assert shown(parse('<ol start="9"><li>a</li><li>b</li></ol>')) == "9. a\n10. b"
    assert shown(parse('<ol start="9"><li>a<br>b</li><li><pre>c</pre></li></ol>')) == (
        "9\\. a\n   b\n10\\. \n```\nc\n```"
    )


@pytest.mark.parametrize(("style", "letter"), [("date", "D"), ("time", "t"), ("datetime", "F")])
def test_a_moment_is_discords_own_date(style: Any, letter: str) -> None:
    assert shown((Literal("at "), When(AT, style, "Mon"))) == f"at <t:{int(AT.timestamp())}:{letter}>"
    assert shown((Link("https://x.org", (When(AT, style, "Mon"),)),)) == "[Mon](<https://x.org>)"


def test_a_command_is_what_is_typed_on_discord() -> None:
    assert shown(parse("<cmd>find rust</cmd>: x")) == "`/mentor find rust`: x"
    assert markup.spelt(parse("<b><cmd>help</cmd></b>")) == "/mentor help"


@pytest.mark.parametrize(
    ("href", "label", "written"),
    [
        ("https://x.org", "https://x.org", "https://x.org"),
        ("https://x.org", "see https://y.org", "see https\\://y.org (<https://x.org>)"),
        ("https://x.org", "a [b]", "a \\[b] (<https://x.org>)"),
        ("https://x.org/long", "https://x.org/lo", "https\\://x.org/lo"),
        ("mailto:ana@example.org", "write", "write (ana@example.org)"),
        ("https://x.org/a>b", "c", "c (https\\://x.org/a>b)"),
    ],
)
def test_a_link_says_where_it_leads_or_leads_there(href: str, label: str, written: str) -> None:
    assert shown((Link(href, (Literal(label),)),)) == written


def test_small_letters_are_lines_only() -> None:
    assert markup.small(parse("a<br># b")) == ["-# a\n-# \\# b"]
    assert markup.small(parse("<ul><li>a</li></ul>")) == ["- a"]
    assert markup.small(()) == []


@given(st.text(st.sampled_from("a*_ \n👩"), min_size=1, max_size=40), st.integers(1, 400))
def test_long_texts_are_cut_and_nothing_of_them_is_lost(text: str, times: int) -> None:
    pieces = markup.pieces((Literal(text * times),))
    assert all(markup.size(piece) <= markup.LIMIT for piece in pieces)
    assert inked("".join(read(piece).text for piece in pieces)) == inked(clean(text * times))


def test_many_long_links_are_cut_too() -> None:
    rich: Rich = tuple(Link(f"https://x.org/{'a' * 900}{n}", (Literal("x"),)) for n in range(30))
    pieces = markup.pieces(rich)
    assert all(markup.size(piece) <= markup.LIMIT for piece in pieces)
    assert sum(len(read(piece).marks) for piece in pieces) == 30


# ---- messages ----


def sent(rendered: Rendered) -> list[dict[str, Any]]:
    written = questions.messages(rendered)
    for payload in written:
        check_message(payload)
    return written


def texts(payload: dict[str, Any]) -> list[str]:
    return [each["content"] for each in components_in(payload["components"]) if each["type"] == 10]


def buttons(payload: dict[str, Any]) -> list[tuple[str, str]]:
    every = components_in(payload["components"])
    return [(each["label"], each["custom_id"]) for each in every if each["type"] == 2]


def test_a_message_is_text_with_its_buttons_below() -> None:
    rendered = Rendered(
        parse("Hello <b>Ana</b>"),
        (Button("Accept", "accept:7", "primary"), Button("No", "decline:7", "danger")),
    )
    (payload,) = sent(rendered)
    assert payload == {
        "flags": 32768,
        "components": [
            {"type": 10, "content": "Hello **Ana**"},
            {
                "type": 1,
                "components": [
                    {"type": 2, "style": 1, "label": "Accept", "custom_id": "accept:7"},
                    {"type": 2, "style": 4, "label": "No", "custom_id": "decline:7"},
                ],
            },
        ],
        "allowed_mentions": {"parse": []},
    }


def test_one_short_button_stands_beside_its_item_and_several_below() -> None:
    items = (
        ShownItem(parse("Lee"), (Button("Ask", "ask:1"),)),
        ShownItem(parse("Mei"), (Button("Ask", "ask:2"), Button("More", "more:2"))),
    )
    (payload,) = sent(Rendered(parse("Two"), items=items))
    assert [each["type"] for each in payload["components"]] == [10, 9, 10, 1]
    assert payload["components"][1]["accessory"]["custom_id"] == "ask:1"


def test_equal_buttons_get_names_of_their_own_that_are_read_as_the_same() -> None:
    (payload,) = sent(Rendered(parse("x"), tuple(Button(f"B{n}", "talk:1") for n in range(12))))
    carried = [data for _, data in buttons(payload)]
    assert carried[:3] == ["talk:1", "talk:1 #2", "talk:1 #3"]
    assert {str(presses.pressed(data)) for data in carried} == {str(Pressed("talk", "1"))}


@pytest.mark.parametrize(
    ("mime", "kind"), [("text/calendar", 13), ("image/png", 12)], ids=["a file", "a picture"]
)
def test_a_file_is_shown_and_named(mime: str, kind: int) -> None:
    (payload,) = sent(Rendered((), attached=Attached("my session ü.ics", mime, b"x", "Session with Lee")))
    assert payload["attachments"] == [
        {"id": "0", "filename": "my_session.ics", "description": "Session with Lee"}
    ]
    assert payload["components"][1]["type"] == kind
    assert "attachment://my_session.ics" in str(payload["components"][1])


def test_a_silent_message_is_silent_and_its_edit_says_nothing_of_it() -> None:
    (payload,) = sent(Rendered(parse("x"), silent=True))
    assert payload["flags"] == 1 << 15 | 1 << 12
    assert messages.for_edit(payload)["flags"] == 1 << 15
    assert messages.ephemeral(payload)["flags"] & 1 << 6


def test_nothing_to_see_is_an_ellipsis() -> None:
    assert texts(sent(Rendered(()))[0]) == ["…"]
    assert sent(Rendered((), (Button(" ", "help"),)))[0]["components"][0]["components"][0]["label"] == "…"


@given(st.lists(st.tuples(hostile, st.integers(0, 7)), max_size=30), hostile)
def test_any_message_keeps_discords_limits_and_all_its_words(rows: list[tuple[str, int]], body: str) -> None:
    items = tuple(
        ShownItem(from_user(f"{n}. {text}"), tuple(Button(f"B{k}", f"b:{n}:{k}") for k in range(count)))
        for n, (text, count) in enumerate(rows)
    )
    written = sent(Rendered(from_user(f"x{body}"), (Button("End", "end"),), items))
    told = "".join(read(text).text for payload in written for text in texts(payload))
    assert inked(told) == inked(plain(from_user(f"x{body}")) + "".join(plain(item.body) for item in items))
    assert sum(len(buttons(payload)) for payload in written) == sum(count for _, count in rows) + 1


# ---- questions in the chat ----


def asked(field: Field, *options: str, **more: Any) -> Asked:
    label: Rich = (Literal("What is it?"),)
    return Asked(
        **{"field": field, "label": label, "options": tuple(ShownOption(o, f"L {o}") for o in options)} | more
    )


def form(*fields: Asked, back: bool = False) -> Form:
    return Form(7, "A title", fields, back, WORDS)


def ask(field: Asked) -> dict[str, Any]:
    (payload,) = sent(Rendered((), form=form(field)))
    return payload


def test_a_question_offers_its_options_and_the_form() -> None:
    one = asked(Choice(key="role", required=False), "mentor", "mentee", hint=parse("You may be both."))
    (payload,) = sent(Rendered(parse("Welcome"), form=form(one, back=True)))
    assert texts(payload) == ["Welcome", "What is it?\n-# You may be both."]
    assert buttons(payload) == [
        ("L mentor", "=7:role:mentor"),
        ("L mentee", "=7:role:mentee"),
        ("Skip", "-7:role"),
        ("Back", "back"),
        ("Answer in a form", "form:7"),
    ]
    assert [presses.pressed(data) for _, data in buttons(payload)] == [
        Submitted(7, {"role": "mentor"}),
        Submitted(7, {"role": "mentee"}),
        Submitted(7, {"role": None}),
        Pressed("back"),
        Submitted(7, {}),
    ]


def test_yes_and_no_are_buttons() -> None:
    sure = ask(asked(Confirm(key="sure"), "yes", "no"))
    assert [presses.pressed(data) for _, data in buttons(sure)[:2]] == [
        Submitted(7, {"sure": True}),
        Submitted(7, {"sure": False}),
    ]


def select(payload: dict[str, Any]) -> dict[str, Any]:
    return next(dict(each) for each in components_in(payload["components"]) if each["type"] == 3)


def test_many_options_stand_in_a_select() -> None:
    one = select(ask(asked(Choice(key="city"), *(f"c{n}" for n in range(25)))))
    assert presses.chosen(one["custom_id"], ["c3"]) == Submitted(7, {"city": "c3"})
    several = select(ask(asked(Choice(key="topics", many=True, most=2), "sql", "rust", "go", initial=["go"])))
    assert (several["min_values"], several["max_values"]) == (1, 2)
    assert [each["value"] for each in several["options"] if each.get("default")] == ["go"]
    assert presses.chosen(several["custom_id"], ["sql", "go"]) == Submitted(7, {"topics": ["sql", "go"]})


def test_more_options_than_a_select_holds_are_typed_by_name_or_number() -> None:
    payload = ask(asked(Choice(key="city"), *(f"c{n}" for n in range(26))))
    assert "26. L c25" in texts(payload)[0]
    assert buttons(payload) == [("Answer in a form", "form:7")]


@pytest.mark.parametrize("many", [False, True])
def test_a_value_that_does_not_fit_goes_by_its_place(many: bool) -> None:
    long = ["x" * 120, "#y", *(f"z{n}" for n in range(12))]
    field = asked(Choice(key="city", many=many), *long)
    one = select(ask(field))
    values = [each["value"] for each in one["options"]]
    pick = presses.chosen(one["custom_id"], values[:2] if many else values[1:2])
    assert isinstance(pick, Pick)
    assert picked(form(field), pick) == {"city": long[:2] if many else "#y"}
    assert picked(form(asked(Choice(key="town", many=many), *long)), pick) is None


def test_a_week_is_chosen_in_parts_that_are_read_as_hours() -> None:
    week = ask(asked(Week(key="hours"), typed="Mon 9-12"))
    assert buttons(week)[0] == ("Mon 9-12", "=7:hours:Mon 9-12")
    one = select(week)
    assert [each["label"] for each in one["options"][:4]] == [
        "Mo morning",
        "Mo afternoon",
        "Mo evening",
        "Tu morning",
    ]
    event = presses.chosen(one["custom_id"], [each["value"] for each in one["options"]])
    assert isinstance(event, Submitted)
    parts = event.values["hours"]
    assert isinstance(parts, list)
    assert isinstance(week_from_parts([str(each) for each in parts]), tuple)


def test_what_is_known_can_be_kept_whatever_it_ends_with() -> None:
    known = ask(asked(Text(key="goal"), initial="Lesson #2"))
    (_, data), *_ = buttons(known)
    assert presses.pressed(data) == Submitted(7, {"goal": "Lesson #2"})


def test_an_answered_question_says_what_was_chosen() -> None:
    payload = ask(asked(Choice(key="role"), "mentor"))
    answered = messages.answered(payload, "=7:role:mentor")
    assert answered is not None
    check_message(answered)
    assert texts(answered) == ["What is it?", "✓ L mentor"]
    several = ask(asked(Choice(key="topics", many=True), "sql", "rust"))
    chosen = messages.answered(several, "*7:topics", ["sql", "rust"])
    assert chosen is not None
    assert texts(chosen)[-1] == "✓ L sql, L rust"
    assert messages.answered(payload, "form:7") is None
    assert messages.answered({}, "=7:role:mentor") is None


# ---- modals ----

EVERY: list[tuple[Asked, Any, Any]] = [
    (asked(Text(key="a", least=3, limit=80)), "hello", "hello"),
    (asked(Text(key="a", lines=True, required=False)), "", None),
    (asked(Number(key="a", low=1, high=5)), "3", "3"),
    (asked(Choice(key="a"), "x", "y"), "y", "y"),
    (asked(Choice(key="a", required=False), "x", "y"), None, None),
    (asked(Choice(key="a"), "x"), ["x"], "x"),
    (asked(Choice(key="a"), *(f"c{n}" for n in range(25))), ["c3"], "c3"),
    (asked(Choice(key="a", many=True), "x", "y"), ["x"], ["x"]),
    (asked(Choice(key="a", many=True, required=False), "x", "y"), [], None),
    (asked(Choice(key="a", many=True, most=3), *(f"c{n}" for n in range(12))), ["c1", "c2"], ["c1", "c2"]),
    (asked(Choice(key="a", many=True), *(f"c{n}" for n in range(40))), "1, 2", "1, 2"),
    (asked(Choice(key="a", search="topics", many=True, levels=5)), "python 4, sql", "python 4, sql"),
    (asked(Confirm(key="a"), "yes", "no"), "yes", "yes"),
    (asked(Day(key="a")), "tomorrow", "tomorrow"),
    (asked(Moment(key="a")), "2026-03-06 18:00", "2026-03-06 18:00"),
    (asked(Week(key="a")), "Mon 9-12", "Mon 9-12"),
]


@pytest.mark.parametrize(("field", "entered", "value"), EVERY)
def test_every_field_goes_out_and_comes_back(field: Asked, entered: Any, value: Json) -> None:
    written = forms.modal(form(field))
    check_modal(written)
    label = next(each for each in written["components"] if each["type"] == 18)
    inner = label["component"]
    assert inner["custom_id"] == "a"
    assert inner["required"] is field.field.required
    named = "values" if isinstance(entered, list) else "value"
    back = {"type": inner["type"], "id": 2, "custom_id": "a", named: entered}
    data = {"custom_id": "form:7", "components": [{"type": 18, "id": 1, "component": back}]}
    assert forms.run_of(data) == 7
    assert forms.values(data) == {"a": value}


def test_a_file_comes_back_by_its_address() -> None:
    check_modal(forms.modal(form(asked(Upload(key="cv", required=False)))))
    url = "https://cdn.discordapp.com/ephemeral-attachments/2/1/cv.pdf?ex=68dc7ce1"
    data = {
        "custom_id": "form:7",
        "components": [
            {"id": 1, "type": 18, "component": {"custom_id": "cv", "id": 2, "type": 19, "values": ["1"]}}
        ],
        "resolved": {"attachments": {"1": {"id": "1", "filename": "cv.pdf", "size": 9, "url": url}}},
    }
    assert forms.values(data) == {"cv": {"id": url, "name": "cv.pdf", "size": 9}}


@pytest.mark.parametrize(
    ("field", "initial", "found"),
    [
        (Text(key="a", limit=3), "too long", "too long"),
        (Number(key="a", low=1, high=5), 3, "3"),
        (
            Choice(key="a", search="topics", many=True, levels=5),
            [["python", 4], ["sql", None]],
            "python 4, sql",
        ),
        (Day(key="a"), "2026-03-06", "2026-03-06"),
    ],
)
def test_what_is_known_is_filled_in(field: Field, initial: Json, found: str) -> None:
    written = forms.modal(form(asked(field, initial=initial)))
    check_modal(written)
    assert written["components"][-1]["component"]["value"] == found


@pytest.mark.parametrize(
    ("field", "options", "initial", "chosen"),
    [
        (Choice(key="a"), "xy", "y", ["y"]),
        (Choice(key="a", many=True), "xyz", ["x", "z"], ["x", "z"]),
        (Choice(key="a", many=True, levels=5), "xyz", [["x", 2]], ["x"]),
        (Confirm(key="a"), ("yes", "no"), True, ["yes"]),
        (Confirm(key="a"), ("yes", "no"), False, ["no"]),
    ],
)
def test_what_is_known_is_chosen(
    field: Field, options: Sequence[str], initial: Json, chosen: list[str]
) -> None:
    written = forms.modal(form(asked(field, *options, initial=initial)))
    check_modal(written)
    drawn = written["components"][-1]["component"]["options"]
    assert [each["value"] for each in drawn if each.get("default")] == chosen


def test_a_page_holds_five_and_what_is_said_besides_takes_the_place_of_one() -> None:
    many = form(*(asked(Text(key=f"k{n}")) for n in range(9)))
    written = forms.modal(many)
    assert (written["custom_id"], written["title"]) == ("form:7", "A title")
    assert forms.fields_shown(many) == ("k0", "k1", "k2", "k3", "k4")
    before = (Rendered(parse("<b>Read this</b>")),)
    check_modal(forms.modal(many, before))
    assert forms.modal(many, before)["components"][0] == {"type": 10, "content": "**Read this**"}
    assert forms.fields_shown(many, before) == ("k0", "k1", "k2", "k3")


def test_what_was_wrong_stands_in_the_description_or_above() -> None:
    short = forms.modal(form(asked(Text(key="a"), error=parse("Too long."), hint=parse("One line."))))
    assert short["components"][0]["description"] == "Too long. One line."
    long = parse("<b>This</b> " + "is wrong " * 20)
    above = forms.modal(form(asked(Text(key="a"), error=long, hint=parse("One line."))))
    check_modal(above)
    assert above["components"][0]["content"].startswith("**This** is wrong")
    assert above["components"][1]["description"] == "One line."


def test_a_label_that_is_too_long_is_told_whole() -> None:
    middle = asked(Text(key="a"), label=(Literal("What would you like to have learnt by the end of it?"),))
    (only,) = forms.modal(form(middle))["components"]
    assert only["description"] == "What would you like to have learnt by the end of it?"
    long = asked(Text(key="a"), label=(Literal("What " * 40),))
    above, below = forms.modal(form(long))["components"]
    assert above["content"].count("What") == 40
    assert len(below["label"]) <= 45


@given(
    st.lists(st.tuples(hostile, hostile, hostile, st.integers(0, 30)), min_size=1, max_size=7),
    hostile,
    hostile,
)
def test_any_form_keeps_discords_limits(rows: Any, title: str, body: str) -> None:
    fields = tuple(
        asked(
            Choice(key=f"k{n}", many=count % 2 == 1) if count else Text(key=f"k{n}", lines=True),
            *(f"{label}{k}" for k in range(count)),
            label=from_user(label),
            hint=from_user(hint),
            error=from_user(error),
            initial=label,
        )
        for n, (label, hint, error, count) in enumerate(rows)
    )
    whole = Form(7, title, fields, True, WORDS)
    written = forms.modal(whole, (Rendered(from_user(body)),))
    check_modal(written)
    assert forms.fields_shown(whole, (Rendered(from_user(body)),))
    for payload in [*forms.onward(whole, from_user(body)), *questions.question(whole, from_user(body))]:
        check_message(payload)


def test_where_no_modal_can_be_opened_a_button_leads_on() -> None:
    wrong = form(asked(Text(key="a"), error=parse("Too <b>long</b>.")), back=True)
    (payload,) = forms.onward(wrong)
    assert texts(payload) == ["**A title**\n- **What is it?** Too **long**."]
    assert buttons(payload) == [("Next", "form:7"), ("Back", "back"), ("Cancel", "cancel")]


def test_a_key_that_is_too_long_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="longer than 100"):
        forms.modal(form(asked(Text(key="k" * 101))))
