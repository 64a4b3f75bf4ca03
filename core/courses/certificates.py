"""Certificates: a picture for the chat and a page to print, with names in any script the font has."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from fontTools.ttLib import TTFont
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1600, 1131
"""Pixels of the picture: a sheet of A4, lying."""
SHEET = 297.0
"""Millimetres of the sheet's width."""
PAPER, INK, QUIET, LINE = (253, 252, 248), (32, 36, 48), (96, 102, 117), (176, 141, 87)
MARGIN = 150
SMALLEST = 24


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate says, in its reader's words, from the top to the bottom."""

    community: str
    heading: str
    name: str
    about: str
    course: str
    outcomes: Sequence[str]
    date: str
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A line: its text, the height of its letters and its place from the top, in pixels of the picture."""

    text: str
    size: int
    top: int
    colour: tuple[int, int, int] = INK


@cache
def font_file() -> Path:
    """Find the font."""
    with as_file(files("core").joinpath("fonts", "wqy-microhei.ttf")) as path:
        return path


@cache
def _signs() -> frozenset[int]:
    with TTFont(font_file(), lazy=True) as font:
        return frozenset(font.getBestCmap())


def written(text: str) -> str:
    """Leave out what the font cannot draw, such as emoji."""
    return " ".join("".join(sign for sign in text if ord(sign) in _signs()).split())


@cache
def letters(size: int) -> ImageFont.FreeTypeFont:
    """Give the font at a size."""
    return ImageFont.truetype(font_file(), size)


def fitted(text: str, size: int, width: int) -> tuple[str, int]:
    """Make letters smaller until a text fits, and shorten it where they would be too small to read."""
    text = written(text)
    while size > SMALLEST and letters(size).getlength(text) > width:
        size -= 2
    if letters(size).getlength(text) > width:
        while text and letters(size).getlength(f"{text}…") > width:
            text = text[:-1]
        text = f"{text.rstrip()}…"
    return text, size


def rows(said: Certificate) -> list[Row]:
    """Lay a certificate out."""
    placed = [
        (said.community, 34, 130, QUIET),
        (said.heading, 68, 190, INK),
        (said.name, 84, 340, INK),
        (said.about, 34, 475, QUIET),
        (said.course, 58, 535, INK),
        *((f"· {outcome}", 28, 655 + 48 * at, QUIET) for at, outcome in enumerate(said.outcomes[:4])),
        (said.date, 32, 900, INK),
        (said.code, 28, 960, QUIET),
    ]
    return [Row(*fitted(text, size, WIDTH - 2 * MARGIN), top, colour) for text, size, top, colour in placed]


def png(said: Certificate) -> bytes:
    """Draw it as a picture."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 50, WIDTH - 50, HEIGHT - 50), outline=LINE, width=6)
    draw.rectangle((66, 66, WIDTH - 66, HEIGHT - 66), outline=LINE, width=2)
    for row in rows(said):
        draw.text((WIDTH / 2, row.top), row.text, fill=row.colour, font=letters(row.size), anchor="ma")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def pdf(said: Certificate) -> bytes:
    """Write it as a page whose text can be searched and read aloud; only the signs that it needs are in it."""
    scale = SHEET / WIDTH
    page = FPDF("landscape", "mm", "A4")
    page.set_creation_date(said.at)
    page.set_title(f"{said.heading}: {said.name}")
    page.set_auto_page_break(auto=False)
    page.add_font("hei", fname=font_file())
    page.add_page()
    page.set_draw_color(*LINE)
    for inset, width in ((50, 6), (66, 2)):
        page.set_line_width(width * scale)
        page.rect(inset * scale, inset * scale, (WIDTH - 2 * inset) * scale, (HEIGHT - 2 * inset) * scale)
    for row in rows(said):
        page.set_font("hei", size=row.size * scale * 72 / 25.4)
        page.set_text_color(*row.colour)
        page.set_xy(0, row.top * scale)
        page.cell(SHEET, row.size * scale * 1.2, row.text, align="C")
    return bytes(page.output())
