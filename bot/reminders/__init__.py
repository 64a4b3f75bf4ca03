"""Waiting: the ticks, the kinds of wait, and "remind me later"."""
