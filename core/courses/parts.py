"""A part of what somebody wrote, read with suspicion: what is wrong with it is kept, with where it stands."""

import difflib
from collections.abc import Sequence
from datetime import date
from typing import Any

from core.courses.drafts import Fault, Where
from core.courses.lines import Path
from core.reading.texts import shown


class Part:
    """A part of a source, and where it stands; what is wrong with it is kept with the others."""

    def __init__(self, data: Any, where: Where, faults: list[Fault], path: Path = ()) -> None:  # noqa: ANN401
        """`data` is whatever was found; `faults` collects what is wrong in the whole source."""
        self.data = data
        self.where = where
        self.faults = faults
        self.path = path

    def wrong(self, why: str, *more: str | int) -> None:
        """Keep a fault at this part, or at one within it."""
        file, line = self.where((*self.path, *more))
        self.faults.append(Fault(file, line, why))

    def at(self, *more: str | int) -> "Part":
        """Go to a part within; None where it is missing."""
        data = self.data
        for step in more:
            inside = isinstance(data, dict) or (
                isinstance(data, list) and isinstance(step, int) and step < len(data)
            )
            data = (data.get(step) if isinstance(data, dict) else data[step]) if inside else None
        return Part(data, self.where, self.faults, (*self.path, *more))

    @property
    def name(self) -> str:
        """How the part is called."""
        return ".".join(str(step) for step in self.path if isinstance(step, str)) or "course"

    def only(self, keys: Sequence[str]) -> bool:
        """Tell whether it is a mapping; a key that is none of these is a fault."""
        if not isinstance(self.data, dict):
            self.wrong(f"{self.name} needs keys with values, such as {keys[0]}: …")
            return False
        for key in self.data:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                self.wrong(
                    f'there is no key "{shown(key)}"{f": did you mean {near[0]}?" if near else ""}', key
                )
        return True

    def text(self, limit: int, *, needed: bool = True) -> str:
        """Read a text of one line or several."""
        if isinstance(self.data, bool):
            self.wrong(f'{self.name} is read as yes or no: put it in quotes, "…"')
            return ""
        text = str(self.data).strip() if isinstance(self.data, str | int | float) else ""
        if isinstance(self.data, dict | list | date):
            self.wrong(f"{self.name} has to be a text: put it in quotes")
        elif not text and needed:
            self.wrong(f"{self.name} is missing: write it")
        elif len(text) > limit:
            self.wrong(f"{self.name} has {len(text):,} characters: {limit:,} at the most")
        return text

    def number(self, low: int, high: int) -> int | None:
        """Read a whole number."""
        if self.data is None:
            return None
        if isinstance(self.data, int) and not isinstance(self.data, bool) and low <= self.data <= high:
            return self.data
        self.wrong(f'{self.name} is "{shown(str(self.data))}": write a whole number from {low} to {high}')
        return None

    def several(self, most: int, least: int = 0) -> list["Part"]:
        """Read a list."""
        if self.data is None and least == 0:
            return []
        if not isinstance(self.data, list) or not least <= len(self.data) <= most:
            self.wrong(f"{self.name} needs a list of {least} to {most}, each on a line that begins with -")
            return []
        return [self.at(number) for number in range(len(self.data))]
