"""`python -m bot …` is the same as `mentorbot …`."""

import sys


def main() -> None:
    """Run the command line."""
    from bot.cli import main as run

    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
