"""What Slack delivers while people sign up: half of them answer in the chat, half in modals.

Whoever answers in the chat sends nine payloads, the command and eight messages; a modal takes three, the command and
two pages. They hold all that Slack's own hold.
"""

from collections.abc import Awaitable, Callable, Generator, Mapping
from typing import Any

from benchmarks.peers.questions import ANSWERS

Body = dict[str, Any]
View = Mapping[str, Any]
Take = Callable[[Body], Awaitable[View | None]]
"""Answers a payload, and gives the view that it was answered with, if it was one."""

TICKED = [{"text": {"type": "plain_text", "text": "I agree", "emoji": False}, "value": "yes"}]
ENTERED: Mapping[str, Body] = {
    "consent": {"selected_options": TICKED},
    "name": {"value": "Ana Ruiz"},
    "role": {"selected_option": {"text": {"type": "plain_text", "text": "Learn"}, "value": "mentee"}},
    "wants": {"selected_options": [{"value": "python"}, {"value": "sql"}]},
    "languages": {"selected_options": [{"value": "en"}, {"value": "es"}]},
    "zone": {"selected_option": {"value": "Europe/Madrid"}},
    "free": {"value": "mon wed 18-21"},
    "goal": {"value": ANSWERS[-1]},
}
"""What everybody enters in the fields of the modals."""


def command(team: str, user: int, text: str) -> Body:
    """Write `/mentor …`, typed in the direct messages."""
    return {
        "token": "verification", "team_id": team, "team_domain": "acme", "channel_id": f"D{user}",
        "channel_name": "directmessage", "user_id": f"U{user}", "user_name": f"user.{user}", "command": "/mentor",
        "text": text, "api_app_id": "A0MENTOR", "is_enterprise_install": "false",
        "response_url": f"https://hooks.slack.com/commands/{team}/{user}/0", "trigger_id": f"1.{user}.{team}.0",
    }  # fmt: skip


def message(team: str, user: int, number: int, text: str) -> Body:
    """Write a message to the bot, with what else its envelope holds."""
    stamp = f"1772442000.{number:06d}"
    words = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    event = {
        "user": f"U{user}", "type": "message", "ts": stamp, "client_msg_id": f"cm-{user}-{number}", "text": text,
        "team": team, "blocks": [{"type": "rich_text", "block_id": "usr", "elements": [words]}],
        "channel": f"D{user}", "event_ts": stamp, "channel_type": "im",
    }  # fmt: skip
    install = {
        "enterprise_id": None, "team_id": team, "user_id": "UBOT", "is_bot": True, "is_enterprise_install": False,
    }  # fmt: skip
    return {
        "token": "verification", "team_id": team, "context_team_id": team, "context_enterprise_id": None,
        "api_app_id": "A0MENTOR", "event": event, "type": "event_callback", "event_id": f"Ev{team}{user}.{number}",
        "event_time": 1772442000, "authorizations": [install], "is_ext_shared_channel": False,
        "event_context": f"4-{team}{user}",
    }  # fmt: skip


def submission(team: str, user: int, number: int, view: View) -> Body:
    """Write a page of a modal as it is sent, everything entered."""
    values = {
        block["block_id"]: {
            block["element"]["action_id"]: {"type": block["element"]["type"], **ENTERED[block["block_id"]]}
        }
        for block in view["blocks"]
        if block["type"] == "input"
    }
    more = {
        "id": f"V{user}", "team_id": team, "hash": f"1772442000.{number}", "state": {"values": values},
        "previous_view_id": None, "root_view_id": f"V{user}", "app_id": "A0MENTOR", "external_id": "",
        "app_installed_team_id": team, "bot_id": "BBOT",
    }  # fmt: skip
    return {
        "type": "view_submission", "team": {"id": team, "domain": "acme"}, "token": "verification",
        "user": {"id": f"U{user}", "username": f"user.{user}", "name": f"user.{user}", "team_id": team},
        "api_app_id": "A0MENTOR", "trigger_id": f"2.{user}.{team}.{number}", "view": {**view, **more},
        "response_urls": [], "is_enterprise_install": False, "enterprise": None,
    }  # fmt: skip


def sign_up(team: str, user: int) -> Generator[Body, View | None, None]:
    """Give what Slack delivers while somebody signs up, one after the other; is told the view of each answer."""
    view = yield command(team, user, "signup")
    if user % 2:
        for number, text in enumerate(ANSWERS, 1):
            yield message(team, user, number, text)
        return
    number = 0
    while view is not None:
        number += 1
        view = yield submission(team, user, number, view)


async def signed_up(take: Take, team: str, user: int) -> int:
    """Take somebody from the command to the welcome; gives the number of payloads."""
    deeds = sign_up(team, user)
    payload, count = next(deeds), 0
    while True:
        view = await take(payload)
        count += 1
        try:
            payload = deeds.send(view)
        except StopIteration:
            return count
