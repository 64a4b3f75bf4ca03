"""The settings: what the host of a programme may choose, from four places into one frozen value.

Default < file < environment < command line. `config_keys` says what a key may hold; the defaults of the
programme are those of `core.policy`. Everything is read as text, so that `21:00` and `off` mean the same in a
file, in a variable and in an option. Mistakes are collected and told together.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs

from bot.config_keys import KINDS, Kind
from bot.config_sources import (
    HOME,
    Given,
    Problem,
    from_command_line,
    from_environment,
    from_file,
    read,
    secret_in_file,
    unknown,
)
from core.address import Address
from core.policy import FORMATS, Policy, Weights

DEFAULT = "default"


class ConfigError(Exception):
    """The settings hold mistakes; `problems` lists all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Database:
    """Where everything is stored: an SQLAlchemy URL, `sqlite:///…` or `postgresql+psycopg://…`."""

    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Encryption:
    """Whether private text is sealed, and with which Fernet keys: the first seals, every one opens."""

    mode: str
    keys: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Console:
    """Where `run` listens for JSON lines: a host and port of this machine, a path, or nowhere."""

    socket: tuple[str, int] | Path | None


@dataclass(frozen=True, slots=True)
class Slack:
    """How to reach Slack: a bot token for each workspace, and what the chosen mode needs."""

    bot_tokens: tuple[str, ...] = field(repr=False)
    app_token: str | None = field(repr=False)
    signing_secret: str | None = field(repr=False)
    mode: str
    api_url: str


@dataclass(frozen=True, slots=True)
class Telegram:
    """How to reach Telegram: a token for each bot, and where it brings updates in the mode webhook."""

    tokens: tuple[str, ...] = field(repr=False)
    mode: str
    api_url: str
    webhook_url: str | None
    webhook_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Discord:
    """How to reach Discord: the bot's token, in how many shards, and where pairs get threads of their own."""

    token: str | None = field(repr=False)
    shards: int
    room_channels: tuple[str, ...]
    api_url: str
    gateway_url: str


@dataclass(frozen=True, slots=True)
class Http:
    """Where the web server listens, or nowhere; and whether it serves the page on which one can be anybody."""

    listen: tuple[str, int] | None
    page: bool


@dataclass(frozen=True, slots=True)
class Log:
    """What is logged, and how it looks."""

    level: str
    format: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of one process; `origins` says for each key where its value comes from."""

    home: Path
    key_file: Path
    """Where the program keeps the key it made because none was configured; never beside the database."""
    database: Database
    encryption: Encryption
    organisers: tuple[Address, ...]
    console: Console
    slack: Slack
    telegram: Telegram
    discord: Discord
    http: Http
    log: Log
    policy: Policy
    origins: Mapping[str, str]


LOOPBACK = {"127.0.0.1", "localhost", "::1"}

_OWN: Mapping[str, object] = {
    "encryption.mode": "on",
    "encryption.keys": (),
    "organisers": (),
    "console.socket": None,
    "slack.bot_tokens": (),
    "slack.app_token": None,
    "slack.signing_secret": None,
    "slack.mode": "socket",
    "slack.api_url": "https://slack.com/api/",
    "telegram.tokens": (),
    "telegram.mode": "polling",
    "telegram.webhook_url": None,
    "telegram.webhook_secret": None,
    "telegram.api_url": "https://api.telegram.org",
    "discord.token": None,
    "discord.shards": 0,
    "discord.room_channels": (),
    "discord.api_url": "https://discord.com/api/v10",
    "discord.gateway_url": "wss://gateway.discord.gg",
    "http.listen": None,
    "http.page": False,
    "log.level": "info",
    "log.format": "text",
}
"""The defaults of the keys that core never sees; the database's depends on the data folder."""


def load(
    config: Path | None, environ: Mapping[str, str], overrides: Mapping[str, str], cwd: Path
) -> Settings:
    """The settings; `config` is the file that was named, `overrides` the options. Raises `ConfigError`."""
    home = platformdirs.user_data_path("mentorbot", appauthor=False)
    if environ.get(HOME):
        home = cwd / Path(environ[HOME]).expanduser()
    defaults = _defaults(home)
    values, origins, problems = dict(defaults), dict.fromkeys(KINDS, DEFAULT), list[Problem]()
    levels = (from_file(config, cwd, home), from_environment(environ, cwd), from_command_line(overrides, cwd))
    for level in levels:
        seen = set[str]()
        for given in level:
            value = given if isinstance(given, Problem) else _settle(given, defaults, seen)
            if isinstance(value, Problem):
                problems.append(value)
            else:
                values.update(value)
                origins.update(dict.fromkeys(value, given.where))
    problems += _contradictions(values, origins)
    if problems:
        raise ConfigError(problems)
    return _settings(home, cwd, values, origins)


def show(settings: Settings, *, origin: bool) -> str:
    """Every key with its value, a line each, secrets as `***`; with its origin after it when asked."""
    lines = [f"{name}: {_shown(kind, _held(settings, name))}" for name, kind in KINDS.items()]
    if not origin:
        return "\n".join(lines)
    width = min(48, max(map(len, lines)))
    return "\n".join(
        f"{line:{width}}  # {settings.origins[name]}" for line, name in zip(lines, KINDS, strict=True)
    )


def _defaults(home: Path) -> Mapping[str, object]:
    own = {**_OWN, "database.url": f"sqlite:///{home / 'mentorbot.db'}"}
    return {name: own[name] if name in own else _of_policy(Policy(), name) for name in KINDS}


def _settle(given: Given, defaults: Mapping[str, object], seen: set[str]) -> Mapping[str, object] | Problem:
    """The one key with its value; `seen` are the keys that the same place has given before."""
    name = secret_in_file(given.name) or given.name
    if name not in KINDS:
        return unknown(given)
    if name in seen:
        return Problem(given.where, given.name, f"{name} is given twice; keep one of them")
    seen.add(name)
    value = defaults[name] if given.raw is None else read(given)
    return value if isinstance(value, Problem) else {name: value}


def _contradictions(values: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[Problem]:
    link, hosts = "sessions.meeting_link", "sessions.meeting_hosts"
    if urlsplit(values[link]).hostname not in values[hosts]:
        yield Problem(_spot(origins, link, hosts), link, f"its host is not among {hosts}; add it there")
    weights = [name for name in KINDS if name.startswith("ranking.weights.")]
    if not any(values[name] for name in weights):
        yield Problem(_spot(origins, *weights), "ranking.weights", "all are 0; give one of them more")
    if values["http.page"] and (values["http.listen"] or ("", 0))[0] not in LOOPBACK:
        remedy = "lets whoever opens it be anybody, so it needs http.listen on this machine, such as 127.0.0.1:8080"
        yield Problem(_spot(origins, "http.page", "http.listen"), "http.page", remedy)
    if values["slack.bot_tokens"]:
        yield from _missing_for_slack(values, origins)
    if values["telegram.tokens"] and values["telegram.mode"] == "webhook":
        yield from _missing_for_webhook(values, origins)


def _missing_for_slack(values: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[Problem]:
    """What the chosen mode needs; without a bot token nothing of Slack's is used."""
    where = _spot(origins, "slack.mode", "slack.bot_tokens")
    if values["slack.mode"] == "socket":
        if values["slack.app_token"] is None:
            remedy = (
                "is needed for slack.mode: socket; give the app-level token (xapp-…), or set slack.mode: http"
            )
            yield Problem(where, "slack.app_token", remedy)
        return
    if values["slack.signing_secret"] is None:
        remedy = "is needed for slack.mode: http; it stands under Basic Information on the app's page"
        yield Problem(where, "slack.signing_secret", remedy)
    if values["http.listen"] is None:
        remedy = "is needed for slack.mode: http; write where Slack's requests arrive, such as 0.0.0.0:8080"
        yield Problem(where, "http.listen", remedy)


def _missing_for_webhook(values: Mapping[str, Any], origins: Mapping[str, str]) -> Iterator[Problem]:
    """What the mode webhook needs; polling needs tokens alone."""
    where = _spot(origins, "telegram.mode", "telegram.tokens")
    needed = {
        "telegram.webhook_url": "give the https address under which Telegram reaches the web server, or set "
        "telegram.mode: polling",
        "telegram.webhook_secret": "make one up, with which Telegram shows that a request is its own",
        "http.listen": "write where Telegram's requests arrive, such as 127.0.0.1:8080",
    }
    for name, remedy in needed.items():
        if values[name] is None:
            yield Problem(where, name, f"is needed for telegram.mode: webhook; {remedy}")


def _spot(origins: Mapping[str, str], *names: str) -> str:
    return next((origins[name] for name in names if origins[name] != DEFAULT), DEFAULT)


def _settings(home: Path, cwd: Path, values: Mapping[str, Any], origins: Mapping[str, str]) -> Settings:
    known = {part.name for part in fields(Policy)}
    numbers = {_field(name): value for name, value in values.items() if _field(name) in known}
    numbers["hours_of_format"] = {name: values[f"requests.hours_of_format.{name}"] for name in FORMATS}
    weights = {part.name: values[f"ranking.weights.{part.name}"] for part in fields(Weights)}
    scheme, _, file = values["database.url"].partition(":///")
    return Settings(
        home=home,
        key_file=platformdirs.user_config_path("mentorbot", appauthor=False) / "encryption.key",
        # The same settings name the same file wherever a later process starts.
        database=Database(f"sqlite:///{cwd / file}" if scheme == "sqlite" else values["database.url"]),
        encryption=Encryption(values["encryption.mode"], values["encryption.keys"]),
        organisers=values["organisers"],
        console=Console(values["console.socket"]),
        slack=Slack(**{part.name: values[f"slack.{part.name}"] for part in fields(Slack)}),
        telegram=Telegram(**{part.name: values[f"telegram.{part.name}"] for part in fields(Telegram)}),
        discord=Discord(**{part.name: values[f"discord.{part.name}"] for part in fields(Discord)}),
        http=Http(values["http.listen"], values["http.page"]),
        log=Log(values["log.level"], values["log.format"]),
        policy=Policy(weights=Weights(**weights), **numbers),
        origins=origins,
    )


def _field(name: str) -> str:
    """The field of `Policy` that a key fills by itself; a group of numbers is filled as a whole."""
    if name == "community.name":
        return "community"
    return name.rpartition(".")[2] if name.count(".") == 1 else ""


def _of_policy(policy: Policy, name: str) -> object:
    group, _, leaf = name.rpartition(".")
    if group == "ranking.weights":
        return getattr(policy.weights, leaf)
    if group == "requests.hours_of_format":
        return policy.hours_of_format[leaf]
    return getattr(policy, _field(name))


def _held(settings: Settings, name: str) -> object:
    if name in _OWN or name == "database.url":
        return reduce(getattr, name.split("."), settings)
    return _of_policy(settings.policy, name)


def _shown(kind: Kind, value: Any) -> str:  # noqa: ANN401 - what the kind has read
    if value is None:
        return "null"
    return f"[{', '.join(map(kind.show, value))}]" if kind.many else kind.show(value)
