"""What Discord lists of the bot: names, descriptions and their languages; and when it has changed."""

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.discord.commands import LOCALES, definitions, digest
from bot.commands import COMMANDS
from bot.ports import Known
from tests.platforms.discord_limits import check_commands

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "mentor": "Find a mentor, and everything about your mentorships",
        "words": "words",
        "words_about": "What you would say",
        "ask_me": "Ask to mentor me",
        "report_message": "Report",
    },
    "zh": {
        "mentor": "找导师，以及和导师有关的一切",
        "words": "内容",
        "words_about": "用自己的话说",
        "ask_me": "请TA做我的导师",
        "report_message": "举报",
        "command_find": "找导师",
        "command_pause": "Not A Name",
    },
}


def commands(language: str) -> list[Known]:
    return [Known(name, f"{language} about {name}") for name in COMMANDS]


def words(language: str | None) -> Mapping[str, str]:
    return WORDS[language or "en"]


def listed(*languages: str) -> list[dict[str, Any]]:
    found = definitions(commands, languages, words)
    check_commands(found)
    return found


def test_all_commands_stand_below_one_and_the_menus_beside_it() -> None:
    mentor, ask, report = listed("en", "zh")
    assert (mentor["name"], mentor["type"]) == ("mentor", 1)
    assert [each["name"] for each in mentor["options"]] == list(COMMANDS)
    assert (ask["name"], ask["type"], ask["contexts"]) == ("Ask to mentor me", 2, [0])
    assert (report["name"], report["type"], report["contexts"]) == ("Report", 3, [0, 1])


def test_find_takes_words_and_completes_them() -> None:
    mentor, *_ = listed("en", "zh")
    below = {each["name"]: each for each in mentor["options"]}
    assert below["find"] == {
        "type": 1,
        "name": "find",
        "name_localizations": {"zh-CN": "找导师", "zh-TW": "找导师"},
        "description": "en about find",
        "description_localizations": {"zh-CN": "zh about find", "zh-TW": "zh about find"},
        "options": [
            {
                "type": 3,
                "name": "words",
                "name_localizations": {
                    "en-GB": "words", "en-US": "words", "zh-CN": "内容", "zh-TW": "内容",
                },
                "description": "What you would say",
                "description_localizations": {"zh-CN": "用自己的话说", "zh-TW": "用自己的话说"},
                "required": False,
                "max_length": 500,
                "autocomplete": True,
            }
        ],
    }  # fmt: skip
    assert "autocomplete" not in below["pause"]["options"][0]
    assert "name_localizations" not in below["pause"]
    assert "options" not in below["help"]


def test_the_first_language_is_for_everybody_else() -> None:
    mentor, ask, _ = listed("zh", "en")
    assert mentor["description"] == "找导师，以及和导师有关的一切"
    assert mentor["description_localizations"] == dict.fromkeys(
        ("en-GB", "en-US"), "Find a mentor, and everything about your mentorships"
    )
    assert (ask["name"], ask["name_localizations"]["en-US"]) == ("请TA做我的导师", "Ask to mentor me")


def test_one_language_needs_no_others() -> None:
    assert "description_localizations" not in str(listed("en"))


def test_a_language_is_under_all_of_discords_names_for_it_unless_there_is_a_closer_one() -> None:
    own = {
        "en": WORDS["en"],
        "es": {**WORDS["en"], "mentor": "es"},
        "es-419": {**WORDS["en"], "mentor": "es-419"},
    }
    mentor, *_ = definitions(
        commands, ("en", "es", "es-419", "xx"), lambda language: own.get(language or "", WORDS["en"])
    )
    assert mentor["description_localizations"] == {"es-ES": "es", "es-419": "es-419"}
    assert len(LOCALES) == 32


@given(st.text(max_size=300), st.text(max_size=300), st.integers(1, 40))
def test_whatever_the_words_are_discord_takes_them(text: str, about: str, count: int) -> None:
    found = definitions(
        lambda language: [Known(f"c{n}", about + language) for n in range(count)],
        ("en", "zh"),
        lambda _: (
            dict.fromkeys(("mentor", "words", "words_about", "ask_me", "report_message"), text)
            | {"command_c1": text}
        ),
    )
    check_commands(found)


def test_the_digest_is_that_of_what_discord_tells_of_the_same_commands() -> None:
    ours = listed("en", "zh")
    theirs = copy.deepcopy(ours)
    for number, each in enumerate(theirs):
        each |= {
            "id": str(number), "application_id": "1", "version": "2", "nsfw": False, "dm_permission": True,
            "default_member_permissions": None, "description": each.get("description", ""),
        }  # fmt: skip
        each.setdefault("description_localizations", None)
        each["contexts"].reverse()
    theirs[0]["options"][0].pop("required", None)
    assert digest(theirs[::-1]) == digest(ours)
    theirs[0]["options"][1]["description"] += "."
    assert digest(theirs) != digest(ours)
    assert digest([]) != digest(ours)
