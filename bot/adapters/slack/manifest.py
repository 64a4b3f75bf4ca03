"""What the app is for Slack: its manifest, to be pasted where an app is made; and why it asks for what it asks for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

PATH = "/slack/events"
"""The one path of the web server that everything from Slack comes to."""

SCOPES: Mapping[str, str] = {
    "chat:write": "writing messages, and changing them later",
    "commands": "the command /mentor and the shortcuts",
    "files:read": "files that people send, in a room or in a form",
    "files:write": "calendar files",
    "im:history": "hearing what people write to the bot, and nothing else",
    "im:write": "writing first to somebody who has not written to the bot yet",
    "mpim:write": "opening a group conversation for a new pair",
    "users:read": "a person's name, time zone and language, suggested at sign-up",
}
"""The bot's scopes, each with what it is for."""

APP_SCOPES: Mapping[str, str] = {
    "connections:write": "the connection that everything comes through in socket mode",
}
"""The scopes of the app-level token."""

EVENTS: Mapping[str, str] = {
    "app_home_opened": "showing the desk when somebody opens the Home tab",
    "app_uninstalled": "telling the host that a workspace has removed the app",
    "message.im": "messages to the bot, changes to them, and files",
    "tokens_revoked": "telling the host that a token is no longer good",
    "user_change": "a new time zone or name; somebody whose account was deactivated",
}
"""The bot events, each with what it is for."""

COMMAND = "/mentor"
USAGE = "[find|requests|mentorships|sessions|schedule|profile|pause|settings|help]"


def manifest(http: str | None) -> dict[str, Any]:
    """Describe the app for Socket Mode, or for requests to the public address `http`.

    Raises ValueError where that is not an address that Slack can send to.
    """
    url = None if http is None else request_url(http)
    where = {} if url is None else {"url": url}
    requests = {} if url is None else {"request_url": url}
    options = {} if url is None else {"message_menu_options_url": url}
    return {
        "_metadata": {"major_version": 1},
        "display_information": {
            "name": "Mentoring",
            "description": "Find a mentor, meet, and keep going.",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "mentoring", "always_online": True},
            "shortcuts": [
                {
                    "name": "Find a mentor",
                    "type": "global",
                    "callback_id": "find",
                    "description": "Say what you want help with and see who can help",
                },
                {
                    "name": "Report message",
                    "type": "message",
                    "callback_id": "report",
                    "description": "Tell the moderators about this message, in private",
                },
            ],
            "slash_commands": [
                {
                    "command": COMMAND,
                    **where,
                    "description": "Find a mentor, and everything about your mentorships",
                    "usage_hint": USAGE,
                    "should_escape": False,
                },
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "event_subscriptions": {**requests, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **requests, **options},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def request_url(http: str) -> str:
    """Give the address that Slack sends to, for the public address of the web server; raises ValueError."""
    parts = urlsplit(http.strip())
    if parts.scheme != "https" or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError(
            f"{http} is no address that Slack can send to: write https:// and the name of your host"
        )
    return f"https://{parts.netloc}{parts.path.rstrip('/').removesuffix(PATH)}{PATH}"
