"""The guide for the host of a Telegram bot agrees with the commands, the settings and what `check` says."""

import re
from pathlib import Path

from bot.adapters.telegram import check
from bot.app import locales
from bot.commands import COMMANDS
from bot.config import load
from bot.config_keys import KINDS
from bot.messages import Catalogue

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "telegram.md").read_text(encoding="utf-8")
BOTFATHER = {
    *("newbot", "revoke", "setuserpic", "setdescription", "setabouttext", "setcommands", "setjoingroups"),
    "setprivacy",
}
PATHS = {"livez", "readyz", "telegram/"}


def table(head: str) -> dict[str, str]:
    """The rows of the table whose first column is named so: what stands between ` `, and the second column."""
    (part,) = re.findall(rf"^\| {head} \|.*\n\|---\|---\|\n((?:\|.*\n)+)", DOC, re.MULTILINE)
    rows = [row.strip("|").split("|", 1) for row in part.splitlines()]
    return {name.strip().strip("`"): what.strip() for name, what in rows}


def test_it_has_ten_steps() -> None:
    steps = re.findall(r"^### (\d+)\. ", DOC, re.MULTILINE)
    assert steps == [str(number) for number in range(1, 11)]


def test_it_lists_every_command_as_telegram_does() -> None:
    words = Catalogue.load(locales(), label=lambda name, _: name, default="en")
    about = {f"/{name}": words.text(f"help.about.{name}", {}, "en", "UTC") for name in COMMANDS}
    assert table("command") == about
    typed = set(re.findall(r"`/([a-z]+/?)[^`]*`", DOC))
    assert typed <= {*COMMANDS, *BOTFATHER, *PATHS, "cancel"}
    assert typed >= BOTFATHER


def test_it_names_every_setting_there_is() -> None:
    keys = table("key").keys()
    assert keys <= KINDS.keys()
    assert {key for key in KINDS if key.startswith("telegram.")} | {"http.listen"} <= keys
    sections = "|".join(sorted({key.partition(".")[0] for key in KINDS if "." in key}))
    mentioned = set(re.findall(rf"`((?:{sections})\.[a-z_]+)`", DOC))
    assert {key.removesuffix("_file") for key in mentioned} <= KINDS.keys()
    variables = re.findall(r"MENTORBOT_(\w+)", DOC)
    assert variables
    assert {name.lower().replace("__", ".") for name in variables} <= KINDS.keys()


def test_its_configurations_and_its_channel_are_good(tmp_path: Path) -> None:
    (channel,) = re.findall(r"`(telegram:\d+/-\d+)`", DOC)
    modes = list[str]()
    for example in re.findall(r"```yaml\n(.*?)```", DOC, re.DOTALL):
        file = tmp_path / "config.yaml"
        file.write_text(example, encoding="utf-8")
        given = {"requests.claim_channel": channel}
        settings = load(file, {"MENTORBOT_HOME": str(tmp_path)}, given, tmp_path)
        assert settings.telegram.tokens
        assert {who.platform for who in settings.organisers} <= {"telegram"}
        modes.append(settings.telegram.mode)
    assert modes == ["polling", "webhook"]


def test_it_quotes_what_check_says() -> None:
    assert check.__file__ is not None
    source = Path(check.__file__).read_text(encoding="utf-8")
    said = table("it says")
    assert len(said) == 10
    assert [words for words in said if words not in source] == []


def test_its_links_within_the_page_lead_somewhere() -> None:
    heads = re.findall(r"^#+ (.*)$", DOC, re.MULTILINE)
    places = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}
    links = re.findall(r"\]\(#([^)]+)\)", DOC)
    assert links
    assert set(links) <= places


def test_the_readme_leads_to_it() -> None:
    assert "(docs/telegram.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
