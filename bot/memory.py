"""Memory: what a program makes while it starts stays until its end, and to look for garbage in it is in vain."""

import gc


def starting() -> None:
    """Look for no garbage until the program has started: a sixth of that time."""
    gc.disable()


def started() -> None:
    """Look for garbage again, and never in what there is now: it would hold up events for 90 ms, again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()
