"""The rules of the house in the source: who imports what, who reads the clock, how long modules get."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SDKS = {"telegram": "telegram", "slack_bolt": "slack", "slack_sdk": "slack", "discord": "discord"}
"""The SDK's package, and the one adapter that may import it."""
SHARED_WITH_ADAPTERS = {
    "bot.ports",
    "bot.richtext",
    "bot.adapters.clocks",
    "bot.adapters.pacing",
    "bot.adapters.presses",
    "bot.adapters.showing",
}
CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
    ("func", "now"),
    ("func", "current_timestamp"),
}
LONGEST = 350
"""Lines of a module."""
PINS = ("requirements.txt", "requirements-postgres.txt", "requirements-dev.txt", "requirements-bench.txt")


def modules(*folders: str) -> Iterator[tuple[str, str]]:
    """Every module below the folders, as its path from the root and its text."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def ours() -> Iterator[Path]:
    """Every file of the project; what tools leave behind is not among them."""
    for top in sorted(ROOT.iterdir()):
        if top.name in {".git", ".venv", "build", "dist"} or top.name.endswith("_cache"):
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts and ".hypothesis" not in path.parts:
                yield path


def imported(path: str, text: str) -> set[str]:
    """The dotted names that a module imports, wherever in it; `from a import b` is both a and a.b."""
    names = set[str]()
    package = path.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) + 1 - node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def below(name: str, package: str) -> bool:
    """Whether a dotted name is the package or lies in it."""
    return name == package or name.startswith(f"{package}.")


def core_imports_bot(path: str, text: str) -> list[str]:
    return [name for name in imported(path, text) if path.startswith("core/") and below(name, "bot")]


def sdk_outside_its_adapter(path: str, text: str) -> list[str]:
    found = [(name, sdk) for name in imported(path, text) for sdk in SDKS if below(name, sdk)]
    homes = {sdk: (f"bot/adapters/{home}/", f"bot/adapters/{home}.py") for sdk, home in SDKS.items()}
    return [name for name, sdk in found if not path.startswith(homes[sdk])]


def adapter_imports_more_of_ours(path: str, text: str) -> list[str]:
    if not path.startswith("bot/adapters/") or path == "bot/adapters/__init__.py":
        return []
    own = "bot.adapters." + path.split("/")[2].removesuffix(".py")
    allowed = {*SHARED_WITH_ADAPTERS, own}
    packages = {"bot", "bot.adapters"}
    return [
        name
        for name in imported(path, text)
        if (below(name, "bot") or below(name, "core")) and name not in packages
        if not any(below(name, package) for package in allowed)
    ]


def clock_outside_app(path: str, text: str) -> list[str]:
    found = list[str]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            found += [f"{owner}.{node.attr}"] * ((owner, node.attr) in CLOCKS)
        elif isinstance(node, ast.ImportFrom):
            found += [
                f"{node.module}.{name.name}" for name in node.names if (node.module, name.name) in CLOCKS
            ]
    return [] if path == "bot/app.py" else found


def chance_without_a_seed(path: str, text: str) -> list[str]:
    allowed = {"random", "random.Random"}
    used = {name for name in imported(path, text) if below(name, "random")} - allowed
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "random":
            used |= {f"random.{node.attr}"} - allowed
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func) in {"Random", "random.Random"}
            and not node.args
        ):
            used.add("a Random() without a seed")
    return sorted(used)


def names_that_say_nothing(path: str, text: str) -> list[str]:
    vague = re.compile(r"utils?|helpers?|managers?|services?")
    found = [part for part in re.split(r"[/._]", path.removesuffix(".py")) if vague.fullmatch(part)]
    empty = re.compile(r"Base[A-Z]|.*(Impl|Manager|Service|Utils?)$")
    classes = [node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    return found + [name for name in classes if empty.match(name)]


def too_long(path: str, text: str) -> list[str]:
    lines = text.count("\n")
    # All tables stand in one module, and the migrations that make them.
    one_list = path.startswith(("core/store/tables.py", "core/store/migrations/versions/"))
    return [f"{path} has {lines} lines"] * (lines > LONGEST and not one_list)


RULES: dict[Callable[[str, str], list[str]], list[tuple[str, str]]] = {
    core_imports_bot: [
        ("core/users.py", "from bot.turn import Turn"),
        ("core/users.py", "def f():\n    import bot"),
        ("core/matching/hours.py", "import core.store.types, bot.ports as ports"),
    ],
    sdk_outside_its_adapter: [
        ("bot/app.py", "import telegram.ext"),
        ("bot/adapters/slack/parse.py", "from discord import Client"),
        ("core/users.py", "def f():\n    from slack_sdk.web import WebClient"),
    ],
    adapter_imports_more_of_ours: [
        ("bot/adapters/console.py", "from bot.router import Router"),
        ("bot/adapters/console.py", "from bot import turn"),
        ("bot/adapters/console.py", "from core.address import Address"),
        ("bot/adapters/slack/parse.py", "from bot.adapters.discord import parse"),
        ("bot/adapters/slack/parse.py", "from ..discord import parse"),
    ],
    clock_outside_app: [
        ("core/users.py", "now = datetime.now(UTC)"),
        ("core/users.py", "import datetime as d\nnow = d.datetime.utcnow"),
        ("bot/router.py", "from time import time"),
        ("bot/router.py", "Column(default=func.now())"),
    ],
    chance_without_a_seed: [
        ("core/users.py", "import random\nrandom.shuffle(x)"),
        ("core/users.py", "from random import choice"),
        ("core/users.py", "from random import Random\nRandom()"),
    ],
    names_that_say_nothing: [
        ("core/utils.py", ""),
        ("bot/dialogs/form_helpers.py", ""),
        ("bot/turn.py", "class BaseTurn: ..."),
        ("bot/turn.py", "class SessionManager: ..."),
    ],
    too_long: [("core/users.py", "x = 1\n" * (LONGEST + 1))],
}
"""Each rule, with sources that break it."""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Callable[[str, str], list[str]]) -> None:
    read = dict(modules("bot", "core"))
    assert "core/policy.py" in read
    assert {path: found for path, text in read.items() if (found := rule(path, text))} == {}


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [(rule, path, text) for rule, broken in RULES.items() for path, text in broken],
    ids=lambda value: value.__name__ if callable(value) else value[:40],
)
def test_the_rule_sees_what_breaks_it(rule: Callable[[str, str], list[str]], path: str, text: str) -> None:
    assert rule(path, text) != []


def test_what_the_house_allows_breaks_no_rule() -> None:
    allowed = {
        "bot/app.py": "from datetime import UTC, datetime\nnow = datetime.now(UTC)",
        "bot/router.py": "import time\nfrom random import Random\nt = time.monotonic()\nr = Random('a')",
        "bot/adapters/slack/adapter.py": "import slack_bolt\nfrom . import parse",
        "bot/adapters/console.py": "from bot import richtext\nfrom bot.ports import Address",
        "core/matching/scoring.py": "from core.policy import Weights\nnow = turn.now",
    }
    assert {
        (path, rule.__name__) for path, text in allowed.items() for rule in RULES if rule(path, text)
    } == set()


def test_starting_imports_no_chat_sdk() -> None:
    code = "import sys, bot.cli; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "bot" in loaded
    assert loaded & set(SDKS) == set()


def test_no_file_names_a_package_index_or_somebodys_machine() -> None:
    wrong = re.compile(
        r"(extra-)?index-url\s*[=:\s]\s*\S|find-links\s*[=:\s]\s*\S|pypi\.org|pythonhosted|/simple/?\s*$"
        r"|(?<![\w.])/(work|root|home/\w+|Users/\w+)/",
        re.MULTILINE,
    )
    found = dict[str, str]()
    for path in ours():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        if path != Path(__file__) and (match := wrong.search(text)):
            found[path.relative_to(ROOT).as_posix()] = match[0]
    assert found == {}
    assert wrong.search("--extra-index-url https://packages.example/")


@pytest.mark.parametrize("name", PINS)
def test_every_dependency_is_pinned_with_its_hashes(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) > 30
    pin = re.compile(r"[a-z0-9-]+==[\w.]+( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*")
    assert [line[:60] for line in pins if not pin.fullmatch(line)] == []


def test_the_pins_of_all_lists_agree() -> None:
    lists = [
        set(re.findall(r"^[a-z0-9-]+==[^\\\n]+", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in PINS
    ]
    assert all(small <= large for small, large in pairwise(lists))
