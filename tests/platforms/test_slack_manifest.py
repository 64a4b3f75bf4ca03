"""The manifest of the Slack app: it keeps Slack's limits, and what is written for the host agrees with it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.adapters.slack import check
from bot.adapters.slack.manifest import APP_SCOPES, COMMAND, EVENTS, PATH, SCOPES, manifest, request_url
from bot.cli import main
from bot.commands import COMMANDS
from bot.config import load
from bot.config_keys import KINDS

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
URL = "https://mentor.example.org"


def table(head: str) -> list[dict[str, str]]:
    """The rows of every table whose first column is named so: what stands between ` `, and the second column."""
    found = list[dict[str, str]]()
    for part in re.findall(rf"^\| {head} \|.*\n\|---\|---\|\n((?:\|.*\n)+)", DOC, re.MULTILINE):
        rows = [row.strip("|").split("|", 1) for row in part.splitlines()]
        found.append({name.strip().strip("`"): what.strip() for name, what in rows})
    return found


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, each in value.items() for leaf in leaves(each, f"{path}.{key}".strip("."))]
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each, path)]
    return [(path, value)]


@pytest.mark.parametrize("http", [None, URL])
def test_it_keeps_the_limits_of_slack(http: str | None) -> None:
    app = manifest(http)
    most = {
        "display_information.name": 35,
        "display_information.description": 140,
        "features.bot_user.display_name": 80,
        "features.shortcuts.name": 24,
        "features.shortcuts.callback_id": 255,
        "features.shortcuts.description": 150,
        "features.slash_commands.command": 32,
        "features.slash_commands.description": 2000,
        "features.slash_commands.usage_hint": 1000,
    }
    lengths = {path: len(value) for path, value in leaves(app) if isinstance(value, str)}
    assert most.keys() <= lengths.keys()
    assert {path: lengths[path] for path, limit in most.items() if lengths[path] > limit} == {}
    assert re.fullmatch(r"[a-z0-9._-]+", app["features"]["bot_user"]["display_name"])


def test_the_bot_can_be_written_to_and_has_a_home() -> None:
    app = manifest(None)
    assert app["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert app["settings"]["interactivity"] == {"is_enabled": True}
    assert app["settings"]["token_rotation_enabled"] is False
    assert app["oauth_config"] == {"scopes": {"bot": list(SCOPES)}}


def test_every_word_it_shows_is_a_command() -> None:
    features = manifest(None)["features"]
    shown = re.findall(r"\w+", features["slash_commands"][0]["usage_hint"])
    shortcuts = [shortcut["callback_id"] for shortcut in features["shortcuts"]]
    assert {*shown, *shortcuts} <= COMMANDS.keys()


def test_a_socket_needs_no_address_and_requests_have_one() -> None:
    assert not [value for _, value in leaves(manifest(None)) if str(value).startswith("http")]
    assert manifest(None)["settings"]["socket_mode_enabled"] is True
    app = manifest(URL)
    assert app["settings"]["socket_mode_enabled"] is False
    addresses = {path: value for path, value in leaves(app) if str(value).startswith("http")}
    assert addresses == dict.fromkeys(
        [
            "features.slash_commands.url",
            "settings.event_subscriptions.request_url",
            "settings.interactivity.request_url",
            "settings.interactivity.message_menu_options_url",
        ],
        f"{URL}/slack/events",
    )


@pytest.mark.parametrize("http", [URL, f"{URL}/", f"{URL}/slack/events", f" {URL}/slack/events/ "])
def test_the_path_may_be_given_or_left_out(http: str) -> None:
    assert request_url(http) == f"{URL}{PATH}"
    assert request_url("https://example.org:8443/mentors/") == f"https://example.org:8443/mentors{PATH}"


@pytest.mark.parametrize(
    "http", ["http://example.org", "example.org", "https://", "", f"{URL}?a=1", "https://["]
)
def test_an_address_that_slack_cannot_send_to_is_refused(http: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        manifest(http)


@pytest.mark.parametrize("http", [None, URL])
def test_the_command_prints_what_can_be_pasted(http: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "slack", *([] if http is None else ["--http", http])]) == 0
    assert yaml.safe_load(capsys.readouterr().out) == manifest(http)


def test_the_command_says_what_is_wrong_with_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["manifest", "slack", "--http", "http://example.org"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "https://" in told.err


# ---- the guide for the host ----


def test_the_guide_has_ten_steps() -> None:
    steps = re.findall(r"^### (\d+)\. ", DOC, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 11)]


def test_the_guide_names_every_scope_and_event_with_its_reason() -> None:
    assert table("scope") == [dict(SCOPES), dict(APP_SCOPES)]
    assert table("event") == [dict(EVENTS)]
    named = set(re.findall(r"`([a-z]+:(?:read|write|history)[a-z.]*)`", DOC))
    assert named == {*SCOPES, *APP_SCOPES} - {"commands"}


def test_the_guide_names_the_command_the_shortcuts_and_the_addresses() -> None:
    features = manifest(None)["features"]
    for shortcut in features["shortcuts"]:
        assert f"shortcut **{shortcut['name']}** (callback `{shortcut['callback_id']}`)" in DOC
    assert DOC.count("(callback `") == len(features["shortcuts"])
    verbs = re.findall(rf"`{COMMAND} (\w+)", DOC)
    assert verbs
    assert set(verbs) <= COMMANDS.keys()
    assert f"--http {URL}`" in DOC
    assert set(re.findall(rf"{re.escape(URL)}/[\w/]+", DOC)) == {request_url(URL)}
    assert f"*{manifest(None)['display_information']['name']}*" in DOC
    assert f"/invite @{features['bot_user']['display_name']}" in DOC


def test_the_guide_names_every_setting_there_is() -> None:
    (keys,) = table("key")
    assert keys.keys() <= KINDS.keys()
    assert {key for key in KINDS if key.startswith("slack.")} | {"http.listen"} <= keys.keys()
    sections = "|".join(sorted({key.partition(".")[0] for key in KINDS if "." in key}))
    mentioned = set(re.findall(rf"`((?:{sections})\.[a-z_]+)`", DOC)) - {"slack.com"}
    assert {key.removesuffix("_file") for key in mentioned} <= KINDS.keys()
    variables = re.findall(r"MENTORBOT_(\w+)", DOC)
    assert variables
    assert {name.lower().replace("__", ".") for name in variables} <= KINDS.keys()


def test_the_configurations_of_the_guide_are_good(tmp_path: Path) -> None:
    examples = re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL)
    modes = list[str]()
    for example in examples:
        file = tmp_path / "config.yaml"
        file.write_text(example, encoding="utf-8")
        settings = load(file, {"MENTORBOT_HOME": str(tmp_path)}, {}, tmp_path)
        assert settings.slack.bot_tokens
        modes.append(settings.slack.mode)
    assert modes == ["socket", "http"]


def test_the_guide_quotes_what_check_says() -> None:
    assert check.__file__ is not None
    source = Path(check.__file__).read_text(encoding="utf-8")
    (rows,) = table("it says")
    said = [re.split("`", name)[0] for name in rows]
    assert len(said) == 10
    assert [words for words in said if words not in source] == []


def test_the_readme_leads_to_the_guide() -> None:
    assert "(docs/slack.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
