"""`python -m bot …` is the same as `mentorbot …`."""

import os
import sys


def main() -> None:
    """Run the command line."""
    from bot.cli import main as run

    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output has had enough of it, as `… | head` does.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)


if __name__ == "__main__":
    main()
