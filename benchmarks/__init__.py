"""How fast the program is, a module each: `python -m benchmarks.find --json`."""
