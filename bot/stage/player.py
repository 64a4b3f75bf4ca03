"""Plays a conversation and compares, word for word, what everybody gets with what the script says."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.stage.driver import Driver, Shown
from bot.stage.script import Gets, Kill, Passes, Says, Script, Step, matches


@dataclass(slots=True)
class Difference:
    """What was expected and what came, at a line of the script."""

    line: int
    expected: str
    came: str

    def __str__(self) -> str:
        """Say it in two lines."""
        return f"line {self.line}:\n  expected {self.expected}\n  came     {self.came}"


@dataclass(slots=True)
class Beat:
    """One thing that happens, and what should come of it."""

    step: Says | Passes | Kill
    expected: list[Gets] = field(default_factory=list)


def beats(steps: Sequence[Step]) -> list[Beat]:
    """Group a script into what happens and what is expected of it."""
    found: list[Beat] = []
    for step in steps:
        if isinstance(step, Gets):
            if not found:
                found.append(Beat(Kill(step.line)))
            found[-1].expected.append(step)
        else:
            found.append(Beat(step))
    return found


async def act(driver: Driver, step: Says) -> None:
    """Do what a person does: a command, a press, words."""
    text = step.text
    if text.startswith("/"):
        name, _, words = text[1:].partition(" ")
        await driver.command(step.who, name, words)
    elif text.startswith("[") and text.endswith("]"):
        await driver.press(step.who, text[1:-1])
    else:
        await driver.say(step.who, text)


async def happen(driver: Driver, step: Says | Passes) -> list[Shown]:
    """Let something happen; give what everybody got from it."""
    before = len(driver.shown)
    if isinstance(step, Says):
        await act(driver, step)
    else:
        await driver.advance(step.time)
    return list(driver.shown[before:])


def compare(beat: Beat, came: Sequence[Shown]) -> list[Difference]:
    """Compare what came with what was expected: answers in order, and for each person what they got, in order."""
    line = beat.step.line
    speaker = beat.step.who if isinstance(beat.step, Says) else None
    differences: list[Difference] = []
    keys = dict.fromkeys(
        [(get.to or speaker, get.to is None, get.edited) for get in beat.expected]
        + [(one.who, one.kind == "answer", one.kind == "edited") for one in came]
    )
    for who, answered, edited in keys:
        wanted = [
            get
            for get in beat.expected
            if ((get.to or speaker), get.to is None, get.edited) == (who, answered, edited)
        ]
        got = whole(
            wanted,
            [
                one
                for one in came
                if (one.who, one.kind == "answer", one.kind == "edited") == (who, answered, edited)
            ],
        )
        for get, one in zip(wanted, got, strict=False):
            if not matches(get.text, one.text):
                differences.append(Difference(get.line, written(who, answered, edited, get.text), shown(one)))
        differences += [
            Difference(get.line, written(who, answered, edited, get.text), "nothing")
            for get in wanted[len(got) :]
        ]
        differences += [Difference(line, "nothing", shown(one)) for one in got[len(wanted) :]]
    return differences


def whole(wanted: Sequence[Gets], got: Sequence[Shown]) -> list[Shown]:
    """Put together what came in parts: a long message is several where a platform shows no more of it at once.

    Parts are joined only where together they are what is expected.
    """
    joined: list[Shown] = []
    left = list(got)
    for get in wanted:
        # The others that are expected need one each.
        for count in range(1, len(left) - (len(wanted) - len(joined)) + 2):
            text = "\n".join(one.text for one in left[:count])
            if matches(get.text, text):
                left[:count] = [replace(left[0], message={"text": text})]
                break
        joined += left[:1]
        left = left[1:]
    return [*joined, *left]


def written(who: str | None, answered: bool, edited: bool, text: str) -> str:
    """Write an expectation as the script does."""
    head = "bot>" if answered else f"bot -> {who}{' (edited)' if edited else ''}>"
    return f"{head} {text}"


def shown(one: Shown) -> str:
    """Write a message as a script would; its further lines are indented."""
    return written(one.who, one.kind == "answer", one.kind == "edited", one.text.replace("\n", "\n    "))


async def perform(driver: Driver, beat: Beat, *, expects: bool) -> tuple[list[Shown], list[Difference]]:
    """Let a beat happen; give what came, and where that differs from what the script expects."""
    assert not isinstance(beat.step, Kill)
    try:
        came = await happen(driver, beat.step)
    except LookupError as error:
        return [], [Difference(beat.step.line, "a button", str(error.args[0]))]
    return came, compare(beat, came) if expects else []


async def play(driver: Driver, script: Script) -> list[Difference]:
    """Play a whole script in this process; a kill is a restart."""
    differences: list[Difference] = []
    for beat in beats(script.steps):
        if isinstance(beat.step, Kill):
            await driver.restart()
        else:
            differences += (await perform(driver, beat, expects=script.expects))[1]
    return differences
