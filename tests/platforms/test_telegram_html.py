"""How the local Telegram reads its HTML, and what it notes in texts."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as hypothesis
from telegram import (
    LinkPreviewOptions,
)

from tests.platforms.telegram_app import World, kinds, world
from tests.platforms.telegram_markup import Unparsable, settled

__all__ = ["world"]


async def test_html_becomes_text_and_entities(world: World) -> None:
    api, ana = await world.api(), world.ana
    await ana.start()
    source = (
        ' 🏟 <b>bold <i>both</i></b> <a href="https://x.example?a=1&amp;b=2">here</a> &lt;&#x1F600;&#38;&quot;'
        '<tg-time unix="1767225600" format="wDt">then</tg-time>\n<blockquote expandable>q</blockquote>'
        '<pre><code class="language-python">x</code></pre><code>y</code> '
    )
    await api.send_message(101, source, "HTML", link_preview_options=LinkPreviewOptions(is_disabled=True))
    message = ana.received[0]
    assert message.text == '🏟 bold both here <😀&"then\nqxy'
    assert kinds(message.entities) == [
        "bold", "italic", "text_link", "date_time", "expandable_blockquote", "pre", "code",
    ]  # fmt: skip
    bold, italic, link, time, _, pre, _ = message.entities
    assert ((bold["offset"], bold["length"]), (italic["offset"], italic["length"])) == ((3, 9), (8, 4))
    assert (link["url"], pre["language"]) == ("https://x.example?a=1&b=2", "python")
    assert (time["unix_time"], time["date_time_format"]) == (1767225600, "wDt")
    assert not world.server.violations
    assert not world.server.fired


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("🏟&lt;<abac aba>", 'Unsupported start tag "abac" at byte offset 8'),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("<b", "Unclosed start tag at byte offset 0"),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ('<a href="x>y</a>', "Unclosed start tag at byte offset 0"),
        ("<a href=x/>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ('<tg-time unix="soon">x</tg-time>', "Invalid Unix time specified"),
        ("&#xD800;", "Text contains invalid Unicode characters after decoding HTML entities"),
    ],
)
def test_bad_html_is_refused(source: str, why: str) -> None:
    with pytest.raises(Unparsable) as error:
        settled(source, "HTML")
    assert str(error.value) == why


@pytest.mark.parametrize(
    "source",
    [
        "&nbsp;x", "<code><b>x</b></code>", "<b><code>x</code></b>", "<b onclick='x'>x</b>", "a\rb",
        "<blockquote>a<blockquote>b</blockquote></blockquote>", '<a href="javascript:x">x</a>', "<i>x</i>" * 101,
    ],
)  # fmt: skip
def test_what_telegram_lets_pass_in_silence_is_noted(source: str) -> None:
    assert len(settled(source, "HTML").notes) == 1


@given(hypothesis.text(alphabet=hypothesis.characters(exclude_categories=["Cs", "Cc"])))
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    read = settled(html.escape(text), "HTML")
    assert (read.text, read.entities, read.notes) == (text.strip(" "), [], [])


async def test_mentions_and_previews_are_noted(world: World) -> None:
    api, server = await world.api(), world.server
    await world.ana.start()
    off = LinkPreviewOptions(is_disabled=True)
    await api.send_message(101, "ask @ana_r <code>@ana_r</code> a@b.example", "HTML")
    await api.send_message(101, '<a href="tg://user?id=101">you</a> <a href="tg://user?id=5">me</a>', "HTML")
    await api.send_message(101, "https://x.example/?q=@ana_r", link_preview_options=off)
    await api.send_message(101, "https://x.example")
    assert [(fired.kind, fired.text) for fired in server.fired] == [
        ("mention", "@ana_r"), ("user", "you"), ("user", "me"), ("preview", "https://x.example"),
    ]  # fmt: skip
    assert kinds(world.ana.received[1].entities) == ["text_mention"]
