"""What was entered in a modal and not accepted: no modal can answer another, so it is there when the person goes on.

In memory alone: after a restart the same is asked, and what was not accepted has to be entered anew.
"""

from collections import OrderedDict
from dataclasses import replace

from bot.adapters.discord.surface import Heard
from bot.ports import Answer, Form, Submitted

MOST = 10_000


class Drafts:
    """The page that was refused last, for each person."""

    def __init__(self) -> None:
        """None yet."""
        self._of: OrderedDict[str, Form] = OrderedDict()

    def seen(self, heard: Heard, answer: Answer) -> Answer:
        """Note what was refused, or give an answer whose form has in it what was entered before."""
        event, form = heard.incoming.event, answer.form
        if not isinstance(event, Submitted):
            return answer
        if not event.values:
            return self._filled(heard.user, answer)
        self._of.pop(heard.user, None)
        in_modal = bool(heard.surface.interaction) and not heard.surface.opens
        if in_modal and form is not None and any(asked.error for asked in form.fields):
            self._of[heard.user] = form
            if len(self._of) > MOST:
                self._of.popitem(last=False)
        return answer

    def _filled(self, user: str, answer: Answer) -> Answer:
        """Put what was entered into the form, where that still asks for the same."""
        draft, form = self._of.get(user), answer.form
        if draft is None or form is None or draft.run != form.run or _keys(draft) != _keys(form):
            return answer
        shown = (replace(each, form=draft) if each.form is form else each for each in answer.messages)
        return replace(answer, messages=tuple(shown))


def _keys(form: Form) -> list[str]:
    return [asked.field.key for asked in form.fields]
