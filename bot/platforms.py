"""Which platforms are configured, and what each of them needs. A chat SDK is imported only where it is used."""

from collections.abc import Collection, Sequence
from datetime import datetime

from bot.config import Settings
from bot.ports import Adapter, Finding

NONE = "No platform is configured."
REMEDY = (
    "Set slack.bot_tokens for Slack, telegram.tokens for Telegram, console.socket to talk to the service from a "
    "terminal, or http.page for a page of this machine."
)


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
    if settings.console.socket is not None:
        findings.append(Finding("console", "ok", "it is configured"))
    elif settings.http.page:
        findings.append(Finding("page", "ok", "it is served to this machine"))
    elif not (slack.bot_tokens or telegram.tokens):
        findings.append(Finding("platforms", "fault", NONE, REMEDY))
    return findings
