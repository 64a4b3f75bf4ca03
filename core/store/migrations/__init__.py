"""The history of the tables; `python -m core.store.migrations NAME` adds a module to `versions`."""
