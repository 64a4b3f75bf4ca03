"""What Telegram is given to show: rich text, messages, questions, and keyboards that change by themselves."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.presses import Pick, picked
from bot.adapters.telegram import keyboards, markup, messages
from bot.adapters.telegram.presses import read
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
from bot.richtext import Link, Rich, When, from_user, parse, plain
from bot.richtext import Text as Literal
from core.reading import moment, week_from_parts
from tests.platforms.telegram_limits import Refused, check_caption, check_payload, parse_html

AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
SENT = int(AT.timestamp())
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WORDS = {
    "back": "Back",
    "skip": "Skip",
    "done": "Done",
    "pick": "Pick a day",
    "yes": "Yes",
    "no": "No",
    **dict(zip(DAYS, ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), strict=True)),
    "morning": "morning",
    "afternoon": "afternoon",
    "evening": "evening",
}
hostile = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab <>&\"'`*_~#@!:|\n\t\x00\u200b\u200d\u202e\ufeff\u2800 你👩。(/"), st.characters()
    ),
    max_size=80,
)


def shown(rich: Rich) -> str:
    (piece,) = markup.html(rich)
    text, _ = check_payload(
        {"text": piece, "parse_mode": "HTML", "link_preview_options": {"is_disabled": True}}
    )
    assert markup.plain_pieces(rich) == [text]
    return piece


def inked(text: str) -> str:
    """What is printed of a text."""
    return re.sub(r"[\s\u2800]", "", text).replace("\u030a", "")


# ---- rich text ----


def test_styles_links_and_line_ends() -> None:
    rich = parse(
        'a<br><b>b<i>c</i></b><u>d</u><s>e</s><code>f</code> <a href="https://x.org?a=1&amp;b">g</a>'
    )
    assert shown(rich) == (
        'a\n<b>b<i>c</i></b><u>d</u><s>e</s><code>f</code> <a href="https://x.org?a=1&amp;b">g</a>'
    )


def test_code_and_quotes_stand_on_lines_of_their_own_and_lists_are_text() -> None:
    assert shown(parse('a<pre lang="py">b\n\n&lt;c&gt;</pre>d<ul><li>e</li><li><b>f</b></li></ul>')) == (
        'a\n<pre><code class="language-py">b\n\n&lt;c&gt;</code></pre>\nd\n• e\n• <b>f</b>'
    )
    assert shown(parse('<ol start="9"><li>a<br>b</li><li>c<ul><li>d</li></ul></li></ol>')) == (
        "9. a\n   b\n10. c\n    • d"
    )
    assert shown(parse("<blockquote>h<ul><li>j</li></ul><pre>k</pre></blockquote>l")) == (
        "<blockquote>h\n• j\n<pre>k</pre></blockquote>\nl"
    )


def test_code_in_an_item_keeps_its_lines() -> None:
    assert shown(parse("<ul><li>a<pre>b\nc</pre></li><li><pre>d</pre>e</li></ul>")) == (
        "• a\n<pre>b\nc</pre>\n• \n<pre>d</pre>\n  e"
    )


def test_what_telegram_cannot_nest_is_laid_out_flat() -> None:
    assert shown(parse("<b>a <code>b</code></b>")) == "<b>a </b><code>b</code>"
    assert shown(parse('<a href="https://x.org"><b>a</b> <code>b</code></a>')) == (
        '<a href="https://x.org"><b>a</b> b</a>'
    )
    assert shown(parse("<blockquote>a<blockquote>b</blockquote></blockquote>")) == (
        "<blockquote>a\nb</blockquote>"
    )
    assert shown(parse(f'<b><time datetime="{AT.isoformat()}">c</time></b>')) == (
        f'<tg-time unix="{SENT}" format="wDt"><b>c</b></tg-time>'
    )


@pytest.mark.parametrize(("style", "tokens"), [("date", "wD"), ("time", "t"), ("datetime", "wDt")])
def test_a_moment_is_telegrams_own_date_and_reads_well_without(style: Any, tokens: str) -> None:
    rich: Rich = (Literal("at "), When(AT, style, "Mon, 2 Mar"))
    assert shown(rich) == f'at <tg-time unix="{SENT}" format="{tokens}">Mon, 2 Mar</tg-time>'
    assert markup.plain_pieces(rich) == ["at Mon, 2 Mar"]


def test_a_moment_that_telegram_cannot_show_is_text() -> None:
    assert shown((When(datetime(1960, 1, 1, tzinfo=UTC), "date", "1960"),)) == "1960"
    assert shown((When(datetime(2099, 1, 1, tzinfo=UTC), "date", "2099"),)) == "2099"


def test_a_command_can_be_pressed_and_one_with_words_copied() -> None:
    assert shown(parse("<cmd>help</cmd> or <cmd>find rust</cmd>")) == "/help or <code>/find rust</code>"


@pytest.mark.parametrize(
    ("href", "label", "written"),
    [
        ("mailto:ana@example.org", "write", "write (ana@example.org)"),
        ("mailto:ana@example.org", "ana@example.org", "ana@example.org"),
        ("http://localhost:80/x", "here", "here (http://localhost:80/x)"),
        ("https://[", "x", "x (https://[)"),
        ("https://x.org/" + "a" * 2000, "far", "far (https://x.org/" + "a" * 2000 + ")"),
        ("https://x.org", " ", '<a href="https://x.org">https://x.org</a>'),
    ],
)
def test_an_address_is_never_lost(href: str, label: str, written: str) -> None:
    assert shown((Link(href, (Literal(label),)),)) == written


def test_nothing_to_see_is_no_piece() -> None:
    for text in ("", " \n", "\u2800", "\u200b"):
        assert markup.html(from_user(text)) == []


def test_a_long_text_is_cut_at_lines_before_it_is_written() -> None:
    lines = "<br>".join(f"<b>{'wörd &amp; ' * 30}</b>" for _ in range(40))
    pieces = markup.html(parse(lines))
    texts = [parse_html(piece)[0] for piece in pieces]
    assert len(pieces) > 2
    assert all(len(text) <= 4096 for text in texts)
    assert inked("".join(texts)) == inked(plain(parse(lines)))
    assert all(text.startswith("wörd") for text in texts)


def test_wide_characters_count_twice() -> None:
    pieces = markup.html(from_user("👩" * 4000))
    assert [len(piece) for piece in pieces] == [2048, 1952]


def test_what_has_too_many_entities_goes_on_in_the_next_piece() -> None:
    pieces = markup.html(from_user("`a` " * 250))
    assert sum(piece.count("<code>") for piece in pieces) == 250
    assert all(piece.count("<code>") <= 100 for piece in pieces)


def test_any_number_of_addresses_is_told() -> None:
    rich = tuple(Link(f"mailto:{number}@{'a' * 900}", (Literal("x"),)) for number in range(20))
    text = "".join(markup.plain_pieces(rich))
    assert all(f"({number}@a" in text for number in range(20))
    assert all(len(piece) <= 4096 for piece in markup.plain_pieces(rich))


@given(hostile)
def test_what_is_shown_is_what_was_typed(typed: str) -> None:
    read_back = []
    for piece in markup.html(from_user(typed)):
        text, entities = parse_html(piece)
        read_back.append(text)
        assert {each["type"] for each in entities} <= {"code", "pre", "text_link"}
        assert all(each["url"].startswith("http") for each in entities if each["type"] == "text_link")
    assert inked("".join(read_back)) == inked(plain(from_user(typed)))


def rich_texts() -> st.SearchStrategy[str]:
    words = st.text(alphabet="ab &<>\n你👩", max_size=12).map(
        lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )

    def within(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        tags = st.sampled_from(["b", "i", "u", "s", "code", "blockquote", "pre"])
        wrapped = st.tuples(tags, inner).map(lambda both: f"<{both[0]}>{both[1]}</{both[0]}>")
        linked = inner.map(lambda text: f'<a href="https://x.org/?a&amp;b">{text}</a>')
        listed = st.lists(inner, min_size=1, max_size=3).map(
            lambda items: "<ol>" + "".join(f"<li>{item}</li>" for item in items) + "</ol>"
        )
        dated = words.map(lambda text: f'<time datetime="{AT.isoformat()}">{text}</time>')
        return wrapped | linked | listed | dated | st.lists(inner, max_size=3).map("".join)

    return st.recursive(words, within, max_leaves=12)


@given(rich_texts())
def test_any_message_is_html_that_telegram_takes(source: str) -> None:
    try:
        rich = parse(source)
    except ValueError:
        return
    texts = []
    for payload in messages.payloads(Rendered(rich)):
        texts.append(check_payload(payload)[0])
        assert check_payload(messages.without_markup(payload))[0] == texts[-1]
    wanted = inked(plain(rich)).replace(">", "").replace("(https://x.org/?a&b)", "")
    assert inked("".join(texts)).replace(">", "").replace("https://x.org/?a&b", "") in (wanted, "…")


def test_the_limits_refuse_what_telegram_refuses() -> None:
    for text in ("<b>a", "a</b>", "<b>a</i>", "<p>a</p>", "a & b", "<code><b>a</b></code>", "&nbsp;"):
        with pytest.raises(Refused):
            parse_html(text)


# ---- messages ----

ITEMS = tuple(
    ShownItem(
        parse(f"<b>{name}</b> knows sql"),
        (
            Button("Accept", f"accept:{number}", "primary", name),
            Button("Decline", f"decline:{number}", "danger", name),
        ),
    )
    for number, name in enumerate(("Ana", "梅"))
)


def labels(payload: Mapping[str, Any]) -> list[list[str]]:
    rows = payload.get("reply_markup", {}).get("inline_keyboard", [])
    return [[each["text"] for each in row] for row in rows]


def data(payload: Mapping[str, Any]) -> list[str]:
    rows = payload.get("reply_markup", {}).get("inline_keyboard", [])
    return [each["callback_data"] for row in rows for each in row]


def test_a_list_is_one_message_whose_buttons_name_their_items() -> None:
    rendered = Rendered(parse("Two mentors fit."), (Button("More", "more_mentors:1"),), ITEMS)
    (payload,) = messages.payloads(rendered)
    text, _ = check_payload(payload)
    assert text == "Two mentors fit.\n\n• Ana knows sql\n• 梅 knows sql"
    assert labels(payload) == [
        ["Accept · Ana", "Decline · Ana"],
        ["Accept · 梅", "Decline · 梅"],
        ["More"],
    ]
    assert data(payload)[:2] == ["accept:0", "decline:0"]
    assert payload["reply_markup"]["inline_keyboard"][0][1]["style"] == "danger"


def test_long_labels_stand_below_each_other() -> None:
    buttons = tuple(Button(f"A rather long label {number}", f"a:{number}") for number in range(3))
    (payload,) = messages.payloads(Rendered(parse("a"), buttons))
    assert [len(row) for row in labels(payload)] == [1, 1, 1]


def test_a_list_over_the_limits_goes_on_with_its_buttons() -> None:
    items = tuple(ShownItem(parse("word " * 200), (Button("Go", f"go:{n}"),)) for n in range(12))
    payloads = messages.payloads(Rendered(parse("x"), (Button("Last", "last"),), items))
    texts = [check_payload(payload)[0] for payload in payloads]
    assert [text.count("•") for text in texts] == [4, 4, 4]
    assert [data(payload) for payload in payloads][1] == [f"go:{n}" for n in range(4, 8)]
    assert data(payloads[-1])[-1] == "last"


def test_more_buttons_than_a_message_takes_go_below_the_next() -> None:
    payloads = messages.payloads(Rendered(parse("x"), tuple(Button(f"b{n}", f"b:{n}") for n in range(130))))
    assert [check_payload(payload)[0] for payload in payloads] == ["x", "…"]
    assert sum(len(data(payload)) for payload in payloads) == 130


def test_how_it_is_sent_and_with_what() -> None:
    (payload,) = messages.payloads(Rendered(parse("a"), silent=True, private=True))
    assert (payload["disable_notification"], payload["protect_content"]) == (True, True)
    assert set(messages.for_edit(payload)) == {"text", "parse_mode", "link_preview_options"}
    file = Attached("a<b>.ics", "text/calendar", b"")
    (named,) = messages.payloads(Rendered((), attached=file))
    assert check_payload(named)[0] == "a<b>.ics"
    caption = messages.caption(named)
    assert caption is not None
    assert check_caption(caption)[0] == "a<b>.ics"
    assert messages.caption({**named, "text": "x" * 1025}) is None
    assert messages.payloads(Rendered(()))[0]["text"] == "…"


@given(hostile, hostile, st.sampled_from([1, 3, 40]))
def test_nothing_that_people_write_is_refused(text: str, name: str, count: int) -> None:
    item = ShownItem(from_user(text), tuple(Button(name, f"x:{n}", about=text) for n in range(count)))
    rendered = Rendered(from_user(name), (Button(text, "y"),), (item,) * 3)
    for payload in messages.payloads(rendered):
        check_payload(payload)


# ---- questions ----


def form(field: Field, options: Sequence[tuple[str, str]] = (), *, run: int = 7, **more: Any) -> Form:
    can_go_back = more.pop("can_go_back", False)
    shown_options = tuple(ShownOption(value, label) for value, label in options)
    label: Rich = more.pop("label", parse("Which?"))
    return Form(run, "Title", (Asked(field, label, options=shown_options, **more),), can_go_back, WORDS)


def asked(given_form: Form, body: Rich = ()) -> dict[str, Any]:
    (payload,) = messages.question(given_form, body)
    check_payload(payload)
    return payload


def message(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The message as Telegram gives it back with a press."""
    text, entities = check_payload(payload)
    rows = {"reply_markup": payload["reply_markup"]} if "reply_markup" in payload else {}
    return {"message_id": 5, "date": SENT, "text": text, "entities": entities, **rows}


def rows_of(shown_message: Mapping[str, Any]) -> Any:
    return shown_message["reply_markup"]["inline_keyboard"]


def carried(shown_message: Mapping[str, Any], label: str) -> str:
    found = (each for row in rows_of(shown_message) for each in row if each["text"] == label)
    return str(next(found)["callback_data"])


def press(shown_message: Mapping[str, Any], *labels: str) -> dict[str, Any]:
    """Press buttons that only change the keyboard, one after the other."""
    now = dict(shown_message)
    for label in labels:
        markup_ = keyboards.toggled(now, carried(now, label))
        assert markup_ is not None, label
        check_payload({"text": "x", "link_preview_options": {"is_disabled": True}, "reply_markup": markup_})
        now["reply_markup"] = markup_
    return now


def test_a_question_says_what_was_wrong_and_what_it_asks_for() -> None:
    given_form = form(
        Text(key="name", required=False),
        initial="Ana",
        hint=parse("As on your badge."),
        can_go_back=True,
    )
    payload = asked(given_form, parse("Let us begin."))
    assert check_payload(payload)[0] == "Let us begin.\n\nWhich?\nAs on your badge."
    assert payload["text"].endswith("<i>As on your badge.</i>")
    assert labels(payload) == [["Ana"], ["Back", "Skip"]]
    assert data(payload) == ["=7:name:Ana", "back", "-7:name"]
    wrong = asked(form(Text(key="name"), error=parse("Too long.")))
    assert check_payload(wrong)[0] == "Too long.\nWhich?"
    assert "reply_markup" not in wrong


def test_an_option_sets_its_value_without_any_memory() -> None:
    payload = asked(form(Choice(key="role"), [("mentee", "I want a mentor"), ("both", "Both")]))
    rows = rows_of(message(payload))
    assert [read(each, rows) for each in data(payload)] == [
        Submitted(7, {"role": "mentee"}),
        Submitted(7, {"role": "both"}),
    ]
    sure = asked(form(Confirm(key="sure"), [("yes", "I agree"), ("no", "Not now")]))
    assert [read(each, []) for each in data(sure)] == [
        Submitted(7, {"sure": True}),
        Submitted(7, {"sure": False}),
    ]
    assert read("-7:goal", []) == Submitted(7, {"goal": None})
    assert read("accept:7", []) == Pressed("accept", "7")


@pytest.mark.parametrize("key", ["k", "level_a:b", "level_" + "语" * 30])
def test_a_value_that_does_not_fit_goes_by_its_place(key: str) -> None:
    value = "语" * 40
    given_form = form(Choice(key=key, required=False), [("a", "A"), (value, "Long")])
    payload = asked(given_form)
    rows = rows_of(message(payload))
    for label, wanted in (("A", "a"), ("Long", value), ("Skip", None)):
        event = read(carried(message(payload), label), rows)
        values = picked(given_form, event) if isinstance(event, Pick) else event
        assert values == {key: wanted} or values == Submitted(7, {key: wanted})
    event = read(carried(message(payload), "Long"), rows)
    assert isinstance(event, Pick)
    assert picked(form(Choice(key=key), [("a", "A"), ("other", "Long")]), event) is None
    assert picked(form(Choice(key=key), [("a", "A")]), event) is None
    assert picked(replace(given_form, run=8), event) is None


def test_several_are_ticked_in_the_keyboard_and_submitted_together() -> None:
    options = [("call", "A call"), ("review", "A review"), ("once", "Once")]
    given_form = form(Choice(key="formats", many=True, required=False), options, initial=["call"])
    asked_ = message(asked(given_form))
    assert labels(asked_) == [["✓ A call", "A review"], ["Once"], ["Done"], ["Skip"]]
    ticked = press(asked_, "✓ A call", "A review", "Once")
    assert labels(ticked) == [["A call", "✓ A review"], ["✓ Once"], ["Done"], ["Skip"]]
    done = carried(ticked, "Done")
    assert read(done, rows_of(ticked)) == Submitted(7, {"formats": ["review", "once"]})
    assert keyboards.chosen(ticked, done) == "A review, Once"


def test_a_press_that_comes_twice_ticks_once() -> None:
    asked_ = message(asked(form(Choice(key="f", many=True), [("a", "A"), ("b", "B")])))
    pressed = carried(asked_, "A")
    once = press(asked_, "A")
    # The second press was made on the keyboard as it was before the first.
    assert keyboards.toggled(once, pressed) is None
    assert keyboards.toggled(asked_, "~+=never there") is None


def test_boxes_whose_values_do_not_fit_go_by_their_places() -> None:
    options = [("语" * 30, "A"), ("b", "B"), ("c" * 70, "C")]
    given_form = form(Choice(key="f", many=True), options)
    ticked = press(message(asked(given_form)), "A", "B")
    pick = read(carried(ticked, "Done"), rows_of(ticked))
    assert isinstance(pick, Pick)
    assert picked(given_form, pick) == {"f": ["语" * 30, "b"]}
    assert picked(form(Choice(key="f", many=True), options[1:]), pick) is None


def test_done_without_its_keyboard_asks_again_instead_of_choosing_nothing() -> None:
    assert read("*7:f", []) == Submitted(7, {})


def test_free_parts_of_a_week_are_ticked_by_day_and_by_part() -> None:
    asked_ = message(asked(form(Week(key="free", required=False))))
    assert labels(asked_)[0] == ["Mo", "morning", "afternoon", "evening"]
    whole = press(asked_, "We")
    assert labels(whole)[2] == ["We", "✓ morning", "✓ afternoon", "✓ evening"]
    first = {**whole, "reply_markup": keyboards.toggled(whole, "~-=0:evening")}
    event = read(carried(first, "Done"), rows_of(first))
    assert event == Submitted(7, {"free": ["0:evening", "2:morning", "2:afternoon", "2:evening"]})
    assert isinstance(event, Submitted)
    values: Any = event.values["free"]
    assert week_from_parts(values) == ((0, 1020, 1260), (2, 480, 1260))
    assert keyboards.chosen(first, "*7:free") == "Mo evening, We morning, We afternoon, We evening"
    assert labels(press(whole, "We"))[2] == ["We", "morning", "afternoon", "evening"]


def test_hours_that_are_known_are_kept_with_one_press() -> None:
    asked_ = message(asked(form(Week(key="free"), typed="Monday 18:00-20:00")))
    pressed = carried(asked_, "Monday 18:00-20:00")
    assert read(pressed, rows_of(asked_)) == Submitted(7, {"free": "Monday 18:00-20:00"})


def test_a_day_is_chosen_from_a_calendar() -> None:
    asked_ = message(asked(form(Day(key="until", earliest="2026-03-05"))))
    grid = labels(asked_)
    assert grid[:3] == [
        ["·", "2026-03", "›"],
        ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"],
        ["·", "·", "·", "5", "6", "7", "8"],
    ]
    later = press(asked_, "›")
    assert labels(later)[0] == ["‹", "2026-04", "›"]
    chosen = carried(later, "30")
    assert read(chosen, rows_of(later)) == Submitted(7, {"until": "2026-04-30"})
    assert keyboards.chosen(later, chosen) == "2026-04-30"
    assert keyboards.toggled(asked_, "~n") is None


def test_a_moment_is_chosen_by_day_hour_and_minute() -> None:
    asked_ = message(asked(form(Moment(key="other"), can_go_back=True)))
    assert labels(asked_) == [["Pick a day"], ["Back"]]
    calendar = press(asked_, "Pick a day")
    assert labels(calendar)[0] == ["·", "2026-03", "›"]
    minutes = press(calendar, "6", "18:…")
    assert labels(minutes)[0] == ["‹", "2026-03-06"]
    assert labels(minutes)[-1] == ["Back"]
    chosen = carried(minutes, "18:05")
    event = read(chosen, rows_of(minutes))
    assert event == Submitted(7, {"other": "2026-03-06 18:05"})
    assert keyboards.chosen(minutes, chosen) == "2026-03-06 18:05"
    assert moment("2026-03-06 18:05", AT, "Europe/Madrid") == datetime(2026, 3, 6, 17, 5, tzinfo=UTC)
    assert labels(press(minutes, "‹", "‹"))[1] == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]


def test_names_of_weekdays_that_begin_alike_are_short_above_a_calendar() -> None:
    words = WORDS | {day: f"周{sign}" for day, sign in zip(DAYS, "一二三四五六日", strict=True)}
    chinese = replace(form(Moment(key="other"), run=123456789), words=words)
    assert labels(press(message(asked(chinese)), "Pick a day"))[1] == [*"一二三四五六日"]


def test_a_calendar_that_does_not_fit_its_buttons_is_left_to_typing() -> None:
    assert "reply_markup" not in asked(form(Day(key="u" * 60, earliest="2026-03-05")))


def test_too_many_options_are_told_and_typed() -> None:
    payload = asked(form(Choice(key="zone"), [(f"z{n}", f"Zone {n}") for n in range(90)]))
    assert "90. Zone 89" in payload["text"]
    assert "reply_markup" not in payload


def test_an_answered_question_shows_its_answer_and_loses_its_keyboard() -> None:
    asked_ = message(asked(form(Choice(key="role"), [("both", "Both <&>")], label=parse("<b>Which</b> 👩?"))))
    answered = messages.chosen(asked_, "=7:role:both")
    assert answered is not None
    text, entities = check_payload(answered)
    assert text == "Which 👩?\n\n✓ Both <&>"
    assert [(each["type"], each["offset"], each["length"]) for each in entities] == [("bold", 0, 5)]
    assert "reply_markup" not in answered
    assert messages.chosen(asked_, "back") is None
    assert messages.chosen({}, "=7:role:both") is None
    assert messages.chosen({**asked_, "text": "x" * 4096}, "=7:role:both") is None


fields: list[Field] = [
    Text(key="a", required=False),
    Number(key="b", low=0, high=5),
    Choice(key="c"),
    Choice(key="d", many=True, required=False),
    Choice(key="e:e", many=True),
    Confirm(key="f"),
    Day(key="g", earliest="2026-03-05"),
    Moment(key="h"),
    Week(key="i", required=False),
    Upload(key="j"),
]


@given(
    st.sampled_from(fields),
    st.lists(st.tuples(hostile, hostile), max_size=5),
    hostile,
    st.none() | hostile | st.lists(hostile, max_size=2),
)
def test_any_question_is_taken_and_its_options_set_their_values(
    field: Field, options: list[tuple[str, str]], text: str, initial: Json
) -> None:
    plain_options = [("yes", text), ("no", text)] if isinstance(field, Confirm) else options
    given_form = form(
        field, plain_options, initial=initial, label=from_user(text), hint=from_user(text), typed=text
    )
    payloads = messages.question(given_form, from_user(text))
    for payload in payloads:
        check_payload(payload)
    last = message(payloads[-1])
    for carried_ in data(last):
        rows = rows_of(last)
        event = read(carried_, rows)
        if carried_.startswith("~"):
            assert event is None
            keyboards.toggled(last, carried_)
        elif isinstance(event, Pick):
            assert picked(given_form, event) is not None
        else:
            assert isinstance(event, Submitted | Pressed)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["inline_keyboard", "reply_markup", "text", "callback_data", "date"]), inner
            )
        ),
    ),
    st.text(),
)
def test_no_keyboard_breaks_the_reading(shown_message: Any, pressed: str) -> None:
    given_message = shown_message if isinstance(shown_message, dict) else {"reply_markup": shown_message}
    keyboards.toggled(given_message, pressed)
    keyboards.chosen(given_message, pressed)
    messages.chosen(given_message, pressed)
    read(pressed, [])
