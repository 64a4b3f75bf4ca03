"""The HTML subset: parsed, written back, cut in pieces, and what people type."""

import re
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.richtext import (
    Break,
    Link,
    List,
    Pre,
    Quote,
    Rich,
    Style,
    Styled,
    Text,
    When,
    clean,
    from_user,
    length,
    markup,
    name,
    parse,
    plain,
    split,
)

AT = datetime(2026, 3, 2, 17, tzinfo=UTC)
TIME = '<time datetime="2026-03-02T17:00:00+00:00" style="date">2 March</time>'

# ---- invented texts ----

typed = st.text(
    alphabet=st.one_of(st.sampled_from("ab <>&\"'`*_#;.\n\t 你好。(:/"), st.characters()), max_size=60
)
words = st.text(alphabet="abc 你,.&lt;\n\t'  ", max_size=12).map(lambda text: text.replace("<", ""))


def _element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    items = st.lists(inner.map("<li>{}</li>".format), max_size=3).map("".join)
    return st.one_of(
        st.builds(
            "<{0}>{1}</{0}>".format, st.sampled_from(["b", "i", "u", "s", "code", "blockquote"]), inner
        ),
        inner.map('<a href="https://example.org/?a=1&amp;b=2">{}</a>'.format),
        items.map("<ul>\n{}</ul>".format),
        items.map('<ol start="4">{} </ol>'.format),
        words.map('<pre lang="c++">{}</pre>'.format),
        st.lists(inner, min_size=2, max_size=4).map("".join),
    )


trees = st.recursive(st.one_of(words, st.just("<br>"), st.just(TIME)), _element, max_leaves=12).map(parse)


def inked(text: str) -> str:
    """Give the characters of a text that are not white space."""
    return re.sub(r"\s", "", text)


# ---- reading ----


def test_every_tag_becomes_its_node() -> None:
    for tag in get_args(Style):
        assert parse(f"<{tag}>a</{tag}>") == (Styled(tag, (Text("a"),)),)
    assert parse('<a href="https://example.org?a&amp;b">x</a>') == (
        Link("https://example.org?a&b", (Text("x"),)),
    )
    assert parse('<pre lang="py">\nif x:\n    y &lt; 1\n</pre>') == (Pre("if x:\n    y < 1", "py"),)
    assert parse("<ul><li>a</li><li>b</li></ul>") == (
        List(ordered=False, items=((Text("a"),), (Text("b"),))),
    )
    assert parse("<blockquote>a<br/>b</blockquote>") == (Quote((Text("a"), Break(), Text("b"))),)
    assert parse(TIME) == (When(AT, "date", "2 March"),)


def test_white_space_folds_as_in_html() -> None:
    assert parse("\n  one\n  <b>two </b>\n three <br>\n four \n<ul>\n <li> five </li>\n</ul>\n six ") == (
        Text("one "),
        Styled("b", (Text("two"),)),
        Text(" three"),
        Break(),
        Text("four"),
        List(ordered=False, items=((Text("five"),),)),
        Text("six"),
    )


def test_a_block_is_not_wrapped_in_a_style_nor_a_style_in_itself() -> None:
    assert parse("<b>a<pre>x</pre><i><b>b</b></i></b>") == (
        Styled("b", (Text("a"),)),
        Pre("x"),
        Styled("b", (Styled("i", (Text("b"),)),)),
    )


def test_empty_elements_vanish() -> None:
    assert parse("a<b></b><ul></ul><blockquote> </blockquote><pre></pre>b") == (Text("ab"),)


@pytest.mark.parametrize(
    "wrong",
    [
        "<script>x</script>",
        "<p>x</p>",
        "<B>x</B>",
        "a < b",
        "<b>x",
        "x</b>",
        "<b><i>x</b></i>",
        '<b onclick="x">x</b>',
        "<b id=x>x</b>",
        "<li>x</li>",
        "<ul>x</ul>",
        "<ul><b>x</b></ul>",
        "<ul><br></ul>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="https://example.org/ x">x</a>',
        '<a href="/here">x</a>',
        "<a>x</a>",
        '<time datetime="2026-03-02T17:00:00">x</time>',
        '<time datetime="soon">x</time>',
        '<time datetime="2026-03-02T17:00:00Z" style="loud">x</time>',
        "<!-- x -->",
    ],
)
def test_what_is_not_in_the_subset_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse(wrong)


@given(trees)
def test_what_is_written_reads_back_the_same(rich: Rich) -> None:
    assert parse(markup(rich)) == rich


@given(st.text())
@example("  a   b\n\tc ")
def test_any_literal_text_reads_back_the_same(text: str) -> None:
    assert parse(markup((Text(text),))) == ((Text(text),) if text else ())


# ---- plain text ----


def test_plain_text_is_readable() -> None:
    rich = parse(
        f"Hello <b>Ana</b>,<br>two things:<ol><li>one<br>more</li><li>a day: {TIME}</li></ol>"
        "<ul><li>x</li></ul>after<blockquote>said<br>so</blockquote><pre>if x:\n  y</pre><br><code>end</code>"
    )
    assert plain(rich).split("\n") == [
        "Hello Ana,",
        "two things:",
        "1. one",
        "   more",
        "2. a day: 2 March",
        "• x",
        "after",
        "> said",
        "> so",
        "if x:",
        "  y",
        "",
        "end",
    ]
    assert length(rich) == len(plain(rich))


# ---- pieces ----


@given(trees, st.integers(min_value=1, max_value=60))
def test_pieces_fit_and_lose_nothing_but_white_space(rich: Rich, limit: int) -> None:
    pieces = split(rich, limit)
    assert all(length(piece) <= limit for piece in pieces)
    assert all(parse(markup(piece)) == piece for piece in pieces)
    marks = re.compile(r"^(?:[ >]|•|\d+\.)*", re.MULTILINE)  # a cut line has its marks again, or none
    whole = "".join(inked(marks.sub("", plain(piece))) for piece in pieces)
    if limit > 20:
        assert whole == inked(marks.sub("", plain(rich)))


@given(typed.filter(lambda text: "`" not in text), st.integers(min_value=1, max_value=40))
def test_pieces_of_literal_text_join_to_it(text: str, limit: int) -> None:
    rich = from_user(text)
    assert inked("".join(map(plain, split(rich, limit)))) == inked(plain(rich))


@given(st.lists(st.text("abc", min_size=1, max_size=10), min_size=1).map(" ".join))
def test_a_word_is_not_cut_where_it_fits(text: str) -> None:
    pieces = split(from_user(text), 10)
    assert [word for piece in pieces for word in plain(piece).split()] == text.split()


def test_a_word_of_two_styles_stays_whole() -> None:
    assert [plain(piece) for piece in split(parse("some un<b>believ</b>able words"), 14)] == [
        "some",
        "unbelievable",
        "words",
    ]


def test_a_long_block_of_code_is_cut_between_lines() -> None:
    rich = parse('<pre lang="py">\none = 1\ntwo = 2\nthree = 3\n</pre>')
    assert split(rich, 16) == ((Pre("one = 1\ntwo = 2", "py"),), (Pre("three = 3", "py"),))


def test_a_list_goes_on_counting_in_the_next_piece() -> None:
    pieces = split(parse("<ol><li>one</li><li>two</li><li>three</li></ol>"), 14)
    assert [plain(piece) for piece in pieces] == ["1. one\n2. two", "3. three"]


def test_chinese_is_cut_after_its_punctuation_marks_rather_than_before() -> None:
    assert [plain(piece) for piece in split((Text("你好，世界。再见"),), 5)] == ["你好，世", "界。再见"]


def test_a_short_text_is_its_own_only_piece() -> None:
    rich = parse("short<br>")
    assert split(rich, 100) == (rich,)


# ---- what people typed ----


def test_code_and_links_are_seen_and_all_else_is_literal() -> None:
    text = (
        "see `x < y`, https://example.org/a(b)?c=d&e. **not bold**\n\n```py\nif x:\n    pass\n```\n<b>end</b>"
    )
    assert from_user(text) == (
        Text("see "),
        Styled("code", (Text("x < y"),)),
        Text(", "),
        Link("https://example.org/a(b)?c=d&e", (Text("https://example.org/a(b)?c=d&e"),)),
        Text(". **not bold**"),
        Break(),
        Break(),
        Pre("if x:\n    pass", "py"),
        Text("<b>end</b>"),
    )


def test_a_link_ends_where_a_chinese_sentence_goes_on() -> None:
    link = Link("https://example.org/a", (Text("https://example.org/a"),))
    assert from_user("看https://example.org/a，很好") == (Text("看"), link, Text("，很好"))
    assert from_user("(https://example.org/a)") == (Text("("), link, Text(")"))


def test_fences_that_do_not_close_are_literal() -> None:
    assert plain(from_user("```py\nif x:")) == "```py\nif x:"
    assert plain(from_user("``````")) == "``````"
    assert plain(from_user("``` ```")) == "``` ```"


@given(typed)
@example("https://")
@example("```\n\n```\n```")
@example("\ud800")
def test_whatever_is_typed_reads_back_the_same(text: str) -> None:
    rich = from_user(text)
    assert parse(markup(rich)) == rich
    plain(rich).encode()


@given(typed.filter(lambda text: "`" not in text))
@example("  a   b\n\tc ")
def test_what_is_typed_shows_as_typed(text: str) -> None:
    assert plain(from_user(text)) == clean(text)


@given(typed)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_what_cannot_be_seen_is_dropped() -> None:
    assert clean("a\u202eb\u2066c\u200bd\x00e\x1b[31mf\ufeffg\u200d\u200dh\ufe0f\U000e0041") == "abcde[31mfgh"
    assert clean("one\r\ntwo\rthree\u2028four\tfive") == "one\ntwo\nthree\nfour\tfive"


@pytest.mark.parametrize(
    "kept", ["👩🏽\u200d💻", "❤\ufe0f\u200d🔥", "1\ufe0f⃣", "می\u200cخواهم", "क्\u200dष", "🇪🇸"]
)
def test_emoji_and_spelling_keep_their_joiners(kept: str) -> None:
    assert clean(f"a {kept} b") == f"a {kept} b"


@given(typed, st.integers(min_value=2, max_value=40))
def test_a_name_is_one_short_visible_line(text: str, limit: int) -> None:
    short = name(text, limit)
    assert len(short) <= limit
    assert short == " ".join(clean(short).split())


def test_a_name_is_trimmed_and_collapsed() -> None:
    assert name("  Ana\n\u202e Ruiz\u3000 ") == "Ana Ruiz"
    assert name("x" * 100) == "x" * 79 + "…"
