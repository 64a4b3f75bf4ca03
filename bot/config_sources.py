"""Where settings are written: a file, the environment and the command line, read into what was `Given`.

A mistake is a `Problem` that names the place and the remedy, and never repeats a secret.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.config_keys import KINDS, SECTIONS

PREFIX = "MENTORBOT_"
HOME = "MENTORBOT_HOME"
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake in the settings: where it stands, its key, and what to do about it."""

    where: str
    key: str
    remedy: str

    def __str__(self) -> str:
        """One line for the terminal."""
        return f"{self.where}: {self.key}: {self.remedy}" if self.key else f"{self.where}: {self.remedy}"


@dataclass(frozen=True, slots=True)
class Given:
    """A value as somebody wrote it: a text, a list of texts, or nothing, which is the default."""

    where: str
    name: str
    raw: str | tuple[str, ...] | None
    folder: Path


def from_file(config: Path | None, cwd: Path, home: Path) -> Iterator[Given | Problem]:
    """What the file says that was named, or the first of the two usual ones that exists."""
    path = cwd / config.expanduser() if config else None
    path = path or next((at for at in (cwd / "config.yaml", home / "config.yaml") if at.is_file()), None)
    if path is None:
        return
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as wrong:
        yield Problem(str(path), "", f"cannot be read ({wrong.strerror}); name another file with --config")
    except UnicodeDecodeError:
        yield Problem(str(path), "", "is not text in UTF-8; save it as UTF-8")
    except yaml.MarkedYAMLError as wrong:
        line = f", line {wrong.problem_mark.line + 1}" if wrong.problem_mark else ""
        yield Problem(f"{path}{line}", "", f"is not YAML ({wrong.problem}); see config.example.yaml")
    except yaml.YAMLError:
        yield Problem(str(path), "", "is not YAML: a character in it is not allowed; see config.example.yaml")
    else:
        if isinstance(node, yaml.MappingNode):
            yield from _written(node, path, "")
        elif node is not None:
            yield Problem(str(path), "", "has no keys; write `key: value`, as in config.example.yaml")


def _written(node: yaml.MappingNode, path: Path, prefix: str) -> Iterator[Given | Problem]:
    for left, right in node.value:
        name, where = f"{prefix}{left.value}", f"{path}, line {left.start_mark.line + 1}"
        raw = None if right.tag == "tag:yaml.org,2002:null" else right.value
        if name in SECTIONS and isinstance(right, yaml.MappingNode):
            yield from _written(right, path, f"{name}.")
        elif name in SECTIONS and raw is None:
            continue
        elif isinstance(right, yaml.ScalarNode):
            yield Given(where, name, raw, path.parent)
        elif isinstance(right, yaml.SequenceNode) and all(
            isinstance(item, yaml.ScalarNode) for item in right.value
        ):
            yield Given(where, name, tuple(item.value for item in right.value), path.parent)
        elif name in KINDS:
            yield Problem(where, name, f"holds no keys of its own; write {KINDS[name].says}")
        else:
            yield Given(where, name, None, path.parent)


def from_environment(environ: Mapping[str, str], cwd: Path) -> Iterator[Given]:
    """What the variables say: `MENTORBOT_LOG__LEVEL` is `log.level`. An empty one counts as not written."""
    for name in sorted(environ):
        if name.startswith(PREFIX) and name != HOME and environ[name]:
            key = name.removeprefix(PREFIX).lower().replace("__", ".")
            yield Given(name, key, _text_or_none(environ[name]), cwd)


def from_command_line(overrides: Mapping[str, str], cwd: Path) -> Iterator[Given]:
    """What the options say, by dotted key."""
    for name, raw in overrides.items():
        yield Given(COMMAND_LINE, name, _text_or_none(raw), cwd)


def _text_or_none(raw: str) -> str | None:
    return None if raw.strip() in {"null", "~"} else raw


def secret_in_file(name: str) -> str | None:
    """The secret key whose value stands in the file that `<key>_file` names."""
    key = name.removesuffix("_file")
    return key if key != name and key in KINDS and KINDS[key].secret else None


def read(given: Given) -> object:
    """The value, or the `Problem` with it."""
    name, raw = given.name, given.raw
    if secret := secret_in_file(given.name):
        name, path = secret, given.folder / Path(str(raw)).expanduser()
        try:
            raw = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as wrong:
            return Problem(
                given.where, given.name, f"{path} cannot be read ({type(wrong).__name__}); name another file"
            )
    kind, hint = KINDS[name], ""
    try:
        if kind.many:
            parts = raw if isinstance(raw, tuple) else re.split(r"[,\n]", str(raw))
            return tuple(kind.read(part.strip()) for part in parts if part.strip())
        if isinstance(raw, str):
            return kind.read(raw.strip())
    except ValueError as wrong:
        hint = f"; {wrong}" if str(wrong).startswith("did you mean") else ""
    written = raw if isinstance(raw, str) else ", ".join(raw or ())
    wrong_value = "the value" if kind.secret else f"“{written}”"
    return Problem(given.where, given.name, f"{wrong_value} does not fit; write {kind.says}{hint}")


def unknown(given: Given) -> Problem:
    """What to do about a key that does not exist."""
    if given.name in SECTIONS:
        inside = ", ".join(name for name in KINDS if name.startswith(f"{given.name}."))
        return Problem(given.where, given.name, f"is a group of keys and holds no value; write {inside}")
    flat = {name.replace(".", "_"): name for name in (*KINDS, *SECTIONS)}
    last = {name.rpartition(".")[2]: name for name in KINDS}
    near = difflib.get_close_matches(given.name.replace(".", "_"), flat, 1, 0.75)
    leaf = difflib.get_close_matches(given.name.rpartition(".")[2], last, 1, 0.8)
    if not near and not leaf:
        return Problem(given.where, given.name, "there is no such key; config.example.yaml lists them")
    key = flat[near[0]] if near else last[leaf[0]]
    return Problem(given.where, given.name, f"there is no such key; did you mean {_spelt(key, given.where)}?")


def _spelt(key: str, where: str) -> str:
    return PREFIX + key.upper().replace(".", "__") if where.startswith(PREFIX) else key
