"""The terminal of the stage: readable colours, completion, plain when piped."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TextIO

from bot.commands import COMMANDS
from bot.stage import player
from bot.stage.driver import ConsoleDriver, Shown
from bot.stage.script import Gets, Kill, Passes, Person, Says, ScriptError, step

WELCOME = """\
This is Harbour, an invented community of sixty people. You play all of them; nothing leaves this machine.
  ana> /find rust        Ana, who looks for a mentor, searches; what everybody gets is shown
  ana> [Ask this mentor] presses a button        lee> hello    writes to the bot
  --- in 1 day           lets time pass          --- kill      kills the program and starts it again
  people                 lists who is there      quit          ends the demo
A line without a name goes on as the one who spoke last. Tab completes names, commands and buttons."""

KILLED = "Killed, and started again: it goes on where it was."

GREY, BLUE, GREEN, RED, BOLD, OFF = "\033[90m", "\033[34m", "\033[32m", "\033[31m", "\033[1m", "\033[0m"


class Screen:
    """Reads what happens and shows what comes of it."""

    def __init__(self, source: TextIO = sys.stdin, out: TextIO = sys.stdout) -> None:
        """Colours only where a person looks."""
        self._source = source
        self._out = out
        self.interactive = source.isatty()
        self._colours = out.isatty()

    def script(self) -> list[str]:
        """Give the lines of a script that is piped in; none where a person types."""
        return [] if self.interactive else self._source.read().splitlines()

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{OFF}" if self._colours else text

    def write(self, text: str = "") -> None:
        """Write a line."""
        print(text, file=self._out, flush=True)

    def happens(self, what: Says | Passes | Kill) -> None:
        """Show what a script lets happen."""
        match what:
            case Says(who, text, _):
                shown = text.replace("\n", "\n    ")
                self.write(f"{self._paint(BOLD, who + '>')} {shown}")
            case Passes(time, _):
                self.write(self._paint(GREY, f"--- in {_spell(time.total_seconds())}"))
            case Kill():
                self.write(self._paint(GREY, "--- kill"))

    def came(self, messages: Sequence[Shown]) -> None:
        """Show what everybody got."""
        for message in messages:
            head, rest = _split(player.shown(message))
            self.write(
                f"{self._paint(GREEN if message.kind == 'answer' else BLUE, head + '>')} {rest.strip()}"
            )

    def trouble(self, text: str) -> None:
        """Show what is wrong."""
        self.write(self._paint(RED, text))

    async def interact(self, driver: ConsoleDriver, cast: Sequence[Person], kill: Callable[[], None]) -> None:
        """Let a person play."""
        # Here, since a piped script needs no line editing.
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import Completer, Completion

        class Names(Completer):
            def get_completions(self, document, complete_event) -> Iterator[Completion]:  # type: ignore[no-untyped-def]  # noqa: ANN001
                del complete_event
                typed = document.text_before_cursor
                for whole in completions(typed, driver, cast, speaker):
                    yield Completion(whole, start_position=-len(typed))

        speaker = cast[0].handle
        session: PromptSession[str] = PromptSession()
        while True:
            now = driver.clock.now.strftime("%a %d %b %H:%M")
            try:
                line = (await session.prompt_async(f"{now} UTC  {speaker}> ", completer=Names())).strip()
            except (EOFError, KeyboardInterrupt):
                return
            if line in ("quit", "exit"):
                return
            if line in ("people", "help", "?"):
                self.write(listing(cast) if line == "people" else WELCOME)
                continue
            if line == "--- kill":
                kill()
            if line:
                speaker = await self._play_line(driver, line, cast, speaker)

    async def _play_line(self, driver: ConsoleDriver, line: str, cast: Sequence[Person], speaker: str) -> str:
        handles = {person.handle for person in cast}
        named = line.partition(">")[0].strip()
        text = line if line.startswith("---") or named in handles else f"{speaker}> {line}"
        try:
            what = step(text)
            if isinstance(what, Gets | Kill):
                return speaker
            if isinstance(what, Says):
                speaker = what.who
            self.came(await player.happen(driver, what))
        except (ScriptError, LookupError) as error:
            self.trouble(str(error.args[0]))
        return speaker


def _split(text: str) -> tuple[str, str]:
    """Split `bot> hello` or `bot -> lee> hello` behind its arrow."""
    end = text.index(">", text.index("->") + 2 if text.startswith("bot ->") else 0)
    return text[:end], text[end + 1 :]


def _spell(seconds: float) -> str:
    for unit, size in (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return f"{int(seconds)} seconds"


def listing(cast: Sequence[Person]) -> str:
    """List who is there, a person a line."""
    return "\n".join(
        f"{person.handle:10} {person.role:10} {person.name:20} {person.zone or '':18} "
        f"{', '.join(topic.partition(':')[0] for topic in person.topics)}".rstrip()
        for person in cast
    )


def completions(typed: str, driver: ConsoleDriver, cast: Sequence[Person], speaker: str) -> list[str]:
    """Complete a name, a command, a button, or what the stage itself understands."""
    who, arrow, rest = typed.partition("> ")
    if not arrow:
        who, rest = speaker, typed
    prefix = f"{who}> " if arrow else ""
    if rest.startswith("/"):
        return [f"{prefix}/{name} " for name in COMMANDS if name.startswith(rest[1:])]
    if rest.startswith("["):
        return [
            f"{prefix}[{label}]"
            for label in labels(driver, who)
            if label.lower().startswith(rest[1:].lower())
        ]
    if arrow:
        return []
    words = [f"{person.handle}> " for person in cast] + [
        "people",
        "quit",
        "--- in 1 hour",
        "--- in 1 day",
        "--- kill",
    ]
    return [word for word in words if word.startswith(typed)]


def labels(driver: ConsoleDriver, who: str) -> list[str]:
    """Give the buttons somebody sees, the newest first."""
    found: dict[str, None] = {}
    for shown in reversed(driver.screen(who)[-5:]):
        form = shown.message.get("form")
        if form and form["fields"]:
            found.update(dict.fromkeys(option["label"] for option in form["fields"][0]["options"]))
        for button in (
            *shown.message["buttons"],
            *(one for item in shown.message["items"] for one in item["buttons"]),
        ):
            found[button["label"]] = None
    return list(found)
