"""The sign-up that every peer holds: the questions of ours, each checked and answered with a rendered reply."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

AT_ONCE = 64
"""How many people sign up at the same time."""

TOPICS = frozenset({"python", "rust", "sql", "react", "kubernetes", "career"})
LANGUAGES = frozenset({"english", "spanish", "chinese"})
DAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})


@dataclass(frozen=True, slots=True)
class Question:
    """A question in HTML, and what checks an answer: the value to keep, or None for a wrong one."""

    key: str
    label: str
    read: Callable[[str], object]


def _each_of(known: frozenset[str]) -> Callable[[str], object]:
    def read(text: str) -> object:
        parts = [part.strip().casefold() for part in re.split(r"[,，;]|\s+and\s+", text) if part.strip()]
        return parts if parts and all(part in known for part in parts) else None

    return read


def _free(text: str) -> object:
    found = re.fullmatch(r"((?:\w{3} )+)(\d{1,2})-(\d{1,2})", text.strip())
    if found is None or not set(found[1].split()) <= DAYS or int(found[2]) >= int(found[3]):
        return None
    return [[day, int(found[2]) * 60, int(found[3]) * 60] for day in found[1].split()]


QUESTIONS = (
    Question(
        "consent",
        "<b>Privacy.</b> We keep what you tell us so that others find you. Agreed?",
        lambda text: True if text == "yes" else None,
    ),
    Question(
        "name", "How shall we call you?", lambda text: text.strip() if 0 < len(text.strip()) <= 80 else None
    ),
    Question(
        "role",
        "Do you want to learn, to help, or both?",
        lambda text: text if text in {"mentee", "mentor", "both"} else None,
    ),
    Question("wants", "What do you want help with? <i>Several, with commas.</i>", _each_of(TOPICS)),
    Question("languages", "Which languages do you speak?", _each_of(LANGUAGES)),
    Question(
        "zone",
        "Which time zone are you in?",
        lambda text: text if re.fullmatch(r"[A-Z]\w+/[A-Z]\w+", text) else None,
    ),
    Question("free", "When are you free? <i>For example: mon wed 18-21</i>", _free),
    Question(
        "goal", "What would you like to reach?", lambda text: text.strip() if len(text) <= 500 else None
    ),
)

ANSWERS = (
    "yes",
    "Ana Ruiz",
    "mentee",
    "python, sql",
    "english and spanish",
    "Europe/Madrid",
    "mon wed 18-21",
    "I would like to ship my first real project this spring.",
)
"""What everybody answers, in the order of the questions."""

SHORT = " Please try again."


def asked(index: int, *, again: bool = False) -> str:
    """Render a question; `again` after an answer that cannot be read."""
    return QUESTIONS[index].label + (SHORT if again else "")


def welcome(answers: dict[str, object]) -> str:
    """Render the words at the end."""
    return f"Welcome, <b>{escape(str(answers['name']))}</b>! You are signed up as {answers['role']}."
