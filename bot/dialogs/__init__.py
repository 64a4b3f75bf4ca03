"""The conversations: forms with one `finish`, a module each, named as their command."""
