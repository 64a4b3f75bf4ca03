"""Which platforms are configured, and what each of them needs. A chat SDK is imported only where it is used."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.config import Settings
from bot.ports import Adapter, Finding

NONE = "No platform is configured."
REMEDY = (
    "Set slack.bot_tokens for Slack, telegram.tokens for Telegram, discord.token for Discord, console.socket to talk "
    "to the service from a terminal, or http.page for a page of this machine."
)
CHANNEL = "discord:#"
"""What stands before the id of a channel of Discord's."""


@dataclass(frozen=True, slots=True)
class Link:
    """An address that adds the bot to a server, or none; and what there is to say beside it."""

    url: str
    told: str = ""


def configured(settings: Settings) -> list[Adapter]:
    """Make the adapters that the settings ask for; none of them is connected yet."""
    adapters = list[Adapter]()
    if settings.console.socket is not None:
        from bot.adapters.console import Console

        adapters.append(Console(settings.console.socket))
    if settings.http.page:
        from bot.adapters.web.adapter import Web
        from bot.app import system_clock

        adapters.append(Web(settings.home / "page", system_clock))
    slack, telegram = settings.slack, settings.telegram
    if slack.bot_tokens:
        from bot.adapters.slack.adapter import Slack

        adapters.append(
            Slack(slack.bot_tokens, slack.app_token, slack.signing_secret, slack.mode, slack.api_url)
        )
    if telegram.tokens:
        from bot.adapters.telegram.adapter import Telegram

        adapters.append(
            Telegram(
                telegram.tokens,
                telegram.mode,
                telegram.api_url,
                telegram.webhook_url,
                telegram.webhook_secret,
            )
        )
    discord = settings.discord
    if discord.token is not None:
        from bot.adapters.discord.adapter import Discord

        adapters.append(
            Discord(
                discord.token, discord.api_url, discord.gateway_url, discord.shards, discord.room_channels
            )
        )
    return adapters


async def links(settings: Settings, code: str) -> Sequence[str]:
    """Give addresses that open a bot with a code, for each bot that can be asked what it is called."""
    telegram = settings.telegram
    if not telegram.tokens:
        return ()
    from bot.adapters.telegram.check import usernames

    return [
        f"https://t.me/{name}?start={code}" for name in await usernames(telegram.tokens, telegram.api_url)
    ]


async def server_link(settings: Settings) -> Link:
    """Give the address that adds the bot to a Discord server with all it needs, whether Discord is reached or not."""
    discord = settings.discord
    if discord.token is None:
        return Link("", "discord.token is not set; docs/discord.md says where it comes from.")
    from bot.adapters.discord import permissions
    from bot.adapters.discord.check import application

    told = await application(discord.token, discord.api_url)
    if not told.why and (number := str(told.body.get("id") or "")).isdecimal():
        return Link(permissions.link(number))
    why = told.why or "Discord did not answer as it should"
    if number := permissions.application_in(discord.token):
        return Link(permissions.link(number), f"{why}; the application's id is the one in the token.")
    return Link("", f"{why}, and the token does not tell the application's id; `mentorbot check` says more.")


def _discord_commands(settings: Settings) -> Sequence[Mapping[str, Any]]:
    """Describe the commands as `run` registers them."""
    from bot import program
    from bot.adapters.discord.commands import definitions
    from bot.app import locales
    from bot.messages import Catalogue
    from core import topics

    policy = settings.policy
    words = Catalogue.load(locales(), label=topics.load().name, default=policy.locale)
    return definitions(program.commands(words, policy), words.locales, program.own(words, policy))


def _claims_on_discord(settings: Settings) -> str:
    """Give the id of the channel in which requests are offered, where it is one of Discord's."""
    where = settings.policy.claim_channel or ""
    return where.removeprefix(CHANNEL) if where.startswith(CHANNEL) else ""


async def check(settings: Settings, now: datetime, held: Collection[str] = ()) -> Sequence[Finding]:
    """Ask each platform whether it would work; `now` is the moment of the call.

    `held` are the leases of processes that run: what they do is not disturbed.
    """
    findings = list[Finding]()
    slack, telegram = settings.slack, settings.telegram
    if slack.bot_tokens:
        from bot.adapters.slack.check import check as check_slack

        findings += await check_slack(
            slack.bot_tokens, slack.app_token, slack.signing_secret, slack.mode, slack.api_url, now
        )
    elif slack.app_token or slack.signing_secret:
        seen = "Slack is not used: slack.bot_tokens is empty, though other keys of slack are set"
        findings.append(Finding("slack", "warning", seen, "Set slack.bot_tokens, or remove the others."))
    if telegram.tokens:
        from bot.adapters.telegram.check import check as check_telegram

        findings += await check_telegram(
            telegram.tokens,
            telegram.mode,
            telegram.webhook_url,
            telegram.webhook_secret,
            telegram.api_url,
            now,
            held,
        )
    elif telegram.webhook_url or telegram.webhook_secret:
        seen = "Telegram is not used: telegram.tokens is empty, though other keys of telegram are set"
        findings.append(Finding("telegram", "warning", seen, "Set telegram.tokens, or remove the others."))
    findings += await _check_discord(settings, now)
    if settings.console.socket is not None:
        findings.append(Finding("console", "ok", "it is configured"))
    elif settings.http.page:
        findings.append(Finding("page", "ok", "it is served to this machine"))
    elif not (slack.bot_tokens or telegram.tokens or settings.discord.token):
        findings.append(Finding("platforms", "fault", NONE, REMEDY))
    return findings


async def _check_discord(settings: Settings, now: datetime) -> Sequence[Finding]:
    discord, claims = settings.discord, _claims_on_discord(settings)
    if discord.token is None:
        if not (discord.room_channels or claims):
            return ()
        seen = "Discord is not used: discord.token is not set, though a channel of Discord's is named"
        return [Finding("discord", "warning", seen, "Set discord.token, or leave the channel out.")]
    from bot.adapters.discord.check import check as check_discord

    return await check_discord(
        discord.token,
        discord.api_url,
        discord.gateway_url,
        discord.shards,
        discord.room_channels,
        claims,
        _discord_commands(settings),
        now,
    )
