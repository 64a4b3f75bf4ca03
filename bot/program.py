"""What the program offers its adapters: to handle events, to suggest, and the words they need by themselves."""

from collections.abc import Callable, Mapping, Sequence

from bot.commands import COMMANDS
from bot.messages import Catalogue
from bot.ports import Known, Program, Words
from bot.render import Renderer
from bot.router import Router
from bot.world import World
from core.policy import Policy


def program(router: Router, world: World) -> Program:
    """Put it together for everything that runs."""
    words, policy = world.words, world.policy
    renderer = Renderer(words, policy)
    return Program(
        handle=router.handle,
        suggest=router.suggest,
        words=own(words, policy),
        commands=commands(words, policy),
        languages=words.locales,
        organisers=world.organisers,
        bury=router.bury,
        page=lambda locale: renderer.page(words.match(locale), policy.zone),
        match=words.match,
    )


def own(words: Catalogue, policy: Policy) -> Words:
    """Give what adapters say by themselves, in the language that a platform names."""
    renderer = Renderer(words, policy)

    def own_in(locale: str | None) -> Mapping[str, str]:
        known = words.match(locale) if locale else policy.locale
        return renderer.own(known, policy.zone)

    return own_in


def commands(words: Catalogue, policy: Policy) -> Callable[[str], Sequence[Known]]:
    """Describe all commands in a language."""

    def commands_in(locale: str) -> Sequence[Known]:
        return [
            Known(name, words.text(f"help.about.{name}", {}, locale, policy.zone), row.who == "organiser")
            for name, row in COMMANDS.items()
        ]

    return commands_in
