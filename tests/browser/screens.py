"""The screens of the page: how each is reached, for all tests that look at every one of them."""

from collections.abc import Awaitable, Callable, Mapping

from tests.browser.chrome import Window
from tests.browser.reader import Reader

LAST = "[...document.querySelectorAll('.pane[data-pane=\"0\"] .message')].at(-1)"


async def _found(reader: Reader) -> None:
    before = await reader.window.run(f"Number({LAST}?.dataset.n ?? 0)")
    await reader.say(1, "/find rust")
    await reader.window.until(f"Number({LAST}?.dataset.n) > {before} && {LAST}.querySelector('.items')")


async def _form(reader: Reader) -> None:
    await reader.say(2, "/signup")
    await reader.window.until("document.querySelector('.pane .form')")
    await reader.window.run("document.querySelector('.pane .form').requestSubmit()")
    await reader.window.until("document.querySelector('.pane .form .error')")


async def _long_form(reader: Reader) -> None:
    await reader.say(1, "/find")
    await reader.window.until("document.querySelector('.pane .form .search')")
    await reader.window.run("document.querySelector('.pane .form [role=combobox]').focus()")
    await reader.window.type("py")
    await reader.window.until("document.querySelector('.pane .form .list li')")


async def _commands(reader: Reader) -> None:
    await reader.chat(1)
    await reader.window.type("/")
    await reader.window.until("!document.querySelector('.pane .list.above').hidden")


async def _menu(reader: Reader) -> None:
    await click(reader.window, ".pane .menu")


async def _people(reader: Reader) -> None:
    await click(reader.window, ".pane .who")


async def _more(reader: Reader) -> None:
    await click(reader.window, "#tools button:last-child")


async def _match(reader: Reader) -> None:
    await _found(reader)
    await reader.window.run(f"{LAST}.querySelector('.about').lastChild.click()")
    await reader.window.until("document.querySelector('.scores')")


async def _why(reader: Reader) -> None:
    await reader.window.until("document.querySelector('.pane .push .about')")
    await reader.window.run("document.querySelectorAll('.pane .push .about button')[1].click()")
    await reader.window.until("document.querySelector('dialog')")


async def _looks(reader: Reader) -> None:
    await _found(reader)
    await click(reader.window, "#looks")
    await reader.window.until("document.querySelectorAll('.look .press').length > 5")


async def _form_elsewhere(reader: Reader) -> None:
    await reader.say(1, "/find")
    await reader.window.until("document.querySelector('.pane .form')")
    await click(reader.window, "#looks")
    await reader.window.until("document.querySelectorAll('.look .modal').length === 2")


async def _tour(reader: Reader) -> None:
    await click(reader.window, "#tools button:nth-child(2)")
    await reader.window.until("document.querySelector('.tour')")


async def _nothing(reader: Reader) -> None:
    del reader


NEW = "newcomer"
SCREENS: Mapping[str, Callable[[Reader], Awaitable[None]]] = {
    "start": _nothing,
    "found": _found,
    "form with errors": _form,
    "form that searches": _long_form,
    "completion": _commands,
    "menu": _menu,
    "people": _people,
    "more": _more,
    "match": _match,
    "why": _why,
    "elsewhere": _looks,
    "form elsewhere": _form_elsewhere,
    "tour": _tour,
}


async def show(window: Window, url: str, language: str, name: str) -> Reader:
    """Open the page and go to a screen: Ana's chat, and that of a mentor, or of somebody who is new."""
    reader = await Reader(window).open(url, language, "ana", NEW if "errors" in name else "hugo")
    await SCREENS[name](reader)
    return reader


async def click(window: Window, selector: str) -> None:
    """Press something."""
    await window.until(f"document.querySelector({selector!r})")
    await window.run(f"document.querySelector({selector!r}).click()")
