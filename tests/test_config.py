"""The settings: four places, one order, and mistakes that name the place, the key and the remedy."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.config import ConfigError, Settings, load, show
from bot.config_keys import KINDS
from core.address import Address
from core.policy import FORMATS, Policy, Weights

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "config.example.yaml"
KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
OTHER = {
    "signup.approve_mentors": "true",
    "signup.questions": "Which team are you in?",
    "database.url": "postgresql://ana:secret@db.example/mentors",
    "encryption.mode": "off",
    "encryption.keys": KEY,
    "organisers": "console:olga, slack:T1/U1",
    "console.socket": "127.0.0.1:8600",
    "slack.bot_tokens": "xoxb-1-abc, xoxb-2-def",
    "slack.app_token": "xapp-1-A1-abc",
    "slack.signing_secret": "8f742231b10e8888abcd99yyyzzz85a5",
    "slack.mode": "http",
    "slack.api_url": "http://127.0.0.1:9000/slack/api/",
    "telegram.tokens": "123456:AAExampleExampleExample1, 654321:AAExampleExampleExample2",
    "telegram.mode": "webhook",
    "telegram.webhook_url": "https://mentor.example.org:8443/mentors",
    "telegram.webhook_secret": "made_up-0",
    "telegram.api_url": "http://127.0.0.1:9000/telegram",
    "discord.token": "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0",
    "discord.shards": "2",
    "discord.room_channels": "1234567890123456789, 2234567890123456789",
    "discord.api_url": "http://127.0.0.1:9000/api/v10",
    "discord.gateway_url": "ws://127.0.0.1:9000/gateway",
    "http.listen": "127.0.0.1:8080",
    "http.page": "true",
    "requests.claim_channel": "slack:T1/C1",
    "mentorships.native_rooms": "off",
    "log.level": "debug",
    "log.format": "json",
    "community.name": "Ana & friends",
    "community.locale": "zh-TW",
    "community.zone": "Asia/Shanghai",
    "community.seed": "another",
    "community.consent_version": "2",
    "sessions.mentorship_length": "6w",
    "sessions.meeting_link": "https://meet.jit.si/ours-{room}",
    "sessions.meeting_hosts": "meet.jit.si, meet.example",
    "sessions.session_minutes": "30",
    "messages.quiet_from": "22:30",
    "messages.quiet_to": "7:15",
    "messages.flood_events": "50",
    "ranking.prior_stars": "3.5",
    "ranking.prior_ratings": "8",
    "sizes.text_limit": "1000",
    "sizes.name_limit": "60",
    "sizes.room_limit": "1500",
    "sizes.file_limit": "2000000",
    **{f"ranking.weights.{part.name}": "0.33" for part in fields(Weights)},
    **{f"requests.hours_of_format.{name}": "0.25" for name in FORMATS},
    **{f"retention.keep_{what}": "9 days" for what in ("runs", "events", "failed", "views", "showings")},
    **{f"requests.{name}": "90m" for name in ("first_wait", "next_wait", "claim_wait", "expected_wait")},
    "requests.budget_hours": "5",
    "sessions.late_change": "90m",
    "courses.idle_wait": "9 days",
    "recommendations.new_share": "0.2",
    "recommendations.new_course": "9 days",
}
"""A value that is not the key's default; a key that is not here takes 4."""
BESIDE = {
    "slack.bot_tokens": {"slack.app_token": OTHER["slack.app_token"]},
    "http.page": {"http.listen": OTHER["http.listen"]},
}
"""What must be set already when a key is set."""


@pytest.fixture(autouse=True)
def _own_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The usual folders lie in the test's own, whoever runs it."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def other(key: str) -> str:
    """A fitting value that is not the default of `key`."""
    return OTHER.get(key, "4")


def problems(
    tmp_path: Path,
    text: str = "",
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, str] | None = None,
) -> list[str]:
    """What is said about these settings, a line a mistake; `text` is what `config.yaml` says."""
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load(None, environ or {}, overrides or {}, tmp_path)
    return str(raised.value).replace(f"{tmp_path}/", "").splitlines()


def policy_of(settings: Settings) -> dict[str, object]:
    """The policy as one flat mapping, its groups of numbers opened."""
    policy = {part.name: getattr(settings.policy, part.name) for part in fields(Policy)}
    weights, hours = policy.pop("weights"), policy.pop("hours_of_format")
    return policy | {part.name: getattr(weights, part.name) for part in fields(Weights)} | dict(hours)


def test_with_nothing_written_everything_has_its_default(tmp_path: Path) -> None:
    settings = load(None, {"MENTORBOT_HOME": "data"}, {}, tmp_path)
    assert settings.policy == Policy()
    assert settings.home == tmp_path / "data"
    assert settings.database.url == f"sqlite:///{tmp_path / 'data' / 'mentorbot.db'}"
    assert settings.encryption.mode == "on"
    assert set(settings.origins.values()) == {"default"}


def test_without_a_named_data_folder_it_is_the_systems_own_and_the_key_lies_elsewhere(tmp_path: Path) -> None:
    settings = load(None, {}, {}, tmp_path)
    assert settings.home == tmp_path / "XDG_DATA_HOME" / "mentorbot"
    assert settings.key_file == tmp_path / "XDG_CONFIG_HOME" / "mentorbot" / "encryption.key"


def test_the_example_names_every_key_and_no_other() -> None:
    def keys(group: Mapping[str, object], prefix: str = "") -> set[str]:
        found = set[str]()
        for name, value in group.items():
            found |= keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}"}
        return found

    assert keys(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))) == set(KINDS)


def test_the_example_is_the_defaults(tmp_path: Path) -> None:
    written, default = load(EXAMPLE, {}, {}, tmp_path), load(None, {}, {}, tmp_path)
    assert show(written, origin=False) == show(default, origin=False)
    assert written.policy == default.policy
    assert "default" not in written.origins.values()


def test_the_example_explains_every_key() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    values = [number for number, line in enumerate(lines) if re.match(r"\s+\w+: \S|organisers:", line)]
    assert len(values) == len(KINDS)
    assert [lines[number] for number in values if not lines[number - 1].lstrip().startswith("#")] == []


@pytest.mark.parametrize("key", KINDS)
def test_every_key_is_set_from_a_file_a_variable_and_an_option_alike(key: str, tmp_path: Path) -> None:
    beside = BESIDE.get(key, {})
    default = load(None, {}, beside, tmp_path)
    file = tmp_path / "some.yaml"
    text: object = other(key)
    for part in reversed(key.split(".")):
        text = {part: text}
    file.write_text(yaml.safe_dump(text), encoding="utf-8")
    variable = "MENTORBOT_" + key.upper().replace(".", "__")
    from_file = load(file, {}, beside, tmp_path)
    from_variable = load(None, {variable: other(key)}, beside, tmp_path)
    from_option = load(None, {}, {**beside, key: other(key)}, tmp_path)
    assert from_file.origins[key] == f"{file}, line {key.count('.') + 1}"
    assert from_variable.origins[key] == variable
    assert from_option.origins[key] == "command line"
    shown = {show(settings, origin=False) for settings in (from_file, from_variable, from_option)}
    assert len(shown) == 1
    assert shown != {show(default, origin=False)}


def test_every_number_of_the_policy_has_a_key_of_its_own(tmp_path: Path) -> None:
    default = policy_of(load(None, {}, {}, tmp_path))
    changed = set[str]()
    for key in KINDS:
        now = policy_of(load(None, {}, {**BESIDE.get(key, {}), key: other(key)}, tmp_path))
        different = {name for name in now if now[name] != default[name]}
        assert different <= {"community" if key == "community.name" else key.rpartition(".")[2]}
        changed |= different
    assert changed == set(default)


def test_a_later_place_wins_over_an_earlier_one(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("requests: {open_requests: 4, next_mentors: 4, silent_offers: 4}")
    environ = {"MENTORBOT_REQUESTS__NEXT_MENTORS": "5", "MENTORBOT_REQUESTS__SILENT_OFFERS": "5"}
    policy = load(None, environ, {"requests.silent_offers": "6"}, tmp_path).policy
    assert (policy.open_requests, policy.next_mentors, policy.silent_offers) == (4, 5, 6)


def test_the_named_file_comes_before_the_working_folders_and_that_before_the_data_folders(
    tmp_path: Path,
) -> None:
    home, work, named = tmp_path / "data", tmp_path / "work", tmp_path / "named.yaml"
    home.mkdir()
    work.mkdir()
    environ = {"MENTORBOT_HOME": str(home)}
    names = list[str]()
    for path in (home / "config.yaml", work / "config.yaml", named):
        path.write_text(f"community: {{name: from {path.parent.name}/{path.name}}}", encoding="utf-8")
        config = named if named.exists() else None
        names.append(load(config, environ, {}, work).policy.community)
    assert names[:2] == ["from data/config.yaml", "from work/config.yaml"]
    assert names[2].endswith("named.yaml")


def test_null_is_the_default_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("requests:\nlog: {level: debug, format: ~}", encoding="utf-8")
    assert load(None, {}, {}, tmp_path).log.level == "debug"
    assert load(None, {"MENTORBOT_LOG__LEVEL": "null"}, {}, tmp_path).log.level == "info"
    assert load(None, {}, {"log.level": "null"}, tmp_path).log.level == "info"


def test_an_empty_variable_counts_as_not_written(tmp_path: Path) -> None:
    assert load(None, {"MENTORBOT_LOG__LEVEL": ""}, {}, tmp_path).origins["log.level"] == "default"


def test_words_that_yaml_takes_for_something_else_stay_words(tmp_path: Path) -> None:
    text = "encryption: {mode: off}\ncommunity: {name: no, locale: no}\nmessages: {quiet_from: 22:30}"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    settings = load(None, {}, {}, tmp_path)
    assert settings.encryption.mode == "off"
    assert (settings.policy.community, settings.policy.locale) == ("no", "no")
    assert settings.policy.quiet_from == 22 * 60 + 30


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90s", timedelta(seconds=90)),
        ("15m", timedelta(minutes=15)),
        ("24h", timedelta(hours=24)),
        ("24 hours", timedelta(hours=24)),
        ("1 day", timedelta(days=1)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_durations_are_written_as_people_write_them(text: str, span: timedelta, tmp_path: Path) -> None:
    assert load(None, {}, {"requests.first_wait": text}, tmp_path).policy.first_wait == span


@given(st.integers(min_value=60, max_value=30 * 86_400))
def test_a_duration_that_is_shown_can_be_read_again(seconds: int) -> None:
    kind, span = KINDS["requests.first_wait"], timedelta(seconds=seconds)
    assert kind.read(kind.show(span)) == span


@given(st.integers(min_value=0, max_value=1439))
def test_a_time_of_the_day_that_is_shown_can_be_read_again(minutes: int) -> None:
    kind = KINDS["messages.quiet_from"]
    assert kind.read(kind.show(minutes)) == minutes


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=40))
def test_any_text_is_read_or_refused_and_never_breaks(key: str, text: str) -> None:
    try:
        places = [load(None, {}, {key: text}, ROOT / "tests").origins[key]]
    except ConfigError as wrong:
        places = [problem.where for problem in wrong.problems]
    assert places == ["command line"]


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("requests.first_wait", "24"),
        ("requests.first_wait", "5 months"),
        ("requests.first_wait", "10s"),
        ("requests.open_requests", "0"),
        ("requests.open_requests", "3.5"),
        ("requests.open_requests", "three"),
        ("ranking.weights.topics", "1.1"),
        ("ranking.weights.topics", "-0.1"),
        ("ranking.weights.topics", "nan"),
        ("messages.quiet_from", "24:00"),
        ("messages.quiet_from", "9pm"),
        ("community.zone", "Mars/Olympus"),
        ("community.zone", "../etc/passwd"),
        ("community.zone", "America"),
        ("community.name", "x" * 81),
        ("database.url", "mysql://localhost/x"),
        ("database.url", "sqlite://"),
        ("database.url", "sqlite:///:memory:"),
        ("database.url", "postgresql://localhost"),
        ("database.url", "postgresql://localhost:port/x"),
        ("encryption.mode", "maybe"),
        ("encryption.keys", "c2hvcnQ="),
        ("organisers", "olga"),
        ("console.socket", "0.0.0.0:8600"),
        ("console.socket", "127.0.0.1:99999"),
        ("console.socket", "8600"),
        ("slack.bot_tokens", "xoxp-1-2"),
        ("slack.app_token", "xoxb-1-abc"),
        ("slack.signing_secret", "no secret"),
        ("slack.mode", "webhook"),
        ("slack.api_url", "http://slack.com/api/"),
        ("slack.api_url", "https://user@slack.com/api/"),
        ("slack.api_url", "https://slack.com/api/?a=b"),
        ("slack.api_url", "ftp://127.0.0.1/"),
        ("telegram.tokens", "xoxb-1-abc"),
        ("telegram.tokens", "123456"),
        ("telegram.tokens", "123456:short"),
        ("telegram.mode", "socket"),
        ("telegram.webhook_url", "http://mentor.example.org"),
        ("telegram.webhook_url", "https://user@mentor.example.org"),
        ("telegram.webhook_url", "https://mentor.example.org:8080"),
        ("telegram.webhook_url", "https://mentor.example.org:99999"),
        ("telegram.webhook_url", "https://mentor.example.org/?a=b"),
        ("telegram.webhook_secret", "with a space"),
        ("telegram.webhook_secret", "x" * 257),
        ("telegram.api_url", "http://api.telegram.org"),
        ("telegram.api_url", "https://user@api.telegram.org"),
        ("discord.token", "xoxb-1-abc"),
        ("discord.token", "MTIzNDU2Nzg5MDEyMzQ1Njc4"),
        ("discord.token", "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde"),
        ("discord.token", "Bot MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.abcdefghijklmnopqrstuvwxyz0"),
        ("discord.shards", "-1"),
        ("discord.shards", "1001"),
        ("discord.room_channels", "#mentors"),
        ("discord.room_channels", "1234"),
        ("discord.api_url", "http://discord.com/api/v10"),
        ("discord.gateway_url", "https://gateway.discord.gg"),
        ("discord.gateway_url", "ws://gateway.discord.gg"),
        ("discord.gateway_url", "wss://user@gateway.discord.gg"),
        ("discord.gateway_url", "wss://gateway.discord.gg:99999"),
        ("discord.gateway_url", "wss://gateway.discord.gg/?v=10"),
        ("http.listen", "8080"),
        ("http.listen", "0.0.0.0:0"),
        ("http.listen", "0.0.0.0:70000"),
        ("http.listen", "::1:8080"),
        ("requests.claim_channel", "#mentors"),
        ("requests.claim_channel", "slack:C1"),
        ("requests.claim_channel", "discord:1234567890123456789"),
        ("requests.claim_channel", "discord:5001/1234567890123456789"),
        ("requests.claim_channel", "discord:#mentors"),
        ("mentorships.native_rooms", "sometimes"),
        ("sessions.meeting_link", "http://meet.jit.si/{room}"),
        ("sessions.meeting_link", "https://meet.jit.si/ours"),
        ("sessions.meeting_link", "https://{room}.jit.si/"),
        ("sessions.meeting_link", "https://meet.jit.si@evil.example/{room}"),
        ("sessions.meeting_link", "https://evil.example/{room}"),
        ("sessions.meeting_link", "https://meet.jit.si/{room}/{0.__class__}"),
        ("retention.keep_events", "1 day"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_line(key: str, wrong: str, tmp_path: Path) -> None:
    section, _, name = key.rpartition(".")
    inner = f"{name}: {json.dumps(wrong)}"
    for part in reversed(section.split(".") if section else []):
        inner = f"{part}: {{{inner}}}"
    said = problems(tmp_path, f"# first\n{inner}\n")
    assert len(said) == 1
    assert said[0].startswith(f"config.yaml, line 2: {key}: ")


def test_all_mistakes_are_told_together_each_with_its_place_and_remedy(tmp_path: Path) -> None:
    said = problems(
        tmp_path,
        "requests:\n  frist_wait: 24h\n  open_requests: 99\nsession_minutes: 30\nlog: loud\nzebra: 1\n",
        {"MENTORBOT_DATABASE_URL": "sqlite:///x.db", "MENTORBOT_COMMUNITY__ZONE": "Europe/Lisbn"},
        {"log.levle": "debug"},
    )
    assert said == [
        "config.yaml, line 2: requests.frist_wait: there is no such key; did you mean requests.first_wait?",
        "config.yaml, line 3: requests.open_requests: “99” does not fit; write a whole number from 1 to 20",
        "config.yaml, line 4: session_minutes: there is no such key; did you mean sessions.session_minutes?",
        "config.yaml, line 5: log: is a group of keys and holds no value; write log.level, log.format",
        "config.yaml, line 6: zebra: there is no such key; config.example.yaml lists them",
        (
            "MENTORBOT_COMMUNITY__ZONE: community.zone: “Europe/Lisbn” does not fit; "
            "write a time zone such as Europe/Madrid; did you mean Europe/Lisbon?"
        ),
        "MENTORBOT_DATABASE_URL: database_url: there is no such key; did you mean MENTORBOT_DATABASE__URL?",
        "command line: log.levle: there is no such key; did you mean log.level?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a list", "config.yaml: has no keys"),
        ("log: [", "config.yaml, line 1: is not YAML"),
        (
            "log: {level: info}\nlog: {level: debug}",
            "config.yaml, line 2: log.level: log.level is given twice",
        ),
        ("log: {level: [info, debug]}", "config.yaml, line 1: log.level: “info, debug” does not fit"),
        ("log: {level: {name: info}}", "config.yaml, line 1: log.level: holds no keys of its own"),
        ("log: &all\n  more: *all", "config.yaml, line 2: log.more: there is no such key"),
        ("log: {level: \x07}", "config.yaml: is not YAML"),
        (
            "ranking: {weights: {topics: 1}, colour: {a: 1}}",
            "config.yaml, line 1: ranking.colour: there is no",
        ),
    ],
)
def test_a_file_that_is_no_settings_says_where(text: str, said: str, tmp_path: Path) -> None:
    assert problems(tmp_path, text)[0].startswith(said)


def test_a_file_in_another_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("community: {name: Málaga}".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not text in UTF-8"):
        load(Path("latin.yaml"), {}, {}, tmp_path)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.yaml: cannot be read .* --config"):
        load(Path("missing.yaml"), {}, {}, tmp_path)


def test_some_weight_must_count(tmp_path: Path) -> None:
    zeros = {f"ranking.weights.{part.name}": "0" for part in fields(Weights)}
    assert problems(tmp_path, "", None, zeros) == [
        "command line: ranking.weights: all are 0; give one of them more"
    ]


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{KEY}\n{KEY}\n", encoding="utf-8")
    (tmp_path / "config.yaml").write_text("encryption: {keys_file: keys}", encoding="utf-8")
    assert load(None, {}, {}, tmp_path).encryption.keys == (KEY, KEY)
    (tmp_path / "url").write_text("postgresql://u:p@h/d\n", encoding="utf-8")
    settings = load(None, {"MENTORBOT_DATABASE__URL_FILE": str(tmp_path / "url")}, {}, tmp_path)
    assert settings.database.url == "postgresql+psycopg://u:p@h/d"
    assert settings.origins["database.url"] == "MENTORBOT_DATABASE__URL_FILE"


def test_a_secret_given_twice_in_one_place_or_in_no_file_is_refused(tmp_path: Path) -> None:
    twice = f"encryption:\n  keys: [{KEY}]\n  keys_file: nowhere"
    assert problems(tmp_path, twice) == [
        "config.yaml, line 3: encryption.keys_file: encryption.keys is given twice; keep one of them"
    ]
    (said,) = problems(tmp_path, "encryption: {keys_file: nowhere}")
    assert said.startswith("config.yaml, line 1: encryption.keys_file: nowhere cannot be read")
    assert problems(tmp_path, "log: {level_file: nowhere}")[0].startswith(
        "config.yaml, line 1: log.level_file: there is no such key"
    )


def test_secrets_are_neither_shown_nor_repeated(tmp_path: Path) -> None:
    url = "postgresql://ana:p@ss@db.example/mentors?password=third&sslmode=require"
    settings = load(None, {}, {"database.url": url, "encryption.keys": KEY}, tmp_path)
    shown = show(settings, origin=True)
    assert "postgresql+psycopg://ana:***@db.example/mentors?password=***&sslmode=require" in shown
    assert "encryption.keys: [***]" in shown
    for secret in (KEY, "p@ss", "third"):
        assert secret not in shown
        assert secret not in repr(settings)
    said = problems(
        tmp_path, "", None, {"database.url": "mysql://ana:hunter2@db/x", "encryption.keys": "hunter2"}
    )
    assert len(said) == 2
    assert "hunter2" not in "".join(said)


def test_the_database_may_be_named_in_every_usual_way(tmp_path: Path) -> None:
    def url(text: str) -> str:
        return load(None, {}, {"database.url": text}, tmp_path).database.url

    assert url("sqlite:///here.db") == f"sqlite:///{tmp_path}/here.db"
    assert url("sqlite:////var/lib/mentors.db") == "sqlite:////var/lib/mentors.db"
    assert url("postgres://db/mentors") == "postgresql+psycopg://db/mentors"
    socket = "postgresql+psycopg://postgres:@/mentors?host=/tmp/socket"
    assert url(socket) == socket


def test_organisers_are_addresses(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("organisers: ['console:olga', 'slack:T1/U1']", encoding="utf-8")
    settings = load(None, {}, {}, tmp_path)
    assert settings.organisers == (Address("console", "olga"), Address("slack", "T1/U1"))
    assert "organisers: [console:olga, slack:T1/U1]" in show(settings, origin=False)


def test_the_console_listens_on_this_machine_or_on_a_socket(tmp_path: Path) -> None:
    def socket(text: str) -> tuple[str, int] | Path | None:
        return load(None, {}, {"console.socket": text}, tmp_path).console.socket

    assert socket("127.0.0.1:8600") == ("127.0.0.1", 8600)
    assert socket("[::1]:8600") == ("::1", 8600)
    assert socket("/run/mentorbot/console") == Path("/run/mentorbot/console")
    assert "console.socket: [::1]:8600\n" in show(
        load(None, {}, {"console.socket": "[::1]:8600"}, tmp_path), origin=False
    )


def test_the_web_server_listens_where_it_is_told(tmp_path: Path) -> None:
    def listen(text: str) -> tuple[str, int] | None:
        return load(None, {}, {"http.listen": text}, tmp_path).http.listen

    assert listen("null") is None
    assert listen("10.0.0.1:8080") == ("10.0.0.1", 8080)
    assert listen("mentors.example:80") == ("mentors.example", 80)
    assert listen("[::]:8080") == ("::", 8080)
    assert "http.listen: [::]:8080\n" in show(
        load(None, {}, {"http.listen": "[::]:8080"}, tmp_path), origin=False
    )


def test_the_address_of_an_api_ends_with_a_slash(tmp_path: Path) -> None:
    given = {"slack.api_url": "https://proxy.example/slack/api"}
    assert load(None, {}, given, tmp_path).slack.api_url == "https://proxy.example/slack/api/"


def test_the_addresses_of_telegram_end_without_one(tmp_path: Path) -> None:
    given = {"telegram.api_url": "https://proxy.example/", "telegram.webhook_url": "https://mentor.example/"}
    telegram = load(None, {}, given, tmp_path).telegram
    assert (telegram.api_url, telegram.webhook_url) == ("https://proxy.example", "https://mentor.example")


def test_the_addresses_of_discord_end_without_one_and_its_channels_are_ids(tmp_path: Path) -> None:
    given = {"discord.api_url": "https://proxy.example/api/", "discord.gateway_url": "ws://[::1]:9000/"}
    (tmp_path / "config.yaml").write_text(
        "discord: {room_channels: [1234567890123456789]}\nrequests: {claim_channel: discord:#1234567890123456789}",
        encoding="utf-8",
    )
    settings = load(None, {}, given, tmp_path)
    assert (settings.discord.api_url, settings.discord.gateway_url) == (
        "https://proxy.example/api",
        "ws://[::1]:9000",
    )
    assert settings.discord.room_channels == ("1234567890123456789",)
    assert Address.parse(str(settings.policy.claim_channel)) == Address("discord", "#1234567890123456789")


def test_what_the_mode_of_slack_needs_is_told_once_there_is_a_bot_token(tmp_path: Path) -> None:
    assert problems(tmp_path, "slack: {bot_tokens: [xoxb-1-abc]}") == [
        (
            "config.yaml, line 1: slack.app_token: is needed for slack.mode: socket; give the app-level token "
            "(xapp-…), or set slack.mode: http"
        )
    ]
    said = problems(tmp_path, "slack:\n  bot_tokens: [xoxb-1-abc]\n  mode: http")
    assert [line.partition(" is needed")[0] for line in said] == [
        "config.yaml, line 3: slack.signing_secret:",
        "config.yaml, line 3: http.listen:",
    ]
    (tmp_path / "config.yaml").write_text("slack: {mode: http}", encoding="utf-8")
    assert load(None, {}, {}, tmp_path).slack.bot_tokens == ()


def test_what_a_webhook_of_telegrams_needs_is_told_once_there_is_a_token(tmp_path: Path) -> None:
    said = problems(tmp_path, "telegram:\n  tokens: ['123456:AAExampleExampleExample1']\n  mode: webhook")
    assert [line.partition(";")[0] for line in said] == [
        f"config.yaml, line 3: {name}: is needed for telegram.mode: webhook"
        for name in ("telegram.webhook_url", "telegram.webhook_secret", "http.listen")
    ]
    for text in ("telegram: {mode: webhook}", "telegram: {tokens: ['123456:AAExampleExampleExample1']}"):
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        load(None, {}, {}, tmp_path)


def test_telegrams_secrets_are_neither_shown_nor_repeated(tmp_path: Path) -> None:
    names = ("telegram.tokens", "telegram.webhook_secret")
    settings = load(None, {}, {name: OTHER[name] for name in names}, tmp_path)
    shown = show(settings, origin=True)
    assert "telegram.tokens: [***, ***]" in shown
    assert "telegram.webhook_secret: ***" in shown
    for secret in (*OTHER["telegram.tokens"].split(", "), OTHER["telegram.webhook_secret"]):
        assert secret not in shown
        assert secret not in repr(settings)
    said = problems(tmp_path, "", None, dict.fromkeys(names, "hunter2/no"))
    assert len(said) == 2
    assert "hunter2" not in "".join(said)


def test_discords_token_is_neither_shown_nor_repeated(tmp_path: Path) -> None:
    token = OTHER["discord.token"]
    settings = load(None, {}, {"discord.token": token}, tmp_path)
    assert "discord.token: ***" in show(settings, origin=True)
    assert settings.discord.token == token
    assert token not in repr(settings)
    (said,) = problems(tmp_path, "", None, {"discord.token": "hunter2.no"})
    assert "hunter2" not in said
    assert "three parts" in said
    (tmp_path / "token").write_text(f"{token}\n", encoding="utf-8")
    environ = {"MENTORBOT_DISCORD__TOKEN_FILE": str(tmp_path / "token")}
    (tmp_path / "config.yaml").unlink()
    assert load(None, environ, {}, tmp_path).discord.token == token


def test_slacks_secrets_are_neither_shown_nor_repeated(tmp_path: Path) -> None:
    names = ("slack.bot_tokens", "slack.app_token", "slack.signing_secret")
    settings = load(None, {}, {name: OTHER[name] for name in names}, tmp_path)
    shown = show(settings, origin=True)
    assert "slack.bot_tokens: [***, ***]" in shown
    for secret in ("xoxb-1-abc", "xoxb-2-def", OTHER["slack.app_token"], OTHER["slack.signing_secret"]):
        assert secret not in shown
        assert secret not in repr(settings)
    said = problems(tmp_path, "", None, dict.fromkeys(names, "hunter2/no"))
    assert len(said) == 3
    assert "hunter2" not in "".join(said)


def test_a_token_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("xoxb-1-abc\nxoxb-2-def\n", encoding="utf-8")
    environ = {
        "MENTORBOT_SLACK__BOT_TOKENS_FILE": str(tmp_path / "tokens"),
        "MENTORBOT_SLACK__APP_TOKEN": "xoxb-1",
    }
    with pytest.raises(ConfigError, match=r"slack\.app_token: the value does not fit"):
        load(None, environ, {}, tmp_path)
    environ["MENTORBOT_SLACK__APP_TOKEN"] = "xapp-1-A1-abc"
    assert load(None, environ, {}, tmp_path).slack.bot_tokens == ("xoxb-1-abc", "xoxb-2-def")


def test_what_is_shown_says_where_it_comes_from(tmp_path: Path) -> None:
    lines = show(load(None, {"MENTORBOT_LOG__LEVEL": "debug"}, {}, tmp_path), origin=True).splitlines()
    assert len(lines) == len(KINDS)
    assert [re.split(r" +# ", line) for line in lines if line.startswith("log.")] == [
        ["log.level: debug", "MENTORBOT_LOG__LEVEL"],
        ["log.format: text", "default"],
    ]


@pytest.mark.parametrize(
    "listen", ["0.0.0.0:8080", "192.168.1.4:8080", "mentors.example:80", "[::]:8080", "null"]
)
def test_the_page_is_served_on_this_machine_alone(tmp_path: Path, listen: str) -> None:
    (said,) = problems(
        tmp_path, f"http:\n  listen: {listen if listen == 'null' else repr(listen)}\n  page: true"
    )
    assert said.startswith("config.yaml, line 3: http.page: lets whoever opens it be anybody")
    for here in ("127.0.0.1:8080", "localhost:8080", "[::1]:8080"):
        assert load(None, {}, {"http.listen": here, "http.page": "true"}, tmp_path).http.page
