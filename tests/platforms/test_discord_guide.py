"""The guide for the host of a Discord bot agrees with the commands, the permissions, the settings and `check`."""

import re
from pathlib import Path

from bot.adapters.discord import check, inquiry, servers
from bot.adapters.discord.commands import NAME, WITH_WORDS, definitions
from bot.adapters.discord.parse import WORDS as OPTION
from bot.adapters.discord.permissions import PERMISSIONS, SCOPES, number
from bot.app import locales
from bot.cli import parser
from bot.commands import COMMANDS
from bot.config import load
from bot.config_keys import KINDS
from bot.messages import Catalogue
from bot.outbox.settle import HELD_FOR
from bot.program import commands, own
from core.policy import Policy

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "discord.md").read_text(encoding="utf-8")
WORDS = Catalogue.load(locales(), label=lambda name, _: name, default="en")


def table(head: str) -> dict[str, str]:
    """The rows of the table whose first column is named so: what stands between ` ` or ** **, and the second column."""
    (part,) = re.findall(rf"^\| {head} \|.*\n\|---\|---\|\n((?:\|.*\n)+)", DOC, re.MULTILINE)
    rows = [row.strip("|").split("|", 1) for row in part.splitlines()]
    return {name.strip().strip("`*"): what.strip() for name, what in rows}


def test_it_has_ten_steps() -> None:
    steps = re.findall(r"^### (\d+)\. ", DOC, re.MULTILINE)
    assert steps == [str(step) for step in range(1, 11)]
    mentioned = {
        int(step) for each in re.findall(r"steps? (\d+(?: and \d+)?)", DOC) for step in each.split(" and ")
    }
    assert mentioned <= set(range(1, 11))


def test_it_lists_every_command_and_menu_as_discord_does() -> None:
    mentor, ask, report = definitions(commands(WORDS, Policy()), ["en"], own(WORDS, Policy()))
    about = {f"/{NAME} {each['name']}": each["description"] for each in mentor["options"]}
    assert table("command") == about
    assert table("menu").keys() == {ask["name"], report["name"]}
    typed = re.findall(rf"`/{NAME} (\w+)(?: (\w+): [^`]+)?`", DOC)
    assert {name for name, _ in typed} <= COMMANDS.keys()
    assert {(name, option) for name, option in typed if option} == {("find", OPTION), ("signup", OPTION)}
    assert {"find", "signup"} <= WITH_WORDS


def test_its_commands_for_the_host_are_there() -> None:
    lines = re.findall(r"(?:^ {4}|`)mentorbot ([\w ]+)", DOC, re.MULTILINE)
    assert {"check", "run", "invite discord", "invite REF"} <= {line.strip() for line in lines}
    for line in lines:
        assert parser().parse_args(line.split()).command == line.split()[0]


def test_it_names_every_permission_with_its_reason_and_no_other() -> None:
    assert table("permission") == {each.name: each.why for each in PERMISSIONS}
    assert f"that is {number(PERMISSIONS)}." in DOC
    assert all(f"`{scope}`" in DOC for scope in SCOPES)


def test_it_names_every_setting_there_is() -> None:
    keys = table("key").keys()
    assert keys <= KINDS.keys()
    assert {key for key in KINDS if key.startswith("discord.")} | {"http.listen"} <= keys
    sections = "|".join(sorted({key.partition(".")[0] for key in KINDS if "." in key}))
    mentioned = set(re.findall(rf"`((?:{sections})\.[a-z_]+)`", DOC)) - {"discord.com"}
    assert {key.removesuffix("_file") for key in mentioned} <= KINDS.keys()
    variables = re.findall(r"MENTORBOT_(\w+)", DOC)
    assert variables
    assert {name.lower().replace("__", ".") for name in variables} <= KINDS.keys()


def test_its_configurations_and_its_channel_are_good(tmp_path: Path) -> None:
    (channel,) = re.findall(r"`(discord:#\d+)`", DOC)
    rooms = list[int]()
    for example in re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL):
        file = tmp_path / "config.yaml"
        file.write_text(example, encoding="utf-8")
        given = {"requests.claim_channel": channel}
        settings = load(file, {"MENTORBOT_HOME": str(tmp_path)}, given, tmp_path)
        assert settings.discord.token
        assert {who.platform for who in settings.organisers} <= {"discord"}
        rooms.append(len(settings.discord.room_channels))
    assert rooms == [0, 1]


def test_it_says_how_long_messages_wait_and_how_many_servers_a_shard_has() -> None:
    assert HELD_FOR.days == 14
    assert "waits for two weeks" in DOC
    assert f"up to {check.EACH:,} servers" in DOC


def test_it_quotes_what_check_says() -> None:
    files = [str(module.__file__) for module in (check, servers, inquiry)]
    source = "".join(Path(file).read_text(encoding="utf-8") for file in files)
    said = table("it says")
    assert len(said) == 15
    assert [words for words in said if words not in source] == []


def test_its_links_within_the_page_lead_somewhere() -> None:
    heads = re.findall(r"^#+ (.*)$", DOC, re.MULTILINE)
    places = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    links = re.findall(r"\]\(#([^)]+)\)", DOC)
    assert links
    assert set(links) <= places


def test_its_buttons_are_called_so() -> None:
    assert "**I can help**" in DOC
    assert WORDS.text("claim.button.help", {}, "en", "UTC") == "I can help"
    assert f"*{WORDS.text('room.button.here', {}, 'en', 'UTC')}*" in DOC


def test_the_readme_leads_to_it() -> None:
    assert "(docs/discord.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
