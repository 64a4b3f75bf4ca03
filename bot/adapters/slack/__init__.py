"""Slack: the adapter, and its pure parts."""
