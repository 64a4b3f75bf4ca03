"""From keys and parameters to what an adapter shows: the reader's language, the reader's zone."""

import re
from collections.abc import Mapping

from bot.messages import Catalogue
from bot.ports import (
    Answer,
    Asked,
    Attached,
    Button,
    Choice,
    Confirm,
    Field,
    Form,
    Rendered,
    ShownItem,
    ShownOption,
    Week,
)
from bot.richtext import Rich, from_user, plain
from bot.turn import Action, Ask, Item, Message, Replies, Say
from core.availability import merge
from core.policy import Policy
from core.reading import Problem
from core.store.types import Json

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PARTS = ("morning", "afternoon", "evening")
CONTROLS = ("next", "back", "cancel", "later", "open", "skip", "done", "yes", "no", "pick", *DAYS, *PARTS)
ABOUT_LIMIT = 40
ABOUT = re.compile(r"[:：·,，。(（\n]|\. ")
"""What ends the first words of a row, which say enough of what it is about."""
OWN = "adapter."
"""Below it stands what adapters say by themselves."""


class Renderer:
    """The catalogue with what every template may use."""

    def __init__(self, words: Catalogue, policy: Policy) -> None:
        """Take what is fixed for the whole program."""
        self._words = words
        self._community: Mapping[str, Json] = {"community": policy.community}
        self._controls: dict[str, Mapping[str, str]] = {}
        keys = sorted(words.keys(words.locales[0]))
        self._own = tuple(key.removeprefix(OWN) for key in keys if key.startswith(OWN))

    def message(self, message: Message, locale: str, zone: str, attached: Attached | None = None) -> Rendered:
        """Render one message."""
        return Rendered(
            body=self._rich(message.key, message.params, locale, zone),
            buttons=self._buttons(message.actions, locale, zone),
            items=tuple(self._item(item, locale, zone) for item in message.items),
            attached=attached,
        )

    def _item(self, item: Item, locale: str, zone: str) -> ShownItem:
        """Render a row; each button of it says what it is about, since the same stands in every row."""
        body = self._rich(item.key, item.params, locale, zone)
        about = ABOUT.split(plain(body).strip(), maxsplit=1)[0].strip()[:ABOUT_LIMIT] if item.actions else ""
        return ShownItem(body, self._buttons(item.actions, locale, zone, about))

    def own(self, locale: str, zone: str) -> Mapping[str, str]:
        """Give what an adapter says by itself."""
        return {
            word: self._words.text(f"adapter.{word}", self._community, locale, zone) for word in self._own
        }

    def page(self, locale: str, zone: str) -> Mapping[str, str]:
        """Give what the web page says by itself; it fills in what stands in braces."""
        keys = (key.removeprefix("page.") for key in self._words.keys(locale) if key.startswith("page."))
        return {key: self._words.text(f"page.{key}", self._community, locale, zone) for key in sorted(keys)}

    def answer(self, replies: Replies, locale: str, zone: str) -> Answer:
        """Render all replies to one event."""
        messages: list[Rendered] = []
        swap = False
        for reply in replies:
            if isinstance(reply, Say):
                swap = swap or (reply.replace and not messages)
                language = reply.locale or locale
                messages.extend(self.message(message, language, zone) for message in reply.messages)
            elif isinstance(reply, Ask):
                messages.append(self.form(reply, locale, zone))
        return Answer(tuple(messages), swap)

    def form(self, ask: Ask, locale: str, zone: str) -> Rendered:
        """Render the fields that may be asked now."""
        title = f"{ask.dialog}.title"
        intro = f"{ask.dialog}.intro"
        fresh = not ask.can_go_back and not ask.errors and self._words.has(intro, locale)
        if locale not in self._controls:
            self._controls[locale] = {
                word: self._words.text(f"form.{word}", {}, locale, zone) for word in CONTROLS
            }
        return Rendered(
            body=self._rich(intro, ask.params, locale, zone) if fresh else (),
            form=Form(
                run=ask.run,
                title=self._words.text(title, {**self._community, **ask.params}, locale, zone),
                fields=tuple(self._asked(ask, field, locale, zone) for field in ask.fields),
                can_go_back=ask.can_go_back,
                words=self._controls[locale],
            ),
        )

    def _asked(self, ask: Ask, field: Field, locale: str, zone: str) -> Asked:
        key = f"{ask.dialog}.{field.key}"
        own = from_user(field.question) if field.question is not None else None
        problem = ask.errors.get(field.key)
        return Asked(
            field=field,
            label=own if own is not None else self._rich(f"{key}.label", ask.params, locale, zone),
            hint=self._rich(f"{key}.hint", ask.params, locale, zone)
            if own is None and self._words.has(f"{key}.hint", locale)
            else (),
            options=self._options(field, key, locale, zone),
            error=self._problem(problem, locale, zone) if problem else (),
            initial=ask.initial.get(field.key),
            typed=self._week(ask.initial.get(field.key), locale, zone) if isinstance(field, Week) else "",
        )

    def _week(self, spans: Json, locale: str, zone: str) -> str:
        """Write free hours so that they are read again as the same."""
        if isinstance(spans, str):
            return spans
        try:
            # What was given and refused comes back here too, and may be anything.
            days: Json = [[day, day, start, end] for day, start, end in merge(spans or ())]  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return ""
        return self._words.text("profile.week", {"spans": days}, locale, zone) if days else ""

    def _options(self, field: Field, key: str, locale: str, zone: str) -> tuple[ShownOption, ...]:
        if isinstance(field, Confirm):
            words = self._controls[locale]
            yes = (
                self._words.text(f"{key}.yes", {}, locale, zone)
                if self._words.has(f"{key}.yes", locale)
                else words["yes"]
            )
            no = (
                self._words.text(f"{key}.no", {}, locale, zone)
                if self._words.has(f"{key}.no", locale)
                else words["no"]
            )
            return (ShownOption("yes", yes), ShownOption("no", no))
        if not isinstance(field, Choice):
            return ()
        return tuple(
            ShownOption(
                option.value,
                option.label
                if option.label is not None
                else self._words.text(f"{key}.option.{option.value}", {}, locale, zone),
            )
            for option in field.options
        )

    def _problem(self, problem: Problem, locale: str, zone: str) -> Rich:
        return self._rich(problem.key, problem.params, locale, zone)

    def _buttons(
        self, actions: tuple[Action, ...], locale: str, zone: str, about: str = ""
    ) -> tuple[Button, ...]:
        return tuple(
            Button(
                self._words.text(action.label, action.params, locale, zone),
                action.id,
                action.style,
                action.about or about,
            )
            for action in actions
        )

    def _rich(self, key: str, params: Mapping[str, Json], locale: str, zone: str) -> Rich:
        return self._words.rich(
            key, {**self._community, **params} if params else self._community, locale, zone
        )
