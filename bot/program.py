"""What the program offers its adapters: to handle events, to suggest, and the words they need by themselves."""

from collections.abc import Mapping, Sequence

from bot.commands import COMMANDS
from bot.ports import Known, Program
from bot.render import Renderer
from bot.router import Router, World


def program(router: Router, world: World) -> Program:
    """Put it together for everything that runs."""
    policy, words = world.policy, world.words
    renderer = Renderer(words, policy)

    def own(locale: str | None) -> Mapping[str, str]:
        known = words.match(locale) if locale else policy.locale
        return renderer.own(known, policy.zone)

    def commands(locale: str) -> Sequence[Known]:
        return [
            Known(name, words.text(f"help.about.{name}", {}, locale, policy.zone), row.who == "organiser")
            for name, row in COMMANDS.items()
        ]

    return Program(
        handle=router.handle,
        suggest=router.suggest,
        words=own,
        commands=commands,
        languages=words.locales,
        organisers=world.organisers,
        bury=router.bury,
        page=lambda locale: renderer.page(words.match(locale), policy.zone),
        match=words.match,
    )
