"""A table saved from a spreadsheet: the bytes of a CSV file, read as lines of named cells.

The first line has the titles. Commas, semicolons or tabs part the cells, whichever makes most of the titles
known. A line with broken quotes costs that line alone, not what follows it.
"""

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO

MOST_BYTES = 20_000_000
MOST_LINES = 100_000
CELL_LIMIT = 2_000
"""Characters of a cell."""

# Lines that the cells of one row may run over: a quote that is never closed swallows no more to be looked at.
_RUN = 50
_LINE = 20
"""Characters of a line of a long cell, at the least."""
_DELIMITERS = ",;\t"
_INDIC = "\u0600-\u109f"  # Arabic and Indian scripts spell with joiners
_HIDDEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\ufe00-\ufe0f\uffa0]"
    f"|(?<![{_INDIC}])[\u200c\u200d]|[\u200c\u200d](?![{_INDIC}])"
)


class UnreadableError(ValueError):
    """A file that is no such table; the text is a sentence with the remedy."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: where it begins in the file, counted from 1, and its cells by the name of the column.

    `wrong` says why the cells are not to be trusted; it is empty for a sound line.
    """

    line: int
    cells: Mapping[str, str]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Spreadsheet:
    """The rows that hold anything, the titles used with the column each names, and the titles not used."""

    rows: tuple[Row, ...]
    columns: Mapping[str, str]
    ignored: tuple[str, ...]


def plain(text: str) -> str:
    """Make a text harmless: one line of visible characters, without controls and direction overrides."""
    if not (text.isascii() and text.isprintable()):
        seen = _HIDDEN.sub("", text)
        kept = (
            sign if sign.isprintable() or sign in "\u200c\u200d" else " " * sign.isspace() for sign in seen
        )
        text = "".join(kept)
    return " ".join(text.split())


def parse(
    data: bytes, titles: Mapping[str, Sequence[str]], needed: Sequence[str], most: int = CELL_LIMIT
) -> Spreadsheet:
    """Read a file; `titles` gives the spellings of each column's title, the best first, in `folded` form.

    A cell may have `most` characters.

    Raises `UnreadableError` for what is no UTF-8, is empty or too large, or lacks a column that is needed.
    """
    lines = _lines(data)
    start = next((at for at, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise UnreadableError(
            "the file is empty: its first line names the columns, then a line for each person."
        )
    by_delimiter = {sign: _header(lines[start:], sign) for sign in _DELIMITERS}
    delimiter, (header, end) = max(
        by_delimiter.items(), key=lambda each: len(_places(each[1][0], titles))
    )  # of equals the first
    places = _places(header, titles)
    shown = plain(lines[start])[:80]
    if not places:
        wanted = ",".join(dict.fromkeys((*needed, *titles)))
        raise UnreadableError(
            f'the first line does not name the columns; it reads "{shown}": put a line such as {wanted} above it.'
        )
    if missing := [name for name in needed if name not in places]:
        words = " or ".join(titles[missing[0]])
        raise UnreadableError(f'no column has the title {words}; the first line reads "{shown}": add one.')
    names = {at: name for name, at in places.items()}
    rows = tuple(_rows(lines, start + end, delimiter, names, len(header), most))
    known = {plain(header[at])[:80]: name for at, name in sorted(names.items())}
    ignored = (plain(title)[:80] for at, title in enumerate(header) if at not in names)
    return Spreadsheet(rows, known, tuple(title for title in ignored if title))


def folded(title: str) -> str:
    """Bring a title to the form it is compared in: Time zone, time-zone and TIME_ZONE are timezone."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", plain(title[:CELL_LIMIT])).casefold())


def _lines(data: bytes) -> list[str]:
    if len(data) > MOST_BYTES:
        raise UnreadableError(f"the file is over {MOST_BYTES // 1_000_000} MB: cut it into several.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            f"the file is not UTF-8 text (line {line}): save it again as UTF-8; "
            'in Excel that is the file type "CSV UTF-8 (Comma delimited)".'
        ) from None
    # Of all the signs that end a line somewhere, those that do in a CSV file.
    lines = list(StringIO(text, newline=None))
    if len(lines) > MOST_LINES:
        raise UnreadableError(f"the file has over {MOST_LINES:,} lines: cut it into several.")
    return lines


def _split(lines: Sequence[str], delimiter: str) -> tuple[list[str], int] | None:
    """Read the row at the beginning of the lines, and how many lines it takes; None where its quotes are broken."""
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        return next(reader, []), reader.line_num
    except csv.Error:
        return None


def _header(lines: Sequence[str], delimiter: str) -> tuple[list[str], int]:
    return _split(lines[:_RUN], delimiter) or ([], 1)


def _places(header: Sequence[str], titles: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Find where each column stands; of several with a fitting title, the one with the best."""
    at = {title: place for place, title in reversed(list(enumerate(map(folded, header))))}
    found = ((name, [at[title] for title in spellings if title in at]) for name, spellings in titles.items())
    return {name: places[0] for name, places in found if places}


def _rows(
    lines: Sequence[str], start: int, delimiter: str, names: Mapping[int, str], width: int, most: int
) -> Iterator[Row]:
    at = start
    run = max(_RUN, most // _LINE)
    while at < len(lines):
        row = _split(lines[at : at + run], delimiter)
        if row is None:
            yield Row(
                at + 1,
                {},
                'its quotes do not match: put the cell in quotes and write those within it twice, ""',
            )
            at += 1
            continue
        cells, taken = [cell.strip() if plain(cell) else "" for cell in row[0]], row[1]
        if any(cells):
            named = {name: cells[place] for place, name in names.items() if place < len(cells)}
            yield Row(at + 1, named, _wrong(cells, delimiter, width, most))
        at += taken


def _wrong(cells: Sequence[str], delimiter: str, width: int, most: int) -> str:
    if any(cells[width:]):
        sign = "tab" if delimiter == "\t" else delimiter
        return f"it has {len(cells)} cells under {width} titles: put a cell that holds a {sign} in quotes"
    if any(len(cell) > most for cell in cells):
        return f"a cell is longer than {most:,} characters: shorten it"
    return ""
