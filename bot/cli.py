"""The command line. What a command needs is imported when it runs: `--help` answers at once."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot import memory

if TYPE_CHECKING:
    from bot.config import Settings

FAULT, USAGE = 1, 2
DISCORD = "discord"
"""Invites the bot to a server, and no person."""


def parser() -> argparse.ArgumentParser:
    """Describe all commands."""
    top = argparse.ArgumentParser(prog="mentorbot", description="A mentoring service that lives in chat.")
    top.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the settings (default: config.yaml here, else in the data folder)",
    )
    top.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, before all others; may be repeated",
    )
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    demo = commands.add_parser("demo", help="play with an invented community, without any account")
    demo.add_argument("--console", action="store_true", help="in this terminal, not on a page")
    demo.add_argument("--seed", type=int, default=1, help="another number makes another community")
    demo.add_argument(
        "--port", type=int, help="where the page is served (default: 8765, or any that is free)"
    )
    demo.add_argument("--no-browser", action="store_true", help="only print where the page is")
    demo.add_argument("--resume", type=Path, help=argparse.SUPPRESS)

    for name, what in (("run", "run the service"), ("check", "look whether it would work; say what to mend")):
        command = commands.add_parser(name, help=what)
        # Where it is not written here, what was written before the command stays.
        command.add_argument(
            "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="the settings"
        )
        if name == "check":
            command.add_argument("--json", action="store_true", help="for programs: a list of findings")

    console = commands.add_parser("console", help="talk to the service from a terminal")
    console.add_argument("--as", dest="who", required=True, metavar="NAME", help="who speaks")

    bring = commands.add_parser("import", help="bring people in from a file")
    kinds = bring.add_subparsers(dest="what", metavar="WHAT", required=True)
    people = kinds.add_parser("people", help="mentors from a CSV file; known by the column ref")
    people.add_argument("file", type=Path)
    people.add_argument(
        "--strict", action="store_true", help="all or nothing: one faulty line stops the import"
    )

    courses = kinds.add_parser(
        "courses", help="courses from a folder, or from a CSV file; known by their slug"
    )
    courses.add_argument("file", type=Path, metavar="FOLDER_OR_FILE")
    courses.add_argument(
        "--strict", action="store_true", help="all or nothing: one faulty course stops the import"
    )

    hand_out = commands.add_parser("export", help="write out what an organiser may take along")
    parts = hand_out.add_subparsers(dest="what", metavar="WHAT", required=True)
    shelf = parts.add_parser("courses", help="all courses as folders, or as one CSV file")
    shelf.add_argument("file", type=Path, metavar="FOLDER_OR_FILE")

    verify = commands.add_parser("verify", help="confirm a certificate by its code")
    verify.add_argument("code")

    _evaluating(commands)

    find = commands.add_parser("find", help="rank mentors for a wish in free words")
    find.add_argument("words", nargs="+")
    find.add_argument("--limit", type=int, default=10)
    find.add_argument("--json", action="store_true")

    invite = commands.add_parser(
        "invite",
        help="make a code with which an imported person signs up; or the link that adds the bot to a server",
    )
    invite.add_argument(
        "ref",
        metavar="REF",
        help="whom: the person's ref in the file they were imported from. Or the word discord: print the link that "
        "adds the bot to a Discord server",
    )

    config = commands.add_parser("config", help="look at the settings")
    looks = config.add_subparsers(dest="what", metavar="WHAT", required=True)
    show = looks.add_parser("show", help="print all settings")
    show.add_argument("--origin", action="store_true", help="say where each comes from")

    manifest = commands.add_parser("manifest", help="print what a platform wants to know of the app")
    apps = manifest.add_subparsers(dest="platform", metavar="PLATFORM", required=True)
    slack = apps.add_parser("slack", help="the manifest of the Slack app, as YAML")
    slack.add_argument(
        "--http", metavar="URL", help="for slack.mode http: the public address of the web server"
    )

    commands.add_parser("migrate", help="bring the database to this version")

    backup = commands.add_parser("backup", help="copy the database while it is in use")
    backup.add_argument("file", type=Path)
    return top


def _evaluating(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    evaluate = commands.add_parser("evaluate", help="measure how good the service's models are")
    models = evaluate.add_subparsers(dest="what", metavar="WHAT", required=True)
    recommending = models.add_parser(
        "recommendations", help="all models of recommendations, on the courses taken here or on a file"
    )
    recommending.add_argument(
        "data",
        type=Path,
        nargs="?",
        metavar="DATA",
        help="lines of user,item[,rating[,time]], which may be packed by gzip; left out, what was taken here",
    )
    recommending.add_argument(
        "--protocol",
        choices=("last", "random", "folds"),
        default="last",
        help="what is held out: everybody's newest thing, a fifth of all lines, or all lines in five turns",
    )
    recommending.add_argument("--seed", type=int, default=1, help="another number holds out others")
    recommending.add_argument("--json", action="store_true")
    exposure = models.add_parser("exposure", help="what was recommended here, and what came of it")
    exposure.add_argument("--days", type=_days, default=30, help="how far back, from 1 to 365")
    exposure.add_argument("--json", action="store_true")


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= 365):
        raise argparse.ArgumentTypeError(f"{text[:20]} is no number of days from 1 to 365")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit code: 0 done, 1 failed, 2 called wrongly."""
    given = parser().parse_args(arguments)
    if given.command in ("demo", "run"):
        memory.starting()
    if given.command == "demo":
        return _demo(given)
    if given.command == "manifest":
        from bot import operations

        return operations.manifest(given.http)
    if given.command == "evaluate" and given.what == "recommendations" and given.data is not None:
        from bot.recommending import operations as recommending

        return recommending.evaluate(given.data, given.protocol, given.seed, as_json=given.json)
    settings = _settings(given)
    if settings is None:
        return USAGE
    from core.store.lock import Locked
    from core.store.migrate import TooNew
    from core.store.types import LostKeyError

    try:
        return (_evaluate if given.command == "evaluate" else _run)(given, settings)
    except Locked as error:
        return _fail(f"This database is in use by {error.holder}. Stop it first, or use another database.")
    except (LostKeyError, TooNew) as error:
        return _fail(f"{error}.")


def _run(given: argparse.Namespace, settings: "Settings") -> int:
    from bot import operations

    match given.command:
        case "run":
            return asyncio.run(operations.run(settings))
        case "check":
            return asyncio.run(operations.check(settings, as_json=given.json))
        case "console":
            from bot.stage import client

            return asyncio.run(client.console(settings, given.who))
        case "export" | "verify":
            return _learning(given, settings)
        case "import" if given.what == "courses":
            return _learning(given, settings)
        case "import":
            return asyncio.run(operations.import_people(settings, given.file, strict=given.strict))
        case "find":
            return asyncio.run(
                operations.find(settings, " ".join(given.words), given.limit, as_json=given.json)
            )
        case "invite":
            if given.ref == DISCORD:
                return asyncio.run(operations.invite_server(settings))
            return asyncio.run(operations.invite(settings, given.ref))
        case "migrate":
            return operations.migrate(settings)
        case "backup":
            return operations.backup(settings, given.file)
        case _:
            return operations.show_config(settings, origin=given.origin)


def _evaluate(given: argparse.Namespace, settings: "Settings") -> int:
    from bot.recommending import operations

    if given.what == "exposure":
        from bot.app import system_clock

        return operations.exposure(settings, system_clock(), given.days, as_json=given.json)
    return operations.evaluate_own(settings, given.protocol, given.seed, as_json=given.json)


def _learning(given: argparse.Namespace, settings: "Settings") -> int:
    from bot.learning import operations

    match given.command:
        case "import":
            return asyncio.run(operations.import_courses(settings, given.file, strict=given.strict))
        case "export":
            return asyncio.run(operations.export_courses(settings, given.file))
        case _:
            return asyncio.run(operations.verify(settings, given.code))


def _demo(given: argparse.Namespace) -> int:
    from bot.stage.demo import demo, on_page
    from bot.stage.terminal import Screen

    if given.console:
        return asyncio.run(demo(given.seed, given.resume, Screen()))
    return asyncio.run(on_page(given.seed, given.resume, given.port, browser=not given.no_browser))


def _settings(given: argparse.Namespace) -> "Settings | None":
    from bot.config import ConfigError, load

    overrides = {}
    for each in given.set:
        key, equals, value = each.partition("=")
        if not equals:
            _fail(f"--set {each}: write --set key=value")
            return None
        overrides[key] = value
    try:
        return load(given.config, os.environ, overrides, Path.cwd())
    except ConfigError as error:
        for problem in error.problems:
            _fail(str(problem))
        return None


def _fail(text: str) -> int:
    print(text, file=sys.stderr)
    return FAULT
