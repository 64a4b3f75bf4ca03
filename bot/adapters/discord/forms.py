"""Forms as modals, and what leads to one: a modal holds five things, and no modal may answer another.

What was wrong with a field stands in its description, or above it where that is too short for it.
"""

from collections.abc import Sequence
from typing import Any

from bot.adapters.discord import markup, presses
from bot.adapters.discord.fields import draw, read
from bot.adapters.discord.messages import Payload, content, line, payloads, text_length
from bot.adapters.discord.payload import LABEL, TEXT, Body, bodies_of, body_of, components_in, text_in
from bot.ports import Asked, Button, Form, Json, Rendered
from bot.richtext import Block, Break, List, Rich, Styled, Text

Modal = dict[str, Any]
"""The data of an answer of type 9."""
Component = dict[str, Any]

MOST = 5
TITLE_LIMIT, LABEL_LIMIT, ABOUT_LIMIT = 45, 45, 100
TOP_LIMIT = 2000
"""Characters of a text above a field, or all of them."""
CUT = 5
"""Characters that one takes at most, written so that it shows as it is."""


# --- Modals -----------------------------------------------------------------------------------------------------


def modal(form: Form, before: Sequence[Rendered] = ()) -> Modal:
    """Write a form as a modal: what is said besides it on top, then as many fields as fit, at least one."""
    top = _top(before)
    page, fields = _page(form, MOST - len(top))
    if not page:
        fields = [] if top else [_text("…")]
    return {
        "custom_id": presses.opening(form.run),
        "title": line(form.title, TITLE_LIMIT),
        "components": [*top, *fields],
    }


def fields_shown(form: Form, before: Sequence[Rendered] = ()) -> tuple[str, ...]:
    """Give the keys of the fields that the modal of a form holds."""
    page, _ = _page(form, MOST - len(_top(before)))
    return tuple(asked.field.key for asked in page)


def run_of(data: Body) -> int | None:
    """Tell which run a modal that was filled in is a page of; None if of none."""
    return presses.opened(text_in(data.get("custom_id")))


def values(data: Body) -> dict[str, Json]:
    """Read what was entered in a modal; None skips a field: Discord lets nobody leave out one that is required."""
    attachments = body_of(body_of(data.get("resolved")).get("attachments"))
    found: dict[str, Json] = {}
    for each in bodies_of(data.get("components"))[:MOST]:
        inner = body_of(each.get("component"))
        if each.get("type") == LABEL and (key := text_in(inner.get("custom_id"))):
            found[key] = read(inner, attachments)
    return found


def _top(before: Sequence[Rendered]) -> list[Component]:
    """Write what is said besides the form as one text; an ellipsis says that there is more."""
    parts = [part for message in before for part in content(message)]
    texts = [each["content"] for part in parts for each in components_in(part) if each["type"] == TEXT]
    fitting = [text for at, text in enumerate(texts) if sum(map(markup.size, texts[: at + 1])) <= TOP_LIMIT]
    if texts and not fitting:
        return [_text(_brief([message.body for message in before]))]
    more = ["…"] if len(fitting) < len(texts) else []
    return [_text("\n".join([*fitting, *more]))] if fitting else []


def _brief(told: Sequence[Rich]) -> str:
    """Write some rich texts as one; of what is too long its beginning, without marks."""
    written = "\n".join(piece for rich in told for piece in markup.pieces(rich))
    if markup.size(written) <= TOP_LIMIT:
        return written
    words = "\n".join(markup.spelt(rich) for rich in told)
    return f"{markup.escape(words[: TOP_LIMIT // CUT].rstrip())}…"


def _page(form: Form, room: int) -> tuple[list[Asked], list[Component]]:
    page: list[Asked] = []
    written: list[Component] = []
    for asked in form.fields[:MOST]:
        more = _field(asked)
        if page and (len(written) + len(more) > room or text_length([*written, *more]) > markup.LIMIT):
            break
        page.append(asked)
        written += more
    return page, written


def _field(asked: Asked) -> list[Component]:
    """Write a field: what is too much for its label and description above it, then its component."""
    drawn = draw(asked)
    label, above = _label(asked.label)
    error, hint = _words(asked.error), _words(asked.hint)
    both = f"{error} {hint}".strip()
    about = both
    if len(both) > ABOUT_LIMIT:
        about = next((each for each in (error, hint) if 0 < len(each) <= ABOUT_LIMIT), "")
        above += [rich for rich, told in ((asked.error, error), (asked.hint, hint)) if told and told != about]
    if above and above[0] is asked.label and not about and len(full := _words(asked.label)) <= ABOUT_LIMIT:
        about, above = full, above[1:]
    above += [drawn.above] if drawn.above else []
    told = _brief(above)
    described = {"description": line(about, ABOUT_LIMIT)} if about else {}
    labelled = {"type": LABEL, "label": label, **described, "component": drawn.component}
    return [*([_text(told)] if told else []), labelled]


def _label(rich: Rich) -> tuple[str, list[Rich]]:
    """Part a label, which holds few plain words: its last line, and all of it above where that is not enough."""
    lines = [each for each in markup.spelt(rich).split("\n") if each.strip()]
    last = " ".join(lines[-1].split()) if lines else ""
    plainly = len(lines) <= 1 and not any(isinstance(node, Block) for node in rich)
    return line(last, LABEL_LIMIT), [] if plainly and markup.size(last) <= LABEL_LIMIT else [rich]


def _words(rich: Rich) -> str:
    return " ".join(markup.spelt(rich).split())


def _text(written: str) -> Component:
    return {"type": TEXT, "content": written}


# --- What leads to a modal --------------------------------------------------------------------------------------


def onward(form: Form, body: Rich = ()) -> list[Payload]:
    """Write what goes on with a form where no modal can be opened: what was wrong, and a button that opens it."""
    errors = tuple((*_named(asked), *asked.error) for asked in form.fields if asked.error)
    told: list[Any] = [*body, *([Break()] if body else []), Styled("b", (Text(line(form.title, 200)),))]
    if errors:
        told.append(List(ordered=False, items=errors))
    back = (Button(form.words["back"], "back"),) if form.can_go_back else ()
    buttons = (
        Button(form.words["next"], presses.opening(form.run), "primary"),
        *back,
        Button(form.words["cancel"], "cancel"),
    )
    return payloads(Rendered(tuple(told), buttons))


def _named(asked: Asked) -> Rich:
    label, _ = _label(asked.label)
    return (Styled("b", (Text(label),)), Text(" "))
