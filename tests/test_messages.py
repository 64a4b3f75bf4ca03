"""The catalogue: from a key and parameters to the words a reader sees."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError

from bot.messages import Catalogue
from bot.richtext import Break, Link, List, Pre, Quote, Rich, Styled, Text, When, clean, parse, plain
from tests.pseudo import pseudo

LABELS = {("python", "zh"): "蟒蛇", ("python", "en"): "Python", ("sql", "en"): "SQL <db>"}
TEXTS = {
    "en": {
        "hours": '{{ n | plural("# free hour", "# free hours") }}',
        "people": "{{ people | list }}",
        "either": '{{ people | list("or") }}',
        "topics": "{{ slugs | topics }}",
        "topic": "<b>{{ slug | topic }}</b>",
        "when": "{{ at | when }}",
        "date": '{{ at | when("date") }}',
        "clock": '{{ at | when("time") }}',
        "span": "about {{ seconds | span }}",
        "minutes": "{{ at | minutes }}",
        "day": "{{ weekday | day }}",
        "number": "{{ n | number }}",
        "language": "{{ code | language }}",
        "hello": "Hello <b>{{ who | name }}</b>!",
        "goal": "<b>Goal</b><blockquote>{{ goal | user_text }}</blockquote>",
        "literal": "<i>before</i> {{ text }}|{{ text }} <i>after</i>",
        "code": "<pre>\n{{ text }}\n</pre>",
        "outer": '{{ t("inner", who=who) }}, {{ t("only") }}',
        "inner": "Dear {{ who }}",
        "only": "only <u>English</u>",
        "each": "<ul>{% for person in people %}<li>{{ person.name }}</li>{% endfor %}</ul>",
        "link": '<a href="{{ url }}">there</a>',
    },
    "zh": {
        "hours": '{{ n | plural("# 小时空闲") }}',
        "people": "{{ people | list }}",
        "when": "{{ at | when }}",
        "inner": "亲爱的{{ who }}",
        "topic": "<b>{{ slug | topic }}</b>",
        "span": "约{{ seconds | span }}",
        "day": "{{ weekday | day }}",
        "language": "{{ code | language }}",
    },
}
WORDS = Catalogue(TEXTS, lambda slug, locale: LABELS.get((slug, locale), slug))
typed = st.text(alphabet=st.one_of(st.sampled_from("ab<>&\"'{}%#*_;/ \n你"), st.characters()), max_size=40)


def say(key: str, locale: str = "en", zone: str = "Europe/Madrid", **params: object) -> str:
    return WORDS.text(key, params, locale, zone)


def nodes(rich: Rich) -> Iterator[object]:
    """Walk a tree."""
    for node in rich:
        yield node
        if isinstance(node, Styled | Link | Quote):
            yield from nodes(node.children)
        if isinstance(node, List):
            for item in node.items:
                yield from nodes(item)


# ---- the files ----


def test_a_key_is_the_file_and_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "zh").mkdir()
    (tmp_path / "en" / "offer.yaml").write_text(
        "new: Hello\nbuttons:\n  yes: Yes\n  no: No\n", encoding="utf-8"
    )
    (tmp_path / "en" / "empty.yaml").write_text("", encoding="utf-8")
    (tmp_path / "zh" / "offer.yaml").write_text("new: 你好\n", encoding="utf-8")
    words = Catalogue.load(tmp_path)
    assert words.locales == ("en", "zh")
    assert words.keys("en") == {"offer.new", "offer.buttons.yes", "offer.buttons.no"}
    assert words.template("offer.buttons.no", "zh") == "No"
    assert words.text("offer.new", {}, "zh-CN", "UTC") == "你好"


def test_a_leaf_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "offer.yaml").write_text("new: [a, b]", encoding="utf-8")
    with pytest.raises(ValueError, match=r"offer\.yaml: offer\.new"):
        Catalogue.load(tmp_path)


def test_a_catalogue_without_its_default_locale_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="'en'"):
        Catalogue.load(tmp_path)


# ---- which locale ----


@pytest.mark.parametrize(
    ("hint", "best"),
    [
        ("zh-Hans-CN", "zh"),
        ("zh_TW", "zh-TW"),
        ("ZH", "zh"),
        ("pt_BR", "pt-BR"),
        ("pt-PT", "en"),
        ("en-GB", "en"),
        ("", "en"),
        (None, "en"),
        ("nonsense!", "en"),
    ],
)
def test_a_platforms_hint_finds_the_best_locale(hint: str | None, best: str) -> None:
    assert Catalogue({"en": {}, "zh": {}, "zh-TW": {}, "pt-BR": {}}).match(hint) == best


def test_lookup_falls_back_to_the_language_and_then_to_english() -> None:
    words = Catalogue(
        {"en": {"a": "en", "b": "en", "c": "en"}, "zh": {"a": "zh", "b": "zh"}, "zh-TW": {"a": "tw"}}
    )
    assert [words.text(key, {}, "zh-TW", "UTC") for key in "abc"] == ["tw", "zh", "en"]
    assert words.has("c", "zh-TW")
    assert not words.has("d", "zh-TW")
    with pytest.raises(KeyError):
        words.rich("d", {}, "zh-TW", "UTC")


def test_english_words_keep_english_forms_for_a_reader_of_another_language() -> None:
    assert say("minutes", "de", at=1110) == "18:30"
    assert say("day", "de", weekday=0) == "Monday"
    assert say("hours", "pl", n=1) == "1 free hour"
    assert say("hours", "fr", n=0) == "0 free hours"


# ---- filters ----


@pytest.mark.parametrize(
    ("n", "english", "chinese"),
    [
        (0, "0 free hours", "0 小时空闲"),
        (1, "1 free hour", "1 小时空闲"),
        (2.5, "2.5 free hours", "2.5 小时空闲"),
        (1200, "1,200 free hours", "1,200 小时空闲"),
    ],
)
def test_plurals(n: float, english: str, chinese: str) -> None:
    assert say("hours", n=n) == english
    assert say("hours", "zh", n=n) == chinese


def test_plurals_of_a_language_with_many_forms() -> None:
    words = Catalogue({"en": {}, "pl": {"a": '{{ n | plural("# godzina", "# godziny", "# godzin") }}'}})
    assert [words.text("a", {"n": n}, "pl", "UTC") for n in (1, 2, 5, 22)] == [
        "1 godzina",
        "2 godziny",
        "5 godzin",
        "22 godziny",
    ]


def test_lists() -> None:
    assert say("people", people=[]) == ""
    assert say("people", people=["Ana"]) == "Ana"
    assert say("people", people=["Ana", "Lee", "Mei"]) == "Ana, Lee and Mei"
    assert say("people", "en-US", people=["Ana", "Lee", "Mei"]) == "Ana, Lee, and Mei"
    assert say("people", "zh", people=["Ana", "Lee", "Mei"]) == "Ana、Lee和Mei"
    assert say("either", people=["Ana", "Lee"]) == "Ana or Lee"


def test_topics_have_their_names_in_the_readers_language() -> None:
    assert say("topics", slugs=["python", "sql", "unknown & <b>"]) == "Python, SQL <db> and unknown & <b>"
    assert say("topic", "zh", slug="python") == "蟒蛇"


@pytest.mark.parametrize(
    ("key", "locale", "zone", "shown"),
    [
        ("when", "en", "Europe/Madrid", "Mon 2 Mar, 21:30"),
        ("when", "en", "Asia/Kolkata", "Tue 3 Mar, 02:00"),
        ("when", "en-US", "America/New_York", "Mon, Mar 2, 3:30 PM"),
        ("when", "zh", "Asia/Kolkata", "3月3日周二 02:00"),
        ("date", "en", "Asia/Kolkata", "Tue, 3 Mar 2026"),
        ("clock", "en", "Asia/Kathmandu", "02:15"),
    ],
)
def test_moments_are_shown_in_the_readers_zone_and_language(
    key: str, locale: str, zone: str, shown: str
) -> None:
    at = datetime(2026, 3, 2, 20, 30, tzinfo=UTC)
    style = {"when": "datetime", "date": "date", "clock": "time"}[key]
    for given_at in (at, "2026-03-02T20:30:00+00:00", "2026-03-03T02:00:00+05:30", "2026-03-02T20:30:00Z"):
        [node] = WORDS.rich(key, {"at": given_at}, locale, zone)
        assert isinstance(node, When)
        assert (node.at, node.style, node.fallback) == (at, style, shown)


def test_a_day_is_the_same_day_in_every_zone() -> None:
    assert WORDS.rich("when", {"at": "2026-03-02"}, "en", "Asia/Kolkata") == (Text("Mon, 2 Mar 2026"),)
    assert say("when", "zh", at="2026-03-02") == "2026年3月2日周一"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        say("when", at="2026-03-02T20:30:00")


def test_numbers_durations_days_and_languages_in_words() -> None:
    assert say("span", seconds=5 * 3600) == "about 5 hours"
    assert say("span", seconds=24 * 3600) == "about 24 hours"
    assert say("span", seconds=14 * 86400) == "about 2 weeks"
    assert say("span", "zh", seconds=5 * 3600) == "约5 小时"
    assert say("minutes", at=1110) == "18:30"
    assert say("minutes", "en-US", at=1110) == "6:30 PM"
    assert say("minutes", at=1440) == "00:00"
    assert [say("day", weekday=day) for day in (0, 6)] == ["Monday", "Sunday"]
    assert say("day", "zh", weekday=0) == "星期一"
    assert say("number", n=1234.5) == "1,234.5"
    assert say("language", code="zh") == "Chinese"
    assert say("language", code="zh-Hans") == "Simplified Chinese"
    assert say("language", "zh", code="es") == "西班牙语"
    assert say("language", code="de-XX") == "German"
    assert say("language", code="tlh-?") == "Klingon"
    assert say("language", code="??") == "??"


def test_a_message_may_hold_another_with_the_parameters_given() -> None:
    assert say("outer", who="Ana <b>") == "Dear Ana <b>, only English"
    assert say("outer", "zh", who="Ana") == "亲爱的Ana, only English"


# ---- what people typed ----


@given(typed)
def test_a_parameter_shows_as_typed_in_one_line_and_makes_no_markup(text: str) -> None:
    rich = WORDS.rich("literal", {"text": text}, "en", "UTC")
    shown = re.sub(r"[ \t\n]+", " ", f" {clean(text)}|{clean(text)} ")
    assert plain(rich) == f"before{shown}after"
    assert [node for node in nodes(rich) if isinstance(node, Styled | Link | Pre | When | Break)] == [
        Styled("i", (Text("before"),)),
        Styled("i", (Text("after"),)),
    ]


@given(typed, st.sampled_from(["people", "topics", "hello", "inner", "outer", "each", "language"]))
def test_no_filter_lets_markup_through(text: str, key: str) -> None:
    params = {"people": [{"name": text}] if key == "each" else [text, text], "slugs": [text], "code": text}
    rich = WORDS.rich(key, {**params, "who": text}, "en", "UTC")
    own = {"hello": ["b"], "outer": ["u"]}.get(key, [])
    assert [node.tag for node in nodes(rich) if isinstance(node, Styled)] in (own, [])  # none around nothing
    assert not [node for node in nodes(rich) if isinstance(node, Link | Pre | Quote | When | Break)]


@given(typed)
def test_code_keeps_its_white_space(text: str) -> None:
    shown = clean(text)
    assert WORDS.rich("code", {"text": text}, "en", "UTC") == ((Pre(shown),) if shown else ())


@given(typed.filter(lambda text: "`" not in text and clean(text)))
def test_user_text_shows_line_by_line_as_typed(text: str) -> None:
    assert say("goal", goal=text) == "Goal\n> " + clean(text).replace("\n", "\n> ")


def test_user_text_has_its_code_and_links() -> None:
    assert WORDS.rich("goal", {"goal": "<b>`x`</b>\nhttps://example.org"}, "en", "UTC") == (
        Styled("b", (Text("Goal"),)),
        Quote(
            (
                Text("<b>"),
                Styled("code", (Text("x"),)),
                Text("</b>"),
                Break(),
                Link("https://example.org", (Text("https://example.org"),)),
            )
        ),
    )


def test_an_unsafe_address_never_becomes_a_link() -> None:
    with pytest.raises(ValueError, match="link"):
        say("link", url="javascript:alert(1)")
    with pytest.raises(ValueError, match="link"):
        say("link", url='"><b>')


# ---- mistakes are loud ----


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ x.__class__ }}",
        "{{ x['__class__'] }}",
        "{{ t.__globals__ }}",
        "{{ x | attr('__class__') }}",
        "{{ '{0.__class__}'.format(x) }}",
    ],
)
def test_a_template_reaches_nothing_but_its_parameters(template: str) -> None:
    with pytest.raises((SecurityError, UndefinedError)):
        Catalogue({"en": {"a": template}}).rich("a", {"x": "y"}, "en", "UTC")


@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}])
def test_what_only_a_filter_can_show_is_refused_without_one(value: object) -> None:
    with pytest.raises(TypeError):
        say("inner", who=value)


def test_a_missing_parameter_is_refused() -> None:
    with pytest.raises(UndefinedError):
        say("inner")


def test_nothing_is_shown_as_nothing() -> None:
    assert say("inner", who=None) == "Dear"


def test_variables_are_the_parameters_and_nothing_else() -> None:
    assert WORDS.variables("outer", "en") == {"who"}
    assert WORDS.variables("each", "en") == {"people"}
    assert WORDS.variables("only", "zh") == set()


def test_a_message_without_expressions_is_made_once() -> None:
    once = WORDS.rich("only", {}, "en", "UTC")
    assert once is WORDS.rich("only", {"community": "not used"}, "zh", "Asia/Kolkata")
    assert say("inner", who="Ana") != say("inner", who="Lee")


# ---- the pseudo-locale ----


def test_the_pseudo_locale_marks_every_word_and_keeps_tags_and_parameters() -> None:
    words = Catalogue({"en": {key: pseudo(template) for key, template in TEXTS["en"].items()}})
    assert words.text("hours", {"n": 2}, "en", "UTC") == "⟦2 fréé höûrš⟧"
    assert words.text("span", {"seconds": 7200}, "en", "UTC") == "⟦àböût⟧ 2 hours"
    assert words.rich("hello", {"who": "Ana"}, "en", "UTC") == (
        Text("⟦Héllö⟧ "),
        Styled("b", (Text("Ana"),)),
        Text("⟦!⟧"),
    )
    for key in TEXTS["en"]:
        assert words.variables(key, "en") == WORDS.variables(key, "en")


def test_the_pseudo_locale_reaches_both_sides_of_a_choice_but_no_names() -> None:
    assert pseudo('{{ "yes" if x == "no" else "maybe" }}') == '{{ "⟦ýéš⟧" if x == "no" else "⟦màýbé⟧" }}'
    assert (
        pseudo('a &amp; b{% if x == "a" %} c {% endif %}') == '⟦à⟧ &amp; ⟦b⟧{% if x == "a" %} ⟦ç⟧ {% endif %}'
    )
    assert plain(parse(pseudo("<b>some</b> text"))) == "⟦šömé⟧ ⟦téxt⟧"
