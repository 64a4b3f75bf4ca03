"""What is logged: in the form that the settings want, and never a secret."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.config import Settings, load
from core.store.types import new_key

BOT, APP = "xoxb-111111111111-222222222222-abcdefghijklmnop", "xapp-1-A111-222-abcdef0123456789"
KEY, SIGNING = new_key(), "8f742231b10e8888abcd99yyyzzz85a5"
SHOWN = "what_telegram_shows"
TELEGRAM = "123456789:AAExampleExampleExampleExampleExample1"
DISCORD = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0"
OTHERS = "OTg3NjU0MzIxMDk4NzY1NDMy.Gfedcb.zyxwvutsrqponmlkjihgfedcba9"
INTERACTION = "aW50ZXJhY3Rpb246MTIzNDU2Nzg5MDEyMzQ1Njc4OTpzZWNyZXQ"
WRITTEN = [
    BOT,
    APP,
    KEY,
    SIGNING,
    "hunter2hunter2",
    "T1/B2/xyzsecret",
    "d3adb33fticket",
    TELEGRAM.partition(":")[2],
    SHOWN,
    DISCORD,
    OTHERS.partition(".")[2],
    INTERACTION,
    "opaque-interaction_token",
    "webhook.token",
]
LINES = [
    f"calling with {BOT} and {APP}",
    f"Authorization: Bearer {BOT}",
    f"token={BOT}&channel=C1",
    f"rotated: xoxe.{BOT}",
    f"the key {KEY}, signed with {SIGNING}",
    "postgresql://ana:hunter2hunter2@db/mentors",
    "POST https://hooks.slack.com/commands/T1/B2/xyzsecret failed",
    "wss://wss-primary.slack.com/link/?ticket=d3adb33fticket&app_id=abc",
    f"POST https://api.telegram.org/bot{TELEGRAM}/getMe",
    f"secret_token={SHOWN}",
    f"Authorization: Bot {DISCORD}",
    f"another bot's: {OTHERS}",
    f"POST https://discord.com/api/v10/interactions/1234567890123456789/{INTERACTION}/callback",
    "POST https://discord.com/api/v10/interactions/1234567890123456789/opaque-interaction_token/callback",
    "PATCH https://discord.com/api/v10/webhooks/1234567890123456789/webhook.token/messages/@original",
    f'{{"t": "INTERACTION_CREATE", "token": "{INTERACTION}"}}',
]
Logged = Callable[[str], list[str]]


def settings(**more: str) -> Settings:
    given = {
        "database.url": "postgresql://ana:hunter2hunter2@db/mentors",
        "encryption.keys": KEY,
        "slack.bot_tokens": BOT,
        "slack.app_token": APP,
        "slack.signing_secret": SIGNING,
        "telegram.tokens": TELEGRAM,
        "telegram.webhook_secret": SHOWN,
        "discord.token": DISCORD,
    }
    return load(None, {"MENTORBOT_HOME": "unused"}, given | more, Path.cwd())


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Logged]:
    """Log through a program that was set up so; gives the lines that arrived, and leaves logging as it was."""
    root = logging.getLogger()
    kept, level, hook = list(root.handlers), root.level, sys.excepthook
    quiet = {name: logging.getLogger(name).level for name in logs.QUIET}

    def log_all(format_: str) -> list[str]:
        logs.set_up(settings(**{"log.format": format_, "log.level": "info"}))
        for line in LINES:
            logging.getLogger("bot").info("it says %s", line)
        try:
            int(LINES[0])
        except ValueError:
            logging.getLogger("bot").exception("it failed")
        logging.getLogger("slack_bolt.Application").info("the body of a request: what Ana wrote")
        logging.getLogger("telegram.Bot").info("what a call says: what Ana wrote")
        logging.getLogger("discord.http").info("what Discord answers: what Ana wrote")
        logging.getLogger("bot").debug("nobody wants to know")
        return capsys.readouterr().err.splitlines()

    yield log_all
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in kept:
        root.addHandler(handler)
    root.setLevel(level)
    sys.excepthook = hook
    for name, before in quiet.items():
        logging.getLogger(name).setLevel(before)
    logging.captureWarnings(False)


@pytest.mark.parametrize("format_", ["text", "json"])
def test_no_secret_is_in_any_line_or_trace(logged: Logged, format_: str) -> None:
    lines = logged(format_)
    whole = "\n".join(lines)
    assert [secret for secret in WRITTEN if secret in whole] == []
    assert "POST https://hooks.slack.com/*** failed" in whole
    assert "api.telegram.org/bot***/getMe" in whole
    assert whole.count("discord.com/api/v10/interactions/1234567890123456789/***/callback") == 2
    assert "discord.com/api/v10/webhooks/1234567890123456789/***/messages/@original" in whole
    assert "literal for int() with base 10: 'calling with *** and ***'" in whole
    assert "what Ana wrote" not in whole
    assert "nobody wants to know" not in whole


def test_the_format_is_the_one_of_the_settings(logged: Logged) -> None:
    lines = [json.loads(line) for line in logged("json")]
    assert len(lines) == len(LINES) + 1
    assert lines[0] == {
        "at": lines[0]["at"],
        "level": "info",
        "logger": "bot",
        "message": "it says calling with *** and ***",
    }
    assert lines[-1]["message"] == "it failed"
    assert lines[-1]["trace"].startswith("Traceback")
    assert " INFO bot it says " in logged("text")[0]


def test_what_ends_the_program_is_told_without_its_secrets(
    logged: Logged, capsys: pytest.CaptureFixture[str]
) -> None:
    logged("text")
    error = RuntimeError(f"no {SIGNING}")
    sys.excepthook(RuntimeError, error, None)
    said = capsys.readouterr().err
    assert "RuntimeError: no ***" in said
    assert SIGNING not in said


@given(st.text(), st.text())
def test_a_token_is_masked_wherever_it_stands(before: str, after: str) -> None:
    for token in (BOT, APP, OTHERS, INTERACTION):
        assert token not in logs.mask(f"{before}{token} {after}")


@given(st.text(alphabet=st.characters(exclude_characters="=:/.-")))
def test_other_words_stay_as_they_are(words: str) -> None:
    assert logs.mask(words) == words
