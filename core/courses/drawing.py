"""A learning path as a picture: a box for each course, an arrow from what it builds on."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from core.courses.certificates import INK, LINE, PAPER, QUIET, fitted, letters

WIDTH, BOX, GAP, MARGIN = 1000, 120, 70, 60
LANE = 26
"""How far an arrow that passes other boxes goes round each."""


@dataclass(frozen=True, slots=True)
class Box:
    """A course: its title, and the line below it."""

    title: str
    about: str
    done: bool = False


def path(heading: str, boxes: Sequence[Box], edges: Sequence[tuple[int, int]]) -> bytes:
    """Draw boxes from the top to the bottom, with an arrow for each pair (before, after), as PNG."""
    height = MARGIN * 2 + 70 + len(boxes) * (BOX + GAP)
    image = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(image)
    title, size = fitted(heading, 40, WIDTH - 2 * MARGIN)
    draw.text((MARGIN, MARGIN), title, fill=INK, font=letters(size))
    left, right = MARGIN, WIDTH - MARGIN - LANE * 6
    tops = [MARGIN + 90 + at * (BOX + GAP) for at in range(len(boxes))]
    for at, box in enumerate(boxes):
        draw.rounded_rectangle((left, tops[at], right, tops[at] + BOX), 18, outline=LINE, width=4)
        for text, most, down, colour in ((box.title, 34, 20, INK), (box.about, 24, 70, QUIET)):
            words, size = fitted(f"{at + 1}. {text}" if most == 34 else text, most, right - left - 60)
            draw.text((left + 30, tops[at] + down), words, fill=colour, font=letters(size))
    far = 0
    for before, after in edges:
        start, end = tops[before] + BOX, tops[after]
        if after == before + 1:
            middle = (left + right) // 2
            draw.line((middle, start, middle, end), fill=QUIET, width=4)
            _head(draw, middle, end)
            continue
        far += 1
        lane = right + LANE * (1 + far % 5)
        low = tops[after] + BOX // 2
        high = tops[before] + BOX // 2
        draw.line((right, high, lane, high, lane, low, right, low), fill=QUIET, width=4)
        draw.polygon(((right, low), (right + 14, low - 9), (right + 14, low + 9)), fill=QUIET)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _head(draw: ImageDraw.ImageDraw, x: int, y: int) -> None:
    draw.polygon(((x, y), (x - 9, y - 14), (x + 9, y - 14)), fill=QUIET)
