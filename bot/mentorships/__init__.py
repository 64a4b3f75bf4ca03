"""The conversation about a pair: its sessions, and its end."""
