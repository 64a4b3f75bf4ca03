"""Telegram: the adapter, and its pure parts."""
