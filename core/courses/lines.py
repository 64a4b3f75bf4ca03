"""YAML that knows its lines: a value, and at which line of the file each part of it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

Path = tuple[str | int, ...]
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class UnreadableError(ValueError):
    """A text that is no YAML, or more than a course needs; says the line and why."""

    def __init__(self, line: int, why: str) -> None:
        """`line` counts from 1."""
        super().__init__(why)
        self.line = line
        self.why = why


@dataclass(frozen=True, slots=True)
class Located:
    """A value, with the lines of its parts by their path from the top."""

    value: Any
    lines: Mapping[Path, int]

    def line(self, path: Path) -> int:
        """Say where a part stands, or where it is missing: the line of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def load(text: str, first: int = 1) -> Located:
    """Read YAML whose first line is the line `first` of its file; raises `UnreadableError`."""
    try:
        return _Reading(text, first).located()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first if mark else first
        raise UnreadableError(line, f"this is no YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise UnreadableError(first, f"this is no YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise UnreadableError(first, "this YAML is nested too deeply") from None


class _Reading:
    """A text under way."""

    def __init__(self, text: str, first: int) -> None:
        self.loader = _Loader(text)
        self.first = first
        self.lines: dict[Path, int] = {}
        self.seen: set[int] = set()

    def located(self) -> Located:
        node = self.loader.get_single_node()
        return Located(self.value(node, ()) if node is not None else None, self.lines)

    def value(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401  whatever YAML holds
        line = node.start_mark.line + self.first
        self.lines.setdefault(path, line)
        if id(node) in self.seen:
            raise UnreadableError(line, "an alias (*name) is not taken here: write it out")
        self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(each, (*path, at)) for at, each in enumerate(node.value)]
        try:
            return self.loader.construct_object(node)
        except ValueError:  # 2026-02-30 looks like a day
            return node.value

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, inner in node.value:
            line = key_node.start_mark.line + self.first
            if not isinstance(key_node, yaml.ScalarNode):
                raise UnreadableError(line, "a key has to be a word")
            key = str(key_node.value)
            if key in found:
                raise UnreadableError(line, f'"{key}" stands twice: keep one of them')
            self.lines[*path, key] = line
            found[key] = self.value(inner, (*path, key))
        return found
