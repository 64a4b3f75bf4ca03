"""The same message as Slack, Discord and Telegram would get it: what their own renderers write, nothing redrawn."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.adapters.discord import forms as discord_forms
from bot.adapters.discord import messages as discord
from bot.adapters.discord import questions as discord_questions
from bot.adapters.slack import blocks as slack
from bot.adapters.slack import forms as slack_forms
from bot.adapters.telegram import messages as telegram
from bot.ports import Rendered

Looks = Mapping[str, Mapping[str, Sequence[Any]]]


def looks(message: Rendered, words: Mapping[str, str]) -> Looks:
    """Give payloads by platform: `messages` as they are posted, `modals` where a form opens as a window.

    `words` is what adapters say by themselves in the reader's language.
    """
    form = message.form
    before = [Rendered(message.body)] if message.body else []
    return {
        "slack": {
            "messages": [] if form else slack.messages(message),
            "modals": [slack_forms.form_view(form, before, words)] if form else [],
        },
        "discord": {
            "messages": [] if form else discord_questions.messages(message),
            "modals": [discord_forms.modal(form, before)] if form else [],
        },
        "telegram": {"messages": telegram.payloads(message), "modals": []},
    }


def files(message: Rendered) -> Sequence[str]:
    """Name what is sent beside the words."""
    return [discord.file_name(message.attached)] if message.attached else []
