"""Frozen: what a release did to the tables is never edited after it."""
